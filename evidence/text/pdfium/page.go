package pdfium

import (
	"bytes"
	"fmt"
	"image/png"
	"math"
	"strings"
	"unicode"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/responses"

	"minhchung/evidence/text"
)

// page is one loaded page.
type page struct {
	doc           *document
	index         int
	ref           references.FPDF_PAGE
	width, height float64
}

func (p *page) request() requests.Page { return requests.Page{ByReference: &p.ref} }

// Size returns width and height in points, rotation applied.
func (p *page) Size() (width, height float64) { return p.width, p.height }

// Close unloads the page.
func (p *page) Close() error {
	_, err := p.doc.pdf.FPDF_ClosePage(&requests.FPDF_ClosePage{Page: p.ref})
	return err
}

// Read returns the characters, as text and with their places.
func (p *page) Read() (string, []text.Char, error) {
	var b strings.Builder
	var chars []text.Char
	err := p.each(func(from references.FPDF_TEXTPAGE, i int, r rune) {
		write(&b, r)
		if c, ok := p.char(from, i, r); ok {
			chars = append(chars, c)
		}
	})
	return b.String(), chars, err
}

// text is Read without the places.
func (p *page) text() (string, error) {
	var b strings.Builder
	err := p.each(func(_ references.FPDF_TEXTPAGE, _ int, r rune) { write(&b, r) })
	return b.String(), err
}

// each calls fn for every character that has a code.
func (p *page) each(fn func(from references.FPDF_TEXTPAGE, i int, r rune)) error {
	pdf := p.doc.pdf
	loaded, err := pdf.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: p.request()})
	if err != nil {
		return fmt.Errorf("reading text: %w", err)
	}
	defer pdf.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: loaded.TextPage})
	counted, err := pdf.FPDFText_CountChars(&requests.FPDFText_CountChars{TextPage: loaded.TextPage})
	if err != nil {
		return fmt.Errorf("counting characters: %w", err)
	}
	if counted.Count < 0 || counted.Count > text.MaxPageChars {
		return fmt.Errorf("%d characters on a page, more than %d", counted.Count, text.MaxPageChars)
	}
	for i := range counted.Count {
		code, err := pdf.FPDFText_GetUnicode(&requests.FPDFText_GetUnicode{TextPage: loaded.TextPage, Index: i})
		if err == nil && code.Unicode > 0 && code.Unicode <= unicode.MaxRune {
			fn(loaded.TextPage, i, rune(code.Unicode))
		}
	}
	return nil
}

// hyphen is how PDFium marks a hyphen at a line's end, without the line's end.
// Vietnamese does not divide words: the hyphen is part of the text.
func hyphen(r rune) bool { return r == 0x02 || r == 0xfffe }

func write(b *strings.Builder, r rune) {
	if hyphen(r) {
		b.WriteString("-\n")
	} else {
		b.WriteRune(r)
	}
}

// char skips a character without a place, and white space that PDFium made up.
func (p *page) char(from references.FPDF_TEXTPAGE, i int, r rune) (text.Char, bool) {
	pdf := p.doc.pdf
	if hyphen(r) {
		r = '-'
	}
	if unicode.IsSpace(r) {
		made, err := pdf.FPDFText_IsGenerated(&requests.FPDFText_IsGenerated{TextPage: from, Index: i})
		if err != nil || made.IsGenerated {
			return text.Char{}, false
		}
	}
	origin, err := pdf.FPDFText_GetCharOrigin(&requests.FPDFText_GetCharOrigin{TextPage: from, Index: i})
	if err != nil {
		return text.Char{}, false
	}
	box, err := pdf.FPDFText_GetLooseCharBox(&requests.FPDFText_GetLooseCharBox{TextPage: from, Index: i})
	if err != nil {
		return text.Char{}, false
	}
	return text.Char{
		Rune: r, X: origin.X, Baseline: origin.Y, Right: float64(box.Rect.Right), Height: float64(box.Rect.Top - box.Rect.Bottom),
	}, true
}

// Overlay returns the text that is only there once the annotations are part
// of the page: PDFium extracts text of page content only.
func (p *page) Overlay() (written string, ok bool, err error) {
	annots, err := p.doc.pdf.FPDFPage_GetAnnotCount(&requests.FPDFPage_GetAnnotCount{Page: p.request()})
	if err != nil || annots.Count == 0 {
		return "", false, err
	}
	before, err := p.text()
	if err != nil {
		return "", false, err
	}
	if changed, err := p.flatten(); err != nil || !changed {
		return "", false, err
	}
	after, err := p.text()
	return added(before, after), err == nil, err
}

