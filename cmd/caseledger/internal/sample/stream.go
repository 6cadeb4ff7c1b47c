package sample

import (
	"cmp"
	"container/heap"
	"slices"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
)

// A sheet collects the commands of one source.
type sheet []app.Request

func (s *sheet) add(r app.Request) { *s = append(*s, r) }

// sorted returns the commands in order of the moments at which they were
// recorded, without those after the sample's end.
func (s sheet) sorted() []app.Request {
	slices.SortStableFunc(s, func(a, b app.Request) int { return cmp.Compare(a.RecordedAt, b.RecordedAt) })
	end, _ := slices.BinarySearchFunc(s, horizonEnd, func(r app.Request, t events.Instant) int { return cmp.Compare(r.RecordedAt, t) })
	return s[:end]
}

// horizonEnd is midnight after the horizon, in New York.
var horizonEnd = events.MustInstant("2009-07-01T04:00:00Z")

// A source is a sheet that is written only when its time comes: starts is not
// after its first command.
type source struct {
	starts events.Instant
	write  func() []app.Request
}

// merge yields the commands of all sources in order of time, those of one moment
// in the order of the sources. It holds the sheets of the sources that have begun
// and not ended, and uses the slice up.
func merge(sources []source, yield func(app.Request) bool) {
	slices.SortStableFunc(sources, func(a, b source) int { return cmp.Compare(a.starts, b.starts) })
	var running running
	for next := 0; next < len(sources) || len(running) > 0; {
		if next < len(sources) && (len(running) == 0 || sources[next].starts <= running[0].rest[0].RecordedAt) {
			if rest := sources[next].write(); len(rest) > 0 {
				heap.Push(&running, begin(rest, next))
			}
			sources[next] = source{} // what it was written from is not needed again
			next++
			continue
		}
		first := &running[0]
		r := first.take()
		if len(first.rest) > 0 {
			heap.Fix(&running, 0)
		} else {
			heap.Pop(&running)
		}
		if !yield(r) {
			return
		}
	}
}

// begun is a source whose sheet is written; rest is what is still to come.
type begun struct {
	rest  []app.Request
	order int
	room  int // commands that the memory of rest holds, those that were taken included
}

func begin(sheet []app.Request, order int) begun {
	return begun{slices.Clone(sheet), order, len(sheet)}
}

// take returns the next command. Many sheets reach over years: what was taken is not
// held, and half of the memory is given back when half of a sheet is.
func (b *begun) take() app.Request {
	r := b.rest[0]
	b.rest[0] = app.Request{}
	b.rest = b.rest[1:]
	if len(b.rest) <= b.room/2 {
		b.rest, b.room = slices.Clone(b.rest), len(b.rest)
	}
	return r
}

// running is a heap of begun sources by the moment of their next command.
type running []begun

func (h running) Len() int { return len(h) }

func (h running) Less(i, j int) bool {
	a, b := h[i].rest[0].RecordedAt, h[j].rest[0].RecordedAt
	return a < b || a == b && h[i].order < h[j].order
}

func (h running) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *running) Push(x any)   { *h = append(*h, x.(begun)) }
func (h *running) Pop() any {
	last := (*h)[len(*h)-1]
	(*h)[len(*h)-1] = begun{}
	*h = (*h)[:len(*h)-1]
	return last
}
