// Package objecttest is the conformance suite of object.Store: every driver
// passes it.
package objecttest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"minhchung/evidence/object"
	"minhchung/evidence/signature"
)

// Harness opens stores for Run.
type Harness struct {
	// Open returns a store that is empty and has nothing to do with those
	// opened before.
	Open func(t *testing.T) object.Store
	// Reopen opens the same store again, as a new process would.
	Reopen func(t *testing.T, s object.Store) object.Store
	// Corrupt changes one stored byte behind the store's back; cut removes
	// the last one instead. Objects it is used on are not empty.
	Corrupt func(t *testing.T, s object.Store, key object.Key, cut bool)
	// Large is the size of the largest object tried; default 2 MiB. Drivers
	// that divide large objects set it above their limit.
	Large int
}

const unit = "xa-thu-nghiem"

func keyOf(b []byte) object.Key { return object.Key{Unit: unit, SHA256: signature.HashOf(b)} }

func put(t *testing.T, s object.Store, b []byte) object.Key {
	t.Helper()
	key := keyOf(b)
	if err := s.Put(t.Context(), key, int64(len(b)), bytes.NewReader(b)); err != nil {
		t.Fatalf("Put of %d bytes: %v", len(b), err)
	}
	return key
}

func get(t *testing.T, s object.Store, key object.Key) ([]byte, error) {
	t.Helper()
	r, err := s.Get(t.Context(), key)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

func list(t *testing.T, s object.Store) map[object.Key]int {
	t.Helper()
	keys := map[object.Key]int{}
	if err := s.List(t.Context(), "", func(k object.Key) error { keys[k]++; return nil }); err != nil {
		t.Fatalf("List: %v", err)
	}
	return keys
}

// absent checks that nothing of key can be seen.
func absent(t *testing.T, s object.Store, key object.Key) {
	t.Helper()
	if _, err := s.Stat(t.Context(), key); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Stat: got %v, want fs.ErrNotExist", err)
	}
	if _, err := get(t, s, key); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Get: got %v, want fs.ErrNotExist", err)
	}
	if n := len(list(t, s)); n != 0 {
		t.Errorf("List: got %d objects, want none", n)
	}
}

// Run runs the suite.
func Run(t *testing.T, h Harness) {
	for name, test := range map[string]func(*testing.T, Harness){
		"round trip":         testRoundTrip,
		"units":              testUnits,
		"again":              testAgain,
		"wrong bytes":        testWrongBytes,
		"content":            testContent,
		"failing reader":     testFailingReader,
		"cancelled":          testCancelled,
		"bad keys":           testBadKeys,
		"corruption":         testCorruption,
		"same key at a time": testSameKey,
		"list":               testList,
		"two instances":      testInstances,
		"kinds of readers":   testReaders,
		"many objects":       testParallel,
	} {
		t.Run(name, func(t *testing.T) { test(t, h) })
	}
}

func testRoundTrip(t *testing.T, h Harness) {
	s := h.Open(t)
	large := max(h.Large, 2<<20)
	for name, body := range map[string][]byte{
		"empty":     {},
		"one byte":  {0},
		"text":      []byte("Quyết định số 32/QĐ-UBND"),
		"large":     bytes.Repeat([]byte("0123456789abcdef"), large/16),
		"odd bytes": {0xff, 0x00, '\r', '\n', 0x1a},
	} {
		key := put(t, s, body)
		for _, store := range []object.Store{s, h.Reopen(t, s)} {
			got, err := get(t, store, key)
			if err != nil || !bytes.Equal(got, body) {
				t.Errorf("%s: got %d bytes and %v, want %d bytes", name, len(got), err, len(body))
			}
			if n, err := store.Stat(t.Context(), key); err != nil || n != int64(len(body)) {
				t.Errorf("%s: Stat got %d and %v, want %d", name, n, err, len(body))
			}
		}
	}
}

func testUnits(t *testing.T, h Harness) {
	s := h.Open(t)
	body := []byte("the same bytes")
	mine := put(t, s, body)
	theirs := object.Key{Unit: "xa-khac", SHA256: mine.SHA256}
	if _, err := s.Stat(t.Context(), theirs); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Stat in another unit: got %v, want fs.ErrNotExist", err)
	}
	if _, err := get(t, s, theirs); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Get in another unit: got %v, want fs.ErrNotExist", err)
	}
}

