package s3

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7"

	"minhchung/evidence/object"
)

// Probe implements object.Prober. A question that the server does not know or
// does not answer to these credentials is object.Unknown; a server that is
// away, or has lost the bucket, is an error.
func (s *Store) Probe(ctx context.Context) ([]object.Protection, error) {
	var found []object.Protection
	for _, ask := range []struct {
		name string
		fn   func(context.Context) (string, error) // "" means off
	}{
		{"versioning", s.versioning}, {"object-lock", s.objectLock}, {"encryption", s.encryption},
	} {
		p := object.Protection{Name: ask.name, State: object.Off}
		var detail string
		err := s.try(ctx, func() (err error) {
			detail, err = ask.fn(ctx)
			return understood(err)
		})
		answer, answered := answerOf(err)
		switch {
		case err == nil && detail != "":
			p.State, p.Detail = object.On, detail
		case err == nil:
		case answer.Code == minio.NoSuchBucket:
			return nil, fmt.Errorf("asking the server for %s: %w", ask.name, err)
		case answered && answer.StatusCode < 500 || answer.Code == "NotImplemented":
			p.State, p.Detail = object.Unknown, answer.Code
		default:
			return nil, fmt.Errorf("asking the server for %s: %w", ask.name, err)
		}
		found = append(found, p)
	}
	return found, nil
}

// understood makes an answer to another question the server's "NotImplemented".
// Ceph RGW 16 lists the bucket when it is asked for its encryption.
func understood(err error) error {
	var another xml.UnmarshalError
	if errors.As(err, &another) {
		return minio.ErrorResponse{StatusCode: http.StatusNotImplemented, Code: "NotImplemented", Message: err.Error()}
	}
	return err
}

func (s *Store) versioning(ctx context.Context) (string, error) {
	v, err := s.core.GetBucketVersioning(ctx, s.o.Bucket)
	if err != nil || !v.Enabled() {
		return "", err
	}
	return v.Status, nil
}

// objectLock names the default retention; without one the lock keeps nothing
// by itself.
func (s *Store) objectLock(ctx context.Context) (string, error) {
	state, mode, validity, unit, err := s.core.GetObjectLockConfig(ctx, s.o.Bucket)
	if answer, _ := answerOf(err); answer.Code == "ObjectLockConfigurationNotFoundError" {
		return "", nil
	}
	if err != nil || state != "Enabled" {
		return "", err
	}
	if mode == nil || validity == nil || unit == nil {
		return "without a default retention", nil
	}
	return fmt.Sprintf("%s %d %s", strings.ToLower(mode.String()), *validity, strings.ToLower(unit.String())), nil
}

func (s *Store) encryption(ctx context.Context) (string, error) {
	config, err := s.core.GetBucketEncryption(ctx, s.o.Bucket)
	if answer, _ := answerOf(err); answer.Code == "ServerSideEncryptionConfigurationNotFoundError" {
		return "", nil
	}
	if err != nil || config == nil || len(config.Rules) == 0 {
		return "", err
	}
	return config.Rules[0].Apply.SSEAlgorithm, nil
}