// flatten draws annotations and form fields into the page, in memory, and
// loads it again. The file's bytes stay as they are.
func (p *page) flatten() (changed bool, err error) {
	pdf := p.doc.pdf
	annots, err := pdf.FPDFPage_GetAnnotCount(&requests.FPDFPage_GetAnnotCount{Page: p.request()})
	if err != nil || annots.Count == 0 {
		return false, err
	}
	flat, err := pdf.FPDFPage_Flatten(&requests.FPDFPage_Flatten{Page: p.request(), Usage: requests.FPDFPage_FlattenUsageNormalDisplay})
	if err != nil || flat.Result != responses.FPDFPage_FlattenResultSuccess {
		return false, err
	}
	if err := p.Close(); err != nil {
		return false, err
	}
	loaded, err := pdf.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: p.doc.ref, Index: p.index})
	if err != nil {
		return false, fmt.Errorf("loading a page again: %w", err)
	}
	p.ref = loaded.Page
	return true, nil
}

// added returns the lines of after that before does not have, in order.
func added(before, after string) string {
	if rest, ok := strings.CutPrefix(after, before); ok {
		return strings.TrimSpace(rest)
	}
	have := map[string]int{}
	for line := range strings.Lines(before) {
		have[strings.TrimSpace(line)]++
	}
	var b strings.Builder
	for line := range strings.Lines(after) {
		line = strings.TrimSpace(line)
		if have[line] > 0 {
			have[line]--
		} else {
			b.WriteString(line + "\n")
		}
	}
	return strings.TrimSpace(b.String())
}

// maxObjects is how many objects of a page are looked at for pictures.
const maxObjects = 2_000

// Pictures adds up the boxes of the page's pictures, overlaps counted twice;
// those inside form objects count by the form's box.
func (p *page) Pictures() (share float64, drawn bool, err error) {
	pdf := p.doc.pdf
	counted, err := pdf.FPDFPage_CountObjects(&requests.FPDFPage_CountObjects{Page: p.request()})
	if err != nil {
		return 0, false, fmt.Errorf("counting objects: %w", err)
	}
	var area float64
	for i := range min(counted.Count, maxObjects) {
		object, err := pdf.FPDFPage_GetObject(&requests.FPDFPage_GetObject{Page: p.request(), Index: i})
		if err != nil {
			continue
		}
		kind, err := pdf.FPDFPageObj_GetType(&requests.FPDFPageObj_GetType{PageObject: object.PageObject})
		if err != nil || kind.Type != enums.FPDF_PAGEOBJ_IMAGE && kind.Type != enums.FPDF_PAGEOBJ_FORM {
			continue
		}
		box, err := pdf.FPDFPageObj_GetBounds(&requests.FPDFPageObj_GetBounds{PageObject: object.PageObject})
		if err != nil {
			continue
		}
		area += p.inside(float64(box.Left), float64(box.Right), p.width) * p.inside(float64(box.Bottom), float64(box.Top), p.height)
	}
	if whole := p.width * p.height; whole > 0 && !math.IsNaN(area) {
		share = min(area/whole, 1)
	}
	return share, counted.Count > 0, nil
}

// inside returns how much of the page's length a box can take.
func (p *page) inside(from, to, length float64) float64 {
	return max(0, min(to-from, length))
}

// PNG draws the page on white. Annotations and signatures' appearances are
// flattened first: PDFium draws form fields only for programs that fill them.
func (p *page) PNG(dpi int) ([]byte, error) {
	scale := float64(dpi) / 72
	if pixels := p.width * scale * p.height * scale; !(pixels > 0 && pixels <= text.MaxPixels) {
		return nil, fmt.Errorf("a page of %.0f × %.0f points is too large to draw at %d dpi", p.width, p.height, dpi)
	}
	if _, err := p.flatten(); err != nil {
		return nil, err
	}
	got, err := p.doc.pdf.RenderPageInDPI(&requests.RenderPageInDPI{
		Page: p.request(), DPI: dpi, RenderFlags: enums.FPDF_RENDER_FLAG_ANNOT,
	})
	if err != nil {
		return nil, fmt.Errorf("drawing a page: %w", err)
	}
	defer got.CleanupFunc()
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(&out, got.Result.RenderedImage); err != nil {
		return nil, fmt.Errorf("encoding a picture: %w", err)
	}
	return out.Bytes(), nil
}
