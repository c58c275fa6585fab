package syntax_test

import (
	"bytes"
	"testing"

	"minhchung/evidence/signature/pdf/pdftest"
)

// TestChecksumOfCrossReferenceStream: a wrong one means that an entry may
// have turned, which can hide a signature; one that is missing does not.
func TestChecksumOfCrossReferenceStream(t *testing.T) {
	b := pdftest.New()
	b.Page("", "", pdftest.Text)
	b.XRefStream(9, pdftest.Root)
	data := b.Bytes()
	if f := open(t, data); f.Repaired {
		t.Fatalf("got faults %q in a sound file", f.Faults())
	}
	end := bytes.LastIndex(data, []byte("\nendstream"))
	wrong := bytes.Clone(data)
	wrong[end-1] ^= 1
	if f := open(t, wrong); !f.Repaired {
		t.Error("a wrong checksum went unnoticed")
	}
	none := append(bytes.Clone(data[:end-4]), data[end:]...)
	if f := open(t, none); f.Repaired {
		t.Errorf("got faults %q without a checksum", f.Faults())
	}
}
