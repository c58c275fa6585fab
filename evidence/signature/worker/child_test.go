//go:build linux

package worker

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"minhchung/evidence/signature"
	"minhchung/evidence/worker"
)

// childArgument makes the test binary a child, as "worker" makes the program.
const childArgument = "minhchung-worker-child"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == childArgument {
		os.Exit(childMain(os.Args[2:]))
	}
	os.Exit(m.Run())
}

// childMain is a child whose reader obeys what the file says: the first word
// of a hostile file is what it does to us.
func childMain(args []string) int {
	defaultEngine.read = readObediently
	mode := ""
	if len(args) > 0 {
		mode = args[0]
	}
	var in io.Reader = os.Stdin
	switch mode {
	case "deaf":
		in = &deafReader{r: os.Stdin, left: 1 << 20}
	}
	if err := Main(in, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// deafReader stops reading for good after left bytes.
type deafReader struct {
	r    io.Reader
	left int
}

func (d *deafReader) Read(b []byte) (int, error) {
	if d.left <= 0 {
		select {}
	}
	n, err := d.r.Read(b[:min(len(b), d.left)])
	d.left -= n
	return n, err
}

func readObediently(data []byte) signature.Facts {
	word, _, _ := strings.Cut(string(data[:min(len(data), 64)]), " ")
	facts := Read(data)
	switch word {
	case "heap":
		var hoard [][]byte
		for {
			b := make([]byte, 1<<20)
			for i := range b {
				b[i] = 1
			}
			hoard = append(hoard, b)
			if len(hoard) > 1<<20 {
				return facts // never: keeps hoard alive
			}
		}
	case "mmap":
		for {
			b, err := syscall.Mmap(-1, 0, 1<<20, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
			if err != nil {
				os.Exit(worker.ExitMemory)
			}
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
		}
	case "recurse":
		facts.Pages = recurse(1)
	case "spin":
		for i := 0; ; i++ {
			facts.Pages ^= i
		}
	case "sleep":
		select {}
	case "panic":
		panic("the reader has a defect")
	case "exit":
		os.Exit(0)
	case "segv":
		syscall.Kill(os.Getpid(), syscall.SIGSEGV)
		select {}
	case "abort":
		syscall.Kill(os.Getpid(), syscall.SIGABRT)
		select {}
	case "killed":
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "flood":
		for {
			say(answerKind, make([]byte, 1<<20))
		}
	case "huge": // declares more than is allowed
		os.Stdout.Write([]byte{answerKind, 0xff, 0xff, 0xff, 0xff})
		select {}
	case "half": // stops in the middle of its answer
		os.Stdout.Write([]byte{answerKind, 0, 0, 1, 0, '{'})
		select {}
	case "garbage":
		say(answerKind, []byte("\x00\xff{{{"))
	case "too-much": // something behind the answer
		if answer, err := encode(&answerMessage{Facts: facts}); err == nil {
			say(answerKind, append(answer, 0))
		}
	case "wrong-kind":
		say('R', nil)
	case "other": // answers for another file
		return Read([]byte("another file"))
	case "bulky": // more than an answer may have
		facts.Signatures = make([]signature.SignatureFacts, 1)
		facts.Signatures[0].Name = strings.Repeat("a", 4<<20)
	case "forged":
		if answer, err := encode(&answerMessage{Facts: facts, Verdict: signature.Verdict{Result: signature.ResultIntact}}); err == nil {
			say(answerKind, answer)
		}
		select {}
	case "stderr":
		for range 1000 {
			fmt.Fprintln(os.Stderr, strings.Repeat("noise ", 100))
		}
	case "fatal-stderr":
		for {
			os.Stderr.Write(make([]byte, 64<<10))
		}
	}
	return facts
}

// answerKind is the kind of a frame with an answer.
const answerKind = 'A'

// say writes a frame behind the back of evidence/worker.
func say(kind byte, payload []byte) {
	head := binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(payload)))
	os.Stdout.Write(append(head, payload...))
}

// recurse uses up the stack; n is never that large that it would end.
//
//go:noinline
func recurse(n int) int {
	var pad [256]byte
	if n < 0 {
		return 0
	}
	pad[n%256] = 1
	return recurse(n+1) + int(pad[(n+7)%256])
}

// job is a file with the given content.
func job(content string) Job {
	return Job{Size: int64(len(content)), Body: strings.NewReader(content), At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
}
