package s3

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"

	"minhchung/evidence/object"
	"minhchung/evidence/signature"
)

// TestServer asks a real server for what the table in the package comment
// says; a server that fails here can be used, with the differences in mind.
func TestServer(t *testing.T) {
	o := realServer(t)
	s := openTest(t, o)
	if err := putBody(t, s); err != nil {
		t.Fatal(err)
	}
	name, _ := s.name(testKey())
	send := func(b []byte, sum object.Key, o minio.PutObjectOptions) int {
		o.DisableContentSha256 = true
		_, err := s.core.PutObject(t.Context(), testBucket, name, bytes.NewReader(b), int64(len(b)), "", hex.EncodeToString(sum.SHA256[:]), o)
		if err != nil && status(err) == 0 {
			t.Errorf("got %v, want an answer", err)
		}
		return status(err)
	}
	other := []byte("other bytes")
	otherKey := object.Key{SHA256: signature.HashOf(other)}
	var create, wrongTag minio.PutObjectOptions
	create.SetMatchETagExcept("*")
	wrongTag.SetMatchETag(strings.Repeat("0", 32))
	wrongSum := minio.PutObjectOptions{UserMetadata: map[string]string{checksumHeader: checksum(testKey())}}

	if got := send(other, otherKey, create); got != http.StatusPreconditionFailed {
		t.Errorf("If-None-Match on an object that is there: got %d, want 412", got)
	}
	if got := send(other, otherKey, wrongTag); got != http.StatusPreconditionFailed {
		t.Errorf("If-Match of another object: got %d, want 412", got)
	}
	if got := send(other, otherKey, wrongSum); got != http.StatusBadRequest {
		t.Errorf("wrong checksum: got %d, want 400", got)
	}
	if got := send(other, testKey(), minio.PutObjectOptions{}); got != http.StatusBadRequest {
		t.Errorf("wrong payload hash: got %d, want 400", got)
	}
	if err := readBody(t, s); err != nil {
		t.Errorf("after all of it: %v", err)
	}
	stream, _, header, err := s.core.GetObject(t.Context(), testBucket, name, minio.GetObjectOptions{Checksum: true})
	if err != nil {
		t.Fatal(err)
	}
	stream.Close()
	if got := header.Get(checksumHeader); got != checksum(testKey()) {
		t.Errorf("checksum given back: got %q, want %q", got, checksum(testKey()))
	}
}

// TestPartsAreConditional completes an upload in parts after somebody else
// has stored the object.
func TestPartsAreConditional(t *testing.T) {
	s := openTest(t, realServer(t))
	name, _ := s.name(testKey())
	id, err := s.core.NewMultipartUpload(t.Context(), testBucket, name, minio.PutObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	part, err := s.core.PutObjectPart(t.Context(), testBucket, name, id, 1, strings.NewReader("other bytes"), 11, minio.PutObjectPartOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := putBody(t, s); err != nil {
		t.Fatal(err)
	}
	var create minio.PutObjectOptions
	create.SetMatchETagExcept("*")
	_, err = s.core.CompleteMultipartUpload(t.Context(), testBucket, name, id, []minio.CompletePart{{PartNumber: 1, ETag: part.ETag}}, create)
	if !exists(err) {
		t.Errorf("got %v, want 412", err)
	}
	if err := readBody(t, s); err != nil {
		t.Error(err)
	}
}

func TestProbe(t *testing.T) {
	o := realServer(t)
	states := func(bucket string) map[string]object.Protection {
		o.Bucket = bucket
		found, err := openTest(t, o).Probe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		m := map[string]object.Protection{}
		for _, p := range found {
			t.Logf("%s: %s is %s %s", bucket, p.Name, p.State, p.Detail)
			m[p.Name] = p
		}
		return m
	}
	plain := states(testBucket)
	if plain["versioning"].State != object.Off || plain["object-lock"].State != object.Off {
		t.Errorf("plain bucket: got %v, want neither versioning nor object lock", plain)
	}
	locked := "thu-" + strings.ToLower(rand.Text())
	core := openTest(t, o).core
	if err := core.MakeBucket(t.Context(), locked, minio.MakeBucketOptions{ObjectLocking: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := core.RemoveBucket(context.WithoutCancel(t.Context()), locked); err != nil {
			t.Error(err)
		}
	})
	got := states(locked)
	if got["versioning"].State != object.On || got["object-lock"].State != object.On {
		t.Errorf("locked bucket: got %v, want versioning and object lock", got)
	}
	if len(got) != 3 {
		t.Errorf("got %d answers, want 3", len(got))
	}
	o.Bucket = locked + "-khong-co"
	if found, err := openTest(t, o).Probe(t.Context()); !errors.Is(err, object.ErrUnavailable) {
		t.Errorf("missing bucket: got %v and %v, want ErrUnavailable", found, err)
	}
}