func testAgain(t *testing.T, h Harness) {
	s := h.Open(t)
	body := []byte("twice")
	key := put(t, s, body)
	r := bytes.NewReader(body)
	if err := s.Put(t.Context(), key, int64(len(body)), r); err != nil {
		t.Fatalf("second Put: %v", err)
	}
	if r.Len() != 0 {
		t.Errorf("the second Put left %d bytes unread", r.Len())
	}
	other := []byte("wrong")
	if err := s.Put(t.Context(), key, int64(len(other)), bytes.NewReader(other)); !errors.Is(err, object.ErrCorrupt) {
		t.Errorf("Put of other bytes under a known key: got %v, want ErrCorrupt", err)
	}
	if got, err := get(t, s, key); err != nil || !bytes.Equal(got, body) {
		t.Errorf("after it: got %q and %v, want %q", got, err, body)
	}
}

func testWrongBytes(t *testing.T, h Harness) {
	right := []byte("ten bytes.")
	for name, c := range map[string]struct {
		body string
		size int64
	}{
		"digest":       {"ten bytes!", 10},
		"short":        {"ten bytes", 10},
		"long":         {"ten bytes..", 10},
		"says less":    {"ten bytes.", 9},
		"says more":    {"ten bytes.", 11},
		"empty":        {"", 10},
		"says huge":    {"ten bytes.", 1 << 20},
		"says nothing": {"ten bytes.", 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := h.Open(t)
			for _, r := range []io.Reader{strings.NewReader(c.body), object.NewContent([]byte(c.body))} {
				if err := s.Put(t.Context(), keyOf(right), c.size, r); !errors.Is(err, object.ErrCorrupt) {
					t.Errorf("%T: got %v, want ErrCorrupt", r, err)
				}
				absent(t, s, keyOf(right))
			}
		})
	}
}

// A Content is taken for what it is: whole, read in part before, and again.
func testContent(t *testing.T, h Harness) {
	s := h.Open(t)
	body := bytes.Repeat([]byte("evidence"), 20_000)
	c := object.NewContent(body)
	if _, err := c.ReadByte(); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), keyOf(body[1:]), int64(len(body))-1, c); err != nil {
		t.Errorf("the rest of a Content: %v", err)
	}
	for range 2 {
		c = object.NewContent(body)
		if err := s.Put(t.Context(), keyOf(body), int64(len(body)), c); err != nil || c.Len() != 0 {
			t.Errorf("a Content: got %v with %d bytes unread, want none", err, c.Len())
		}
	}
	for _, want := range [][]byte{body, body[1:]} {
		if got, err := get(t, s, keyOf(want)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("got %d bytes and %v, want %d", len(got), err, len(want))
		}
	}
}

func testFailingReader(t *testing.T, h Harness) {
	s := h.Open(t)
	body := bytes.Repeat([]byte("x"), 100_000)
	broken := errors.New("the cable was pulled")
	err := s.Put(t.Context(), keyOf(body), int64(len(body)), io.MultiReader(bytes.NewReader(body[:50_000]), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want the reader's error", err)
	}
	absent(t, s, keyOf(body))
	// A reader that gives little at a time, and data together with EOF.
	if err := s.Put(t.Context(), keyOf(body), int64(len(body)), iotest.DataErrReader(iotest.HalfReader(bytes.NewReader(body)))); err != nil {
		t.Errorf("slow reader: %v", err)
	}
}

func testCancelled(t *testing.T, h Harness) {
	s := h.Open(t)
	body := bytes.Repeat([]byte("x"), 1<<20)
	ctx, cancel := context.WithCancel(t.Context())
	r := &cancelling{r: bytes.NewReader(body), cancel: cancel}
	if err := s.Put(ctx, keyOf(body), int64(len(body)), r); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled on the way: got %v, want context.Canceled", err)
	}
	absent(t, s, keyOf(body))
	if _, err := s.Get(ctx, keyOf(body)); err == nil {
		t.Error("Get with a cancelled context: got no error")
	}
}

