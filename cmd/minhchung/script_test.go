package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite"
)

// TestMain lets scripts run the program as real processes: children that read
// hostile files and commands beside each other included.
func TestMain(m *testing.M) {
	if code, is := asChild(); is { // of a test that runs the import in process
		os.Exit(code)
	}
	if program := os.Getenv(programVariable); program != "" {
		executable = func() (string, error) { return program, nil }
	}
	testscript.Main(cleaned{m}, map[string]func(){"minhchung": main})
}

// TestScripts runs the files of testdata/script, which read as documentation.
func TestScripts(t *testing.T) {
	cache := compileReaders(t)
	testscript.Run(t, testscript.Params{
		Setup: func(e *testscript.Env) error {
			inherit(e, cache)
			return nil
		},
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"flip":    scriptFlip,
			"sql":     scriptSQL,
			"shuffle": scriptShuffle,
			"jsonhas": scriptJSON,
			"fifo":    scriptFIFO,

			"p12":        scriptP12,
			"paper":      scriptPaper,
			"startswith": scriptStartsWith,
			"year":       scriptYear,
			"append":     scriptAppend,
			"absent":     scriptAbsent,
			"jsonenv":    scriptJSONEnv,
			"replace":    scriptReplace,

			"sameverdicts": scriptSameVerdicts,
		},
	})
}

// programVariable names the program that children run, instead of the test
// binary: with the race detector in them, the tests of the pages and the
// scripts take minutes longer, while children do one thing at a time and have
// their own packages' tests. deploy/test.sh names what deploy/build.sh has made.
const programVariable = "MINHCHUNG_PROGRAM"

// inherit gives a script the compiled readers, the program for children, and
// the race detector's options that the tests have: without one, every command
// waits a second at its end.
func inherit(e *testscript.Env, cache string) {
	e.Setenv(cacheVariable, cache)
	e.Setenv(programVariable, os.Getenv(programVariable))
	e.Setenv("GORACE", os.Getenv("GORACE"))
}

// scriptFlip changes one bit of the n-th file below a folder, in name order:
// flip DIR N.
func scriptFlip(ts *testscript.TestScript, neg bool, args []string) {
	var files []string
	ts.Check(filepath.WalkDir(ts.MkAbs(args[0]), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	}))
	var n int
	_, err := fmt.Sscan(args[1], &n)
	ts.Check(err)
	b, err := os.ReadFile(files[n])
	ts.Check(err)
	b[len(b)/2] ^= 1
	ts.Check(os.Chmod(files[n], 0o600))
	ts.Check(os.WriteFile(files[n], b, 0o600))
}

// scriptSQL runs a statement against a database behind the program's back:
// sql FILE STATEMENT.
func scriptSQL(ts *testscript.TestScript, neg bool, args []string) {
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	defer db.Close()
	res, err := db.Exec(args[1])
	ts.Check(err)
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		ts.Fatalf("%s: %d rows changed, %v", args[1], n, err)
	}
}

// scriptShuffle renames every file of a folder to a name that says nothing:
// shuffle DIR.
func scriptShuffle(ts *testscript.TestScript, neg bool, args []string) {
	dir := ts.MkAbs(args[0])
	entries, err := os.ReadDir(dir)
	ts.Check(err)
	for i, n := range rand.New(rand.NewPCG(1, 2)).Perm(len(entries)) {
		ts.Check(os.Rename(filepath.Join(dir, entries[i].Name()), filepath.Join(dir, fmt.Sprintf("x%05d.bin", n))))
	}
}

// scriptSameVerdicts compares two outputs of inspect --json by the files'
// digests, whatever their names and order: sameverdicts A B.
func scriptSameVerdicts(ts *testscript.TestScript, neg bool, args []string) {
	a, b := verdictsByDigest(ts, args[0]), verdictsByDigest(ts, args[1])
	if len(a) == 0 || !maps.Equal(a, b) {
		ts.Fatalf("got %d and %d verdicts that differ", len(a), len(b))
	}
}

func verdictsByDigest(ts *testscript.TestScript, file string) map[string]string {
	found := map[string]string{}
	for line := range strings.Lines(ts.ReadFile(file)) {
		var object map[string]any
		ts.Check(json.Unmarshal([]byte(line), &object))
		delete(object, "file")
		again, err := json.Marshal(object)
		ts.Check(err)
		found[fmt.Sprint(object["sha256"])] = string(again)
	}
	return found
}

// scriptJSON checks members of the one JSON object in a file: jsonhas FILE
// KEY=VALUE….
func scriptJSON(ts *testscript.TestScript, neg bool, args []string) {
	var object map[string]any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &object))
	for _, want := range args[1:] {
		key, value, _ := strings.Cut(want, "=")
		if got := fmt.Sprint(object[key]); got != value {
			ts.Fatalf("%s: got %s, want %s", key, got, value)
		}
	}
}

// scriptJSONEnv keeps a member of the one JSON object in a file as a variable:
// jsonenv FILE KEY NAME.
func scriptJSONEnv(ts *testscript.TestScript, neg bool, args []string) {
	var object map[string]any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &object))
	ts.Setenv(args[2], fmt.Sprint(object[args[1]]))
}

// scriptReplace writes a copy of a file with every OLD replaced by NEW:
// replace FILE OLD NEW COPY.
func scriptReplace(ts *testscript.TestScript, neg bool, args []string) {
	before := ts.ReadFile(args[0])
	after := strings.ReplaceAll(before, args[1], args[2])
	if after == before {
		ts.Fatalf("%s has no %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[3]), []byte(after), 0o600))
}

// scriptAbsent looks for a text in the bytes and names of all files below a
// folder, the database's included: absent DIR TEXT. A short text is no use: four
// digits stand in one of some hundred hashes by chance.
func scriptAbsent(ts *testscript.TestScript, neg bool, args []string) {
	if len(args[1]) < 8 {
		ts.Fatalf("%q is so short that a hash may hold it: take 8 bytes or more", args[1])
	}
	ts.Check(filepath.WalkDir(ts.MkAbs(args[0]), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if strings.Contains(path+string(b), args[1]) {
			ts.Fatalf("%s holds %q", path, args[1])
		}
		return err
	}))
}
