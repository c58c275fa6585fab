package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"syscall"
	"time"

	"minhchung/cmd/minhchung/config"
	"minhchung/cmd/minhchung/message"
	"minhchung/evidence"
	"minhchung/evidence/count"
	"minhchung/evidence/object"
	"minhchung/evidence/register"
	"minhchung/evidence/signature"
	"minhchung/evidence/signature/trust"
	"minhchung/evidence/signature/worker"
	"minhchung/evidence/text"
	"minhchung/ledger"
	"minhchung/search"
)

// session is an open data directory with what commands need beside it. On an
// office PC the scope is everything: whoever can read the directory can read
// the database.
type session struct {
	*config.Session
	Scope evidence.Scope
	// readers read texts and draw pages; nil makes each follower start its own.
	readers *text.Pool
	// finder is the search index, or the database while that is away.
	finder *search.Resilient
}

// officeActor is the pseudonymous id of the one person at an office PC.
const officeActor = "office"

func newSession(s *config.Session) *session {
	return &session{Session: s, Scope: evidence.Scope{All: true, Actor: officeActor}, finder: newFinder(s)}
}

// newFinder opens the index when it is first asked.
func newFinder(s *config.Session) *search.Resilient {
	limits := s.Config.Search
	return &search.Resilient{
		Open: s.Index, Forget: s.ForgetIndex,
		Texts: &search.Scanner{Store: s.Store, Rule: defaultRule, Time: time.Duration(limits.ScanTime), Pages: limits.ScanPages},
	}
}

// configure reads the file of --config. A --data beside it wins. A command of
// another process has the holder's settings, and must not ask for other
// engines: what it writes would go elsewhere than its user thinks.
func (e *env) configure() error {
	if e.Config != "" {
		var err error
		if e.settings, err = config.Load(e.path(e.Config)); err != nil {
			return err
		}
	}
	if e.Forwarded != nil {
		if e.Config != "" && !e.settings.SameEngines(e.Forwarded.Config) {
			return usage("cli.other-config", e.Config)
		}
		e.settings = e.Forwarded.Config
		return nil
	}
	return nil
}

// config is the configuration that this process opens its stores with.
func (e *env) config() config.Config {
	c := e.settings
	c.Data = e.path(cmp.Or(e.Data, c.Data, config.DefaultData))
	return c
}

// withStore runs fn with a session that may write: ours, when this process
// can hold the data directory, otherwise the holder runs the whole command.
func withStore(ctx context.Context, e *env, fn func(context.Context, *session) error) error {
	if e.Forwarded != nil {
		return fn(ctx, e.Forwarded)
	}
	call := config.Call{Args: e.Args, Cwd: e.Cwd, Terminal: e.Terminal}
	outcome, err := config.With(ctx, e.config(), call, e.Stdout, e.Stderr,
		func(ctx context.Context, s *config.Session) error { return fn(ctx, newSession(s)) }, serveForwarded)
	if err == nil && outcome.Forwarded && outcome.Code != exitDone {
		return silent(outcome.Code)
	}
	return err
}

// withReader runs fn with a session that only reads, beside any holder.
func withReader(ctx context.Context, e *env, fn func(context.Context, *session) error) error {
	if e.Forwarded != nil {
		return fn(ctx, e.Forwarded)
	}
	s, err := config.Open(ctx, e.config(), config.Read)
	if err != nil {
		return err
	}
	return errors.Join(fn(ctx, newSession(s)), s.Close())
}

// serveForwarded runs another process's command with our open stores.
func serveForwarded(ctx context.Context, s *config.Session, call config.Call, stdout, stderr io.Writer) int {
	e := &env{Stdout: stdout, Stderr: stderr, Cwd: call.Cwd, Lang: message.Vietnamese, Terminal: call.Terminal, Forwarded: newSession(s)}
	return runGuarded(ctx, e, call.Args)
}

