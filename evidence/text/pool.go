package text

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"minhchung/evidence/text/syllable"
	"minhchung/evidence/worker"
)

// Config sets up a Pool. Zero fields mean the defaults named beside them.
type Config struct {
	// Command starts a child that calls Main. Required.
	Command []string
	// Engines are names and versions of what children read with, such as
	// "pdfium/1 office/1": when they change, stored text is read again.
	Engines string
	// CacheDir is where children keep compiled code (DATA/cache); empty makes
	// every start of a child take seconds. It may be deleted at any time.
	CacheDir string
	// Workers is the number of files read at the same time; default
	// GOMAXPROCS.
	Workers int
	// Timeout is the time a child has for one file or picture; default 60 s.
	Timeout time.Duration
	// MemoryBytes bounds a child; default 1,536 MiB.
	MemoryBytes int64
	// FileBytes bounds a file; default 50 MB.
	FileBytes int64
	// OCR reads pictures of pages; nil leaves Page.NeedsOCR as it is.
	OCR OCR
	// OCRPages bounds the pages of one file that are given to OCR; default
	// 200.
	OCRPages int
	// Log, when set, receives why children were killed or died.
	Log *slog.Logger
}

// OCR reads the text of a page's picture. It may be called concurrently.
type OCR interface {
	// Read reads a PNG that a child drew. A picture without text gives "" and
	// no error; an error is our failure to look.
	Read(ctx context.Context, picture []byte, dpi int) (string, error)
	// Version is name and version, "tesseract/5.3.0".
	Version() string
}

// ocrDPI is the resolution at which pages are drawn for OCR.
const ocrDPI = 200

// Pool reads files in child processes. All methods are safe for concurrent
// use.
type Pool struct {
	workers  *worker.Pool
	engines  string
	ocr      OCR
	ocrPages int
}

// New returns a pool; children start when they are needed.
func New(cfg Config) (*Pool, error) {
	workers, err := worker.New(worker.Config{
		Command: cfg.Command, Setup: setup{cfg.CacheDir}, Workers: cfg.Workers, Log: cfg.Log,
		Limits:    worker.Limits{Timeout: cfg.Timeout, MemoryBytes: cfg.MemoryBytes},
		FileBytes: cfg.FileBytes, Recycle: 100,
	})
	if err != nil {
		return nil, err
	}
	pages := cfg.OCRPages
	if pages <= 0 {
		pages = 200
	}
	return &Pool{workers: workers, engines: cfg.Engines, ocr: cfg.OCR, ocrPages: pages}, nil
}

// Version returns names and versions of what reads text, and of the OCR, ""
// for none. Text that another reader stored may differ.
func (p *Pool) Version() (reader, ocr string) {
	if p.ocr != nil {
		ocr = p.ocr.Version()
	}
	return strings.TrimSpace(ownVersion + " " + p.engines), ocr
}

// ownVersion changes when what this package makes of the engines' answers
// does.
const ownVersion = "text/1"

// Close ends all children; files in work are finished first.
func (p *Pool) Close() error { return p.workers.Close() }

// File is a stored document. Open may be called several times, one after the
// other; each reader gives Size bytes and is closed.
type File struct {
	Size int64
	Open func(ctx context.Context) (io.ReadCloser, error)
}

// Bytes makes a File of data in memory.
func Bytes(data []byte) File {
	return File{int64(len(data)), func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(data)), nil
	}}
}

// Extract returns the text of a file, with the pages that need it read by OCR
// when the pool has one. What is wrong with the file is in
// Extraction.Problem. Errors are our own: a file that cannot be opened or does
// not have its size, the context's error, a child or an OCR that cannot be
// started.
func (p *Pool) Extract(ctx context.Context, file File) (Extraction, error) {
	outcome, err := p.do(ctx, file, request{})
	if err != nil {
		return Extraction{}, fmt.Errorf("reading the text of a file: %w", err)
	}
	e := none("worker/1", outcome.Problem)
	if outcome.Problem == "" {
		if e, err = decodeExtraction(outcome.Answer); err != nil {
			e = none("worker/1", "the reader's answer could not be used")
		}
	}
	if p.ocr == nil {
		return e, nil
	}
	if err := p.readScans(ctx, file, &e); err != nil {
		return Extraction{}, fmt.Errorf("reading scanned pages: %w", err)
	}
	return e, nil
}

