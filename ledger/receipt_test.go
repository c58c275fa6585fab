package ledger_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"minhchung/ledger"
	"minhchung/ledger/ledgertest"
)

// anchoredBook returns a book of 520 entries whose sizes 300 and 520 are
// anchored by the entries 1 and 2 of a root book.
func anchoredBook(tb testing.TB, k *ledger.Key) (book, root *ledgertest.Book) {
	tb.Helper()
	book, root = ledgertest.New(tb), ledgertest.New(tb)
	s := newSequencer(k)
	fill(tb, root, s, rootOrigin, 1)
	first := fill(tb, book, s, testOrigin, 300)
	addAnchor(tb, root, s, first)
	_, second, err := book.Append(ctx, s, testOrigin, drafts(300, 220)...)
	if err != nil {
		tb.Fatal(err)
	}
	addAnchor(tb, root, s, second)
	return book, root
}

func addAnchor(tb testing.TB, root *ledgertest.Book, s *ledger.Sequencer, h ledger.Head) {
	tb.Helper()
	refs, codes := ledger.AnchorFields(ledger.Checkpoint{Origin: h.Origin, Size: h.Size, Root: h.Root})
	refs["book"] = "xa-thu-nghiem/2022" // a leaf may say more
	_, _, err := root.Append(ctx, s, rootOrigin, ledger.Draft{Type: ledger.AnchorType, Refs: refs, Codes: codes})
	if err != nil {
		tb.Fatal(err)
	}
}

func testReceipt(tb testing.TB, k *ledger.Key, index, anchor int64) ledger.Receipt {
	tb.Helper()
	book, root := anchoredBook(tb, k)
	rc, err := ledger.Prove(ctx, book.Reader(), index)
	if err != nil {
		tb.Fatal(err)
	}
	if err := rc.AddAnchor(ctx, book.Reader(), root.Reader(), anchor); err != nil {
		tb.Fatal(err)
	}
	return rc
}

