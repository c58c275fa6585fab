package sqlite

import (
	"context"
	"fmt"

	"minhchung/evidence"
	"minhchung/evidence/relation"
	"minhchung/evidence/signature"
)

var _ relation.Writer = (*conn)(nil)

// Exec implements relation.Writer.
func (c *conn) Exec(ctx context.Context, query string, args ...any) error {
	_, err := c.exec(ctx, query, args...)
	return err
}

// Put implements relation.Writer.
func (c *conn) Put(ctx context.Context, book string, rec evidence.Record) error {
	t := relation.TableOf(rec)
	if rec.Delete {
		return c.Exec(ctx, t.Remove, book, rec.Key)
	}
	return c.Exec(ctx, t.Upsert, append([]any{book, rec.Key}, t.Values(rec)...)...)
}

// PutBlobs implements relation.Writer.
func (c *conn) PutBlobs(ctx context.Context, book string, blobs []signature.Blob) error {
	for _, b := range blobs {
		err := c.Exec(ctx, `INSERT INTO blob (book, sha256, der) VALUES (?, ?, ?) ON CONFLICT (book, sha256) DO NOTHING`,
			book, b.SHA256[:], b.DER)
		if err != nil {
			return fmt.Errorf("blob %s: %w", b.SHA256, err)
		}
	}
	return nil
}

// Savepoint implements relation.Writer.
func (c *conn) Savepoint(ctx context.Context, name string) error {
	return c.Exec(ctx, "SAVEPOINT "+name)
}

// Release implements relation.Writer.
func (c *conn) Release(ctx context.Context, name string) error {
	return c.Exec(ctx, "RELEASE "+name)
}

// RollbackTo implements relation.Writer. It is not bound to a context: what
// is not undone would be committed.
func (c *conn) RollbackTo(name string) error {
	for _, statement := range []string{"ROLLBACK TO ", "RELEASE "} {
		if _, err := c.run(statement + name); err != nil {
			return err
		}
	}
	c.broken = nil
	return nil
}

// Broken implements relation.Writer.
func (c *conn) Broken() error { return c.broken }
