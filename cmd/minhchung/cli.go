package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"

	"github.com/spf13/pflag"

	"minhchung/cmd/minhchung/config"
	"minhchung/cmd/minhchung/message"
)

// Exit codes, the same for every command.
const (
	exitDone    = 0
	exitFinding = 1 // inspect and check-like commands: we looked, and found something
	exitUsage   = 2 // bad input: what, where, what to do
	exitDamaged = 3 // damaged evidence
	exitLedger  = 4 // ledger or proof failure
	exitBackend = 5 // a back end is down: disk full, database unreachable
)

// env is what a command may touch beside its stores. A command that another
// process forwards to us gets that process's streams and folder.
type env struct {
	Stdout, Stderr io.Writer
	Cwd            string
	Lang           message.Lang
	JSON           bool
	Data, Config   string        // as typed; see path
	settings       config.Config // see configure
	Terminal       bool          // Stderr is a terminal: progress bars are welcome
	Args           []string
	// Forwarded is set when this process runs the command for another one.
	Forwarded *session
}

// say prints one catalogue sentence as a line.
func (e *env) say(key string, args ...any) {
	fmt.Fprintln(e.Stdout, e.text(key, args...))
}

// note prints a line beside the result, for people only.
func (e *env) note(key string, args ...any) {
	if !e.JSON {
		fmt.Fprintln(e.Stderr, e.text(key, args...))
	}
}

// block is text of our own with lines of its own.
type block string

// text is a sentence in which nothing that came from a register, a file or
// its name can steer the terminal or begin a line of its own.
func (e *env) text(key string, args ...any) string {
	for i, a := range args {
		if s, ok := a.(string); ok {
			args[i] = printable(s)
		}
	}
	return e.Lang.Text(key, args...)
}

