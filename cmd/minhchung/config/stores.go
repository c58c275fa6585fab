package config

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"time"

	"minhchung/evidence"
	"minhchung/evidence/object/disk"
	"minhchung/evidence/object/s3"
	"minhchung/evidence/postgres"
	"minhchung/evidence/sqlite"
	"minhchung/ledger"
)

// openStores opens the engines that the configuration names. This is the only
// place that knows them.
func (s *Session) openStores(ctx context.Context, cfg Config, l layout, mode Mode) error {
	if err := s.openDatabase(ctx, cfg, l, mode); err != nil {
		return err
	}
	if err := s.openObjects(cfg, l); err != nil {
		return fmt.Errorf("opening the documents: %w", err)
	}
	s.closing = append(s.closing, s.index.close)
	return nil
}

func (s *Session) openDatabase(ctx context.Context, cfg Config, l layout, mode Mode) error {
	var sequencer *ledger.Sequencer
	if mode == Write {
		sequencer = &ledger.Sequencer{Key: s.Key}
	}
	if cfg.SQL.Engine == enginePostgres {
		store, err := cfg.SQL.Postgres.open(ctx, postgres.Options{Sequencer: sequencer, Host: s.host(cfg), ReadOnly: mode == Read})
		if err != nil {
			return err
		}
		s.Store, s.origin = store, store.Origin
		s.closing = append(s.closing, store.Close)
		return nil
	}
	store, err := sqlite.Open(ctx, l.database(), sqlite.Options{Sequencer: sequencer, Host: s.host(cfg), ReadOnly: mode == Read})
	if err != nil {
		return err
	}
	s.Store, s.origin = store, store.Origin
	s.closing = append(s.closing, store.Close)
	return nil
}

// open connects as the program's login. A store that may write is brought up
// to date first, when the owner's login is there.
func (p Postgres) open(ctx context.Context, options postgres.Options) (*postgres.Store, error) {
	if p.OwnerURL != "" && !options.ReadOnly {
		owner, err := withPassword(p.OwnerURL, "sql.postgres.owner_password", p.OwnerPassword)
		if err != nil {
			return nil, err
		}
		if err := postgres.Migrate(ctx, owner); err != nil {
			return nil, fmt.Errorf("bringing the database up to date: %w", err)
		}
	}
	address, err := withPassword(p.URL, "sql.postgres.password", p.Password)
	if err != nil {
		return nil, err
	}
	if p.Listen != "" {
		if options.ListenURL, err = withPassword(p.Listen, "sql.postgres.password", p.Password); err != nil {
			return nil, err
		}
	}
	options.Standbys, options.MaxConns = p.Standbys, int32(p.Connections)
	return postgres.Open(ctx, address, options)
}

// withPassword puts a secret into a URL that goes to the driver and nowhere
// else.
func withPassword(address, key string, secret Secret) (string, error) {
	if secret == "" {
		return address, nil
	}
	password, err := secret.read()
	if err != nil {
		return "", &FileError{Code: CodeSecret, Key: key, Detail: err.Error()}
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", &FileError{Code: CodeValue, Key: key, Detail: "the address cannot be read"}
	}
	u.User = url.UserPassword(u.User.Username(), password)
	return u.String(), nil
}

// hasLedger reports whether there is a ledger that a new key could not
// continue.
func hasLedger(ctx context.Context, cfg Config, l layout, mode Mode) (bool, error) {
	if cfg.SQL.Engine != enginePostgres {
		_, err := os.Stat(l.database())
		return err == nil, nil
	}
	// Before writing, a new database gets its tables; it has no key yet.
	store, err := cfg.SQL.Postgres.open(ctx, postgres.Options{ReadOnly: mode == Read})
	if err != nil {
		return false, err
	}
	defer store.Close()
	err = store.View(ctx, evidence.Scope{All: true}, evidence.RootBook, func(r evidence.Reader) error {
		_, err := r.Head(ctx)
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func (s *Session) openObjects(cfg Config, l layout) error {
	if cfg.Objects.Engine == engineS3 {
		return s.openS3(cfg)
	}
	objects, err := disk.Open(l.objects(), disk.Options{MaxBytes: cfg.FileBytes})
	if err != nil {
		return err
	}
	s.Objects = objects
	s.closing = append(s.closing, objects.Close)
	return nil
}

func (s *Session) openS3(cfg Config) error {
	c := cfg.Objects.S3
	secret, err := c.Secret.read()
	if err != nil {
		return &FileError{Code: CodeSecret, Key: "objects.s3.secret", Detail: err.Error()}
	}
	roots, err := authorities(c.CA)
	if err != nil {
		return err
	}
	objects, err := s3.Open(s3.Options{
		URL: c.URL, Plain: c.Plain, Bucket: c.Bucket, Prefix: c.Prefix, Region: c.Region, Key: c.Key, Secret: secret,
		Roots: roots, MaxBytes: cfg.FileBytes, PartBytes: c.PartBytes, Stall: time.Duration(c.Stall), Spool: s.Spool,
	})
	if err != nil {
		return err
	}
	s.Objects = objects
	s.closing = append(s.closing, objects.Close)
	return nil
}

// authorities reads a PEM file; none is nil, those of the system.
func authorities(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s has no certificate", file)
	}
	return pool, nil
}

// host names this installation: see Config.Host.
func (s *Session) host(cfg Config) string {
	if cfg.Host != "" {
		return cfg.Host
	}
	sum := sha256.Sum256(s.Public[:])
	return "office-" + hex.EncodeToString(sum[:6])
}

// Origin returns the origin that the ledger of a new book gets.
func (s *Session) Origin(book evidence.BookID) string { return s.origin(book) }
