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
//	cache/            compiled code of the text readers; may be deleted. Several
//	                  data directories share one that MINHCHUNG_CACHE names
//	index/            the search index; may be deleted while nobody holds it
//	keys/ledger.key   the key that signs checkpoints
//	lock              locked by the holder as long as it lives
//	holder.sock       where the holder takes other processes' commands
//	holder            the address of that socket when it had to go elsewhere
package config

import (
	"cmp"
	"errors"
	"path/filepath"
	"reflect"
	"runtime"
	"time"

	"minhchung/evidence/postgres"
	"minhchung/evidence/signature/worker"
)

// Config is all that can be set, in a file read by Load or by a caller. The
// zero value of each field is its default. deploy/minhchung.toml and
// deploy/province.toml show every option; a relative path in a file is meant
// from that file's folder.
type Config struct {
	// Data is the data directory; default "minhchung-data" in the current
	// folder. It must be on a local disk: SQLite and the lock are not safe on
	// network drives. With PostgreSQL each instance has one of its own, with the
	// same signing key.
	Data string `toml:"data"`
	// Host is the first part of the names of new ledgers; default "office-" and
	// twelve hexadecimal digits of the SHA-256 of the signing key's public half,
	// so that no two installations give their books the same name.
	Host string `toml:"host"`
	// Wait is how long a command waits for a holder that neither answers nor
	// lets go before it gives up; default 10 s. Time during which the holder
	// works for us does not count.
	Wait Duration `toml:"wait"`
	// Workers is the number of files inspected at the same time; default the
	// number of processors.
	Workers int `toml:"workers"`
	// FileTimeout is the time for inspecting one file; default 10 s.
	FileTimeout Duration `toml:"file_timeout"`
	// FileMemory is the memory for inspecting one file, in bytes; default
	// 512 MiB.
	FileMemory int64 `toml:"file_memory"`
	// FileBytes is the size of the largest file taken; default 50 MB
	// (52,428,800).
	FileBytes int64 `toml:"file_bytes"`
	// Serve says where `serve` listens.
	Serve Serve `toml:"serve"`
	// SQL says where rows and ledger are kept.
	SQL SQL `toml:"sql"`
	// Objects says where the bytes of documents are kept.
	Objects Objects `toml:"objects"`
	// Search says where the search index is kept. It follows the ledger and can
	// be built again at any time.
	Search Search `toml:"search"`
}

// Serve is the table [serve].
type Serve struct {
	// Listen is the address of the pages; default "127.0.0.1:8080". Without
	// accounts it must belong to this machine alone.
	Listen string `toml:"listen"`
	// Metrics is the address of a listener of its own for /metrics, /healthz and
	// /readyz, such as "127.0.0.1:9464"; default none. What it shows names no
	// document and no person; it asks nobody for a password, so keep it inside.
	Metrics string `toml:"metrics"`
}

// SQL is the table [sql].
type SQL struct {
	// Engine is "sqlite", a file in the data directory, or "postgres"; default
	// "sqlite".
	Engine string `toml:"engine"`
	// Postgres is needed with the engine "postgres" and refused without it.
	Postgres Postgres `toml:"postgres"`
}

// Postgres is the table [sql.postgres].
type Postgres struct {
	// URL leads to the database, with a login that is a member of minhchung_app
	// and of no other role of the program: "postgres://login@host/database".
	// For another machine it ends with "?sslmode=verify-full". It has no password.
	URL string `toml:"url"`
	// Password says where the login's password is kept: see Secret. Default none:
	// the server trusts a socket or a certificate.
	Password Secret `toml:"password"`
	// OwnerURL logs in as the owner of the tables, who brings them up to date when
	// the program starts; default none: somebody else does it.
	OwnerURL string `toml:"owner_url"`
	// OwnerPassword says where the owner's password is kept: see Secret.
	OwnerPassword Secret `toml:"owner_password"`
	// Standbys names the replicas that must have every commit; default none.
	// The program refuses to start when the server does not make sure of it, and
	// stores nothing while a replica is away.
	Standbys []string `toml:"standbys"`
	// Listen is a URL of the server itself for notices, when URL leads to a
	// pooler; default URL. It uses the same password.
	Listen string `toml:"listen_url"`
	// Connections bounds the connections of this process; default 16.
	Connections int `toml:"connections"`
}

// Objects is the table [objects].
type Objects struct {
	// Engine is "disk", a folder in the data directory, or "s3"; default "disk".
	Engine string `toml:"engine"`
	// S3 is needed with the engine "s3" and refused without it.
	S3 S3 `toml:"s3"`
}

