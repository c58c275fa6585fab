package worker

import (
	"bytes"
	"slices"

	"minhchung/evidence/signature"
)

// readerName is the reader that facts name when no format's reader ran.
const readerName = "worker/2"

// engine is what a child does with a file. Tests replace it.
type engine struct {
	read    func(data []byte) signature.Facts
	prepare func(signature.Material, signature.Policy) judgment
}

var defaultEngine = engine{read: Read, prepare: prepare}

// Read names the format of a file by its content, never by its name, and
// gives it to the format's reader. It runs in the child; calling it elsewhere
// means reading hostile bytes without limits.
//
// Formats that can carry signatures but have no reader yet (CMS, XML, Office,
// ASiC) are Unsupported: whether they are signed is unknown. Everything else
// is Damaged: a document it is not.
func Read(data []byte) signature.Facts {
	if quickFormat(data[:min(len(data), headBytes)]) == "pdf" {
		return readPDF(data)
	}
	facts := signature.Facts{
		Reader: readerName, SHA256: signature.HashOf(data), Size: int64(len(data)),
	}
	facts.Format, facts.Condition, facts.Problem = classify(data)
	return facts
}

// quickFormat names the format by the first bytes alone. A PDF header may
// stand anywhere in the first 1024 bytes (ISO 32000-1 Annex H, note 13).
func quickFormat(head []byte) string {
	// What begins as a signed message or an archive and holds a PDF is none:
	// the signature around it would be overlooked.
	if bytes.Contains(head, []byte("%PDF-")) && !isCMS(head) && !bytes.HasPrefix(head, zipMagic) {
		return "pdf"
	}
	format, _, _ := classify(head)
	return format
}

// What is recognised.
var (
	oidSignedData = []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02} // 1.2.840.113549.1.7.2, RFC 5652 5.1
	zipMagic      = []byte("PK\x03\x04")
	oleMagic      = []byte{0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1} // MS-CFB 2.2
	utf8BOM       = []byte{0xef, 0xbb, 0xbf}
)

const later = "; its reader comes later"

// classify is linear in data and allocates nothing to speak of.
func classify(data []byte) (format string, condition signature.Condition, problem string) {
	text := bytes.TrimLeft(bytes.TrimPrefix(data, utf8BOM), " \t\r\n")
	start := bytes.ToLower(text[:min(len(text), headBytes)])
	switch {
	case len(data) == 0:
		return "unknown", signature.Damaged, "the file is empty"
	case isCMS(data), bytes.HasPrefix(text, []byte("-----BEGIN PKCS7")), bytes.HasPrefix(text, []byte("-----BEGIN CMS")):
		return "cms", signature.Unsupported, "a CMS signature file" + later
	case bytes.HasPrefix(data, zipMagic):
		return classifyZIP(data)
	case bytes.HasPrefix(data, oleMagic):
		return "office", signature.Unsupported, "an Office file of the older kind" + later
	case bytes.HasPrefix(start, []byte("<!doctype html")), bytes.Contains(start, []byte("<html")):
		return "unknown", signature.Damaged, "a web page (HTML), not a document"
	case bytes.HasPrefix(start, []byte("<?xml")), bytes.Contains(data, []byte("http://www.w3.org/2000/09/xmldsig#")):
		return "xml", signature.Unsupported, "an XML file" + later
	}
	return "unknown", signature.Damaged, classifyOther(data)
}

// isCMS reports whether data begins as a ContentInfo with SignedData.
func isCMS(data []byte) bool {
	return len(data) > 0 && data[0] == 0x30 && bytes.Contains(data[:min(len(data), 64)], oidSignedData)
}

// classifyZIP looks for the names that every container of its kind holds in
// clear: "[Content_Types].xml" (ISO/IEC 29500-2), "mimetype" as first entry
// (ODF 1.2 part 3, ETSI EN 319 162-1 A.1) or, where that is missing or
// compressed, files of META-INF (the same, 4.3.3 and 4.4.3; evidence records 4.3.4).
func classifyZIP(data []byte) (string, signature.Condition, string) {
	first := data[:min(len(data), 256)]
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return bytes.Contains(data, []byte(name)) })
	}
	switch {
	case bytes.Contains(first, []byte("application/vnd.etsi.asic")):
		return "asic", signature.Unsupported, "an ASiC container" + later
	case bytes.Contains(first, []byte("application/vnd.oasis.opendocument")),
		has("[Content_Types].xml"), has("META-INF/manifest.xml") && has("content.xml"):
		return "office", signature.Unsupported, "an Office file" + later
	case has("application/vnd.etsi.asic", "META-INF/signature", "META-INF/ASiCManifest", "META-INF/timestamp.tst",
		"META-INF/evidencerecord", "META-INF/ASiCEvidenceRecordManifest"):
		return "asic", signature.Unsupported, "an ASiC container" + later
	}
	return "unknown", signature.Damaged, "a ZIP archive, not a document"
}

func classifyOther(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		return "a JPEG picture, not a document"
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		return "a PNG picture, not a document"
	case bytes.HasPrefix(data, []byte("II*\x00")), bytes.HasPrefix(data, []byte("MM\x00*")):
		return "a TIFF picture, not a document"
	}
	return "not a document of a known format"
}
