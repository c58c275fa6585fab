package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"minhchung/cmd/minhchung/message"
	"minhchung/cmd/minhchung/paper"
)

// office runs commands in one data directory.
type testOffice struct {
	t   *testing.T
	dir string
}

func (o testOffice) run(args ...string) (code int, stdout, stderr string) {
	o.t.Helper()
	var out, errs bytes.Buffer
	e := &env{Stdout: &out, Stderr: &errs, Cwd: o.dir, Lang: message.English}
	code = run(o.t.Context(), e, append([]string{"--data", "data", "--lang", "en"}, args...))
	return code, out.String(), errs.String()
}

// attach hangs a file on 1.6 of the one book and returns what --json says.
func (o testOffice) attach(name string, more ...string) (a attached) {
	o.t.Helper()
	code, out, errs := o.run(append([]string{"attach", "--unit", "xa-a", "--period", "2022", "--criterion", "1.6", "--file", name, "--json"}, more...)...)
	if code != exitDone {
		o.t.Fatalf("attaching %q: exit code %d: %s", name, code, errs)
	}
	if err := json.Unmarshal([]byte(out), &a); err != nil {
		o.t.Fatal(err)
	}
	return a
}

func (o testOffice) write(name string, data []byte) {
	o.t.Helper()
	if err := os.WriteFile(filepath.Join(o.dir, name), data, 0o600); err != nil {
		o.t.Fatal(err)
	}
}

func zipOf(t *testing.T, members ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		f, err := w.CreateHeader(&zip.FileHeader{Name: members[i], Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(members[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pdfOf(t *testing.T, pages int) []byte {
	t.Helper()
	p, err := paper.NewPrinter()
	if err != nil {
		t.Fatal(err)
	}
	s := p.Sheet()
	for s.Pages() < pages {
		s.Page()
	}
	s.Text(50, 50, 12, false, "Biên bản đối thoại")
	b, err := s.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func newTestOffice(t *testing.T) testOffice {
	t.Helper()
	o := testOffice{t, t.TempDir()}
	if code, _, errs := o.run("unit", "add", "xa-a", "--name", "Xã thử A"); code != exitDone {
		t.Fatal(errs)
	}
	return o
}

// TestAttachTakesAnyFile: the verdict is what a reader can say of the format,
// and never an obstacle.
func TestAttachTakesAnyFile(t *testing.T) {
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 4, 4))); err != nil {
		t.Fatal(err)
	}
	o := newTestOffice(t)
	for _, f := range []struct {
		name string
		data []byte
		want string
	}{
		{"Biên bản.pdf", pdfOf(t, 3), "unsigned"},
		{"a.docx", zipOf(t, "[Content_Types].xml", "<Types/>", "word/document.xml", "<w/>"), "unknown"},
		{"a.xlsx", zipOf(t, "[Content_Types].xml", "<Types/>", "xl/workbook.xml", "<w/>"), "unknown"},
		{"a.odt", zipOf(t, "mimetype", "application/vnd.oasis.opendocument.text", "content.xml", "<o/>"), "unknown"},
		{"../is only a name.zip", zipOf(t, "../../up.txt", "x"), "unreadable"},
		{"a.png", picture.Bytes(), "unreadable"},
		{"a.txt", []byte("thông báo kết luận"), "unreadable"},
		{"\u202egpj.exe\n\x1b[2J.txt", []byte("a hostile name"), "unreadable"},
		{"broken \xff name.txt", []byte("another hostile name"), "unreadable"},
		{"a.pdf", []byte("%PDF-1.7 and then nothing"), "unreadable"},
	} {
		name := strings.TrimPrefix(f.name, "../")
		o.write(name, f.data)
		if a := o.attach(name, "--note", "ghi chú"); string(a.Document.Result) != f.want || !a.New || len(a.Links) != 1 || !a.Links[0].Changed {
			t.Errorf("%q: got %+v, want a new document that is %s", f.name, a, f.want)
		}
	}
	_, out, _ := o.run("criteria", "--unit", "xa-a", "--period", "2022")
	for _, want := range []string{"documents: 10", "Biên bản.pdf: unsigned", "a.docx: unknown", "a.png: carries no signature", "a.pdf: unreadable", `broken \xff name.txt`} {
		if !strings.Contains(out, want) {
			t.Errorf("the tree has no %q:\n%.3000s", want, out)
		}
	}
	if strings.ContainsAny(out, "\u202e\x1b") || strings.Contains(out, "exe\n") {
		t.Error("a file name steers the terminal")
	}
	if code, out, errs := o.run("check"); code != exitDone {
		t.Errorf("check: exit code %d: %s%s", code, out, errs)
	}
}

func TestAttachKnowsHowManyPagesThereAre(t *testing.T) {
	o := newTestOffice(t)
	o.write("a.pdf", pdfOf(t, 3))
	for range 2 { // a new file, then a known one
		code, _, errs := o.run("attach", "--unit", "xa-a", "--period", "2022", "--criterion", "1.6", "--file", "a.pdf", "--pages", "2-4")
		if code != exitUsage || !strings.Contains(errs, "only 3 pages") {
			t.Errorf("got exit code %d and %q, want a sentence about 3 pages", code, errs)
		}
		o.attach("a.pdf", "--pages", "2-3")
	}
}

func TestAttachRefusesWhatIsTooLarge(t *testing.T) {
	o := newTestOffice(t)
	o.write("large.bin", []byte("x"))
	if err := os.Truncate(filepath.Join(o.dir, "large.bin"), maxFileBytes+1); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"attach", "--criterion", "1.6", "--file", "large.bin"},
		{"attach", "--criterion", "1.6", "--file", "none", "--note", strings.Repeat("n", 2001)},
		{"attach", "--criterion", "1.6", "--file", "none", "--pages", strings.Repeat("1,", 500) + "1"},
		{"explain", "--criterion", "1.6", "--text", strings.Repeat("n", 20001)},
		{"explain", "--criterion", "1.6", "--text", "broken \xff text"},
		{"explain", "--criterion", strings.Repeat("7", 5000), "--text", "x"},
		{"attach", "--criterion", "1.6", "--document", strings.Repeat("7", 5000)},
	} {
		args = append(args, "--unit", "xa-a", "--period", "2022")
		if code, out, errs := o.run(args...); code != exitUsage || out != "" || strings.Count(errs, "\n") != 1 {
			t.Errorf("%.60q: got exit code %d, %q and %.200q, want 2 and one sentence", args, code, out, errs)
		}
	}
	if _, out, _ := o.run("check"); strings.Contains(out, "2022") {
		t.Errorf("a refused command opened a book: %s", out)
	}
}
