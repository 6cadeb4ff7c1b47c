package statistics

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// bounds are what a reader who knows the sums can work out of a cell.
type bounds struct{ low, high int }

// anyone is more people than there are in any table of the test, and rounds are as many
// as a reader has patience for.
const (
	anyone = 1 << 14
	rounds = 100
)

// attack narrows down hidden cells by every sum until nothing moves any more.
func attack(sh *sheet) map[*cell]bounds {
	known := map[*cell]bounds{}
	for _, l := range sh.lines {
		for _, c := range l.cells {
			if c == nil {
				continue
			}
			if known[c] = (bounds{c.n, c.n}); c.hidden {
				known[c] = bounds{0, anyone}
			}
		}
	}
	moved := true
	for round := 0; moved && round < rounds; round++ {
		moved = false
		narrow := func(c *cell, low, high int) {
			b := known[c]
			if n := (bounds{max(b.low, low), min(b.high, high)}); n != b {
				known[c], moved = n, true
			}
		}
		for _, s := range sh.sums {
			low, high := 0, 0
			for _, c := range s.parts {
				low, high = low+known[c].low, high+known[c].high
			}
			narrow(s.total, low, high)
			for _, c := range s.parts {
				narrow(c, known[s.total].low-(high-known[c].high), known[s.total].high-(low-known[c].low))
			}
		}
	}
	return known
}

// Given any table of counts with totals of its lines and columns, when small counts
// are suppressed, then none stands there, and none can be worked out from the sums.
func TestSuppress(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		below := rapid.IntRange(2, 11).Draw(t, "below")
		columns := []string{"label", "total"}
		for i := range rapid.IntRange(2, 5).Draw(t, "columns") {
			columns = append(columns, fmt.Sprint("part", i))
		}
		sh := &sheet{columns: columns}
		for i := range rapid.IntRange(1, 6).Draw(t, "lines") {
			l := sh.newLine(fmt.Sprint(i), columns[1:]...)
			for j := 2; j < len(columns); j++ {
				l.cells[j].n = rapid.OneOf(rapid.Just(0), rapid.IntRange(0, 12), rapid.IntRange(20, 300)).Draw(t, "n")
				l.cells[1].n += l.cells[j].n
			}
		}
		parts := sh.lines[:len(sh.lines):len(sh.lines)]
		all := sh.newLine("all", columns[1:]...)
		for _, l := range parts {
			for j := 1; j < len(columns); j++ {
				all.cells[j].n += l.cells[j].n
			}
		}
		sh.across("total", columns[2:]...)
		sh.down(all, parts...)
		sh.suppress(below)
		known := attack(sh)
		for _, l := range sh.lines {
			for j, c := range l.cells {
				if c == nil || c.n == 0 || c.n >= below {
					continue
				}
				if !c.hidden {
					t.Fatalf("line %s, %s: %d is shown", l.label, columns[j], c.n)
				}
				if b := known[c]; b.low == b.high {
					t.Fatalf("line %s, %s: %d can be computed\n%v", l.label, columns[j], c.n, sh.rows())
				}
			}
		}
	})
}

// Given a table without small counts, when small counts are suppressed, then
// nothing is hidden.
func TestSuppressHidesNoMoreThanItMust(t *testing.T) {
	sh := &sheet{columns: []string{"label", "total", "a", "b"}}
	l := sh.newLine("one", "total", "a", "b")
	l.cells[1].n, l.cells[2].n, l.cells[3].n = 12, 7, 5
	zero := sh.newLine("two", "total", "a", "b")
	zero.cells[1].n, zero.cells[2].n = 9, 9
	sh.across("total", "a", "b")
	sh.suppress(5)
	if got := fmt.Sprint(sh.rows()); got != "[[one 12 7 5] [two 9 9 0]]" {
		t.Error(got)
	}
	sh.suppress(6)
	if got := fmt.Sprint(sh.rows()); got != "[[one 12 s s] [two 9 9 0]]" {
		t.Error(got)
	}
}
