package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// roomBytes is how large the heap may become before the collector runs. A
	// few megabytes live in most commands; a share of these alone would have
	// the collector run every few milliseconds of an import.
	roomBytes = 64 << 20
	// growth is by how much of itself, in per cent, a larger heap may grow.
	growth = 50
)

// paceCollector keeps the main process small beside its workers and the
// collector rare: see roomBytes. It looks at the heap after each collection.
func paceCollector() {
	debug.SetGCPercent(gcPercent(0))
	runtime.SetFinalizer(&afterCollection{}, (*afterCollection).pace)
}

// afterCollection is garbage whenever the collector runs. It has a size of its
// own, for the runtime keeps what is smaller together.
type afterCollection struct{ _ [4]uint64 }

func (a *afterCollection) pace() {
	debug.SetGCPercent(gcPercent(liveBytes()))
	runtime.SetFinalizer(a, (*afterCollection).pace)
}

// gcPercent is the setting of the collector (runtime/debug) for a heap of which
// so many bytes are in use. The runtime itself takes at least 4 MiB for in use.
func gcPercent(live uint64) int {
	live = max(live, 4<<20)
	return max(growth, int(roomBytes*100/live)-100)
}

// liveBytes is what the last collection found to be in use.
func liveBytes() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
