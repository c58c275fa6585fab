package config

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// Call is a command that another process asks the holder to run. It is sent
// as it was typed, so that both run the same code.
type Call struct {
	Args     []string
	Cwd      string // that relative paths are meant against
	Lang     string // as chosen by the caller's arguments
	JSON     bool   // the same
	Terminal bool   // the caller's standard error is a terminal
}

// A frame on the holder's socket is one kind byte, the length as four bytes
// big endian, and the payload. C is the client, H the holder:
//
//	C call   H started   H stdout, stderr …   H exit
//	C cancel at any time after call
//
// A connection that ends without exit means that the holder did not finish
// the command; commands may be repeated, so the client runs it again.
const (
	frameCall    byte = 'C'
	frameCancel  byte = 'Q'
	frameStarted byte = 'S'
	frameStdout  byte = 'O'
	frameStderr  byte = 'E'
	frameExit    byte = 'X'
)

const (
	maxFrame = 1 << 20
	// callTime bounds the sending of a call, so that a silent connection does
	// not keep a holder from ending.
	callTime = 5 * time.Second
	// writeTime bounds one write to a client: one that was suspended must not
	// hold up a command that has rows locked.
	writeTime = 30 * time.Second
	// cancelTime is how long a client waits for a command it cancelled.
	cancelTime = 5 * time.Second
)

var errFrame = errors.New("frame out of order or too long")

// wire writes whole frames from several goroutines.
type wire struct {
	mu   sync.Mutex
	conn net.Conn
}

func (w *wire) send(kind byte, payload []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.conn.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return err
	}
	frame := make([]byte, 5, 5+len(payload))
	frame[0] = kind
	binary.BigEndian.PutUint32(frame[1:], uint32(len(payload)))
	_, err := w.conn.Write(append(frame, payload...))
	return err
}

func (w *wire) sendJSON(kind byte, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if len(b) > maxFrame {
		return fmt.Errorf("a command line of %d bytes is too long", len(b))
	}
	return w.send(kind, b)
}

func receive(r io.Reader) (kind byte, payload []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	length := binary.BigEndian.Uint32(head[1:])
	if length > maxFrame {
		return 0, nil, errFrame
	}
	payload = make([]byte, length)
	_, err = io.ReadFull(r, payload)
	return head[0], payload, err
}

// stream is an io.Writer that sends frames of one kind.
type stream struct {
	wire   *wire
	kind   byte
	failed func() // the client cannot be reached
}

// Write sends b; when the client is gone the command is cancelled.
func (s stream) Write(b []byte) (int, error) {
	for sent := 0; sent < len(b); {
		n := min(len(b)-sent, 64<<10)
		if err := s.wire.send(s.kind, b[sent:sent+n]); err != nil {
			s.failed()
			return sent, err
		}
		sent += n
	}
	return len(b), nil
}
