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

// Text returns the characters in the order they are stored.
func (p *page) Text() (string, error) {
	if _, err := p.count(); err != nil {
		return "", err
	}
	got, err := p.doc.pdf.GetPageText(&requests.GetPageText{Page: p.request()})
	if err != nil {
		return "", fmt.Errorf("reading text: %w", err)
	}
	return got.Text, nil
}

// count refuses a page whose characters alone would fill the memory.
func (p *page) count() (int, error) {
	loaded, err := p.doc.pdf.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: p.request()})
	if err != nil {
		return 0, fmt.Errorf("reading text: %w", err)
	}
	defer p.doc.pdf.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: loaded.TextPage})
	counted, err := p.doc.pdf.FPDFText_CountChars(&requests.FPDFText_CountChars{TextPage: loaded.TextPage})
	if err != nil {
		return 0, fmt.Errorf("counting characters: %w", err)
	}
	if counted.Count < 0 || counted.Count > text.MaxPageChars {
		return 0, fmt.Errorf("%d characters on a page, more than %d", counted.Count, text.MaxPageChars)
	}
	return counted.Count, nil
}

// Chars returns the characters with their places, without the spaces and line
// ends that PDFium infers from the stored order.
func (p *page) Chars() ([]text.Char, error) {
	n, err := p.count()
	if err != nil {
		return nil, err
	}
	pdf := p.doc.pdf
	loaded, err := pdf.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: p.request()})
	if err != nil {
		return nil, fmt.Errorf("reading characters: %w", err)
	}
	defer pdf.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: loaded.TextPage})
	chars := make([]text.Char, 0, n)
	for i := range n {
		made, err := pdf.FPDFText_IsGenerated(&requests.FPDFText_IsGenerated{TextPage: loaded.TextPage, Index: i})
		if err == nil && made.IsGenerated {
			continue
		}
		if c, ok := p.char(loaded.TextPage, i); ok {
			chars = append(chars, c)
		}
	}
	return chars, nil
}

// char skips a character without code or place.
func (p *page) char(from references.FPDF_TEXTPAGE, i int) (text.Char, bool) {
	code, err := p.doc.pdf.FPDFText_GetUnicode(&requests.FPDFText_GetUnicode{TextPage: from, Index: i})
	if err != nil || code.Unicode == 0 || code.Unicode > unicode.MaxRune {
		return text.Char{}, false
	}
	origin, err := p.doc.pdf.FPDFText_GetCharOrigin(&requests.FPDFText_GetCharOrigin{TextPage: from, Index: i})
	if err != nil {
		return text.Char{}, false
	}
	box, err := p.doc.pdf.FPDFText_GetCharBox(&requests.FPDFText_GetCharBox{TextPage: from, Index: i})
	if err != nil {
		return text.Char{}, false
	}
	return text.Char{
		Rune: rune(code.Unicode), X: origin.X, Baseline: origin.Y,
		Left: box.Left, Right: box.Right, Height: box.Top - box.Bottom,
	}, true
}

// Overlay returns the text that is only there once the annotations are part
// of the page: PDFium extracts text of page content only.
func (p *page) Overlay() (string, error) {
	before, err := p.Text()
	if err != nil {
		return "", err
	}
	if changed, err := p.flatten(); err != nil || !changed {
		return "", err
	}
	after, err := p.Text()
	if err != nil {
		return "", err
	}
	return added(before, after), nil
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
	if err := encoder.Encode(&out, got.Result.Image); err != nil {
		return nil, fmt.Errorf("encoding a picture: %w", err)
	}
	return out.Bytes(), nil
}
