package evidence_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"minhchung/evidence"
	"minhchung/evidence/signature"
)

// countingInspector counts the files that are looked at; with fail, nobody can
// look at the first.
type countingInspector struct {
	seen  atomic.Int32
	fail  bool
	inner evidence.Inspector
}

func (c *countingInspector) inspect(ctx context.Context, sha signature.Hash, size int64, body io.Reader, p []signature.Proof, at time.Time) (signature.Facts, signature.Verdict, error) {
	if c.seen.Add(1) == 1 && c.fail {
		_, err := io.ReadAll(body)
		return signature.Facts{}, signature.Verdict{}, errors.Join(errBroken, err)
	}
	return c.inner(ctx, sha, size, body, p, at)
}

func countInspections(in *evidence.Intake) *countingInspector {
	c := &countingInspector{inner: in.Inspect}
	in.Inspect = c.inspect
	return c
}

// await waits until that many files were looked at.
func (c *countingInspector) await(n int) {
	for c.seen.Load() < int32(n) {
		time.Sleep(time.Millisecond)
	}
}

func numbered(n int) (files []evidence.File) {
	for i := range n {
		files = append(files, file(fmt.Sprint("f", i), fmt.Sprint("signed ", i), fmt.Sprintf("%d/BC", i+1)))
	}
	return files
}

func TestLookAhead(t *testing.T) {
	_, in, pub := office(t)
	c := countInspections(in)
	files := numbered(40)
	in.LookAhead(t.Context(), files)
	c.await(len(files))
	if n := countObjects(t, in); n != 0 {
		t.Errorf("%d objects were stored before there was a book, want none", n)
	}
	begin(t, in, len(files))
	got, err := in.Receive(t.Context(), files)
	if err != nil || got.Received != len(files) || len(got.Failures) != 0 {
		t.Fatalf("got %+v, %v, want %d received", got, err, len(files))
	}
	if n := c.seen.Load(); n != int32(len(files)) {
		t.Errorf("%d files were looked at %d times, want once each", len(files), n)
	}
	list, _ := states(t, in)
	want(t, list, "1/BC", "PROVEN", "40/BC", "PROVEN")
	checkSound(t, in, pub)
}

// What was seen belongs to one list of files and to one Receive.
func TestLookAheadAtOtherFiles(t *testing.T) {
	_, in, pub := office(t)
	c := countInspections(in)
	files := numbered(4)
	in.LookAhead(t.Context(), files)
	c.await(4)
	in.LookAhead(t.Context(), files[2:]) // such as when Begin decides again
	c.await(6)
	begin(t, in, 4)
	for _, list := range [][]evidence.File{{files[3], files[2], files[0]}, files[1:2]} {
		if got, err := in.Receive(t.Context(), list); err != nil || got.Received != len(list) {
			t.Fatalf("got %+v, %v, want %d received", got, err, len(list))
		}
	}
	if n := c.seen.Load(); n != 10 {
		t.Errorf("got %d inspections, want 10: nothing was taken for another file", n)
	}
	list, _ := states(t, in)
	want(t, list, "1/BC", "PROVEN", "2/BC", "PROVEN", "3/BC", "PROVEN", "4/BC", "PROVEN")
	checkSound(t, in, pub)
}

func TestLookAheadThatFails(t *testing.T) {
	_, in, pub := office(t)
	c := countInspections(in)
	c.fail = true
	files := numbered(3)
	gone := file("gone", "signed gone", "4/BC")
	var opened atomic.Int32
	open := gone.Open
	gone.Open = func() (io.ReadSeekCloser, error) {
		if opened.Add(1) == 1 {
			return nil, errBroken
		}
		return open()
	}
	files = append(files, gone)
	in.LookAhead(t.Context(), files)
	c.await(3)
	for opened.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	begin(t, in, 4)
	got, err := in.Receive(t.Context(), files)
	if err != nil || got.Received != 4 || len(got.Failures) != 0 {
		t.Fatalf("got %+v, %v, want 4 received: what nobody could see ahead is looked at again", got, err)
	}
	if n := c.seen.Load(); n != 5 {
		t.Errorf("got %d inspections, want 5: three ahead, one again and one that could not be opened before", n)
	}
	checkSound(t, in, pub)
}

// Giving up does not wait for a file that takes long, and lets none be begun.
func TestGiveUpLookingAhead(t *testing.T) {
	_, in, _ := office(t)
	var seen, ended atomic.Int32
	in.Inspect = func(ctx context.Context, _ signature.Hash, _ int64, _ io.Reader, _ []signature.Proof, _ time.Time) (signature.Facts, signature.Verdict, error) {
		seen.Add(1)
		<-ctx.Done()
		ended.Add(1)
		return signature.Facts{}, signature.Verdict{}, ctx.Err()
	}
	in.LookAhead(t.Context(), numbered(20))
	for seen.Load() < int32(in.Workers) {
		time.Sleep(time.Millisecond)
	}
	in.GiveUp()
	in.GiveUp()
	if seen.Load() != int32(in.Workers) || ended.Load() != seen.Load() {
		t.Errorf("%d files were begun and %d ended, want %d of each", seen.Load(), ended.Load(), in.Workers)
	}
	if n := countObjects(t, in); n != 0 {
		t.Errorf("got %d objects, want none", n)
	}
}

// What is held in memory is bounded, and the rest is received as ever.
func TestLookAheadIsBounded(t *testing.T) {
	_, in, pub := office(t)
	c := countInspections(in)
	files := numbered(300)
	large := file("large", "signed large\n"+string(make([]byte, 2<<20)), "100/BC")
	files[99] = large
	in.LookAhead(t.Context(), files)
	c.await(99)
	time.Sleep(10 * time.Millisecond)
	if n := c.seen.Load(); n != 99 {
		t.Errorf("%d files were looked at, want the 99 before the large one", n)
	}
	files[99] = file("f99", "signed 99", "100/BC")
	in.LookAhead(t.Context(), files)
	c.await(99 + 256)
	time.Sleep(10 * time.Millisecond)
	if n := c.seen.Load() - 99; n != 256 {
		t.Errorf("%d files were looked at, want 256", n)
	}
	begin(t, in, 300)
	got, err := in.Receive(t.Context(), files)
	if err != nil || got.Received != 300 {
		t.Fatalf("got %d received, %v, want 300", got.Received, err)
	}
	if n := c.seen.Load() - 99; n != 300 {
		t.Errorf("%d inspections in all, want 300", n)
	}
	checkSound(t, in, pub)
}
