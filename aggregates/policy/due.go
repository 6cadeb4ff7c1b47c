package policy

import (
	"cmp"
	"slices"

	"caseledger/events"
)

// A LineKind says what a line of an invoice bills.
type LineKind string

// The kinds of lines. A clearing line is negative: it sets client expenses off
// against an advance (R19).
const (
	AdministrativeLine LineKind = "administrative"
	ClientLine         LineKind = "client"
	ClearingLine       LineKind = "advance_cleared"
)

// A LineKey names what a line bills: one service period of one clock, one
// expense, or one advance. Lines with the same key net against each other.
type LineKey struct {
	Kind    LineKind    `json:"kind"`
	Clock   events.Date `json:"clock,omitzero"` // first day of the clock, for a period
	Rate    Status      `json:"rate,omitzero"`  // pre_certified or certified: the line of the rate chart
	Period  int         `json:"period,omitzero"`
	Expense string      `json:"expense,omitzero"` // record of the expense
	Advance string      `json:"advance,omitzero"` // record of the advance
}

// A Line is one line of what is due to an agency for a client.
type Line struct {
	LineKey
	Start      events.Date  `json:"start"` // first and last day that the line is about
	End        events.Date  `json:"end"`
	Cents      events.Cents `json:"cents"`
	Rule       string       `json:"rule"`
	Policy     string       `json:"policy,omitzero"`  // record that adopted it; empty for the defaults
	Adjustment bool         `json:"adjustment"`       // it corrects what was billed before (R24)
	Causes     []Cause      `json:"causes,omitempty"` // of an adjustment: what was recorded since
}

// A Billed line stands on an invoice that was issued.
type Billed struct {
	LineKey
	Start    events.Date  `json:"start"`
	End      events.Date  `json:"end"`
	Cents    events.Cents `json:"cents"`
	Position uint64       `json:"position"` // of the ledger, when the invoice was made
}

// A Review decides on days under review (R25): take back what was paid for
// them, or leave it.
type Review struct {
	LineKey
	Recover bool `json:"recover"`
}

// An Account is what one agency was billed and advanced for one client. The zero
// Account is that of a client who was never billed.
type Account struct {
	Closing  events.Date // of the agency's last invoice, with or without this client
	Position uint64      // of the ledger, when that invoice was made
	Lines    []Billed
	Advances []Advance
	Reviews  []Review
}

// A Statement is what is due to an agency for a client at a closing date. Its
// lines sum to TotalCents; the sum of all statements is the entitlement, what
// is under review and what is left paid past the end, less advances cleared.
type Statement struct {
	Client                  string       `json:"client"`
	Agency                  string       `json:"agency"`
	Closing                 events.Date  `json:"closing"`
	Lines                   []Line       `json:"lines"`
	AdministrativeCents     events.Cents `json:"administrative_cents"`
	ClientCents             events.Cents `json:"client_cents"`
	ClearedCents            events.Cents `json:"cleared_cents"` // of advances, zero or below
	TotalCents              events.Cents `json:"total_cents"`
	AdvanceOutstandingCents events.Cents `json:"advance_outstanding_cents"` // after this statement
	UnderReviewCents        events.Cents `json:"under_review_cents"`        // paid past a shortened clock's end (R25)
	LeftPaidCents           events.Cents `json:"left_paid_cents"`           // the same, when harmless or so decided
}

// Due returns what is due to an agency at a closing date: the entitlement to it
// less everything billed before. What accrued since the last closing date makes
// ordinary lines; what differs for the time before it makes adjustment lines,
// which name the events recorded since the last invoice (R24). Amounts paid for
// days past the end of a clock that a late letter shortened follow
// retro_days_past_new_end (R25). Advances are cleared against client expenses,
// oldest first (R19).
func (e *Entitlement) Due(agency string, closing events.Date, account Account) Statement {
	s := Statement{Client: e.Client, Agency: agency, Closing: closing, Lines: []Line{}}
	previous := min(account.Closing, closing)
	now, then := e.lines(agency, closing), e.lines(agency, previous)
	billed := e.net(account, &s)
	for _, l := range then {
		entry(&billed, l).then = l.Cents
	}
	for _, l := range now {
		entry(&billed, l).now = l.Cents
	}
	slices.SortStableFunc(billed, func(a, b balance) int { // by kind, then by time
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Start, b.Start))
	})
	for _, b := range billed {
		if change := b.then - b.billed; change != 0 {
			l := b.Line
			l.End = max(l.Start, min(l.End, previous))
			l.Cents, l.Adjustment, l.Causes = change, true, e.causes(l.LineKey, account.Position)
			s.add(l)
		}
		if accrued := b.now - b.then; accrued != 0 {
			l := b.Line
			if l.Kind == AdministrativeLine {
				l.Start = min(l.End, max(l.Start, previous+1))
			}
			l.Cents = accrued
			s.add(l)
		}
	}
	s.clear(account)
	return s
}

func (s *Statement) add(l Line) {
	s.Lines = append(s.Lines, l)
	s.TotalCents += l.Cents
	switch l.Kind {
	case AdministrativeLine:
		s.AdministrativeCents += l.Cents
	case ClientLine:
		s.ClientCents += l.Cents
	case ClearingLine:
		s.ClearedCents += l.Cents
	}
}

// clear sets client expenses that are due off against advances (R19).
func (s *Statement) clear(account Account) {
	due := max(0, s.ClientCents)
	for _, a := range account.Advances {
		if a.Agency != s.Agency || a.IssuedOn > s.Closing {
			continue
		}
		left := a.Cents
		for _, b := range account.Lines {
			if b.Kind == ClearingLine && b.Advance == a.ID {
				left += b.Cents
			}
		}
		cleared := min(left, due)
		if cleared > 0 {
			s.add(Line{LineKey: LineKey{Kind: ClearingLine, Advance: a.ID}, Start: a.IssuedOn, End: s.Closing, Cents: -cleared, Rule: "R19"})
		}
		due -= cleared
		s.AdvanceOutstandingCents += left - cleared
	}
}

