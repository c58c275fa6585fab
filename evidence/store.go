package evidence

import (
	"context"

	"minhchung/evidence/signature"
	"minhchung/ledger"
)

// Store keeps rows, verdicts and the ledger in one database, so that one
// transaction makes them true together. All methods are safe for concurrent
// use. What is missing or outside the scope is fs.ErrNotExist. Every driver
// passes storetest.
type Store interface {
	// Update runs fn in one transaction over one book and commits its
	// events as leaves, projections, tiles and one signed checkpoint. The
	// checkpoint is returned only after the commit returned. When fn fails,
	// or nothing was appended, nothing changes. The root book is opened by
	// the first Update; another book by appending Opened first. fn must not
	// keep tx, and may be run again when the head moved.
	Update(ctx context.Context, scope Scope, book BookID, fn func(tx Tx) error) (Commitment, error)
	// View runs fn over one state of a book.
	View(ctx context.Context, scope Scope, book BookID, fn func(r Reader) error) error
	// Books lists the opened books in scope, the root book not among them.
	Books(ctx context.Context, scope Scope) ([]BookID, error)
	// Summaries returns what an overview says of the books, in their order and
	// all of one state; one that was never opened or is outside the scope is
	// left out. It is as fast as the books are few, however long they are.
	Summaries(ctx context.Context, scope Scope, books []BookID) ([]BookSummary, error)
	// Backlogs is Summaries for the work that is left, which needs a look at
	// every document of the books.
	Backlogs(ctx context.Context, scope Scope, books []BookID) ([]BookBacklog, error)
	// Keep stores what followers made of a book, in one transaction beside the
	// ledger: no leaf tells of it, Check does not look at it, and deleting it
	// makes the followers begin again. A text replaces the document's older
	// one; a text of a document that the book does not have is
	// fs.ErrNotExist, and then nothing is kept.
	Keep(ctx context.Context, scope Scope, book BookID, kept Kept) error
}

// Commitment is what a successful Update made true.
type Commitment struct {
	First int64       // index of the first leaf of this commit
	Head  ledger.Head // zero when nothing was appended
}

// Reader reads one state of one book.
type Reader interface {
	ledger.Reader

	// Units, Roster and Trust read the installation's lists, which the root
	// book holds, inside the scope.
	Units(ctx context.Context) ([]Unit, error)
	Roster(ctx context.Context, unit UnitID) ([]RosterEntry, error)
	Trust(ctx context.Context) ([]TrustEntry, error)

	// Announced says whether the root book has the "open" leaf of a book.
	Announced(ctx context.Context, book BookID) (bool, error)

	// Rows returns all rows, withdrawn ones too, by Line then ID.
	Rows(ctx context.Context) ([]Row, error)
	Row(ctx context.Context, id string) (Row, error)
	// Register returns the newest imported register without its rows.
	Register(ctx context.Context) (Register, error)

	Documents(ctx context.Context) ([]Document, error)
	Document(ctx context.Context, sha signature.Hash) (Document, error)
	Matches(ctx context.Context) ([]Match, error)
	// MatchOf returns the match of a row; a row without one is fs.ErrNotExist.
	MatchOf(ctx context.Context, row string) (Match, error)
	// MatchedRows returns the rows that the document is matched to.
	MatchedRows(ctx context.Context, sha signature.Hash) ([]string, error)
	// RowsSigned returns the rows whose matched document has, in its newest
	// verdict, a signature with this fingerprint.
	RowsSigned(ctx context.Context, fingerprint signature.Hash) ([]string, error)

	// Confirmations returns the newest confirmation or denial of each row, by
	// row; ConfirmationOf that of one row, and fs.ErrNotExist for none.
	Confirmations(ctx context.Context) ([]Confirmation, error)
	ConfirmationOf(ctx context.Context, row string) (Confirmation, error)

	// TextOf returns the kept text of a document; none is fs.ErrNotExist.
	TextOf(ctx context.Context, sha signature.Hash) (DocumentText, error)
	// Texts lists the texts kept with a Seq above after, by Seq, without their
	// Content.
	Texts(ctx context.Context, after int64) ([]DocumentText, error)
	// Place returns how far a follower came; 0 for one that kept nothing.
	Place(ctx context.Context, follower string) (int64, error)

	// Rules returns the ids of the rules this book has states for.
	Rules(ctx context.Context) ([]string, error)
	States(ctx context.Context, rule string) ([]RowState, error)
	// StateOf returns one row's state; none is fs.ErrNotExist.
	StateOf(ctx context.Context, rule, row string) (RowState, error)

	// Counters returns how many rows have each state, by rule, state, code and
	// grade: what a fold over States of every rule gives.
	Counters(ctx context.Context) ([]Counter, error)
	// LastMove returns the newest departure or arrival of the book; none is
	// fs.ErrNotExist.
	LastMove(ctx context.Context) (BookMove, error)
	// Scheme returns the scoring scheme in force, without its bytes, which are
	// the opening of LeafOf(LeafScheme, SHA256). None is fs.ErrNotExist.
	Scheme(ctx context.Context) (SchemeUsed, error)
	// Attachments returns all links between criteria and documents, by
	// criterion, then by entry.
	Attachments(ctx context.Context) ([]Attachment, error)
	// AttachmentOf returns one link; none is fs.ErrNotExist.
	AttachmentOf(ctx context.Context, criterion string, sha signature.Hash) (Attachment, error)
	// Explanations returns every explanation that was ever given, by
	// criterion, then by entry: the last one of a criterion counts, unless it
	// is withdrawn.
	Explanations(ctx context.Context) ([]Explanation, error)

	// HasLeaf says whether a leaf of the given type with this digest as its
	// "sha256" reference exists: "material", "rule", "policy", "scheme".
	HasLeaf(ctx context.Context, leafType string, sha signature.Hash) (bool, error)
	// LeafOf returns the first entry of that kind, with its opening.
	LeafOf(ctx context.Context, leafType string, sha signature.Hash) (ledger.Entry, error)
	// Entry returns a committed entry; one appended in the running
	// transaction is fs.ErrNotExist until it commits.
	Entry(ctx context.Context, index int64) (ledger.Entry, error)
	// Blobs returns the DER of the given digests; one that is missing is
	// fs.ErrNotExist.
	Blobs(ctx context.Context, hashes []signature.Hash) ([]signature.Blob, error)

	// Records calls fn for every stored record of a projected table, in key
	// order. Check compares them with a replay of the leaves.
	Records(ctx context.Context, table string, fn func(Record) error) error
}

// Tx is a Reader that also appends. It sees its own appended events.
type Tx interface {
	Reader
	// Append adds events to the transaction, projects them, and returns the
	// index of the first. A book that departed takes nothing but its arrival:
	// ErrMoved.
	Append(ctx context.Context, events ...Event) (int64, error)
	// PutBlobs keeps DER by hash; one that is there already is skipped.
	PutBlobs(ctx context.Context, blobs []signature.Blob) error
	// Savepoint runs fn; when it fails, what it appended is undone and the
	// transaction goes on. The error is returned.
	Savepoint(ctx context.Context, fn func() error) error
}

// Event is a typed leaf: what it says to the ledger, and what the tables
// show of it. Records must depend on the event and its index alone, so that
// a replay of the ledger rebuilds every table.
type Event interface {
	Draft() (ledger.Draft, error)
	Records(index int64) []Record
}

// Record is one row of a projected table. Values are string or int64.
type Record struct {
	Table  string
	Key    string // unique inside book and table
	Values map[string]any
	Delete bool // remove the record with this key
}
