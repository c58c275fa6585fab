//go:build race

package pdfium

// raced: the detector makes a compilation of the engine ten times slower, and
// finds nothing in what one goroutine does.
const raced = true
