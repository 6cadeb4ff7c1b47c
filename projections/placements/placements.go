// Package placements answers one question: which minors live in the Unaccompanied
// Refugee Minor programme, and when do they age out of it (R11)?
//
// A placement lasts until 18 or the higher age that the State's foster care rules
// give, as the programme adopted it. Birth dates are sealed: the day is a range that
// follows from the age in years at enrollment.
package placements

import (
	"cmp"
	"fmt"
	"slices"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/row"
)

const viewName = "placements"

// View is the view behind [On]. A row stands for each case that the programme was asked
// to take or that was placed: the enrollment's day and age in years, the last enrolled
// day or 0, the agencies (number, and of each its first day and id), the placements
// (number, and of each the first day, the first day outside or 0, setting, State and
// position), the requests (day, State, position) and the guardians (day, custodian).
type View struct{ projections.OfCases }

// Name implements [projections.View].
func (View) Name() string { return viewName }

// Version implements [projections.View].
func (View) Version() int { return 1 }

// Derive implements [projections.View].
func (View) Derive(s *projections.Subject, b []byte) ([]byte, error) {
	f, err := s.Facts()
	if err != nil {
		return b, err
	}
	asked, guardians, err := aroundOf(s)
	if err != nil || len(f.Placements)+len(asked)+len(guardians) == 0 {
		return b, err
	}
	e, enrolled := f.Enrollment()
	if !enrolled {
		return b, nil
	}
	years, err := yearsOf(s.Records, f)
	if err != nil {
		return b, err
	}
	list, err := placementsOf(s.Records, f)
	if err != nil {
		return b, err
	}
	b = row.Date(row.Len(row.Date(b, e.OccurredOn), years), lastDay(f))
	days := []events.Date{e.OccurredOn}
	for _, t := range slices.Concat(f.Transfers, f.Reopenings) {
		days = append(days, t.OccurredOn)
	}
	slices.Sort(days)
	b = row.Len(b, len(days))
	for _, day := range days {
		b = row.String(row.Date(b, day), f.AgencyOn(day))
	}
	b = row.Len(b, len(list))
	for _, p := range list {
		b = row.Date(row.Date(b, p.From), p.To)
		b = row.Uint(row.String(row.String(b, p.Setting), p.State), p.Record)
	}
	b = row.Len(b, len(asked))
	for _, r := range asked {
		b = row.Uint(row.String(row.Date(b, r.on), r.text), r.record)
	}
	b = row.Len(b, len(guardians))
	for _, g := range guardians {
		b = row.String(row.Date(b, g.on), g.text)
	}
	return b, nil
}

// lastDay returns the last enrolled day, zero while none is known.
func lastDay(f *policy.Facts) events.Date {
	if spans := f.EnrolledSpans(); len(spans) > 0 && spans[len(spans)-1].To <= events.MaxDate {
		return spans[len(spans)-1].To
	}
	return 0
}

// A note is a dated word: the State that was asked, or the custodian.
type note struct {
	on     events.Date
	text   string
	record uint64
}

// aroundOf returns the requests to the programme and the court's orders that stand, in
// order of their dates.
func aroundOf(s *projections.Subject) (asked, guardians []note, err error) {
	wanted := func(t string) bool { return t == "placement.referred.v1" || t == "guardianship.established.v1" }
	err = s.Standing(wanted, func(r *events.Record, event events.Event) error {
		switch e := event.(type) {
		case *events.PlacementReferred:
			asked = append(asked, note{r.OccurredOn, e.State, r.Sequence})
		case *events.GuardianshipEstablished:
			guardians = append(guardians, note{r.OccurredOn, e.Custodian, r.Sequence})
		}
		return nil
	})
	for _, list := range [][]note{asked, guardians} {
		slices.SortStableFunc(list, func(a, b note) int { return cmp.Compare(a.on, b.on) })
	}
	return asked, guardians, err
}

// yearsOf returns the age in years at the enrollment, as corrected; 0 when unknown.
func yearsOf(records []*events.Record, f *policy.Facts) (years int, err error) {
	stands := map[string]bool{}
	for _, e := range f.Enrollments {
		stands[e.ID] = true
	}
	for _, c := range f.Corrections {
		stands[c.ID] = true
	}
	for _, r := range records {
		if !stands[r.ID] {
			continue
		}
		event, err := r.Event()
		if err != nil {
			return 0, err
		}
		switch e := event.(type) {
		case *events.ClientEnrolled:
			years = e.AgeYears
		case *events.ClientCorrected:
			years = cmp.Or(e.AgeYears, years)
		}
	}
	return years, nil
}

// placementsOf pairs the starts that stand with their ends.
func placementsOf(records []*events.Record, f *policy.Facts) (list []Placement, err error) {
	for _, p := range f.Placements {
		if !p.Started {
			if n := len(list); n > 0 && list[n-1].To == 0 {
				list[n-1].To = p.OccurredOn
			}
			continue
		}
		i := slices.IndexFunc(records, func(r *events.Record) bool { return r.ID == p.ID })
		if i < 0 {
			return nil, fmt.Errorf("find placement %s: its record is missing", p.ID)
		}
		event, err := records[i].Event()
		if err != nil {
			return nil, err
		}
		e := event.(*events.PlacementStarted)
		list = append(list, Placement{From: p.OccurredOn, Setting: e.Setting, State: e.State, Record: p.Sequence})
	}
	return list, nil
}

// A Standing is how a minor stands with the programme.
type Standing string

