package cms_test

import (
	"bytes"
	"crypto"
	"errors"
	"slices"
	"testing"
	"time"

	"minhchung/evidence/signature/cms"
	st "minhchung/evidence/signature/signaturetest"
)

func message(change func(*st.Message)) []byte {
	m := st.Message{Signer: st.SelfSigned("Nguyễn Văn Thử"), Content: []byte("nội dung"), SigningTime: st.Epoch}
	if change != nil {
		change(&m)
	}
	der, _ := m.Sign()
	return der
}

func TestTrim(t *testing.T) {
	definite, indefinite := message(nil), message(func(m *st.Message) { m.Indefinite = true })
	zeros := make([]byte, 100)
	for name, der := range map[string][]byte{"definite": definite, "indefinite": indefinite, "empty": {0x30, 0}, "empty, indefinite": {0x30, 0x80, 0, 0}} {
		got, rest, err := cms.Trim(slices.Concat(der, zeros))
		if err != nil || !bytes.Equal(got, der) || !bytes.Equal(rest, zeros) {
			t.Errorf("%s: got %d and %d bytes, %v; want %d and %d", name, len(got), len(rest), err, len(der), len(zeros))
		}
	}
	for name, b := range map[string][]byte{
		"nothing": {}, "one byte": {0x30}, "longer than the input": {0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 1},
		"length of length": {0x30, 0x85, 0, 0, 0, 0, 1}, "high tag": {0x1f, 0x81, 1, 0},
		"primitive, indefinite": {0x04, 0x80, 0, 0}, "never closed": {0x30, 0x80, 0x30, 0x80, 0, 0},
		"all ones": bytes.Repeat([]byte{0xff}, 64),
	} {
		if _, _, err := cms.Trim(b); !errors.Is(err, cms.ErrMalformed) {
			t.Errorf("%s: got %v, want malformed", name, err)
		}
	}
}

