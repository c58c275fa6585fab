package config

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"time"
)

// Handler runs a forwarded command with the holder's stores and returns its
// exit code. It may be called concurrently. When ctx ends, the command should
// stop.
type Handler func(ctx context.Context, s *Session, call Call, stdout, stderr io.Writer) int

// serving is the holder's side of the socket.
type serving struct {
	session *Session
	handler Handler
	loop    chan struct{} // closed when the accept loop ended

	mu     sync.Mutex
	none   sync.Cond // signalled when active falls to 0
	active int       // guarded by mu: connections in work
	closed bool      // guarded by mu: nothing new is taken
}

// Serve starts to run other processes' commands through handler, until Close.
// It returns at once; call it once, in mode Write.
func (s *Session) Serve(handler Handler) {
	v := &serving{session: s, handler: handler, loop: make(chan struct{})}
	v.none.L = &v.mu
	s.serving = v
	go v.accept()
}

func (v *serving) accept() {
	defer close(v.loop)
	for {
		conn, err := v.session.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of descriptors: others may be given back
			time.Sleep(10 * time.Millisecond)
			continue
		}
		v.mu.Lock()
		if v.closed {
			v.mu.Unlock()
			conn.Close() // the client will take the lock itself
			continue
		}
		v.active++
		v.mu.Unlock()
		go func() {
			defer v.leave()
			defer conn.Close()
			v.handle(conn)
		}()
	}
}

func (v *serving) leave() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.active--
	if v.active == 0 {
		v.none.Broadcast()
	}
}

// finish waits until no forwarded command runs, and then takes no more. New
// ones are taken while old ones run: turning them away would only make them
// wait for the lock.
func (v *serving) finish() {
	v.mu.Lock()
	for v.active > 0 {
		v.none.Wait()
	}
	v.closed = true
	v.mu.Unlock()
	_ = v.session.closeListener() // reported by Close, which repeats it
	<-v.loop
}

// handle runs one forwarded command. Its end is told only when the holder
// itself was not told to stop: else the client runs the command again.
func (v *serving) handle(conn net.Conn) {
	call, err := readCall(conn)
	if err != nil {
		return
	}
	w := &wire{conn: conn}
	if err := w.send(frameStarted, nil); err != nil {
		return
	}
	ctx, cancel := context.WithCancel(v.session.ctx)
	defer cancel()
	go func() {
		_, _, _ = receive(conn) // a cancel frame, or the end of the client
		cancel()
	}()
	code := v.handler(ctx, v.session, call,
		stream{w, frameStdout, cancel}, stream{w, frameStderr, cancel})
	if v.session.ctx.Err() == nil {
		_ = w.send(frameExit, []byte(strconv.Itoa(code))) // a client that is gone needs no code
	}
}

func readCall(conn net.Conn) (Call, error) {
	if err := conn.SetReadDeadline(time.Now().Add(callTime)); err != nil {
		return Call{}, err
	}
	kind, payload, err := receive(conn)
	if err != nil {
		return Call{}, err
	}
	var call Call
	if kind != frameCall {
		return Call{}, fmt.Errorf("%w: kind %q", errFrame, kind)
	}
	if err := json.Unmarshal(payload, &call); err != nil {
		return Call{}, err
	}
	return call, conn.SetReadDeadline(time.Time{})
}