// emit prints one JSON object as a line.
func (e *env) emit(v any) error {
	enc := json.NewEncoder(e.Stdout)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// command is one subcommand; flags binds its own flags before run sees the
// remaining arguments.
type command struct {
	name  string
	flags func(*pflag.FlagSet)
	run   func(ctx context.Context, e *env, args []string) error
}

// commands lists constructors, so that each run gets fresh flag values.
func commands() []func() *command {
	return []func() *command{
		demoCommand, unitCommand, rosterCommand, trustCommand, importCommand, excludeCommand,
		attachCommand, explainCommand, criteriaCommand, confirmCommand, searchCommand,
		serveCommand, inspectCommand, indicatorCommand, documentCommand, receiptCommand, checkCommand, moveCommand, signCommand,
	}
}

// exit is an error with the sentence that people see and its exit code.
// cause, when set, follows the sentence.
type exit struct {
	code int
	key  string
	args []any
	err  error
}

func (x *exit) Error() string {
	text := message.English.Text(x.key, x.args...)
	if x.err != nil {
		text += ": " + x.err.Error()
	}
	return text
}

func (x *exit) Unwrap() error { return x.err }

// usage is bad input, exit code 2.
func usage(key string, args ...any) error { return &exit{code: exitUsage, key: key, args: args} }

// fail is any other end with a sentence.
func fail(code int, err error, key string, args ...any) error {
	return &exit{code: code, key: key, args: args, err: err}
}

// run parses args, runs the command and returns the exit code.
func run(ctx context.Context, e *env, args []string) int {
	e.Args = args
	out := &faithful{w: e.Stdout}
	e.Stdout = out
	err := dispatch(ctx, e, args)
	if err == nil {
		err = out.err
	}
	if err == nil {
		return exitDone
	}
	code, text := explain(e.Lang, err)
	if text != "" {
		fmt.Fprintln(e.Stderr, printable(strings.ReplaceAll(text, "\n", "; ")))
	}
	return code
}

// faithful remembers that something could not be written: a result that went
// to a full disk must not end with code 0.
type faithful struct {
	w   io.Writer
	err error // the first one
}

func (f *faithful) Write(b []byte) (int, error) {
	n, err := f.w.Write(b)
	if f.err == nil {
		f.err = err
	}
	return n, err
}

// silent ends with a code and no further sentence: the finding was printed.
type silent int

func (s silent) Error() string { return fmt.Sprintf("exit code %d", int(s)) }

func dispatch(ctx context.Context, e *env, args []string) error {
	if err := chooseLang(e, args); err != nil {
		return err
	}
	name, rest := splitCommand(args)
	if name == "help" {
		if name, _ = splitCommand(rest); name != "" {
			rest = []string{"--help"}
		}
	}
	if name == "" {
		return printHelp(e, args)
	}
	for _, make := range commands() {
		if c := make(); c.name == name {
			return runCommand(ctx, e, c, rest)
		}
	}
	if near := config.Nearest(name, commandNames()); near != "" {
		return usage("cli.unknown-command", name, near)
	}
	return usage("cli.no-command", name)
}

// chooseLang looks for --lang before anything else is understood, so that a
// wrong command or flag is named in the reader's language too.
func chooseLang(e *env, args []string) error {
	for i, a := range args {
		value, ok := strings.CutPrefix(a, "--lang=")
		if a == "--lang" && i+1 < len(args) {
			value, ok = args[i+1], true
		}
		if a == "--" {
			return nil
		}
		if !ok {
			continue
		}
		lang, err := message.Parse(value)
		if err != nil {
			return usage("cli.bad-lang", value)
		}
		e.Lang = lang
	}
	return nil
}

func runCommand(ctx context.Context, e *env, c *command, args []string) error {
	fs := pflag.NewFlagSet(c.name, pflag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.SortFlags = false
	if c.flags != nil {
		c.flags(fs)
	}
	fs.BoolVar(&e.JSON, "json", false, "")
	fs.StringVar(&e.Data, "data", "", "")
	fs.StringVar(&e.Config, "config", "", "")
	fs.String("lang", "", "") // see chooseLang
	err := fs.Parse(args)
	if errors.Is(err, pflag.ErrHelp) {
		fmt.Fprintln(e.Stdout, e.Lang.Text("help."+c.name))
		return nil
	}
	if err != nil {
		return &exit{code: exitUsage, key: "cli.bad-flag", args: []any{c.name, err.Error()}}
	}
	if err := e.configure(); err != nil {
		return err
	}
	return c.run(ctx, e, fs.Args())
}

// splitCommand finds the subcommand: the first argument that is neither a
// flag nor the value of one. Flags may stand before it.
func splitCommand(args []string) (name string, rest []string) {
	valued := valuedFlags()
	for i := 0; i < len(args); i++ {
		switch a := args[i]; {
		case valued[a]:
			i++
		case strings.HasPrefix(a, "-") && a != "-":
		default:
			return a, append(append([]string{}, args[:i]...), args[i+1:]...)
		}
	}
	return "", nil
}

// valuedFlags are the flags of all commands that take the next argument.
func valuedFlags() map[string]bool {
	valued := map[string]bool{"--data": true, "--config": true, "--lang": true}
	for _, make := range commands() {
		c, fs := make(), pflag.NewFlagSet("", pflag.ContinueOnError)
		if c.flags != nil {
			c.flags(fs)
		}
		fs.VisitAll(func(f *pflag.Flag) {
			if f.NoOptDefVal == "" {
				valued["--"+f.Name] = true
			}
		})
	}
	return valued
}

func hasHelp(args []string) bool {
	for _, a := range args {
		if a == "help" || a == "--help" || a == "-h" {
			return true
		}
	}
	return false
}

func commandNames() []string {
	var names []string
	for _, make := range commands() {
		names = append(names, make().name)
	}
	sort.Strings(names)
	return names
}

// printHelp prints the list of commands. Somebody who gave no command did not
// ask for it: that is bad usage, and standard output stays empty.
func printHelp(e *env, args []string) error {
	out := e.Stdout
	var err error
	if !hasHelp(args) {
		out, err = e.Stderr, silent(exitUsage)
	}
	fmt.Fprintln(out, e.Lang.Text("help.program"))
	for _, name := range commandNames() {
		first, _, _ := strings.Cut(e.Lang.Text("help."+name), "\n")
		fmt.Fprintf(out, "  %-10s %s\n", name, first)
	}
	fmt.Fprintln(out, e.Lang.Text("help.global"))
	return err
}
