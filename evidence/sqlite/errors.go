package sqlite

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"

	"minhchung/evidence"
)

// Primary result codes (sqlite.org/rescode.html).
const (
	codeBusy     = 5
	codeLocked   = 6
	codeReadOnly = 8
	codeIO       = 10
	codeCorrupt  = 11
	codeFull     = 13
	codeCantOpen = 14
	codeTooBig   = 18
	codeRefused  = 19 // a constraint or a trigger
	codeNotADB   = 26
)

// code returns the primary result code of err, 0 when SQLite gave none.
func code(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

func isBusy(err error) bool {
	c := code(err)
	return c == codeBusy || c == codeLocked
}

func isCannotOpen(err error) bool {
	c := code(err)
	return c == codeCantOpen || c == codeReadOnly
}

// classify adds the sentinel that callers branch on.
func classify(err error) error {
	switch code(err) {
	case codeFull, codeIO:
		return fmt.Errorf("%w (%w)", evidence.ErrFull, err)
	case codeCorrupt:
		return fmt.Errorf("%w (%w)", evidence.ErrDamaged, err)
	case codeNotADB:
		return fmt.Errorf("%w (%w)", evidence.ErrForeign, err)
	}
	return err
}

// refused says whose fault it is that SQLite does not take a value.
func refused(err error) error {
	if c := code(err); c == codeTooBig || c == codeRefused {
		return fmt.Errorf("%w (%w)", evidence.ErrRefused, err)
	}
	return err
}
