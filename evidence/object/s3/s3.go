// Package s3 keeps documents on any server that speaks the S3 protocol: the
// object.Store of a province. An object's key is prefix, unit, slash, SHA-256
// in hex.
//
// The digest goes with the upload as the signed payload hash and as
// X-Amz-Checksum-Sha256, so that the server refuses other bytes; the creation
// is conditional (If-None-Match: *), so that of two writers one wins and
// nothing is replaced; and the object is read back and hashed before Put
// returns, since not every server keeps what it acknowledges. What is read is
// hashed here again, always: nobody gets a link to the server.
//
// Servers differ. What was measured is marked m, the rest is their
// documentation's word:
//
//	                        AWS S3   Ceph RGW 16   since Squid (19)   versitygw 1.8   MinIO
//	If-None-Match: *        yes      yes m         yes                yes m           yes
//	  at the end of parts   yes      ignored m     yes                yes m           yes
//	If-Match on PUT         yes      never holds m yes                yes m           yes
//	checksum is verified    yes      no m          yes                yes m           yes
//	checksum is given back  yes      no m          yes                yes m           yes
//	payload hash verified   yes      yes m         yes                yes m           yes
//	versioning              yes      yes m         yes                yes m           yes
//	object lock             yes      yes m         yes                yes m           yes
//	tells of encryption     yes      lists m       yes                no m            yes
//	missing object without
//	  the right to list     403      403           403                404             403
//	durable when it answers yes      yes           yes                no fsync        yes
//
// A server that ignores a condition is not dangerous: both writers bring the
// same bytes, or are refused. Where none holds, a damaged object is overwritten
// without one. One that ignores checksums is found out by the read-back.
// Checksums in trailers are not used: versitygw 1.8 does not take those of
// minio-go 7.4 (TESTBED.md). Objects above Options.PartBytes are sent in parts;
// a crash leaves parts that a lifecycle rule of the bucket
// (AbortIncompleteMultipartUpload) should remove after a day.
package s3

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"minhchung/evidence"
	"minhchung/evidence/object"
)

// Options of Open. Fields without a default are required.
type Options struct {
	// URL is the server's address, such as "https://s3.example.vn:9000"; no
	// path. Plain HTTP is refused, but for loopback or with Plain: contents and
	// names of people would be readable on the way.
	URL   string
	Plain bool
	// Bucket must exist. Prefix is put before every key; default none. It ends
	// with a slash.
	Bucket, Prefix string
	// Region is what requests are signed for; default "us-east-1", which most
	// servers other than AWS expect.
	Region string
	// Key and Secret are the credentials. They appear in no error and no log.
	Key, Secret string
	// Roots are the certificate authorities trusted for the server; default
	// those of the system.
	Roots *x509.CertPool
	// MaxBytes bounds one object; default 50 MB (52,428,800).
	MaxBytes int64
	// PartBytes is the size from which objects are sent in parts of this size;
	// default 64 MiB, at least 5 MiB.
	PartBytes int64
	// Stall is how long a connection may stand still before it is given up;
	// default 10 s. There is no limit for a transfer that goes on.
	Stall time.Duration
	// Attempts is how often a request is tried; default 4.
	Attempts int
	// Pause is how long nothing is asked after five failures in a row; default
	// 5 s, between half and one and a half of it.
	Pause time.Duration
	// Spool is the folder for readers that can be read only once; default the
	// system's folder for temporary files.
	Spool string
}

const (
	defaultMaxBytes  = 50 << 20
	defaultPartBytes = 64 << 20
	minPartBytes     = 5 << 20 // of every server, but for the last part
)

// Store is an object.Store in one bucket. It is safe for concurrent use by any
// number of processes.
type Store struct {
	core    *minio.Core
	o       Options
	breaker *breaker
	idle    func() // closes idle connections
}

var (
	_ object.Store  = (*Store)(nil)
	_ object.Pinger = (*Store)(nil)
	_ object.Prober = (*Store)(nil)
)

var prefixForm = regexp.MustCompile(`^([a-z0-9][a-z0-9._-]*/)*$`)

// Open prepares a Store. It does not speak to the server, which may be away
// when the program starts: see Ping.
func Open(o Options) (*Store, error) {
	u, err := o.check()
	if err != nil {
		return nil, fmt.Errorf("opening the S3 store: %w", err)
	}
	transport := newTransport(o)
	core, err := minio.NewCore(u.Host, &minio.Options{
		Creds:        credentials.NewStaticV4(o.Key, o.Secret, ""),
		Secure:       u.Scheme == "https",
		Region:       o.Region,
		BucketLookup: lookup(u),
		Transport:    transport,
		MaxRetries:   1, // see try
	})
	if err != nil {
		return nil, fmt.Errorf("opening the S3 store %s: %w", o.URL, err)
	}
	return &Store{core: core, o: o, breaker: newBreaker(o.Pause), idle: transport.CloseIdleConnections}, nil
}

// lookup leaves the form of the bucket's address to AWS alone; every other
// server takes the bucket as the first part of the path.
func lookup(u *url.URL) minio.BucketLookupType {
	if strings.HasSuffix(u.Hostname(), ".amazonaws.com") {
		return minio.BucketLookupAuto
	}
	return minio.BucketLookupPath
}

