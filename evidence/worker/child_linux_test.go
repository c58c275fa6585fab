package worker

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// misbehave is an engine that does what the first word of a file tells it.
func misbehave(request json.RawMessage, data []byte, deadline time.Time) ([]byte, error) {
	word, rest, _ := strings.Cut(string(data[:min(len(data), 100)]), " ")
	switch word {
	case "size":
		return fmt.Append(nil, len(data)), nil
	case "request":
		return request, nil
	case "deadline":
		return fmt.Append(nil, time.Until(deadline).Round(time.Second)), nil
	case "pid":
		return fmt.Append(nil, os.Getpid()), nil
	case "main-thread":
		return fmt.Append(nil, unix.Gettid() == os.Getpid()), nil
	case "nap": // longer than the parent's patience
		time.Sleep(20 * patience)
		return []byte("read"), nil
	case "spin":
		for len(data) > 0 {
		}
	case "sleep":
		time.Sleep(time.Hour)
	case "allocate":
		var keep [][]byte
		for {
			block := make([]byte, 1<<20)
			for i := range block {
				block[i] = 1
			}
			keep = append(keep, block)
			_ = keep
		}
	case "deep":
		return fmt.Append(nil, deep(1)), nil
	case "panic":
		panic("the reader has a defect")
	case "error":
		return nil, errors.New("an engine that ends")
	case "refused": // what a reader does that maps memory by itself
		os.Exit(ExitMemory)
	case "half": // stops in the middle of its answer
		os.Stdout.Write([]byte{kindAnswer, 0, 0, 1, 0, '{'})
		select {}
	case "declared": // declares more than is allowed
		os.Stdout.Write([]byte{kindAnswer, 0xff, 0xff, 0xff, 0xff})
		select {}
	case "wrong-kind":
		writeFrame(os.Stdout, kindReady, nil)
	case "spin-limited":
		if err := unix.Setrlimit(unix.RLIMIT_CPU, &unix.Rlimit{Cur: 1, Max: unix.RLIM_INFINITY}); err != nil {
			return nil, err
		}
		for len(data) > 0 {
		}
	case "processor-limit":
		var limit unix.Rlimit
		err := unix.Prlimit(0, unix.RLIMIT_CPU, nil, &limit)
		return fmt.Append(nil, limit.Cur), err
	case "burn": // a little more than a second of processor time
		for {
			var used unix.Rusage
			if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil || used.Utime.Sec+used.Stime.Sec >= 2 {
				return []byte("read"), err
			}
		}
	case "dies-later":
		go func() { time.Sleep(20 * time.Millisecond); os.Exit(0) }()
	case "briefing":
		return fmt.Append(nil, told.times, told.message), nil
	case "exit":
		os.Exit(0)
	case "killed":
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "flood":
		for {
			fmt.Println(strings.Repeat("x", 100_000))
		}
	case "huge":
		return make([]byte, 4<<20), nil
	case "flood-stderr":
		fmt.Fprint(os.Stderr, strings.Repeat("noise ", 1<<20))
		return []byte("noise"), nil
	case "unprotect": // makes the window writable
		err := syscall.Mprotect(data[:1:cap(data)], syscall.PROT_READ|syscall.PROT_WRITE)
		return fmt.Append(nil, err), nil
	case "scribble":
		data[0] = 'x'
	case "system-calls":
		return systemCalls(), nil
	case "look-around":
		return lookAround(rest), nil
	}
	return []byte("read"), nil
}

// told is what the child heard of briefings.
var told struct {
	times   int
	message string
}

func hear(message []byte) error {
	told.times, told.message = told.times+1, string(message)
	return nil
}

func deep(n int) int {
	if n < 0 {
		return n // never
	}
	var room [1 << 10]int
	room[n%len(room)] = n
	return deep(n+1) + room[(n*7)%len(room)]
}

// lookAround says what a child that was taken over reaches.
func lookAround(port string) []byte {
	var reached []string
	if _, err := os.ReadDir("/"); err == nil {
		reached = append(reached, "directory")
	}
	if _, err := os.ReadFile("/etc/hostname"); err == nil {
		reached = append(reached, "file")
	}
	if conn, err := net.DialTimeout("tcp", "127.0.0.1:"+strings.TrimSpace(port), time.Second); err == nil {
		conn.Close()
		reached = append(reached, "network")
	}
	if err := exec.Command("/proc/self/exe").Start(); err == nil {
		reached = append(reached, "program")
	}
	if syscall.Kill(os.Getppid(), 0) == nil {
		reached = append(reached, "parent")
	}
	if len(os.Environ()) > 0 {
		reached = append(reached, "environment")
	}
	return []byte("reached: " + strings.Join(reached, " "))
}

// systemCalls says which of the calls that nobody needs are not refused.
func systemCalls() []byte {
	path, _ := unix.BytePtrFromString("/")
	here := unix.AT_FDCWD
	name := uintptr(unsafe.Pointer(path))
	var done []string
	for _, call := range []struct {
		name string
		args [6]uintptr
	}{
		{"openat", [6]uintptr{unix.SYS_OPENAT, uintptr(here), name, unix.O_PATH}},
		{"socket of the internet", [6]uintptr{unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_DGRAM, 0}},
		{"socket of this machine", [6]uintptr{unix.SYS_SOCKET, unix.AF_UNIX, unix.SOCK_STREAM, 0}},
		{"execve", [6]uintptr{unix.SYS_EXECVE, name, 0, 0}},
		{"ptrace", [6]uintptr{unix.SYS_PTRACE, unix.PTRACE_TRACEME, 0, 0}},
		{"process", [6]uintptr{unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0}},
		{"memfd_create", [6]uintptr{unix.SYS_MEMFD_CREATE, name, 0, 0}},
		{"io_uring_setup", [6]uintptr{unix.SYS_IO_URING_SETUP, 1, 0, 0}},
		{"bpf", [6]uintptr{unix.SYS_BPF, 0, 0, 0}},
		{"kill", [6]uintptr{unix.SYS_KILL, uintptr(os.Getppid()), 0, 0}},
		{"prctl", [6]uintptr{unix.SYS_PRCTL, unix.PR_SET_DUMPABLE, 1, 0}},
		{"memory without a limit", [6]uintptr{unix.SYS_PRLIMIT64, 0, unix.RLIMIT_DATA, 0}},
		{"signals by a file", [6]uintptr{unix.SYS_FCNTL, 1, unix.F_SETOWN, uintptr(os.Getppid())}},
		{"no such call", [6]uintptr{5000, 0, 0, 0}},
	} {
		if pid, _, errno := unix.RawSyscall(call.args[0], call.args[1], call.args[2], call.args[3]); errno != unix.EPERM {
			if call.name == "process" && errno == 0 && pid == 0 {
				unix.Exit(0)
			}
			done = append(done, call.name+": "+errno.Error())
		}
	}
	return []byte("done: " + strings.Join(done, ", "))
}
