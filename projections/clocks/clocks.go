// Package clocks answers one question: which service clocks run on a day, and
// when do they end (R12–R15, R20–R23)?
//
// A clock is shown as it was scheduled on that day: from the facts effective by
// then. A closure of next week does not shorten it yet.
package clocks

import (
	"bytes"
	"fmt"
	"slices"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/row"
)

const viewName = "clocks"

// View is the view behind [List]. A case's row holds, for every day on which a
// fact changes its clocks, the clocks as scheduled from that day on:
//
//	agencies: number, and of each its first day and id
//	schedules: number, and of each its first day, the last funded day (0: none)
//	and its clocks: number, and of each the status, first and last day, length in
//	days, and whether every day from the first to the last is used
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
	if _, enrolled := f.Enrollment(); !enrolled {
		return b, nil
	}
	schedules, err := schedulesOf(s, f)
	if err != nil {
		return b, err
	}
	stays := f.Agencies()
	b = row.Len(b, len(stays))
	for _, st := range stays {
		b = row.String(row.Date(b, st.OccurredOn), st.Agency)
	}
	b = row.Len(b, len(schedules))
	for _, sc := range schedules {
		b = sc.append(b)
	}
	return b, nil
}

// A schedule is a client's clocks from a day on, until a fact changes them.
type schedule struct {
	from       events.Date
	lastFunded events.Date
	clocks     []clock
}

type clock struct {
	status     policy.Status
	start, end events.Date
	limit      int
	plain      bool // every day from start to end is used
}

// schedulesOf evaluates the facts effective by each day on which one of them, or
// one of the principal's, takes effect. Expenses do not move a clock.
func schedulesOf(s *projections.Subject, f *policy.Facts) ([]schedule, error) {
	days := changes(nil, f)
	principal, err := s.PrincipalFacts(f)
	if err != nil {
		return nil, err
	}
	if principal != nil {
		days = changes(days, principal)
	}
	slices.Sort(days)
	bare := *f
	bare.Expenses, bare.Causes = nil, nil
	var schedules []schedule
	var memory policy.Evaluator
	for _, day := range slices.Compact(days) {
		e, err := s.EvaluateIn(&memory, bare.Until(day), day)
		if err != nil {
			return nil, err
		}
		sc := scheduleOf(e, day)
		if n := len(schedules); n > 0 && schedules[n-1].same(sc) {
			continue
		}
		schedules = append(schedules, sc)
	}
	return schedules, nil
}

// changes appends the days on which the clocks of a client may change.
func changes(days []events.Date, f *policy.Facts) []events.Date {
	for _, e := range f.Enrollments {
		days = append(days, e.OccurredOn)
	}
	for _, l := range f.Links {
		days = append(days, l.OccurredOn)
	}
	for _, l := range f.Letters {
		days = append(days, l.LetterDate)
	}
	for _, e := range f.Endings {
		days = append(days, e.OccurredOn)
	}
	for _, d := range f.Decisions {
		days = append(days, d.OccurredOn)
	}
	for _, p := range f.Placements {
		days = append(days, p.OccurredOn)
	}
	for _, r := range f.Reopenings {
		days = append(days, r.OccurredOn)
	}
	for _, list := range [][]policy.Source{f.Turned18, f.Requests, f.Approvals, f.Closures} {
		for _, s := range list {
			days = append(days, s.OccurredOn)
		}
	}
	return days
}

func scheduleOf(e *policy.Entitlement, day events.Date) schedule {
	sc := schedule{from: day, lastFunded: e.LastFundedDay(), clocks: make([]clock, 0, len(e.Clocks))}
	for i := range e.Clocks {
		c := &e.Clocks[i]
		sc.clocks = append(sc.clocks, clock{c.StatusOn(day), c.Start, c.End, c.LimitDays, c.Used(c.End) == int(c.End-c.Start)+1})
	}
	return sc
}

func (sc schedule) same(other schedule) bool {
	return sc.lastFunded == other.lastFunded && slices.Equal(sc.clocks, other.clocks)
}

var statuses = [...]policy.Status{policy.PreCertified, policy.Certified, policy.PreEligible, policy.Eligible, policy.Derivative}

func (sc schedule) append(b []byte) []byte {
	b = row.Len(row.Date(row.Date(b, sc.from), sc.lastFunded), len(sc.clocks))
	for _, c := range sc.clocks {
		b = row.Len(b, slices.Index(statuses[:], c.status)+1)
		b = row.Bool(row.Len(row.Date(row.Date(b, c.start), c.end), c.limit), c.plain)
	}
	return b
}

