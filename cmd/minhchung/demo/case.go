package demo

import (
	"minhchung/evidence"
)

// A numbering is how the clerk wrote number and date into the file between
// the person's and the organisation's signature. Printed means that they
// were there before anybody signed.
type numbering int

const (
	printed    numbering = iota
	inContent            // an appended content stream
	inFreeText           // a FreeText annotation with an appearance
	inStamp              // a Stamp annotation with an appearance
	inWidget             // a read-only text field
)

// A fault is what happened to a file that must not count.
type fault int

const (
	sound fault = iota
	absent
	zeroed      // a bad copy: bytes that are zero
	webPage     // an error page saved under the document's name
	locked      // a user password
	digitFlip   // one digit changed after both signatures
	transplant  // signatures that cover another file
	newContent  // an update that replaces the page's content
	newPage     // an update that adds a page
	orgFirst    // the organisation signed before the person
	victimFirst // the forger's CMS lists the victim's certificate first
	reused      // the file of another row
	misfiled    // a document whose own number is none of the register's
)

// A variant is one way a document of the year may be. The tables below are
// the demo's whole plan: what is in them decides, in proportion, how often.
type variant struct {
	name   string // for tests and messages, never written to disk
	weight int
	kind   evidence.Kind
	// state, code and grade are what the counting rule nd30 must say.
	state evidence.State
	code  string
	grade string

	person, org signerID // noSigner: that signature is missing
	// stamped asks for an RFC 3161 time stamp on every signature.
	stamped bool
	// arrival adds the signature of the organisation that received it.
	arrival   bool
	numbering numbering
	scanned   bool // pages are images, of signed ones with the text below
	// visible shows signer and time of each signature in the upper margin.
	visible bool
	// cades writes ETSI.CAdES.detached without a signing-time attribute, as
	// ETSI EN 319 142-1 demands; else adbe.pkcs7.detached with one.
	cades bool
	fault fault
	// lateDays moves the claimed times behind the row's date.
	lateDays int
	// from and until bound the row's date, where a certificate asks for it.
	from, until evidence.Date
}

// proven is the honest part of the year.
var proven = []variant{
	{name: "printed", weight: 250, person: chair, org: office, grade: "A"},
	{name: "printed, visible", weight: 80, person: chair, org: office, grade: "A", visible: true},
	{name: "printed, deputy", weight: 200, person: deputy, org: office, grade: "A", cades: true},
	{name: "numbered in content", weight: 80, person: chair, org: office, grade: "A", numbering: inContent},
	{name: "numbered in content, visible", weight: 30, person: deputy, org: office, grade: "A", numbering: inContent, visible: true},
	{name: "numbered by annotation", weight: 60, person: deputy, org: office, grade: "A", numbering: inFreeText},
	{name: "numbered by stamp", weight: 40, person: chair, org: office, grade: "A", numbering: inStamp, visible: true},
	{name: "numbered in a field", weight: 50, person: chair, org: office, grade: "A", numbering: inWidget},
	{name: "stamped", weight: 150, person: chair, org: office, grade: "A", stamped: true},
	{name: "stamped, cades", weight: 50, person: deputy, org: office, grade: "A", stamped: true, cades: true},
	{name: "stamped and numbered", weight: 70, person: chair, org: office, grade: "A", stamped: true, numbering: inContent},
	{name: "stamped, expired since", weight: 60, person: retired, org: officeOld, grade: "A", stamped: true},
	{name: "stamped, lapsed since", weight: 25, person: lapsed, org: office, grade: "A", stamped: true, until: lapsedLast},
	{name: "stamped, revoked since", weight: 40, person: moved, org: office, grade: "A", stamped: true},
	{name: "stamped, revoked within the year", weight: 20, person: dismissed, org: office, grade: "A", stamped: true, until: dismissedLast},
	{name: "expired since", weight: 280, person: retired, org: officeOld, grade: "B"},
	{name: "expired since, numbered", weight: 60, person: retired, org: officeOld, grade: "B", numbering: inFreeText},
	{name: "arrival", weight: 60, person: chair, org: office, grade: "A", arrival: true},
	{name: "arrival, stamped", weight: 30, person: deputy, org: office, grade: "A", arrival: true, stamped: true},
	{name: "copy", weight: 60, kind: evidence.Copy, org: office, grade: "A", scanned: true},
	{name: "copy, stamped", weight: 26, kind: evidence.Copy, org: office, grade: "A", scanned: true, stamped: true},
	{name: "copy, expired since", weight: 30, kind: evidence.Copy, org: officeOld, grade: "B", scanned: true},
	{name: "annex", weight: 60, kind: evidence.Annex, org: office, grade: "A"},
	{name: "annex, stamped", weight: 20, kind: evidence.Annex, org: office, grade: "A", stamped: true},
}

// unproven is the other part: 30 rows of 1,861.
var unproven = []variant{
	{name: "no file", weight: 2, state: evidence.Disproven, code: "no-file", fault: absent},
	{name: "zeroed", weight: 1, state: evidence.Undetermined, code: "unreadable", person: chair, org: office, fault: zeroed},
	{name: "web page", weight: 1, state: evidence.Undetermined, code: "unreadable", fault: webPage},
	{name: "locked", weight: 1, state: evidence.Undetermined, code: "encrypted", fault: locked},
	{name: "unsigned", weight: 3, state: evidence.Disproven, code: "unsigned"},
	{name: "scan", weight: 3, state: evidence.Disproven, code: "scan", scanned: true},
	{name: "digit changed", weight: 1, state: evidence.Disproven, code: "digest", person: chair, org: office, fault: digitFlip},
	{name: "transplanted", weight: 1, state: evidence.Disproven, code: "coverage", person: chair, org: office, fault: transplant},
	{name: "content replaced", weight: 1, state: evidence.Disproven, code: "page-content", person: chair, org: office, fault: newContent},
	{name: "page added", weight: 1, state: evidence.Disproven, code: "page-added", person: chair, org: office, fault: newPage},
	{name: "no person", weight: 2, state: evidence.Disproven, code: "missing-person", org: office},
	{name: "no organisation", weight: 2, state: evidence.Disproven, code: "missing-organisation", person: deputy},
	{name: "organisation first", weight: 1, state: evidence.Disproven, code: "order", person: chair, org: office, fault: orgFirst},
	{name: "self-made", weight: 1, state: evidence.Disproven, code: "untrusted", person: forger, org: office},
	{name: "victim first", weight: 1, state: evidence.Disproven, code: "untrusted", person: forger, org: office, fault: victimFirst},
	{name: "stranger", weight: 1, state: evidence.Disproven, code: "wrong-signer", person: stranger, org: office},
	{name: "expired", weight: 1, state: evidence.Disproven, code: "expired", person: lapsed, org: office, from: lapsedFrom},
	{name: "revoked", weight: 1, state: evidence.Disproven, code: "revoked", person: dismissed, org: office, from: dismissedFrom},
	// Nothing proves when these were signed. The one claims a time far from
	// the register's date; the other's key may be in other hands by now.
	{name: "expired since, late", weight: 1, state: evidence.Undetermined, code: "time-unproven", person: retired, org: officeOld, lateDays: 45},
	{name: "revoked since", weight: 1, state: evidence.Undetermined, code: "time-unproven", person: moved, org: office},
	{name: "misfiled", weight: 1, state: evidence.Undetermined, code: "content-unconfirmed", person: deputy, org: office, fault: misfiled},
	// The two rows of one file are one line: each weight stands for a pair.
	{name: "reused", weight: 1, state: evidence.Undetermined, code: "duplicate", person: deputy, org: office, fault: reused},
}