// TestNestedBER: 16 MB of nested elements end at once, whichever way they
// nest (issue "Bad input").
func TestNestedBER(t *testing.T) {
	const size = 16 << 20
	flood := map[string][]byte{
		"indefinite": bytes.Repeat([]byte{0x30, 0x80}, size/2),
		"octets":     append([]byte{0x30, 0x80, 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2, 0xa0, 0x80}, bytes.Repeat([]byte{0x24, 0x80}, size/2)...),
		"tiny":       append([]byte{0x30, 0x80}, bytes.Repeat([]byte{5, 0}, size/2)...),
	}
	definite := make([]byte, 0, size)
	for left := size; left > 6; left -= 6 {
		n := left - 6
		definite = append(definite, 0x30, 0x84, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	flood["definite"] = append(definite, make([]byte, size-len(definite))...)
	for name, b := range flood {
		cms.Trim(b)
		cms.Digests(b)
		if _, err := cms.Parse(b); !errors.Is(err, cms.ErrMalformed) {
			t.Errorf("%s: got %v, want malformed", name, err)
		}
	}
}

func TestDigests(t *testing.T) {
	tsa := st.SelfSigned("TSA", st.AsTSA)
	for _, c := range []struct {
		name string
		der  []byte
		want []string
	}{
		{"SHA-256", message(nil), []string{"SHA-256"}},
		{"SHA-512", message(func(m *st.Message) { m.Hash = crypto.SHA512 }), []string{"SHA-512"}},
		{"SHA3-256", message(func(m *st.Message) { m.Hash = crypto.SHA3_256 }), []string{"SHA3-256"}},
		{"token with SHA-512 over a SHA-256 imprint", st.Token(tsa, nil, st.Epoch, func(m *st.Message) { m.Hash = crypto.SHA512 }), []string{"SHA-256"}},
		{"wrapped SHA-1", message(func(m *st.Message) { m.EmbedOther = make([]byte, 20) }), []string{"SHA-256", "SHA-1"}},
		{"bare OCTET STRING", []byte{4, 1, 0}, []string{"SHA-1", "SHA-256", "SHA-384", "SHA-512"}},
		{"unknown", message(func(m *st.Message) { m.DigestOID = "1.2.3.4" }), nil},
		{"two SignerInfos", message(func(m *st.Message) { m.TwoSigners = true }), nil},
		{"rubbish", []byte("rubbish"), nil},
	} {
		got := cms.Digests(c.der)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
		for _, name := range got {
			if cms.NewHash(name) == nil {
				t.Errorf("%s: no hash function for %q", c.name, name)
			}
		}
	}
}

func TestParse(t *testing.T) {
	signer := st.SelfSigned("Nguyễn Văn Thử")
	root := st.Root("Gốc")
	crl := root.CRL(st.Epoch, st.Epoch.Add(st.Day))
	for _, indefinite := range []bool{false, true} {
		sd, err := cms.Parse(message(func(m *st.Message) {
			m.Signer, m.CRLs, m.Adobe, m.Indefinite = signer, [][]byte{crl}, [][]byte{crl}, indefinite
			m.Stamp = func([]byte) [][]byte { return [][]byte{{0x30, 0}, {0x30, 1, 5}} }
		}))
		if err != nil {
			t.Fatal(err)
		}
		if len(sd.Certificates) != 1 || !bytes.Equal(sd.Certificates[0], signer.DER) {
			t.Errorf("certificates: got %d", len(sd.Certificates))
		}
		if len(sd.CRLs) != 2 || !bytes.Equal(sd.CRLs[0], crl) || !bytes.Equal(sd.CRLs[1], crl) {
			t.Errorf("CRLs: got %d, want one of the message and one of the attribute", len(sd.CRLs))
		}
		if sd.HasContent || !sd.IsData() || sd.Version != 1 {
			t.Errorf("content: got %v, version %d", sd.HasContent, sd.Version)
		}
		if got := sd.Signer.Attributes.SigningTime; got == nil || !got.Equal(st.Epoch) {
			t.Errorf("signing time: got %v, want %v", got, st.Epoch)
		}
		if got := len(sd.Signer.Timestamps); got != 2 {
			t.Errorf("time stamps: got %d, want 2", got)
		}
		if sd.Signer.SignedAttrs[0] != 0x31 || !sd.Signer.Sorted {
			t.Errorf("signed attributes: tag %#x, sorted %v", sd.Signer.SignedAttrs[0], sd.Signer.Sorted)
		}
	}
}

// TestEmptyContentIsContent: an eContent of no bytes is not the absence of
// one (RFC 5652 5.2).
func TestEmptyContentIsContent(t *testing.T) {
	sd, err := cms.Parse(message(func(m *st.Message) { m.EmbedOther = []byte{} }))
	if err != nil {
		t.Fatal(err)
	}
	if !sd.HasContent || len(sd.Content) != 0 {
		t.Errorf("got present %v, %d bytes; want present, 0", sd.HasContent, len(sd.Content))
	}
}

func TestOID(t *testing.T) {
	for _, s := range []string{"1.2.840.113549.1.7.2", "2.16.840.1.101.3.4.2.1", "0.4.0.127.0.7", "2.999.1", "2.5.4.3"} {
		if got := cms.MustOID(s).String(); got != s {
			t.Errorf("got %s, want %s", got, s)
		}
	}
	if got := cms.OID(bytes.Repeat([]byte{0xff}, 20)).String(); got != "?" {
		t.Errorf("endless arc: got %q, want ?", got)
	}
}

func TestParseTime(t *testing.T) {
	for _, c := range []struct {
		tag  byte
		body string
		want string
	}{
		{0x17, "240601090000Z", "2024-06-01T09:00:00Z"},
		{0x17, "240601160000+0700", "2024-06-01T09:00:00Z"},
		{0x17, "500101000000Z", "1950-01-01T00:00:00Z"},
		{0x17, "490101000000Z", "2049-01-01T00:00:00Z"},
		{0x18, "20240601090000Z", "2024-06-01T09:00:00Z"},
		{0x18, "20240601090000.5Z", "2024-06-01T09:00:00.5Z"},
		{0x18, "20241301090000Z", ""},
		{0x17, "", ""},
		{0x04, "240601090000Z", ""},
	} {
		got, ok := cms.ParseTime(c.tag, []byte(c.body))
		if ok != (c.want != "") || ok && got.Format(time.RFC3339Nano) != c.want {
			t.Errorf("%#x %q: got %v %v, want %q", c.tag, c.body, got, ok, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(message(nil))
	f.Add(message(func(m *st.Message) { m.Indefinite, m.Embed = true, true }))
	f.Add(message(func(m *st.Message) { m.TwoSigners, m.ESSv1 = true, true }))
	f.Add(st.Token(st.SelfSigned("TSA", st.AsTSA), nil, st.Epoch, nil))
	f.Add([]byte{0x30, 0x80, 0x24, 0x80, 0, 0, 0, 0})
	key, err := cms.ParsePublicKey(st.SelfSigned("A").Cert.RawSubjectPublicKeyInfo)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if der, rest, err := cms.Trim(b); err == nil && len(der)+len(rest) != len(b) {
			t.Errorf("Trim lost bytes: %d + %d of %d", len(der), len(rest), len(b))
		}
		for _, name := range cms.Digests(b) {
			if cms.NewHash(name) == nil {
				t.Errorf("no hash function %q", name)
			}
		}
		cms.ParseBundle(b)
		cms.OctetString(b)
		cms.ParsePublicKey(b)
		sd, err := cms.Parse(b)
		if err != nil {
			if !errors.Is(err, cms.ErrMalformed) {
				t.Errorf("got %v, want malformed", err)
			}
			return
		}
		if _, err := sd.Verify(key, make([]byte, 32)); err == nil {
			t.Errorf("a message verifies with a key that signed nothing")
		}
		if sd.IsToken() {
			cms.ParseTSTInfo(sd.Content)
		}
	})
}
