package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"minhchung/cmd/minhchung/demo"
	"minhchung/cmd/minhchung/message"
)

// fixtures is a folder for what is made once, read by many tests and changed
// by none; a test gets a copy of what it changes. See cleaned.
var fixtures string

// leastYear is the least demo and, beside it, its unit with the register
// imported and no file yet.
var leastYear = sync.OnceValues(func() (demo.Summary, error) {
	dir := filepath.Join(fixtures, "least")
	d, err := demo.Generate(context.Background(), demo.Options{Dir: filepath.Join(dir, "demo"), Rows: demo.MinRows(), Seed: 1})
	if err != nil {
		return d, err
	}
	none := filepath.Join(dir, "none")
	if err := os.Mkdir(none, 0o700); err != nil {
		return d, err
	}
	_, err = importYear(filepath.Join(dir, "data"), d, none)
	return d, err
})

// importYear imports the demo's register with a folder of files into new data
// and returns what the command says in JSON.
func importYear(data string, d demo.Summary, files string) ([]byte, error) {
	ctx := context.Background() // outlives the test that needs it first
	e := &env{Stdout: io.Discard, Stderr: io.Discard, Cwd: fixtures, Lang: message.Vietnamese, Data: data}
	if err := withStore(ctx, e, func(ctx context.Context, s *session) error { return prepareDemo(ctx, e, s, d) }); err != nil {
		return nil, err
	}
	var out, notes bytes.Buffer
	e = &env{Stdout: &out, Stderr: &notes, Cwd: fixtures, Lang: message.Vietnamese}
	code := run(ctx, e, []string{"import", "--json", "--data", data, "--unit", string(d.Unit.ID), "--period", string(d.Period), "--register", d.Register, "--files", files})
	if code != exitDone {
		return nil, fmt.Errorf("got exit code %d: %s%s", code, &out, &notes)
	}
	return out.Bytes(), nil
}

// emptyOffice is the demo's unit with its register imported and no file yet.
// The data are the caller's, the demo's files everybody's.
func emptyOffice(t *testing.T) (data string, d demo.Summary) {
	t.Helper()
	compileReaders(t)
	d, err := leastYear()
	if err != nil {
		t.Fatal(err)
	}
	data = filepath.Join(t.TempDir(), "data")
	if err := copyFolder(filepath.Join(fixtures, "least", "data"), data); err != nil {
		t.Fatal(err)
	}
	return data, d
}

// leastShare is the share that `import` reaches with the files of the least
// year.
var leastShare = sync.OnceValues(func() (string, error) {
	d, err := leastYear()
	if err != nil {
		return "", err
	}
	out, err := importYear(filepath.Join(fixtures, "share"), d, d.Files)
	if err != nil {
		return "", err
	}
	var got struct{ Proven, Denominator int64 }
	if err := json.Unmarshal(out, &got); err != nil || got.Proven == 0 {
		return "", fmt.Errorf("got %v of %s", err, out)
	}
	return fmt.Sprintf("%d/%d", got.Proven, got.Denominator), nil
})

func importedShare(t *testing.T) string {
	t.Helper()
	compileReaders(t)
	share, err := leastShare()
	if err != nil {
		t.Fatal(err)
	}
	return share
}

// scriptedYear is what `minhchung demo --serve=false --dir d --rows 60` makes,
// imported and read. The script demo.txt looks at the command itself.
var scriptedYear = sync.OnceValues(func() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(fixtures, "scripted")
	cmd := &exec.Cmd{Path: self, Args: []string{"minhchung", "demo", "--serve=false", "--dir", dir, "--rows", "60"}}
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("making a year for scripts: %w: %s", err, out)
	}
	return dir, nil
})

// scriptYear gives a script its own copy of the year: year DIR.
func scriptYear(ts *testscript.TestScript, neg bool, args []string) {
	dir, err := scriptedYear()
	ts.Check(err)
	ts.Check(copyFolder(dir, ts.MkAbs(args[0])))
}

// copyFolder copies folders and files with their permissions: a ledger's key
// that others may read is refused.
func copyFolder(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, name), info.Mode().Perm())
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), b, info.Mode().Perm())
	})
}
