package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"minhchung/cmd/minhchung/message"
	"minhchung/evidence/signature"
)

// inspectHere runs the command in this process, with real children.
func inspectHere(t *testing.T, dir string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, notes bytes.Buffer
	e := &env{Stdout: &out, Stderr: &notes, Cwd: dir, Lang: message.Vietnamese}
	code = run(context.Background(), e, append([]string{"inspect"}, args...))
	return out.String(), notes.String(), code
}

func writeFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Every key of issue 2's line is there, null where nothing is known, and no
// list is null.
func TestInspectJSONHasEveryKey(t *testing.T) {
	v := signature.Verdict{Result: signature.ResultIntact, Signatures: []signature.SignatureVerdict{
		{Kind: signature.KindSignature},
		{
			Kind: signature.KindTimestamp, Signer: &signature.SignerInfo{Subject: "CN=Nguyễn Văn Thử"},
			ChangeList: []signature.Change{{What: signature.WhatOther, Class: signature.ChangeForbidden}},
			Reasons:    []string{signature.ReasonUntrusted}, ClaimedTime: new(time.Time),
		},
	}}
	for _, facts := range []signature.Facts{{}, {SHA256: signature.HashOf(nil), Format: "pdf"}} {
		b, err := json.Marshal(newInspectJSON("a.pdf", facts, v))
		if err != nil {
			t.Fatal(err)
		}
		var line map[string]any
		if err := json.Unmarshal(b, &line); err != nil {
			t.Fatal(err)
		}
		hasKeys(t, line, "file sha256 format result reason signatures", "signatures")
		for _, s := range line["signatures"].([]any) {
			s := s.(map[string]any)
			hasKeys(t, s, "kind subfilter field integrity coverage changes changeList indication subindication signer trustDomain claimedTime provenTime reasons", "changeList reasons")
			if signer, ok := s["signer"].(map[string]any); ok {
				hasKeys(t, signer, "subject issuer serial role", "")
			}
			for _, c := range s["changeList"].([]any) {
				hasKeys(t, c.(map[string]any), "revision object page what class rule detail", "")
			}
		}
		if got := line["reason"]; got != nil {
			t.Errorf("reason: got %v, want null", got)
		}
	}
}

func hasKeys(t *testing.T, object map[string]any, keys, lists string) {
	t.Helper()
	want := strings.Fields(keys)
	for _, key := range want {
		if _, ok := object[key]; !ok {
			t.Errorf("got %v, want the key %q", object, key)
		}
	}
	for key := range object {
		if !slices.Contains(want, key) {
			t.Errorf("got the key %q, which the line does not have", key)
		}
	}
	for _, key := range strings.Fields(lists) {
		if object[key] == nil {
			t.Errorf("%s: got null, want a list", key)
		}
	}
}

func TestInspectOrderIsThatOfTheNames(t *testing.T) {
	files := map[string]string{}
	var want []string
	for _, dir := range []string{"a", "b/c", "d"} {
		for _, name := range []string{"1", "10", "2", "3"} {
			path := dir + "/" + name + ".txt"
			files[path] = strings.Repeat(path, len(want)%5*1000+1)
			want = append(want, path)
		}
	}
	dir := writeFiles(t, files)
	stdout, _, code := inspectHere(t, dir, "--json", "d", "a", "b")
	if code != exitFinding {
		t.Errorf("got exit code %d, want %d", code, exitFinding)
	}
	want = slices.Concat(want[8:], want[:4], want[4:8])
	for i, line := range strings.Split(strings.TrimSpace(stdout), "\n") {
		var got inspectJSON
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatal(err)
		}
		name := filepath.ToSlash(got.File)
		if i >= len(want) || name != want[i] {
			t.Fatalf("line %d: got %s, want the order %v", i, name, want)
		}
		if sum := signature.HashOf([]byte(files[name])).String(); got.SHA256 == nil || *got.SHA256 != sum {
			t.Errorf("%s: got digest %v, want %s", name, got.SHA256, sum)
		}
	}
}

