package statistics

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"caseledger/events"
)

// A grid is a table with totals of its lines, in column 1, and of its columns, in the
// last line. It is a network: every line and every column is a node, and every cell
// leads from its line to its column, or back when it is a total.
type grid struct{ *sheet }

func newGrid(rows ...[]int) grid {
	columns := []string{"label", "total"}
	for i := range rows[0] {
		columns = append(columns, fmt.Sprint("part", i))
	}
	g := grid{&sheet{columns: columns}}
	for i, row := range rows {
		l := g.newLine(fmt.Sprint(i), columns[1:]...)
		for j, n := range row {
			l.cells[2+j].n = n
			l.cells[1].n += n
		}
	}
	parts := slices.Clone(g.lines)
	all := g.newLine("all", columns[1:]...)
	for _, l := range parts {
		for j := 1; j < len(columns); j++ {
			all.cells[j].n += l.cells[j].n
		}
	}
	g.across("total", columns[2:]...)
	g.down(all, parts...)
	return g
}

func drawGrid(t *rapid.T, lines, columns int, number *rapid.Generator[int]) grid {
	rows := make([][]int, rapid.IntRange(1, lines).Draw(t, "lines"))
	width := rapid.IntRange(2, columns).Draw(t, "columns")
	for i := range rows {
		rows[i] = rapid.SliceOfN(number, width, width).Draw(t, "line")
	}
	return newGrid(rows...)
}

// arc returns the nodes that raising a cell leads from and to.
func (g grid) arc(i, j int) (from, to int) {
	if (i == len(g.lines)-1) != (j == 1) {
		return len(g.lines) + j, i
	}
	return i, len(g.lines) + j
}

// canMove reports whether the cell could show by more for all that is shown. It is
// exact for a step of one: flows in a network are whole numbers, so that there is a
// way round through hidden cells, or no other table at all.
func (g grid) canMove(c *cell, by int) bool {
	arcs := map[int][]int{}
	step, start, goal := max(by, -by), 0, 0
	for i, l := range g.lines {
		for j, x := range l.cells {
			if j == 0 || !x.hidden {
				continue
			}
			from, to := g.arc(i, j)
			switch {
			case x != c:
				arcs[from] = append(arcs[from], to)
				if x.figure() >= step {
					arcs[to] = append(arcs[to], from)
				}
			case by > 0:
				start, goal = to, from
			default:
				start, goal = from, to
			}
		}
	}
	seen, next := map[int]bool{start: true}, []int{start}
	for len(next) > 0 {
		at := next[0]
		next = next[1:]
		for _, to := range arcs[at] {
			if !seen[to] {
				seen[to], next = true, append(next, to)
			}
		}
	}
	return seen[goal] && c.figure()+by >= 0
}

// secret reports whether a small count could be another small one, for a reader who
// knows below and that it is small. Below 2 there is no other: then any will do.
func (g grid) secret(c *cell, below int) bool {
	if below == 2 {
		return g.canMove(c, 1) || g.canMove(c, -1)
	}
	return c.n > 1 && g.canMove(c, -1) || c.n+1 < below && g.canMove(c, 1)
}

// guesses try every number up to most in every hidden cell.
type guesses struct {
	sums   []sum
	misses []bool // which sums miss their totals; nobody says by how much
	most   int
	number map[*cell]int // shown or guessed
}

func guess(sh *sheet) *guesses {
	g := &guesses{sums: sh.sums, number: map[*cell]int{}}
	for _, s := range sh.sums {
		miss := s.total.n
		for _, c := range s.parts {
			miss -= c.n
		}
		g.misses = append(g.misses, miss > 0)
	}
	for _, l := range sh.lines {
		for _, c := range l.cells[1:] {
			if g.most = max(g.most, c.n+1); !c.hidden {
				g.number[c] = c.n
			}
		}
	}
	return g
}

