// Package reimbursement answers one question: what are agencies entitled to, for
// which client, in which month (R12–R25)?
//
// Entitlement is what accrues, whatever was billed: a month's amount is the
// cumulative amount at its end less the one at the end of the month before, so it
// is negative where money that was payable no longer is.
package reimbursement

import (
	"cmp"
	"fmt"
	"slices"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/row"
)

const viewName = "reimbursement"

// View is the view behind [Month] and [Total]. A case's row holds what accrued
// in each calendar month:
//
//	agencies that ever had the client or booked an expense: number, and of each its id
//	lines in order of month and agency: number, and of each the month (months since
//	year 0), the agency (index), and the amounts, all as differences to the month before
//
// After the last line nothing accrues any more, as far as the facts go.
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
	agencies := agenciesOf(f)
	if len(agencies) == 0 {
		return b, nil
	}
	e, err := s.Entitlement()
	if err != nil {
		return b, err
	}
	lines := linesOf(f, e, agencies)
	b = row.Len(b, len(agencies))
	for _, a := range agencies {
		b = row.String(b, a)
	}
	b = row.Len(b, len(lines))
	for _, l := range lines {
		b = row.Len(row.Len(b, l.month), l.agency)
		for _, c := range l.amounts {
			b = row.Cents(b, c)
		}
	}
	return b, nil
}

