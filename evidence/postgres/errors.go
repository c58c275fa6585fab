package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"minhchung/evidence"
	"minhchung/ledger"
)

// SQLSTATE codes (postgresql.org, appendix A).
const (
	codeSerialization = "40001"
	codeDeadlock      = "40P01"
	codeLockTimeout   = "55P03"
	codeDiskFull      = "53100"
	codeIO            = "58030"
	codeReadOnly      = "25006"
	codeNotNull       = "23502"
)

// sqlState returns the code that the server gave, "" when it gave none.
func sqlState(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// refused adds what it means that the server does not take a value: the
// ledger's NULL, see insertTiles and book.SwapHead, or whose fault it is.
func refused(err error) error {
	var e *pgconn.PgError
	switch {
	case !errors.As(err, &e) || !isRefused(e.Code):
		return err
	case e.Code == codeNotNull && e.TableName == "tile" && e.ColumnName == "data":
		return fmt.Errorf("%w: a stored tile would be rewritten (%w)", ledger.ErrDamaged, err)
	case e.Code == codeNotNull && e.TableName == "head" && e.ColumnName == "size":
		return fmt.Errorf("%w (%w)", ledger.ErrHeadMoved, err)
	}
	return fmt.Errorf("%w (%w)", evidence.ErrRefused, err)
}

// isRefused reports whether a code says that a value is not taken: classes 22
// (data), 23 (constraints), 54 (limits) and P0 (triggers).
func isRefused(code string) bool {
	return slices.Contains([]string{"22", "23", "54", "P0"}, code[:min(2, len(code))])
}

// isRetry reports whether the transaction was undone only because of others.
func isRetry(err error) bool {
	code := sqlState(err)
	return code == codeSerialization || code == codeDeadlock || errors.Is(err, ledger.ErrHeadMoved)
}

// isAway reports whether the server cannot be reached or does not serve now:
// classes 08 (connection), 53 (resources), 57 (operator intervention), and
// everything that came from the network.
func isAway(err error) bool {
	if code := sqlState(err); code != "" {
		return code[:2] == "08" || code[:2] == "57" || code == "53300" || code == codeReadOnly || code == codeLockTimeout
	}
	var network net.Error
	var connect *pgconn.ConnectError
	return errors.As(err, &network) || errors.As(err, &connect) || pgconn.SafeToRetry(err) || pgconn.Timeout(err) ||
		err != nil && (strings.Contains(err.Error(), "conn closed") || strings.Contains(err.Error(), "unexpected EOF"))
}

// classify adds the sentinel that callers branch on.
func classify(err error) error {
	switch code := sqlState(err); {
	case err == nil:
		return nil
	case errors.Is(err, evidence.ErrOutcome), errors.Is(err, evidence.ErrUnavailable):
		return err
	case code == codeDiskFull, code == codeIO:
		return fmt.Errorf("%w (%w)", evidence.ErrFull, err)
	case strings.HasPrefix(code, "XX"):
		return fmt.Errorf("%w (%w)", evidence.ErrDamaged, err)
	case isAway(err), isRetry(err): // the latter was tried often enough
		return fmt.Errorf("%w (%w)", evidence.ErrUnavailable, err)
	}
	return err
}

// cancelled says "cancelled" when that was the cause: a broken connection is
// only how it looks from below.
func cancelled(ctx context.Context, err error) error {
	if cause := ctx.Err(); err != nil && cause != nil && !errors.Is(err, evidence.ErrOutcome) && !errors.Is(err, cause) {
		return fmt.Errorf("%w (%w)", cause, err)
	}
	return classify(err)
}
