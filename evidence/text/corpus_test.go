package text_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"minhchung/evidence/text"
)

// TestCorpus reads real and hostile signed files: whatever they do, there is
// an answer in time, and the pool works on.
func TestCorpus(t *testing.T) {
	dir := os.Getenv("MINHCHUNG_CORPUS")
	if dir == "" {
		t.Skip("MINHCHUNG_CORPUS is not set: the signed corpus is not here")
	}
	if testing.Short() {
		t.Skip("takes a minute")
	}
	p := testPool(t, func(c *text.Config) { c.Timeout = 20 * time.Second })
	var slowest time.Duration
	count := map[text.Source]int{}
	problems := map[string]int{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.EqualFold(filepath.Ext(path), ".pdf") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		began := time.Now()
		e := extract(t, p, data)
		if took := time.Since(began); took > slowest {
			slowest = took
			t.Logf("%s: %v, %d pages, %q", d.Name(), took.Round(time.Millisecond), len(e.Pages), e.Problem)
		}
		count[e.Source]++
		problems[e.Problem]++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("slowest %v; sources %v; problems %v", slowest.Round(time.Millisecond), count, problems)
	if count[text.SourcePDF] == 0 {
		t.Error("got no text of any file")
	}
}
