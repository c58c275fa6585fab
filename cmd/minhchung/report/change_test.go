package report

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"minhchung/cmd/minhchung/message"
	"minhchung/evidence/signature"
)

// TestChange shows what a person reads about a change.
func TestChange(t *testing.T) {
	for _, c := range []struct {
		change signature.Change
		vi, en string
	}{
		{signature.Change{Page: 1, What: "page-content", Class: "forbidden", Rule: "ISO 32000-2 7.7.3", Detail: "the page was turned: /Rotate: 90 instead of 0"},
			"sửa nội dung trang ở trang 1 (trái phép): trang bị xoay: /Rotate: 90 thay cho 0 [ISO 32000-2 7.7.3]",
			"page content on page 1 (forbidden): the page was turned: /Rotate: 90 instead of 0 [ISO 32000-2 7.7.3]"},
		{signature.Change{Page: 1, What: "numbering", Class: "permitted", Rule: "Decree 30/2020 art. 32; free place before a further signature",
			Detail: "an annotation (FreeText) was added: 32; in a free place, covered by the signature of revision 3"},
			"ghi số và ngày văn bản ở trang 1 (được phép): thêm chú thích loại FreeText: 32; ở chỗ trống, được chữ ký ở lần ghi 3 bao trùm [Nghị định 30/2020/NĐ-CP điều 32; chỗ trống trước chữ ký tiếp theo]",
			"number and date written in on page 1 (permitted): an annotation (FreeText) was added: 32; in a free place, covered by the signature of revision 3 [Decree 30/2020 art. 32; free place before a further signature]"},
		{signature.Change{What: "form-fill", Class: "forbidden", Rule: "ISO 32000-2 12.8.2.4", Detail: `field "ten": "An; the field is locked" instead of "100 %s"; the field is locked`},
			`điền biểu mẫu (trái phép): ô "ten": "An; the field is locked" thay cho "100 %s"; ô đã bị khóa [ISO 32000-2 12.8.2.4]`,
			`a form field filled in (forbidden): field "ten": "An; the field is locked" instead of "100 %s"; the field is locked [ISO 32000-2 12.8.2.4]`},
		{signature.Change{What: "signature-added", Class: "forbidden", Rule: "ISO 32000-2 12.8.2.2.2", Detail: `field "ky" was signed; a further signature is not permitted at DocMDP level 1`},
			`thêm một chữ ký (trái phép): ô "ky" được ký; thêm chữ ký không được phép ở mức DocMDP 1 [ISO 32000-2 12.8.2.2.2]`, ""},
		{signature.Change{What: "brand-new", Class: "unknown", Detail: "something that the catalogue does not know"},
			"brand-new (chưa rõ): something that the catalogue does not know", "brand-new (unclear): something that the catalogue does not know"},
	} {
		if got := Change(message.Vietnamese, c.change); got != c.vi {
			t.Errorf("vi: got\n%s, want\n%s", got, c.vi)
		}
		if got := Change(message.English, c.change); c.en != "" && got != c.en {
			t.Errorf("en: got\n%s, want\n%s", got, c.en)
		}
	}
}

// TestEveryExplanationIsTranslated reads the sentences from the source of the
// package that writes them.
func TestEveryExplanationIsTranslated(t *testing.T) {
	literal := `"((?:[^"\\\n]|\\.)*)"`
	// What is put together from several strings, as it then reads.
	together := map[string]string{
		"an annotation (%s) was added%s":                              "an annotation (Ink) was added: x",
		"%s, and it is not certain that field %q looks the same then": "readers are told to draw all fields anew, and it is not certain that field x looks the same then",
		"%s, and each shows its value as it is":                       "readers are told to draw all fields anew, and each shows its value as it is",
		"%s; nothing that the document consists of changed":           "7 objects were written; nothing that the document consists of changed",
		"the extension %s %s":                                         "the extension ADBE was taken back from 1.7 level 8 to 1.7 level 3",
		"field %q was signed%s":                                       `field "x" was signed and certifies the document (DocMDP level 2)`,
		"an annotation (":                                             "an annotation (Ink)",
	}
	patterns := []*regexp.Regexp{
		regexp.MustCompile(`says\(` + literal), regexp.MustCompile(`decide\(.*?, ` + literal + `(?:, |\))`),
		regexp.MustCompile(`forbids\(c, ` + literal), regexp.MustCompile(`what(?:, what)? :?= .*` + literal), regexp.MustCompile(`over(?::| =| :=) ` + literal),
		regexp.MustCompile(`p\.cover, p\.over = [a-zA-Z]+, ` + literal), regexp.MustCompile(`return cover[A-Z][a-z]+, ` + literal),
		regexp.MustCompile(`return (?:-1|nil|numbers), ` + literal), regexp.MustCompile(`Problem = (?:-1, )?` + literal),
		regexp.MustCompile(`(?:malformed|unsupported)\(` + literal + `\)`), regexp.MustCompile(`(?s:broken\([^"]*?)` + literal + `\)`),
		regexp.MustCompile(`":\s+` + literal),
	}
	files, err := filepath.Glob("../../../evidence/signature/pdf/*.go")
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, "../../../evidence/signature/integrity.go")
	found := 0
	for _, path := range files {
		name := filepath.Base(path)
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range patterns {
			if i == len(patterns)-1 && name != "changes_words.go" {
				continue // pairs of a table
			}
			for _, m := range p.FindAllSubmatch(source, -1) {
				text := string(m[1])
				if !strings.Contains(text, " ") || strings.HasPrefix(text, "ISO ") {
					continue // a code, a path or a clause
				}
				if name == "changes_words.go" {
					text += ":"
				}
				if strings.HasSuffix(text, ":") { // the places follow
					text += " /Key: added"
				}
				found++
				if whole, ok := together[text]; ok {
					text = whole
				}
				filled := strings.NewReplacer("%%", "%", "%q", `"x"`, "%s", "x", "%d", "7", "%.0f", "7", "%g", "7", `\"`, `"`).Replace(text)
				if _, ok := sentence(message.Vietnamese, filled, 0); ok {
					continue
				}
				whole := true
				for _, part := range clauses(filled) {
					_, ok := sentence(message.Vietnamese, part, 0)
					whole = whole && ok
				}
				if !whole {
					t.Errorf("%s writes %q, for which the catalogue has no words", name, text)
				}
			}
		}
	}
	if found < 100 {
		t.Errorf("found only %d sentences: the patterns of this test are out of date", found)
	}
}
