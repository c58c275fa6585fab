package config

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
)

// sayHandler answers every call with its arguments.
func sayHandler(_ context.Context, _ *Session, call Call, stdout, stderr io.Writer) int {
	fmt.Fprintln(stderr, "running")
	fmt.Fprintln(stdout, strings.Join(call.Args, " "), call.Cwd, call.Lang, call.JSON, call.Terminal)
	return 7
}

// expectForwarded runs a command beside the holder.
func expectForwarded(t *testing.T, data string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	call := Call{Args: []string{"unit", "add"}, Cwd: "/somewhere", Lang: "vi", JSON: true}
	outcome, err := With(context.Background(), Config{Data: data}, call, &stdout, &stderr,
		func(context.Context, *Session) error { t.Error("got the lock, want the call forwarded"); return nil }, sayHandler)
	if err != nil || !outcome.Forwarded || outcome.Code != 7 {
		t.Errorf("got %+v, %v, want it forwarded with exit code 7", outcome, err)
	}
	if got, want := stdout.String(), "unit add /somewhere vi true false\n"; got != want {
		t.Errorf("got output %q, want %q", got, want)
	}
	if got, want := stderr.String(), "running\n"; got != want {
		t.Errorf("got notes %q, want %q", got, want)
	}
}

func TestForwarded(t *testing.T) {
	data := makeData(t)
	openFor(t, data, Write).Serve(sayHandler)
	expectForwarded(t, data)
	expectForwarded(t, data)
}

// Output beyond what is held back is passed on while it comes.
func TestLargeOutput(t *testing.T) {
	data := makeData(t)
	line := []byte(strings.Repeat("x", 1<<20))
	s := openFor(t, data, Write)
	s.Serve(func(_ context.Context, _ *Session, _ Call, stdout, _ io.Writer) int {
		for range 20 {
			if _, err := stdout.Write(line); err != nil {
				return 1
			}
		}
		return 0
	})
	var out bytes.Buffer
	outcome, err := With(context.Background(), Config{Data: data}, Call{}, &out, io.Discard, nil, nil)
	if err != nil || outcome.Code != 0 || out.Len() != 20<<20 {
		t.Errorf("got %+v, %v and %d bytes, want %d", outcome, err, out.Len(), 20<<20)
	}
}
