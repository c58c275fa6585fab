package worker

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
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
	case "look-around":
		return lookAround(rest), nil
	}
	return []byte("read"), nil
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
	if len(os.Environ()) > 0 {
		reached = append(reached, "environment")
	}
	return []byte("reached: " + strings.Join(reached, " "))
}