func TestInspectResults(t *testing.T) {
	dir := writeFiles(t, map[string]string{
		"empty.pdf":    "",
		"page.pdf":     "<html><body>404</body></html>",
		"scan.pdf":     "\xff\xd8\xff\xe0 JFIF",
		"report.docx":  "PK\x03\x04 [Content_Types].xml",
		"endless.pdf":  "%PDF-1.7\n" + strings.Repeat("[", 1_000_000),
		"no-eof.pdf":   "%PDF-1.7\n" + strings.Repeat("x", 2_000_000),
		"size.pdf":     "%PDF-1.7\nxref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 2000000000/Root 1 0 R>>\nstartxref\n9\n%%EOF\n",
		"contract.p7s": "\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0",
	})
	want := map[string]signature.Result{
		"empty.pdf": signature.ResultUnreadable, "page.pdf": signature.ResultUnreadable, "scan.pdf": signature.ResultUnreadable,
		"report.docx": signature.ResultUnknown, "contract.p7s": signature.ResultUnknown,
		"endless.pdf": signature.ResultUnreadable, "no-eof.pdf": signature.ResultUnreadable, "size.pdf": signature.ResultUnreadable,
	}
	for name, result := range want {
		stdout, stderr, code := inspectHere(t, dir, name, "--json")
		var got inspectJSON
		if err := json.Unmarshal([]byte(stdout), &got); err != nil {
			t.Fatalf("%s: %v in %q, %q", name, err, stdout, stderr)
		}
		if got.Result != result || got.Reason == nil || code != exitFinding {
			t.Errorf("%s: got %s, exit code %d, want %s with a reason and %d", name, got.Result, code, result, exitFinding)
		}
	}
}

func TestInspectTime(t *testing.T) {
	tests := map[string]string{ // "": refused
		"2022-12-31":                "2022-12-31T16:59:59Z",
		"31/12/2022":                "2022-12-31T16:59:59Z",
		"2022-12-31T17:00:00+07:00": "2022-12-31T10:00:00Z",
		"2022-02-31":                "",
		"yesterday":                 "",
	}
	for in, want := range tests {
		got, err := validationTime(in)
		if (err == nil) != (want != "") || (err == nil && got.UTC().Format(time.RFC3339) != want) {
			t.Errorf("%s: got %v, %v, want %q", in, got, err, want)
		}
	}
}

