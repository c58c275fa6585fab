// Command minhchung keeps the supporting documents of a unit, verifies their
// digital signatures, computes the share of digitally signed documents and
// proves every published number.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"golang.org/x/term"

	"minhchung/cmd/minhchung/message"
)

func main() {
	if code, is := asChild(); is { // nothing else may start before it
		os.Exit(code)
	}
	paceCollector()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cwd, err := os.Getwd()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitUsage)
	}
	e := &env{
		Stdout: os.Stdout, Stderr: os.Stderr, Cwd: cwd, Lang: message.Vietnamese,
		Terminal: term.IsTerminal(int(os.Stderr.Fd())),
	}
	code := runGuarded(ctx, e, os.Args[1:])
	stop()
	os.Exit(code)
}

// runGuarded turns a defect of ours into one sentence: people never see a
// stack trace.
func runGuarded(ctx context.Context, e *env, args []string) (code int) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintln(e.Stderr, e.Lang.Text("cli.defect", fmt.Sprint(r)))
			code = exitBackend
		}
	}()
	return run(ctx, e, args)
}

// path makes a path of the command line absolute for the process that runs
// the command, which may not be the one it was typed to.
func (e *env) path(p string) string {
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(e.Cwd, p)
}
