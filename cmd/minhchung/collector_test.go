package main

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestGCPercent(t *testing.T) {
	for live, want := range map[uint64]int{
		0: 1500, 4 << 20: 1500, 8 << 20: 700, 32 << 20: 100, 42 << 20: 52, 64 << 20: 50, 1 << 30: 50,
	} {
		if got := gcPercent(live); got != want {
			t.Errorf("%d MiB live: got %d, want %d", live>>20, got, want)
		}
	}
}

// The setting follows the heap in both directions.
func TestPaceCollector(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	paceCollector()
	settled := func(right func(percent int) bool) (percent int) {
		for range 2000 {
			runtime.GC()
			time.Sleep(time.Millisecond) // the finalizer runs beside us
			percent = debug.SetGCPercent(100)
			debug.SetGCPercent(percent)
			if right(percent) {
				break
			}
		}
		return percent
	}
	large := make([]byte, 2*roomBytes)
	if got := settled(func(p int) bool { return p == growth }); got != growth {
		t.Errorf("a large heap: got %d, want %d", got, growth)
	}
	runtime.KeepAlive(large)
	large = nil
	if got := settled(func(p int) bool { return p > growth }); got <= growth {
		t.Errorf("after it: got %d, want more than %d", got, growth)
	}
}
