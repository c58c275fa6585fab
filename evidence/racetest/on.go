//go:build race

package racetest

// Enabled says whether the race detector is compiled in.
const Enabled = true
