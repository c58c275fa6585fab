package main

import (
	"context"
	"io"
	"path/filepath"
	"testing"

	"minhchung/cmd/minhchung/message"
	"minhchung/evidence/storetest"
)

// BenchmarkIndicatorAll is `indicator --all` with opening the store, of 150
// units with 1,500 rows each on SQLite, beside the indicator of one unit.
func BenchmarkIndicatorAll(b *testing.B) {
	const units, rows = 150, 1500
	data := filepath.Join(b.TempDir(), "data")
	e := &env{Stdout: io.Discard, Stderr: io.Discard, Lang: message.Vietnamese, Data: data}
	err := withStore(b.Context(), e, func(ctx context.Context, s *session) error {
		return storetest.Province(ctx, s.Store, "2022", units, rows)
	})
	if err != nil {
		b.Fatal(err)
	}
	for name, args := range map[string][]string{"all": {"--all"}, "one": {"--unit", "xa-001"}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				e := &env{Stdout: io.Discard, Stderr: io.Discard, Lang: message.Vietnamese}
				if code := run(b.Context(), e, append([]string{"indicator", "--data", data, "--json"}, args...)); code != exitDone {
					b.Fatalf("got exit code %d", code)
				}
			}
		})
	}
}
