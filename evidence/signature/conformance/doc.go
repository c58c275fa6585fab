// Package conformance proves the judgement of signed PDF files: its tests
// build real signed files of every honest and every hostile family, judge
// them, flip their bits, read a corpus of foreign files in place, and compare
// with other verifiers. It holds nothing but tests; the results that were
// measured stand in deploy/CONFORMANCE.md.
package conformance
