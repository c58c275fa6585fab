package ledger_test

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"minhchung/ledger"
)

func testCheckpoint() ledger.Checkpoint {
	return ledger.Checkpoint{Origin: testOrigin, Size: 1894, Root: tlog.RecordHash([]byte("root"))}
}

func sign(tb testing.TB, k *ledger.Key, c ledger.Checkpoint) []byte {
	tb.Helper()
	s, err := k.Signer(c.Origin)
	if err != nil {
		tb.Fatal(err)
	}
	signed, err := c.Sign(s)
	if err != nil {
		tb.Fatal(err)
	}
	return signed
}

func TestCheckpoint(t *testing.T) {
	k := newKey(t)
	signed := sign(t, k, testCheckpoint())
	want := "test.example/xa-thu-nghiem/2022\n1894\n" + testCheckpoint().Root.String() + "\n\n— test.example/xa-thu-nghiem/2022 "
	if !strings.HasPrefix(string(signed), want) {
		t.Errorf("got %s, want it to begin with %s", signed, want)
	}
	got, err := ledger.OpenCheckpoint(signed, k.PublicKey())
	if err != nil || got != testCheckpoint() {
		t.Errorf("got %v, %v, want %v", got, err, testCheckpoint())
	}
	_, err = ledger.OpenCheckpoint(signed, newKey(t).PublicKey())
	wantError(t, err, "not signed by the given key")
}

// One changed byte anywhere is one refused checkpoint, even where base64 has
// bits to spare.
func TestCheckpointEveryByte(t *testing.T) {
	k := newKey(t)
	signed := sign(t, k, testCheckpoint())
	for i := range signed {
		for _, x := range []byte{0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x80} {
			bad := bytes.Clone(signed)
			bad[i] ^= x
			if c, err := ledger.OpenCheckpoint(bad, k.PublicKey()); err == nil {
				t.Errorf("got %v from a checkpoint with byte %d changed by %#x, want an error:\n%s", c, i, x, bad)
			}
		}
	}
}

func TestCheckpointWitness(t *testing.T) {
	k, w := newKey(t), newKey(t)
	s, err := k.Signer(testOrigin)
	if err != nil {
		t.Fatal(err)
	}
	ws, err := w.Signer("witness.example")
	if err != nil {
		t.Fatal(err)
	}
	signed, err := note.Sign(&note.Note{Text: testCheckpoint().String()}, ws, s)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ledger.OpenCheckpoint(signed, k.PublicKey()); err != nil || got != testCheckpoint() {
		t.Errorf("got %v, %v, want %v", got, err, testCheckpoint())
	}
}

// Texts that are signed by the right key and still no checkpoints.
func TestCheckpointText(t *testing.T) {
	k := newKey(t)
	s, err := k.Signer(testOrigin)
	if err != nil {
		t.Fatal(err)
	}
	root := testCheckpoint().Root.String()
	tests := []struct{ name, text string }{
		{"two lines", testOrigin + "\n1894\n"},
		{"extension", testCheckpoint().String() + "x\n"},
		{"empty origin", "\n1894\n" + root + "\n"},
		{"origin with a space", "a b\n1894\n" + root + "\n"},
		{"origin with a plus", "a+b\n1894\n" + root + "\n"},
		{"origin not ASCII", "xã\n1894\n" + root + "\n"},
		{"leading zero", testOrigin + "\n01894\n" + root + "\n"},
		{"sign", testOrigin + "\n+1894\n" + root + "\n"},
		{"negative", testOrigin + "\n-1\n" + root + "\n"},
		{"huge", testOrigin + "\n9223372036854775807\n" + root + "\n"},
		{"no size", testOrigin + "\n\n" + root + "\n"},
		{"short root", testOrigin + "\n1894\nAAAA\n"},
		{"hex root", testOrigin + "\n1894\n" + strings.Repeat("ab", 32) + "\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			signed, err := note.Sign(&note.Note{Text: tt.text}, s)
			if err != nil {
				t.Fatal(err)
			}
			if c, err := ledger.OpenCheckpoint(signed, k.PublicKey()); err == nil {
				t.Errorf("got %v, want an error", c)
			}
			if c, err := ledger.ParseCheckpoint(signed); err == nil {
				t.Errorf("got %v without verifying, want an error", c)
			}
		})
	}
}

func TestCheckpointSignRefuses(t *testing.T) {
	k := newKey(t)
	s, err := k.Signer(rootOrigin)
	if err != nil {
		t.Fatal(err)
	}
	_, err = testCheckpoint().Sign(s)
	wantError(t, err, "is not the origin")
	_, err = k.Signer("two\nlines")
	wantError(t, err, "not allowed")
	c := testCheckpoint()
	c.Origin, c.Size = rootOrigin, -1
	_, err = c.Sign(s)
	wantError(t, err, "decimal number")
}

func FuzzOpenCheckpoint(f *testing.F) {
	k := newKey(f)
	f.Add(sign(f, k, testCheckpoint()))
	f.Add([]byte("a\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— a AAAAAAAA\n"))
	f.Add([]byte("\n\n— "))
	f.Fuzz(func(t *testing.T, signed []byte) {
		c, err := ledger.ParseCheckpoint(signed)
		if err != nil {
			return
		}
		if !bytes.HasPrefix(signed, []byte(c.String()+"\n")) {
			t.Errorf("got %q from %q, want its text", c, signed)
		}
		if _, err := ledger.OpenCheckpoint(signed, k.PublicKey()); err == nil && c != testCheckpoint() {
			t.Errorf("got a valid signature for %q, which nobody signed", c)
		}
	})
}
