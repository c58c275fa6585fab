// Package text turns stored documents into text, page by page, for search and
// for confirming that a file is the document its register row names.
//
// Files are hostile: they are read in child processes of their own (package
// evidence/worker) with larger limits than signatures have, because a PDF
// engine runs there. Pool is the parent's side, Main the child's. The engines
// are drivers in folders of their own (pdfium, office, tesseract), which the
// program hands in; this package imports none of them.
//
// Text follows the ledger: it can be deleted and made again. It is versioned
// by Extraction.Extractor, so that text of an older reader is found and
// replaced.
package text

import (
	"errors"
	"time"

	"minhchung/evidence/text/syllable"
)

// Source says where a text comes from.
type Source string

// The sources.
const (
	SourcePDF    Source = "pdf-text" // the text of a PDF's pages
	SourceOffice Source = "office"   // DOCX, XLSX, ODT
	SourcePlain  Source = "plain"    // a text file
	SourceOCR    Source = "ocr"      // read from page images; at least one page
	SourceNone   Source = "none"     // no text could be had
)

// Extraction is the text of one file.
type Extraction struct {
	// Extractor is name and version of what read the text, such as
	// "pdfium/1" or "pdfium/1+tesseract/5.3.0". Text of another extractor may
	// differ for the same file.
	Extractor string `json:"extractor"`
	Source    Source `json:"source"`
	Pages     []Page `json:"pages"`
	// Problem is one plain sentence, in English and without a full stop,
	// about why text is missing or incomplete; empty when all was read.
	Problem string `json:"problem,omitempty"`
	// Encrypted tells the file that needs a password from other problems.
	Encrypted bool `json:"encrypted,omitempty"`
}

// Page is the text of one page, of one sheet of a workbook, or of a whole
// Office or text file, which has no pages before it is printed.
type Page struct {
	Number int    `json:"number"` // 1-based
	Text   string `json:"text"`   // NFC, lines end in \n, no control characters
	// Overlay is text that annotations and form fields (a number stamped
	// after the first signature, a signature's appearance) draw over the
	// page. It is not part of Text.
	Overlay string `json:"overlay,omitempty"`
	// Head is the beginning of a PDF's first page as people see it: Text and
	// Overlay by their places, so that a number stamped into "Số:   /BC-UBND"
	// stands where it belongs. At most 4 KiB.
	Head    string           `json:"head,omitempty"`
	Quality syllable.Quality `json:"quality"` // of Text
	// NeedsOCR reports that what people see on the page is not in Text: a
	// scan, or text whose characters are not readable.
	NeedsOCR bool `json:"needsOCR,omitempty"`
	// Sorted reports that the characters were put in order by their position,
	// since the order they are stored in gave no words.
	Sorted bool    `json:"sorted,omitempty"`
	OCR    bool    `json:"ocr,omitempty"`    // Text was read from the page's image
	Width  float64 `json:"width,omitempty"`  // points (1/72 inch), as shown; 0 without pages
	Height float64 `json:"height,omitempty"` // points
}

// Limits on what is taken from one file. What is beyond them is dropped and
// said in Extraction.Problem.
const (
	MaxPages     = 5_000
	MaxPageText  = 1 << 20  // bytes of one page
	MaxText      = 24 << 20 // bytes of all pages
	MaxDPI       = 300
	MaxPixels    = 40_000_000 // of one rendered page or picture
	MaxPageChars = 400_000    // characters that are sorted by position
	maxHead      = 4 << 10    // bytes of Page.Head
)

// ErrEncrypted is returned by engines for a file that needs a password.
var ErrEncrypted = errors.New("the file is encrypted")

// PDFEngine opens PDF files. It runs in the child.
type PDFEngine interface {
	// Open returns ErrEncrypted for a file that needs a password. The
	// document is closed before the next is opened; data does not change.
	Open(data []byte) (PDF, error)
	// Version is name and version, "pdfium/1".
	Version() string
}

// PDF is one open document. Pages are counted from 0. An error is about the
// page: others may still be read.
type PDF interface {
	Pages() int
	// Page loads a page; it is closed before the next is loaded.
	Page(index int) (PDFPage, error)
	Close() error
}

// PDFPage is one loaded page. Overlay may change what the other methods see,
// so it is called last.
type PDFPage interface {
	Size() (width, height float64) // points, rotation applied
	// Read returns the characters in stored order as UTF-8, with spaces and
	// line ends as the engine infers them, and the same with their places,
	// without what was inferred. More than MaxPageChars are an error.
	Read() (text string, chars []Char, err error)
	// Overlay returns what annotations and form fields write on the page; ok
	// is false when there are none.
	Overlay() (text string, ok bool, err error)
	// Pictures returns the share of the page that pictures cover, 0 to 1, and
	// whether anything at all is drawn.
	Pictures() (share float64, drawn bool, err error)
	// PNG returns the page's picture with annotations drawn.
	PNG(dpi int) ([]byte, error)
	Close() error
}

// Char is a character of a PDF page and its place in points, x growing to the
// right, y upwards.
type Char struct {
	Rune        rune
	X, Baseline float64 // where its drawing begins
	Right       float64 // X and the room the font gives it
	Height      float64 // of its font, ascent to descent
}

// OfficeEngine reads Office files. It runs in the child.
type OfficeEngine interface {
	// Read returns one text for each page or sheet. A problem is a sentence
	// about a file that cannot be read wholly; ErrEncrypted is an error, and
	// so is nothing else.
	Read(format Format, data []byte, deadline time.Time) (pages []string, problem string, err error)
	Version() string // "office/1"
}