// S3 is the table [objects.s3].
type S3 struct {
	// URL is the server's address, "https://host:port" without a path.
	URL string `toml:"url"`
	// Plain allows http:// to another machine; default false. Documents can
	// then be read on the way: only for a network that nobody else is on.
	Plain bool `toml:"plain"`
	// Bucket must exist; switch on versioning and, where rules ask for it,
	// object lock. `check` says what is on.
	Bucket string `toml:"bucket"`
	// Prefix is put before every key, with a slash at its end; default none.
	Prefix string `toml:"prefix"`
	// Region is what requests are signed for; default "us-east-1".
	Region string `toml:"region"`
	// Key is the name of the access key.
	Key string `toml:"key"`
	// Secret says where the secret key is kept: see Secret.
	Secret Secret `toml:"secret"`
	// CA is a PEM file with the authorities trusted for the server; default
	// those of the system.
	CA string `toml:"ca"`
	// Stall is how long a connection may stand still; default 10 s.
	Stall Duration `toml:"stall"`
	// PartBytes is the size from which documents are sent in parts; default
	// 64 MiB (67,108,864), at least 5 MiB.
	PartBytes int64 `toml:"part_bytes"`
}

// Search is the table [search].
type Search struct {
	// Engine is "bleve", a folder in the data directory, or "meili"; default
	// "bleve".
	Engine string `toml:"engine"`
	// ScanTime is how long a search in the database may take, which is made
	// while the index is away; default 5 s. A page for a browser waits for 10 s
	// in all.
	ScanTime Duration `toml:"scan_time"`
	// ScanPages is how many pages such a search reads at most; default 50,000.
	ScanPages int `toml:"scan_pages"`
	// Meili is needed with the engine "meili" and refused without it.
	Meili Meili `toml:"meili"`
}

// Meili is the table [search.meili].
type Meili struct {
	// URL is the address of a Meilisearch server, "https://host:port".
	URL string `toml:"url"`
	// Plain allows http:// to another machine; default false. Texts can then be
	// read on the way.
	Plain bool `toml:"plain"`
	// Key says where the API key is kept: see Secret. It may do everything with
	// indexes of the prefix, read tasks and swap indexes. Default none.
	Key Secret `toml:"key"`
	// Prefix names the indexes; default "minhchung". Two installations on one
	// server need two.
	Prefix string `toml:"prefix"`
}

// The engines of rows and ledger, of the documents, and of the search index.
const (
	engineSQLite   = "sqlite"
	enginePostgres = "postgres"

	engineDisk = "disk"
	engineS3   = "s3"

	engineBleve = "bleve"
	engineMeili = "meili"
)

// Duration is a time.Duration that a file has as "10s" or "1m30s".
type Duration time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err == nil && v < 0 {
		err = errors.New("a negative time")
	}
	*d = Duration(v)
	return err
}

// DefaultData is the data directory when none is named, DefaultListen the
// address of the pages, DefaultFileBytes the size of the largest file.
const (
	DefaultData      = "minhchung-data"
	DefaultListen    = "127.0.0.1:8080"
	DefaultFileBytes = 50 << 20
)

func (c Config) data() string { return cmp.Or(c.Data, DefaultData) }

func (c Config) wait() time.Duration {
	if c.Wait <= 0 {
		return 10 * time.Second
	}
	return time.Duration(c.Wait)
}

// MaxFileBytes is the size of the largest file taken, in bytes.
func (c Config) MaxFileBytes() int64 {
	if c.FileBytes <= 0 {
		return DefaultFileBytes
	}
	return c.FileBytes
}

// Worker returns the limits for hostile files; command starts a child.
func (c Config) Worker(command []string) worker.Config {
	return worker.Config{
		Command: command, Workers: c.Workers, Timeout: time.Duration(c.FileTimeout),
		MemoryBytes: c.FileMemory, FileBytes: c.MaxFileBytes(),
	}
}

// Receivers is how many files are received at the same time: twice the
// processors, since half of them wait for the disk; sixteen times with S3, which
// answers later, but not more than a server would wonder at. Inspecting has
// limits of its own.
func (c Config) Receivers() int {
	if c.Objects.Engine == engineS3 {
		return min(16*runtime.GOMAXPROCS(0), 64)
	}
	return 2 * runtime.GOMAXPROCS(0)
}

// SameEngines reports whether both keep things in the same places.
func (c Config) SameEngines(other Config) bool {
	return reflect.DeepEqual(c.SQL, other.SQL) && c.Objects == other.Objects &&
		c.Search.Engine == other.Search.Engine && c.Search.Meili == other.Search.Meili
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
	// ErrUnsafe says that the database server, or how it is reached, does not
	// keep what the ledger promises: postgres.ErrUnsafe.
	ErrUnsafe = postgres.ErrUnsafe
	// ErrOldServer is postgres.ErrOldServer.
	ErrOldServer = postgres.ErrOldServer
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