// cancelling ends the context when half was read.
type cancelling struct {
	r      *bytes.Reader
	cancel func()
}

func (c *cancelling) Read(p []byte) (int, error) {
	if int64(c.r.Len()) < c.r.Size()/2 {
		c.cancel()
	}
	return c.r.Read(p[:min(len(p), 4096)])
}

func testBadKeys(t *testing.T, h Harness) {
	s := h.Open(t)
	body := []byte("x")
	for _, u := range []string{"", ".", "..", "../xa", "a/b", `a\b`, "XA", "xã", "a b", ".tmp", "a\x00", strings.Repeat("a", 65)} {
		key := object.Key{Unit: u, SHA256: signature.HashOf(body)}
		if err := s.Put(t.Context(), key, 1, bytes.NewReader(body)); err == nil {
			t.Errorf("Put in unit %q: got no error", u)
		}
		if _, err := get(t, s, key); err == nil {
			t.Errorf("Get in unit %q: got no error", u)
		}
		if _, err := s.Stat(t.Context(), key); err == nil {
			t.Errorf("Stat in unit %q: got no error", u)
		}
	}
	if err := s.Put(t.Context(), keyOf(body), -1, bytes.NewReader(body)); err == nil {
		t.Error("Put of -1 bytes: got no error")
	}
	absent(t, s, keyOf(body))
}

func testCorruption(t *testing.T, h Harness) {
	for _, cut := range []bool{false, true} {
		s := h.Open(t)
		body := bytes.Repeat([]byte("evidence"), 20_000)
		key := put(t, s, body)
		h.Corrupt(t, s, key, cut)
		if _, err := get(t, s, key); !errors.Is(err, object.ErrCorrupt) {
			t.Errorf("cut %t: got %v, want ErrCorrupt", cut, err)
		}
		put(t, s, body) // mends it
		if got, err := get(t, s, key); err != nil || !bytes.Equal(got, body) {
			t.Errorf("cut %t: after another Put got %d bytes and %v, want %d", cut, len(got), err, len(body))
		}
	}
}

func testSameKey(t *testing.T, h Harness) {
	s := h.Open(t)
	body := bytes.Repeat([]byte("concurrent "), 10_000)
	errs := make([]error, 16)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			var r io.Reader = bytes.NewReader(body)
			if i%4 == 3 { // and some that must fail beside them
				r = bytes.NewReader(body[1:])
			}
			errs[i] = s.Put(t.Context(), keyOf(body), int64(len(body)), r)
		})
	}
	wg.Wait()
	for i, err := range errs {
		if bad := i%4 == 3; bad != errors.Is(err, object.ErrCorrupt) || (!bad && err != nil) {
			t.Errorf("Put %d: got %v", i, err)
		}
	}
	if got, err := get(t, s, keyOf(body)); err != nil || !bytes.Equal(got, body) {
		t.Errorf("got %d bytes and %v, want %d", len(got), err, len(body))
	}
	if keys := list(t, s); len(keys) != 1 || keys[keyOf(body)] != 1 {
		t.Errorf("List: got %v, want the one object once", keys)
	}
}