func TestReceipt(t *testing.T) {
	k := newKey(t)
	book, root := anchoredBook(t, k)
	for _, i := range []int64{0, 255, 256, 299, 519} {
		rc, err := ledger.Prove(ctx, book.Reader(), i)
		if err != nil {
			t.Fatal(err)
		}
		if rc.Anchor != nil || rc.Erased() || rc.Index != i || rc.Origin != testOrigin {
			t.Errorf("got receipt %+v of entry %d", rc, i)
		}
		if err := rc.Verify(k.PublicKey()); err != nil {
			t.Errorf("got %v for entry %d, want no error", err, i)
		}
		if err := rc.Verify(newKey(t).PublicKey()); err == nil {
			t.Errorf("got entry %d verified with another key", i)
		}
		text := rc.TlogProof().Encode()
		p, err := ledger.ParseProof(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Verify(k.PublicKey(), p.Extra); err != nil || string(p.Extra) != rc.Leaf {
			t.Errorf("got %v for the tlog-proof of entry %d:\n%s", err, i, text)
		}
		for _, anchor := range []int64{1, 2} {
			err := rc.AddAnchor(ctx, book.Reader(), root.Reader(), anchor)
			if anchor == 1 && i >= 300 {
				wantError(t, err, "does not cover")
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := rc.Verify(k.PublicKey()); err != nil {
				t.Errorf("got %v for entry %d, anchored by %d, want no error", err, i, anchor)
			}
		}
		data, err := rc.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := ledger.ParseReceipt(data)
		if err != nil || !reflect.DeepEqual(back, rc) {
			t.Errorf("got %+v, %v, want %+v", back, err, rc)
		}
	}
}

func TestReceiptErased(t *testing.T) {
	k := newKey(t)
	b := ledgertest.New(t)
	fill(t, b, newSequencer(k), testOrigin, 3)
	b.Tamper(func(s *ledgertest.State) { s.Entries[1].Salt, s.Entries[1].Opening = nil, nil })
	rc, err := ledger.Prove(ctx, b.Reader(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := rc.Verify(k.PublicKey()); err != nil || !rc.Erased() {
		t.Errorf("got %v, erased %t, want no error and true", err, rc.Erased())
	}
	data, err := rc.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if back, err := ledger.ParseReceipt(data); err != nil || !back.Erased() {
		t.Errorf("got erased %t, %v, want true", back.Erased(), err)
	}
}

// One changed character anywhere in the JSON is a receipt that cannot be read
// or does not hold, or the very same receipt (white space, case of a key).
func TestReceiptEveryByte(t *testing.T) {
	k := newKey(t)
	rc := testReceipt(t, k, 7, 1)
	data, err := rc.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for i := range data {
		for _, x := range []byte{1, 2, 4, 0x20} {
			bad := bytes.Clone(data)
			bad[i] ^= x
			got, err := ledger.ParseReceipt(bad)
			if err == nil && !reflect.DeepEqual(got, rc) && got.Verify(k.PublicKey()) == nil {
				t.Errorf("got a receipt that holds after byte %d changed from %q to %q:\n%s", i, data[i], bad[i], bad)
			}
		}
	}
}

func TestReceiptTampered(t *testing.T) {
	k := newKey(t)
	other := testReceipt(t, newKey(t), 7, 1) // the same book under another key
	second := testReceipt(t, k, 8, 2)        // another entry, another anchor
	tests := []struct {
		name   string
		change func(*ledger.Receipt)
	}{
		{"origin", func(rc *ledger.Receipt) { rc.Origin = rootOrigin }},
		{"index", func(rc *ledger.Receipt) { rc.Index = 8 }},
		{"negative index", func(rc *ledger.Receipt) { rc.Index = -1 }},
		{"leaf of another entry", func(rc *ledger.Receipt) { rc.Leaf, rc.Salt, rc.Opening = second.Leaf, second.Salt, second.Opening }},
		{"leaf with white space", func(rc *ledger.Receipt) { rc.Leaf += " " }},
		{"salt of another entry", func(rc *ledger.Receipt) { rc.Salt = second.Salt }},
		{"opening of another entry", func(rc *ledger.Receipt) { rc.Opening = second.Opening }},
		{"no salt", func(rc *ledger.Receipt) { rc.Salt = nil }},
		{"no opening", func(rc *ledger.Receipt) { rc.Opening = "" }},
		{"salt and opening cut elsewhere", func(rc *ledger.Receipt) {
			rc.Salt, rc.Opening = rc.Salt[:31], string(rc.Salt[31:])+rc.Opening
		}},
		{"no proof", func(rc *ledger.Receipt) { rc.Proof = nil }},
		{"long proof", func(rc *ledger.Receipt) { rc.Proof = make(tlog.RecordProof, 1000) }},
		{"checkpoint of another key", func(rc *ledger.Receipt) { rc.Checkpoint = other.Checkpoint }},
		{"checkpoint of the root book", func(rc *ledger.Receipt) { rc.Checkpoint = rc.Anchor.Checkpoint }},
		{"no checkpoint", func(rc *ledger.Receipt) { rc.Checkpoint = "" }},
		{"anchor of another key", func(rc *ledger.Receipt) { rc.Anchor = other.Anchor }},
		{"anchor's origin", func(rc *ledger.Receipt) { rc.Anchor.Origin = "test.example/other" }},
		{"anchor's index", func(rc *ledger.Receipt) { rc.Anchor.Index++ }},
		{"anchor's leaf", func(rc *ledger.Receipt) { rc.Anchor.Leaf = second.Anchor.Leaf }},
		{"anchor's consistency", func(rc *ledger.Receipt) { rc.Anchor.Consistency = nil }},
		{"empty anchor", func(rc *ledger.Receipt) { rc.Anchor = &ledger.Anchor{} }},
		{"anchor in its own book", func(rc *ledger.Receipt) {
			rc.Anchor = &ledger.Anchor{Origin: rc.Origin, Index: rc.Index, Leaf: rc.Leaf, Proof: rc.Proof, Checkpoint: rc.Checkpoint}
		}},
	}
	good, err := testReceipt(t, k, 7, 1).Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rc, err := ledger.ParseReceipt(good)
			if err != nil {
				t.Fatal(err)
			}
			if err := rc.Verify(k.PublicKey()); err != nil {
				t.Fatal(err)
			}
			tt.change(&rc)
			if err := rc.Verify(k.PublicKey()); err == nil {
				t.Errorf("got a receipt that holds: %+v", rc)
			}
		})
	}
}

// An anchor that names another history of the book, or something that is no
// checkpoint, is refused both when it is added and when it is verified.
func TestAnchorRefuses(t *testing.T) {
	k := newKey(t)
	s := newSequencer(k)
	book, root := ledgertest.New(t), ledgertest.New(t)
	fill(t, root, s, rootOrigin, 1)
	head := fill(t, book, s, testOrigin, 20)
	fork := fill(t, ledgertest.New(t), s, testOrigin, 20)
	addAnchor(t, root, s, fork)
	beyond := head
	beyond.Size = 21
	addAnchor(t, root, s, beyond)
	foreign := head
	foreign.Origin = "test.example/other"
	addAnchor(t, root, s, foreign)
	if _, _, err := root.Append(ctx, s, rootOrigin, ledger.Draft{Type: ledger.AnchorType}); err != nil {
		t.Fatal(err)
	}
	rc, err := ledger.Prove(ctx, book.Reader(), 3)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"of type", "does not continue", "not among", "two books", "size", "outside"} {
		wantError(t, rc.AddAnchor(ctx, book.Reader(), root.Reader(), int64(i)), want)
	}
	if rc.Anchor != nil {
		t.Errorf("got anchor %+v after errors, want none", rc.Anchor)
	}
	addAnchor(t, root, s, head)
	if _, _, err := book.Append(ctx, s, testOrigin, drafts(20, 1)...); err != nil {
		t.Fatal(err)
	}
	wantError(t, rc.AddAnchor(ctx, book.Reader(), root.Reader(), 5), "another head")
}

