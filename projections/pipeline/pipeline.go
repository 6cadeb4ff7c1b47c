package pipeline

import (
	"cmp"
	"slices"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
)

// A Report is where everyone stands on a day, how long each stage took, and who left.
type Report struct {
	On     events.Date `json:"on"`
	Year   int         `json:"year,omitzero"` // fiscal year of what is counted; 0 for all up to the day
	Agency string      `json:"agency,omitzero"`
	People int         `json:"people"` // who were on the way by the day
	Done   int         `json:"done"`
	Left   int         `json:"left"`

	Stages    []StageLine    `json:"stages"`
	Intervals []IntervalLine `json:"intervals"`
	DropOuts  []DropOutLine  `json:"drop_outs"`
}

// A StageLine is one stage: who reached it and who moved on or left in the year, and
// who stands there on the day.
type StageLine struct {
	Stage Stage `json:"stage"`
	// Reached counts people by the day on which they reached the stage; MovedOn is how
	// long they stood there, by the day on which they reached the next.
	Reached  int                `json:"reached"`
	MovedOn  projections.Spread `json:"moved_on"`
	Left     int                `json:"left"` // without a letter
	Standing projections.Spread `json:"standing"`
}

// An IntervalLine is how long it took from one stage to another, by the fiscal year
// of the other.
type IntervalLine struct {
	Interval string `json:"interval"`
	Year     int    `json:"year"`
	projections.Spread
}

// A DropOutLine counts who left before a letter, by the fiscal year of leaving.
type DropOutLine struct {
	Year   int    `json:"year"`
	Stage  Stage  `json:"stage"` // where they stood
	Reason string `json:"reason"`
	People int    `json:"people"`
}

// The intervals, in the order of a report.
const (
	IdentifiedToEnrolled = "identified_to_enrolled"
	IdentifiedToLetter   = "identified_to_letter"
	EnrolledToLetter     = "enrolled_to_letter"
	GroundToLetter       = "ground_to_letter"
	RequestToLetter      = "request_to_letter"
	LetterToReceipt      = "letter_to_receipt"
)

var intervals = []struct {
	name     string
	from, to Stage
}{
	{IdentifiedToEnrolled, Identified, Enrolled},
	{IdentifiedToLetter, Identified, Issued},
	{EnrolledToLetter, Enrolled, Issued},
	{GroundToLetter, Grounded, Issued},
	{RequestToLetter, Requested, Issued},
	{LetterToReceipt, Issued, Received},
}

// Interval returns the days from one stage to another by a name of an interval, false
// for who did not take both in this order. The day of identification is the first on
// record where nobody is known to have found the person before.
func (p *Person) Interval(name string) (days int, on events.Date, ok bool) {
	for _, x := range intervals {
		if x.name == name {
			from, to := p.Reached[x.from], p.Reached[x.to]
			return int(to - from), to, from != 0 && to != 0 && from <= to
		}
	}
	return 0, 0, false
}

// Run reports on the way to a letter as of a day; with a fiscal year, what is
// counted by year is counted in it alone. Cost: about three microseconds a person.
func Run(s *projections.Snapshot, q Query, year int) (*Report, error) {
	people, err := People(s, q)
	if err != nil {
		return nil, err
	}
	return ReportOf(people, q, year), nil
}

// ReportOf is [Run] on people who are at hand.
func ReportOf(people []Person, q Query, year int) *Report {
	t := tally{
		Report: &Report{On: q.On, Year: year, Agency: q.Agency, People: len(people), Intervals: []IntervalLine{}, DropOuts: []DropOutLine{}},
		spans:  map[IntervalLine][]int{},
	}
	for i := range people {
		t.add(&people[i])
	}
	return t.finish()
}

// A tally is a report while it is counted.
type tally struct {
	*Report
	reached, left   [stages]int
	moved, standing [stages][]int
	spans           map[IntervalLine][]int // by interval and year
	dropped         []DropOutLine
	list            []move
}

func (t *tally) in(day events.Date) bool {
	return t.Year == 0 || policy.FiscalYear(day) == t.Year
}

func (t *tally) add(p *Person) {
	for s, day := range p.Reached {
		if day != 0 && t.in(day) && (Stage(s) != Closed || p.HasLetter()) {
			t.reached[s]++
		}
	}
	t.list = p.moves(t.list[:0])
	for _, m := range t.list {
		if t.in(m.on) {
			t.moved[m.from] = append(t.moved[m.from], m.days)
		}
	}
	for _, x := range intervals {
		if days, on, ok := p.Interval(x.name); ok && t.in(on) {
			key := IntervalLine{Interval: x.name, Year: policy.FiscalYear(on)}
			t.spans[key] = append(t.spans[key], days)
		}
	}
	switch {
	case p.Done:
		t.Done++
	case p.Left != 0:
		t.Report.Left++
		if t.in(p.Left) {
			t.left[p.Stage]++
			t.drop(DropOutLine{policy.FiscalYear(p.Left), p.Stage, p.Reason, 1})
		}
	default:
		t.standing[p.Stage] = append(t.standing[p.Stage], int(t.On-p.Since))
	}
}

func (t *tally) drop(l DropOutLine) {
	for i := range t.dropped {
		if d := &t.dropped[i]; d.Year == l.Year && d.Stage == l.Stage && d.Reason == l.Reason {
			d.People++
			return
		}
	}
	t.dropped = append(t.dropped, l)
}

func (t *tally) finish() *Report {
	for _, s := range Stages() {
		t.Stages = append(t.Stages, StageLine{
			s, t.reached[s], projections.SpreadOf(t.moved[s]), t.left[s], projections.SpreadOf(t.standing[s]),
		})
	}
	for key, days := range t.spans {
		key.Spread = projections.SpreadOf(days)
		t.Intervals = append(t.Intervals, key)
	}
	order := func(name string) int {
		for i, x := range intervals {
			if x.name == name {
				return i
			}
		}
		return -1
	}
	slices.SortFunc(t.Intervals, func(a, b IntervalLine) int {
		return cmp.Or(cmp.Compare(order(a.Interval), order(b.Interval)), cmp.Compare(a.Year, b.Year))
	})
	slices.SortFunc(t.dropped, func(a, b DropOutLine) int {
		return cmp.Or(cmp.Compare(a.Year, b.Year), cmp.Compare(a.Stage, b.Stage), cmp.Compare(a.Reason, b.Reason))
	})
	t.DropOuts = append(t.DropOuts, t.dropped...)
	return t.Report
}
