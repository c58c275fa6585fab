package s3

import (
	"bytes"
	"encoding/binary"
	"sync/atomic"
	"testing"

	"github.com/minio/minio-go/v7"

	"minhchung/evidence/object"
	"minhchung/evidence/signature"
)

// BenchmarkPut stores new documents of 64 kB, eight at a time, as import does;
// "plain" is the same bytes by PUT alone: no condition, no checksum and no
// read-back.
func BenchmarkPut(b *testing.B) {
	o := realServer(b)
	s := openTest(b, o)
	var n atomic.Uint64
	next := func() ([]byte, object.Key) {
		body := bytes.Repeat([]byte{7}, 64<<10)
		binary.BigEndian.PutUint64(body, n.Add(1))
		return body, object.Key{Unit: "xa-thu", SHA256: signature.HashOf(body)}
	}
	run := func(name string, put func(body []byte, key object.Key) error) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(64 << 10)
			b.SetParallelism(4)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := put(next()); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
	run("driver", func(body []byte, key object.Key) error {
		return s.Put(b.Context(), key, int64(len(body)), bytes.NewReader(body))
	})
	run("plain", func(body []byte, key object.Key) error {
		_, err := s.core.PutObject(b.Context(), o.Bucket, "plain/"+o.Prefix+key.SHA256.String(), bytes.NewReader(body), int64(len(body)), "", "",
			minio.PutObjectOptions{DisableContentSha256: true})
		return err
	})
}