// The standings, in the order of a report.
const (
	Waiting Standing = "waiting" // a State was asked, and the minor is not placed
	Placed  Standing = "placed"
	Ended   Standing = "ended"
)

// A Placement is one placement as known on a day, or a minor who waits for one.
type Placement struct {
	Client   string      `json:"client"`
	Agency   string      `json:"agency"`
	Standing Standing    `json:"standing"`
	Referred events.Date `json:"referred,omitzero"` // day on which a State was asked last before it
	Setting  string      `json:"setting,omitzero"`
	State    string      `json:"state,omitzero"`
	From     events.Date `json:"from,omitzero"`
	To       events.Date `json:"to,omitzero"`       // first day outside, when it ended by then
	Days     int         `json:"days"`              // placed or waited, up to and including the day
	Guardian string      `json:"guardian,omitzero"` // to whom a court gave custody by the day
	AgeLimit int         `json:"age_limit"`         // in years, of the State on the day
	// AgesOutFrom and AgesOutTo are the first and the last day on which the client can
	// reach that age; zero when no age is on record.
	AgesOutFrom events.Date `json:"ages_out_from,omitzero"`
	AgesOutTo   events.Date `json:"ages_out_to,omitzero"`
	Over        bool        `json:"over_age"` // placed on the day, and past the age for certain
	Record      uint64      `json:"record"`
}

// A Filter selects placements.
type Filter struct {
	On     events.Date
	Agency string
	Ended  bool // those that ended by the day, too
}

// AgeLimit is the age to which a placement lasts where no other was adopted (R11).
const AgeLimit = 18

// On returns who waits for a placement on a day and the placements that began by it,
// those that age out first on top.
func On(s *projections.Snapshot, q Filter) ([]Placement, error) {
	ages, err := ageLimits(s, q.On)
	if err != nil {
		return nil, err
	}
	found := []Placement{}
	err = s.Rows(viewName, events.KindCase, func(id, b []byte) error {
		list, err := read(id, b, q.On)
		for _, x := range list {
			if (x.Standing != Ended || q.Ended) && (q.Agency == "" || x.Agency == q.Agency) {
				found = append(found, x.on(q.On, cmp.Or(ages[x.State], AgeLimit)))
			}
		}
		return err
	})
	slices.SortStableFunc(found, func(a, b Placement) int {
		return cmp.Or(cmp.Compare(order(a.Standing), order(b.Standing)), cmp.Compare(a.AgesOutTo, b.AgesOutTo), cmp.Compare(a.From, b.From))
	})
	return found, err
}

func order(s Standing) int { return slices.Index([]Standing{Waiting, Placed, Ended}, s) }

// A stored placement is one as the row has it, with the age in years on the first
// enrolled day.
type stored struct {
	Placement
	enrolled events.Date
	years    int
}

// read returns the placements of a row that began by a day.
func read(id, b []byte, on events.Date) (list []stored, err error) {
	r := row.Read(b)
	enrolled, years, last := r.Date(), int(r.Uint()), r.Date()
	agency := ""
	for range r.Len() {
		if from, a := r.Date(), r.String(); from <= on {
			agency = a
		}
	}
	for range r.Len() {
		p := Placement{Client: string(id), Agency: agency, Standing: Ended, From: r.Date(), To: r.Date(), Setting: r.String(), State: r.String(), Record: r.Uint()}
		if p.To == 0 || p.To > on {
			p.To, p.Standing = 0, Placed
		}
		if p.From <= on {
			list = append(list, stored{p, enrolled, years})
		}
	}
	for range r.Len() {
		asked := note{r.Date(), r.String(), r.Uint()}
		i := slices.IndexFunc(list, func(x stored) bool { return x.From >= asked.on })
		switch {
		case asked.on > on:
		case i >= 0: // the placement that it led to
			list[i].Referred = asked.on
		case last == 0 || last >= on: // of several that were asked, the last one
			list = slices.DeleteFunc(list, func(x stored) bool { return x.Standing == Waiting })
			p := Placement{Client: string(id), Agency: agency, Standing: Waiting, Referred: asked.on, State: asked.text, Record: asked.record}
			list = append(list, stored{p, enrolled, years})
		}
	}
	for range r.Len() {
		if since, custodian := r.Date(), r.String(); since <= on {
			for i := range list {
				list[i].Guardian = custodian
			}
		}
	}
	if r.Err() != nil {
		return nil, fmt.Errorf("read placements of %s: %w", id, r.Err())
	}
	return list, nil
}

// on completes a placement as of a day with the age of its State.
func (x stored) on(day events.Date, age int) Placement {
	p := x.Placement
	p.AgeLimit = age
	if x.years > 0 {
		p.AgesOutFrom, p.AgesOutTo = policy.BirthdayRange(x.enrolled, x.years, age)
		p.Over = p.Standing == Placed && p.AgesOutTo < day
	}
	switch p.Standing {
	case Waiting:
		p.Days = int(day - p.Referred)
	case Placed:
		p.Days = int(day-p.From) + 1
	case Ended:
		p.Days = int(p.To - p.From)
	}
	return p
}

// ageLimits returns the ages that States were said to have by a day.
func ageLimits(s *projections.Snapshot, on events.Date) (map[string]int, error) {
	ages, since := map[string]int{}, map[string]events.Date{}
	return ages, projections.OfProgramme(s, func(r *events.Record, e *events.PlacementAgeAdopted) {
		if r.OccurredOn <= on && r.OccurredOn >= since[e.State] {
			ages[e.State], since[e.State] = e.Years, r.OccurredOn
		}
	})
}
