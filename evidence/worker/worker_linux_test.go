package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"minhchung/evidence/worker/workertest"
)

const childArgument = "generic-worker-child"

// TestMain is also the child's program.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == childArgument {
		if len(os.Args) > 2 && os.Args[2] == "middle" {
			os.Exit(middleMain())
		}
		os.Exit(testChild())
	}
	os.Exit(m.Run())
}

func testChild() int {
	c := Child{Brief: hear, Open: func(setup json.RawMessage) (Engine, error) {
		switch string(setup) {
		case `"refuse"`:
			return nil, errors.New("no engine today")
		case `"mute"`:
			time.Sleep(time.Hour)
		case `"chatter"`:
			for {
				fmt.Println("hello, this is not a frame")
			}
		case `"exit"`:
			os.Exit(3)
		case `"file"`: // opening may read what a file may not
			if _, err := os.ReadFile("/etc/passwd"); err != nil {
				return nil, err
			}
		}
		return misbehave, nil
	}}
	if err := c.Serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	return 0
}

// testPool returns a pool of real children with tight limits, and checks at
// the end of the test that nothing is left of them.
func testPool(t testing.TB, change func(*Config)) *Pool {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{
		Command: []string{exe, childArgument}, Workers: 1, AnswerBytes: 1 << 20,
		Limits: Limits{Timeout: 2 * time.Second, MemoryBytes: 256 << 20},
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

func job(content string) Job {
	return Job{Size: int64(len(content)), Body: strings.NewReader(content)}
}

// honest reads a good file: whatever came before, the pool works.
func honest(t testing.TB, p *Pool) {
	t.Helper()
	if got, err := p.Do(context.Background(), job("honest file")); err != nil || string(got.Answer) != "read" {
		t.Fatalf("an honest file: got %q, %q, %v, want read", got.Answer, got.Problem, err)
	}
}

func TestHostileFiles(t *testing.T) {
	const (
		slow   = "reading the file took longer than 2s"
		died   = "the reader stopped while reading the file"
		babble = "the reader's answer could not be used"
		memory = "reading the file needed more than 256 MiB of memory"
	)
	tests := []struct{ word, problem string }{
		{"spin", slow}, {"sleep", slow}, {"half", slow}, {"allocate", memory}, {"refused", memory}, {"deep", "the file is nested too deeply to be read"},
		{"panic", died}, {"error", died}, {"exit", died}, {"killed", died}, {"huge", died}, {"flood", babble},
		{"declared", babble}, {"wrong-kind", babble},
	}
	for _, test := range tests {
		t.Run(test.word, func(t *testing.T) {
			if Instrumentation() > 0 && (test.word == "allocate" || test.word == "deep") {
				t.Skip("the race detector has memory and a stack of its own")
			}
			p := testPool(t, func(c *Config) {
				if test.problem != slow { // a busy machine must not be what ends it
					c.Limits.Timeout = time.Minute
				}
			})
			honest(t, p)
			got, err := p.Do(context.Background(), job(test.word+" and the rest of a hostile file"))
			if err != nil || got.Problem != test.problem || got.Answer != nil {
				t.Errorf("got %q, %q, %v, want problem %q", got.Answer, got.Problem, err, test.problem)
			}
			honest(t, p)
		})
	}
}

func TestAnswers(t *testing.T) {
	p := testPool(t, nil)
	big := "size " + strings.Repeat("x", 9<<20)
	tests := []struct {
		job  Job
		want string
	}{
		{job(big), fmt.Sprint(len(big))},
		{job(""), "read"},
		{Job{Size: 7, Body: strings.NewReader("request"), Request: map[string]int{"page": 3}}, `{"page":3}`},
		{job("deadline"), "2s"},
		{job("flood-stderr"), "noise"},
	}
	for _, test := range tests {
		if got, err := p.Do(context.Background(), test.job); err != nil || string(got.Answer) != test.want {
			t.Errorf("got %q, %q, %v, want %q", got.Answer, got.Problem, err, test.want)
		}
	}
}

func TestFileOverTheSizeLimit(t *testing.T) {
	p := testPool(t, func(c *Config) { c.FileBytes = 10 })
	got, err := p.Do(context.Background(), job("12345678901"))
	if want := "the file has 11 bytes, more than the limit of 10"; err != nil || got.Problem != want {
		t.Errorf("got %q, %v, want %q", got.Problem, err, want)
	}
	if got, err := p.Do(context.Background(), job("1234567890")); err != nil || got.Problem != "" {
		t.Errorf("a file of exactly the limit: got %q, %v, want it read", got.Problem, err)
	}
}

// A body that is not what its size says, or fails, is our failure to look.
func TestBodyFaultsAreErrors(t *testing.T) {
	broken := errors.New("the disk is broken")
	tests := []struct {
		name string
		job  Job
		want error
	}{
		{"short", Job{Size: 100, Body: strings.NewReader("short")}, io.ErrUnexpectedEOF},
		{"long", Job{Size: 2, Body: strings.NewReader("long")}, nil},
		{"broken", Job{Size: 100, Body: io.MultiReader(strings.NewReader("some"), failing{broken})}, broken},
	}
	p := testPool(t, nil)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := p.Do(context.Background(), test.job); err == nil || test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("got %v, want an error that is %v", err, test.want)
			}
			honest(t, p)
		})
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// The time the caller needs to give the file is not the child's.
func TestSlowBodyIsNotBlamed(t *testing.T) {
	p := testPool(t, func(c *Config) { c.Limits.Timeout = 2 * time.Second })
	honest(t, p)
	got, err := p.Do(context.Background(), Job{Size: 11, Body: slowReader{strings.NewReader("honest file")}})
	if err != nil || got.Problem != "" {
		t.Errorf("got %q, %v, want it read", got.Problem, err)
	}
}

