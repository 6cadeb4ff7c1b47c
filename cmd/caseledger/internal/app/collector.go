package app

import (
	"runtime/debug"
	"runtime/metrics"
)

// How the garbage collector is set while views are rebuilt: much garbage comes
// beside little that lives, so that collecting at twice the live heap would cost
// a fifth of the time. A memory limit is no way to that: what lives may come
// near it, and then the collector does nothing else.
const (
	rebuildHeap = 400 << 20 // bytes that the heap may grow to
	leastGrowth = 100       // percent of what lives: the default of every program
	mostGrowth  = 300
)

// CollectLate lets the heap grow as far as a rebuild may, until restore is called.
// It concerns the whole process.
func CollectLate() (restore func()) {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	live := max(sample[0].Value.Uint64(), rebuildLive)
	growth := leastGrowth
	if live < rebuildHeap {
		growth = int(min(max((rebuildHeap-live)*100/live, leastGrowth), mostGrowth))
	}
	before := debug.SetGCPercent(growth)
	return func() { debug.SetGCPercent(before) }
}

// rebuildLive is what lives at least while a million records are rebuilt, most of
// it in the embedded server.
const rebuildLive = 130 << 20