// basis collects what verdicts and states of a book rest on now: the trust
// and roster of the installation, the policy, and the book's rules with the
// one asked for.
func (s *session) basis(ctx context.Context, book evidence.BookID, rule *count.Rule) (evidence.Basis, error) {
	var b evidence.Basis
	var err error
	if b.Material, err = s.material(ctx, book.Unit); err != nil {
		return b, err
	}
	b.MaterialHash = trust.Hash(b.Material)
	if b.Policy, b.PolicyBytes, err = trust.Policy(""); err != nil {
		return b, err
	}
	ids, err := s.ruleIDs(ctx, book)
	if err != nil {
		return b, err
	}
	if rule != nil && !slices.Contains(ids, rule.ID()) {
		ids = append(ids, rule.ID())
	}
	for _, id := range ids {
		r, err := count.Load(id)
		if err != nil {
			return b, fmt.Errorf("rule %s of book %s: %w", id, book, err)
		}
		b.Rules = append(b.Rules, r)
	}
	return b, nil
}

// ruleIDs returns the rules a book keeps states for; none for a new book.
func (s *session) ruleIDs(ctx context.Context, book evidence.BookID) (ids []string, err error) {
	err = s.Store.View(ctx, s.Scope, book, func(r evidence.Reader) error {
		ids, err = r.Rules(ctx)
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return ids, err
}

func (s *session) material(ctx context.Context, unit evidence.UnitID) (signature.Material, error) {
	var m signature.Material
	err := s.Store.View(ctx, s.Scope, evidence.RootBook, func(r evidence.Reader) error {
		entries, err := r.Trust(ctx)
		if err != nil {
			return err
		}
		for _, t := range entries {
			if !t.Removed {
				addTrustEntry(&m, t)
			}
		}
		roster, err := r.Roster(ctx, unit)
		for _, entry := range roster {
			m.Roster = append(m.Roster, entry.Signer)
		}
		return err
	})
	return m, err
}

func addTrustEntry(m *signature.Material, t evidence.TrustEntry) {
	switch t.Kind {
	case trust.KindAnchor:
		m.Anchors = append(m.Anchors, signature.Anchor{Domain: t.Domain, DER: t.DER})
	case trust.KindIntermediate:
		m.Intermediates = append(m.Intermediates, t.DER)
	case trust.KindCRL:
		m.CRLs = append(m.CRLs, t.DER)
	case trust.KindOCSP:
		m.OCSPs = append(m.OCSPs, t.DER)
	}
}

// pool starts a worker pool that judges by the basis, and how to stop it.
func (s *session) pool(b evidence.Basis) (*worker.Pool, func(), error) {
	command, err := childCommand(workerCommand)
	if err != nil {
		return nil, nil, err
	}
	pool, err := worker.New(s.Config.Worker(command))
	if err != nil {
		return nil, nil, err
	}
	stop := func() { _ = pool.Close() } // children hold nothing worth an error
	if err := pool.Use(b.Material, b.Policy); err != nil {
		stop()
		return nil, nil, err
	}
	return pool, stop, nil
}

// judges binds the pool to an intake; done stops it.
func (s *session) judges(in *evidence.Intake) (done func(), err error) {
	pool, stop, err := s.pool(in.Basis)
	if err != nil {
		return nil, err
	}
	in.Warm = pool.Warm
	in.Inspect = func(ctx context.Context, sha signature.Hash, size int64, body io.Reader, proofs []signature.Proof, at time.Time) (signature.Facts, signature.Verdict, error) {
		return pool.Inspect(ctx, worker.Job{Size: size, Body: body, SHA256: sha, Proofs: proofs, At: at})
	}
	return stop, nil
}

// newIntake binds an Intake to a book; done stops its workers.
func newIntake(ctx context.Context, s *session, book evidence.BookID, rule *count.Rule) (*evidence.Intake, func(), error) {
	in, err := s.intakeFor(ctx, book, rule)
	if err != nil {
		return nil, nil, err
	}
	done, err := s.judges(in)
	return in, done, err
}

// intake is an Intake for changes that need no file.
func (s *session) intake(ctx context.Context, book evidence.BookID) (*evidence.Intake, error) {
	return s.intakeFor(ctx, book, nil)
}

// groupSize is how many documents one transaction commits at most.
const groupSize = 256

func (s *session) intakeFor(ctx context.Context, book evidence.BookID, rule *count.Rule) (*evidence.Intake, error) {
	basis, err := s.basis(ctx, book, rule)
	if err != nil {
		return nil, err
	}
	return &evidence.Intake{
		Store: s.Store, Objects: s.Objects, Scope: s.Scope, Book: book, Origin: s.Origin(book), Basis: basis,
		Workers: s.Config.Receivers(), Group: groupSize, MaxBytes: s.Config.MaxFileBytes(), Now: time.Now,
	}, nil
}

// explain turns an error into an exit code and one sentence.
func explain(lang message.Lang, err error) (int, string) {
	var (
		quiet   silent
		x       *exit
		inFile  *register.Error
		unknown *count.UnknownError
	)
	var inConfig *config.FileError
	switch {
	case errors.As(err, &quiet):
		return int(quiet), ""
	case errors.As(err, &inFile):
		return exitUsage, inFile.Sentence(string(lang))
	case errors.As(err, &inConfig):
		return exitUsage, configSentence(lang, inConfig)
	case errors.As(err, &unknown):
		return exitUsage, unknown.Sentence(string(lang))
	case errors.As(err, &x):
		text := lang.Text(x.key, x.args...)
		if x.err != nil {
			text += ": " + x.err.Error()
		}
		return x.code, text
	}
	for _, known := range sentences {
		if errors.Is(err, known.err) {
			return known.code, lang.Text(known.key) + " (" + err.Error() + ")"
		}
	}
	return exitBackend, lang.Text("cli.internal") + ": " + err.Error()
}

// configSentence says where a configuration is wrong and what to do.
func configSentence(lang message.Lang, e *config.FileError) string {
	where := e.File
	if e.Line > 0 {
		where = lang.Text("config.line", where, e.Line)
	}
	if where != "" {
		where += ": "
	}
	code := e.Code
	if code == config.CodeUnknown && e.Detail == "" {
		code = "unknown-alone"
	}
	return where + lang.Text("config."+code, e.Key, e.Detail)
}

// sentences is the one table from sentinel errors to exit codes and words.
var sentences = []struct {
	err  error
	code int
	key  string
}{
	{context.Canceled, exitBackend, "cli.interrupted"},
	{evidence.ErrFull, exitBackend, "cli.disk-full"},
	{syscall.ENOSPC, exitBackend, "cli.disk-full"},
	{fs.ErrPermission, exitBackend, "cli.no-access"},
	{syscall.EROFS, exitBackend, "cli.no-access"},
	{evidence.ErrNewer, exitUsage, "cli.newer-data"},
	{evidence.ErrOlder, exitUsage, "cli.older-data"},
	{ledger.ErrKeyOpen, exitUsage, "cli.key-open"},
	{evidence.ErrDamaged, exitDamaged, "cli.database-damaged"},
	{evidence.ErrRecord, exitDamaged, "cli.record-damaged"},
	{config.ErrUnsafe, exitUsage, "cli.unsafe-database"},
	{config.ErrOldServer, exitUsage, "cli.old-server"},
	{evidence.ErrOutcome, exitBackend, "cli.outcome"},
	{evidence.ErrUnavailable, exitBackend, "cli.database-away"},
	{object.ErrUnavailable, exitBackend, "cli.objects-away"},
	{search.ErrAway, exitBackend, "cli.index-away"},
	{evidence.ErrForeign, exitUsage, "cli.foreign-data"},
	{evidence.ErrMoved, exitUsage, "cli.book-moved"},
	{evidence.ErrUnsound, exitDamaged, "cli.unsound"},
	{ledger.ErrForked, exitLedger, "cli.forked"},
	{config.ErrNoData, exitUsage, "cli.no-data"},
	{config.ErrNotDirectory, exitUsage, "cli.not-a-folder-data"},
	{config.ErrNetworkDrive, exitUsage, "cli.network-drive"},
	{config.ErrBusy, exitBackend, "cli.busy"},
	{config.ErrNoDatabase, exitDamaged, "cli.no-database"},
	{config.ErrNoKey, exitLedger, "cli.no-key"},
	{object.ErrCorrupt, exitDamaged, "cli.damaged"},
	{ledger.ErrDamaged, exitLedger, "cli.ledger-damaged"},
	{ledger.ErrClockBehind, exitLedger, "cli.clock-behind"},
}
