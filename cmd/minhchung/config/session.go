package config

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"

	"github.com/gofrs/flock"

	"minhchung/evidence"
	"minhchung/evidence/object"
	"minhchung/ledger"
)

// Mode says what a session is for.
type Mode int

// The modes.
const (
	Read  Mode = iota // no lock, nothing is changed
	Write             // this process becomes the holder
)

// Session is an open data directory. Its stores are safe for concurrent use.
type Session struct {
	Config  Config // as it was opened with
	Store   evidence.Store
	Objects object.Store
	// Key signs checkpoints; nil in mode Read.
	Key *ledger.Key
	// Public is Key's public half, in mode Read too.
	Public ledger.PublicKey
	// Spool is a folder on the same disk for files being received; empty when
	// a holder starts.
	Spool string
	// Answers is a folder for answers that repeated requests get again. It
	// outlives the holder; nothing is lost when it is deleted.
	Answers string
	// Cache is a folder for compiled code of the text readers. check and
	// backups pass over it; it may be missing, and be deleted at any time.
	Cache string

	ctx      context.Context // of Open: its end ends the forwarded commands
	origin   func(evidence.BookID) string
	index    index          // of searches
	listener net.Listener   // nil in mode Read
	serving  *serving       // nil until Serve
	closing  []func() error // what Close undoes, last first
	once     sync.Once
	closeErr error
}

// Open opens the data directory. In mode Write it makes what is missing, takes
// the lock without waiting and becomes the holder; when another process is it
// already, the error is ErrHeld: see With. In mode Read the directory must
// exist (ErrNoData). When ctx ends, forwarded commands are cancelled.
func Open(ctx context.Context, cfg Config, mode Mode) (*Session, error) {
	root, err := filepath.Abs(cfg.data())
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", cfg.data(), err)
	}
	s := &Session{ctx: ctx, Config: cfg}
	if err := s.open(ctx, cfg, layout{root}, mode); err != nil {
		return nil, fmt.Errorf("opening %s: %w", cfg.data(), errors.Join(err, s.Close()))
	}
	return s, nil
}

func (s *Session) open(ctx context.Context, cfg Config, l layout, mode Mode) error {
	if err := checkRoot(cfg, l, mode); err != nil {
		return err
	}
	s.Spool, s.Answers, s.Cache = l.spool(), l.answers(), l.cache()
	if shared := os.Getenv("MINHCHUNG_CACHE"); shared != "" {
		s.Cache = shared
	}
	s.index.dir = l.index()
	if mode == Write {
		if err := s.hold(l); err != nil {
			return err
		}
		if err := prepareFolders(l); err != nil {
			return err
		}
	}
	if err := s.openKey(ctx, cfg, l, mode); err != nil {
		return err
	}
	return s.openStores(ctx, cfg, l, mode)
}

// checkRoot makes or finds the data directory. Nothing is created on a network
// drive.
func checkRoot(cfg Config, l layout, mode Mode) error {
	if err := checkLocal(existing(l.root)); err != nil {
		return err
	}
	info, err := os.Stat(l.root)
	switch {
	case errors.Is(err, fs.ErrNotExist) && mode == Write:
		return os.MkdirAll(l.root, 0o700)
	case errors.Is(err, fs.ErrNotExist):
		return ErrNoData
	case err != nil:
		return err
	case !info.IsDir():
		return ErrNotDirectory
	}
	if cfg.SQL.Engine == enginePostgres {
		return nil // the key and the spool are here, the database is not
	}
	return checkDatabase(l, mode)
}

// checkDatabase notices a database that was there: none, or an empty file,
// beside stored documents.
func checkDatabase(l layout, mode Mode) error {
	db, err := os.Stat(l.database())
	if err == nil && db.Size() > 0 {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	stored, globErr := fs.Glob(os.DirFS(l.objects()), "[a-z0-9]*/*") // folders of units
	switch {
	case globErr != nil:
		return globErr
	case len(stored) > 0:
		return ErrNoDatabase
	case err != nil && mode == Read:
		return ErrNoData
	}
	return nil
}

// existing returns the nearest ancestor of path that is there.
func existing(path string) string {
	for {
		if _, err := os.Stat(path); err == nil || filepath.Dir(path) == path {
			return path
		}
		path = filepath.Dir(path)
	}
}

// hold takes the lock and listens, in this order: whoever has the lock owns
// the socket's name. After a crash the kernel has let go of the lock, and the
// dead socket is removed here.
func (s *Session) hold(l layout) error {
	lock := flock.New(l.lock(), flock.SetPermissions(0o600))
	locked, err := lock.TryLock()
	if err != nil {
		return fmt.Errorf("locking: %w", err)
	}
	if !locked {
		return errors.Join(ErrHeld, lock.Close())
	}
	s.closing = append(s.closing, lock.Unlock)
	if err := s.listen(l); err != nil {
		return fmt.Errorf("listening for other commands: %w", err)
	}
	return nil
}

// prepareFolders makes the folders and empties the spool: what a crashed
// holder left there was never acknowledged.
func prepareFolders(l layout) error {
	if err := os.RemoveAll(l.spool()); err != nil {
		return fmt.Errorf("emptying the spool: %w", err)
	}
	for _, dir := range []string{l.objects(), l.spool(), l.answers(), filepath.Dir(l.key())} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	return nil
}

// openKey loads the key, or makes one for a data directory that has no ledger
// yet.
func (s *Session) openKey(ctx context.Context, cfg Config, l layout, mode Mode) error {
	key, err := ledger.LoadKey(l.key())
	if errors.Is(err, fs.ErrNotExist) {
		var there bool
		there, err = hasLedger(ctx, cfg, l, mode)
		switch {
		case err != nil || there:
			return cmp.Or(err, ErrNoKey)
		case mode == Read: // a first start came to nothing
			return ErrNoData
		}
		key, err = ledger.GenerateKey(l.key())
	}
	if err != nil {
		return err
	}
	s.Public = key.PublicKey()
	if mode == Write {
		s.Key = key
	}
	return nil
}

// Close waits for the forwarded commands, stops listening, closes the stores
// and lets go of the lock, in this order. It may be called more than once.
func (s *Session) Close() error {
	s.once.Do(func() {
		if s.serving != nil {
			s.serving.finish()
		}
		for i := len(s.closing) - 1; i >= 0; i-- {
			s.closeErr = errors.Join(s.closeErr, s.closing[i]())
		}
	})
	return s.closeErr
}
