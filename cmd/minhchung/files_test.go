package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A file name that is not UTF-8 must not end the import of all the others:
// a leaf takes only UTF-8.
func TestShownName(t *testing.T) {
	for name, want := range map[string]string{
		"sub/32-BC-UBND.pdf":  "sub/32-BC-UBND.pdf",
		"Ba\u0301o ca\u0301o": "Báo cáo",
		"a\xff\xfeb.pdf":      `a\xff\xfeb.pdf`,
		"\ufffd.pdf":          "\ufffd.pdf",
	} {
		if got := shownName(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

// Names and subjects come from outside: they must not steer the terminal.
func TestTextIsHarmless(t *testing.T) {
	e := &env{Lang: "en"}
	got := e.text("report.files-without-row", "1", "a\x1b[31m\nb")
	if want := "Files without a row: 1 (a\ufffd[31m\ufffdb)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A folder that cannot be read is no folder without files: the import would
// say of every row that it has none.
func TestListUnreadableFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "files")
	if err := os.Mkdir(dir, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := os.ReadDir(dir); err == nil {
		t.Skip("this user or system reads a folder of mode 0")
	}
	if files, skipped, err := listFiles(&env{}, dir); err == nil {
		t.Errorf("got %v and %v, want an error", files, skipped)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

// A result that could not be written is no result.
func TestLostOutput(t *testing.T) {
	e := &env{Stdout: fullDisk{}, Stderr: io.Discard, Lang: "en"}
	if got := run(context.Background(), e, []string{"help"}); got != exitBackend {
		t.Errorf("got exit code %d, want %d", got, exitBackend)
	}
}
