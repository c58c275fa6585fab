// Package office reads the text of Office files: DOCX, XLSX and PPTX
// (ECMA-376), ODT, ODS and ODP (ODF 1.2). Only archive/zip and encoding/xml
// stand behind it: no part is written to disk, no reference is followed out of
// the archive, entities are not declared.
//
// The older binary formats (.doc, .xls) are named and not read. Text in the
// legacy fonts of TCVN3 and VNI comes out as it is stored.
package office

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"minhchung/evidence/text"
)

// Version changes when the same file can give another text.
const Version = "office/1"

// Limits on an archive. Sizes are measured while unpacking; what the archive
// declares is not believed.
const (
	maxParts    = 5_000
	maxUnpacked = 256 << 20
	maxRatio    = 100      // unpacked to packed
	ratioFree   = 16 << 20 // bytes that may be unpacked at any ratio
	maxDepth    = 200      // of nested XML elements
)

// Reader reads Office files. It holds nothing and is safe for concurrent use.
type Reader struct{}

var _ text.OfficeEngine = Reader{}

// Version returns name and version of the reader.
func (Reader) Version() string { return Version }

// problem is what is wrong with a file, as a sentence.
type problem string

func (p problem) Error() string { return string(p) }

const (
	errDamaged = problem("the Office file is damaged")
	errBomb    = problem("the archive unpacks to more than is allowed")
	errDeep    = problem("the file is nested too deeply to be read")
	errTime    = problem("reading took too long, only a part is read")
	errLong    = problem("the file has more text than is kept, only the first part is read")
	errDTD     = problem("the file declares a document type, which Office files do not")
)

// Read returns the text of a file, one entry for each sheet or slide, one for
// a whole text document. What was read before a problem is returned with it.
func (Reader) Read(format text.Format, data []byte, deadline time.Time) (pages []string, sentence string, err error) {
	if format == text.FormatOLE {
		return readOLE(data)
	}
	a, err := open(data, deadline)
	if err == nil {
		err = a.read()
		pages = a.pages
	}
	var p problem
	if errors.As(err, &p) {
		return pages, string(p), nil
	}
	return pages, "", err
}

// readOLE tells an encrypted OOXML file (MS-OFFCRYPTO 2.3.1: a compound file
// with a stream EncryptedPackage) from one of the older formats.
func readOLE(data []byte) ([]string, string, error) {
	if bytes.Contains(data, []byte("E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00")) {
		return nil, "", text.ErrEncrypted
	}
	return nil, "an Office file of the older kind (.doc, .xls), which is not read; saved as .docx or .xlsx it would be", nil
}

// archive is one open file.
type archive struct {
	parts    map[string]*zip.File
	packed   int64
	unpacked int64
	deadline time.Time
	pages    []string
	room     int // bytes of text that may still be written
}

func open(data []byte, deadline time.Time) (*archive, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, problem("the file is not a complete ZIP archive")
	}
	if len(z.File) > maxParts {
		return nil, problem(fmt.Sprintf("the archive has more than %d files", maxParts))
	}
	a := &archive{parts: map[string]*zip.File{}, packed: int64(len(data)), deadline: deadline, room: text.MaxText}
	for _, f := range z.File {
		if f.Flags&1 != 0 {
			return nil, text.ErrEncrypted
		}
		name := partName(f.Name)
		if a.parts[name] == nil {
			a.parts[name] = f
		}
	}
	return a, nil
}

// partName is how a part is looked up: case does not count (ECMA-376 part 2,
// 6.2.2.3), and no name leaves the archive.
func partName(name string) string {
	return strings.ToLower(strings.TrimPrefix(path.Clean("/"+strings.ReplaceAll(name, `\`, "/")), "/"))
}

func (a *archive) has(name string) bool { return a.parts[partName(name)] != nil }

func (a *archive) read() error {
	switch {
	case a.has("xl/workbook.xml"):
		return a.readXLSX()
	case a.has("ppt/presentation.xml"):
		return a.readPPTX()
	case a.has("content.xml"):
		return a.readODF()
	case a.has("[Content_Types].xml"):
		return a.readDOCX()
	}
	return problem("an archive, not a document; the files in it would be read one by one")
}

// part opens a part for reading under the limits.
func (a *archive) part(name string) (io.ReadCloser, error) {
	f := a.parts[partName(name)]
	if f == nil {
		return nil, errDamaged
	}
	r, err := f.Open()
	if err != nil {
		return nil, errDamaged
	}
	return &bounded{a, r}, nil
}

// bounded counts what an archive unpacks.
type bounded struct {
	a *archive
	r io.ReadCloser
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.a.unpacked += int64(n)
	if b.a.unpacked > maxUnpacked || b.a.unpacked > ratioFree && b.a.unpacked/maxRatio > b.a.packed {
		return 0, errBomb
	}
	return n, err
}

func (b *bounded) Close() error { return b.r.Close() }

// page collects the text of one page within its bounds and those of the file.
type page struct {
	a    *archive
	b    strings.Builder
	full bool
}

func (p *page) write(s string) {
	if n := min(p.a.room, text.MaxPageText-p.b.Len()); p.full || len(s) > n {
		p.full = true
		return
	}
	p.a.room -= len(s)
	p.b.WriteString(s)
}

// add keeps the page, also when it is the part that was read before err.
func (a *archive) add(p *page, err error) error {
	a.pages = append(a.pages, p.b.String())
	if err == nil && p.full {
		err = errLong
	}
	return err
}
