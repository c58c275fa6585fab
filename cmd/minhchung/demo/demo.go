// Package demo makes a small world to try the program on: a test PKI, the
// register of a commune that does not exist, and the signed PDF files of its
// year, honest ones and broken ones in known numbers. Nothing in it is real;
// every certificate says that it is a test.
package demo

import (
	"context"
	"errors"
	"time"

	"minhchung/evidence"
	"minhchung/evidence/signature"
)

// The unit and period that every demo is about.
const (
	UnitID   evidence.UnitID = "xa-thu-nghiem"
	UnitName                 = "UBND xã Thử Nghiệm"
	Period   evidence.Period = "2022"
)

// DefaultRows is the denominator of the report that the project started
// from: 1,831 of 1,861 documents.
const DefaultRows = 1861

// Options says what to make.
type Options struct {
	// Dir is made if it is missing. A folder that holds anything else than a
	// demo is refused with ErrForeignDir.
	Dir string
	// Rows is the denominator; 0 means DefaultRows. Excluded and secret rows
	// come on top.
	Rows int
	// Seed decides names, texts, cases and counts. Keys, times of generation
	// and therefore hashes differ from run to run.
	Seed uint64
	// Progress is called after each file, never concurrently; nil is allowed.
	Progress func(done, total int)
}

// ErrForeignDir says that Options.Dir holds something that Generate did not
// make. Nothing in it was touched.
var ErrForeignDir = errors.New("the folder is not empty and holds no demo")

// ErrOtherDemo says that Options.Dir holds a complete demo of other Options.
// Nothing in it was touched.
var ErrOtherDemo = errors.New("the folder holds a demo with other --rows or --seed")

// Summary says where everything is and what an honest count must find. It
// follows from Rows and Seed alone; nothing in Dir says which file is which.
type Summary struct {
	Unit     evidence.Unit
	Period   evidence.Period
	Register string // path of register.csv
	Files    string // path of the folder with the PDF files
	// Anchors, Intermediates and CRLs are paths of PEM files. The anchors
	// belong to signature.DomainTest.
	Anchors       []string
	Intermediates []string
	CRLs          []string
	Roster        []RosterCert
	// Rows is the denominator, Excluded and Secret come on top.
	Rows, Excluded, Secret int
	// ProvenA, ProvenB, Disproven and Undetermined sum to Rows.
	ProvenA, ProvenB, Disproven, Undetermined int
	// Codes counts the rows by primary reason; it sums to Disproven +
	// Undetermined.
	Codes map[string]int
	// Expected has one entry for every row that is not secret, in the order
	// of the register.
	Expected []Expectation
	// Reused is true when Dir held this demo already.
	Reused bool
}

// RosterCert is a certificate of somebody who may sign for the unit.
type RosterCert struct {
	Role signature.Role
	Name string
	Path string // PEM
	// From and Until bound the office held; zero ends are open.
	From, Until time.Time
}

// Expectation is what the counting rule nd30 must say about a row when the
// demo's trust and roster are used.
type Expectation struct {
	Row   string // evidence.Row.ID
	State evidence.State
	Code  string // empty when PROVEN
	Grade string // "A" or "B" when PROVEN
	File  string // name in Summary.Files; empty when there is none
}

// Generate writes a demo into o.Dir, or recognises the same demo there and
// leaves it alone. An interrupted generation is done again. Too few rows to
// hold every case is an error that names the least number. It needs the
// loopback interface for its time-stamping authority, and nothing else.
func Generate(ctx context.Context, o Options) (Summary, error) {
	return Summary{}, errors.New("demo: not written yet")
}