// A book that names its own checkpoint proves nothing more by it.
func TestAnchorItself(t *testing.T) {
	k := newKey(t)
	s := newSequencer(k)
	root := ledgertest.New(t)
	addAnchor(t, root, s, fill(t, root, s, rootOrigin, 5))
	rc, err := ledger.Prove(ctx, root.Reader(), 3)
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, rc.AddAnchor(ctx, root.Reader(), root.Reader(), 5), "anchor itself")
	leaf := entriesOf(t, root.Reader(), 6)[5].Leaf
	proof, head, err := ledger.InclusionProve(ctx, root.Reader(), 5)
	if err != nil {
		t.Fatal(err)
	}
	consistency, _, err := ledger.ConsistencyProve(ctx, root.Reader(), 5)
	if err != nil {
		t.Fatal(err)
	}
	rc.Anchor = &ledger.Anchor{
		Origin: rootOrigin, Index: 5, Leaf: string(leaf), Proof: proof,
		Checkpoint: string(head.Checkpoint), Consistency: consistency,
	}
	wantError(t, rc.Verify(k.PublicKey()), "anchor itself")
}

func TestProveRefuses(t *testing.T) {
	k := newKey(t)
	tests := []struct {
		name   string
		change func(*ledgertest.State)
	}{
		{"leaf", func(s *ledgertest.State) { s.Entries[7].Leaf[20] ^= 1 }},
		{"another good leaf", func(s *ledgertest.State) {
			s.Entries[7].Leaf = bytes.Replace(s.Entries[7].Leaf, []byte("u-1"), []byte("u-2"), 1)
		}},
		{"missing entry", func(s *ledgertest.State) { s.Entries = s.Entries[:7] }},
		{"salt", func(s *ledgertest.State) { s.Entries[7].Salt[20] ^= 1 }},
		{"opening", func(s *ledgertest.State) { s.Entries[7].Opening[3] ^= 1 }},
		{"opening not UTF-8", func(s *ledgertest.State) { s.Entries[7].Opening[3] = 0xff }},
		{"tile", func(s *ledgertest.State) { s.Tiles[ledgertest.TileID{}][7*32] ^= 1 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := ledgertest.New(t)
			fill(t, b, newSequencer(k), testOrigin, 20)
			b.Tamper(tt.change)
			if rc, err := ledger.Prove(ctx, b.Reader(), 7); !errors.Is(err, ledger.ErrDamaged) {
				t.Errorf("got %+v, %v, want ErrDamaged", rc, err)
			}
		})
	}
	if _, err := ledger.Prove(ctx, ledgertest.New(t).Reader(), 0); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v for a book that was never opened, want fs.ErrNotExist", err)
	}
}

func TestParseReceiptRefuses(t *testing.T) {
	data, err := testReceipt(t, newKey(t), 7, 1).Encode()
	if err != nil {
		t.Fatal(err)
	}
	good := string(data)
	replace := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	hash, err := json.Marshal(tlog.Hash{})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, text string }{
		{"empty", ""},
		{"array", "[]"},
		{"two receipts", good + good},
		{"something behind", good + "x"},
		{"cut", good[:len(good)/2]},
		{"unknown key", replace(`"origin"`, `"x": 1, "origin"`)},
		{"repeated key", replace(`"origin"`, `"index": 1, "origin"`)},
		{"repeated key in capitals", replace(`"origin"`, `"INDEX": 1, "origin"`)},
		{"repeated key in the anchor", replace(`"consistency"`, `"index": 1, "consistency"`)},
		{"index as float", replace(`"index": 7`, `"index": 7.5`)},
		{"index as text", replace(`"index": 7`, `"index": "7"`)},
		{"deep", replace(`"origin"`, `"x": `+strings.Repeat("[", 100000)+strings.Repeat("]", 100000)+`, "origin"`)},
		{"not UTF-8", replace("Báo", "B\xe1o")},
		{"proof too long", replace(`"proof": [`, `"proof": [`+strings.Repeat(string(hash)+",", 64))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.text == good {
				t.Fatal("the text was not changed")
			}
			if rc, err := ledger.ParseReceipt([]byte(tt.text)); err == nil {
				t.Errorf("got %+v, want an error", rc)
			}
		})
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, data); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.ParseReceipt(compact.Bytes()); err != nil {
		t.Errorf("got %v without white space, want no error", err)
	}
}

func FuzzParseReceipt(f *testing.F) {
	k := newKey(f)
	rc := testReceipt(f, k, 7, 1)
	data, err := rc.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"origin":"a","index":0,"leaf":"","proof":null,"checkpoint":"","anchor":null}`))
	f.Add([]byte(`{"a":[[[`))
	pub := k.PublicKey()
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := ledger.ParseReceipt(data)
		if err != nil {
			return
		}
		again, err := got.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if back, err := ledger.ParseReceipt(again); err != nil || back.Leaf != got.Leaf || back.Index != got.Index {
			t.Errorf("got %+v, %v, want %+v", back, err, got)
		}
		if got.Verify(pub) == nil && (got.Leaf != rc.Leaf || got.Index != rc.Index || got.Origin != rc.Origin) {
			t.Errorf("got a receipt that holds and was never given: %s", data)
		}
	})
}