// agenciesOf lists the agencies of a client in order of their ids.
func agenciesOf(f *policy.Facts) []string {
	var ids []string
	for _, e := range f.Enrollments {
		ids = append(ids, e.Agency)
	}
	for _, t := range f.Transfers {
		ids = append(ids, t.Agency)
	}
	for _, r := range f.Reopenings {
		ids = append(ids, r.Agency)
	}
	for _, x := range f.Expenses {
		ids = append(ids, x.Agency)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// The amounts of a line by their index.
const (
	administrative = iota
	paid
	held
	disallowed
	refused
	kinds
)

type amounts [kinds]events.Cents

func (a *amounts) add(b amounts) {
	for i := range a {
		a[i] += b[i]
	}
}

// A line is what accrued to one agency in one month.
type line struct {
	month, agency int
	amounts       amounts
}

func monthOf(d events.Date) int {
	y, m, _ := d.Civil()
	return y*12 + int(m) - 1
}

// span returns the first and the last day on which anything can accrue.
func span(f *policy.Facts, e *policy.Entitlement) (first, last events.Date) {
	widen := func(from, to events.Date) {
		if first == 0 || from < first {
			first = from
		}
		last = max(last, to)
	}
	for i := range e.Clocks {
		widen(e.Clocks[i].Start, e.Clocks[i].End)
	}
	for _, x := range f.Expenses {
		widen(x.OccurredOn, x.OccurredOn)
	}
	return first, last
}

func linesOf(f *policy.Facts, e *policy.Entitlement, agencies []string) []line {
	first, last := span(f, e)
	if first == 0 {
		return nil
	}
	before, now := make([]amounts, len(agencies)), make([]amounts, len(agencies))
	lines := make([]line, 0, monthOf(last)-monthOf(first)+1)
	for day := first.LastOfMonth(); ; day = (day + 1).LastOfMonth() {
		clear(now)
		cumulative(e, day, agencies, now)
		for i := range now {
			l := line{monthOf(day), i, now[i]}
			for k := range l.amounts {
				l.amounts[k] -= before[i][k]
			}
			if l.amounts != (amounts{}) {
				lines = append(lines, l)
			}
		}
		before, now = now, before
		if day >= last {
			return lines
		}
	}
}

// cumulative adds up by agency what accrued by a day; agencies are in order.
func cumulative(e *policy.Entitlement, day events.Date, agencies []string, to []amounts) {
	e.Accrued(day, func(agency string, a policy.Accrued) {
		if i, found := slices.BinarySearch(agencies, agency); found {
			to[i].add(amounts{a.AdministrativeCents, a.Paid, a.Held, a.Disallowed, a.Refused})
		}
	})
}

// Amounts are entitlements in cents.
type Amounts struct {
	AdministrativeCents events.Cents `json:"administrative_cents"`
	PaidCents           events.Cents `json:"paid_cents"` // of client expenses
	HeldCents           events.Cents `json:"held_cents"`
	DisallowedCents     events.Cents `json:"disallowed_cents"`
	RefusedCents        events.Cents `json:"refused_cents"`
}

func (a amounts) named() Amounts {
	return Amounts{a[administrative], a[paid], a[held], a[disallowed], a[refused]}
}

// Due is what is reimbursed: administrative and paid client expenses.
func (a Amounts) Due() events.Cents { return a.AdministrativeCents + a.PaidCents }

// Of returns a client's reimbursement at a closing date, from the facts that are
// effective by the day on; the zero day means all of them. A client without
// records yields a [*projections.NotFoundError].
func Of(s *projections.Snapshot, client string, closing, on events.Date) (*policy.Reimbursement, error) {
	c, err := s.Client(client)
	if err != nil {
		return nil, err
	}
	e, err := c.EntitlementOn(on)
	if err != nil {
		return nil, err
	}
	r := e.At(closing)
	return &r, nil
}

// An AgencyMonth is what accrued to one agency in one calendar month.
type AgencyMonth struct {
	Agency string               `json:"agency"`
	From   events.Date          `json:"from"`
	To     events.Date          `json:"to"`
	On     events.Date          `json:"on,omitzero"` // facts effective by then; empty: all
	Total  Amounts              `json:"total"`
	Rows   []ClientAmounts      `json:"clients"` // in order of the client's id
	At     projections.Position `json:"position"`
}

// ClientAmounts is one client's part.
type ClientAmounts struct {
	Client string `json:"client"`
	Amounts
}

// Month returns what accrued to an agency in the calendar month that day lies in,
// by client, from the facts that are effective by the day on; the zero day means
// all of them, and costs a scan of the rows, about a microsecond for each client.
// With a day, every client that ever was at the agency is evaluated.
func Month(s *projections.Snapshot, agency string, day, on events.Date) (*AgencyMonth, error) {
	m := &AgencyMonth{Agency: agency, From: day.FirstOfMonth(), To: day.LastOfMonth(), On: on, At: s.Position()}
	var total amounts
	err := s.Rows(viewName, events.KindCase, func(id, b []byte) error {
		sum, found, err := monthly(b, agency, monthOf(day))
		if err == nil && found && !on.IsZero() {
			sum, err = evaluated(s, string(id), agency, m, on)
		}
		if err != nil {
			return fmt.Errorf("read reimbursement of %s: %w", id, err)
		}
		if sum != (amounts{}) {
			total.add(sum)
			m.Rows = append(m.Rows, ClientAmounts{string(id), sum.named()})
		}
		return nil
	})
	m.Total = total.named()
	return m, err
}

// monthly reads from a row what accrued to an agency in a month, and whether the
// agency ever had to do with the client.
func monthly(b []byte, agency string, month int) (sum amounts, found bool, err error) {
	r := row.Read(b)
	index := -1
	for i := range r.Len() {
		if string(r.Bytes()) == agency {
			index = i
		}
	}
	if index < 0 {
		return sum, false, r.Err()
	}
	for range r.Len() {
		if l := readLine(&r); l.month == month && l.agency == index {
			sum.add(l.amounts)
		}
	}
	return sum, true, r.Err()
}

func readLine(r *row.Reader) line {
	l := line{month: int(r.Uint()), agency: int(r.Uint())}
	for i := range l.amounts {
		l.amounts[i] = r.Cents()
	}
	return l
}

func evaluated(s *projections.Snapshot, client, agency string, m *AgencyMonth, on events.Date) (sum amounts, err error) {
	c, err := s.Client(client)
	if err != nil {
		return sum, err
	}
	e, err := c.EntitlementOn(on)
	if err != nil {
		return sum, err
	}
	agencies := []string{agency}
	var now, before [1]amounts
	cumulative(e, m.To, agencies, now[:])
	cumulative(e, m.From-1, agencies, before[:])
	for k := range sum {
		sum[k] = now[0][k] - before[0][k]
	}
	return sum, nil
}

// A Contract is what accrued to all agencies over whole months.
type Contract struct {
	From     events.Date          `json:"from"`
	To       events.Date          `json:"to"`
	Clients  int                  `json:"clients"` // to whom anything accrued
	Total    Amounts              `json:"total"`
	ByAgency []AgencyAmounts      `json:"by_agency"` // in order of id
	ByMonth  []MonthAmounts       `json:"by_month"`
	At       projections.Position `json:"position"`
}

// AgencyAmounts is one agency's part.
type AgencyAmounts struct {
	Agency string `json:"agency"`
	Amounts
}

// MonthAmounts is one month's part; Month is its first day.
type MonthAmounts struct {
	Month events.Date `json:"month"`
	Amounts
}

// Total returns what accrued to all agencies in the months from..to, both
// included, each given by any day in it. Cost: about a microsecond for each
// client.
func Total(s *projections.Snapshot, from, to events.Date) (*Contract, error) {
	c := &Contract{From: from.FirstOfMonth(), To: to.LastOfMonth(), At: s.Position()}
	first, last := monthOf(from), monthOf(to)
	var total amounts
	byAgency, byMonth := map[string]*amounts{}, make([]amounts, max(0, last-first+1))
	var ids [][]byte
	err := s.Rows(viewName, events.KindCase, func(id, b []byte) error {
		r := row.Read(b)
		ids = ids[:0]
		for range r.Len() {
			ids = append(ids, r.Bytes())
		}
		any := false
		for range r.Len() {
			l := readLine(&r)
			if l.month < first || l.month > last || l.agency >= len(ids) {
				continue
			}
			sums := byAgency[string(ids[l.agency])]
			if sums == nil {
				sums = &amounts{}
				byAgency[string(ids[l.agency])] = sums
			}
			any = true
			sums.add(l.amounts)
			byMonth[l.month-first].add(l.amounts)
			total.add(l.amounts)
		}
		if any {
			c.Clients++
		}
		if r.Err() != nil {
			return fmt.Errorf("read reimbursement of %s: %w", id, r.Err())
		}
		return nil
	})
	c.Total = total.named()
	for id, sum := range byAgency {
		c.ByAgency = append(c.ByAgency, AgencyAmounts{id, sum.named()})
	}
	slices.SortFunc(c.ByAgency, func(a, b AgencyAmounts) int { return cmp.Compare(a.Agency, b.Agency) })
	for i, sum := range byMonth {
		if sum != (amounts{}) {
			c.ByMonth = append(c.ByMonth, MonthAmounts{c.From.AddMonths(i), sum.named()})
		}
	}
	return c, err
}

// EachClient calls f with what accrued to each client in the months of from to to,
// if anything did, in order of the coded ids. Neither argument of f may be kept.
func EachClient(s *projections.Snapshot, from, to events.Date, f func(client []byte, a Amounts) error) error {
	first, last := monthOf(from), monthOf(to)
	return s.Rows(viewName, events.KindCase, func(id, b []byte) error {
		r := row.Read(b)
		for range r.Len() {
			r.Bytes()
		}
		var sum amounts
		for range r.Len() {
			if l := readLine(&r); l.month >= first && l.month <= last {
				sum.add(l.amounts)
			}
		}
		if r.Err() != nil {
			return fmt.Errorf("read reimbursement of %s: %w", id, r.Err())
		}
		if sum == (amounts{}) {
			return nil
		}
		return f(id, sum.named())
	})
}
