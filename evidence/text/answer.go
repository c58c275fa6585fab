package text

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"io"
	"slices"
	"strings"
	"unicode"

	"minhchung/evidence/text/syllable"
)

// maxSentence bounds a problem, in bytes.
const maxSentence = 1 << 10

// decodeExtraction takes an answer only when all it says is sayable: the child
// may have been taken over by the file. The text itself is the file's own, and
// hostile wherever it goes.
func decodeExtraction(answer []byte) (Extraction, error) {
	var r reply
	dec := json.NewDecoder(bytes.NewReader(answer))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		return Extraction{}, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) || r.Extraction == nil {
		return Extraction{}, errors.New("not one extraction")
	}
	e := *r.Extraction
	switch {
	case !slices.Contains([]Source{SourcePDF, SourceOffice, SourcePlain, SourceNone}, e.Source):
		return Extraction{}, fmt.Errorf("unknown source %q", e.Source)
	case e.Extractor == "" || !sentence(e.Extractor) || !sentence(e.Problem):
		return Extraction{}, errors.New("extractor or problem is not a line of text")
	case len(e.Pages) > MaxPages:
		return Extraction{}, fmt.Errorf("%d pages", len(e.Pages))
	}
	total := 0
	for i, p := range e.Pages {
		if err := checkPage(p, i+1); err != nil {
			return Extraction{}, fmt.Errorf("page %d: %w", i+1, err)
		}
		total += len(p.Text) + len(p.Overlay)
	}
	if total > 2*MaxText {
		return Extraction{}, fmt.Errorf("%d bytes of text", total)
	}
	return e, nil
}

func checkPage(p Page, number int) error {
	w, h := bounded(p.Width, p.Height)
	switch {
	case p.Number != number:
		return fmt.Errorf("numbered %d", p.Number)
	case len(p.Text) > MaxPageText || len(p.Overlay) > MaxPageText || len(p.Head) > maxHead:
		return errors.New("too much text")
	case p.OCR || w != p.Width || h != p.Height || !share(p.Quality):
		return errors.New("figures out of range")
	case Clean(p.Text) != p.Text || Clean(p.Overlay) != p.Overlay || Clean(p.Head) != p.Head:
		return errors.New("text is not clean")
	}
	return nil
}

func share(q syllable.Quality) bool {
	in := func(v float64) bool { return v >= 0 && v <= 1 }
	return q.Words >= 0 && in(q.Valid) && in(q.Marked)
}

func sentence(s string) bool {
	return len(s) <= maxSentence && !strings.ContainsFunc(s, unicode.IsControl)
}

func isPicture(data []byte) bool {
	config, err := png.DecodeConfig(bytes.NewReader(data))
	return err == nil && tooLarge(config) == ""
}
