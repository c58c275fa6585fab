package evidence_test

import (
	"strings"
	"testing"

	"minhchung/evidence"
)

// TestOneRefusedDocument: what no ledger can hold falls out of its group, and
// only that.
func TestOneRefusedDocument(t *testing.T) {
	_, in, pub := office(t)
	begin(t, in, 4)
	files := []evidence.File{file("a", "signed one", "1/BC"), file("b\xff", "signed two", "2/BC"), file("c", "plain", "3/BC"), file("d", "signed stray")}
	got, err := in.Receive(t.Context(), files)
	if err != nil || got.Received != 3 || len(got.Documents) != 3 || len(got.Failures) != 1 || got.Failures[0].Name != "b\xff" {
		t.Fatalf("got %+v, %v, want 3 received and b refused", got, err)
	}
	if text := got.Failures[0].Err.Error(); !strings.Contains(text, "UTF-8") {
		t.Errorf("got %q, want the reason", text)
	}
	list, _ := states(t, in)
	want(t, list, "1/BC", "PROVEN", "2/BC", "DISPROVEN no-file", "3/BC", "DISPROVEN unsigned")
	checkSound(t, in, pub)
	files[1].Name = "b"
	if got, err = in.Receive(t.Context(), files); err != nil || got.Received != 1 || got.Known != 3 {
		t.Errorf("with another name: got %+v, %v, want it received", got, err)
	}
	list, _ = states(t, in)
	want(t, list, "2/BC", "PROVEN")
	checkSound(t, in, pub)
}

// TestRefusedUnderOneName: the same bytes under a name that is taken are the
// document. Behind it the other name is not written, and refused by nobody.
func TestRefusedUnderOneName(t *testing.T) {
	for _, c := range []struct {
		names         [2]string
		known, failed int
	}{{[2]string{"a\xff", "a"}, 0, 1}, {[2]string{"a", "a\xff"}, 1, 0}} {
		_, in, pub := office(t)
		in.Workers = 1 // in this order
		begin(t, in, 1)
		got, err := in.Receive(t.Context(), []evidence.File{file(c.names[0], "signed one", "1/BC"), file(c.names[1], "signed one", "1/BC")})
		if err != nil || got.Received != 1 || got.Known != c.known || len(got.Failures) != c.failed || len(got.Documents) != 2-c.failed {
			t.Errorf("%q: got %+v, %v, want one received, %d known, %d failed", c.names, got, err, c.known, c.failed)
		}
		list, _ := states(t, in)
		want(t, list, "1/BC", "PROVEN")
		checkSound(t, in, pub)
	}
}
