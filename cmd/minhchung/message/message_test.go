package message

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var verbs = regexp.MustCompile(`%(\[\d+\])?[-+# 0]*\d*(\.\d+)?[a-zA-Z]`)

func TestCatalogueIsComplete(t *testing.T) {
	for key, texts := range catalogue {
		if texts[Vietnamese] == "" || texts[English] == "" {
			t.Errorf("%s: needs both vi and en", key)
		}
		if v, e := len(verbs.FindAllString(texts[Vietnamese], -1)), len(verbs.FindAllString(texts[English], -1)); v != e {
			t.Errorf("%s: vi has %d verbs, en has %d", key, v, e)
		}
	}
}

// TestEveryKeyInUseExists reads the program's own source for Text("key") and
// for the error constructors that take a key.
func TestEveryKeyInUseExists(t *testing.T) {
	use := regexp.MustCompile(`(?:\.Text|\.say|\.note|usage|fail|sentence)\((?:[a-zA-Z]+, )?"([a-z0-9]+(?:\.[a-zA-Z0-9-]+)+)"`)
	found := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range use.FindAllSubmatch(source, -1) {
			if strings.HasSuffix(string(m[1]), "-") {
				continue // the first part of a key that is completed with a code
			}
			found++
			if !Has(string(m[1])) {
				t.Errorf("%s uses %q, which is not in the catalogue", path, m[1])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found == 0 {
		t.Error("found no use of a key: the pattern of this test is out of date")
	}
}

// TestEveryCodeHasWords reads the codes of findings and of row states from the
// packages that make them: their keys are put together where they are printed.
func TestEveryCodeHasWords(t *testing.T) {
	for _, source := range []struct{ files, pattern, prefix string }{
		{"../../../evidence/register/*.go", `(?:\.find\(|evidence\.Finding\{Code: )"([a-z-]+)"`, "finding."},
		{"../../../evidence/count/*.go", `\tCode[A-Z][A-Za-z]* += "([a-z-]+)"`, "code."},
	} {
		found := 0
		files, err := filepath.Glob(source.files)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(source.pattern).FindAllSubmatch(text, -1) {
				if found++; !Has(source.prefix + string(m[1])) {
					t.Errorf("%s has the code %q, for which the catalogue has no words", path, m[1])
				}
			}
		}
		if found == 0 {
			t.Errorf("found no code in %s: the pattern of this test is out of date", source.files)
		}
	}
}

func TestInt(t *testing.T) {
	for n, want := range map[int64][2]string{0: {"0", "0"}, 999: {"999", "999"}, 1831: {"1.831", "1,831"}, -12345678: {"-12.345.678", "-12,345,678"}} {
		if got := Vietnamese.Int(n); got != want[0] {
			t.Errorf("vi %d: got %s, want %s", n, got, want[0])
		}
		if got := English.Int(n); got != want[1] {
			t.Errorf("en %d: got %s, want %s", n, got, want[1])
		}
	}
}
