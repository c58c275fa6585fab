package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"minhchung/cmd/minhchung/demo"
	"minhchung/cmd/minhchung/message"
	"minhchung/evidence"
)

// benchRows is the demo's size in BenchmarkImport.
const benchRows = 400

// BenchmarkImport measures import up to its last commit beside the floor that
// nothing can go below: for the same bytes SHA-256 twice, three RSA-2048
// verifications for each of two signatures, one write and one fsync a file,
// one after the other on one core. The metric x-floor is their ratio.
func BenchmarkImport(b *testing.B) {
	dir := b.TempDir()
	summary, err := demo.Generate(b.Context(), demo.Options{Dir: filepath.Join(dir, "demo"), Rows: benchRows, Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	files := readAll(b, summary.Files)
	verify := newVerification(b)
	var imported, floor time.Duration
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		target := filepath.Join(dir, "floor", time.Now().Format("150405.000000000"))
		if err := os.MkdirAll(target, 0o700); err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		runFloor(b, target, files, verify)
		floor += time.Since(start)
		e := &env{Stdout: io.Discard, Stderr: io.Discard, Cwd: dir, Lang: message.Vietnamese, Data: filepath.Join(target, "data")}
		newOffice(b, e, summary)
		b.StartTimer()
		start = time.Now()
		importDemo(b, e, summary)
		imported += time.Since(start)
	}
	n := float64(len(files) * b.N)
	b.ReportMetric(n/imported.Seconds(), "docs/s")
	b.ReportMetric(n/floor.Seconds(), "floor-docs/s")
	b.ReportMetric(imported.Seconds()/floor.Seconds(), "x-floor")
}

// newOffice makes the installation that importDemo imports into: its unit, what
// it trusts and its roster.
func newOffice(tb testing.TB, e *env, d demo.Summary) {
	tb.Helper()
	err := withStore(tb.Context(), e, func(ctx context.Context, s *session) error { return prepareDemo(ctx, e, s, d) })
	if err != nil {
		tb.Fatal(err)
	}
}

func importDemo(tb testing.TB, e *env, d demo.Summary) {
	tb.Helper()
	importDemoWith(tb, e, d, func(ctx context.Context, job *importJob, in *evidence.Intake) error {
		_, _, err := job.receive(ctx, e, in)
		return err
	})
}

// importDemoWith is the import command up to receive, which is the last commit
// of the ledger: what follows it, such as reading texts, is not measured.
func importDemoWith(tb testing.TB, e *env, d demo.Summary, receive func(context.Context, *importJob, *evidence.Intake) error) {
	tb.Helper()
	job, err := prepareImport(e, importFlags{
		unit: string(d.Unit.ID), period: string(d.Period), register: d.Register, files: d.Files, rule: "nd30",
	})
	if err != nil {
		tb.Fatal(err)
	}
	err = withStore(tb.Context(), e, func(ctx context.Context, s *session) error {
		in, done, err := newIntake(ctx, s, job.book, job.rule)
		if err != nil {
			return err
		}
		defer done()
		return receive(ctx, job, in)
	})
	if err != nil {
		tb.Fatal(err)
	}
}

func readAll(b *testing.B, dir string) map[string][]byte {
	b.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		b.Fatal(err)
	}
	files := map[string][]byte{}
	for _, entry := range entries {
		data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			b.Fatal(err)
		}
		files[entry.Name()] = data
	}
	return files
}

// newVerification returns one RSA-2048 verification of a SHA-256 digest.
func newVerification(b *testing.B) func() error {
	b.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	digest := sha256.Sum256([]byte("floor"))
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	if err != nil {
		b.Fatal(err)
	}
	return func() error { return rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, digest[:], sig) }
}

func runFloor(b *testing.B, dir string, files map[string][]byte, verify func() error) {
	b.Helper()
	const signatures, verifications = 2, 3
	for name, data := range files {
		for range 2 {
			_ = sha256.Sum256(data)
		}
		for range signatures * verifications {
			if err := verify(); err != nil {
				b.Fatal(err)
			}
		}
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := f.Write(data); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
