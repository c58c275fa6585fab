package s3

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7"

	"minhchung/evidence/object"
)

const (
	firstWait = 100 * time.Millisecond
	longWait  = 2 * time.Second
)

// permanent wraps an error that says nothing about the server and must not be
// tried again: it passes through try as it is.
type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// try calls fn until the server has done its work, an error is final or the
// attempts are used up. Waiting times double, each of random length up to its
// limit, so that many clients do not come back at the same moment (Brooker,
// "Exponential Backoff and Jitter", AWS Architecture Blog 2015). The error has
// the sentinels of package object.
func (s *Store) try(ctx context.Context, fn func() error) error {
	wait := firstWait
	for attempt := 1; ; attempt++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !s.breaker.enter() {
			return fmt.Errorf("%w: it failed %d times in a row and is not asked for a while", object.ErrUnavailable, threshold)
		}
		err := fn()
		failed := s.judge(ctx, err)
		if !failed || attempt == s.o.Attempts {
			return meaning(ctx, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(rand.N(wait)):
		}
		wait = min(2*wait, longWait)
	}
}

// judge tells the breaker how a call ended, and reports whether the server
// failed. A call that was cancelled, or whose own reader failed, says nothing.
func (s *Store) judge(ctx context.Context, err error) (failed bool) {
	failed = fault(ctx, err)
	if _, answered := answerOf(err); failed || answered || err == nil {
		s.breaker.report(failed)
	}
	return failed
}

// fault reports whether err means that the server or the way to it failed, so
// that the same request may succeed later.
func fault(ctx context.Context, err error) bool {
	var final permanent
	if err == nil || ctx.Err() != nil || errors.As(err, &final) || errors.Is(err, errNoBucket) {
		return false
	}
	answer, answered := answerOf(err)
	if !answered {
		return true // no answer at all
	}
	switch answer.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusTooEarly:
		return true
	case http.StatusConflict: // AWS: another writer was faster, ask again
		return answer.Code == "ConditionalRequestConflict" || answer.Code == "OperationAborted"
	case http.StatusBadRequest:
		// The body ended early on its way; a checksum that does not fit was
		// damaged on its way, since ours is verified before the last byte.
		return answer.Code == "RequestTimeout" || answer.Code == "IncompleteBody" || isMangled(answer.Code)
	}
	return answer.StatusCode >= 500 && answer.StatusCode != http.StatusNotImplemented
}

func isMangled(code string) bool {
	return code == "BadDigest" || code == "XAmzContentSHA256Mismatch" || code == "XAmzContentChecksumMismatch"
}

// answerOf finds the server's own words in an error.
func answerOf(err error) (minio.ErrorResponse, bool) {
	var answer minio.ErrorResponse
	return answer, errors.As(err, &answer) && answer.StatusCode != 0
}

// meaning gives an error of the library the sentinel that callers branch on.
func meaning(ctx context.Context, err error) error {
	var final permanent
	switch {
	case err == nil:
		return nil
	case errors.As(err, &final):
		return final.error
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, errNoBucket):
		return fmt.Errorf("%w: %w", object.ErrUnavailable, err)
	case notFound(err):
		return fmt.Errorf("%w: %w (%w)", fs.ErrNotExist, object.ErrUnverified, err)
	}
	return fmt.Errorf("%w: %w", object.ErrUnavailable, err)
}

func status(err error) int {
	answer, _ := answerOf(err)
	return answer.StatusCode
}

// notFound reports the answer that an object is not there. One that names the
// bucket is not this.
func notFound(err error) bool {
	answer, ok := answerOf(err)
	return ok && answer.StatusCode == http.StatusNotFound && answer.Code != minio.NoSuchBucket
}

// exists reports that a condition kept a request from taking effect.
func exists(err error) bool { return status(err) == http.StatusPreconditionFailed }
