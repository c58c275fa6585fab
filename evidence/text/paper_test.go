package text_test

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"slices"
	"strings"
)

// paper makes small PDF files: objects from 1 on, with a cross-reference
// table that is right.
type paper struct {
	objects []string
	trailer string
}

// add returns the number of the new object.
func (p *paper) add(object string) int {
	p.objects = append(p.objects, object)
	return len(p.objects)
}

func (p *paper) stream(dict, data string) int {
	return p.add(fmt.Sprintf("<<%s /Length %d>>\nstream\n%s\nendstream", dict, len(data), data))
}

func (p *paper) bytes() []byte {
	var out bytes.Buffer
	out.WriteString("%PDF-1.7\n")
	offsets := make([]int, len(p.objects))
	for i, o := range p.objects {
		offsets[i] = out.Len()
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	at := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(p.objects)+1)
	for _, o := range offsets {
		fmt.Fprintf(&out, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&out, "trailer\n<</Size %d /Root 1 0 R %s>>\nstartxref\n%d\n%%%%EOF\n", len(p.objects)+1, p.trailer, at)
	return out.Bytes()
}

// sheet is one page of a test document.
type sheet struct {
	content  string // operators
	drawn    int    // the number of the stream that is drawn, when it is another page's
	box      string // MediaBox; default A4
	annots   string // objects of annotations
	xobjects string
}

// font is the number of the font in every document: a Type 3 font whose
// letters are boxes half an em wide, so that nothing depends on the fonts a
// PDF engine brings.
const font = 3

// firstContent is the number of the stream that the first page draws.
const firstContent = 7

// letters are what the font has, by code from 1 on.
var letters = []rune(" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]_abcdefghijklmnopqrstuvwxyz|" +
	"àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ" +
	"ÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬĐÈÉẺẼẸÊỀẾỂỄỆÌÍỈĨỊÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢÙÚỦŨỤƯỪỨỬỮỰ")

func document(sheets ...sheet) *paper {
	p := &paper{}
	p.add("<</Type/Catalog /Pages 2 0 R>>")
	p.add("") // page tree
	var names, widths, codes strings.Builder
	for i, r := range letters {
		names.WriteString("/box")
		widths.WriteString("500 ")
		fmt.Fprintf(&codes, "1 beginbfchar <%02x> <%04x> endbfchar\n", i+1, r)
	}
	p.add(fmt.Sprintf("<</Type/Font /Subtype/Type3 /FontBBox[0 0 500 700] /FontMatrix[.001 0 0 .001 0 0] /CharProcs<</box 4 0 R>> /Encoding<</Type/Encoding /Differences[1 %s]>> /FirstChar 1 /LastChar %d /Widths[%s] /Resources<<>> /ToUnicode 5 0 R>>", names.String(), len(letters), widths.String()))
	p.stream("", "500 0 10 0 490 700 d1 10 0 480 700 re f")
	p.stream("", "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def\n1 begincodespacerange <00> <ff> endcodespacerange\n"+codes.String()+"endcmap end end")
	p.add("null")
	var kids strings.Builder
	for _, s := range sheets {
		if s.box == "" {
			s.box = "0 0 595 842"
		}
		content := s.drawn
		if content == 0 {
			content = p.stream("", s.content)
		}
		page := p.add(fmt.Sprintf("<</Type/Page /Parent 2 0 R /MediaBox[%s] /Resources<</Font<</F %d 0 R>> /XObject<<%s>>>> /Contents %d 0 R /Annots[%s]>>", s.box, font, s.xobjects, content, s.annots))
		fmt.Fprintf(&kids, "%d 0 R ", page)
	}
	p.objects[1] = fmt.Sprintf("<</Type/Pages /Count %d /Kids[%s]>>", len(sheets), kids.String())
	return p
}

// line shows text at a place, 12 points high, 6 points a letter.
func line(x, y float64, text string) string {
	var hex strings.Builder
	for _, r := range text {
		fmt.Fprintf(&hex, "%02x", slices.Index(letters, r)+1)
	}
	return fmt.Sprintf("BT /F 12 Tf %g %g Td <%s> Tj ET\n", x, y, hex.String())
}

func deflate(data []byte) string {
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	w.Write(data)
	w.Close()
	return out.String()
}
