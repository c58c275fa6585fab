package main

import (
	"bytes"
	"context"
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

// provinceRows is the size of the register that the report was about.
const provinceRows = 1861

// BenchmarkProvinceImport measures import up to its last commit on PostgreSQL
// and S3 beside what only carries the same bytes: a plain PUT of each file, as
// many at a time as the import has workers, and one COPY into each table of what
// the import wrote there. The metric x-plain is the speed of the import as a
// share of theirs. It needs S3_URL, S3_KEY and S3_SECRET.
func BenchmarkProvinceImport(b *testing.B) {
	if os.Getenv("S3_URL") == "" {
		b.Skip("S3_URL is not set: no import into a province is measured")
	}
	server := &postgrestest.Server{URL: os.Getenv("PG_URL"), Migrate: postgres.Migrate}
	b.Cleanup(server.Stop)
	dir := b.TempDir()
	summary, err := demo.Generate(b.Context(), demo.Options{Dir: filepath.Join(dir, "demo"), Rows: provinceRows, Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	files := readAll(b, summary.Files)
	bucket := newBucket(b)
	var imported, plain time.Duration
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		database := server.Open(b)
		e := provinceEnv(b, dir, fmt.Sprint(i), database, bucket)
		newOffice(b, e, summary)
		b.StartTimer()
		start := time.Now()
		importDemo(b, e, summary)
		imported += time.Since(start)
		b.StopTimer()
		tables := copyOut(b, database)
		start = time.Now()
		bucket.put(b, fmt.Sprintf("plain-%d-%d/", os.Getpid(), i), files, e.settings.Receivers())
		puts := time.Since(start)
		start = time.Now()
		copyIn(b, database, tables)
		plain += puts + time.Since(start)
		b.StartTimer()
	}
	n := float64(len(files) * b.N)
	b.ReportMetric(n/imported.Seconds(), "docs/s")
	b.ReportMetric(n/plain.Seconds(), "plain-docs/s")
	b.ReportMetric(plain.Seconds()/imported.Seconds(), "x-plain")
}

// provinceEnv is a new installation on PostgreSQL and S3.
func provinceEnv(b *testing.B, dir, name string, d postgrestest.Database, s bucket) *env {
	b.Helper()
	app, err := url.Parse(d.App)
	if err != nil {
		b.Fatal(err)
	}
	password, _ := app.User.Password()
	app.User = url.User(app.User.Username())
	secret := func(file, content string) config.Secret {
		path := filepath.Join(dir, file)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			b.Fatal(err)
		}
		return config.Secret("file:" + path)
	}
	e := &env{Stdout: io.Discard, Stderr: io.Discard, Cwd: dir, Lang: message.Vietnamese, Data: filepath.Join(dir, "data-"+name)}
	e.settings.SQL = config.SQL{Engine: "postgres", Postgres: config.Postgres{URL: app.String(), Password: secret("pg-app", password)}}
	e.settings.Objects = config.Objects{Engine: "s3", S3: config.S3{URL: os.Getenv("S3_URL"), Bucket: s.name,
		Prefix: fmt.Sprintf("import-%d-%s/", os.Getpid(), name), Key: os.Getenv("S3_KEY"), Secret: secret("s3", os.Getenv("S3_SECRET"))}}
	return e
}

// bucket is a place for the benchmark on the S3 server.
type bucket struct {
	name   string
	client *minio.Client
}

func newBucket(b *testing.B) bucket {
	b.Helper()
	u, err := url.Parse(os.Getenv("S3_URL"))
	if err != nil {
		b.Fatal(err)
	}
	client, err := minio.New(u.Host, &minio.Options{Secure: u.Scheme == "https",
		Creds: credentials.NewStaticV4(os.Getenv("S3_KEY"), os.Getenv("S3_SECRET"), "")})
	if err != nil {
		b.Fatal(err)
	}
	s := bucket{"minhchung-bench", client}
	there, err := client.BucketExists(b.Context(), s.name)
	if err == nil && !there {
		err = client.MakeBucket(b.Context(), s.name, minio.MakeBucketOptions{})
	}
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// put stores each file once, so many at a time.
func (s bucket) put(b *testing.B, prefix string, files map[string][]byte, together int) {
	b.Helper()
	var g errgroup.Group
	g.SetLimit(together)
	for name, data := range files {
		g.Go(func() error {
			_, err := s.client.PutObject(b.Context(), s.name, prefix+name, bytes.NewReader(data), int64(len(data)), minio.PutObjectOptions{})
			return err
		})
	}
	if err := g.Wait(); err != nil {
		b.Fatal(err)
	}
}

func admin(b *testing.B, d postgrestest.Database) *pgx.Conn {
	b.Helper()
	c, err := pgx.Connect(context.Background(), d.Admin)
	if err != nil {
		b.Fatal(err)
	}
	return c
}

// copyOut reads what the import wrote, by table.
func copyOut(b *testing.B, d postgrestest.Database) map[string][]byte {
	b.Helper()
	c := admin(b, d)
	defer c.Close(context.Background())
	rows, err := c.Query(b.Context(), `SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
		AND relkind IN ('r', 'p') AND NOT relispartition AND relname NOT IN ('goose_db_version', 'application')`)
	if err != nil {
		b.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		b.Fatal(err)
	}
	tables := map[string][]byte{}
	for _, name := range names {
		var data bytes.Buffer
		if _, err := c.PgConn().CopyTo(b.Context(), &data, `COPY (SELECT * FROM "`+name+`") TO STDOUT BINARY`); err != nil {
			b.Fatal(err)
		}
		tables[name] = data.Bytes()
	}
	return tables
}

// copyIn writes the same bytes into tables of the same shape, in one
// transaction.
func copyIn(b *testing.B, d postgrestest.Database, tables map[string][]byte) {
	b.Helper()
	c := admin(b, d)
	defer c.Close(context.Background())
	exec := func(query string) {
		if _, err := c.Exec(b.Context(), query); err != nil {
			b.Fatal(err)
		}
	}
	exec("BEGIN")
	for name, data := range tables {
		exec(`CREATE TABLE "plain_` + name + `" (LIKE "` + name + `" INCLUDING ALL)`)
		if _, err := c.PgConn().CopyFrom(b.Context(), strings.NewReader(string(data)), `COPY "plain_`+name+`" FROM STDIN BINARY`); err != nil {
			b.Fatal(err)
		}
	}
	exec("COMMIT")
}