// check fills in the defaults.
func (o *Options) check() (*url.URL, error) {
	u, err := url.Parse(o.URL)
	switch {
	case err != nil:
		return nil, errors.New("the address cannot be read") // it may hold a password: not shown
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "":
		return nil, errors.New("the address must be http(s)://host:port and nothing else")
	case u.Scheme == "http" && !o.Plain && !loopback(u.Hostname()):
		return nil, fmt.Errorf("plain HTTP to %s, which is not this machine", u.Host)
	case o.Bucket == "":
		return nil, errors.New("no bucket is named")
	case o.Key == "" || o.Secret == "":
		return nil, errors.New("the credentials are missing")
	case !prefixForm.MatchString(o.Prefix):
		return nil, fmt.Errorf("the prefix %q must be empty or end with a slash, in small letters", o.Prefix)
	}
	setDefault(&o.Region, "us-east-1")
	setDefault(&o.MaxBytes, defaultMaxBytes)
	setDefault(&o.PartBytes, defaultPartBytes)
	setDefault(&o.Stall, 10*time.Second)
	setDefault(&o.Attempts, 4)
	setDefault(&o.Pause, 5*time.Second)
	o.PartBytes = max(o.PartBytes, minPartBytes)
	return u, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func loopback(host string) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.IsLoopback()
	}
	return host == "localhost"
}

// Close lets go of idle connections. Readers of Get stay usable.
func (s *Store) Close() error {
	s.idle()
	return nil
}

// name returns the key of an object on the server.
func (s *Store) name(key object.Key) (string, error) {
	if err := evidence.UnitID(key.Unit).Validate(); err != nil {
		return "", err
	}
	return s.o.Prefix + key.Unit + "/" + key.SHA256.String(), nil
}

// parse is the reverse of name.
func (s *Store) parse(name string) (key object.Key, ok bool) {
	rest, ok := strings.CutPrefix(name, s.o.Prefix)
	unit, digest, slash := strings.Cut(rest, "/")
	if !ok || !slash || key.SHA256.UnmarshalText([]byte(digest)) != nil {
		return key, false
	}
	key.Unit = unit
	again, err := s.name(key)
	return key, err == nil && again == name
}

// Stat implements object.Store. Missing is also object.ErrUnverified.
func (s *Store) Stat(ctx context.Context, key object.Key) (int64, error) {
	name, err := s.name(key)
	if err != nil {
		return 0, err
	}
	var info minio.ObjectInfo
	err = s.try(ctx, func() error {
		info, err = s.core.StatObject(ctx, s.o.Bucket, name, minio.StatObjectOptions{})
		if notFound(err) { // HEAD has no body that would tell a missing bucket from a missing object
			if missing := s.bucket(ctx); missing != nil {
				return missing
			}
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("object %s of unit %s: %w", key.SHA256, key.Unit, err)
	}
	return info.Size, nil
}

// Get implements object.Store. Missing is also object.ErrUnverified; a server
// that stops in the middle is object.ErrUnavailable.
func (s *Store) Get(ctx context.Context, key object.Key) (io.ReadCloser, error) {
	name, err := s.name(key)
	if err != nil {
		return nil, err
	}
	body, err := s.get(ctx, name, key)
	if err != nil {
		return nil, fmt.Errorf("object %s of unit %s: %w", key.SHA256, key.Unit, err)
	}
	return body, nil
}

// List implements object.Store. Keys that are none of ours are passed over.
func (s *Store) List(ctx context.Context, unit string, fn func(object.Key) error) error {
	prefix := s.o.Prefix
	if unit != "" {
		if err := evidence.UnitID(unit).Validate(); err != nil {
			return err
		}
		prefix += unit + "/"
	}
	last := "" // listing goes on behind it when the connection breaks
	var stop error
	err := s.try(ctx, func() error {
		listing, cancel := context.WithCancel(ctx)
		defer cancel()
		options := minio.ListObjectsOptions{Prefix: prefix, Recursive: true, StartAfter: last}
		for info := range s.core.ListObjectsIter(listing, s.o.Bucket, options) {
			if info.Err != nil {
				return info.Err
			}
			last = info.Key
			key, ours := s.parse(info.Key)
			if !ours {
				continue
			}
			if stop = fn(key); stop != nil {
				return nil
			}
		}
		return ctx.Err()
	})
	if err == nil {
		err = stop
	}
	if err != nil {
		return fmt.Errorf("listing the documents: %w", err)
	}
	return nil
}

// Ping implements object.Pinger: it asks for the bucket.
func (s *Store) Ping(ctx context.Context) error {
	err := s.bucket(ctx)
	s.judge(ctx, err)
	if err != nil {
		return fmt.Errorf("asking for the bucket %s at %s: %w", s.o.Bucket, s.o.URL, meaning(ctx, err))
	}
	return nil
}

// errNoBucket means a wrong setting or a server that lost everything; no
// object is missing because of it.
var errNoBucket = errors.New("the bucket does not exist")

func (s *Store) bucket(ctx context.Context) error {
	there, err := s.core.BucketExists(ctx, s.o.Bucket)
	if err == nil && !there {
		err = errNoBucket
	}
	return err
}
