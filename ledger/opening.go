package ledger

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
)

// SaltBytes is the length of every salt.
const SaltBytes = 32

// NewSalt returns 32 random bytes. They keep a short opening, such as a name,
// from being guessed out of its commitment; destroying them with the opening
// erases it.
func NewSalt() []byte {
	salt := make([]byte, SaltBytes)
	rand.Read(salt) // never fails (crypto/rand)
	return salt
}

// Commitment returns SHA-256(salt ‖ opening) in 64 lower-case hexadecimal
// digits. The salt must have SaltBytes bytes for the join to be unambiguous.
func Commitment(salt, opening []byte) string {
	h := sha256.New()
	h.Write(salt)
	h.Write(opening)
	return hex.EncodeToString(h.Sum(nil))
}
