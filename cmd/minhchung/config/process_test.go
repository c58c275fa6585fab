//go:build unix

package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"minhchung/evidence"
)

// childArgument makes the test binary a program with the commands of
// runCommand: "ARGUMENT DATA WAIT COMMAND…".
const childArgument = "minhchung-config-child"

func TestMain(m *testing.M) {
	if len(os.Args) > 4 && os.Args[1] == childArgument {
		os.Exit(childMain(os.Args[2], os.Args[3], os.Args[4:]))
	}
	os.Exit(server.Main(m))
}

func childMain(data, wait string, args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	d, err := time.ParseDuration(wait)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 99
	}
	code := 0
	outcome, err := With(ctx, Config{Data: data, Wait: Duration(d)}, Call{Args: args}, os.Stdout, os.Stderr,
		func(ctx context.Context, s *Session) error {
			fmt.Fprintln(os.Stderr, "holding")
			code = runCommand(ctx, s, args, os.Stdout, os.Stderr)
			return nil
		},
		func(ctx context.Context, s *Session, call Call, stdout, stderr io.Writer) int {
			return runCommand(ctx, s, call.Args, stdout, stderr)
		})
	switch {
	case errors.Is(err, ErrBusy):
		return 40
	case errors.Is(err, context.Canceled):
		return 41
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		return 42
	case outcome.Forwarded:
		return outcome.Code
	}
	return code
}

// runCommand is the program under test: "add UNIT…", "wait DURATION" and
// "print TEXT", one after another, separated by "then".
func runCommand(ctx context.Context, s *Session, args []string, stdout, stderr io.Writer) int {
	for _, step := range strings.Split(strings.Join(args, " "), " then ") {
		word, rest, _ := strings.Cut(step, " ")
		switch word {
		case "add":
			if err := addUnit(ctx, s, rest); err != nil {
				fmt.Fprintln(stderr, err)
				return 30
			}
		case "print":
			fmt.Fprintln(stdout, rest)
		case "wait":
			fmt.Fprintln(stderr, "waiting")
			d, err := time.ParseDuration(rest)
			if err != nil {
				return 98
			}
			select {
			case <-time.After(d):
			case <-ctx.Done():
				return 31
			}
		}
	}
	return 0
}

// process is a running child program.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdout bytes.Buffer
	stderr *watched
	ended  chan struct{}
}

func startProcess(t *testing.T, data, wait string, args ...string) *process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, stderr: &watched{lines: make(chan string, 100)}, ended: make(chan struct{})}
	p.cmd = exec.Command(exe, append([]string{childArgument, data, wait}, args...)...)
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.cmd.Process.Signal(syscall.SIGKILL)
		<-p.ended
	})
	return p
}

// says waits until the process has written the line to standard error.
func (p *process) says(line string) {
	p.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case got := <-p.stderr.lines:
			if got == line {
				return
			}
		case <-deadline:
			p.t.Fatalf("process %v never said %q", p.cmd.Args[4:], line)
		}
	}
}

func (p *process) kill() { p.cmd.Process.Signal(syscall.SIGKILL); <-p.ended }

// ends waits for the exit code; a hang fails the test.
func (p *process) ends(want int) {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(30 * time.Second):
		p.t.Fatalf("process %v hangs", p.cmd.Args[4:])
	}
	if got := p.cmd.ProcessState.ExitCode(); got != want {
		p.t.Errorf("process %v: got exit code %d, want %d; it said %q", p.cmd.Args[4:], got, want, p.stderr.all.String())
	}
}

func (p *process) printed(want string) {
	p.t.Helper()
	if got := p.stdout.String(); got != want {
		p.t.Errorf("process %v: got output %q, want %q", p.cmd.Args[4:], got, want)
	}
}

// watched hands on complete lines; only one goroutine writes to it.
type watched struct {
	all   bytes.Buffer
	rest  string
	lines chan string
}

func (w *watched) Write(b []byte) (int, error) {
	w.all.Write(b)
	w.rest += string(b)
	for {
		line, rest, found := strings.Cut(w.rest, "\n")
		if !found {
			return len(b), nil
		}
		w.rest = rest
		select {
		case w.lines <- line:
		default:
		}
	}
}

