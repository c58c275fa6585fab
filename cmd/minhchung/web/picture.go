package web

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"minhchung/cmd/minhchung/message"
	"minhchung/evidence"
	"minhchung/evidence/object"
	"minhchung/evidence/signature"
	"minhchung/evidence/text"
)

const (
	// screenDPI draws an A4 page 794 pixels wide, sharpDPI twice that. No other
	// resolution is drawn, so that the work and what browsers keep is bounded.
	screenDPI, sharpDPI = 96, 192
	// drawTime bounds the drawing of one page, with the waiting for a child.
	drawTime = time.Minute
	// shownPages is how many pages of one file can be turned to.
	shownPages = text.MaxPages
)

// picture sends one page as PNG. A page that cannot be drawn is a picture of
// the sentence that says so: pages load it into an <img>, which shows nothing
// else.
func (s *server) picture(w http.ResponseWriter, r *http.Request, who visitor) error {
	number, ok := strings.CutSuffix(r.PathValue("page"), ".png")
	page, err := strconv.Atoi(number)
	if err != nil || !ok || strconv.Itoa(page) != number || page < 1 || page > shownPages {
		return problem{code: "not-found"}
	}
	dpi := screenDPI
	switch r.URL.Query().Get("dpi") {
	case "", strconv.Itoa(screenDPI):
	case strconv.Itoa(sharpDPI):
		dpi = sharpDPI
	default:
		return problem{code: "not-found"}
	}
	k, sha, err := s.findDocument(r.Context(), who, r)
	if err != nil {
		return err
	}
	var size int64
	err = s.Store.View(r.Context(), who.Scope(), k, func(v evidence.Reader) error {
		doc, err := v.Document(r.Context(), sha)
		size = doc.Size
		return err
	})
	if err != nil {
		return err
	}
	picture, err := s.draw(r.Context(), object.Key{Unit: string(k.Unit), SHA256: sha}, size, page, dpi)
	if err != nil {
		s.sendSentence(w, r, who, err)
		return nil
	}
	h := w.Header()
	h.Set("Content-Type", "image/png")
	h.Set("Content-Length", strconv.Itoa(len(picture)))
	// What a digest names never changes; only this browser may keep it.
	h.Set("Cache-Control", "private, max-age=3600")
	_, _ = w.Write(picture) // a client that is gone needs no picture
	return nil
}

// draw draws a page of a stored file.
func (s *server) draw(ctx context.Context, key object.Key, size int64, page, dpi int) ([]byte, error) {
	if s.Render == nil {
		return nil, text.ErrNoPicture
	}
	ctx, cancel := context.WithTimeout(ctx, drawTime)
	defer cancel()
	select {
	case s.drawing <- struct{}{}:
		defer func() { <-s.drawing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	file := text.File{Size: size, Open: func(ctx context.Context) (io.ReadCloser, error) { return s.Objects.Get(ctx, key) }}
	return s.Render(ctx, file, page, dpi)
}

// sendSentence answers a request for a picture with a picture (SVG 1.1, 10)
// of why there is none.
func (s *server) sendSentence(w http.ResponseWriter, r *http.Request, who visitor, err error) {
	if errors.Is(err, text.ErrNoPicture) {
		err = problem{code: "no-picture", err: err}
	}
	_, status, sentence := s.prepare(w, r, who, err)
	h := w.Header()
	h.Set("Content-Type", "image/svg+xml")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, sentencePicture(sentence))
}

// sentencePicture sets a sentence in lines of about 44 characters.
func sentencePicture(sentence string) string {
	const lineLength, lineHeight, width = 44, 28, 600
	var lines []string
	line := ""
	for _, word := range strings.Fields(sentence) {
		if line != "" && len([]rune(line+" "+word)) > lineLength {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	lines = append(lines, line)
	height := lineHeight * (len(lines) + 2)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" font-family="sans-serif" font-size="20">`, width, height)
	fmt.Fprintf(&b, `<rect x="1" y="1" width="%d" height="%d" fill="#fff" stroke="#55555f" stroke-dasharray="6"/>`, width-2, height-2)
	for i, line := range lines {
		fmt.Fprintf(&b, `<text x="24" y="%d" fill="#1b1b1f">`, lineHeight*(i+2)-4)
		_ = xml.EscapeText(&b, []byte(line)) // a builder
		b.WriteString("</text>")
	}
	b.WriteString("</svg>")
	return b.String()
}

// previewPart is the one page of a document that its page shows, and the way
// to the others.
type previewPart struct {
	// Sentence says why no page is shown; then the rest is empty.
	Sentence      string
	Number, Count int
	Picture       string // address
	Sharp         string // the same, larger
	Pages         pagePart
	More          int // pages that cannot be turned to
	// Hidden are the query of the document, for the form that turns pages.
	Hidden []choice
}

// previewOf shows the page that the query asks for; a number behind the end is
// the last one.
func previewOf(lang message.Lang, book bookPart, sha signature.Hash, facts signature.Facts, format text.Format, query url.Values) previewPart {
	count := facts.Pages
	switch {
	case facts.Condition == signature.Encrypted:
		return previewPart{Sentence: lang.Text("web.preview-encrypted")}
	case facts.Condition == signature.OverLimit:
		return previewPart{Sentence: lang.Text("web.over-limit")}
	case format == text.FormatPicture:
		count = 1
	case format != text.FormatPDF:
		return previewPart{Sentence: lang.Text("web.preview-no-pages")}
	case count == 0:
		return previewPart{Sentence: lang.Text("web.preview-unreadable")}
	}
	p := previewPart{Count: count, Hidden: []choice{{Value: book.Unit, Label: "unit"}, {Value: book.Period, Label: "period"}}}
	last := min(count, shownPages)
	p.More = count - last
	p.Number = pageNumber(query, "page", last)
	path := "/documents/" + sha.String()
	own := url.Values{"unit": {book.Unit}, "period": {book.Period}}
	p.Picture = path + "/pages/" + strconv.Itoa(p.Number) + ".png?" + own.Encode()
	p.Sharp = p.Picture + "&dpi=" + strconv.Itoa(sharpDPI)
	p.Pages = turnPages(p.Number, last, func(n int) string {
		own.Set("page", strconv.Itoa(n))
		return path + "?" + own.Encode() + "#preview"
	})
	return p
}

// pageNumber reads a page's number from a query: 1 when there is none, the
// last one for a number behind the end.
func pageNumber(query url.Values, name string, last int) int {
	number, err := strconv.Atoi(query.Get(name))
	if errors.Is(err, strconv.ErrRange) && !strings.HasPrefix(query.Get(name), "-") {
		return last
	}
	if err != nil || number < 1 {
		return 1
	}
	return min(number, last)
}

// turnPages makes the links to the pages before and after.
func turnPages(number, last int, link func(n int) string) pagePart {
	p := pagePart{Number: number, Last: last}
	if number > 1 {
		p.Previous = link(number - 1)
	}
	if number < last {
		p.Next = link(number + 1)
	}
	return p
}

// formatOf looks at the beginning of a stored file.
func (s *server) formatOf(ctx context.Context, key object.Key) (text.Format, error) {
	body, err := s.Objects.Get(ctx, key)
	if err != nil {
		return "", err
	}
	defer body.Close()
	head := make([]byte, 1024)
	n, err := io.ReadFull(body, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return "", err
	}
	return text.FormatOf(head[:n]), nil
}
