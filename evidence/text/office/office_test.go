package office

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"testing"
	"time"

	"minhchung/evidence/text"
)

// part is one file of an archive that a test makes.
type part struct{ name, content string }

func pack(t testing.TB, parts ...part) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, p := range parts {
		w, err := z.Create(p.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, p.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

const head = `<?xml version="1.0" encoding="UTF-8"?>`

func docx(body string, more ...part) []part {
	return append([]part{
		{"[Content_Types].xml", head + `<Types/>`},
		{"_rels/.rels", head + `<Relationships><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`},
		{"word/document.xml", head + `<w:document xmlns:w="w"><w:body>` + body + `</w:body></w:document>`},
	}, more...)
}

func odf(kind, body string, more ...part) []part {
	return append([]part{
		{"mimetype", "application/vnd.oasis.opendocument." + kind},
		{"content.xml", head + `<office:document-content xmlns:office="o"><office:body><office:` + kind + `>` + body + `</office:` + kind + `></office:body></office:document-content>`},
	}, more...)
}

func xlsx(sheets ...string) []part {
	parts := []part{
		{"[Content_Types].xml", head + `<Types/>`},
		{"xl/sharedStrings.xml", head + `<sst><si><t>Quyết định</t></si><si><r><t>Kế </t></r><r><t>hoạch</t></r><rPh><t>x</t></rPh></si></sst>`},
		{"xl/styles.xml", head + `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="dd/mm/yyyy"/><numFmt numFmtId="165" formatCode="0.00&quot; day&quot;"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs></styleSheet>`},
	}
	var list, rels strings.Builder
	for i, s := range sheets {
		fmt.Fprintf(&list, `<sheet name="Tờ %d" sheetId="%d" r:id="r%d"/>`, i+1, i+1, i+1)
		fmt.Fprintf(&rels, `<Relationship Id="r%d" Target="worksheets/sheet%d.xml"/>`, i+1, i+1)
		parts = append(parts, part{fmt.Sprintf("xl/worksheets/sheet%d.xml", i+1), head + `<worksheet><sheetData>` + s + `</sheetData></worksheet>`})
	}
	return append(parts,
		part{"xl/workbook.xml", head + `<workbook xmlns:r="r"><sheets>` + list.String() + `</sheets></workbook>`},
		part{"xl/_rels/workbook.xml.rels", head + `<Relationships>` + rels.String() + `</Relationships>`})
}

func read(t testing.TB, data []byte) ([]string, string, error) {
	t.Helper()
	pages, problem, err := Reader{}.Read(text.FormatOf(data), data, time.Now().Add(time.Minute))
	for i := range pages {
		pages[i] = text.Clean(pages[i])
	}
	return pages, problem, err
}

func TestRead(t *testing.T) {
	tests := []struct {
		name  string
		parts []part
		want  []string
	}{
		{"paragraphs", docx(`<w:p><w:r><w:t>Số: 32/</w:t></w:r><w:r><w:t xml:space="preserve">BC-UBND </w:t></w:r></w:p><w:p><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c &lt;d&gt;</w:t></w:r></w:p>`), []string{"Số: 32/BC-UBND\na b\nc <d>"}},
		{"table", docx(`<w:tbl><w:tr><w:tc><w:p><w:r><w:t>một</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>hai</w:t></w:r></w:p></w:tc></w:tr></w:tbl>`), []string{"một\nhai"}},
		{"headers and notes", docx(`<w:p><w:r><w:t>thân</w:t></w:r></w:p>`,
			part{"word/header1.xml", `<w:hdr><w:p><w:r><w:t>đầu trang</w:t></w:r></w:p></w:hdr>`},
			part{"word/header2.xml", `<w:hdr><w:p><w:r><w:t>đầu trang</w:t></w:r></w:p></w:hdr>`},
			part{"word/footer1.xml", `<w:ftr><w:p><w:r><w:t>cuối trang</w:t></w:r></w:p></w:ftr>`},
			part{"word/footnotes.xml", `<w:footnotes><w:p><w:r><w:t>chú thích</w:t></w:r></w:p></w:footnotes>`}), []string{"đầu trang\nthân\ncuối trang\nchú thích"}},
		{"left out", docx(`<w:p><w:del><w:r><w:delText>xóa</w:delText></w:r></w:del><w:moveFrom><w:r><w:t>dời</w:t></w:r></w:moveFrom><w:r><w:instrText>PAGE</w:instrText></w:r><w:ins><w:r><w:t>thêm</w:t></w:r></w:ins></w:p>`), []string{"thêm"}},
		{"text box once", docx(`<w:p><mc:AlternateContent><mc:Choice><w:p><w:r><w:t>hộp</w:t></w:r></w:p></mc:Choice><mc:Fallback><w:p><w:r><w:t>hộp</w:t></w:r></w:p></mc:Fallback></mc:AlternateContent></w:p>`), []string{"hộp"}},
		{"hyphen", docx(`<w:p><w:r><w:t>BC</w:t><w:noBreakHyphen/><w:t>UBND</w:t></w:r></w:p>`), []string{"BC-UBND"}},
		{"decomposed", docx("<w:p><w:r><w:t>Que\u0302\u0301</w:t></w:r></w:p>"), []string{"Quế"}},
		{"odt", odf("text", `<text:h>Tiêu đề</text:h><text:p>a<text:s text:c="3"/>b<text:tab/><text:span>c</text:span><text:line-break/>d</text:p><text:tracked-changes><text:p>xóa</text:p></text:tracked-changes><table:table><table:table-row><table:table-cell><text:p>ô</text:p></table:table-cell></table:table-row></table:table>`,
			part{"styles.xml", `<office:document-styles><office:styles><text:p>không</text:p></office:styles><office:master-styles><style:header><text:p>đầu trang</text:p></style:header></office:master-styles></office:document-styles>`}), []string{"đầu trang\nTiêu đề\na b c\nd\nô"}},
		{"ods", odf("spreadsheet", `<table:table table:name="A"><table:table-row table:number-rows-repeated="1000000"><table:table-cell><text:p>1</text:p></table:table-cell></table:table-row></table:table><table:table table:name="B"><table:table-row><table:table-cell><text:p>2</text:p></table:table-cell></table:table-row></table:table>`), []string{"A\n1", "B\n2"}},
		{"odp", odf("presentation", `<draw:page draw:name="p1"><text:p>một</text:p></draw:page><draw:page draw:name="p2"><text:p>hai</text:p></draw:page>`), []string{"p1\nmột", "p2\nhai"}},
		{"xlsx", xlsx(`<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c t="s"><v>99</v></c></row><row><c t="inlineStr"><is><t>chữ</t></is></c><c t="str"><f>1+1</f><v>kết quả</v></c></row>`,
			`<row><c s="1"><v>44654</v></c><c s="2"><v>44654.5</v></c><c s="3"><v>44654</v></c><c><v>32</v></c><c t="b"><v>1</v></c></row>`), []string{"Tờ 1\nQuyết định Kế hoạch\nchữ kết quả", "Tờ 2\n03/04/2022 03/04/2022 44654 32 1"}},
		{"pptx", []part{{"ppt/presentation.xml", "<p/>"}, {"ppt/slides/slide10.xml", `<p><a:p><a:t>mười</a:t></a:p></p>`}, {"ppt/slides/slide2.xml", `<p><a:p><a:t>hai</a:t></a:p></p>`}}, []string{"hai", "mười"}},
		{"names with back slashes", []part{{"[Content_Types].xml", ""}, {`word\document.xml`, `<w:p><w:r><w:t>chữ</w:t></w:r></w:p>`}}, []string{"chữ"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, problem, err := read(t, pack(t, test.parts...))
			if err != nil || problem != "" {
				t.Fatalf("got problem %q, error %v", problem, err)
			}
			if strings.Join(got, "\f") != strings.Join(test.want, "\f") {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestHostile(t *testing.T) {
	spaces := strings.Repeat(" ", 30<<20)
	tests := []struct {
		name    string
		data    []byte
		problem string
	}{
		{"not an archive", []byte("PK\x03\x04 and nothing"), "the file is not a complete ZIP archive"},
		{"another archive", pack(t, part{"../../etc/passwd", "x"}), "an archive, not a document; the files in it would be read one by one"},
		{"climbing name", pack(t, part{"[Content_Types].xml", ""}, part{"word/../../document.xml", "x"}), "an Office file without a document in it"},
		{"bomb", pack(t, docx("<w:p>"+spaces+"</w:p>")...), string(errBomb)},
		{"deep", pack(t, docx(strings.Repeat("<w:p>", 100_000))...), string(errDeep)},
		{"entities", pack(t, part{"[Content_Types].xml", ""}, part{"word/document.xml", `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><w:p><w:t>&x;</w:t></w:p>`}), string(errDTD)},
		{"unknown entity", pack(t, docx(`<w:p><w:t>&x;</w:t></w:p>`)...), string(errDamaged)},
		{"cut", pack(t, part{"[Content_Types].xml", ""}, part{"word/document.xml", "<w:p><w:r><w:t>nửa"}), string(errDamaged)},
		{"ends too often", pack(t, part{"[Content_Types].xml", ""}, part{"word/document.xml", "</w:p></w:p>"}), string(errDamaged)},
		{"other encoding", pack(t, part{"[Content_Types].xml", ""}, part{"word/document.xml", `<?xml version="1.0" encoding="EBCDIC"?><a/>`}), string(errDamaged)},
		{"sheet is missing", pack(t, xlsx()[:3]...), "an Office file without a document in it"},
		{"part of no sheet", pack(t, append(xlsx(""), part{"xl/workbook.xml", ""})[3:]...), ""},
		{"old format", []byte{0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, 0, 0}, "an Office file of the older kind (.doc, .xls), which is not read; saved as .docx or .xlsx it would be"},
		{"long text", pack(t, docx("<w:p><w:t>"+strings.Repeat("0123456789abcde ", text.MaxPageText/16+1)+"</w:t></w:p>")...), string(errLong)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, problem, err := read(t, test.data); err != nil || problem != test.problem {
				t.Errorf("got %q, %v, want %q", problem, err, test.problem)
			}
		})
	}
}

// What came before the damage is kept.
func TestPartIsKept(t *testing.T) {
	data := pack(t, part{"[Content_Types].xml", ""}, part{"word/document.xml", "<w:p><w:r><w:t>còn đọc được</w:t></w:r></w:p><w:p"})
	pages, problem, err := read(t, data)
	if err != nil || problem != string(errDamaged) || len(pages) != 1 || pages[0] != "còn đọc được" {
		t.Errorf("got %q, %q, %v, want the first paragraph and %q", pages, problem, err, errDamaged)
	}
}

func TestEncrypted(t *testing.T) {
	ole := append([]byte{0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1}, "E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00"...)
	manifest := pack(t, odf("text", "<text:p>x</text:p>", part{"META-INF/manifest.xml", `<manifest:manifest><manifest:file-entry><manifest:encryption-data/></manifest:file-entry></manifest:manifest>`})...)
	locked := pack(t, docx("<w:p/>")...)
	for at := 0; ; { // set the encryption bit of every central directory entry
		i := bytes.Index(locked[at:], []byte("PK\x01\x02"))
		if i < 0 {
			break
		}
		at += i + 4
		locked[at+4] |= 1
	}
	for name, data := range map[string][]byte{"ooxml": ole, "odf": manifest, "zip": locked} {
		if _, _, err := read(t, data); !errors.Is(err, text.ErrEncrypted) {
			t.Errorf("%s: got %v, want %v", name, err, text.ErrEncrypted)
		}
	}
}

// A part whose declared size is a lie is measured while it is unpacked.
func TestDeclaredSizeIsNotBelieved(t *testing.T) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	content := []byte("<w:p><w:r><w:t>chữ</w:t></w:r></w:p>")
	w, err := z.CreateRaw(&zip.FileHeader{Name: "word/document.xml", Method: zip.Store, CRC32: crc32.ChecksumIEEE(content), CompressedSize64: uint64(len(content)), UncompressedSize64: 1 << 40})
	if err != nil {
		t.Fatal(err)
	}
	w.Write(content)
	z.Create("[Content_Types].xml")
	z.Close()
	if _, problem, err := read(t, out.Bytes()); err != nil || problem != string(errDamaged) {
		t.Errorf("got %q, %v, want %q", problem, err, errDamaged)
	}
}

func TestDeadline(t *testing.T) {
	data := pack(t, docx(strings.Repeat("<w:p><w:r><w:t>a</w:t></w:r></w:p>", 5_000))...)
	_, problem, err := Reader{}.Read(text.FormatZIP, data, time.Now().Add(-time.Second))
	if err != nil || problem != string(errTime) {
		t.Errorf("got %q, %v, want %q", problem, err, errTime)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(pack(f, docx(`<w:p><w:r><w:t>chữ</w:t></w:r></w:p>`)...))
	f.Add(pack(f, odf("spreadsheet", `<table:table table:name="A"/>`)...))
	f.Add(pack(f, xlsx(`<row><c t="s"><v>0</v></c></row>`)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		pages, _, _ := Reader{}.Read(text.FormatZIP, data, time.Now().Add(5*time.Second))
		checkPages(t, pages)
	})
}

// FuzzParts changes XML instead of the archive around it.
func FuzzParts(f *testing.F) {
	f.Add("word/document.xml", `<w:p><w:r><w:t>chữ</w:t></w:r></w:p>`, `<a/>`)
	f.Add("content.xml", `<office:spreadsheet><table:table table:name="A"><text:p>x<text:s text:c="9"/></text:p></table:table></office:spreadsheet>`, `<office:master-styles/>`)
	f.Add("xl/worksheets/sheet1.xml", `<row><c t="s" s="1"><v>0</v></c></row>`, `<sst><si><t>x</t></si></sst>`)
	f.Fuzz(func(t *testing.T, name, content, other string) {
		if strings.HasSuffix(name, "/") {
			return // a folder: the test's own writer refuses content in it
		}
		parts := append(xlsx(""), part{name, content}, part{"styles.xml", other}, part{"xl/sharedStrings.xml", other})
		if !strings.HasPrefix(name, "xl/") {
			parts = []part{{"[Content_Types].xml", ""}, {name, content}, {"styles.xml", other}}
		}
		pages, _, _ := Reader{}.Read(text.FormatZIP, pack(t, parts...), time.Now().Add(5*time.Second))
		checkPages(t, pages)
	})
}

func checkPages(t *testing.T, pages []string) {
	total := 0
	for _, p := range pages {
		total += len(p)
		if len(p) > 2*text.MaxPageText {
			t.Errorf("got a page of %d bytes, want at most %d", len(p), text.MaxPageText)
		}
	}
	if total > text.MaxText {
		t.Errorf("got %d bytes, want at most %d", total, text.MaxText)
	}
}