func units(t *testing.T, data string) []string {
	t.Helper()
	s, err := Open(context.Background(), Config{Data: data}, Read)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var ids []string
	err = s.Store.View(context.Background(), evidence.Scope{All: true}, evidence.RootBook, func(r evidence.Reader) error {
		list, err := r.Units(context.Background())
		for _, u := range list {
			ids = append(ids, string(u.ID))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func TestConcurrentCommandsAllSucceed(t *testing.T) {
	data := t.TempDir() + "/data"
	var all []*process
	const n = 8
	for i := range n {
		all = append(all, startProcess(t, data, "20s", "add", fmt.Sprint("u", i), "then", "print", "done"))
	}
	for _, p := range all {
		p.ends(0)
		p.printed("done\n")
	}
	if got := units(t, data); len(got) != n {
		t.Errorf("got units %v, want %d of them", got, n)
	}
}

// A holder that has finished its own command waits for those of others.
func TestHolderWaitsForForwardedCommands(t *testing.T) {
	data := t.TempDir()
	holder := startProcess(t, data, "10s", "wait", "500ms")
	holder.says("waiting")
	other := startProcess(t, data, "10s", "wait", "1500ms", "then", "add", "u1", "then", "print", "added")
	other.says("waiting")
	holder.ends(0)
	other.ends(0)
	other.printed("added\n")
	if strings.Contains(other.stderr.all.String(), "holding") {
		t.Error("the second process took the lock, want its command forwarded to the end")
	}
}

func TestHolderKilledInTheMiddleOfAForwardedCommand(t *testing.T) {
	data := t.TempDir()
	holder := startProcess(t, data, "10s", "wait", "1m")
	holder.says("waiting")
	other := startProcess(t, data, "10s", "print", "once", "then", "add", "u1", "then", "wait", "700ms", "then", "add", "u2")
	other.says("waiting")
	holder.kill()
	other.says("holding")
	other.ends(0)
	other.printed("once\n")
	if got := units(t, data); len(got) != 2 {
		t.Errorf("got units %v, want both", got)
	}
}

// Ctrl-C at the holder ends the holder's command only: the other process
// takes over.
func TestHolderInterrupted(t *testing.T) {
	data := t.TempDir()
	holder := startProcess(t, data, "10s", "wait", "1m")
	holder.says("waiting")
	other := startProcess(t, data, "10s", "wait", "700ms", "then", "print", "done")
	other.says("waiting")
	holder.cmd.Process.Signal(os.Interrupt)
	holder.ends(31)
	other.ends(0)
	other.printed("done\n")
}

func TestClientInterrupted(t *testing.T) {
	data := t.TempDir()
	holder := startProcess(t, data, "10s", "wait", "3s")
	holder.says("waiting")
	other := startProcess(t, data, "10s", "wait", "1m")
	other.says("waiting")
	other.cmd.Process.Signal(os.Interrupt)
	other.ends(31) // the command's own answer to the end of its context
	third := startProcess(t, data, "10s", "print", "still here")
	third.ends(0)
	third.printed("still here\n")
	holder.ends(0)
}

// A client that is killed must not leave its command running in the holder.
func TestClientKilled(t *testing.T) {
	data := t.TempDir()
	holder := startProcess(t, data, "10s", "wait", "500ms")
	holder.says("waiting")
	other := startProcess(t, data, "10s", "wait", "1m")
	other.says("waiting")
	other.kill()
	holder.ends(0)
}

func TestLockIsReleasedByACrash(t *testing.T) {
	data := t.TempDir()
	holder := startProcess(t, data, "10s", "wait", "1m")
	holder.says("waiting")
	if _, err := Open(context.Background(), Config{Data: data}, Write); !errors.Is(err, ErrHeld) {
		t.Errorf("beside a holder: got %v, want %v", err, ErrHeld)
	}
	holder.kill()
	s, err := Open(context.Background(), Config{Data: data}, Write)
	if err != nil {
		t.Fatalf("after a crash: got %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// A holder that was stopped holds the lock and does not answer.
func TestStoppedHolderIsReportedInTime(t *testing.T) {
	data := t.TempDir()
	holder := startProcess(t, data, "10s", "wait", "1m")
	holder.says("waiting")
	holder.cmd.Process.Signal(syscall.SIGSTOP)
	other := startProcess(t, data, "1s", "print", "never")
	other.ends(40) // long before the holder's minute is over
	other.printed("")
	reader := units(t, data)
	if len(reader) != 0 {
		t.Errorf("got units %v, want none", reader)
	}
}
