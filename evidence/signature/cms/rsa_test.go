package cms

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"math/big"
	"testing"
)

// TestEMSAPSS checks our PSS against signatures of crypto/rsa, for moduli
// whose length is and is not a whole number of octets plus one bit.
func TestEMSAPSS(t *testing.T) {
	sum := sha256.Sum256([]byte("văn bản"))
	for _, bits := range []int{1024, 1025, 1031} {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		k := publicRSA{key.N, big.NewInt(int64(key.E))}
		for _, salt := range []int{1, 20, 32} {
			sig, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: salt})
			if err != nil {
				t.Fatal(err)
			}
			em := k.open(sig)
			if n := (key.N.BitLen() + 6) / 8; len(em) > n {
				em = em[1:]
			}
			try := func(d, mask digestKind, salt int, sum []byte) bool {
				return emsaPSS(d, mask, salt, sum, em, key.N.BitLen()-1)
			}
			if !try(kindSHA256, kindSHA256, salt, sum[:]) {
				t.Errorf("%d bits, salt %d: does not verify", bits, salt)
			}
			other := sha256.Sum256([]byte("khác"))
			if try(kindSHA256, kindSHA256, salt, other[:]) || try(kindSHA256, kindSHA256, salt+1, sum[:]) ||
				try(kindSHA256, kindSHA512, salt, sum[:]) || try(kindSHA256, kindSHA256, 500, sum[:]) {
				t.Errorf("%d bits, salt %d: verifies with another digest, salt or mask", bits, salt)
			}
		}
	}
}
