package main

import (
	"context"
	"io"
	"path/filepath"
	"testing"

	"minhchung/cmd/minhchung/demo"
	"minhchung/cmd/minhchung/message"
	"minhchung/evidence"
)

// An import of several files has its children started before the first file
// comes, while the register is committed.
func TestImportWarms(t *testing.T) {
	dir := t.TempDir()
	summary, err := demo.Generate(t.Context(), demo.Options{Dir: filepath.Join(dir, "demo"), Rows: 47, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	e := &env{Stdout: io.Discard, Stderr: io.Discard, Cwd: dir, Lang: message.Vietnamese, Data: filepath.Join(dir, "data")}
	newOffice(t, e, summary)
	importDemoWith(t, e, summary, func(ctx context.Context, job *importJob, in *evidence.Intake) error {
		warmed, warm := 0, in.Warm
		in.Warm = func() { warmed++; warm() }
		_, received, err := job.receive(ctx, e, in)
		if warmed != 1 {
			t.Errorf("the children were warmed %d times, want 1", warmed)
		}
		if received.Received == 0 || received.Received+received.Known != len(received.Documents) {
			t.Errorf("got %d new documents and %d known ones of %d files", received.Received, received.Known, len(received.Documents))
		}
		return err
	})
}