// A balance is what one key comes to: entitled at the closing date and at the
// one before, and billed, without what stays paid past a shortened clock's end.
type balance struct {
	Line
	now, then, billed events.Cents
}

func entry(list *[]balance, l Line) *balance {
	for i := range *list {
		if (*list)[i].LineKey == l.LineKey {
			if l.Cents != 0 { // the entitlement knows the days better than the invoice
				(*list)[i].Line = l
			}
			return &(*list)[i]
		}
	}
	*list = append(*list, balance{Line: l})
	return &(*list)[len(*list)-1]
}

// lines returns what an agency is entitled to at a closing date, by key: its
// administrative shares in order of time, then its expenses in order of date.
func (e *Entitlement) lines(agency string, closing events.Date) []Line {
	var lines []Line
	var buffer [4]Share
	e.eachPeriod(closing, func(c *Clock, p *Period, amount events.Cents) {
		for _, s := range e.shares(buffer[:0], c, p, amount, closing) {
			if s.Agency == agency && s.Cents != 0 {
				lines = append(lines, e.periodLine(agency, c, p, closing, s.Cents))
			}
		}
	})
	e.outcomes(closing, func(x charge, o outcome) {
		if x.Agency == agency && o.paid != 0 {
			lines = append(lines, Line{
				LineKey: LineKey{Kind: ClientLine, Expense: x.ID}, Start: x.OccurredOn, End: x.OccurredOn,
				Cents: o.paid, Rule: "R17", Policy: e.Clocks[x.clock].Policy.Record,
			})
		}
	})
	return lines
}

func (e *Entitlement) periodLine(agency string, c *Clock, p *Period, closing events.Date, cents events.Cents) Line {
	l := Line{
		LineKey: LineKey{Kind: AdministrativeLine, Clock: c.Start, Rate: Certified, Period: p.Number},
		Start:   forever, Cents: cents, Rule: "R15", Policy: c.Policy.Record,
	}
	if c.pre {
		l.Rate = PreCertified
	}
	for _, s := range e.pieces[p.from:p.to] {
		if (s.agency == agency || c.Policy.TransferSplit == PeriodStartAgency) && s.From <= closing {
			l.Start, l.End = min(l.Start, s.From), min(s.To, closing)
		}
	}
	return l
}

// net sums what was billed by key, without what stays paid although its days now
// lie past the end of the clock; s takes note of that (R25).
func (e *Entitlement) net(account Account, s *Statement) []balance {
	var balances []balance
	for _, b := range account.Lines {
		if b.Kind == ClearingLine {
			continue
		}
		kept := e.past(b)
		switch e.decided(b.LineKey, account.Reviews) {
		case Automatic:
			kept = 0
		case UnderReview:
			s.UnderReviewCents += kept
		default:
			s.LeftPaidCents += kept
		}
		l := Line{LineKey: b.LineKey, Start: b.Start, End: b.End, Rule: "R24"}
		balance := entry(&balances, l)
		balance.billed += b.Cents - kept
		balance.Start, balance.End = min(balance.Start, b.Start), max(balance.End, b.End)
	}
	return balances
}

// decided returns what happens to amounts past the new end: what a review
// decided for the key, or else the setting of the client's first clock.
func (e *Entitlement) decided(key LineKey, reviews []Review) Reading {
	for _, r := range reviews {
		if r.LineKey == key && r.Recover {
			return Automatic
		} else if r.LineKey == key {
			return Harmless
		}
	}
	if len(e.Clocks) == 0 {
		return Automatic
	}
	return e.Clocks[0].Policy.RetroDaysPastNewEnd
}

// past returns the part of a billed amount that was paid for days now past the
// end of a clock which a letter recorded after the billing shortened (R25).
// Days that were never enrolled, or are unfunded for another reason, net as any
// correction does (R24).
func (e *Entitlement) past(b Billed) events.Cents {
	letter, ok := e.facts.letter()
	if !ok || letter.Sequence <= b.Position {
		return 0
	}
	var parts [2]Share // days that stand or net, days past the end
	for day := b.Start; day <= b.End; day++ {
		if funded, reason, _ := e.Funding(day); !funded && reason == AfterServicePeriod {
			parts[1].Days++
		} else {
			parts[0].Days++
		}
	}
	if b.Cents < 0 {
		apportion(-b.Cents, parts[:])
		return -parts[1].Cents
	}
	apportion(b.Cents, parts[:])
	return parts[1].Cents
}

// causes returns the facts recorded since a position of the ledger that can have
// moved a line: the expense's own and those of status, clock and agency; only
// when there are none, other expenses, which use up the same ceiling.
func (e *Entitlement) causes(key LineKey, position uint64) []Cause {
	var causes, others []Cause
	for _, c := range e.facts.Causes {
		switch {
		case c.Sequence <= position:
		case c.Type != "expense.booked.v1" && c.Type != "expense.reversed.v1":
			causes = append(causes, c)
		case key.Kind == ClientLine && (c.ID == key.Expense || c.About == key.Expense):
			causes = append(causes, c)
		case key.Kind == ClientLine:
			others = append(others, c)
		}
	}
	for i := range e.Clocks {
		p := e.Clocks[i].Policy
		if p.Sequence > position && (i == 0 || p != e.Clocks[i-1].Policy) {
			causes = append(causes, Cause{ID: p.Record, Sequence: p.Sequence, Type: "policy.adopted.v1", On: p.Effective})
		}
	}
	if len(causes) == 0 {
		return others
	}
	return causes
}
