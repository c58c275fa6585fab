package evidence

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"minhchung/evidence/object"
	"minhchung/evidence/signature"
)

// received is a file whose bytes are durable and whose verdict is known.
type received struct {
	file    File
	sha     signature.Hash
	known   bool // nothing new about it
	again   bool // known, and now it could be read
	facts   signature.Facts
	verdict signature.Verdict
	at      time.Time
}

// looked is a file with its digest and, once it was inspected, its verdict.
type looked struct {
	file      File
	body      io.ReadSeeker
	sha       signature.Hash
	done      func() // gives the body back
	at        time.Time
	inspected bool
	facts     signature.Facts
	verdict   signature.Verdict
}

func (in *Intake) look(f File) (*looked, error) {
	body, sha, done, err := openFile(f)
	if err != nil {
		return nil, err
	}
	return &looked{file: f, body: body, sha: sha, done: done, at: in.Now().UTC()}, nil
}

// inspect reaches the verdict on a file that the ledger has known since first.
func (in *Intake) inspect(ctx context.Context, l *looked, first time.Time) error {
	_, err := l.body.Seek(0, io.SeekStart)
	if err != nil {
		return err
	}
	proofs := []signature.Proof{{At: first, Source: "ledger"}}
	l.facts, l.verdict, err = in.Inspect(ctx, l.sha, l.file.Size, l.body, proofs, l.at)
	if err != nil {
		return errStop{fmt.Errorf("inspecting %s: %w", l.file.Name, err)}
	}
	if l.facts.SHA256 != l.sha {
		return errChanged
	}
	l.inspected = true
	return nil
}

// receive looks at one file, unless somebody did ahead of it: digest, then
// verdict, then durable bytes. A small file is read once; a large one three
// times rather than spooled, and every pass must see the same digest: a file
// that changes meanwhile is a failure of its own.
func (in *Intake) receive(ctx context.Context, c *committer, f File, l *looked) (received, bool, error) {
	if l == nil {
		var err error
		if l, err = in.look(f); err != nil {
			return received{}, false, err
		}
	}
	defer l.done()
	r := received{file: f, sha: l.sha, at: l.at}
	first, doubtful := c.doubtful[l.sha]
	if c.known(l.sha) && !doubtful {
		r.known = true
		return r, true, nil
	}
	if !doubtful {
		first = l.at
	}
	if !l.inspected || doubtful {
		if err := in.inspect(ctx, l, first); err != nil {
			return r, false, err
		}
	}
	r.facts, r.verdict = l.facts, l.verdict
	if doubtful {
		r.known = r.facts.Condition == signature.OverLimit
		r.again = !r.known
	}
	if f.Accept != nil {
		if err := f.Accept(r.facts); err != nil {
			return r, false, err
		}
	}
	return r, doubtful, in.keep(ctx, l)
}

// keep makes a file's bytes durable, unless it is larger than what is kept.
func (in *Intake) keep(ctx context.Context, l *looked) error {
	if in.tooLarge(l.file) {
		return nil
	}
	if _, err := l.body.Seek(0, io.SeekStart); err != nil {
		return err
	}
	key := object.Key{Unit: string(in.Book.Unit), SHA256: l.sha}
	if err := in.Objects.Put(ctx, key, l.file.Size, l.body); errors.Is(err, object.ErrCorrupt) {
		return errChanged
	} else if err != nil {
		return errStop{fmt.Errorf("storing %s: %w", l.file.Name, err)}
	}
	return nil
}

func (in *Intake) tooLarge(f File) bool { return in.MaxBytes > 0 && f.Size > in.MaxBytes }
