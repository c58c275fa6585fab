// Package tessera measures how fast transparency-dev/tessera appends to its
// POSIX storage, beside BenchmarkAppend of evidence/postgres. It is a module of
// its own, so that the product does not depend on tessera.
//
// Both must write to the same disk to be compared: this one writes to TMPDIR,
// and PostgreSQL, where the other benchmark starts it, to memory; PG_URL names
// a server on a disk.
package tessera

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

// leafBytes is about what a leaf of ours with its opening has.
const leafBytes = 500

// log is a new log whose batches are as large as those that are added.
func newLog(b *testing.B, batch int) (*tessera.Appender, tessera.LogReader) {
	b.Helper()
	secret, _, err := note.GenerateKey(rand.Reader, "test.example/log")
	if err != nil {
		b.Fatal(err)
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	driver, err := posix.New(ctx, posix.Config{Path: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	options := tessera.NewAppendOptions().WithCheckpointSigner(signer).
		WithBatching(uint(batch), 10*time.Millisecond).
		WithCheckpointInterval(100 * time.Millisecond) // the shortest it takes
	appender, shutdown, reader, err := tessera.NewAppender(ctx, driver, options)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := shutdown(ctx); err != nil {
			b.Error(err)
		}
		cancel()
	})
	return appender, reader
}

// BenchmarkAppend adds batches one after the other. "sequenced" waits until
// the entries have a durable place, "published" until a signed checkpoint
// covers them, as an Update of ours always does. The figure is leaves/s.
func BenchmarkAppend(b *testing.B) {
	for _, batch := range []int{1, 64, 1024} {
		for _, published := range []bool{false, true} {
			name := fmt.Sprintf("batch=%d/%s", batch, map[bool]string{false: "sequenced", true: "published"}[published])
			b.Run(name, func(b *testing.B) {
				ctx := b.Context()
				appender, reader := newLog(b, batch)
				awaiter := tessera.NewPublicationAwaiter(ctx, reader.ReadCheckpoint, time.Millisecond)
				n := 0
				for b.Loop() {
					futures := make([]tessera.IndexFuture, batch)
					for i := range futures {
						n++
						leaf := binary.BigEndian.AppendUint64(make([]byte, leafBytes-8), uint64(n))
						futures[i] = appender.Add(ctx, tessera.NewEntry(leaf))
					}
					for _, f := range futures {
						var err error
						if published {
							_, _, err = awaiter.Await(ctx, f)
						} else {
							_, err = f()
						}
						if err != nil {
							b.Fatal(err)
						}
					}
				}
				b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "leaves/s")
			})
		}
	}
}
