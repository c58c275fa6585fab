//go:build race

package conformance

// raced: the detector makes everything ten times slower, and finds nothing
// in more bits of the same kind.
const raced = true