// fits reports whether all that is known so far may be part of a table.
func (g *guesses) fits() bool {
	for i, s := range g.sums {
		total, known := g.number[s.total]
		left, open := total, g.misses[i]
		for _, c := range s.parts {
			n, ok := g.number[c]
			left, open = left-n, open || !ok
		}
		if known && (left < 0 || left > 0 && !open) {
			return false
		}
	}
	return true
}

// possible reports whether there is a table with what is known so far.
func (g *guesses) possible(hidden []*cell) bool {
	if !g.fits() {
		return false
	}
	if len(hidden) == 0 {
		return true
	}
	defer delete(g.number, hidden[0])
	for n := range g.most + 1 {
		if g.number[hidden[0]] = n; g.possible(hidden[1:]) {
			return true
		}
	}
	return false
}

// secret is what [grid.secret] is, found by trying every table.
func (g *guesses) secret(sh *sheet, c *cell, below int) bool {
	var hidden []*cell
	for _, l := range sh.lines {
		for _, x := range slices.Backward(l.cells[1:]) {
			if x.hidden && x != c {
				hidden = append(hidden, x)
			}
		}
	}
	defer delete(g.number, c)
	for n := range g.most + 1 {
		if n == c.n || below > 2 && (n == 0 || n >= below) {
			continue
		}
		if g.number[c] = n; g.possible(hidden) {
			return true
		}
	}
	return false
}

// eachSmall calls f with the cells that must be hidden, and fails when one is not.
func eachSmall(t rapid.TB, sh *sheet, below int, f func(c *cell, name string)) {
	for _, l := range sh.lines {
		for j, c := range l.cells {
			if c == nil || c.n == 0 || c.n >= below {
				continue
			}
			name := fmt.Sprintf("below %d, line %s, %s: %d", below, l.label, sh.columns[j], c.n)
			if !c.hidden {
				t.Fatalf("%s is shown", name)
			}
			f(c, name)
		}
	}
}

// Given any table of counts with totals of its lines and columns, when small counts
// are suppressed, then none stands there, and none can be worked out from what does.
func TestSuppress(t *testing.T) {
	numbers := rapid.OneOf(rapid.Just(0), rapid.IntRange(0, 12), rapid.IntRange(20, 300))
	rapid.Check(t, func(t *rapid.T) {
		below := rapid.IntRange(2, 11).Draw(t, "below")
		g := drawGrid(t, 6, 5, numbers)
		g.suppress(below)
		eachSmall(t, g.sheet, below, func(c *cell, name string) {
			if !g.secret(c, below) {
				t.Fatalf("%s can be computed\n%v", name, g.rows())
			}
		})
	})
}

// Given tables in which each sum by itself hid enough and all together gave a count
// away, when they are suppressed, then they no longer do.
func TestSuppressTogether(t *testing.T) {
	for _, c := range []struct {
		below int
		rows  [][]int
	}{
		{2, [][]int{{0, 0, 0, 0}, {0, 0, 0, 2}, {0, 1, 2, 0}, {2, 20, 0, 0}}},
		{5, [][]int{{4, 4, 20}, {4, 9, 9}, {30, 30, 30}}},
	} {
		g := newGrid(c.rows...)
		g.suppress(c.below)
		eachSmall(t, g.sheet, c.below, func(x *cell, name string) {
			if !guess(g.sheet).secret(g.sheet, x, c.below) {
				t.Errorf("%s can be computed\n%v", name, g.rows())
			}
		})
	}
}

