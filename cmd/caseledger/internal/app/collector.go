package app

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// How the garbage collector is set while views are rebuilt: much garbage comes
// beside little that lives, so that collecting at twice the live heap would cost
// a fifth of the time. A memory limit is no way to that: what lives may come
// near it, and then the collector does nothing else.
const (
	rebuildHeap = 420 << 20 // bytes that the heap may grow to
	leastGrowth = 50        // percent of what lives
	mostGrowth  = 300
)

// CollectLate lets the heap grow as far as a rebuild may, until restore is called.
// It concerns the whole process.
func CollectLate() (restore func()) {
	c := &collector{before: debug.SetGCPercent(growth())}
	c.watch()
	return c.restore
}

// A collector sets the collector anew after each collection, since what lives
// grows while the embedded server reads its stream.
type collector struct {
	before int

	mu       sync.Mutex
	restored bool
}

// watch waits for the end of the next collection, which finds that nobody holds
// the mark.
func (c *collector) watch() {
	type mark struct{ _ *int }
	runtime.AddCleanup(&mark{}, func(c *collector) { c.collected() }, c)
}

func (c *collector) collected() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.restored {
		debug.SetGCPercent(growth())
		c.watch()
	}
}

func (c *collector) restore() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.restored = true
	debug.SetGCPercent(c.before)
}

// growth returns the percentage by which the heap may outgrow what lived at the
// last collection.
func growth() int {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	live := int(max(sample[0].Value.Uint64(), rebuildLive))
	return min(max((rebuildHeap-live)*100/live, leastGrowth), mostGrowth)
}

// rebuildLive is what lives at least while a million records are rebuilt.
const rebuildLive = 100 << 20
