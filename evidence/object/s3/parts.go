package s3

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7"

	"minhchung/evidence/object"
)

// abortTime bounds the removal of parts after a failure.
const abortTime = 5 * time.Second

// sendParts sends a large object in parts, each with its own checksum and its
// own attempts. Nothing is kept in memory: the reader is read three times, to
// verify the whole, and to hash and send each part.
func (u *upload) sendParts(tag string) (err error) {
	if err := u.drain(); err != nil {
		return err
	}
	s := u.store
	// One that is there already would be found out only after all parts were
	// sent.
	if tag == "" {
		switch _, err := s.core.StatObject(u.ctx, s.o.Bucket, u.name, minio.StatObjectOptions{}); {
		case err == nil:
			return minio.ErrorResponse{StatusCode: http.StatusPreconditionFailed, Code: minio.PreconditionFailed}
		case !notFound(err) && !fault(u.ctx, err):
			return meaning(u.ctx, err)
		}
	}
	var id string
	err = s.try(u.ctx, func() error {
		id, err = s.core.NewMultipartUpload(u.ctx, s.o.Bucket, u.name, minio.PutObjectOptions{
			UserMetadata: map[string]string{"X-Amz-Checksum-Algorithm": "SHA256"}})
		return err
	})
	if err != nil {
		return err
	}
	defer func() {
		if err != nil { // parts that stay cost room; a lifecycle rule removes them
			ctx, cancel := context.WithTimeout(context.WithoutCancel(u.ctx), abortTime)
			defer cancel()
			_ = s.core.AbortMultipartUpload(ctx, s.o.Bucket, u.name, id)
		}
	}()
	parts, err := u.parts(id)
	if err != nil {
		return err
	}
	return s.try(u.ctx, func() error {
		_, err := s.core.CompleteMultipartUpload(u.ctx, s.o.Bucket, u.name, id, parts, u.options(tag))
		if missing, _ := answerOf(err); missing.Code == "NoSuchUpload" {
			// An attempt whose answer was lost may have completed it: the
			// read-back decides.
			return nil
		}
		return err
	})
}

func (u *upload) parts(id string) (parts []minio.CompletePart, err error) {
	step := u.store.o.PartBytes
	for offset := int64(0); offset < u.size; offset += step {
		number, length := len(parts)+1, min(step, u.size-offset)
		sum, err := u.hash(offset, length)
		if err != nil {
			return nil, err
		}
		err = u.store.try(u.ctx, func() error {
			part, err := u.sendPart(id, number, offset, length, sum)
			if err == nil {
				parts = append(parts, part)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("part %d: %w", number, err)
		}
	}
	return parts, nil
}

func (u *upload) hash(offset, length int64) (sum [sha256.Size]byte, err error) {
	if _, err := u.r.Seek(u.start+offset, io.SeekStart); err != nil {
		return sum, err
	}
	h := sha256.New()
	if n, err := io.CopyN(h, u.r, length); err != nil {
		return sum, fmt.Errorf("%w: it ends %d bytes after %d: %w", object.ErrCorrupt, n, offset, err)
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}

func (u *upload) sendPart(id string, number int, offset, length int64, sum [sha256.Size]byte) (minio.CompletePart, error) {
	if _, err := u.r.Seek(u.start+offset, io.SeekStart); err != nil {
		return minio.CompletePart{}, permanent{err}
	}
	encoded := base64.StdEncoding.EncodeToString(sum[:])
	limited := &failing{ctx: u.ctx, r: io.LimitReader(u.r, length)}
	body := &detachable{r: limited}
	part, err := u.store.core.PutObjectPart(u.ctx, u.store.o.Bucket, u.name, id, number, body, length, minio.PutObjectPartOptions{
		Sha256Hex: hex.EncodeToString(sum[:]), DisableContentSha256: true,
		CustomHeader: http.Header{checksumHeader: {encoded}},
	})
	body.detach()
	if limited.err != nil {
		return minio.CompletePart{}, permanent{limited.err}
	}
	return minio.CompletePart{PartNumber: number, ETag: part.ETag, ChecksumSHA256: encoded}, err
}

// failing remembers the reader's own error and stops with the context.
type failing struct {
	ctx context.Context
	r   io.Reader
	err error
}

func (f *failing) Read(p []byte) (int, error) {
	if f.err = f.ctx.Err(); f.err != nil {
		return 0, f.err
	}
	n, err := f.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		f.err = err
	}
	return n, err
}
