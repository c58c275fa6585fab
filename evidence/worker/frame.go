package worker

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// A frame is one kind byte, the payload's length as four bytes big endian,
// and the payload. The conversation, with P for parent and C for child:
//
//	P settings  C ready                                    once
//	P briefing                                             before a job, when it changed
//	P job  P data …  C ready  P data …  P end  C answer    for each file, or
//	P look  C answer                                       for a file in the window
//
// C says ready the second time when it has read the job and before it looks
// at the file: a child that fails earlier says nothing about the file. P sends
// the first data without waiting for that. With a window the ticket says so.
//
// The payload of job and look is the file's size as eight bytes big endian,
// for look the file's number in the same way, and the request.
//
// Each side refuses a kind it does not expect and a length above the kind's
// bound before it reads a byte of the payload.
const (
	kindSettings byte = 'S'
	kindBriefing byte = 'M'
	kindJob      byte = 'J'
	kindLook     byte = 'L'
	kindData     byte = 'D'
	kindEnd      byte = 'E'
	kindReady    byte = 'R'
	kindAnswer   byte = 'A'
)

// Bounds of payloads in bytes; that of an answer is Config.AnswerBytes.
const (
	headerBytes   = 5
	settingsBytes = 64 << 10
	jobBytes      = 1 << 20
	chunkBytes    = 256 << 10
)

// settings are what a child is told before its first file.
type settings struct {
	Limits      Limits
	AnswerBytes int64
	FileBytes   int64
	WindowBytes int64 // 0 for a child without a window
	Setup       json.RawMessage
}

// jobMessage is the payload of job and look.
type jobMessage struct {
	size    int64
	number  uint64 // only of look
	request []byte
}

// encode returns a frame as a whole, for one write.
func (m jobMessage) encode(kind byte) ([]byte, error) {
	b := make([]byte, headerBytes, headerBytes+16+len(m.request))
	b = binary.BigEndian.AppendUint64(b, uint64(m.size))
	if kind == kindLook {
		b = binary.BigEndian.AppendUint64(b, m.number)
	}
	b = append(b, m.request...)
	if len(b)-headerBytes > jobBytes {
		return nil, fmt.Errorf("a job of %d bytes, more than a child takes (%d)", len(b)-headerBytes, jobBytes)
	}
	putHead(b, kind, len(b)-headerBytes)
	return b, nil
}

// decodeJob reads the payload of a frame; limit is the largest file.
func decodeJob(kind byte, b []byte, limit int64) (m jobMessage, err error) {
	fixed := 8
	if kind == kindLook {
		fixed = 16
	}
	if len(b) < fixed {
		return m, fmt.Errorf("%w: a job of %d bytes", errFrame, len(b))
	}
	m.size = int64(binary.BigEndian.Uint64(b))
	if m.size < 0 || m.size > limit {
		return m, fmt.Errorf("%w: a file of %d bytes", errFrame, m.size)
	}
	if kind == kindLook {
		m.number = binary.BigEndian.Uint64(b[8:])
	}
	m.request = b[fixed:]
	return m, nil
}

// errFrame marks a frame that is not what the conversation allows.
var errFrame = errors.New("frame out of order or too long")

// writeFrame writes header and payload; small frames go out in one write.
func writeFrame(w io.Writer, kind byte, payload []byte) error {
	head := frameHead(kind, len(payload))
	if len(payload) <= readBufferBytes {
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

// encode makes the payload of a frame; what names it in an error.
func encode(what string, limit int, v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encoding %s: %w", what, err)
	}
	if len(b) > limit {
		return nil, fmt.Errorf("%s of %d bytes, more than a child takes (%d)", what, len(b), limit)
	}
	return b, nil
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

// readFrame reads one frame of the wanted kind with at most limit bytes.
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

// readPayload lets its buffer grow with what arrives, not with what was
// declared.
func readPayload(r io.Reader, length int64) ([]byte, error) {
	buf := make([]byte, 0, min(length, chunkBytes))
	for int64(len(buf)) < length {
		if len(buf) == cap(buf) {
			buf = append(make([]byte, 0, min(length, 4*int64(cap(buf)))), buf...)
		}
		n, err := io.ReadFull(r, buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err != nil {
			return nil, noEOF(err)
		}
	}
	return buf, nil
}

// noEOF is for the end of the other side in the middle of something.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
