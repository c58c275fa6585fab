package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"minhchung/evidence"
	"minhchung/evidence/signature"
)

type inMemory struct{ *bytes.Reader }

func (inMemory) Close() error { return nil }

// TestRefusedByTheServer lets the server refuse one document of a group, by a
// constraint that nobody here knows of. It learns so only when the group is
// committed.
func TestRefusedByTheServer(t *testing.T) {
	s := openTest(t)
	mustAdd(t, s.Store, "1")
	s.database.Exec(t, `ALTER TABLE document ADD CONSTRAINT no_temporary_files CHECK (name NOT LIKE '~%')`)
	in := &evidence.Intake{
		Store: s.Store, Objects: diskOf(t), Scope: everything, Book: testBook, Origin: s.Origin(testBook), Now: time.Now,
		Workers: 2, Group: 10, Basis: evidence.Basis{MaterialHash: signature.HashOf(nil), PolicyBytes: []byte("{}")},
		Inspect: func(_ context.Context, sha signature.Hash, size int64, _ io.Reader, _ []signature.Proof, at time.Time) (signature.Facts, signature.Verdict, error) {
			return signature.Facts{SHA256: sha, Size: size, Condition: signature.Readable}, signature.Verdict{Result: signature.ResultUnsigned, At: at}, nil
		},
	}
	var files []evidence.File
	for n := range 5 {
		body := fmt.Appendf(nil, "document %d", n)
		files = append(files, evidence.File{Name: fmt.Sprintf("%d.pdf", n), Size: int64(len(body)),
			Open: func() (io.ReadSeekCloser, error) { return inMemory{bytes.NewReader(body)}, nil }})
	}
	files[2].Name = "~2.pdf"
	got, err := in.Receive(t.Context(), files)
	if err != nil || got.Received != 4 || len(got.Failures) != 1 || got.Failures[0].Name != "~2.pdf" {
		t.Fatalf("got %+v and %v, want four received and ~2.pdf refused", got, err)
	}
	if err := got.Failures[0].Err; !errors.Is(err, evidence.ErrRefused) || !strings.Contains(err.Error(), "no_temporary_files") {
		t.Errorf("got %v, want ErrRefused and the server's reason", err)
	}
	whole(t, s.Store, 2+4*3)
	if problems, _ := lookAt(t, s.Store, in.Objects, testBook); len(problems) > 0 {
		t.Errorf("check finds %q", problems)
	}
}
