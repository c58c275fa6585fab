package s3

import (
	"bytes"
	"context"
	"crypto/rand"
	"os"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"

	"minhchung/evidence/object"
	"minhchung/evidence/object/objecttest"
)

// testBucket is made when it is missing.
const testBucket = "minhchung-test"

// realServer returns the settings of the server that S3_URL, S3_KEY and
// S3_SECRET name, with a prefix of its own for the test.
func realServer(t testing.TB) Options {
	t.Helper()
	o := Options{URL: os.Getenv("S3_URL"), Key: os.Getenv("S3_KEY"), Secret: os.Getenv("S3_SECRET"),
		Bucket: testBucket, Prefix: strings.ToLower(rand.Text()) + "/", Spool: t.TempDir()}
	if o.URL == "" {
		t.Skip("S3_URL is not set: no real S3 server is tried")
	}
	s := openTest(t, o)
	there, err := s.core.BucketExists(t.Context(), testBucket)
	if err == nil && !there {
		err = s.core.MakeBucket(t.Context(), testBucket, minio.MakeBucketOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func openTest(t testing.TB, o Options) *Store {
	t.Helper()
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// corrupt overwrites an object as an operator could, without our headers.
func corrupt(t *testing.T, s *Store, key object.Key, cut bool) {
	t.Helper()
	name, err := s.name(key)
	if err != nil {
		t.Fatal(err)
	}
	stream, _, _, err := s.core.GetObject(t.Context(), s.o.Bucket, name, minio.GetObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(stream); err != nil {
		t.Fatal(err)
	}
	if cut {
		b.Truncate(b.Len() - 1)
	} else {
		b.Bytes()[b.Len()/2] ^= 1
	}
	if _, err := s.core.PutObject(context.Background(), s.o.Bucket, name, &b, int64(b.Len()), "", "", minio.PutObjectOptions{}); err != nil {
		t.Fatal(err)
	}
}

func conformance(t *testing.T, options func(t *testing.T) Options) {
	objecttest.Run(t, objecttest.Harness{
		Open:   func(t *testing.T) object.Store { return openTest(t, options(t)) },
		Reopen: func(t *testing.T, s object.Store) object.Store { return openTest(t, s.(*Store).o) },
		Corrupt: func(t *testing.T, s object.Store, key object.Key, cut bool) {
			corrupt(t, s.(*Store), key, cut)
		},
		Large: minPartBytes*2 + 16,
	})
}

// TestConformanceReal runs the suite on a real server, in parts above 5 MiB.
func TestConformanceReal(t *testing.T) {
	realServer(t) // one skip for all of it
	conformance(t, func(t *testing.T) Options {
		o := realServer(t)
		o.PartBytes = minPartBytes
		return o
	})
}
