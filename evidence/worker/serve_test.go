package worker

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

var errBriefing = errors.New("a briefing that is refused")

// inProcess runs the child's side without a process and without limits. Its
// engine answers with the last briefing and the file.
func inProcess(in io.Reader, out io.Writer, reuse int64) error {
	briefing := ""
	s := server{
		in: bufio.NewReader(in), out: out,
		Child: Child{ReuseBytes: reuse, Brief: func(message []byte) error {
			if string(message) == "no" {
				return errBriefing
			}
			briefing = string(message)
			return nil
		}},
		engine: func(_ json.RawMessage, data []byte, _ time.Time) ([]byte, error) {
			return []byte(briefing + string(data)), nil
		},
		settings: settings{Limits: Limits{Timeout: time.Second, MemoryBytes: 1 << 20}, AnswerBytes: 1 << 20, FileBytes: 100},
	}
	return s.serve()
}

// jobFrame is a job as the parent sends it.
func jobFrame(size int64) string {
	frame, err := jobMessage{size: size}.encode(kindJob)
	if err != nil {
		panic(err)
	}
	return string(frame)
}

// The child takes nothing that is not part of the conversation.
func TestChildChecksTheParent(t *testing.T) {
	frame := func(kind byte, payload string) string { return string(frameHead(kind, len(payload))) + payload }
	job := jobFrame(3)
	tests := []struct {
		name, in string
		want     error // nil: served
	}{
		{"a file", job + frame(kindData, "ab") + frame(kindData, "c") + frame(kindEnd, ""), nil},
		{"nothing", "", nil},
		{"too little", job + frame(kindData, "ab") + frame(kindEnd, ""), errFrame},
		{"too much", job + frame(kindData, "abcd"), errFrame},
		{"empty data", job + frame(kindData, ""), errFrame},
		{"end with a payload", job + frame(kindData, "abc") + frame(kindEnd, "x"), errFrame},
		{"data without a job", frame(kindData, "abc"), errFrame},
		{"job in a job", job + job, errFrame},
		{"answer", frame(kindAnswer, "{}"), errFrame},
		{"file over the limit", jobFrame(101), errFrame},
		{"negative size", jobFrame(-1), errFrame},
		{"job without a size", frame(kindJob, "1234567"), errFrame},
		{"look without a window", frame(kindLook, strings.Repeat("\x00", 16)), errFrame},
		{"long job", string([]byte{kindJob, 0x00, 0x10, 0x00, 0x01}), errFrame},
		{"a briefing", frame(kindBriefing, "[]"), nil},
		{"a briefing that is refused", frame(kindBriefing, "no"), errBriefing},
		{"long briefing", string([]byte{kindBriefing, 0x04, 0x00, 0x00, 0x01}), errFrame},
		{"briefing in a job", job + frame(kindBriefing, "[]"), errFrame},
		{"briefing without its payload", frame(kindBriefing, "[]")[:headerBytes], io.ErrUnexpectedEOF},
		{"truncated", job + frame(kindData, "abc")[:6], io.ErrUnexpectedEOF},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			err := inProcess(bytes.NewReader([]byte(test.in)), &out, 10)
			if !errors.Is(err, test.want) || (test.want == nil && err != nil) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

// Large payloads are read as they come, whatever length was declared.
func TestDeclaredLengthIsNotBelieved(t *testing.T) {
	in := bytes.NewReader([]byte{kindAnswer, 0x01, 0xff, 0xff, 0xff, 'x'})
	if _, err := readFrame(in, kindAnswer, 1<<30); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, want %v", err, io.ErrUnexpectedEOF)
	}
	want := bytes.Repeat([]byte("0123456789"), 100_000)
	var frame bytes.Buffer
	if err := writeFrame(&frame, kindAnswer, want); err != nil {
		t.Fatal(err)
	}
	if got, err := readFrame(&frame, kindAnswer, 1<<20); err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %d bytes, %v, want the %d that were written", len(got), err, len(want))
	}
}

// A child without Brief takes no briefing.
func TestUnexpectedBriefing(t *testing.T) {
	var in bytes.Buffer
	if err := writeFrame(&in, kindBriefing, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	s := server{in: bufio.NewReader(&in), out: io.Discard}
	if err := s.serve(); !errors.Is(err, errFrame) {
		t.Errorf("got %v, want %v", err, errFrame)
	}
}

// A file is answered by the last briefing, and nothing of the file before is
// in it, whether its buffer is used again or not.
func TestAnswersInProcess(t *testing.T) {
	for _, reuse := range []int64{0, 3, 100} {
		var in, out bytes.Buffer
		var steps []error
		files := []string{"a long file", "short", "", "longer"}
		for i, content := range files {
			if i != 1 {
				steps = append(steps, writeFrame(&in, kindBriefing, fmt.Append(nil, i)))
			}
			in.WriteString(jobFrame(int64(len(content))))
			if content != "" {
				steps = append(steps, writeFrame(&in, kindData, []byte(content)))
			}
			steps = append(steps, writeFrame(&in, kindEnd, nil))
		}
		if err := errors.Join(append(steps, inProcess(&in, &out, reuse))...); err != nil {
			t.Fatal(err)
		}
		if _, err := readFrame(&out, kindReady, 0); err != nil {
			t.Fatal(err)
		}
		for i, want := range []string{"0a long file", "0short", "2", "3longer"} {
			if _, err := readFrame(&out, kindReady, 0); err != nil {
				t.Fatal(err)
			}
			if got, err := readFrame(&out, kindAnswer, 1<<20); err != nil || string(got) != want {
				t.Errorf("file %d, reuse %d: got %q, %v, want %q", i, reuse, got, err, want)
			}
		}
	}
}

// FuzzFrames feeds the child's side: it must end with an error, or wait for
// more, and never take more than was sent.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("S\x00\x00\x00\x02{}"))
	f.Add([]byte(jobFrame(3) + "D\x00\x00\x00\x03abcE\x00\x00\x00\x00"))
	f.Add([]byte(jobFrame(3) + "E\x00\x00\x00\x00"))
	f.Add([]byte("J\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, in []byte) {
		var out bytes.Buffer
		_ = inProcess(bytes.NewReader(in), &out, 10)
	})
}
