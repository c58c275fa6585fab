package s3

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"github.com/minio/minio-go/v7"

	"minhchung/evidence/object"
)

// checksumHeader carries the SHA-256 in base64, to the server and back.
const checksumHeader = "X-Amz-Checksum-Sha256"

func checksum(key object.Key) string { return base64.StdEncoding.EncodeToString(key.SHA256[:]) }

// get opens an object. Its bytes have the key's digest, or their end is
// object.ErrCorrupt.
func (s *Store) get(ctx context.Context, name string, key object.Key) (io.ReadCloser, error) {
	body, err := s.download(ctx, name, key)
	if err != nil {
		return nil, err
	}
	return object.Checked(ctx, key, body), nil
}

// download opens an object whose bytes nobody has looked at. Those that the
// server itself knows to be others are refused before the first one.
func (s *Store) download(ctx context.Context, name string, key object.Key) (*download, error) {
	var body io.ReadCloser
	err := s.try(ctx, func() error {
		var o minio.GetObjectOptions
		o.Set("X-Amz-Checksum-Mode", "ENABLED") // with o.Checksum the library would hash the bytes as well
		stream, _, header, err := s.core.GetObject(ctx, s.o.Bucket, name, o)
		if err != nil {
			return err
		}
		// The checksum of an object in parts is one of checksums and has
		// another length.
		got := header.Get(checksumHeader)
		if len(got) == len(checksum(key)) && got != checksum(key) {
			stream.Close()
			return permanent{fmt.Errorf("%w: the server's checksum is %s", object.ErrCorrupt, got)}
		}
		body = stream
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &download{ctx: ctx, store: s, body: body}, nil
}

// download is the server's answer; a connection that breaks in the middle
// says nothing about the object.
type download struct {
	ctx   context.Context
	store *Store
	body  io.ReadCloser
}

func (d *download) Read(p []byte) (int, error) {
	n, err := d.body.Read(p)
	if err != nil && err != io.EOF {
		d.store.judge(d.ctx, err)
		err = meaning(d.ctx, err)
	}
	return n, err
}

func (d *download) Close() error { return d.body.Close() }

// readBack reads an object whole: object.ErrCorrupt when it is another one. A
// connection that breaks is tried again.
func (s *Store) readBack(ctx context.Context, name string, key object.Key, r io.Reader) error {
	for attempt := 1; ; attempt++ {
		body, err := s.download(ctx, name, key)
		if err == nil {
			err = compare(ctx, key, body, r)
			body.Close()
			if errors.Is(err, object.ErrUnavailable) && attempt < s.o.Attempts {
				continue
			}
		}
		return err
	}
}

// compare compares with the bytes that were sent where they are in memory, and
// else by their digest.
func compare(ctx context.Context, key object.Key, body *download, sent io.Reader) error {
	if c, ok := sent.(*object.Content); ok && c.SHA256() == key.SHA256 {
		return c.Compare(body)
	}
	_, err := io.Copy(io.Discard, object.Checked(ctx, key, body))
	return err
}