type slowReader struct{ r io.Reader }

func (s slowReader) Read(b []byte) (int, error) {
	time.Sleep(250 * time.Millisecond)
	return s.r.Read(b[:1])
}

func TestCancelledContext(t *testing.T) {
	p := testPool(t, func(c *Config) { c.Limits.Timeout = time.Minute })
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	if _, err := p.Do(ctx, job("spin")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
	honest(t, p)
}

func TestChildThatCannotBeUsedIsAnError(t *testing.T) {
	for _, mode := range []string{"refuse", "exit", "mute", "chatter"} {
		t.Run(mode, func(t *testing.T) {
			p := testPool(t, func(c *Config) { c.StartTimeout, c.Setup = 300*time.Millisecond, mode })
			if got, err := p.Do(context.Background(), job("honest file")); err == nil {
				t.Errorf("got %q, want an error: nobody looked", got.Answer)
			}
		})
	}
	p := testPool(t, func(c *Config) { c.Command = []string{"/nowhere/at/all"} })
	if _, err := p.Do(context.Background(), job("honest file")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a program that is missing: got %v, want %v", err, os.ErrNotExist)
	}
	if _, err := New(Config{}); err == nil {
		t.Error("a pool without a command: got no error")
	}
}

// What the engine opens first is its own; what comes after is locked in.
func TestChildIsLockedIn(t *testing.T) {
	version, _, errno := syscall.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 || version < 4 {
		t.Skip("this kernel's Landlock does not know all that is tested")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	p := testPool(t, func(c *Config) { c.Setup = "file" })
	got, err := p.Do(context.Background(), job(fmt.Sprint("look-around ", listener.Addr().(*net.TCPAddr).Port)))
	reached := string(got.Answer)
	if version < 6 {
		reached = strings.TrimSuffix(reached, "parent") // signals came with version 6
	}
	if err != nil || reached != "reached: " {
		t.Errorf("got %q, %q, %v, want nothing reached", got.Answer, got.Problem, err)
	}
}

// Where the kernel filters system calls, all that a reader of files has no use
// for are refused, whatever kind of file system or network is behind them.
func TestSystemCallsAreRefused(t *testing.T) {
	if _, err := unix.PrctlRetInt(unix.PR_GET_SECCOMP, 0, 0, 0, 0); err != nil || (runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64") {
		t.Skipf("no filter on this kernel or architecture (%v, %s)", err, runtime.GOARCH)
	}
	p := testPool(t, nil)
	if got, err := p.Do(context.Background(), job("system-calls")); err != nil || string(got.Answer) != "done: " {
		t.Errorf("got %q, %q, %v, want none done", got.Answer, got.Problem, err)
	}
	honest(t, p)
}

func TestChildrenAreReusedAndRecycled(t *testing.T) {
	p := testPool(t, func(c *Config) { c.Recycle = 3 })
	ids := map[string]int{}
	for range 9 {
		got, err := p.Do(context.Background(), job("pid"))
		if err != nil {
			t.Fatal(err)
		}
		ids[string(got.Answer)]++
		p.mu.Lock()
		idle := len(p.idle)
		p.mu.Unlock()
		if want := min(1, 3-ids[string(got.Answer)]); idle != want { // after its third file it is gone
			t.Errorf("got %d idle children after %d files of one, want %d", idle, ids[string(got.Answer)], want)
		}
	}
	if len(ids) != 3 {
		t.Errorf("got %v, want 3 children with 3 files each", ids)
	}
}

// The processor limit is for each file and not for the life of the child: it
// moves on by what was used.
func TestProcessorTimeIsRenewed(t *testing.T) {
	p := testPool(t, func(c *Config) { c.Limits.Timeout = 20 * time.Second })
	limit := func() (seconds int) {
		got, err := p.Do(context.Background(), job("processor-limit"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Sscan(string(got.Answer), &seconds); err != nil {
			t.Fatalf("got %q: %v", got.Answer, err)
		}
		return seconds
	}
	before := limit()
	if before < 20 || before > 30 {
		t.Errorf("got a limit of %d s for a new child, want the timeout of 20 s and a little", before)
	}
	if got, err := p.Do(context.Background(), job("burn")); err != nil || got.Problem != "" {
		t.Fatalf("got %q, %v", got.Problem, err)
	}
	if after := limit(); after <= before {
		t.Errorf("after a second of work: got a limit of %d s, want more than %d", after, before)
	}
}

// The kernel's limit works where the parent's clock would come much later.
func TestProcessorLimitEndsTheChild(t *testing.T) {
	p := testPool(t, func(c *Config) { c.Limits.Timeout = time.Minute })
	got, err := p.Do(context.Background(), job("spin-limited")) // ends long before the pool's own minute
	if err != nil || got.Problem != "reading the file took longer than 1m0s" {
		t.Errorf("got %q, %v, want the time named", got.Problem, err)
	}
	honest(t, p)
}

// A child that is gone between two files says nothing about the next one.
func TestDeathBetweenFilesIsNotBlamed(t *testing.T) {
	p := testPool(t, nil)
	for range 3 {
		if _, err := p.Do(context.Background(), job("dies-later")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(60 * time.Millisecond)
		honest(t, p)
	}
	for range 20 {
		p.mu.Lock()
		idle := p.idle[0]
		p.mu.Unlock()
		syscall.Kill(idle.PID(), syscall.SIGKILL)
		honest(t, p)
	}
}

func TestManyFilesAtOnce(t *testing.T) {
	var log bytes.Buffer
	p := testPool(t, func(c *Config) { c.Workers, c.Recycle, c.Log = 3, 5, slog.New(slog.NewTextHandler(&log, nil)) })
	defer func() {
		if t.Failed() {
			t.Log(log.String())
		}
	}()
	words := []string{"honest file", "exit now", "honest file", "killed by"}
	var wg sync.WaitGroup
	for g := range 6 {
		wg.Go(func() {
			for i := range 8 {
				content := words[(g+i)%len(words)]
				got, err := p.Do(context.Background(), job(content))
				if bad := !strings.HasPrefix(content, "honest"); err != nil || bad != (got.Problem != "") {
					t.Errorf("%q: got %q, %q, %v", content, got.Answer, got.Problem, err)
				}
			}
		})
	}
	wg.Wait()
}

// What a child's trace says goes to the log and never into the outcome.
func TestTraceGoesToTheLog(t *testing.T) {
	var log bytes.Buffer
	p := testPool(t, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	got, err := p.Do(context.Background(), job("panic"))
	if err != nil || strings.Contains(got.Problem, "goroutine") {
		t.Errorf("got %q, %v, want no trace", got.Problem, err)
	}
	if !strings.Contains(log.String(), "the reader has a defect") {
		t.Errorf("got log %q, want the panic in it", log.String())
	}
}

func TestClose(t *testing.T) {
	p := testPool(t, nil)
	got, err := p.Do(context.Background(), job("pid"))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	for _, j := range []Job{job("honest file"), {Size: 1 << 40}} { // also one that no child would be given
		if _, err := p.Do(context.Background(), j); !errors.Is(err, ErrClosed) {
			t.Errorf("got %v, want %v", err, ErrClosed)
		}
	}
	if _, err := os.Stat("/proc/" + string(got.Answer)); err == nil {
		t.Error("the child still runs after Close")
	}
}

// A child is told a briefing once, and again when it has another one.
func TestBriefing(t *testing.T) {
	p := testPool(t, func(c *Config) { c.Recycle = 6 })
	briefing := func(word string) *Briefing {
		b, err := NewBriefing(word)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	a, b := briefing("a"), briefing("b")
	steps := []struct {
		briefing *Briefing
		want     string
	}{{nil, "0"}, {a, `1"a"`}, {a, `1"a"`}, {b, `2"b"`}, {nil, `2"b"`}, {a, `3"a"`}, {a, `1"a"`}} // the last to a new child
	for i, step := range steps {
		j := job("briefing")
		j.Briefing = step.briefing
		if got, err := p.Do(context.Background(), j); err != nil || string(got.Answer) != step.want {
			t.Errorf("step %d: got %q, %q, %v, want %q", i, got.Answer, got.Problem, err, step.want)
		}
	}
	if _, err := NewBriefing(strings.Repeat("x", BriefingBytes)); err == nil {
		t.Error("a briefing that cannot be sent: got no error")
	}
}

// A child whose answer cannot be used is not given another file.
func TestCheckRefuses(t *testing.T) {
	p := testPool(t, nil)
	var first string
	j := job("pid")
	j.Check = func(answer []byte) error { first = string(answer); return errors.New("not this one") }
	got, err := p.Do(context.Background(), j)
	if want := "the reader's answer could not be used"; err != nil || got.Problem != want || got.Answer != nil {
		t.Errorf("got %q, %q, %v, want problem %q", got.Answer, got.Problem, err, want)
	}
	j = job("pid")
	j.Check = func([]byte) error { return nil }
	if got, err = p.Do(context.Background(), j); err != nil || string(got.Answer) == first || len(got.Answer) == 0 {
		t.Errorf("got %q, %q, %v, want another child than %s", got.Answer, got.Problem, err, first)
	}
}

// Drain gives a Body that computes a digest all of the file, whatever the
// child did.
func TestDrain(t *testing.T) {
	p := testPool(t, func(c *Config) { c.FileBytes = 1 << 20 })
	for _, content := range []string{"exit " + strings.Repeat("x", 1<<20-5), strings.Repeat("x", 1<<20+1)} {
		for _, drain := range []bool{true, false} {
			body := strings.NewReader(content)
			got, err := p.Do(context.Background(), Job{Size: body.Size(), Body: body, Drain: drain})
			if err != nil || got.Problem == "" {
				t.Errorf("got %q, %v, want a problem", got.Problem, err)
			}
			if drain && body.Len() > 0 {
				t.Errorf("got %d bytes left unread, want none", body.Len())
			}
		}
		_, err := p.Do(context.Background(), Job{Size: int64(len(content)), Body: strings.NewReader(content[1:]), Drain: true})
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("a file that ends early: got %v, want %v", err, io.ErrUnexpectedEOF)
		}
	}
}

// What cannot be sent is our error, before a child is asked.
func TestJobThatCannotBeSent(t *testing.T) {
	p := testPool(t, nil)
	for _, j := range []Job{
		{Size: -1, Body: strings.NewReader("")},
		{Size: 1, Body: strings.NewReader("x"), Request: strings.Repeat("x", jobBytes)},
		{Size: 1, Body: strings.NewReader("x"), Request: func() {}},
	} {
		if _, err := p.Do(context.Background(), j); err == nil || len(p.idle) > 0 {
			t.Errorf("got %v and %d children, want an error and none", err, len(p.idle))
		}
	}
}

// A frame's declared length is not believed.
func TestFrameLengths(t *testing.T) {
	lie := []byte{kindAnswer, 0xff, 0xff, 0xff, 0xff, 'x'}
	if _, err := readFrame(bytes.NewReader(lie), kindAnswer, 1<<20); !errors.Is(err, errFrame) {
		t.Errorf("above the bound: got %v, want %v", err, errFrame)
	}
	if _, err := readFrame(bytes.NewReader(lie), kindAnswer, 1<<33); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut short: got %v, want %v", err, io.ErrUnexpectedEOF)
	}
	if _, err := readFrame(bytes.NewReader(lie), kindReady, 1<<33); !errors.Is(err, errFrame) {
		t.Errorf("another kind: got %v, want %v", err, errFrame)
	}
}
