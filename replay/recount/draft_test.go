package recount_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"caseledger/aggregates/policy"
	"caseledger/events"
)

// A draft is a line of a history and the day on which it is recorded.
type draft struct {
	recorded events.Date
	text     string
}

// A drafter writes random histories that could have been: what is recorded is
// mostly recorded on its day, and comes in an order in which it makes sense.
type drafter struct {
	*rapid.T
	first events.Date
	lines []draft
	names int
}

func (g *drafter) days(label string, from, to int) events.Date {
	return events.Date(rapid.IntRange(from, to).Draw(g.T, label))
}

func (g *drafter) add(on events.Date, late events.Date, text string, arguments ...any) {
	g.lines = append(g.lines, draft{on + late, on.String() + " " + fmt.Sprintf(text, arguments...)})
}

func (g *drafter) agency() string {
	return rapid.SampledFrom([]string{"A1", "A2", "A3"}).Draw(g.T, "agency")
}

func (g *drafter) text() string {
	slices.SortStableFunc(g.lines, func(a, b draft) int { return cmp.Compare(a.recorded, b.recorded) })
	var lines []string
	for _, l := range g.lines {
		lines = append(lines, l.text)
	}
	return strings.Join(lines, "\n")
}

func drawScenario(t *rapid.T, settings, most int) scenario {
	first := events.MustDate("2007-06-01") + events.Date(rapid.IntRange(0, 500).Draw(t, "first"))
	s := scenario{}
	if rapid.IntRange(0, 4).Draw(t, "class") == 4 {
		s.principal = drawCase(t, first+events.Date(rapid.IntRange(-60, 60).Draw(t, "principal first")), most, false)
		s.given = drawCase(t, first, most, true)
	} else {
		s.given = drawCase(t, first, most, false)
	}
	s.settings = drawSettings(t, first, settings)
	s.closing = first + events.Date(rapid.IntRange(-5, 500).Draw(t, "closing"))
	return s
}

// drawSettings adopts readings from the start, and a few at a later day.
func drawSettings(t *rapid.T, first events.Date, most int) string {
	var adopted []string
	draw := func(prefix string) string {
		s := rapid.SampledFrom(policy.Catalogue()).Draw(t, "setting")
		return prefix + s.Name + "=" + string(rapid.SampledFrom(s.Readings).Draw(t, "reading"))
	}
	for range rapid.IntRange(min(1, most), most).Draw(t, "settings") {
		adopted = append(adopted, draw(""))
	}
	if most > 0 && rapid.IntRange(0, 9).Draw(t, "rates") == 9 {
		n := rapid.IntRange(0, 9).Draw(t, "periods")
		adopted = append(adopted, fmt.Sprintf("rates=%d/%d", n, rapid.IntRange(0, 9).Draw(t, "certified periods")))
	}
	for range rapid.IntRange(0, most/4).Draw(t, "later settings") {
		adopted = append(adopted, draw((first+events.Date(rapid.IntRange(-30, 300).Draw(t, "adopted"))).String()+":"))
	}
	return strings.Join(adopted, " ")
}

func drawCase(t *rapid.T, first events.Date, most int, derivative bool) string {
	g := &drafter{T: t, first: first}
	minor := rapid.Bool().Draw(t, "minor")
	switch {
	case derivative:
		date := (first + g.days("benefit", -40, 40)).String()
		g.add(first, 0, "derivative A1 %s %s", rapid.SampledFrom([]string{"notice", "entry", "none"}).Draw(t, "link"), date)
	case minor:
		g.add(first, 0, "enrolled minor A1")
	default:
		g.add(first, 0, "enrolled adult A1")
	}
	if g.days("corrected", 0, 15) == 15 {
		g.add(first, 1, "corrected %s", rapid.SampledFrom([]string{"minor", "adult", "unknown"}).Draw(t, "group"))
	}
	if !derivative {
		g.drawLetters(minor)
	}
	g.drawStays()
	for range rapid.IntRange(0, most).Draw(t, "events") {
		g.drawEvent()
	}
	return g.text()
}

func (g *drafter) drawLetters(minor bool) {
	kind := events.Certification
	if minor {
		kind = events.Eligibility
	}
	if g.days("interim", 0, 9) == 9 {
		g.add(g.first+g.days("interim letter", -10, 50), 10, "letter %s", events.Interim)
	}
	on, late := g.first-41, events.Date(0)
	for range rapid.SampledFrom([]int{0, 1, 1, 1, 2}).Draw(g.T, "letters") {
		on += late + g.days("letter", 1, 300)
		late = g.days("notice", 0, 150) * g.days("back-dated", 0, 1)
		g.names++
		g.add(on, max(late, g.first-on), "letter %s received %s as n%d", kind, on+late, g.names)
		if g.days("letter withdrawn", 0, 9) == 9 {
			g.add(on+late+1, max(0, g.first-on-late), "withdrawn n%d", g.names)
		}
	}
}

// drawStays closes and reopens the service, up to twice, and ends eligibility
// once in a while.
func (g *drafter) drawStays() {
	day := g.first
	for range rapid.SampledFrom([]int{0, 0, 0, 1, 1, 2}).Draw(g.T, "closures") {
		day += g.days("until closure", 0, 200)
		g.add(day, 0, "closed")
		if rapid.Bool().Draw(g.T, "for good") {
			break
		}
		day += g.days("outside", 1, 60*int(g.days("long", 1, 5)))
		g.add(day, 0, "reopened %s", g.agency())
	}
	if g.days("ended", 0, 7) == 7 {
		cause := rapid.SampledFrom([]string{"departed", "certification_ended"}).Draw(g.T, "cause")
		g.add(g.first+g.days("until the end", 0, 400), 0, "ineligible %s", cause)
	}
}

func (g *drafter) drawEvent() {
	on := g.first + g.days("day", -3, 420)
	switch kind := rapid.SampledFrom([]string{"expense", "expense", "expense", "transfer", "extension", "approval", "placement", "turned18"}).Draw(g.T, "kind"); kind {
	case "expense":
		g.drawExpense(on)
	case "transfer":
		g.add(on, 0, "transferred A1 %s", g.agency())
	case "extension":
		g.names++
		g.add(on, 0, "extension-requested as n%d", g.names)
		request := g.names
		if decision := rapid.SampledFrom([]string{"extended", "extended", "not-extended", ""}).Draw(g.T, "decision"); decision != "" {
			g.names++
			g.add(on+g.days("to decide", 0, 20), 0, "%s n%d as n%d", decision, request, g.names)
		}
	case "approval":
		g.add(on, 0, "approved")
	case "placement":
		g.add(on, 0, "placed") // a second start while one runs says nothing new
		g.add(on+g.days("placed for", 1, 100), 0, "unplaced")
	case "turned18":
		g.add(on, 0, "turned18")
	}
}

func (g *drafter) drawExpense(on events.Date) {
	on -= 10 // some come before the enrollment
	amount := rapid.IntRange(1, 2000_00).Draw(g.T, "cents")
	late := max(g.days("late", 0, 30), g.first-on)
	g.names++
	g.add(on, late, "expense %s %d.%02d as n%d", g.agency(), amount/100, amount%100, g.names)
	if g.days("reversed", 0, 9) == 9 {
		g.add(on+5, late, "reversed n%d %d.%02d", g.names, amount/100, amount%100)
	}
}