// What a file says about itself must not reach the terminal as commands.
func TestPrintable(t *testing.T) {
	tests := map[string]string{
		"Nguyễn Văn Thử": "Nguyễn Văn Thử",
		"a\x1b[31mb":     "a\ufffd[31mb",
		"a\u202eb\nc":    "a\ufffdb\ufffdc",
		"bad \xff utf8":  "bad \ufffd utf8",
	}
	for in, want := range tests {
		if got := printable(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// Everything the blocks can say is in the catalogue.
func TestInspectWordsExist(t *testing.T) {
	var keys []string
	for _, r := range resultOrder {
		keys = append(keys, "result-"+string(r), "short-"+string(r), "next-"+string(r))
	}
	for _, i := range []signature.Indication{signature.TotalPassed, signature.Indeterminate, signature.TotalFailed} {
		keys = append(keys, "indication-"+string(i))
	}
	for _, c := range []signature.ChangeClass{signature.ChangesNone, signature.ChangePermitted, signature.ChangeAnnotated, signature.ChangeUnknown, signature.ChangeForbidden} {
		keys = append(keys, "changes-"+string(c))
		if c != signature.ChangesNone {
			keys = append(keys, "class-"+string(c))
		}
	}
	for _, w := range []string{
		signature.WhatSignature, signature.WhatTimestamp, signature.WhatValidation, signature.WhatNumbering, signature.WhatFormFill,
		signature.WhatAnnotation, signature.WhatCatalog, signature.WhatMetadata, signature.WhatPageContent, signature.WhatPageAdded,
		signature.WhatResource, signature.WhatAppearance, signature.WhatField, signature.WhatTrailing, signature.WhatOther,
	} {
		keys = append(keys, "what-"+w)
	}
	for _, d := range []signature.Domain{signature.DomainOfficialDuty, signature.DomainPublic, signature.DomainTest} {
		keys = append(keys, "domain-"+string(d))
	}
	keys = append(keys, "integrity-intact", "integrity-broken", "integrity-unknown", "coverage-exact", "coverage-invalid")
	for _, key := range keys {
		if !message.Has("inspect." + key) {
			t.Errorf("inspect.%s is not in the catalogue", key)
		}
	}
	for _, p := range problems {
		if !message.Has(p.key) {
			t.Errorf("%s is not in the catalogue", p.key)
		}
	}
}

// A folder with a manifest ends with a table, and a file that was judged
// otherwise than stated is named.
func TestInspectManifest(t *testing.T) {
	dir := writeFiles(t, map[string]string{
		"set/manifest.tsv": "path\tformat\tsignatures\texpected\tnote\n" +
			"a/unsigned.pdf\tPDF/\t0\tunsigned\t\n" +
			"a/signed.pdf\tPDF/x\t1\tintact\t\n" +
			"letter.xml\tXAdES/xml\t1\tintact\t\n" +
			"level.pdf\tPDF/x\t1\tdisallowed-modification:P1\tSET BY TEST\n" +
			"gone.pdf\tPDF/x\t1\tintact\t\n" +
			"short line\n",
		"set/a/unsigned.pdf": minimalPDF, "set/a/signed.pdf": minimalPDF, "set/level.pdf": minimalPDF,
		"set/letter.xml": `<?xml version="1.0"?><a/>`, "set/more.pdf": minimalPDF,
	})
	out, notes, code := inspectHere(t, dir, "--lang", "en", "set")
	_, table, _ := strings.Cut(out, "Compared with the manifest")
	for _, want := range []string{
		"PDF: unsigned ", "PDF: intact ", "PDF: disallowed-modification (level set by its test) ", "XAdES: intact ",
		"DIFFERENT: set/a/signed.pdf: stated PDF: intact, found unsigned. the file has no signature",
	} {
		if !strings.Contains(table, want) {
			t.Errorf("got no %q in\n%s", want, table)
		}
	}
	if strings.Count(table, "DIFFERENT") != 1 || code != exitFinding || !strings.Contains(notes, "Skipped set/manifest.tsv") {
		t.Errorf("got code %d, notes %q and\n%s", code, notes, table)
	}
	out, notes, _ = inspectHere(t, dir, "--json", "--lang", "en", "set")
	if strings.Count(out, "\n") != 5 || strings.Contains(out, "Compared") || !strings.Contains(notes, "DIFFERENT: set/a/signed.pdf") {
		t.Errorf("got %q\n%s, want 5 lines and the table among the notes", notes, out)
	}
	// A table of that name that is something else is a file like any other.
	dir = writeFiles(t, map[string]string{"manifest.tsv": "a\tb\n", "one.pdf": minimalPDF})
	if out, _, _ = inspectHere(t, dir, "--lang", "en", "."); strings.Contains(out, "Compared") {
		t.Errorf("got a table for a manifest without its columns:\n%s", out)
	}
}

// minimalPDF is an unsigned document of one empty page.
const minimalPDF = "%PDF-1.4\n" +
	"1 0 obj<</Type/Catalog/Pages 2 0 R>> endobj\n" +
	"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>> endobj\n" +
	"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>> endobj\n" +
	"xref\n" +
	"0 4\n" +
	"0000000000 65535 f \n" +
	"0000000009 00000 n \n" +
	"0000000053 00000 n \n" +
	"0000000103 00000 n \n" +
	"trailer<</Size 4/Root 1 0 R>>\n" +
	"startxref\n" +
	"163\n" +
	"%%EOF\n"

// TestChangeLinesShowTheWorst has a forbidden change behind more permitted
// ones than are listed.
func TestChangeLinesShowTheWorst(t *testing.T) {
	var changes []signature.Change
	for range mostChanges + 3 {
		changes = append(changes, signature.Change{What: signature.WhatMetadata, Class: signature.ChangePermitted})
	}
	changes = append(changes, signature.Change{What: signature.WhatPageAdded, Class: signature.ChangeForbidden, Detail: "page 4 was added"})
	in := &inspection{env: &env{Lang: message.English}}
	lines := in.changeLines(changes)
	if len(lines) != mostChanges+1 || !strings.Contains(lines[0], "page 4 was added") || !strings.Contains(lines[mostChanges], "4") {
		t.Errorf("got %d lines, the first %q, the last %q", len(lines), lines[0], lines[len(lines)-1])
	}
	if changes[0].Class != signature.ChangePermitted {
		t.Error("the list itself was put into another order")
	}
}
