//go:build !race

package pdfium

const raced = false
