package demo

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"minhchung/evidence"
	"minhchung/evidence/register"
)

func parsed(t *testing.T, s Summary) evidence.Register {
	t.Helper()
	data, err := os.ReadFile(s.Register)
	if err != nil {
		t.Fatal(err)
	}
	reg, err := register.Parse("register.csv", data, Period, register.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return reg
}

func TestRegisterReadsAsPlanned(t *testing.T) {
	s, p := smallDemo(t)
	reg := parsed(t, s)
	if reg.SecretRows != s.Secret {
		t.Errorf("got %d secret rows, want %d", reg.SecretRows, s.Secret)
	}
	if got, want := len(reg.Rows), s.Rows+s.Excluded; got != want {
		t.Fatalf("got %d rows, want %d", got, want)
	}
	for i, got := range reg.Rows {
		want := p.entries[i].row
		want.ID = p.entries[i].rowID()
		if got.ID != want.ID || got.Date != want.Date || got.Subject != want.Subject || got.Type != want.Type || got.File != want.File {
			t.Errorf("row %d: got %+v, want %+v", i, got, want)
		}
		if want.Exclusion == nil && got.Kind != want.Kind {
			t.Errorf("row %s: got kind %q, want %q", got.ID, got.Kind, want.Kind)
		}
		switch {
		case (got.Exclusion == nil) != (want.Exclusion == nil):
			t.Errorf("row %s: got exclusion %v, want %v", got.ID, got.Exclusion, want.Exclusion)
		case got.Exclusion != nil && *got.Exclusion != *want.Exclusion:
			t.Errorf("row %s: got exclusion %v, want %v", got.ID, *got.Exclusion, *want.Exclusion)
		}
	}
	var codes []string
	for _, f := range reg.Findings {
		codes = append(codes, f.Code)
	}
	slices.Sort(codes)
	if want := []string{"gap", "late-entry"}; !slices.Equal(codes, want) {
		t.Errorf("got findings %v, want %v", reg.Findings, want)
	}
	if strings.Contains(fmt.Sprintf("%+v", reg), "mật") {
		t.Error("something of a secret row was kept")
	}
}

func TestFilesMatchTheirRows(t *testing.T) {
	s, _ := smallDemo(t)
	var files []register.File
	list, err := os.ReadDir(s.Files)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		files = append(files, register.File{Path: f.Name()})
	}
	m := register.MatchFiles(parsed(t, s).Rows, files)
	got := map[string]string{}
	by := map[string]int{}
	for _, pair := range m.Pairs {
		got[pair.Row] = filepath.Base(pair.Path)
		by[pair.By]++
	}
	without := 0
	for _, x := range s.Expected {
		if got[x.Row] != x.File {
			t.Errorf("row %s: got file %q, want %q", x.Row, got[x.Row], x.File)
		}
		if x.File == "" && x.State != evidence.Excluded {
			without++
		}
	}
	if len(m.RowsWithout) != without || len(m.FilesWithout) != 0 || len(m.Ambiguous) != 0 {
		t.Errorf("got %d rows and %d files left over and %d doubtful, want %d, 0 and 0", len(m.RowsWithout), len(m.FilesWithout), len(m.Ambiguous), without)
	}
	if by[register.ByFileColumn] == 0 || by[register.ByName] == 0 {
		t.Errorf("got %v, want both ways of matching", by)
	}
}
