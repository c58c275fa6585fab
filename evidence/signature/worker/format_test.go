package worker

import (
	"strings"
	"testing"

	"minhchung/evidence/signature"
)

func TestFormatIsFoundByContent(t *testing.T) {
	signedData := "\x30\x82\x01\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0"
	tests := []struct {
		name, data string
		format     string
		condition  signature.Condition
		problem    string
	}{
		{"nothing", "", "unknown", signature.Damaged, "the file is empty"},
		{"spaces", " \n\t", "unknown", signature.Damaged, "not a document of a known format"},
		{"zeros", strings.Repeat("\x00", 100), "unknown", signature.Damaged, "not a document of a known format"},
		{"text", "Kính gửi", "unknown", signature.Damaged, "not a document of a known format"},
		{"JPEG", "\xff\xd8\xff\xe0\x00\x10JFIF", "unknown", signature.Damaged, "a JPEG picture, not a document"},
		{"PNG", "\x89PNG\r\n\x1a\n", "unknown", signature.Damaged, "a PNG picture, not a document"},
		{"TIFF", "II*\x00", "unknown", signature.Damaged, "a TIFF picture, not a document"},
		{"HTML", "\ufeff\r\n<!DOCTYPE html><html>", "unknown", signature.Damaged, "a web page (HTML), not a document"},
		{"XHTML", `<?xml version="1.0"?><html xmlns="x">`, "unknown", signature.Damaged, "a web page (HTML), not a document"},
		{"XML", `<?xml version="1.0"?><a/>`, "xml", signature.Unsupported, "an XML file; its reader comes later"},
		{"XML without a declaration", `<a><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/></a>`, "xml", signature.Unsupported, "an XML file; its reader comes later"},
		{"CMS", signedData, "cms", signature.Unsupported, "a CMS signature file; its reader comes later"},
		{"CMS in BER", "\x30\x80" + signedData[4:], "cms", signature.Unsupported, "a CMS signature file; its reader comes later"},
		{"CMS in PEM", "-----BEGIN PKCS7-----\nMII", "cms", signature.Unsupported, "a CMS signature file; its reader comes later"},
		{"certificate", "\x30\x82\x01\x00\x30\x82\x00\xf0", "unknown", signature.Damaged, "not a document of a known format"},
		{"docx", "PK\x03\x04 [Content_Types].xml", "office", signature.Unsupported, "an Office file; its reader comes later"},
		{"odt", "PK\x03\x04 mimetypeapplication/vnd.oasis.opendocument.text", "office", signature.Unsupported, "an Office file; its reader comes later"},
		{"doc", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "office", signature.Unsupported, "an Office file of the older kind; its reader comes later"},
		{"asice", "PK\x03\x04 mimetypeapplication/vnd.etsi.asic-e+zip", "asic", signature.Unsupported, "an ASiC container; its reader comes later"},
		{"asics without mimetype", "PK\x03\x04 a META-INF/signature.p7s", "asic", signature.Unsupported, "an ASiC container; its reader comes later"},
		{"evidence record", "PK\x03\x04 META-INF/evidencerecord.ers", "asic", signature.Unsupported, "an ASiC container; its reader comes later"},
		{"PDF inside a CMS", signedData + "%PDF-1.7", "cms", signature.Unsupported, "a CMS signature file; its reader comes later"},
		{"PDF inside an archive", "PK\x03\x04 META-INF/signatures.xml %PDF-1.7", "asic", signature.Unsupported, "an ASiC container; its reader comes later"},
		{"zip", "PK\x03\x04 photos", "unknown", signature.Damaged, "a ZIP archive, not a document"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := Read([]byte(test.data))
			if got.Format != test.format || got.Condition != test.condition || got.Problem != test.problem {
				t.Errorf("got %s, %s, %q, want %s, %s, %q", got.Format, got.Condition, got.Problem, test.format, test.condition, test.problem)
			}
			if got.SHA256 != signature.HashOf([]byte(test.data)) || got.Size != int64(len(test.data)) {
				t.Errorf("got facts about %v with %d bytes, want the data's own", got.SHA256, got.Size)
			}
		})
	}
}

// The header may stand anywhere in the first 1024 bytes, and no later.
func TestPDFHeader(t *testing.T) {
	for offset, want := range map[int]string{0: "pdf", 1019: "pdf", 1020: "unknown"} {
		data := strings.Repeat("x", offset) + "%PDF-1.7\n"
		if got := Read([]byte(data)).Format; got != want {
			t.Errorf("header at %d: got %s, want %s", offset, got, want)
		}
	}
}
