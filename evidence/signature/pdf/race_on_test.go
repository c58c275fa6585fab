//go:build race

package pdf

// raced: the detector makes everything ten times slower, and finds nothing in
// what one goroutine does. deploy/test.sh runs the long tests without it.
const raced = true
