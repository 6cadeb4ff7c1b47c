package statistics

import "slices"

// A sum says that one cell is at least the sum of others: the total of a line or
// of a column. Where people of unknown sex or form make up the rest it counts as
// the sum all the same, since a reader may guess that there are none.
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
// others as it takes that no sum gives a hidden one away: a sum with a shown total
// must have two hidden parts or more that come to at least below people, and a
// hidden total a hidden part.
func (sh *sheet) suppress(below int) {
	for _, l := range sh.lines {
		for _, c := range l.cells {
			if c != nil && c.n > 0 && c.n < below {
				c.hidden = true
			}
		}
	}
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
	return slices.MinFunc(shown, func(a, b *cell) int {
		if (a.n == 0) != (b.n == 0) {
			return b2i(a.n == 0) - b2i(b.n == 0)
		}
		return a.n - b.n
	})
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
