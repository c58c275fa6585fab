package demo

import (
	"path/filepath"

	"minhchung/evidence"
)

// summary says what a plan leads to, and where it lies below dir.
func (p *plan) summary(dir string) Summary {
	at := func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
	s := Summary{
		Unit: evidence.Unit{ID: UnitID, Name: UnitName}, Period: Period,
		Register: at(registerFile), Files: at(filesFolder),
		Anchors: []string{at(anchorFile)}, Intermediates: []string{at(ca1File), at(ca2File)},
		Rows: p.rows, Excluded: len(exclusions), Secret: secretRows, Codes: map[string]int{},
	}
	for _, name := range crlFiles() {
		s.CRLs = append(s.CRLs, at(name))
	}
	for i, id := range rosterIDs() {
		s.Roster = append(s.Roster, RosterCert{Role: profiles[id].role, Name: profiles[id].name, Path: at(rosterFile(i, id))})
	}
	for i := range p.entries {
		s.expect(&p.entries[i])
	}
	return s
}

func (s *Summary) expect(e *entry) {
	x := Expectation{Row: e.rowID(), State: e.v.state, Code: e.v.code, Grade: e.v.grade, File: e.name}
	if ex := e.row.Exclusion; ex != nil {
		x.State, x.Code = evidence.Excluded, ex.Code
	}
	s.Expected = append(s.Expected, x)
	switch {
	case x.State == evidence.Proven && x.Grade == "A":
		s.ProvenA++
	case x.State == evidence.Proven:
		s.ProvenB++
	case x.State == evidence.Disproven:
		s.Disproven++
	case x.State == evidence.Undetermined:
		s.Undetermined++
	}
	if x.State == evidence.Disproven || x.State == evidence.Undetermined {
		s.Codes[x.Code]++
	}
}
