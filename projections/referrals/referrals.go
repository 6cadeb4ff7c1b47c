package referrals

import (
	"cmp"
	"slices"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/row"
)

// A Kind is how a person came to be known.
type Kind string

// The kinds of referrals, in the order of a report.
const (
	Signal   Kind = "signal"   // a call or message; its source is the channel
	Lead     Kind = "lead"     // outreach; its source is the award
	Inbound  Kind = "inbound"  // another programme, official or country; its source says which
	Domestic Kind = "domestic" // nothing but a domestic referral is known; its source is the path
)

// Kinds lists the kinds.
func Kinds() []Kind { return []Kind{Signal, Lead, Inbound, Domestic} }

// A Standing is how far a referral has come.
type Standing string

// The standings.
const (
	Open      Standing = "open"      // nobody was asked to help yet
	Forwarded Standing = "forwarded" // an agency was
	Enrolled  Standing = "enrolled"
	Sent      Standing = "sent" // to mainstream help
	Closed    Standing = "closed"
)

// A Referral is one person who was found or sent, as known on a day.
type Referral struct {
	Referral  string      `json:"referral"`
	Kind      Kind        `json:"kind"`
	Source    string      `json:"source"`
	State     string      `json:"state,omitzero"`
	Opened    events.Date `json:"opened"`
	Standing  Standing    `json:"standing"`
	Forwarded events.Date `json:"forwarded,omitzero"` // to the agency
	Agency    string      `json:"agency,omitzero"`    // that the person was sent to last
	Enrolled  events.Date `json:"enrolled,omitzero"`
	Client    string      `json:"client,omitzero"`
	Closed    events.Date `json:"closed,omitzero"`
	Result    string      `json:"result,omitzero"`
	Domestic  *Path       `json:"domestic,omitempty"`
	// Cooperation lists with whom there was cooperation, and on what.
	Cooperation []Cooperation `json:"cooperation,omitempty"`
	// Became is the coded id of the client that the person is, also before the day of
	// the enrollment: who somebody is does not depend on a day.
	Became string `json:"-"`
	// Records are the positions of the records that this rests on.
	Records []uint64 `json:"records"`
}

// A Path is where a citizen or permanent resident was sent; never reimbursed (R03).
type Path struct {
	On                events.Date `json:"on"`
	Path              string      `json:"path"`
	ImmigrationStatus string      `json:"immigration_status"`
	Minor             bool        `json:"minor"`
	StayDays          int         `json:"stay_days,omitzero"`
	StayEnds          events.Date `json:"stay_ends,omitzero"` // last day of the longest stay, the first one counted
	// BarredUntil is the last day without federal means-tested benefits of a
	// permanent resident of under five years (S1).
	BarredUntil events.Date `json:"barred_until,omitzero"`
}

// A Cooperation is one act of cooperation with another programme or country.
type Cooperation struct {
	On     events.Date `json:"on"`
	With   string      `json:"with"`
	Matter string      `json:"matter"`
}

func (r *Referral) apply(f fact) {
	r.Records = append(r.Records, f.sequence)
	switch f.step {
	case opened:
		if r.Opened == 0 || r.Kind == Domestic {
			r.Kind, r.Source, r.State = Kind(f.a), f.b, f.state
			r.Opened = cmp.Or(r.Opened, f.on)
		}
		r.Standing = cmp.Or(r.Standing, Open)
	case forwarded:
		r.Standing, r.Forwarded, r.Agency = Forwarded, f.on, f.a
	case enrolled:
		r.Standing, r.Enrolled, r.Client = Enrolled, f.on, f.a
	case closed:
		r.Standing, r.Closed, r.Result = Closed, f.on, f.a
	case domestic:
		r.sent(f)
	case cooperated:
		r.Cooperation = append(r.Cooperation, Cooperation{f.on, f.a, f.b})
	}
}

func (r *Referral) sent(f fact) {
	r.Standing = Sent
	r.Domestic = &Path{On: f.on, Path: f.a, ImmigrationStatus: f.b, Minor: f.mark, StayDays: f.n}
	if f.n > 0 {
		r.Domestic.StayEnds = f.on + events.Date(f.n) - 1
	}
	if f.since != 0 {
		r.Domestic.BarredUntil = f.since.AddMonths(5*12) - 1
	}
	if r.Opened == 0 {
		r.Kind, r.Source, r.Opened = Domestic, f.a, f.on
	}
}

// Days returns how many days passed from the referral to the enrollment, false when
// the person is not enrolled.
func (r *Referral) Days() (int, bool) { return int(r.Enrolled - r.Opened), r.Enrolled != 0 }

// A Filter selects referrals.
type Filter struct {
	On     events.Date
	Agency string // that the person was sent to last
	Source string // a kind or a source
	Year   int    // fiscal year of the day on which they began; 0 for any
}

