// Package chart draws a table as an SVG picture with the table below it, so that
// nobody has to guess a figure from the height of a column, and a reader who does
// not see the picture reads the same.
package chart

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"unicode/utf8"

	"caseledger/cmd/caseledger/internal/prose"
)

// A Kind is a way to draw.
type Kind string

// The kinds of charts.
const (
	Columns Kind = "columns" // one column for each series, beside each other
	Stacked Kind = "stacked" // the series on top of each other
	Lines   Kind = "lines"   // one line for each series
)

// A Chart is a table to be drawn. Without labels the picture is the table alone.
type Chart struct {
	Kind   Kind
	Title  string
	Unit   string // what the numbers count
	Series []Series
	Labels []string // below the axis, one for each value of a series
	// Columns and Rows are the table below the picture.
	Columns []string
	Rows    [][]string
	Notes   []string // below the table
}

// A Series is one sequence of numbers that are not negative.
type Series struct {
	Name   string
	Values []Value
	Scale  int64 // how many of a value make one unit, such as 100 cents; 0 means 1
}

// A Value is a number, or none where a figure is not shown.
type Value struct {
	N       int64
	Missing bool
}

// Geometry, in the picture's own units, which are pixels at its natural size.
const (
	width      = 960
	left       = 72 // of the plot
	right      = width - 24
	top        = 92
	plotHeight = 300
	bottom     = top + plotHeight
	rowHeight  = 19
	character  = 7  // width of one, about
	labelRoom  = 22 // characters of a slanted label
	most       = 60 // labels: more of them make no picture
)

// colors are told apart by people who do not see all of them.
var colors = [...]string{"#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9"}

//go:embed chart.svg.tmpl
var files embed.FS

var picture = template.Must(template.ParseFS(files, "chart.svg.tmpl"))

// SVG writes the picture. The same chart gives the same bytes.
func (c *Chart) SVG(w io.Writer) error {
	if len(c.Labels) == 0 && len(c.Rows) == 0 {
		return fmt.Errorf("draw %s: there is nothing to draw", c.Title)
	}
	for _, s := range c.Series {
		if len(s.Values) != len(c.Labels) {
			return fmt.Errorf("draw %s: %s has %d values for %d labels", c.Title, s.Name, len(s.Values), len(c.Labels))
		}
	}
	p := &plot{Chart: c, step: nice(c.highest()), Drawn: len(c.Labels) > 0 && len(c.Labels) <= most, top: bottom + 60, wide: width}
	if p.Drawn {
		p.axis()
		p.series()
	} else {
		p.top = 72
	}
	p.table()
	if err := picture.Execute(w, p); err != nil {
		return fmt.Errorf("draw %s: %w", c.Title, err)
	}
	return nil
}

func (s Series) units(i int) int64 { return s.Values[i].N / max(s.Scale, 1) }

// highest returns the largest number that is drawn, in units.
func (c *Chart) highest() (highest int64) {
	for i := range c.Labels {
		sum := int64(0)
		for _, s := range c.Series {
			sum += s.units(i)
			highest = max(highest, s.units(i))
		}
		if c.Kind == Stacked {
			highest = max(highest, sum)
		}
	}
	return highest
}

// nice returns the distance of the lines behind the columns: 1, 2 or 5 times a
// power of ten, such that there are four to ten of them.
func nice(highest int64) int64 {
	for power := int64(1); ; power *= 10 {
		for _, n := range []int64{1, 2, 5} {
			if highest <= 6*n*power {
				return n * power
			}
		}
	}
}

// A plot is a chart with its geometry.
type plot struct {
	*Chart
	Drawn  bool // there is more than the table
	top    int  // of the table
	wide   int  // of the picture
	edge   int  // of the table
	step   int64
	lines  int64 // number of steps up to the top
	Ticks  []text
	Names  []text // of the labels
	Legend []mark
	Boxes  []box
	Paths  []path
	Dots   []mark
	Heads  []text
	Cells  []text
	Below  []text
	Rules  []int // lines of the table
	Slant  bool  // labels do not fit side by side
	Height int
}

type text struct {
	X, Y   int
	Anchor string // start, middle, end
	Text   string
}

type box struct {
	X, Y, W, H int
	Color      template.CSS
	Title      string
}

type mark struct {
	X, Y  int
	Color template.CSS
	Text  string
}

type path struct {
	D     string
	Color template.CSS
}

// The template's constants.
func (p *plot) Width() int      { return p.wide }
func (p *plot) TableRight() int { return p.edge }
func (*plot) Left() int         { return left }
func (*plot) Right() int        { return right }
func (*plot) Bottom() int       { return bottom }
func (*plot) TableLeft() int    { return 24 }

func color(i int) template.CSS { return template.CSS(colors[i%len(colors)]) }

