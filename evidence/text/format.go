package text

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// Format is what a file is by its content; its name is never asked.
type Format string

// The formats that are told apart.
const (
	FormatPDF     Format = "pdf"
	FormatZIP     Format = "zip" // DOCX, XLSX, ODT and other archives: the Office engine looks inside
	FormatOLE     Format = "ole" // .doc, .xls, and encrypted OOXML (MS-OFFCRYPTO 2.3.1)
	FormatPicture Format = "picture"
	FormatTIFF    Format = "tiff"
	FormatMarkup  Format = "markup" // HTML, XML, RTF
	FormatPlain   Format = "plain"
	FormatUnknown Format = "unknown"
)

// FormatOf names a file's format by its first bytes. A PDF header may stand
// anywhere in the first 1024 bytes (ISO 32000-1 Annex H, note 13).
func FormatOf(data []byte) Format {
	head := data[:min(len(data), 1024)]
	trimmed := strings.ToLower(string(bytes.TrimLeft(bytes.TrimPrefix(head, utf8BOM), " \t\r\n")))
	switch {
	case bytes.Contains(head, []byte("%PDF-")):
		return FormatPDF
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return FormatZIP
	case bytes.HasPrefix(data, []byte{0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1}):
		return FormatOLE
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")), bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		return FormatPicture
	case bytes.HasPrefix(data, []byte("II*\x00")), bytes.HasPrefix(data, []byte("MM\x00*")):
		return FormatTIFF
	case strings.HasPrefix(trimmed, "<?xml"), strings.HasPrefix(trimmed, "<!doctype"),
		strings.Contains(trimmed, "<html"), strings.HasPrefix(trimmed, `{\rtf`):
		return FormatMarkup
	case isPlain(data):
		return FormatPlain
	}
	return FormatUnknown
}

// isPlain reports whether data can be a text in an encoding that decode knows:
// UTF-16 with its mark, or hardly a control character.
func isPlain(data []byte) bool {
	if len(data) == 0 {
		return false
	}
	if bytes.HasPrefix(data, utf16LE) || bytes.HasPrefix(data, utf16BE) {
		return true
	}
	head := data[:min(len(data), 64<<10)]
	controls := 0
	for _, c := range head {
		switch {
		case c == 0:
			return false
		case c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' || c == 0x7f:
			controls++
		}
	}
	return controls <= len(head)/100
}

// clip shortens s to at most n bytes without cutting a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
