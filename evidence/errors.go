package evidence

import "errors"

// Sentinels of every Store driver, for callers that must act differently.
var (
	// ErrNewer says that the database was written by a newer version of the
	// program: update the program; never downgrade the data.
	ErrNewer = errors.New("the database belongs to a newer version of the program: install that version, the data stays as it is")
	// ErrOlder says that the database must be migrated first, which a
	// read-only opening does not do.
	ErrOlder = errors.New("the database belongs to an older version of the program: run a writing command once to bring it up to date")
	// ErrForeign says that the file is no database of this program.
	ErrForeign = errors.New("the file is not a database of this program")
	// ErrFull says that the disk has no room or refuses to write. Nothing of
	// the transaction is stored; free the disk and run the command again.
	ErrFull = errors.New("the disk is full or refuses to write: free some space and run the command again")
	// ErrOutcome says that nobody knows whether a commit took effect. Nothing
	// was released; open the store again and look before repeating.
	ErrOutcome = errors.New("it is not known whether the transaction was committed: run check, then repeat the command")
	// ErrUnavailable says that the database cannot be reached or does not
	// answer now. Nothing of the transaction is stored; repeat it later.
	ErrUnavailable = errors.New("the database does not answer: try again later")
	// ErrDamaged says that the database file cannot be read as one.
	ErrDamaged = errors.New("the database file is damaged: restore a backup")
	// ErrRecord says that a stored column holds what the program never writes
	// there. Check names the column.
	ErrRecord = errors.New("a stored value was changed or damaged: run check")
	// ErrMoved says that the book went to another installation (Move), which
	// alone may append to it.
	ErrMoved = errors.New("the book has moved to another installation")
	// ErrRefused says that the store refuses what an event has, whoever tries
	// it and however often; other events are not concerned.
	ErrRefused = errors.New("the ledger does not take this")
	// ErrReadOnly says that a store opened for reading was asked to write.
	ErrReadOnly = errors.New("the store is open for reading only")
)
