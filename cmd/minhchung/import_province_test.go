package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"golang.org/x/sync/errgroup"

	"minhchung/cmd/minhchung/config"
	"minhchung/cmd/minhchung/demo"
	"minhchung/cmd/minhchung/message"
	"minhchung/evidence/postgres"
	"minhchung/evidence/postgres/postgrestest"
)

// provinceBucket is made on the S3 server when it is missing.
const provinceBucket = "minhchung-test"

// BenchmarkImportProvince measures import into PostgreSQL and S3 up to its last
// commit, beside the same bytes by plain PUTs, eight at a time, and then one
// COPY of all of them into a table. The metric x-plain is docs/s of the import
// by those of the plain way. It needs S3_URL, S3_KEY and S3_SECRET, and a
// PostgreSQL as package postgrestest does.
func BenchmarkImportProvince(b *testing.B) {
	if os.Getenv("S3_URL") == "" {
		b.Skip("S3_URL is not set")
	}
	server := postgrestest.Server{URL: os.Getenv("PG_URL"), Migrate: postgres.Migrate}
	b.Cleanup(server.Close)
	bucket := openBucket(b)
	dir := b.TempDir()
	summary, err := demo.Generate(b.Context(), demo.Options{Dir: filepath.Join(dir, "demo"), Rows: benchRows, Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	files := readAll(b, summary.Files)
	var imported, plain time.Duration
	for b.Loop() {
		b.StopTimer()
		database := server.Open(b)
		prefix := strings.ToLower(rand.Text()) + "/"
		start := time.Now()
		runPlain(b, bucket, "plain-"+prefix, database.Admin, files)
		plain += time.Since(start)
		e := &env{Stdout: io.Discard, Stderr: io.Discard, Cwd: dir, Lang: message.Vietnamese, settings: provinceConfig(b, database.App, prefix)}
		b.StartTimer()
		start = time.Now()
		importDemo(b, e, summary)
		imported += time.Since(start)
	}
	n := float64(len(files) * b.N)
	b.ReportMetric(n/imported.Seconds(), "docs/s")
	b.ReportMetric(n/plain.Seconds(), "plain-docs/s")
	b.ReportMetric(plain.Seconds()/imported.Seconds(), "x-plain")
}

func openBucket(b *testing.B) *minio.Client {
	b.Helper()
	u, err := url.Parse(os.Getenv("S3_URL"))
	if err != nil {
		b.Fatal(err)
	}
	client, err := minio.New(u.Host, &minio.Options{Secure: u.Scheme == "https", Region: "us-east-1",
		Creds: credentials.NewStaticV4(os.Getenv("S3_KEY"), os.Getenv("S3_SECRET"), "")})
	if err != nil {
		b.Fatal(err)
	}
	there, err := client.BucketExists(b.Context(), provinceBucket)
	if err == nil && !there {
		err = client.MakeBucket(b.Context(), provinceBucket, minio.MakeBucketOptions{})
	}
	if err != nil {
		b.Fatal(err)
	}
	return client
}

// provinceConfig writes a configuration as an administrator would, and reads
// it.
func provinceConfig(b *testing.B, app, prefix string) config.Config {
	b.Helper()
	dir := b.TempDir()
	u, err := url.Parse(app)
	if err != nil {
		b.Fatal(err)
	}
	password, _ := u.User.Password()
	u.User = url.User(u.User.Username())
	for name, secret := range map[string]string{"pg-app": password, "s3-secret": os.Getenv("S3_SECRET")} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(secret), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	file := filepath.Join(dir, "minhchung.toml")
	text := fmt.Sprintf(`data = "data"
[sql]
engine = "postgres"
[sql.postgres]
url = %q
password = "file:pg-app"
[objects]
engine = "s3"
[objects.s3]
url = %q
bucket = %q
prefix = %q
key = %q
secret = "file:s3-secret"
`, u, os.Getenv("S3_URL"), provinceBucket, prefix, os.Getenv("S3_KEY"))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	c, err := config.Load(file)
	if err != nil {
		b.Fatal(err)
	}
	return c
}

func runPlain(b *testing.B, bucket *minio.Client, prefix, admin string, files map[string][]byte) {
	b.Helper()
	var group errgroup.Group
	group.SetLimit(8)
	var rows [][]any
	for name, data := range files {
		rows = append(rows, []any{name, data})
		group.Go(func() error {
			_, err := bucket.PutObject(b.Context(), provinceBucket, prefix+fmt.Sprintf("%x", name), bytes.NewReader(data), int64(len(data)), minio.PutObjectOptions{})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
	if err := copyRows(b.Context(), admin, rows); err != nil {
		b.Fatal(err)
	}
}

func copyRows(ctx context.Context, admin string, rows [][]any) error {
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, `CREATE TABLE plain (name text, body bytea)`); err != nil {
		return err
	}
	_, err = conn.CopyFrom(ctx, pgx.Identifier{"plain"}, []string{"name", "body"}, pgx.CopyFromRows(rows))
	return err
}
