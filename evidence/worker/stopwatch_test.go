package worker

import (
	"testing"
	"time"
)

// A stopwatch strikes once when its time is over, not while it is paused, and
// never after Stop.
func TestStopwatch(t *testing.T) {
	struck := make(chan string, 10)
	strike := func(name string) func() { return func() { struck <- name } }
	stopped := StartStopwatch(time.Nanosecond, strike("stopped"))
	stopped.Stop()
	paused := StartStopwatch(time.Minute, strike("paused"))
	paused.Pause()
	paused.left = 0 // its time is over when it goes on
	runs := StartStopwatch(time.Millisecond, strike("runs"))
	long := StartStopwatch(time.Hour, strike("long"))
	defer long.Stop()
	if got := <-struck; got != "runs" || !runs.Fired() {
		t.Errorf("got %s, fired %t, want the one that runs", got, runs.Fired())
	}
	if paused.Fired() {
		t.Error("the paused one has struck")
	}
	paused.Resume()
	if got := <-struck; got != "paused" {
		t.Errorf("got %s, want the one that was paused", got)
	}
	if len(struck) > 0 || stopped.Fired() || long.Fired() {
		t.Errorf("got %d more, stopped %t, long %t", len(struck), stopped.Fired(), long.Fired())
	}
}
