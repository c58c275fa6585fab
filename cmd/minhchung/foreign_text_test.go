package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"minhchung/cmd/minhchung/paper"
	"minhchung/evidence/text"
)

// letterWords are what each writer is given: every mark of Vietnamese, numbers,
// dashes and enough lines for two pages.
func letterWords() []string {
	sentences := []string{
		"Số: 32/BC-UBND, Thử Nghiệm, ngày 03 tháng 4 năm 2022.",
		"Ủy ban nhân dân xã Thử Nghiệm báo cáo kết quả thực hiện Kế hoạch cải cách hành chính năm 2022.",
		"Bộ phận, cá nhân để hồ sơ quá hạn phải kiểm điểm, rút kinh nghiệm và gửi thư xin lỗi người dân.",
		"Tỷ lệ văn bản điện tử có ký số đạt 1.831/1.861, bằng 98,4 % so với sổ đăng ký văn bản đi.",
		"Đường, phường, khuỷu, nguyễn, quyển, giếng, ngoằn ngoèo, khúc khuỷu, thuở xưa, huệ, quỷ, ỷ lại.",
	}
	var lines []string
	for i := range 70 {
		lines = append(lines, fmt.Sprintf("%d. %s", i+1, sentences[i%len(sentences)]))
	}
	return lines
}

// writers make a PDF of lines in a folder; "" when their program is missing.
var writers = map[string]func(t *testing.T, dir string, lines []string) string{
	"own": func(t *testing.T, dir string, lines []string) string {
		p, err := paper.NewPrinter()
		if err != nil {
			t.Fatal(err)
		}
		s, y := p.Sheet(), 60.0
		for _, line := range lines {
			for _, part := range p.Regular.Wrap(line, 12, 460, 0) {
				if y += 16; y > paper.Height-60 {
					s.Page()
					y = 60
				}
				s.Text(70, y, 12, false, part)
			}
		}
		b, err := s.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		return writeFile(t, dir, "own.pdf", b)
	},
	"chromium": func(t *testing.T, dir string, lines []string) string {
		page := writeFile(t, dir, "page.html", []byte("<meta charset=utf-8><p>"+strings.Join(lines, "<p>")))
		out := filepath.Join(dir, "chromium.pdf")
		return writtenBy(t, out, "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
			"--user-data-dir="+filepath.Join(dir, "profile"), "--no-pdf-header-footer", "--print-to-pdf="+out, "file://"+page)
	},
	"soffice": func(t *testing.T, dir string, lines []string) string {
		page := writeFile(t, dir, "page.fodt", []byte(flatODT(lines)))
		return writtenBy(t, filepath.Join(dir, "page.pdf"), "soffice", "-env:UserInstallation=file://"+filepath.Join(dir, "office"), "--headless",
			"--convert-to", "pdf", "--outdir", dir, page)
	},
}

func flatODT(lines []string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" ` +
		`xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2" office:mimetype="application/vnd.oasis.opendocument.text">` +
		`<office:body><office:text><text:p>` + strings.Join(lines, "</text:p><text:p>") + `</text:p></office:text></office:body></office:document>`
}

func writeFile(t *testing.T, dir, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func writtenBy(t *testing.T, out, program string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skip(program + " is not installed: deploy/test.sh installs it")
	}
	said, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", program, err, said)
	}
	return out
}

// TestTextBesidePdftotext compares our text of PDFs by three writers, word by
// word, with that of another engine.
func TestTextBesidePdftotext(t *testing.T) {
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("pdftotext is not installed: deploy/test.sh installs it")
	}
	command, err := childCommand(textCommand)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := text.New(text.Config{Command: command, CacheDir: compileReaders(t), Timeout: 2 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pool.Close() })
	lines := letterWords()
	for name, write := range writers {
		t.Run(name, func(t *testing.T) {
			path := write(t, t.TempDir(), lines)
			theirs, err := exec.CommandContext(t.Context(), "pdftotext", "-enc", "UTF-8", path, "-").Output()
			if err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			e, err := pool.Extract(t.Context(), text.Bytes(data))
			if err != nil {
				t.Fatal(err)
			}
			var ours strings.Builder
			for _, p := range e.Pages {
				ours.WriteString(p.Text + "\n")
			}
			given, got, other := wordsOf(strings.Join(lines, "\n")), wordsOf(ours.String()), wordsOf(string(theirs))
			t.Logf("%d pages: %d words written, %d read by us, %d by pdftotext", len(e.Pages), len(given), len(got), len(other))
			if !slices.Equal(got, other) {
				t.Errorf("ours and pdftotext's differ: %s", firstDifference(got, other))
			}
			if !slices.Equal(got, given) {
				t.Errorf("ours and what was written differ: %s", firstDifference(got, given))
			}
		})
	}
}

func wordsOf(s string) []string { return strings.Fields(norm.NFC.String(s)) }

func firstDifference(a, b []string) string {
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			return fmt.Sprintf("word %d: %q and %q", i, a[max(0, i-2):min(len(a), i+3)], b[min(len(b), max(0, i-2)):min(len(b), i+3)])
		}
	}
	return fmt.Sprintf("%d and %d words", len(a), len(b))
}
