package config

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"minhchung/evidence"
	"minhchung/evidence/object/disk"
	"minhchung/evidence/sqlite"
	"minhchung/ledger"
)

// openStores opens the engines of an office PC. This is the only place that
// names them.
func (s *Session) openStores(ctx context.Context, cfg Config, l layout, mode Mode) error {
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
	objects, err := disk.Open(l.objects(), disk.Options{MaxBytes: cfg.FileBytes})
	if err != nil {
		return fmt.Errorf("opening the documents: %w", err)
	}
	s.Objects = objects
	s.closing = append(s.closing, objects.Close, s.index.close)
	return nil
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