// Given tiny tables, when every table that could be the true one is tried, then the
// reader of grids was as clever as can be, and no small count is the only one.
func TestSuppressAgainstEveryTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		below := rapid.IntRange(2, 5).Draw(t, "below")
		g := drawGrid(t, 3, 3, rapid.IntRange(0, 4))
		for _, l := range g.lines { // anything may be hidden, also what gives a count away
			for _, c := range l.cells[1:] {
				c.hidden = c.n > 0 && c.n < below || rapid.IntRange(0, 2).Draw(t, "hidden") == 0
			}
		}
		eachSmall(t, g.sheet, below, func(c *cell, name string) {
			if clever, can := !g.secret(c, below), !guess(g.sheet).secret(g.sheet, c, below); clever != can {
				t.Fatalf("%s: the reader computes it: %v; it can be: %v\n%v", name, clever, can, g.rows())
			}
		})
		g.suppress(below)
		eachSmall(t, g.sheet, below, func(c *cell, name string) {
			if !guess(g.sheet).secret(g.sheet, c, below) {
				t.Fatalf("%s can be computed\n%v", name, g.rows())
			}
		})
	})
}

// Given people by sex and by age, some of them of neither, in lines that sum up twice,
// when small counts are suppressed, then no small one is the only one that could be:
// such a table is no network.
func TestSuppressPartsOfTwoKinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		below := rapid.IntRange(2, 5).Draw(t, "below")
		columns := []string{"label", "total", "male", "female", "adult", "child"}
		sh := &sheet{columns: columns}
		some, other := sh.newLine("some", columns[1:]...), sh.newLine("other", columns[1:]...)
		both := sh.newLine("both", columns[1:]...)
		lines := []*line{some, other}
		sh.down(both, some, other)
		if rapid.Bool().Draw(t, "more") {
			more, all := sh.newLine("more", columns[1:4]...), sh.newLine("all", columns[1:4]...)
			for _, l := range []*line{more, all} {
				l.cells = l.cells[:4]
			}
			lines = append(lines, more)
			sh.down(all, both, more)
		}
		for range rapid.IntRange(1, 9).Draw(t, "people") {
			i := rapid.IntRange(0, len(lines)-1).Draw(t, "line")
			into := [][]*line{{some, both}, {other, both}, {sh.lines[len(sh.lines)-2]}}[i]
			if len(lines) == 3 {
				into = append(into, sh.lines[len(sh.lines)-1])
			}
			sex, age := rapid.SampledFrom([]int{0, 2, 2, 3, 3}).Draw(t, "sex"), rapid.SampledFrom([]int{0, 4, 4, 5}).Draw(t, "age")
			for _, l := range into {
				for _, j := range []int{1, sex, age} {
					if j > 0 && j < len(l.cells) {
						l.cells[j].n++
					}
				}
			}
		}
		sh.sums = append(sh.sums, sumsAcross(sh, 2, 4)...)
		sh.sums = append(sh.sums, sumsAcross(sh, 4, 6)...)
		sh.suppress(below)
		eachSmall(t, sh, below, func(c *cell, name string) {
			if !guess(sh).secret(sh, c, below) {
				t.Fatalf("%s can be computed\n%v", name, sh.rows())
			}
		})
	})
}

func sumsAcross(sh *sheet, first, end int) (sums []sum) {
	for _, l := range sh.lines {
		if end <= len(l.cells) {
			sums = append(sums, sum{l.cells[1], l.cells[first:end]})
		}
	}
	return sums
}

// Given amounts that rest on people of lines, when those of few are suppressed, then
// none can be told to within a tenth.
func TestSuppressAmounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := drawGrid(t, 6, 3, rapid.OneOf(rapid.Just(0), rapid.IntRange(0, 500_00)))
		people := 0
		for i, l := range g.lines {
			n := rapid.IntRange(0, 9).Draw(t, "people")
			if people += n; i == len(g.lines)-1 {
				n = people
			}
			for _, c := range l.cells[1:] {
				c.money, c.cents, c.n = true, events.Cents(c.n), n
			}
		}
		g.suppress(5)
		eachSmall(t, g.sheet, 5, func(c *cell, name string) {
			if by := max(1, c.figure()/10); !g.canMove(c, by) && !g.canMove(c, -by) {
				t.Fatalf("%s: %v is told too well\n%v", name, c.cents, g.rows())
			}
		})
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
