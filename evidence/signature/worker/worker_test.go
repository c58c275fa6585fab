//go:build linux

package worker

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"minhchung/evidence/signature"
	"minhchung/evidence/worker"
	"minhchung/evidence/worker/workertest"
)

// testPool returns a pool of real children with tight limits, and checks at
// the end of the test that nothing is left of them.
func testPool(t testing.TB, change func(*Config), childArgs ...string) *Pool {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{
		Command: append([]string{exe, childArgument}, childArgs...), Workers: 1,
		Timeout: 2 * time.Second, MemoryBytes: 192 << 20, AnswerBytes: 1 << 20,
	}
	if change != nil {
		change(&cfg)
	}
	check := workertest.NothingLeft(t)
	p, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
		check()
	})
	return p
}

// honest inspects an ordinary file and fails the test when the pool cannot.
func honest(t *testing.T, p *Pool) {
	t.Helper()
	const content = "honest file"
	facts, verdict, err := p.Inspect(context.Background(), job(content))
	if err != nil {
		t.Fatalf("honest file: %v", err)
	}
	if facts.Condition != signature.Damaged || facts.SHA256 != signature.HashOf([]byte(content)) || facts.Size != int64(len(content)) {
		t.Fatalf("honest file: got %+v, want it read as damaged text", facts)
	}
	if verdict.Result == "" {
		t.Fatal("honest file: got no result")
	}
}

func TestHostileFilesBecomeVerdicts(t *testing.T) {
	const (
		slow   = "reading the file took longer than 2s"
		large  = "reading the file needed more than 192 MiB of memory"
		deep   = "the file is nested too deeply to be read"
		died   = "the reader stopped while reading the file"
		babble = "the reader's answer could not be used"
	)
	tests := []struct{ word, problem string }{
		{"heap", large}, {"mmap", large}, {"recurse", deep},
		{"spin", slow}, {"sleep", slow}, {"half", slow}, {"fatal-stderr", slow},
		{"panic", died}, {"exit", died}, {"segv", died}, {"abort", died}, {"killed", died},
		{"flood", babble}, {"huge", babble}, {"garbage", babble}, {"too-much", babble},
		{"wrong-kind", babble}, {"other", babble}, {"forged", babble},
		{"bulky", "what was found in the file takes more than 1048576 bytes"},
	}
	for _, test := range tests {
		t.Run(test.word, func(t *testing.T) {
			p := testPool(t, nil)
			honest(t, p)
			content := test.word + " and the rest of a hostile file"
			began := time.Now()
			facts, verdict, err := p.Inspect(context.Background(), job(content))
			if err != nil {
				t.Fatalf("got error %v, want a verdict", err)
			}
			if took := time.Since(began); took > 8*time.Second {
				t.Errorf("took %v, want the timeout of 2s and a little", took)
			}
			if worker.Instrumentation() > 0 && facts.Problem == died {
				test.problem = died // the race detector dies in its own words
			}
			if facts.Condition != signature.OverLimit || facts.Problem != test.problem {
				t.Errorf("got %s, %q, want %s, %q", facts.Condition, facts.Problem, signature.OverLimit, test.problem)
			}
			if facts.SHA256 != signature.HashOf([]byte(content)) || facts.Size != int64(len(content)) {
				t.Errorf("got facts about %v with %d bytes, want the file's own", facts.SHA256, facts.Size)
			}
			if verdict.Result == signature.ResultIntact || verdict.Result == "" {
				t.Errorf("got result %q, want one that is not intact", verdict.Result)
			}
			honest(t, p)
		})
	}
}

// A child that stops reading in the middle of a large file must not block the
// parent's write for ever.
func TestDeafChild(t *testing.T) {
	p := testPool(t, nil, "deaf")
	content := strings.Repeat("x", 8<<20)
	facts, _, err := p.Inspect(context.Background(), job(content))
	if err != nil {
		t.Fatal(err)
	}
	if facts.Condition != signature.OverLimit || facts.SHA256 != signature.HashOf([]byte(content)) {
		t.Errorf("got %s and %v, want %s and the digest of the whole file", facts.Condition, facts.SHA256, signature.OverLimit)
	}
	honest(t, p)
}

