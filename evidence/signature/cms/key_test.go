package cms_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"math/big"
	"testing"

	"github.com/ProtonMail/go-crypto/brainpool"
	"github.com/cloudflare/circl/sign/ed448"

	"minhchung/evidence/signature/cms"
	st "minhchung/evidence/signature/signaturetest"
)

func oidOf(dotted string) []byte {
	return append([]byte{6, byte(len(cms.MustOID(dotted)))}, cms.MustOID(dotted)...)
}

func seq(parts ...[]byte) []byte {
	var raws []asn1.RawValue
	for _, p := range parts {
		raws = append(raws, asn1.RawValue{FullBytes: p})
	}
	der, err := asn1.Marshal(raws)
	if err != nil {
		panic(err)
	}
	return der
}

func spki(algorithm, key []byte) []byte {
	bits, err := asn1.Marshal(asn1.BitString{Bytes: key, BitLength: 8 * len(key)})
	if err != nil {
		panic(err)
	}
	return seq(algorithm, bits)
}

func parseKey(t *testing.T, spki []byte) *cms.PublicKey {
	t.Helper()
	k, err := cms.ParsePublicKey(spki)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestKeys signs one message with each kind of key and checks it, and that a
// changed message and a changed signature fail.
func TestKeys(t *testing.T) {
	message := []byte("văn bản")
	sum := sha256.Sum256(message)
	ecdsaWith := func(c elliptic.Curve, named string) (spkiDER, sig []byte) {
		k, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		sig, err = ecdsa.SignASN1(rand.Reader, k, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		//lint:ignore SA1019 the replacement knows no brainpool curve
		return spki(seq(oidOf("1.2.840.10045.2.1"), oidOf(named)), elliptic.Marshal(c, k.X, k.Y)), sig
	}
	check := func(name, algorithm string, spkiDER, sig []byte) {
		t.Helper()
		k := parseKey(t, spkiDER)
		alg := cms.AlgorithmIdentifier{OID: cms.MustOID(algorithm)}
		if _, err := cms.CheckSignature(k, alg, message, sig); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := cms.CheckSignature(k, alg, []byte("khác"), sig); !errors.Is(err, cms.ErrSignature) {
			t.Errorf("%s, other message: got %v, want ErrSignature", name, err)
		}
		for _, i := range []int{0, len(sig) / 2, len(sig) - 1} {
			sig[i] ^= 1
			if _, err := cms.CheckSignature(k, alg, message, sig); err == nil {
				t.Errorf("%s: a signature with byte %d changed verifies", name, i)
			}
			sig[i] ^= 1
		}
		if _, err := cms.CheckSignature(k, alg, message, nil); err == nil {
			t.Errorf("%s: an empty signature verifies", name)
		}
	}
	for named, c := range map[string]elliptic.Curve{
		"1.2.840.10045.3.1.7": elliptic.P256(), "1.3.132.0.34": elliptic.P384(), "1.3.132.0.35": elliptic.P521(),
		"1.3.36.3.3.2.8.1.1.7": brainpool.P256r1(), "1.3.36.3.3.2.8.1.1.11": brainpool.P384r1(),
		"1.3.36.3.3.2.8.1.1.13": brainpool.P512r1(), "1.3.36.3.3.2.8.1.1.8": brainpool.P256t1(),
	} {
		key, sig := ecdsaWith(c, named)
		check("ECDSA "+c.Params().Name, "1.2.840.10045.4.3.2", key, sig)
	}
	edPub, edKey, _ := ed25519.GenerateKey(rand.Reader)
	check("Ed25519", "1.3.101.112", spki(seq(oidOf("1.3.101.112")), edPub), ed25519.Sign(edKey, message))
	pub448, key448, _ := ed448.GenerateKey(rand.Reader)
	check("Ed448", "1.3.101.113", spki(seq(oidOf("1.3.101.113")), pub448), ed448.Sign(key448, message, ""))
	rsaKey := st.RSAKey(2048).(*rsa.PrivateKey)
	rsaSPKI, err := x509.MarshalPKIXPublicKey(&rsaKey.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	sig, _ := rsa.SignPKCS1v15(nil, rsaKey, crypto.SHA256, sum[:])
	check("RSA", "1.2.840.113549.1.1.11", rsaSPKI, sig)
}

// bigExponentKey returns an RSA key with an exponent of 33 bits, its SPKI and
// the private operation.
func bigExponentKey(t *testing.T) (spkiDER []byte, private func(em []byte) []byte, size int) {
	t.Helper()
	for {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		e := big.NewInt(1<<32 + 15)
		one := big.NewInt(1)
		phi := new(big.Int).Mul(new(big.Int).Sub(k.Primes[0], one), new(big.Int).Sub(k.Primes[1], one))
		d := new(big.Int).ModInverse(e, phi)
		if d == nil {
			continue
		}
		der, err := asn1.Marshal(struct{ N, E *big.Int }{k.N, e})
		if err != nil {
			t.Fatal(err)
		}
		null := []byte{5, 0}
		return spki(seq(oidOf("1.2.840.113549.1.1.1"), null), der), func(em []byte) []byte {
			return new(big.Int).Exp(new(big.Int).SetBytes(em), d, k.N).FillBytes(make([]byte, k.Size()))
		}, k.Size()
	}
}

// TestRSABigExponent checks our own PKCS #1 against padding made by hand.
func TestRSABigExponent(t *testing.T) {
	key, private, size := bigExponentKey(t)
	k := parseKey(t, key)
	alg := cms.AlgorithmIdentifier{OID: cms.MustOID("1.2.840.113549.1.1.11")}
	sum := sha256.Sum256([]byte("văn bản"))
	info := append([]byte{0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20}, sum[:]...)
	pad := func(info []byte, ff int) []byte {
		em := make([]byte, size)
		em[1] = 1
		for i := range ff {
			em[2+i] = 0xff
		}
		copy(em[3+ff:], info)
		return em
	}
	if _, err := cms.CheckSignature(k, alg, []byte("văn bản"), private(pad(info, size-len(info)-3))); err != nil {
		t.Errorf("sound signature: %v", err)
	}
	// Bleichenbacher 2006: rubbish behind a shorter padding.
	if _, err := cms.CheckSignature(k, alg, []byte("văn bản"), private(pad(info, 8))); !errors.Is(err, cms.ErrSignature) {
		t.Errorf("rubbish behind the digest: got %v, want ErrSignature", err)
	}
}

// TestPSS: what Go makes verifies, another mask digest or value does not.
func TestPSS(t *testing.T) {
	key := st.RSAKey(2048).(*rsa.PrivateKey)
	root := st.RootWithKey("Gốc", key)
	verify := func(change func(*st.Message)) error {
		m := st.Message{Signer: root, Content: []byte("văn bản"), PSS: true}
		change(&m)
		der, _ := m.Sign()
		sd, err := cms.Parse(der)
		if err != nil {
			t.Fatal(err)
		}
		_, err = sd.Verify(parseKey(t, root.Cert.RawSubjectPublicKeyInfo), nil)
		return err
	}
	if err := verify(func(*st.Message) {}); err != nil {
		t.Errorf("sound: %v", err)
	}
	if err := verify(func(m *st.Message) { m.Hash = crypto.SHA512 }); err != nil {
		t.Errorf("sound, SHA-512: %v", err)
	}
	if err := verify(func(m *st.Message) { m.PSSMask = crypto.SHA512 }); !errors.Is(err, cms.ErrSignature) {
		t.Errorf("another mask: got %v, want ErrSignature", err)
	}
	if err := verify(func(m *st.Message) { m.BadSignature = true }); !errors.Is(err, cms.ErrSignature) {
		t.Errorf("changed: got %v, want ErrSignature", err)
	}
}

func TestPublicKeyLimits(t *testing.T) {
	rsaSPKI := func(n, e *big.Int) []byte {
		der, err := asn1.Marshal(struct{ N, E *big.Int }{n, e})
		if err != nil {
			t.Fatal(err)
		}
		return spki(seq(oidOf("1.2.840.113549.1.1.1"), []byte{5, 0}), der)
	}
	odd := func(bits uint) *big.Int {
		return new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), bits-1), big.NewInt(1))
	}
	p256 := elliptic.P256()
	for _, c := range []struct {
		name string
		spki []byte
		want error
	}{
		{"RSA-512", rsaSPKI(odd(512), big.NewInt(65537)), cms.ErrUnsupported},
		{"RSA of 20,000 bits", rsaSPKI(odd(20000), big.NewInt(65537)), cms.ErrUnsupported},
		{"exponent as long as the modulus", rsaSPKI(odd(2048), odd(2048)), cms.ErrUnsupported},
		{"exponent 1", rsaSPKI(odd(2048), big.NewInt(1)), cms.ErrMalformed},
		{"even modulus", rsaSPKI(new(big.Int).Lsh(big.NewInt(1), 2047), big.NewInt(65537)), cms.ErrMalformed},
		{"point not on the curve", spki(seq(oidOf("1.2.840.10045.2.1"), oidOf("1.2.840.10045.3.1.7")), append([]byte{4}, make([]byte, 64)...)), cms.ErrMalformed},
		{"compressed point", spki(seq(oidOf("1.2.840.10045.2.1"), oidOf("1.2.840.10045.3.1.7")), elliptic.MarshalCompressed(p256, p256.Params().Gx, p256.Params().Gy)), cms.ErrUnsupported},
		{"secp256k1", spki(seq(oidOf("1.2.840.10045.2.1"), oidOf("1.3.132.0.10")), make([]byte, 65)), cms.ErrUnsupported},
		{"explicit curve", spki(seq(oidOf("1.2.840.10045.2.1"), seq()), make([]byte, 65)), cms.ErrUnsupported},
		{"DSA", spki(seq(oidOf("1.2.840.10040.4.1")), make([]byte, 65)), cms.ErrUnsupported},
		{"short Ed25519", spki(seq(oidOf("1.3.101.112")), make([]byte, 31)), cms.ErrMalformed},
		{"rubbish", []byte{0x30, 0}, cms.ErrMalformed},
	} {
		if _, err := cms.ParsePublicKey(c.spki); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}