func (p *Pool) do(ctx context.Context, file File, ask request) (worker.Outcome, error) {
	body, err := file.Open(ctx)
	if err != nil {
		return worker.Outcome{}, err
	}
	defer body.Close()
	return p.workers.Do(ctx, worker.Job{Size: file.Size, Body: body, Request: ask})
}

// ErrNoPicture is returned by Render when the file has no such page or it
// cannot be drawn; the error's text says why.
var ErrNoPicture = errors.New("no picture of the page")

// Render returns a page's picture as PNG, annotations drawn: pages count from
// 1, dpi goes from 36 to MaxDPI. Fonts that the file does not carry are drawn
// with those of PDFium, which lack Vietnamese letters.
func (p *Pool) Render(ctx context.Context, file File, page, dpi int) ([]byte, error) {
	if page < 1 || page > 1_000_000 || dpi < 36 || dpi > MaxDPI {
		return nil, fmt.Errorf("%w: page %d at %d dpi", ErrNoPicture, page, dpi)
	}
	outcome, err := p.do(ctx, file, request{page, dpi})
	if err != nil {
		return nil, fmt.Errorf("drawing a page: %w", err)
	}
	if outcome.Problem != "" {
		return nil, fmt.Errorf("%w: %s", ErrNoPicture, outcome.Problem)
	}
	picture, problem := decodePicture(outcome.Answer)
	if problem != "" {
		return nil, fmt.Errorf("%w: %s", ErrNoPicture, problem)
	}
	return picture, nil
}

// readScans gives the pages that need it to OCR. A page that cannot be drawn
// keeps NeedsOCR, and the problem says so.
func (p *Pool) readScans(ctx context.Context, file File, e *Extraction) error {
	read := 0
	for i := range e.Pages {
		page := &e.Pages[i]
		if !page.NeedsOCR {
			continue
		}
		if read++; read > p.ocrPages {
			e.problem(fmt.Sprintf("only the first %d scanned pages are read", p.ocrPages))
			break
		}
		picture, err := p.Render(ctx, file, page.Number, dpiFor(*page))
		if errors.Is(err, ErrNoPicture) {
			e.problem(fmt.Sprintf("page %d cannot be drawn", page.Number))
			continue
		}
		if err != nil {
			return err
		}
		text, err := p.ocr.Read(ctx, picture, dpiFor(*page))
		if err != nil {
			return err
		}
		if page.takeOCR(text); page.NeedsOCR {
			e.problem(fmt.Sprintf("page %d is a picture that OCR cannot read", page.Number))
		}
		if page.OCR && e.Source != SourceOCR {
			e.Source, e.Extractor = SourceOCR, e.Extractor+"+"+p.ocr.Version()
		}
	}
	return nil
}

// dpiFor draws very large pages at a lower resolution.
func dpiFor(p Page) int {
	dpi := ocrDPI
	for dpi > 72 && p.Width*p.Height*float64(dpi*dpi)/(72*72) > MaxPixels/2 {
		dpi -= 16
	}
	return dpi
}

// readable is the share of valid syllables under which OCR saw no words: it
// makes letters of any picture.
const readable = 0.5

// takeOCR keeps the stored text where OCR reads fewer syllables than it has.
// The page still needs OCR when what was read is not words.
func (p *Page) takeOCR(text string) {
	text, _ = cleanTo(text, MaxPageText)
	quality := syllable.Measure(text)
	if quality.Words >= syllable.MinWords && quality.Valid < readable {
		return
	}
	p.NeedsOCR = false
	if valid := func(q syllable.Quality) float64 { return q.Valid * float64(q.Words) }; p.Text != "" && valid(quality) <= valid(p.Quality) {
		return
	}
	p.Text, p.Quality, p.OCR, p.Sorted = text, quality, true, false
}

func (e *Extraction) problem(sentence string) {
	if e.Problem == "" {
		e.Problem = sentence
	}
}

// decodePicture takes a picture only when it is a PNG of an allowed size.
func decodePicture(answer []byte) (picture []byte, problem string) {
	head, picture, _ := bytes.Cut(answer, []byte("\n"))
	var r reply
	if err := json.Unmarshal(head, &r); err != nil || !sentence(r.Problem) {
		return nil, "the reader's answer could not be used"
	}
	if r.Problem != "" {
		return nil, r.Problem
	}
	if !isPicture(picture) {
		return nil, "the reader's answer could not be used"
	}
	return picture, ""
}
