// Package racetest tells tests whether they run under the race detector: it
// makes everything ten times slower, and finds nothing in what one goroutine
// does. deploy/test.sh runs what is long for that reason without it as well.
package racetest
