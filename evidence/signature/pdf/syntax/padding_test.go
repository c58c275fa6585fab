package syntax

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"slices"
	"testing"
)

// TestZerosEncrypted has the room for a signature, encrypted with each cipher
// and written over at its beginning (ISO 32000-2 7.6.2, 7.6.3).
func TestZerosEncrypted(t *testing.T) {
	seal := func(k *objectKey, m method, plain []byte) []byte {
		if m == methodRC4 {
			return crypted(k.derive(nil), plain)
		}
		key := k.crypt.key
		if m == methodAES128 {
			key = k.derive([]byte("sAlT"))
		}
		pad := aes.BlockSize - len(plain)%aes.BlockSize
		plain = append(slices.Clone(plain), bytes.Repeat([]byte{byte(pad)}, pad)...)
		vector := bytes.Repeat([]byte{7}, aes.BlockSize)
		block, err := aes.NewCipher(key)
		if err != nil {
			t.Fatal(err)
		}
		cipher.NewCBCEncrypter(block, vector).CryptBlocks(plain, plain)
		return append(vector, plain...)
	}
	for _, m := range []method{methodRC4, methodAES128, methodAES256} {
		k := &objectKey{crypt: &crypt{key: bytes.Repeat([]byte{3}, 32), strings: m}, num: 41}
		if m == methodRC4 {
			k.crypt.key = k.crypt.key[:16]
		}
		room := seal(k, m, make([]byte, 1000))
		hidden := make([]byte, 1000)
		copy(hidden[700:], "4 0 obj evil endobj")
		for _, cms := range []int{1, 15, 16, 17, 400, 479} {
			written := slices.Clone(room)
			copy(written, bytes.Repeat([]byte{0x30}, cms))
			if !k.zeros(written, cms) {
				t.Errorf("method %d, %d bytes written over: not zeros", m, cms)
			}
			carrying := seal(k, m, hidden)
			copy(carrying, bytes.Repeat([]byte{0x30}, cms))
			if k.zeros(carrying, cms) {
				t.Errorf("method %d, %d bytes written over: the text behind is not seen", m, cms)
			}
			// 32 bytes behind the signature are the most that cannot be told.
			written[min(cms+48, len(written)-40)] ^= 1
			if k.zeros(written, cms) {
				t.Errorf("method %d, %d bytes written over: a changed byte is not seen", m, cms)
			}
		}
		if k.zeros(room[:len(room)-len(room)%aes.BlockSize], len(room)-20) {
			t.Errorf("method %d: nothing can be told of so few bytes", m)
		}
	}
	plain := &objectKey{crypt: &crypt{strings: methodNone}}
	if plain.zeros(make([]byte, 1000), 0) {
		t.Error("strings are not encrypted, and yet said to be")
	}
}
