package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"time"
)

// Outcome says how With ran a command.
type Outcome struct {
	Forwarded bool // by the holder; Code is then its exit code
	Code      int
}

// With runs a command that writes. When this process can become the holder,
// local runs with the open session while handler serves other processes;
// otherwise the holder runs call, and what it prints goes to stdout and
// stderr. A holder that is just starting, ending or dying is waited for or
// replaced, at most Config.Wait without progress: then the error is ErrBusy.
// Standard output is passed on only when the command is finished (or exceeds
// 16 MiB), so that a holder that dies leaves no half output behind.
func With(ctx context.Context, cfg Config, call Call, stdout, stderr io.Writer,
	local func(ctx context.Context, s *Session) error, handler Handler) (Outcome, error) {
	deadline := time.Now().Add(cfg.wait())
	for {
		s, err := Open(ctx, cfg, Write)
		if err == nil {
			s.Serve(handler)
			return Outcome{}, closing(s, local(ctx, s))
		}
		if !errors.Is(err, ErrHeld) {
			return Outcome{}, err
		}
		code, started, err := forward(ctx, cfg, call, stdout, stderr)
		if !errors.Is(err, errGone) {
			return Outcome{Forwarded: true, Code: code}, err
		}
		if started {
			deadline = time.Now().Add(cfg.wait())
		}
		if time.Now().After(deadline) {
			return Outcome{}, fmt.Errorf("opening %s: %w", cfg.data(), ErrBusy)
		}
		select {
		case <-ctx.Done():
			return Outcome{}, ctx.Err()
		case <-time.After(20*time.Millisecond + rand.N(80*time.Millisecond)):
		}
	}
}

// closing closes s and keeps err as it is when that works.
func closing(s *Session, err error) error {
	if cerr := s.Close(); cerr != nil {
		return errors.Join(err, fmt.Errorf("closing the data directory: %w", cerr))
	}
	return err
}

// errGone says that the holder could not be reached or ended before the
// command did. The command may be tried again.
var errGone = errors.New("the holder is gone")

// forward lets the holder run call. started is true when it had begun to.
func forward(ctx context.Context, cfg Config, call Call, stdout, stderr io.Writer) (code int, started bool, err error) {
	root, err := filepath.Abs(cfg.data())
	if err != nil {
		return 0, false, err
	}
	conn, err := dial(layout{root})
	if err != nil {
		return 0, false, fmt.Errorf("%w: %w", errGone, err)
	}
	defer conn.Close()
	w := &wire{conn: conn}
	if err := w.sendJSON(frameCall, call); err != nil {
		return 0, false, fmt.Errorf("%w: %w", errGone, err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(cfg.wait())); err != nil {
		return 0, false, err
	}
	stop := context.AfterFunc(ctx, func() {
		_ = w.send(frameCancel, nil)
		_ = conn.SetReadDeadline(time.Now().Add(cancelTime))
	})
	defer stop()
	if kind, _, err := receive(conn); err != nil || kind != frameStarted {
		return 0, false, goneOr(ctx, err)
	}
	if err := conn.SetReadDeadline(time.Time{}); err != nil {
		return 0, true, err
	}
	if ctx.Err() != nil { // cancelled meanwhile: its deadline must stand
		_ = conn.SetReadDeadline(time.Now().Add(cancelTime))
	}
	code, err = relay(ctx, conn, stdout, stderr)
	return code, true, err
}

// maxHeldBack is how much standard output is kept until the end.
const maxHeldBack = 16 << 20

// relay passes on what the command prints and returns its exit code.
func relay(ctx context.Context, conn io.Reader, stdout, stderr io.Writer) (code int, err error) {
	var held bytes.Buffer
	flushed := false
	for {
		kind, payload, err := receive(conn)
		if err != nil && flushed {
			return 0, fmt.Errorf("the process that ran the command stopped in the middle of its output: %w", err)
		}
		if err != nil {
			return 0, goneOr(ctx, err)
		}
		switch kind {
		case frameStdout:
			held.Write(payload)
			if held.Len() > maxHeldBack || flushed {
				flushed = true
				_, err = held.WriteTo(stdout)
			}
		case frameStderr:
			_, err = stderr.Write(payload)
		case frameExit:
			if code, err = strconv.Atoi(string(payload)); err != nil {
				return 0, fmt.Errorf("%w: exit code %q", errFrame, payload)
			}
			_, err = held.WriteTo(stdout)
			return code, err
		default:
			err = fmt.Errorf("%w: kind %q", errFrame, kind)
		}
		if err != nil {
			return 0, err
		}
	}
}

func goneOr(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", errGone, err)
}
