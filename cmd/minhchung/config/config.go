// Package config says how the program is set up and is the only code that
// opens its stores: one data directory, held by one process, with the other
// commands going through that process or reading beside it.
//
// A data directory has this layout:
//
//	minhchung.db      rows and ledger (SQLite)
//	objects/          bytes of documents
//	spool/            files that are being received; emptied by each holder
//	answers/          what repeated uploads are answered; may be deleted
//	cache/            compiled code of the text readers; may be deleted
//	keys/ledger.key   the key that signs checkpoints
//	lock              locked by the holder as long as it lives
//	holder.sock       where the holder takes other processes' commands
//	holder            the address of that socket when it had to go elsewhere
package config

import (
	"errors"
	"path/filepath"
	"time"

	"minhchung/evidence/signature/worker"
)

// Config is all that can be set. The zero value of each field is its default.
type Config struct {
	// Data is the data directory; default "minhchung-data" in the current
	// folder. It must be on a local disk: SQLite and the lock are not safe on
	// network drives.
	Data string
	// Host is the first part of the names of new ledgers; default "office-" and
	// twelve hexadecimal digits of the SHA-256 of the signing key's public half,
	// so that no two installations give their books the same name.
	Host string
	// Wait is how long a command waits for a holder that neither answers nor
	// lets go before it gives up; default 10 s. Time during which the holder
	// works for us does not count.
	Wait time.Duration
	// Workers is the number of files inspected at the same time; default the
	// number of processors.
	Workers int
	// FileTimeout is the time for inspecting one file; default 10 s.
	FileTimeout time.Duration
	// FileMemory is the memory for inspecting one file, in bytes; default
	// 512 MiB.
	FileMemory int64
	// FileBytes is the size of the largest file taken; default 50 MB
	// (52,428,800).
	FileBytes int64
}

// DefaultData is the data directory when none is named.
const DefaultData = "minhchung-data"

func (c Config) data() string {
	if c.Data == "" {
		return DefaultData
	}
	return c.Data
}

func (c Config) wait() time.Duration {
	if c.Wait <= 0 {
		return 10 * time.Second
	}
	return c.Wait
}

// Worker returns the limits for hostile files; command starts a child.
func (c Config) Worker(command []string) worker.Config {
	return worker.Config{
		Command: command, Workers: c.Workers, Timeout: c.FileTimeout,
		MemoryBytes: c.FileMemory, FileBytes: c.FileBytes,
	}
}

// Errors that commands turn into a sentence. Each names the directory in the
// message around it.
var (
	// ErrNoData says that there is no data directory, or nothing in it, where
	// a command wants to read: import or demo has to run first.
	ErrNoData = errors.New("there is no data yet")
	// ErrNotDirectory says that the data directory is something else.
	ErrNotDirectory = errors.New("the data directory is not a directory")
	// ErrNetworkDrive says that the data directory is on a network drive.
	ErrNetworkDrive = errors.New("the data directory is on a network drive")
	// ErrHeld says that another process holds the data directory.
	ErrHeld = errors.New("another process holds the data directory")
	// ErrBusy says that the holder neither answered nor let go in time.
	ErrBusy = errors.New("the process that holds the data directory does not answer")
	// ErrNoKey says that there is a ledger but not the key that signs it. A
	// new key is never made then: it could not continue the books.
	ErrNoKey = errors.New("the ledger's signing key is missing")
	// ErrNoDatabase says that documents are stored and the database with their
	// ledger is gone. A new one would be a second ledger under the same name
	// and key.
	ErrNoDatabase = errors.New("the database is missing although documents are stored")
)

// layout names the parts of a data directory.
type layout struct{ root string }

func (l layout) database() string { return filepath.Join(l.root, "minhchung.db") }
func (l layout) objects() string  { return filepath.Join(l.root, "objects") }
func (l layout) spool() string    { return filepath.Join(l.root, "spool") }
func (l layout) answers() string  { return filepath.Join(l.root, "answers") }
func (l layout) cache() string    { return filepath.Join(l.root, "cache") }
func (l layout) key() string      { return filepath.Join(l.root, "keys", "ledger.key") }
func (l layout) lock() string     { return filepath.Join(l.root, "lock") }
func (l layout) socket() string   { return filepath.Join(l.root, "holder.sock") }
func (l layout) address() string  { return filepath.Join(l.root, "holder") }
