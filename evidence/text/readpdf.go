package text

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // pictures that are documents
	"image/png"
	"time"

	"minhchung/evidence/text/syllable"
)

// scanShare is the share of a page that pictures must cover for a page with
// little text to be a scan with something written over it.
const scanShare = 0.5

func (r reader) extractPDF(data []byte, deadline time.Time) Extraction {
	doc, err := r.pdf.Open(data)
	if errors.Is(err, ErrEncrypted) {
		e := none(r.pdf.Version(), "the file is protected with a password")
		e.Encrypted = true
		return e
	}
	if err != nil {
		return none(r.pdf.Version(), "the file is not a PDF that can be opened")
	}
	defer doc.Close()
	e := Extraction{Extractor: r.pdf.Version(), Source: SourcePDF, Pages: []Page{}}
	for i := range doc.Pages() {
		if time.Now().After(deadline) {
			e.Problem = fmt.Sprintf("reading took too long, only the first %d of %d pages are read", i, doc.Pages())
			break
		}
		page, text, err := readPage(doc, i)
		if err != nil && e.Problem == "" {
			e.Problem = fmt.Sprintf("page %d cannot be read", i+1)
		}
		if !e.add(page, text) {
			break
		}
	}
	return e.finish()
}

// readPage returns a page without its text, and the text. After an error the
// page counts as one that needs OCR: people may still see something on it.
func readPage(doc PDF, index int) (Page, string, error) {
	p := Page{Number: index + 1, NeedsOCR: true}
	loaded, err := doc.Page(index)
	if err != nil {
		return p, "", err
	}
	defer loaded.Close()
	p.Width, p.Height = bounded(loaded.Size())
	text, chars, err := loaded.Read()
	if err != nil {
		return p, "", err
	}
	text, quality, sorted := inOrder(text, chars)
	p.Sorted = sorted
	share, drawn, err := loaded.Pictures()
	if err != nil {
		return p, text, err
	}
	p.NeedsOCR = !quality.Ordered() || drawn && Clean(text) == "" ||
		share >= scanShare && quality.Words < syllable.MinWords
	overlay, ok, err := loaded.Overlay()
	if err != nil {
		return p, text, err
	}
	p.Overlay, _ = cleanTo(overlay, MaxPageText/16)
	if ok && index == 0 {
		_, chars, err = loaded.Read() // what is written over it included
	}
	if index == 0 && sortable(chars) {
		p.Head, _ = cleanTo(sortChars(chars), maxHead)
	}
	return p, text, err
}

// inOrder returns the text as it is stored, or put in order where the lines
// show that it must be done or that gives words. A text that is not much
// better for it stays as it is: it may be in another language.
func inOrder(stored string, chars []Char) (text string, quality syllable.Quality, sorted bool) {
	text, quality = stored, syllable.Measure(Clean(stored))
	if !sortable(chars) {
		return text, quality, false
	}
	if disordered(chars) {
		candidate := sortLines(chars)
		if better := syllable.Measure(Clean(candidate)); better.Valid >= quality.Valid {
			text, quality, sorted = candidate, better, true
		}
	}
	if !quality.Ordered() {
		candidate := sortChars(chars)
		if better := syllable.Measure(Clean(candidate)); better.Ordered() || better.Valid > quality.Valid+0.2 {
			text, quality, sorted = candidate, better, true
		}
	}
	return text, quality, sorted
}

// bounded keeps sizes that can be a page's: at most 200 inches (ISO 32000-1
// Annex C.2), anything else is 0.
func bounded(width, height float64) (float64, float64) {
	if width > 0 && width <= 14_400 && height > 0 && height <= 14_400 {
		return width, height
	}
	return 0, 0
}

// extractPicture makes a picture one page that needs OCR. Only its head is
// decoded.
func extractPicture(data []byte) Extraction {
	config, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return none("picture/1", "a picture that cannot be read")
	}
	if problem := tooLarge(config); problem != "" {
		return none("picture/1", problem)
	}
	return Extraction{Extractor: "picture/1", Source: SourceNone, Pages: []Page{{Number: 1, NeedsOCR: true}}}
}

func tooLarge(c image.Config) string {
	if c.Width <= 0 || c.Height <= 0 || int64(c.Width)*int64(c.Height) > MaxPixels {
		return fmt.Sprintf("a picture of %d × %d points, more than %d million in all", c.Width, c.Height, MaxPixels/1_000_000)
	}
	return ""
}

// render draws one page, or hands a picture on as PNG, so that whoever reads
// it next sees only what our own encoder wrote.
func (r reader) render(data []byte, ask request) (picture []byte, problem string) {
	switch FormatOf(data) {
	case FormatPDF:
		return r.renderPDF(data, ask)
	case FormatPicture:
		if ask.Page != 1 {
			return nil, "a picture has one page"
		}
		return renderPicture(data)
	}
	return nil, "a file of this format has no page to draw"
}

func (r reader) renderPDF(data []byte, ask request) (picture []byte, problem string) {
	doc, err := r.pdf.Open(data)
	if errors.Is(err, ErrEncrypted) {
		return nil, "the file is protected with a password"
	}
	if err != nil {
		return nil, "the file is not a PDF that can be opened"
	}
	defer doc.Close()
	if ask.Page > doc.Pages() {
		return nil, fmt.Sprintf("the file has %d pages", doc.Pages())
	}
	page, err := doc.Page(ask.Page - 1)
	if err != nil {
		return nil, fmt.Sprintf("page %d cannot be read", ask.Page)
	}
	defer page.Close()
	if picture, err = page.PNG(ask.DPI); err != nil {
		return nil, fmt.Sprintf("page %d cannot be drawn", ask.Page)
	}
	return picture, ""
}

func renderPicture(data []byte) ([]byte, string) {
	config, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, "a picture that cannot be read"
	}
	if problem := tooLarge(config); problem != "" {
		return nil, problem
	}
	decoded, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, "a picture that cannot be read"
	}
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(&out, decoded); err != nil {
		return nil, "a picture that cannot be read"
	}
	return out.Bytes(), ""
}
