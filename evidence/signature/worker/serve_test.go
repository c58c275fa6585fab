package worker

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"
	"time"

	"minhchung/evidence/signature"
)

// inProcess runs the child's side without a process and without limits.
func inProcess(in io.Reader, out io.Writer) error {
	s := server{
		in: bufio.NewReader(in), out: out, engine: defaultEngine, orphaned: func() {},
		limits: settings{Timeout: time.Second, MemoryBytes: 1 << 20, AnswerBytes: 1 << 20, FileBytes: 100},
	}
	return s.serve()
}

// The child takes nothing that is not part of the conversation.
func TestChildChecksTheParent(t *testing.T) {
	frame := func(kind byte, payload string) string { return string(frameHead(kind, len(payload))) + payload }
	job := frame(kindJob, `{"Size":3}`)
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
		{"file over the limit", frame(kindJob, `{"Size":101}`), errFrame},
		{"negative size", frame(kindJob, `{"Size":-1}`), errFrame},
		{"long job", string([]byte{kindJob, 0x00, 0x10, 0x00, 0x01}), errFrame},
		{"truncated", job + frame(kindData, "abc")[:6], io.ErrUnexpectedEOF},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			err := inProcess(bytes.NewReader([]byte(test.in)), &out)
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

func TestAnswerInProcess(t *testing.T) {
	var in, out bytes.Buffer
	for _, step := range []error{
		writeJSON(&in, kindBriefing, briefingMessage{Policy: signature.Policy{ID: "p"}}),
		writeJSON(&in, kindJob, jobMessage{Size: 4}),
		writeFrame(&in, kindData, []byte("file")),
		writeFrame(&in, kindEnd, nil),
	} {
		if step != nil {
			t.Fatal(step)
		}
	}
	if err := inProcess(&in, &out); err != nil {
		t.Fatal(err)
	}
	for range 2 { // once for the start, once for the job
		if _, err := readFrame(&out, kindReady, 0); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := readFrame(&out, kindAnswer, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	var a answerMessage
	if err := json.Unmarshal(raw, &a); err != nil {
		t.Fatal(err)
	}
	if a.Facts.SHA256 != signature.HashOf([]byte("file")) || a.Verdict.Policy != "p" {
		t.Errorf("got %v under policy %q, want the file's own under p", a.Facts.SHA256, a.Verdict.Policy)
	}
}