// A Line is one client's clock on a day.
type Line struct {
	Client        string        `json:"client"`
	Agency        string        `json:"agency"`
	Status        policy.Status `json:"status"`
	Start         events.Date   `json:"start"`
	End           events.Date   `json:"end"`
	DaysUsed      int           `json:"days_used"` // up to and including the day
	DaysLeft      int           `json:"days_left"`
	LastFundedDay events.Date   `json:"last_funded_day"`
}

// A Filter selects clocks.
type Filter struct {
	On     events.Date
	Agency string // the one that has the client on that day; empty: any
	// Within, when Ending is set, is the number of days after On in which the
	// clock's last day lies; On itself counts.
	Ending bool
	Within int
}

// List returns the clocks that run on a day, in order of their last day, then of
// the client. Cost: about a quarter of a microsecond for each client.
func List(s *projections.Snapshot, f Filter) ([]Line, error) {
	var lines []Line
	err := s.Rows(viewName, events.KindCase, func(id, b []byte) error {
		l, runs, err := running(s, id, b, f.On, f.Agency)
		if err != nil {
			return fmt.Errorf("read clocks of %s: %w", id, err)
		}
		if runs && (!f.Ending || int(l.End-f.On) <= f.Within) {
			lines = append(lines, l)
		}
		return nil
	})
	slices.SortFunc(lines, func(a, b Line) int {
		if a.End != b.End {
			return int(a.End - b.End)
		}
		return bytes.Compare([]byte(a.Client), []byte(b.Client))
	})
	return lines, err
}

// Running returns the clock that runs for a client on a day, and whether one does.
func Running(s *projections.Snapshot, client string, on events.Date) (Line, bool, error) {
	b, err := s.Row(viewName, events.SubjectOf(events.KindCase, client))
	if err != nil || b == nil {
		return Line{}, false, err
	}
	l, runs, err := running(s, []byte(client), b, on, "")
	if err != nil {
		err = fmt.Errorf("read clocks of %s: %w", client, err)
	}
	return l, runs, err
}

// Of returns all clocks of a client on a day, or a [*projections.NotFoundError].
func Of(s *projections.Snapshot, client string, on events.Date) (*policy.ClocksReport, error) {
	c, err := s.Client(client)
	if err != nil {
		return nil, err
	}
	e, err := c.EntitlementOn(on)
	if err != nil {
		return nil, err
	}
	r := e.On(on)
	return &r, nil
}

// running reads from a row the clock that runs on a day at an agency.
func running(s *projections.Snapshot, id, b []byte, on events.Date, agency string) (Line, bool, error) {
	r := row.Read(b)
	var at []byte
	for range r.Len() {
		from, a := r.Date(), r.Bytes()
		if from <= on {
			at = a
		}
	}
	if agency != "" && string(at) != agency {
		return Line{}, false, r.Err()
	}
	var found clock
	var lastFunded events.Date
	for range r.Len() {
		from, funded, n := r.Date(), r.Date(), r.Len()
		if from > on {
			break
		}
		found, lastFunded = clock{}, funded
		for range n {
			c, err := readClock(&r)
			if err != nil {
				return Line{}, false, err
			}
			if c.start <= on && on <= c.end {
				found = c
			}
		}
	}
	if r.Err() != nil || found.status == "" {
		return Line{}, false, r.Err()
	}
	l := Line{Client: string(id), Agency: string(at), Status: found.status, Start: found.start, End: found.end, LastFundedDay: lastFunded}
	used := int(on-found.start) + 1
	if !found.plain {
		var err error
		if used, err = usedOf(s, l.Client, found.start, on); err != nil {
			return l, false, err
		}
	}
	l.DaysUsed, l.DaysLeft = used, found.limit-used
	return l, true, nil
}

func readClock(r *row.Reader) (clock, error) {
	status := r.Uint()
	c := clock{start: r.Date(), end: r.Date(), limit: int(r.Uint()), plain: r.Bool()}
	if r.Err() != nil || status == 0 || status > uint64(len(statuses)) {
		return c, row.ErrMalformed
	}
	c.status = statuses[status-1]
	return c, nil
}

// usedOf evaluates a clock that was interrupted.
func usedOf(s *projections.Snapshot, client string, start, on events.Date) (int, error) {
	report, err := Of(s, client, on)
	if err != nil {
		return 0, err
	}
	for _, c := range report.Clocks {
		if c.Start == start {
			return c.DaysUsed, nil
		}
	}
	return 0, row.ErrMalformed
}
