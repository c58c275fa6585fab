package web

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// answers keeps what requests with an Idempotency-Key were answered
// (draft-ietf-httpapi-idempotency-key-header-06), one file each. Losing them
// is no harm: documents are known by their bytes, and the same request again
// changes nothing.
type answers struct {
	dir string
	now func() time.Time

	mu   sync.Mutex
	busy map[string]bool // guarded by mu: keys in work
}

// answer is one kept answer.
type answer struct {
	Request string `json:"request"` // fingerprint of what was asked
	Status  int    `json:"status"`
	Body    []byte `json:"body"`
}

// keepAnswers is for how long a repeated request gets its answer again.
const keepAnswers = 7 * 24 * time.Hour

func newAnswers(dir string, now func() time.Time) *answers {
	return &answers{dir: dir, now: now, busy: map[string]bool{}}
}

// fingerprint is a digest of parts that cannot run into each other.
func fingerprint(parts ...string) string {
	b, err := json.Marshal(parts)
	if err != nil {
		panic(err) // strings
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// maxKey is the longest Idempotency-Key in bytes.
const maxKey = 255

// key names the answer for a header inside its scope: the same key of another
// principal, for another unit or route is another one. Without a header it is
// "".
func (a *answers) key(header []string, principal, unit, route string) (string, error) {
	if len(header) == 0 {
		return "", nil
	}
	key := header[0]
	if len(header) > 1 || key == "" || len(key) > maxKey {
		return "", problem{code: "bad-key"}
	}
	for i := range len(key) {
		if key[i] < ' ' || key[i] > '~' {
			return "", problem{code: "bad-key"}
		}
	}
	return fingerprint(principal, unit, route, key), nil
}

// hold keeps two requests with one key from working at the same time.
func (a *answers) hold(key string) (free func(), err error) {
	if key == "" {
		return func() {}, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.busy[key] {
		return nil, problem{code: "key-busy"}
	}
	a.busy[key] = true
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.busy, key)
	}, nil
}

// find returns the kept answer. A key that was used for another request is a
// problem. A file that cannot be read as an answer counts as none.
func (a *answers) find(key, request string) (kept answer, found bool, err error) {
	if key == "" {
		return kept, false, nil
	}
	b, err := os.ReadFile(a.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return kept, false, nil
	}
	if err != nil {
		return kept, false, fmt.Errorf("reading a kept answer: %w", err)
	}
	if err := json.Unmarshal(b, &kept); err != nil || kept.Status == 0 {
		return answer{}, false, nil
	}
	if kept.Request != request {
		return kept, false, problem{code: "key-reused"}
	}
	return kept, true, nil
}

// keep writes an answer; it appears whole or not at all.
func (a *answers) keep(key string, kept answer) error {
	if key == "" {
		return nil
	}
	b, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(a.dir, ".answer-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(b)
	if err == nil {
		err = tmp.Sync()
	}
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(tmp.Name(), a.path(key))
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return nil
}

func (a *answers) path(key string) string { return filepath.Join(a.dir, key+".json") }

// expire deletes what is older than keepAnswers.
func (a *answers) expire() error {
	entries, err := os.ReadDir(a.dir)
	if err != nil {
		return fmt.Errorf("reading the kept answers: %w", err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || a.now().Sub(info.ModTime()) < keepAnswers {
			continue
		}
		if err := os.Remove(filepath.Join(a.dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