func (f Filter) takes(r *Referral) bool {
	return (f.Agency == "" || r.Agency == f.Agency) && (f.Year == 0 || policy.FiscalYear(r.Opened) == f.Year) &&
		(f.Source == "" || string(r.Kind) == f.Source || r.Source == f.Source || r.Domestic != nil && (f.Source == string(Domestic) || r.Domestic.Path == f.Source))
}

// On returns the referrals that had begun by a day as they stood then, in order of
// the day on which they began. Cost: about a microsecond for each.
func On(s *projections.Snapshot, f Filter) ([]Referral, error) {
	found := []Referral{}
	names := row.Names{}
	err := s.Rows(viewName, events.KindReferral, func(id, b []byte) error {
		r, begun, err := read(id, b, f.On, names)
		if err == nil && begun && f.takes(&r) {
			found = append(found, r)
		}
		return err
	})
	slices.SortStableFunc(found, func(a, b Referral) int { return cmp.Compare(a.Opened, b.Opened) })
	return found, err
}

// A SourceLine counts the referrals of one source.
type SourceLine struct {
	Kind      Kind   `json:"kind"`
	Source    string `json:"source"`
	Referrals int    `json:"referrals"`
	Forwarded int    `json:"forwarded"` // ever
	Enrolled  int    `json:"enrolled"`
	Closed    int    `json:"closed"` // without enrollment
	Domestic  int    `json:"domestic"`
	Open      int    `json:"open"`
	// ToEnrollment is how long it took from the referral to the enrollment.
	ToEnrollment projections.Spread `json:"to_enrollment"`
	// Unknown marks an award that is not on record.
	Unknown bool `json:"unknown_award,omitempty"`
}

// Sources counts referrals by kind and source, in the order of [Kinds].
func Sources(s *projections.Snapshot, list []Referral) ([]SourceLine, error) {
	type key struct {
		kind   Kind
		source string
	}
	lines, days := map[key]*SourceLine{}, map[key][]int{}
	for i := range list {
		r := &list[i]
		k := key{r.Kind, r.Source}
		l := lines[k]
		if l == nil {
			l = &SourceLine{Kind: r.Kind, Source: r.Source}
			lines[k] = l
		}
		l.count(r)
		if n, is := r.Days(); is {
			days[k] = append(days[k], n)
		}
	}
	sorted := make([]SourceLine, 0, len(lines))
	for k, l := range lines {
		l.ToEnrollment = projections.SpreadOf(days[k])
		if k.kind == Lead {
			_, known, err := s.Head(events.SubjectOf(events.KindAward, k.source))
			if err != nil {
				return nil, err
			}
			l.Unknown = !known
		}
		sorted = append(sorted, *l)
	}
	slices.SortFunc(sorted, func(a, b SourceLine) int {
		return cmp.Or(cmp.Compare(slices.Index(Kinds(), a.Kind), slices.Index(Kinds(), b.Kind)), cmp.Compare(a.Source, b.Source))
	})
	return sorted, nil
}

func (l *SourceLine) count(r *Referral) {
	l.Referrals++
	if r.Forwarded != 0 {
		l.Forwarded++
	}
	if r.Domestic != nil {
		l.Domestic++
	}
	switch r.Standing {
	case Enrolled:
		l.Enrolled++
	case Closed:
		l.Closed++
	case Open, Forwarded:
		l.Open++
	}
}

// A PathLine counts domestic referrals of one path and stay (R03).
type PathLine struct {
	Path      string `json:"path"`
	StayDays  int    `json:"stay_days,omitzero"`
	Referrals int    `json:"referrals"`
	Minors    int    `json:"minors"`
	Residents int    `json:"lpr"`
	Barred    int    `json:"barred"`  // residents without means-tested benefits on the day
	Staying   int    `json:"staying"` // within the longest stay on the day
	Overdue   int    `json:"overdue"` // the longest stay is over and nothing else is on record
}

// Paths counts domestic referrals by path and stay on a day.
func Paths(list []Referral, on events.Date) []PathLine {
	var lines []PathLine
	for i := range list {
		p := list[i].Domestic
		if p == nil {
			continue
		}
		at := slices.IndexFunc(lines, func(l PathLine) bool { return l.Path == p.Path && l.StayDays == p.StayDays })
		if at < 0 {
			at = len(lines)
			lines = append(lines, PathLine{Path: p.Path, StayDays: p.StayDays})
		}
		l := &lines[at]
		l.Referrals++
		for _, c := range []struct {
			holds bool
			n     *int
		}{
			{p.Minor, &l.Minors}, {p.ImmigrationStatus == "lpr", &l.Residents}, {p.BarredUntil >= on, &l.Barred},
			{p.StayEnds >= on, &l.Staying}, {p.StayEnds != 0 && p.StayEnds < on && list[i].Standing == Sent, &l.Overdue},
		} {
			if c.holds {
				*c.n++
			}
		}
	}
	slices.SortFunc(lines, func(a, b PathLine) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.StayDays, b.StayDays))
	})
	return lines
}
