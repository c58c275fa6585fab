package config

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"os"
	"time"

	"minhchung/evidence"
	"minhchung/evidence/object/disk"
	"minhchung/evidence/object/s3"
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
	options := sqlite.Options{Host: s.host(cfg), ReadOnly: mode == Read}
	if mode == Write {
		options.Sequencer = &ledger.Sequencer{Key: s.Key}
	}
	store, err := sqlite.Open(ctx, l.database(), options)
	if err != nil {
		return err
	}
	s.Store, s.origin = store, store.Origin
	s.closing = append(s.closing, store.Close)
	return nil
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