func TestNoiseOnStandardErrorIsNothing(t *testing.T) {
	p := testPool(t, nil)
	facts, _, err := p.Inspect(context.Background(), job("stderr but honest"))
	if err != nil || facts.Condition != signature.Damaged {
		t.Errorf("got %s, %v, want %s and no error", facts.Condition, err, signature.Damaged)
	}
}

func TestFileOverTheSizeLimit(t *testing.T) {
	p := testPool(t, func(c *Config) { c.FileBytes = 1000 })
	content := "%PDF-1.7 " + strings.Repeat("x", 992)
	facts, verdict, err := p.Inspect(context.Background(), job(content))
	if err != nil {
		t.Fatal(err)
	}
	if want := "the file has 1001 bytes, more than the limit of 1000"; facts.Problem != want || facts.Condition != signature.OverLimit {
		t.Errorf("got %s, %q, want %s, %q", facts.Condition, facts.Problem, signature.OverLimit, want)
	}
	if facts.Format != "pdf" || facts.SHA256 != signature.HashOf([]byte(content)) {
		t.Errorf("got format %q and %v, want pdf and the digest of the whole file", facts.Format, facts.SHA256)
	}
	if verdict.Result == signature.ResultIntact {
		t.Error("got intact")
	}
	facts, _, err = p.Inspect(context.Background(), job(content[:1000]))
	if err != nil || facts.Condition == signature.OverLimit {
		t.Errorf("a file of exactly the limit: got %s, %v, want it read", facts.Condition, err)
	}
}

// What is our failure to look is an error and no verdict.
func TestErrors(t *testing.T) {
	broken := errors.New("the disk is broken")
	tests := []struct {
		name string
		job  Job
		want error
	}{
		{"short", Job{Size: 100, Body: strings.NewReader("short")}, io.ErrUnexpectedEOF},
		{"long", Job{Size: 2, Body: strings.NewReader("long")}, nil},
		{"broken", Job{Size: 100, Body: io.MultiReader(strings.NewReader("some"), iotest.ErrReader(broken))}, broken},
		{"too large and short", Job{Size: 5000, Body: strings.NewReader("short")}, io.ErrUnexpectedEOF},
		{"bad and short", Job{Size: 1000, Body: io.MultiReader(strings.NewReader("exit "), iotest.ErrReader(broken))}, broken},
	}
	p := testPool(t, func(c *Config) { c.FileBytes = 1000 })
	for _, test := range tests {
		facts, _, err := p.Inspect(context.Background(), test.job)
		if err == nil || (test.want != nil && !errors.Is(err, test.want)) || facts.Condition != "" {
			t.Errorf("%s: got %q, %v, want an error that is %v", test.name, facts.Condition, err, test.want)
		}
		honest(t, p)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	if _, _, err := p.Inspect(ctx, job("spin")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
	if _, err := New(Config{}); err == nil {
		t.Error("a pool without a command: got no error")
	}
}

func TestUseReachesChildrenOnce(t *testing.T) {
	p := testPool(t, nil)
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, id := range []string{"first", "first", "second"} {
		if err := p.Use(signature.Material{}, signature.Policy{ID: id}); err != nil {
			t.Fatal(err)
		}
		_, verdict, err := p.Inspect(context.Background(), Job{Size: 1, Body: strings.NewReader("x"), At: at})
		if err != nil {
			t.Fatal(err)
		}
		if verdict.Policy != id || !verdict.At.Equal(at) {
			t.Errorf("got policy %q at %v, want %q at %v", verdict.Policy, verdict.At, id, at)
		}
	}
	huge := signature.Material{CRLs: [][]byte{make([]byte, worker.BriefingBytes)}}
	if err := p.Use(huge, signature.Policy{}); err == nil {
		t.Error("material that cannot be sent: got no error")
	}
}

func TestManyFilesAtOnce(t *testing.T) {
	p := testPool(t, func(c *Config) { c.Workers = 4; c.Recycle = 5 })
	words := []string{"honest file", "exit now", "honest file", "garbage in", "honest file", "killed by"}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 12 {
				content := words[(g+i)%len(words)]
				facts, _, err := p.Inspect(context.Background(), job(content))
				want := signature.OverLimit
				if strings.HasPrefix(content, "honest") {
					want = signature.Damaged
				}
				if err != nil || facts.Condition != want || facts.SHA256 != signature.HashOf([]byte(content)) {
					t.Errorf("%q: got %s, %v, want %s", content, facts.Condition, err, want)
				}
				if n := len(workertest.Children(os.Getpid())); n > 4 {
					t.Errorf("got %d children at once, want at most 4", n)
				}
			}
		})
	}
	wg.Wait()
}

