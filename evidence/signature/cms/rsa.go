package cms

import (
	"bytes"
	"crypto/rsa"
	"crypto/subtle"
	"math/big"
)

// publicRSA is an RSA key whose exponent may exceed the 31 bits that
// crypto/rsa allows; such keys are on real identity cards.
type publicRSA struct {
	n, e *big.Int
}

// std returns the key for crypto/rsa, nil when it does not take it.
func (k publicRSA) std() *rsa.PublicKey {
	if k.e.BitLen() > 31 {
		return nil
	}
	return &rsa.PublicKey{N: k.n, E: int(k.e.Int64())}
}

// verifyPKCS1 checks an RSASSA-PKCS1-v1_5 signature (RFC 8017 8.2.2).
func (k publicRSA) verifyPKCS1(d digestKind, sum, sig []byte) bool {
	if std := k.std(); std != nil {
		return rsa.VerifyPKCS1v15(std, d.id, sum, sig) == nil
	}
	em := k.open(sig)
	if em == nil || len(sum) != d.new().Size() {
		return false
	}
	// EMSA-PKCS1-v1_5 (9.2): 00 01 FF…FF 00 DigestInfo, compared as a whole.
	info := appendElement(nil, tagOID, d.oid())
	info = appendElement(nil, tagSequence, append(info, derNull...))
	info = appendElement(nil, tagSequence, appendElement(info, tagOctetString, sum))
	pad := len(em) - len(info) - 3
	if pad < 8 {
		return false
	}
	want := append([]byte{0, 1}, bytes.Repeat([]byte{0xff}, pad)...)
	want = append(append(want, 0), info...)
	return subtle.ConstantTimeCompare(em, want) == 1
}

// open applies the public operation (RFC 8017 5.2.2) and returns the encoded
// message with the length of the modulus, nil for an impossible signature.
func (k publicRSA) open(sig []byte) []byte {
	size := (k.n.BitLen() + 7) / 8
	s := new(big.Int).SetBytes(sig)
	if len(sig) != size || s.Cmp(k.n) >= 0 {
		return nil
	}
	return s.Exp(s, k.e, k.n).FillBytes(make([]byte, size))
}

// verifyPSS checks an RSASSA-PSS signature (RFC 8017 8.1.2) with any pair of
// digest and mask digest and exactly the stated salt length, which crypto/rsa
// cannot express in full.
func (k publicRSA) verifyPSS(d, mask digestKind, saltBytes int, sum, sig []byte) bool {
	if std := k.std(); std != nil && mask.name == d.name && saltBytes > 0 {
		opts := &rsa.PSSOptions{SaltLength: saltBytes}
		return rsa.VerifyPSS(std, d.id, sum, sig, opts) == nil
	}
	em := k.open(sig)
	if em == nil {
		return false
	}
	bits := k.n.BitLen() - 1
	if size := (bits + 7) / 8; len(em) > size {
		if em[0] != 0 {
			return false
		}
		em = em[len(em)-size:]
	}
	return emsaPSS(d, mask, saltBytes, sum, em, bits)
}

// emsaPSS is EMSA-PSS-VERIFY (RFC 8017 9.1.2); the step numbers are its own.
func emsaPSS(d, mask digestKind, saltBytes int, sum, em []byte, bits int) bool {
	h := d.new()
	hLen := h.Size()
	if len(sum) != hLen || len(em) < hLen+saltBytes+2 || em[len(em)-1] != 0xbc { // 2–4
		return false
	}
	db, digest := bytes.Clone(em[:len(em)-hLen-1]), em[len(em)-hLen-1:len(em)-1] // 5
	unused := 8*len(em) - bits
	if db[0]>>(8-unused) != 0 && unused > 0 { // 6
		return false
	}
	m := mask.new()
	for i, counter := 0, uint32(0); i < len(db); counter++ { // 7, 8: MGF1 (B.2.1)
		m.Reset()
		m.Write(digest)
		m.Write([]byte{byte(counter >> 24), byte(counter >> 16), byte(counter >> 8), byte(counter)})
		for _, b := range m.Sum(nil) {
			if i < len(db) {
				db[i] ^= b
				i++
			}
		}
	}
	db[0] &= 0xff >> unused // 9
	zeros := len(db) - saltBytes - 1
	for _, b := range db[:zeros] { // 10
		if b != 0 {
			return false
		}
	}
	if db[zeros] != 1 {
		return false
	}
	h.Write(make([]byte, 8)) // 11–14
	h.Write(sum)
	h.Write(db[zeros+1:])
	return subtle.ConstantTimeCompare(h.Sum(nil), digest) == 1
}

// oid returns the identifier of the digest.
func (d digestKind) oid() OID {
	for oid, k := range digestOIDs {
		if k.name == d.name {
			return OID(oid)
		}
	}
	return nil
}
