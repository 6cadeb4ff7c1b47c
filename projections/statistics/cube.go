package statistics

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
)

// unknown stands where a fact is not known; a derivative's form is notApplicable.
const (
	unknown       = "unknown"
	notApplicable = "N/A"
)

// A dimension is one way to tell people or letters apart.
type dimension[T any] struct {
	name string
	of   func(T) string
}

type dimensions[T any] []dimension[T]

func (d dimensions[T]) names() []string {
	names := make([]string, len(d))
	for i, one := range d {
		names[i] = one.name
	}
	return names
}

// chosen returns the dimensions of the names, which all exist.
func (d dimensions[T]) chosen(names []string) (chosen dimensions[T]) {
	for _, name := range names {
		chosen = append(chosen, d[slices.IndexFunc(d, func(one dimension[T]) bool { return one.name == name })])
	}
	return chosen
}

var letterDimensions = dimensions[letter]{
	{"fiscal_year", func(l letter) string { return strconv.Itoa(policy.FiscalYear(l.date)) }},
	{"kind", func(l letter) string { return cmp.Or(string(l.kind), unknown) }},
	{"age_group", func(l letter) string {
		switch l.kind {
		case events.Certification:
			return string(events.Adult)
		case events.Eligibility:
			return string(events.Minor)
		}
		return unknown
	}},
	{"sex", func(l letter) string { return cmp.Or(string(l.sex), unknown) }},
	{"form", func(l letter) string { return cmp.Or(string(l.form), unknown) }},
	{"country", func(l letter) string { return cmp.Or(l.country, unknown) }},
	{"state", func(l letter) string { return cmp.Or(l.state, unknown) }},
}

// A served client is a person with the status on the last day of the range on
// which it was served.
type servedClient struct {
	*person
	status policy.Status
}

var clientDimensions = dimensions[servedClient]{
	{"class", func(c servedClient) string { return cmp.Or(string(c.class), unknown) }},
	{"status", func(c servedClient) string { return cmp.Or(string(c.status), unknown) }},
	{"sex", func(c servedClient) string { return cmp.Or(string(c.sex), unknown) }},
	{"age_group", func(c servedClient) string { return cmp.Or(string(c.age), unknown) }},
	{"form", func(c servedClient) string {
		if c.class == events.Derivative {
			return notApplicable
		}
		return cmp.Or(string(c.form), unknown)
	}},
}

// A cube counts by some dimensions; it has a line for every combination that
// there is, and a line of them all.
type cube[T any] struct {
	sheet *sheet
	dims  dimensions[T]
	lines map[string]*line
}

func newCube[T any](title, counted string, dims dimensions[T], definitions ...string) *cube[T] {
	return &cube[T]{
		sheet: &sheet{title: title, columns: append(dims.names(), counted), definitions: append(definitions,
			"there is a line for every combination that occurs; "+unknown+" is a value of its own, and a derivative's form is "+notApplicable)},
		dims: dims, lines: map[string]*line{},
	}
}

// line returns the line of an item, which it makes at the first one.
func (c *cube[T]) line(item T) *line {
	values := make([]string, len(c.dims))
	for i, d := range c.dims {
		values[i] = d.of(item)
	}
	key := strings.Join(values, "/")
	l := c.lines[key]
	if l == nil {
		l = c.sheet.newLine(key, c.sheet.columns[len(c.dims)])
		copy(l.texts, values)
		c.lines[key] = l
	}
	return l
}

func (c *cube[T]) count(item T, kind events.Kind, id []byte, sequence uint64) {
	l := c.line(item)
	l.cells[len(c.dims)].add(kind, id, sequence)
}

// total sorts the lines and adds the one of them all. It does so before a cell is
// explained, so that the cell it names exists.
func (c *cube[T]) total() {
	sh := c.sheet
	slices.SortFunc(sh.lines, func(a, b *line) int { return slices.Compare(a.texts[:len(c.dims)], b.texts[:len(c.dims)]) })
	parts := slices.Clone(sh.lines)
	all := sh.newLine("all", sh.columns[len(c.dims)])
	for i := 1; i < len(c.dims); i++ {
		all.texts[i] = "all"
	}
	for _, l := range parts {
		cell := l.cells[len(c.dims)]
		all.cells[len(c.dims)].n += cell.n
		all.cells[len(c.dims)].members = append(all.cells[len(c.dims)].members, cell.members...)
	}
	sh.down(all, parts...)
}

// lettersCube counts letters by the dimensions that were asked for.
func lettersCube(q Query) *sheet {
	c := newCube(fmt.Sprintf("Letters, %s to %s, by %s", q.First, q.Last, joinAnd(spaced(q.By))), "letters", letterDimensions.chosen(q.By),
		"certification letters go to adults, eligibility letters to minors; interim letters do not count (R04)",
		"a letter counts in the federal fiscal year of its date (R29); letters that were withdrawn do not count")
	c.sheet.fill = func(s *projections.Snapshot) error {
		err := eachLetterRow(s, func(id []byte, l letter) {
			if l.date >= q.First && l.date <= q.Last && (l.kind == events.Certification || l.kind == events.Eligibility) {
				c.count(l, events.KindLetter, id, l.sequence)
			}
		})
		c.total()
		return err
	}
	return c.sheet
}

// clientsCube counts the clients served in a range by the dimensions asked for.
func clientsCube(q Query) *sheet {
	c := newCube("Clients served, "+q.period()+", by "+joinAnd(spaced(q.By)), "clients", clientDimensions.chosen(q.By),
		"a client counts once, when a day was served in the range; status is that of the last such day (R30)",
		"sex, age group and form are those at enrollment, as corrected since")
	c.sheet.fill = func(s *projections.Snapshot) error {
		err := eachPerson(s, func(id []byte, p *person) {
			if status := p.lastStatus(q.First, q.Last); status != "" {
				c.count(servedClient{p, status}, events.KindCase, id, 0)
			}
		})
		c.total()
		return err
	}
	return c.sheet
}

func spaced(names []string) []string {
	words := make([]string, len(names))
	for i, n := range names {
		words[i] = strings.ReplaceAll(n, "_", " ")
	}
	return words
}