func testList(t *testing.T, h Harness) {
	s := h.Open(t)
	want := map[object.Key]int{}
	for i := range 300 {
		want[put(t, s, []byte{byte(i), byte(i >> 8)})]++
	}
	got := list(t, s)
	for k := range want {
		if got[k] != 1 {
			t.Errorf("object %s: listed %d times, want once", k.SHA256, got[k])
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %d objects, want %d", len(got), len(want))
	}
	elsewhere := object.Key{Unit: unit + "-2", SHA256: keyOf([]byte{0, 0}).SHA256} // the unit's name is a prefix of this one
	if err := s.Put(t.Context(), elsewhere, 2, bytes.NewReader([]byte{0, 0})); err != nil {
		t.Fatal(err)
	}
	for of, want := range map[string]int{unit: 300, unit + "-2": 1, "xa-khong-co": 0, "": 301} {
		n := 0
		err := s.List(t.Context(), of, func(k object.Key) error {
			if n++; of != "" && k.Unit != of {
				t.Errorf("List of unit %q: got an object of %q", of, k.Unit)
			}
			return nil
		})
		if err != nil || n != want {
			t.Errorf("List of unit %q: got %d objects and %v, want %d", of, n, err, want)
		}
	}
	if err := s.List(t.Context(), "../xa", func(object.Key) error { return nil }); err == nil {
		t.Error("List of a unit that cannot be: got no error")
	}
	stop := errors.New("stop")
	calls := 0
	if err := s.List(t.Context(), "", func(object.Key) error { calls++; return stop }); !errors.Is(err, stop) || calls != 1 {
		t.Errorf("List with a failing fn: got %v after %d calls, want its error after one", err, calls)
	}
}

// testInstances lets two processes share what is stored, as those of a
// province do: one of them wins, and both have stored it.
func testInstances(t *testing.T, h Harness) {
	s := h.Open(t)
	stores := []object.Store{s, h.Reopen(t, s)}
	body := bytes.Repeat([]byte("the same at both "), 5_000)
	errs := make([]error, 8)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			errs[i] = stores[i%2].Put(t.Context(), keyOf(body), int64(len(body)), bytes.NewReader(body))
		})
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			t.Errorf("Put %d: %v", i, err)
		}
	}
	for i, store := range stores {
		if got, err := get(t, store, keyOf(body)); err != nil || !bytes.Equal(got, body) {
			t.Errorf("instance %d: got %d bytes and %v, want %d", i, len(got), err, len(body))
		}
	}
	if n := len(list(t, s)); n != 1 {
		t.Errorf("List: got %d objects, want 1", n)
	}
}

// testReaders tries readers that can be read once and such that stand in the
// middle, on an object that is new, there, and damaged.
func testReaders(t *testing.T, h Harness) {
	body := bytes.Repeat([]byte("evidence "), 10_000)
	key := keyOf(body)
	for name, reader := range map[string]func() io.Reader{
		"once": func() io.Reader { return struct{ io.Reader }{bytes.NewReader(body)} },
		"in the middle": func() io.Reader {
			r := bytes.NewReader(append([]byte("something before"), body...))
			_, _ = r.Seek(int64(len("something before")), io.SeekStart) // of memory
			return r
		},
	} {
		s := h.Open(t)
		for _, state := range []string{"new", "there", "damaged"} {
			if state == "damaged" {
				h.Corrupt(t, s, key, false)
			}
			r := reader()
			if err := s.Put(t.Context(), key, int64(len(body)), r); err != nil {
				t.Errorf("reader %s, object %s: %v", name, state, err)
			}
			if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
				t.Errorf("reader %s, object %s: left unread", name, state)
			}
			if got, err := get(t, s, key); err != nil || !bytes.Equal(got, body) {
				t.Errorf("reader %s, object %s: got %d bytes and %v, want %d", name, state, len(got), err, len(body))
			}
		}
	}
}

// testParallel stores, reads and cancels at the same time.
func testParallel(t *testing.T, h Harness) {
	s := h.Open(t)
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Go(func() {
			body := bytes.Repeat([]byte{byte(i)}, 1000*(i+1))
			key := keyOf(body)
			if err := s.Put(t.Context(), key, int64(len(body)), bytes.NewReader(body)); err != nil {
				t.Errorf("Put %d: %v", i, err)
				return
			}
			ctx, cancel := context.WithCancel(t.Context())
			r, err := s.Get(ctx, key)
			if err != nil {
				t.Errorf("Get %d: %v", i, err)
				cancel()
				return
			}
			cancel()
			if got, err := io.ReadAll(r); err == nil && !bytes.Equal(got, body) {
				t.Errorf("Get %d, cancelled: got %d bytes without an error, want %d", i, len(got), len(body))
			}
			r.Close()
			if got, err := get(t, s, key); err != nil || !bytes.Equal(got, body) {
				t.Errorf("Get %d: got %d bytes and %v, want %d", i, len(got), err, len(body))
			}
		})
	}
	wg.Wait()
}
