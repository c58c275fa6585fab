package conformance

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/pdfsign/verify"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/worker"
)

// The arguments that make the test binary a child.
const (
	poolChild    = "conformance-pool-child"
	pdfsignChild = "conformance-pdfsign-child"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case poolChild:
			if err := worker.Main(os.Stdin, os.Stdout); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		case pdfsignChild:
			servePdfsign()
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

// full reports whether the long runs were asked for; deploy/test.sh may set
// the variable.
func full() bool { return os.Getenv("MINHCHUNG_FULL") != "" }

// newPool returns a pool with one child: of this test binary, or of the program
// that MINHCHUNG_PROGRAM names, which is not slowed by the race detector.
func newPool(t testing.TB, s *setup) *worker.Pool { return newPoolOf(t, s, 1) }

func newPoolOf(t testing.TB, s *setup, workers int) *worker.Pool {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := []string{exe, poolChild}
	if program := os.Getenv("MINHCHUNG_PROGRAM"); program != "" {
		command = []string{program, "worker"}
	}
	p, err := worker.New(worker.Config{Command: command, Workers: workers})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	if err := p.Use(s.material, s.policy); err != nil {
		t.Fatal(err)
	}
	return p
}

func inspect(t testing.TB, p *worker.Pool, data []byte, at time.Time) (signature.Facts, signature.Verdict) {
	t.Helper()
	f, v, err := p.Inspect(context.Background(), worker.Job{Size: int64(len(data)), Body: bytes.NewReader(data), At: at})
	if err != nil {
		t.Fatal(err)
	}
	return f, v
}

// TestThroughThePool: children judge a sample of the files as we do here.
func TestThroughThePool(t *testing.T) {
	s := newSetup(t)
	p := newPool(t, s)
	for i, m := range generated() {
		if i%7 != 0 {
			continue
		}
		if err := p.Use(m.material, m.policy); err != nil {
			t.Fatal(err)
		}
		_, here := m.judge()
		_, there := inspect(t, p, m.data, m.at)
		if len(m.proofs) == 0 && (here.Result != there.Result || list(here) != list(there)) {
			t.Errorf("%s/%s: here %s\n%s, in a child %s\n%s", m.family, m.name, here.Result, list(here), there.Result, list(there))
		}
	}
}

// pdfsignAccepts is the other judgement in Go. Loosely: every signature is
// what pdfsign calls a valid signature; strictly: and its API calls it valid
// with certificates in the file trusted.
func pdfsignAccepts(data []byte) (loose, strict string) {
	//lint:ignore SA1019 the newer API does not tell an invalid signature from a certificate it dislikes
	resp, err := verify.VerifyWithOptions(bytes.NewReader(data), int64(len(data)), &verify.VerifyOptions{
		AllowUntrustedRoots: true, SkipRevocationCheck: true, TrustSignatureTime: true})
	switch {
	case err != nil && strings.Contains(err.Error(), "no digital signature"):
		return "none", "none"
	case err != nil:
		return "error", "error"
	case len(resp.Signers) == 0:
		return "none", "none"
	}
	loose, strict = "accepted", "accepted"
	for _, s := range resp.Signers {
		if !s.ValidSignature {
			loose = "rejected"
		}
		if !s.ValidSignature || len(s.ValidationErrors) > 0 {
			strict = "rejected"
		}
	}
	return loose, strict
}

// servePdfsign answers one line for each file: four bytes of length, the file.
func servePdfsign() {
	in := bufio.NewReader(os.Stdin)
	for {
		var n uint32
		if binary.Read(in, binary.BigEndian, &n) != nil {
			return
		}
		data := make([]byte, n)
		if _, err := io.ReadFull(in, data); err != nil {
			return
		}
		fmt.Println(guarded(data))
	}
}

func guarded(data []byte) (answer string) {
	defer func() {
		if recover() != nil {
			answer = "panic panic"
		}
	}()
	loose, strict := pdfsignAccepts(data)
	return loose + " " + strict
}

// pdfsignProcess is a child that runs pdfsign, since some files hang it and
// others end its process.
type pdfsignProcess struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out chan string
}

func (p *pdfsignProcess) start() error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	p.cmd = exec.Command(exe, pdfsignChild)
	p.cmd.Env = []string{"GOMEMLIMIT=400MiB"}
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	p.out = make(chan string)
	lines := p.out
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			lines <- s.Text()
		}
	}()
	return p.cmd.Start()
}

func (p *pdfsignProcess) stop() {
	if p.cmd == nil {
		return
	}
	p.cmd.Process.Kill()
	for range p.out {
	}
	p.cmd.Wait()
	p.cmd = nil
}

// ask returns accepted, rejected, none, error, panic, "hang" after five
// seconds, or "died".
func (p *pdfsignProcess) ask(data []byte) (loose, strict string, err error) {
	if p.cmd == nil {
		if err := p.start(); err != nil {
			return "", "", err
		}
	}
	go func(in io.Writer) {
		head := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
		in.Write(append(head, data...))
	}(p.in)
	timer := time.NewTimer(5 * time.Second)
	defer timer.Stop()
	select {
	case answer, ok := <-p.out:
		if !ok {
			p.stop()
			return "died", "died", nil
		}
		loose, strict, _ = strings.Cut(answer, " ")
		return loose, strict, nil
	case <-timer.C:
		p.stop()
		return "hang", "hang", nil
	}
}

// tool runs an installed program on a file for at most ten seconds.
func tool(name string, args ...string) (out string, hang bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	b, _ := cmd.CombinedOutput()
	return strings.ToValidUTF8(string(b), "?"), errors.Is(ctx.Err(), context.DeadlineExceeded)
}
