package text

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"minhchung/evidence/text/syllable"
	"minhchung/evidence/worker"
)

// Engines are the drivers a child works with. Main calls each function once,
// before the child loses the file system.
type Engines struct {
	PDF    func(cacheDir string) (PDFEngine, error)
	Office func() OfficeEngine
}

// setup is what the pool tells a child about its engines.
type setup struct {
	CacheDir string `json:"cacheDir"`
}

// request asks for the text of the file, or for the picture of one page.
type request struct {
	Page int `json:"page"` // 0: text; otherwise the page to draw, 1-based
	DPI  int `json:"dpi,omitempty"`
}

// reply is the head of an answer: one line of JSON, behind it the picture.
type reply struct {
	Extraction *Extraction `json:"extraction,omitempty"`
	Problem    string      `json:"problem,omitempty"` // why there is no picture
}

// Main is the child: see worker.Main. The program calls it when it was started
// with Config.Command.
func Main(in io.Reader, out io.Writer, engines Engines) error {
	return worker.Main(in, out, func(raw json.RawMessage) (worker.Engine, error) {
		var s setup
		if err := json.Unmarshal(raw, &s); err != nil {
			return nil, err
		}
		pdf, err := engines.PDF(s.CacheDir)
		if err != nil {
			return nil, err
		}
		return reader{pdf: pdf, office: engines.Office()}.answer, nil
	})
}

// reader is the child's work.
type reader struct {
	pdf    PDFEngine
	office OfficeEngine
}

func (r reader) answer(raw json.RawMessage, data []byte, deadline time.Time) ([]byte, error) {
	var ask request
	if err := json.Unmarshal(raw, &ask); err != nil {
		return nil, err
	}
	if ask.Page > 0 {
		picture, problem := r.render(data, ask)
		head, err := json.Marshal(reply{Problem: problem})
		return append(append(head, '\n'), picture...), err
	}
	// A tenth of the time is kept for writing the answer.
	deadline = deadline.Add(-time.Until(deadline) / 10)
	extraction := r.extract(data, deadline)
	return json.Marshal(reply{Extraction: &extraction})
}

func (r reader) extract(data []byte, deadline time.Time) Extraction {
	switch format := FormatOf(data); format {
	case FormatPDF:
		return r.extractPDF(data, deadline)
	case FormatZIP, FormatOLE:
		return r.extractOffice(format, data, deadline)
	case FormatPicture:
		return extractPicture(data)
	case FormatPlain:
		e := Extraction{Extractor: "plain/1", Source: SourcePlain}
		e.add(Page{Number: 1}, decodePlain(data))
		return e.finish()
	case FormatTIFF:
		return none("plain/1", "a TIFF picture; it is not read, a PDF of it would be")
	case FormatMarkup:
		return none("plain/1", "a web page or a file of markup, not a document")
	}
	if len(data) == 0 {
		return none("plain/1", "the file is empty")
	}
	return none("plain/1", "not a document of a known format")
}

func none(extractor, problem string) Extraction {
	return Extraction{Extractor: extractor, Source: SourceNone, Problem: problem}
}

// add puts a page with its text into the extraction. It returns false when
// the file has no room for more.
func (e *Extraction) add(p Page, text string) bool {
	text, cut := cleanTo(text, MaxPageText)
	if cut {
		e.Problem = fmt.Sprintf("page %d has more text than %d bytes, the rest is left out", p.Number, MaxPageText)
	}
	used := 0
	for _, q := range e.Pages {
		used += len(q.Text) + len(q.Overlay)
	}
	if used+len(text) > MaxText || len(e.Pages) >= MaxPages {
		e.Problem = fmt.Sprintf("the file is over the limits of text, only the first %d pages are read", len(e.Pages))
		return false
	}
	p.Text, p.Quality = text, syllable.Measure(text)
	e.Pages = append(e.Pages, p)
	return true
}

// finish says that there is no text when there is none.
func (e Extraction) finish() Extraction {
	for _, p := range e.Pages {
		if p.Text != "" || p.Overlay != "" || p.NeedsOCR {
			return e
		}
	}
	e.Source = SourceNone
	if e.Problem == "" {
		e.Problem = "the file has no text"
	}
	return e
}

func (r reader) extractOffice(format Format, data []byte, deadline time.Time) Extraction {
	pages, problem, err := r.office.Read(format, data, deadline)
	if errors.Is(err, ErrEncrypted) {
		e := none(r.office.Version(), "the file is protected with a password")
		e.Encrypted = true
		return e
	}
	if err != nil {
		return none(r.office.Version(), "the file cannot be read")
	}
	e := Extraction{Extractor: r.office.Version(), Source: SourceOffice, Problem: clip(Clean(problem), maxSentence)}
	for i, text := range pages {
		if !e.add(Page{Number: i + 1}, text) {
			break
		}
	}
	return e.finish()
}
