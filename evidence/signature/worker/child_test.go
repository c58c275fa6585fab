//go:build linux

package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"minhchung/evidence/signature"
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
	case "mute":
		select {}
	case "refuse":
		return 3
	case "chatter":
		for {
			fmt.Println("this is not the conversation")
		}
	case "middle":
		return middleMain()
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
				os.Exit(exitMemory)
			}
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
		}
	case "recurse":
		facts.Pages = recurse(1)
	case "spin-limited":
		if err := unix.Setrlimit(unix.RLIMIT_CPU, &unix.Rlimit{Cur: 1, Max: unix.RLIM_INFINITY}); err != nil {
			return facts
		}
		for i := 0; ; i++ {
			facts.Pages ^= i
		}
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
			writeFrame(os.Stdout, kindAnswer, make([]byte, 1<<20))
		}
	case "huge": // declares more than is allowed
		os.Stdout.Write([]byte{kindAnswer, 0xff, 0xff, 0xff, 0xff})
		select {}
	case "half": // stops in the middle of its answer
		os.Stdout.Write([]byte{kindAnswer, 0, 0, 1, 0, '{'})
		select {}
	case "garbage":
		writeFrame(os.Stdout, kindAnswer, []byte("\x00\xff{{{"))
	case "unknown-field":
		writeFrame(os.Stdout, kindAnswer, []byte(`{"Facts":{},"Verdict":{},"Admin":true}`))
	case "wrong-kind":
		writeFrame(os.Stdout, kindReady, nil)
	case "other": // answers for another file
		return Read([]byte("another file"))
	case "bulky": // more than an answer may have
		facts.Signatures = make([]signature.SignatureFacts, 1)
		facts.Signatures[0].Name = strings.Repeat("a", 4<<20)
	case "forged":
		writeJSON(os.Stdout, kindAnswer, answerMessage{facts, signature.Verdict{Result: signature.ResultIntact}})
		select {}
	case "stderr":
		for range 1000 {
			fmt.Fprintln(os.Stderr, strings.Repeat("noise ", 100))
		}
	case "fatal-stderr":
		for {
			os.Stderr.Write(make([]byte, 64<<10))
		}
	case "look-around": // says what it can reach beside its pipes
		facts.Reader = "reached:"
		if _, err := os.ReadFile("/etc/passwd"); err == nil {
			facts.Reader += " file"
		}
		if _, err := os.ReadDir("/"); err == nil {
			facts.Reader += " folder"
		}
		if _, err := net.DialTimeout("tcp", "127.0.0.1:"+strings.Fields(string(data))[1], time.Second); err == nil {
			facts.Reader += " network"
		}
		if err := exec.Command("/proc/self/exe").Start(); err == nil {
			facts.Reader += " program"
		}
		if syscall.Kill(os.Getppid(), 0) == nil {
			facts.Reader += " parent"
		}
		if len(os.Environ()) > 0 {
			facts.Reader += " environment"
		}
	case "processor-limit":
		var limit unix.Rlimit
		if err := unix.Getrlimit(unix.RLIMIT_CPU, &limit); err == nil {
			facts.Reader = fmt.Sprint(limit.Cur)
		}
	case "burn": // a little more than a second of processor time
		for {
			var used unix.Rusage
			if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil || used.Utime.Sec+used.Stime.Sec >= 2 {
				break
			}
		}
	case "dies-later":
		go func() { time.Sleep(20 * time.Millisecond); os.Exit(0) }()
	}
	return facts
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

// middleMain is a parent of its own: it starts a child that spins, says the
// child's id and waits to be killed.
func middleMain() int {
	p, err := New(Config{Command: []string{"/proc/self/exe", childArgument}, Workers: 1, Timeout: time.Minute})
	if err != nil {
		return 1
	}
	announced := make(chan struct{})
	go func() {
		defer close(announced)
		for range 1000 {
			if ids := childrenOf(os.Getpid()); len(ids) > 0 {
				time.Sleep(200 * time.Millisecond) // it is in the file by then
				fmt.Println(ids[0])
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	_, _, err = p.Inspect(context.Background(), job("spin"))
	<-announced
	if errors.Is(err, ErrClosed) {
		return 2
	}
	return 0
}

// job is a file with the given content.
func job(content string) Job {
	return Job{Size: int64(len(content)), Body: strings.NewReader(content), At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
}

// childrenOf returns the process ids of the living children of pid, on Linux.
func childrenOf(pid int) []int {
	var ids []int
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		stat, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue
		}
		_, after, _ := strings.Cut(string(stat), ") ")
		var state string
		var parent int
		if n, _ := fmt.Sscanf(after, "%s %d", &state, &parent); n == 2 && parent == pid && state != "Z" {
			var id int
			if _, err := fmt.Sscan(e.Name(), &id); err == nil {
				ids = append(ids, id)
			}
		}
	}
	return ids
}
