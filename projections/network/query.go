package network

import (
	"cmp"
	"fmt"
	"slices"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/caseload"
)

// A Network is the agencies and their staff on a day.
type Network struct {
	On       events.Date          `json:"on"`
	Agencies []Agency             `json:"agencies"` // in order of id; those signed by then
	Workers  []Worker             `json:"workers"`  // in order of id; those engaged on that day
	At       projections.Position `json:"position"`
}

// An Agency is a subcontractor on a day, with what is known of it by then.
type Agency struct {
	Agency         string              `json:"agency"`
	Name           string              `json:"name"`
	State          string              `json:"state"`
	Standing       caseload.Standing   `json:"standing"`
	Locations      []caseload.Location `json:"locations"` // open on that day
	PointOfContact string              `json:"point_of_contact"`
	OnCall         Cover               `json:"on_call"`
	Criteria       []Criterion         `json:"criteria"`      // the nine, in their order
	Memoranda      []Memorandum        `json:"memoranda"`     // in force
	Reviews        []Review            `json:"reviews"`       // held by that day, the last one last
	Findings       []Finding           `json:"findings"`      // raised by that day, the last one last
	Consultations  []Consultation      `json:"consultations"` // given by that day
}

// A Criterion says how one of the nine stands on a day (R27).
type Criterion struct {
	Number    int         `json:"number"`
	Criterion string      `json:"criterion"`
	Met       bool        `json:"met"`
	Through   events.Date `json:"through,omitzero"` // last day as things stand; empty: not met, or nothing of it expires
	Shown     []Shown     `json:"shown"`            // by what, one for each requirement
}

// Shown is how one requirement of a criterion stands.
type Shown struct {
	Documents []string    `json:"documents"` // any of which meets it
	Met       bool        `json:"met"`
	Document  string      `json:"document,omitzero"` // that meets it, or the last one that did
	Through   events.Date `json:"through,omitzero"`  // last day of that document; empty when it does not expire, or was never filed
	Record    uint64      `json:"record,omitzero"`   // that filed it
}

// Unmet returns the criteria that are not met.
func (a *Agency) Unmet() (unmet []Criterion) {
	for _, c := range a.Criteria {
		if !c.Met {
			unmet = append(unmet, c)
		}
	}
	return unmet
}

// LastReview returns the review that was held last, and false when none was.
func (a *Agency) LastReview() (Review, bool) {
	if len(a.Reviews) == 0 {
		return Review{}, false
	}
	return a.Reviews[len(a.Reviews)-1], true
}

// A Gap says why nobody answers an agency's after-hours number.
type Gap string

// The gaps.
const (
	Unassigned Gap = "unassigned" // nobody is on call
	OnLeave    Gap = "on_leave"   // who is on call is on leave
	Gone       Gap = "gone"       // who is on call no longer works there
)

// Cover is who answers an agency's after-hours number in the night of a day (R27).
type Cover struct {
	Worker    string      `json:"worker,omitzero"` // on call, whether or not there is a gap
	Since     events.Date `json:"since,omitzero"`
	Through   events.Date `json:"through,omitzero"`
	Languages []string    `json:"languages,omitempty"` // empty with a gap
	Gap       Gap         `json:"gap,omitzero"`        // empty: the worker answers
	Record    uint64      `json:"record,omitzero"`     // of the assignment
}

// A FindingState is how a finding stands on a day.
type FindingState string

// The states of a finding.
const (
	Open    FindingState = "open"    // nothing is agreed
	Agreed  FindingState = "agreed"  // a corrective action is under way
	Overdue FindingState = "overdue" // it should have been corrected by now
	Closed  FindingState = "closed"
)

// A Finding is something that was found out of line at an agency.
type Finding struct {
	Agency      string       `json:"agency"`
	Finding     string       `json:"finding"`
	Review      string       `json:"review,omitzero"`
	Rule        string       `json:"rule"`
	Criterion   string       `json:"criterion,omitzero"`
	Client      string       `json:"client,omitzero"`
	Severity    string       `json:"severity"`
	Raised      events.Date  `json:"raised"`
	Due         events.Date  `json:"due"` // as agreed last, or as it was raised
	State       FindingState `json:"state"`
	DaysOverdue int          `json:"days_overdue"`    // on that day; 0 unless overdue
	Closed      events.Date  `json:"closed,omitzero"` // the day, when it was closed by then
	Records     []uint64     `json:"records"`         // behind it, in order of their days
}

// A Worker is a case manager or supervisor on a day.
type Worker struct {
	Worker          string      `json:"worker"`
	Agency          string      `json:"agency"`
	Supervisor      bool        `json:"supervisor"`
	CapacityPercent int         `json:"capacity_percent"`
	Languages       []string    `json:"languages"`
	LeaveFrom       events.Date `json:"leave_from,omitzero"` // of the leave of that day
	LeaveThrough    events.Date `json:"leave_through,omitzero"`
	Support         []Support   `json:"support"` // offered by that day
}

// OnLeave reports whether the worker is on leave.
func (w *Worker) OnLeave() bool { return w.LeaveFrom != 0 }

