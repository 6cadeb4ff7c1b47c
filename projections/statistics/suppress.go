package statistics

import (
	"cmp"
	"container/heap"
	"fmt"
	"slices"
)

// A sum says that one cell is the sum of others: the total of a line or of a column.
// Where it is more, by people of unknown sex or form, or less, by people who stand in
// several parts, it counts as the sum all the same: a reader may guess that there are none.
type sum struct {
	total *cell
	parts []*cell
}

// across notes that in every line one column is the sum of others.
func (sh *sheet) across(total string, parts ...string) {
	for _, l := range sh.lines {
		s := sum{total: sh.cell(l, total)}
		for _, name := range parts {
			if c := sh.cell(l, name); c != nil {
				s.parts = append(s.parts, c)
			}
		}
		if s.total != nil && len(s.parts) > 0 {
			sh.sums = append(sh.sums, s)
		}
	}
}

// down notes that one line is the sum of others, column by column.
func (sh *sheet) down(total *line, parts ...*line) {
	for i, c := range total.cells {
		s := sum{total: c}
		for _, l := range parts {
			if l.cells[i] != nil {
				s.parts = append(s.parts, l.cells[i])
			}
		}
		if c != nil && len(s.parts) > 0 {
			sh.sums = append(sh.sums, s)
		}
	}
}

// suppress hides every cell that rests on 1 to below-1 people, and then as many
// others as it takes that nobody can compute one of them:
//
//   - a sum with a shown total has two hidden parts or more that come to at least
//     below people, or none; and a hidden total has a hidden part;
//   - for every small count there is another table that agrees with all that is shown
//     and has another number there, which is also from 1 to below-1; for an amount that
//     rests on as few, one that differs by a tenth or more.
//
// No reasoning can then tell the number, since that other table could be the true one
// for all that the reader sees. The reader may know the sums, and which have no people
// of unknown sex or form in them; that nothing is below zero; and that the count is one
// of the small ones. (Below 2 there is but one, and the other table has a 0 or 2.) A
// reader who reruns the programme on every table that could be the true one is not meant.
func (sh *sheet) suppress(below int) {
	var all, small []*cell
	for _, l := range sh.lines {
		for _, c := range l.cells {
			if c == nil {
				continue
			}
			all = append(all, c)
			if c.n > 0 && c.n < below {
				c.hidden = true
				small = append(small, c)
			}
		}
	}
	sh.protect(below)
	eqs := equationsOf(sh.sums)
	for _, c := range small {
		hide, found := eqs.cover(c, below)
		if !found {
			hide = all
		}
		for _, more := range hide {
			more.hidden = true
		}
	}
	sh.protect(below) // another cell hidden takes no table away that was found
}

// protect mends one sum after the other until none by itself gives a hidden cell away.
func (sh *sheet) protect(below int) {
	for again := true; again; {
		again = false
		for _, s := range sh.sums {
			again = s.protect(below) || again
		}
	}
}

// protect hides one more cell of a sum that gives a hidden one away, and says
// whether it had to.
func (s sum) protect(below int) bool {
	hidden, people := 0, 0
	for _, c := range s.parts {
		if c.hidden {
			hidden++
			people += c.n
		}
	}
	switch {
	case s.total.hidden && hidden > 0, // two unknowns, one equation
		!s.total.hidden && hidden == 0,
		!s.total.hidden && hidden > 1 && people >= below:
		return false
	}
	more := s.smallest()
	if more == nil {
		if s.total.hidden {
			return false // every part is zero: there is nothing to add up
		}
		more = s.total
	}
	more.hidden = true
	return true
}

// smallest returns the shown part that rests on the fewest people, one with some
// before one with none; nil when all are hidden.
func (s sum) smallest() *cell {
	shown := slices.DeleteFunc(slices.Clone(s.parts), func(c *cell) bool { return c.hidden })
	if len(shown) == 0 {
		return nil
	}
	return slices.MinFunc(shown, func(a, b *cell) int { return cmp.Compare(a.price(), b.price()) })
}

// equations are the sums, seen from the cells that stand in them.
type equations struct {
	terms [][]term         // by sum
	of    map[*cell][]term // by cell
}

// A term is a cell in a sum: a part with the sign 1, the total with -1. When counts
// miss their total there is one more, whose cell is in no table: how many people are
// of unknown sex or form, or stand in several parts, is not shown.
type term struct {
	sum  int
	cell *cell
	sign int
}