// A digest that the caller has computed already is not computed again, but
// the answer must be about it.
func TestKnownDigest(t *testing.T) {
	p := testPool(t, nil)
	for _, content := range []string{"honest file", "exit now"} {
		j := job(content)
		j.SHA256 = signature.HashOf([]byte(content))
		facts, _, err := p.Inspect(context.Background(), j)
		if err != nil || facts.SHA256 != j.SHA256 {
			t.Errorf("%q: got %v, %v, want %v", content, facts.SHA256, err, j.SHA256)
		}
	}
	j := job("honest file")
	j.SHA256 = signature.HashOf([]byte("another file"))
	facts, _, err := p.Inspect(context.Background(), j)
	if err != nil || facts.Condition != signature.OverLimit {
		t.Errorf("a file that is not the promised one: got %s, %v, want %s", facts.Condition, err, signature.OverLimit)
	}
}

func TestClose(t *testing.T) {
	p := testPool(t, nil)
	honest(t, p)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.Inspect(context.Background(), job("honest file")); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v, want %v", err, ErrClosed)
	}
}

// What a child's trace says goes to the log and never into the verdict.
func TestTraceGoesToTheLog(t *testing.T) {
	var log bytes.Buffer
	p := testPool(t, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	facts, verdict, err := p.Inspect(context.Background(), job("panic"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "the reader has a defect") {
		t.Errorf("got log %q, want the panic in it", log.String())
	}
	if strings.Contains(facts.Problem+verdict.Reason, "goroutine") {
		t.Errorf("got %q and %q, want no trace", facts.Problem, verdict.Reason)
	}
}

func benchmarkFile() []byte {
	data := bytes.Repeat([]byte("0123456789abcdef"), 188_000/16)
	copy(data, "honest file ")
	return data
}

// BenchmarkPool and BenchmarkInProcess read the same 188 kB file; the
// difference is what the walls cost.
func BenchmarkPool(b *testing.B) {
	for _, known := range []bool{false, true} {
		name := map[bool]string{false: "hashing", true: "digest-known"}[known]
		b.Run(name, func(b *testing.B) {
			data := benchmarkFile()
			p := testPool(b, nil)
			j := Job{Size: int64(len(data))}
			if known {
				j.SHA256 = signature.HashOf(data)
			}
			b.SetBytes(j.Size)
			for b.Loop() {
				j.Body = bytes.NewReader(data)
				facts, _, err := p.Inspect(context.Background(), j)
				if err != nil || facts.Condition != signature.Damaged {
					b.Fatal(facts.Condition, err)
				}
			}
		})
	}
}

func BenchmarkInProcess(b *testing.B) {
	data := benchmarkFile()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		signature.Judge(Read(data), signature.Material{}, signature.Policy{}, nil, time.Time{})
	}
}

// BenchmarkPoolBusy keeps every worker busy, so that waiting for each other
// does not count: what remains is processor time.
func BenchmarkPoolBusy(b *testing.B) {
	data := benchmarkFile()
	p := testPool(b, func(c *Config) { c.Workers = 0 })
	sum := signature.HashOf(data)
	b.SetBytes(int64(len(data)))
	b.SetParallelism(2)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			facts, _, err := p.Inspect(context.Background(), Job{Size: int64(len(data)), Body: bytes.NewReader(data), SHA256: sum})
			if err != nil || facts.Condition != signature.Damaged {
				b.Error(facts.Condition, err)
				return
			}
		}
	})
}

// BenchmarkInProcessBusy is its floor.
func BenchmarkInProcessBusy(b *testing.B) {
	data := benchmarkFile()
	b.SetBytes(int64(len(data)))
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			signature.Judge(Read(data), signature.Material{}, signature.Policy{}, nil, time.Time{})
		}
	})
}

// BenchmarkSHA256 is the floor: the digest that both need.
func BenchmarkSHA256(b *testing.B) {
	data := benchmarkFile()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		sha256.Sum256(data)
	}
}