// On returns the network on a day: all of it, or one agency when it is named. Cost:
// some 20 microseconds for each agency, less for each worker.
func On(s *projections.Snapshot, day events.Date, agency string) (*Network, error) {
	n := &Network{On: day, At: s.Position()}
	agencies, staff, err := caseload.Network(s, day)
	if err != nil {
		return nil, err
	}
	workers := map[string]*Worker{}
	for _, w := range staff {
		if agency != "" && w.Agency != agency {
			continue
		}
		one, err := workerOn(s, w, day)
		if err != nil {
			return nil, err
		}
		n.Workers = append(n.Workers, one)
	}
	for i := range n.Workers {
		workers[n.Workers[i].Worker] = &n.Workers[i]
	}
	for _, a := range agencies {
		if agency != "" && a.Agency != agency || a.Standing == caseload.NotSigned {
			continue
		}
		one, err := agencyOn(s, a, workers, day)
		if err != nil {
			return nil, err
		}
		n.Agencies = append(n.Agencies, one)
	}
	return n, nil
}

func workerOn(s *projections.Snapshot, w caseload.Worker, day events.Date) (Worker, error) {
	one := Worker{Worker: w.Worker, Agency: w.Agency, Supervisor: w.Supervisor, CapacityPercent: w.CapacityPercent, Languages: w.Languages}
	var r workerRow
	if err := readRow(s, events.SubjectOf(events.KindWorker, w.Worker), &r); err != nil {
		return one, err
	}
	l := r.leaveOn(day)
	one.LeaveFrom, one.LeaveThrough = l.from, l.to
	one.Support = until(r.supports, day, func(x *Support) events.Date { return x.On })
	return one, nil
}

// readRow reads the row of a subject; what has none is left as it is.
func readRow(s *projections.Snapshot, subject events.Subject, r interface{ code(*codec) }) error {
	b, err := s.Row(viewName, subject)
	if err != nil || b == nil {
		return err
	}
	if err := read(b, r); err != nil {
		return fmt.Errorf("read %s: %w", subject, err)
	}
	return nil
}

// until returns the entries up to a day, of a list in order of days.
func until[T any](list []T, day events.Date, of func(*T) events.Date) []T {
	n := len(list)
	for n > 0 && of(&list[n-1]) > day {
		n--
	}
	return list[:n]
}

func agencyOn(s *projections.Snapshot, a caseload.Agency, workers map[string]*Worker, day events.Date) (Agency, error) {
	one := Agency{Agency: a.Agency, Name: a.Name, State: a.State, Standing: a.Standing, Locations: a.Places}
	var r agencyRow
	if err := readRow(s, events.SubjectOf(events.KindAgency, a.Agency), &r); err != nil {
		return one, err
	}
	one.PointOfContact = r.contactOn(day).worker
	one.OnCall = r.cover(a.Agency, workers, day)
	one.Criteria = criteriaOf(r.credentials(day).CriteriaOn(day))
	for _, m := range r.memoranda {
		if m.inForce(day) {
			one.Memoranda = append(one.Memoranda, m)
		}
	}
	one.Reviews = until(r.reviews, day, func(v *Review) events.Date { return v.On })
	for _, f := range r.findings {
		if f.Raised <= day {
			one.Findings = append(one.Findings, f.on(a.Agency, day))
		}
	}
	one.Consultations = until(r.consultations, day, func(c *Consultation) events.Date { return c.On })
	return one, nil
}

// cover says who answers, of the workers that are engaged on the day.
func (a *agencyRow) cover(agency string, workers map[string]*Worker, day events.Date) Cover {
	x, found := a.onCall(day)
	if !found {
		return Cover{Gap: Unassigned}
	}
	c := Cover{Worker: x.worker, Since: x.on, Through: x.through, Record: x.record}
	switch w := workers[x.worker]; {
	case w == nil || w.Agency != agency:
		c.Gap = Gone
	case w.OnLeave():
		c.Gap = OnLeave
	default:
		c.Languages = w.Languages
	}
	return c
}

func criteriaOf(standings []policy.CriterionStanding) []Criterion {
	criteria := make([]Criterion, len(standings))
	for i, s := range standings {
		c := Criterion{Number: s.Number, Criterion: s.Name, Met: s.Met, Through: s.Through}
		for _, x := range s.Shown {
			shown := Shown{Documents: x.Documents, Met: x.Met, Document: x.Credential.Document, Record: x.Credential.Record}
			if x.Credential.To < events.MaxDate {
				shown.Through = x.Credential.To
			}
			c.Shown = append(c.Shown, shown)
		}
		criteria[i] = c
	}
	return criteria
}

// on returns the finding as it stands on a day.
func (f *findingRow) on(agency string, day events.Date) Finding {
	x := f.Finding
	x.Agency, x.State = agency, Open
	x.Records = slices.Clone(x.Records)
	for _, a := range f.actions {
		if a.on <= day {
			x.Due, x.State = a.due, Agreed
			x.Records = append(x.Records, a.record)
		}
	}
	switch {
	case f.closed != 0 && f.closed <= day:
		x.Closed, x.State = f.closed, Closed
		x.Records = append(x.Records, f.record)
	case x.Due < day:
		x.State, x.DaysOverdue = Overdue, int(day-x.Due)
	}
	return x
}

// Findings returns the findings of all agencies of the network: the overdue ones
// first, the longest overdue before the others, then by due day.
func (n *Network) Findings() (all []Finding) {
	for i := range n.Agencies {
		all = append(all, n.Agencies[i].Findings...)
	}
	rank := func(f *Finding) int { return slices.Index([]FindingState{Overdue, Open, Agreed, Closed}, f.State) }
	slices.SortStableFunc(all, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(rank(&a), rank(&b)), cmp.Compare(a.Due, b.Due))
	})
	return all
}