func equationsOf(sums []sum) *equations {
	e := &equations{make([][]term, len(sums)), map[*cell][]term{}}
	add := func(sum int, c *cell, sign int) {
		e.terms[sum] = append(e.terms[sum], term{sum, c, sign})
		e.of[c] = append(e.of[c], term{sum, c, sign})
	}
	for i, s := range sums {
		add(i, s.total, -1)
		rest := s.total.n
		for _, c := range s.parts {
			add(i, c, 1)
			rest -= c.n
		}
		if rest != 0 && !s.total.money && !s.total.tally {
			add(i, &cell{n: max(rest, -rest), hidden: true}, cmp.Compare(rest, 0))
		}
	}
	return e
}

// cover returns the shown cells to hide so that there is another table for a small
// count: as few as can be, with as few people as can be; often none. It is false when
// there is no such table.
func (e *equations) cover(c *cell, below int) (hide []*cell, found bool) {
	var best *variant
	step := max(1, c.figure()/10)
	for _, way := range []int{-1, 1} {
		if n := c.n + way; below > 2 && !c.money && !c.tally && (n < 1 || n >= below) {
			continue
		}
		if v := e.search(c, way, step); v != nil && (best == nil || v.price < best.price) {
			best = v
		}
	}
	if best == nil {
		return nil, false
	}
	for v := best; v.from != nil; v = v.from {
		if !v.moved.hidden {
			hide = append(hide, v.moved)
		}
	}
	return hide, true
}

// A variant is a table that differs from another one in one cell, by a step.
type variant struct {
	from  *variant // nil: this is the true table
	moved *cell
	off   []int // by sum: the steps that its parts come to above its total
	price int64 // of hiding every cell that was moved
}

// patience is the number of variants that a search looks at before it gives up.
const patience = 4000

// search returns the cheapest variant with the cell moved by a step, up (1) or down
// (-1), in which every sum is as in the true table; nil when there is none. It is
// Dijkstra's search: the first sum that is off is set right by moving any other of
// its cells, which may set another one off. Where no cell stands in more than a sum of
// a line and one of a column, that is a path through a network: then there are at most
// two sums off at a time, none is missed, and patience does not run out.
func (e *equations) search(c *cell, way, step int) *variant {
	if !c.canMove(way * step) {
		return nil
	}
	queue := &variants{e.move(&variant{off: make([]int, len(e.terms))}, c, way)}
	seen := map[string]bool{}
	for queue.Len() > 0 && len(seen) < patience {
		v := heap.Pop(queue).(*variant)
		i := slices.IndexFunc(v.off, func(steps int) bool { return steps != 0 })
		if i < 0 {
			return v
		}
		key := fmt.Sprint(v.off)
		if seen[key] {
			continue // a cheaper one was off by as much
		}
		seen[key] = true
		for _, t := range e.terms[i] {
			way := -t.sign
			if v.off[i] < 0 {
				way = t.sign
			}
			if t.cell.canMove(way*step) && !v.has(t.cell) {
				heap.Push(queue, e.move(v, t.cell, way))
			}
		}
	}
	return nil
}

// move returns the variant of a variant with one cell moved.
func (e *equations) move(from *variant, c *cell, way int) *variant {
	v := &variant{from, c, slices.Clone(from.off), from.price + c.price()}
	for _, t := range e.of[c] {
		v.off[t.sum] += t.sign * way
	}
	return v
}

// has reports whether the cell was moved, which is done once.
func (v *variant) has(c *cell) bool {
	for ; v != nil; v = v.from {
		if v.moved == c {
			return true
		}
	}
	return false
}

// variants are a heap, the cheapest one first.
type variants []*variant

func (q variants) Len() int           { return len(q) }
func (q variants) Less(i, j int) bool { return q[i].price < q[j].price }
func (q variants) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *variants) Push(v any)        { *q = append(*q, v.(*variant)) }
func (q *variants) Pop() any {
	v := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return v
}

// price makes a search hide few cells before few people, and a zero last: that is
// what a reader guesses first.
func (c *cell) price() int64 {
	const one, zero = 1 << 32, 1 << 31
	switch {
	case c.hidden:
		return 1
	case c.n == 0:
		return one + zero
	}
	return one + int64(c.n)
}

// figure is the number that a reader looks for.
func (c *cell) figure() int {
	switch {
	case c.money:
		return int(c.cents)
	case c.tally:
		return c.shown
	}
	return c.n
}

func (c *cell) canMove(by int) bool { return by > 0 || c.figure()+by >= 0 }
