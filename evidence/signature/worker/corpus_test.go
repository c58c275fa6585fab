//go:build linux

package worker

import (
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"minhchung/evidence/signature"
)

// corpusVariable names the folder of signed files that nobody here wrote.
const corpusVariable = "MINHCHUNG_CORPUS"

// TestCorpusThroughThePool reads every file twice, in a child and here. The
// pool must neither fail on one, nor drop an honest answer, nor change it.
func TestCorpusThroughThePool(t *testing.T) {
	dir := os.Getenv(corpusVariable)
	if dir == "" {
		t.Skipf("%s does not name the folder of signed files", corpusVariable)
	}
	p := testPool(t, func(c *Config) { c.Workers = 2; c.Timeout = 0; c.MemoryBytes = 0; c.AnswerBytes = 0 })
	at := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	formats, conditions := map[string]int{}, map[signature.Condition]int{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || strings.HasSuffix(path, ".tsv") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		began := time.Now()
		facts, verdict, err := p.Inspect(context.Background(), Job{Size: int64(len(data)), Body: strings.NewReader(string(data)), At: at})
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return nil
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s: took %v", path, took)
		}
		formats[facts.Format]++
		conditions[facts.Condition]++
		if facts.Condition == signature.OverLimit {
			t.Logf("%s: %s", path, facts.Problem)
		}
		here := Read(data)
		want := encoded(t, answerMessage{Facts: here, Verdict: signature.Judge(here, signature.Material{}, signature.Policy{}, nil, at)})
		if got := encoded(t, answerMessage{Facts: facts, Verdict: verdict}); got != want {
			t.Errorf("%s: the child's answer differs from ours (%s, %q)", path, facts.Condition, facts.Problem)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("formats %v, conditions %v", formats, conditions)
}

func encoded(t *testing.T, a answerMessage) string {
	t.Helper()
	b, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