// y returns the height of a number.
func (p *plot) y(n int64) int { return bottom - int(n*plotHeight/(p.step*p.lines)) }

// slot returns where a label's place begins, and its width.
func (p *plot) slot(i int) (x, w int) {
	n := len(p.Labels)
	x = left + i*(right-left)/n
	return x, left + (i+1)*(right-left)/n - x
}

func (p *plot) axis() {
	p.lines = max(1, (p.highest()+p.step-1)/p.step)
	for i := int64(0); i <= p.lines; i++ {
		p.Ticks = append(p.Ticks, text{left - 8, p.y(i * p.step), "end", prose.Thousands(i * p.step)})
	}
	longest := 0
	for _, l := range p.Labels {
		longest = max(longest, utf8.RuneCountInString(l))
	}
	_, w := p.slot(0)
	p.Slant = longest*character > w
	every := 1 // slanted labels need a line's height each
	for p.Slant && every*w < rowHeight-3 {
		every++
	}
	for i, l := range p.Labels {
		if i%every == 0 {
			x, w := p.slot(i)
			if p.Slant {
				l = shorten(l)
				// A slanted character takes 6 units of height.
				p.top = max(p.top, bottom+42+6*utf8.RuneCountInString(l))
			}
			p.Names = append(p.Names, text{x + w/2, bottom + 18, "middle", l})
		}
	}
}

func (p *plot) series() {
	x := left
	for i, s := range p.Series {
		p.Legend = append(p.Legend, mark{x, 66, color(i), s.Name})
		x += 34 + character*utf8.RuneCountInString(s.Name)
	}
	switch p.Kind {
	case Lines:
		p.drawLines()
	default:
		p.drawColumns()
	}
}

func (p *plot) drawColumns() {
	for i, label := range p.Labels {
		x, w := p.slot(i)
		gap := max(1, w/6)
		x, w = x+gap, w-2*gap
		each, base := w, int64(0)
		if p.Kind == Columns {
			each = max(1, w/len(p.Series))
		}
		for k, s := range p.Series {
			if s.Values[i].Missing {
				continue
			}
			b := box{X: x, W: max(each, 1), Color: color(k), Title: label + ", " + s.Name + ": " + prose.Thousands(s.units(i))}
			if p.Kind == Columns {
				b.X = x + k*each
			}
			b.Y = p.y(base + s.units(i))
			b.H = p.y(base) - b.Y
			if p.Kind == Stacked {
				base += s.units(i)
			}
			p.Boxes = append(p.Boxes, b)
		}
	}
}

func (p *plot) drawLines() {
	for k, s := range p.Series {
		d, pen := "", "M"
		for i := range p.Labels {
			if s.Values[i].Missing {
				pen = "M"
				continue
			}
			x, w := p.slot(i)
			d += fmt.Sprintf("%s%d %d", pen, x+w/2, p.y(s.units(i)))
			pen = "L"
			p.Dots = append(p.Dots, mark{x + w/2, p.y(s.units(i)), color(k), p.Labels[i] + ", " + s.Name + ": " + prose.Thousands(s.units(i))})
		}
		p.Paths = append(p.Paths, path{d, color(k)})
	}
}

func (p *plot) table() {
	n := len(p.Columns)
	if n == 0 {
		p.Height = p.top
		return
	}
	// Each column is as wide as what stands in it.
	edges, x := make([]int, n), 24
	for i, name := range p.Columns {
		longest := utf8.RuneCountInString(name) + 1 // a head is bold
		for _, row := range p.Rows {
			longest = max(longest, utf8.RuneCountInString(row[i]))
		}
		x += character*longest + 18
		edges[i] = x
	}
	p.edge, p.wide = x, max(p.wide, x+24)
	at := func(i int) (int, string) {
		if i == 0 {
			return 28, "start"
		}
		return edges[i] - 8, "end"
	}
	y := p.top
	for i, name := range p.Columns {
		x, anchor := at(i)
		p.Heads = append(p.Heads, text{x, y, anchor, name})
	}
	for _, row := range p.Rows {
		p.Rules = append(p.Rules, y+5)
		y += rowHeight
		for i, cell := range row {
			x, anchor := at(i)
			p.Cells = append(p.Cells, text{x, y, anchor, cell})
		}
	}
	y += 12
	for _, note := range p.Notes {
		for _, line := range prose.Fold(note, (width-48)/6) {
			y += 16
			p.Below = append(p.Below, text{24, y, "start", line})
		}
	}
	p.Height = y + 20
}

// shorten cuts a label to the room that there is below the axis; the table has all of it.
func shorten(label string) string {
	if r := []rune(label); len(r) > labelRoom {
		return string(r[:labelRoom-1]) + "…"
	}
	return label
}
