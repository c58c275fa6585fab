package worker

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"minhchung/evidence/signature"
)

// A frame is one kind byte, the payload's length as four bytes big endian,
// and the payload. The conversation, with P for parent and C for child:
//
//	P settings  C ready                      once
//	P briefing                               before a job when it changed
//	P job  P data …  C ready  P data …  P end  C answer    for each file
//
// C says ready when it has read the job and before it reads any data; P sends
// the first data without waiting for that.
//
// Each side refuses a kind it does not expect and a length above the kind's
// bound before it reads a byte of the payload.
const (
	kindSettings byte = 'S'
	kindBriefing byte = 'M'
	kindJob      byte = 'J'
	kindData     byte = 'D'
	kindEnd      byte = 'E'
	kindReady    byte = 'R'
	kindAnswer   byte = 'A'
)

// Bounds of payloads in bytes; that of an answer is Config.AnswerBytes.
const (
	headerBytes   = 5
	settingsBytes = 4 << 10
	jobBytes      = 1 << 20
	chunkBytes    = 256 << 10
	briefingBytes = 64 << 20
)

// settings are the limits a child puts on itself.
type settings struct {
	Timeout     time.Duration
	MemoryBytes int64
	AnswerBytes int64
	FileBytes   int64
}

type briefingMessage struct {
	Material signature.Material
	Policy   signature.Policy
}

type jobMessage struct {
	Size   int64
	Proofs []signature.Proof
	At     time.Time
}

type answerMessage struct {
	Facts   signature.Facts
	Verdict signature.Verdict
}

// errFrame marks a frame that is not what the conversation allows.
var errFrame = errors.New("frame out of order or too long")

func encodeBriefing(m signature.Material, p signature.Policy) ([]byte, error) {
	b, err := json.Marshal(briefingMessage{m, p})
	if err != nil {
		return nil, fmt.Errorf("encoding material: %w", err)
	}
	if len(b) > briefingBytes {
		return nil, fmt.Errorf("material of %d bytes is larger than a worker takes (%d)", len(b), briefingBytes)
	}
	return b, nil
}

// writeFrame writes header and payload; small frames go out in one write.
func writeFrame(w io.Writer, kind byte, payload []byte) error {
	head := frameHead(kind, len(payload))
	if len(payload) <= 4<<10 {
		_, err := w.Write(append(head, payload...))
		return err
	}
	if _, err := w.Write(head); err != nil {
		return err
	}
	_, err := w.Write(payload)
	return err
}

func frameHead(kind byte, length int) []byte {
	head := make([]byte, headerBytes, headerBytes+64)
	putHead(head, kind, length)
	return head
}

func putHead(b []byte, kind byte, length int) {
	b[0] = kind
	binary.BigEndian.PutUint32(b[1:headerBytes], uint32(length))
}

func writeJSON(w io.Writer, kind byte, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return writeFrame(w, kind, b)
}

// readHead reads a frame's header. io.EOF means that the other side closed
// between frames.
func readHead(r io.Reader) (kind byte, length int64, err error) {
	var head [headerBytes]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, 0, err
	}
	return head[0], int64(binary.BigEndian.Uint32(head[1:])), nil
}

// readFrame reads one frame of the wanted kind with at most limit bytes. The
// buffer grows with what arrives, not with what was declared.
func readFrame(r io.Reader, want byte, limit int64) ([]byte, error) {
	kind, length, err := readHead(r)
	if err != nil {
		return nil, err
	}
	if kind != want || length > limit {
		return nil, fmt.Errorf("%w: kind %q with %d bytes, want %q with at most %d", errFrame, kind, length, want, limit)
	}
	return readPayload(r, length)
}

func readPayload(r io.Reader, length int64) ([]byte, error) {
	buf := make([]byte, 0, min(length, chunkBytes))
	for int64(len(buf)) < length {
		if len(buf) == cap(buf) {
			buf = append(make([]byte, 0, min(length, 4*int64(cap(buf)))), buf...)
		}
		n, err := io.ReadFull(r, buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err != nil {
			return nil, err
		}
	}
	return buf, nil
}
