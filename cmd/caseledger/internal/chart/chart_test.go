package chart_test

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"caseledger/cmd/caseledger/internal/chart"
)

func example(kind chart.Kind) *chart.Chart {
	return &chart.Chart{
		Kind: kind, Title: "Letters <by> year", Unit: "letters", Labels: []string{"2007", "2008"},
		Series: []chart.Series{
			{Name: "adults", Values: []chart.Value{{N: 270}, {N: 286}}},
			{Name: "children", Values: []chart.Value{{N: 33}, {Missing: true}}},
		},
		Columns: []string{"year", "adults", "children"}, Rows: [][]string{{"2007", "270", "33"}, {"2008", "286", "s"}},
		Notes: []string{"s & t: " + strings.Repeat("a long note ", 30)},
	}
}

func drawn(t *testing.T, c *chart.Chart) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.SVG(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Given a chart of each kind, then the picture is well-formed XML that holds the
// title, every cell of the table and no script, and drawing it again gives the
// same bytes.
func TestSVG(t *testing.T) {
	for _, kind := range []chart.Kind{chart.Columns, chart.Stacked, chart.Lines} {
		svg := drawn(t, example(kind))
		if svg != drawn(t, example(kind)) {
			t.Errorf("%s: two drawings differ", kind)
		}
		d := xml.NewDecoder(strings.NewReader(svg))
		texts, shapes := "", 0
		for {
			token, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", kind, err)
			}
			switch x := token.(type) {
			case xml.CharData:
				texts += string(x) + "|"
			case xml.StartElement:
				if x.Name.Local == "script" || strings.Contains(x.Name.Local, "foreign") {
					t.Errorf("%s: there is a %s", kind, x.Name.Local)
				}
				if x.Name.Local == "circle" || x.Name.Local == "rect" {
					shapes++
				}
			}
		}
		for _, want := range []string{"Letters <by> year", "270", "286", "33", "|s|", "s & t: a long note"} {
			if !strings.Contains(texts, want) {
				t.Errorf("%s: the picture does not say %q", kind, want)
			}
		}
		if want := 3 + 3; shapes != want { // background, two legends; three values
			t.Errorf("%s: %d shapes, want %d", kind, shapes, want)
		}
	}
}

// Given columns of known heights, then they stand in proportion on the axis.
func TestProportion(t *testing.T) {
	c := example(chart.Columns)
	c.Series = c.Series[:1]
	c.Series[0].Values = []chart.Value{{N: 100}, {N: 50}}
	svg := drawn(t, c)
	if !strings.Contains(svg, `height="300" fill="#0072B2"`) || !strings.Contains(svg, `height="150" fill="#0072B2"`) {
		t.Error("100 and 50 are not as 2 to 1:\n" + svg)
	}
}

// Given a table without labels, then the picture is the table.
func TestTableAlone(t *testing.T) {
	c := example("")
	c.Labels, c.Series = nil, nil
	svg := drawn(t, c)
	if !strings.Contains(svg, ">286<") || strings.Contains(svg, "<path") || strings.Count(svg, "<rect") != 1 {
		t.Error(svg)
	}
}

// Given a chart without values, or with too few of them, then it is refused.
func TestNothingToDraw(t *testing.T) {
	empty := example(chart.Columns)
	empty.Labels, empty.Rows = nil, nil
	short := example(chart.Columns)
	short.Series[0].Values = short.Series[0].Values[:1]
	for _, c := range []*chart.Chart{empty, short} {
		if err := c.SVG(io.Discard); err == nil || !strings.Contains(err.Error(), "draw Letters") {
			t.Error(err)
		}
	}
}
