package ledger_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"minhchung/ledger"
	"minhchung/ledger/ledgertest"
)

// The arithmetic we rest on, against known answers: the tree over the eight
// inputs that the test vectors of Certificate Transparency use.
func TestKnownRoots(t *testing.T) {
	var hashes []tlog.Hash
	for _, in := range []string{"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"} {
		raw, err := hex.DecodeString(in)
		if err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, tlog.RecordHash(raw))
	}
	tests := []struct {
		size int
		want string
	}{
		{1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
		{2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
		{3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
		{8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
	}
	for _, tt := range tests {
		got := naiveRoot(hashes[:tt.size])
		if hex.EncodeToString(got[:]) != tt.want {
			t.Errorf("got root %x at size %d, want %s", got[:], tt.size, tt.want)
		}
	}
	if leaf := sha256.Sum256([]byte{0}); hashes[0] != leaf {
		t.Errorf("got leaf hash %x, want SHA-256 of one zero byte", hashes[0])
	}
}

func TestInclusion(t *testing.T) {
	k := newKey(t)
	b := ledgertest.New(t)
	const size = 520
	fill(t, b, newSequencer(k), testOrigin, size)
	es := entriesOf(t, b.Reader(), size)
	for _, i := range []int64{0, 1, 254, 255, 256, 511, 512, 519} {
		hashes, head, err := ledger.InclusionProve(ctx, b.Reader(), i)
		if err != nil {
			t.Fatal(err)
		}
		p := ledger.Proof{Index: i, Hashes: hashes, Checkpoint: head.Checkpoint}
		c, err := p.Verify(k.PublicKey(), es[i].Leaf)
		if err != nil || c.Size != size || c.Origin != testOrigin {
			t.Errorf("got %v, %v for entry %d, want it proven", c, err, i)
		}
		if _, err := p.Verify(k.PublicKey(), es[(i+1)%size].Leaf); err == nil {
			t.Errorf("got entry %d proven with another leaf", i)
		}
		p.Index ^= 1
		if _, err := p.Verify(k.PublicKey(), es[i].Leaf); err == nil {
			t.Errorf("got entry %d proven with another index", i)
		}
	}
	for _, i := range []int64{-1, size, 1 << 62} {
		if _, _, err := ledger.InclusionProve(ctx, b.Reader(), i); err == nil {
			t.Errorf("got a proof of entry %d of %d, want an error", i, size)
		}
	}
	_, _, err := ledger.InclusionProve(ctx, ledgertest.New(t).Reader(), 0)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v for a book that was never opened, want fs.ErrNotExist", err)
	}
}

func TestConsistency(t *testing.T) {
	k := newKey(t)
	b := ledgertest.New(t)
	s := newSequencer(k)
	var heads []ledger.Head
	for n := 0; n < 530; n += 53 {
		_, head, err := b.Append(ctx, s, testOrigin, drafts(n, 53)...)
		if err != nil {
			t.Fatal(err)
		}
		heads = append(heads, head)
	}
	pub, last := k.PublicKey(), heads[len(heads)-1]
	for i, old := range heads {
		proof, head, err := ledger.ConsistencyProve(ctx, b.Reader(), old.Size)
		if err != nil || head.Size != last.Size {
			t.Fatal(head, err)
		}
		if err := ledger.ConsistencyVerify(pub, old.Checkpoint, last.Checkpoint, proof); err != nil {
			t.Errorf("got %v from size %d, want no error", err, old.Size)
		}
		if i == len(heads)-1 {
			continue
		}
		if err := ledger.ConsistencyVerify(pub, last.Checkpoint, old.Checkpoint, proof); err == nil {
			t.Errorf("got size %d consistent the wrong way round", old.Size)
		}
		proof[0][0] ^= 1
		if err := ledger.ConsistencyVerify(pub, old.Checkpoint, last.Checkpoint, proof); err == nil {
			t.Errorf("got size %d consistent with a changed proof", old.Size)
		}
	}
	// Two histories under one key and origin: a fork is not consistent.
	fork := ledgertest.New(t)
	forked := fill(t, fork, s, testOrigin, 53)
	proof, _, err := ledger.ConsistencyProve(ctx, b.Reader(), 53)
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, ledger.ConsistencyVerify(pub, forked.Checkpoint, last.Checkpoint, proof), "does not continue")
	other := fill(t, ledgertest.New(t), s, rootOrigin, 53)
	wantError(t, ledger.ConsistencyVerify(pub, other.Checkpoint, last.Checkpoint, proof), "two books")
	wantError(t, ledger.ConsistencyVerify(newKey(t).PublicKey(), heads[0].Checkpoint, last.Checkpoint, proof), "not signed")
	for _, size := range []int64{-1, 0, 531} {
		if _, _, err := ledger.ConsistencyProve(ctx, b.Reader(), size); err == nil {
			t.Errorf("got a proof from size %d, want an error", size)
		}
	}
}

// A damaged tile makes no proof.
func TestProveDamaged(t *testing.T) {
	k := newKey(t)
	b := ledgertest.New(t)
	fill(t, b, newSequencer(k), testOrigin, 520)
	b.Tamper(func(s *ledgertest.State) { s.Tiles[ledgertest.TileID{}][0] ^= 1 })
	if _, _, err := ledger.InclusionProve(ctx, b.Reader(), 1); !errors.Is(err, ledger.ErrDamaged) {
		t.Errorf("got %v, want ErrDamaged", err)
	}
	if _, _, err := ledger.ConsistencyProve(ctx, b.Reader(), 3); !errors.Is(err, ledger.ErrDamaged) {
		t.Errorf("got %v, want ErrDamaged", err)
	}
	b.Fail = ledgertest.FailAt("Tiles", false, 1)
	if _, _, err := ledger.InclusionProve(ctx, b.Reader(), 1); !errors.Is(err, ledgertest.ErrInjected) || errors.Is(err, ledger.ErrDamaged) {
		t.Errorf("got %v, want the reader's error and not ErrDamaged", err)
	}
}

func testProof(tb testing.TB) ledger.Proof {
	return ledger.Proof{
		Extra: []byte("leaf"), Index: 7,
		Hashes:     tlog.RecordProof{tlog.RecordHash([]byte("a")), tlog.RecordHash([]byte("b"))},
		Checkpoint: sign(tb, newKey(tb), testCheckpoint()),
	}
}

func TestProofText(t *testing.T) {
	p := testProof(t)
	want := "c2sp.org/tlog-proof@v1\nextra bGVhZg==\nindex 7\n" + p.Hashes[0].String() + "\n" + p.Hashes[1].String() + "\n\n" + string(p.Checkpoint)
	if got := string(p.Encode()); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, p := range []ledger.Proof{p, {Checkpoint: p.Checkpoint}, {Extra: []byte{}, Checkpoint: p.Checkpoint}} {
		got, err := ledger.ParseProof(p.Encode())
		if err != nil || !reflect.DeepEqual(got, p) {
			t.Errorf("got %+v, %v, want %+v", got, err, p)
		}
	}
}

func TestParseProofRefuses(t *testing.T) {
	good := string(testProof(t).Encode())
	replace := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	hash := testProof(t).Hashes[0].String()
	tests := []struct{ name, text string }{
		{"empty", ""},
		{"another version", replace("@v1", "@v2")},
		{"no index", replace("index 7\n", "")},
		{"leading zero", replace("index 7", "index 07")},
		{"negative", replace("index 7", "index -7")},
		{"huge index", replace("index 7", "index 9223372036854775807")},
		{"extra twice", replace("index 7", "extra bGVhZg==\nindex 7")},
		{"extra not base64", replace("bGVhZg==", "bGVhZg=")},
		{"extra with spare bits", replace("bGVhZg==", "bGVhZh==")},
		{"short hash", replace(hash, hash[4:])},
		{"hash with spare bits", replace(hash, hash[:42]+"B=")},
		{"too many hashes", replace(hash, strings.Repeat(hash+"\n", 65)+hash)},
		{"carriage return", replace("index 7", "index 7\r")},
		{"no checkpoint", good[:strings.Index(good, "\n\n")+2]},
		{"no end of line", good[:len(good)-1]},
		{"long", good + strings.Repeat("x", 1<<18)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.text == good {
				t.Fatal("the text was not changed")
			}
			if p, err := ledger.ParseProof([]byte(tt.text)); err == nil {
				t.Errorf("got %+v, want an error", p)
			}
		})
	}
}

func FuzzParseProof(f *testing.F) {
	p := testProof(f)
	f.Add(p.Encode())
	p.Extra = nil
	f.Add(p.Encode())
	f.Add([]byte("c2sp.org/tlog-proof@v1\nindex 0\n\n"))
	pub := newKey(f).PublicKey()
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ledger.ParseProof(text)
		if err != nil {
			return
		}
		if got := p.Encode(); !bytes.Equal(got, text) {
			t.Errorf("got %q, want %q", got, text)
		}
		if _, err := p.Verify(pub, p.Extra); err == nil {
			t.Errorf("got a proof that holds, want none under a fresh key")
		}
	})
}
