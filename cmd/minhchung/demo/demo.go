// Package demo makes a small world to try the program on: a test PKI, the
// register of a commune that does not exist, and the signed PDF files of its
// year, honest ones and broken ones in known numbers. Nothing in it is real;
// every certificate says that it is a test.
package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"minhchung/cmd/minhchung/paper"
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

// MinRows is the least Options.Rows: room for every case.
func MinRows() int { return minRows() }

// MaxRows is the most Options.Rows.
func MaxRows() int { return maxRows }

// Generate writes a demo into o.Dir, or recognises the same demo there and
// leaves it alone. An interrupted generation is done again. Fewer rows than
// MinRows is an error that names it. It needs the loopback interface for its
// time-stamping authority, and nothing else.
func Generate(ctx context.Context, o Options) (Summary, error) {
	if o.Rows == 0 {
		o.Rows = DefaultRows
	}
	p, err := newPlan(o.Rows, o.Seed)
	if err != nil {
		return Summary{}, err
	}
	s := p.summary(o.Dir)
	if s.Reused, err = claim(o.Dir, marker{V: markerVersion, Rows: o.Rows, Seed: o.Seed}); err != nil || s.Reused {
		return s, err
	}
	if err := p.generate(ctx, o); err != nil {
		return Summary{}, err
	}
	return s, finish(o.Dir, marker{V: markerVersion, Rows: o.Rows, Seed: o.Seed, Complete: true})
}

// generate writes everything but the marker.
func (p *plan) generate(ctx context.Context, o Options) error {
	for _, sub := range folders {
		if err := os.MkdirAll(filepath.Join(o.Dir, sub), 0o755); err != nil {
			return fmt.Errorf("making the demo's folder: %w", err)
		}
	}
	w := &workshop{plan: p}
	pages, err := paper.NewPrinter()
	if err != nil {
		return err
	}
	w.printer = &printer{pages}
	if w.pki, err = newPKI(); err != nil {
		return err
	}
	if w.tsa, err = startAuthority(ctx, w.pki.tsa); err != nil {
		return err
	}
	defer w.tsa.close()
	if err := w.pki.writeTrust(o.Dir, time.Now().Add(-time.Hour).UTC().Truncate(time.Second)); err != nil {
		return err
	}
	if err := w.writeFiles(ctx, filepath.Join(o.Dir, filesFolder), o.Progress); err != nil {
		return err
	}
	table, err := p.csv()
	if err != nil {
		return fmt.Errorf("writing the demo's register: %w", err)
	}
	return write(o.Dir, registerFile, table)
}

// writeFiles makes the documents on all processors.
func (w *workshop) writeFiles(ctx context.Context, dir string, progress func(done, total int)) error {
	names := w.plan.names()
	total := 0
	for _, n := range names {
		total += len(n)
	}
	var mu sync.Mutex
	done := 0
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, n := range names {
		if len(n) == 0 {
			continue
		}
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			data, err := w.make(ctx, &w.plan.entries[i])
			if err != nil {
				return fmt.Errorf("making document %d: %w", i+1, err)
			}
			for _, name := range n {
				if err := write(dir, name, data); err != nil {
					return err
				}
				mu.Lock()
				if done++; progress != nil {
					progress(done, total)
				}
				mu.Unlock()
			}
			return nil
		})
	}
	return g.Wait()
}

// names lists for each entry the files that get its bytes: none when there
// is no file or when they are another's.
func (p *plan) names() [][]string {
	out := make([][]string, len(p.entries))
	for i := range p.entries {
		e := &p.entries[i]
		if e.name == "" {
			continue
		}
		at := i
		if e.twin >= 0 {
			at = e.twin
		}
		out[at] = append(out[at], e.name)
	}
	return out
}
