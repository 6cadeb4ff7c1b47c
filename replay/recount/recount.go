package recount

import (
	"cmp"
	"fmt"
	"slices"

	"caseledger/events"
)

// A Result is what one client is entitled to on a closing date. All amounts are
// cents; all dates are days of the programme.
type Result struct {
	Closing events.Date
	Spans   []Span // what every day was, from the first enrolled one on
	// LastFundedDay is the last payable day when nothing more happens than is
	// known; zero when there is none.
	LastFundedDay events.Date
	Clocks        []Clock   // also those that begin only after the closing date
	Expenses      []Expense // dated up to the closing date, by date, then as recorded
	Total         Amounts
	ByAgency      []Amounts     // by the agency's id
	ByMonth       []Amounts     // by calendar month, such as 2009-04: administrative amounts as they accrue (R15), expenses by their date
	ByFiscalYear  []Amounts     // by the year it ends in
	Refugee       *RefugeeClock // nil without a letter (R26)
	// AdvanceCents is what may be advanced on the closing date while no earlier
	// advance is outstanding (R19).
	AdvanceCents events.Cents
	PastNewEnd   []PastNewEnd // of back-dated letters (R25)
	// Letter is the record of the letter of the earliest date that counts; empty
	// when there is none.
	Letter string
}

// A Span is a run of equal days.
type Span struct {
	From, Through events.Date
	Status        string // R04; empty outside enrollment
	Agency        string
	Clock, Period int // numbers; 0 when no clock ran
	Payable       bool
	Reason        string // why an expense of these days is refused (R18)
}

// A Clock is one service clock (R13, R14).
type Clock struct {
	Number    int
	Certified bool // at the certified rates
	// First is the clock's first day, which may come before enrollment (R14);
	// Last its last day so far, or the day it will end on.
	First, Last        events.Date
	DaysUsed, DaysLeft int  // at the closing date
	Ended              bool // by the closing date
	BudgetCents        events.Cents
	Periods            []Period // that begin, in order
	Records            []string
	// Policy is the record of the last adoption of the policy that the clock keeps;
	// empty for the rulebook's defaults.
	Policy string
	// Retro is what that policy does with days paid past a new end: automatic,
	// under_review or harmless (R25).
	Retro string
	// StartAgency says that a period goes whole to the agency it starts with (R21).
	StartAgency bool
}

// A Period is one service period and its administrative amount.
type Period struct {
	Number              int
	First, Last         events.Date
	Begun               bool // by the closing date
	Extension           bool
	Whole               int          // days of a whole period (R13)
	RateCents           events.Cents // of a whole period
	Days                int          // payable, to the closing date
	AdministrativeCents events.Cents
	Shares              []Share
	Records             []string // what the amount rests on
}

// A Share is one agency's part of a period (R21).
type Share struct {
	Agency string
	Days   int
	Cents  events.Cents
}

// An Expense is one client expense and what became of it.
type Expense struct {
	Record          string
	Agency          string
	On              events.Date
	Cents           events.Cents
	PaidCents       events.Cents
	HeldCents       events.Cents
	DisallowedCents events.Cents
	RefusedCents    events.Cents
	Reason          string // why not all of it is paid; empty when it is
	Rule            string // of the reason
	Clock, Period   int    // that it is charged to; 0 when refused
	Records         []string
}

// Amounts are the sums under one key: an agency, a month, a fiscal year.
type Amounts struct {
	Key                 string
	AdministrativeCents events.Cents
	PaidCents           events.Cents
	HeldCents           events.Cents
	DisallowedCents     events.Cents
	RefusedCents        events.Cents
}

// A judged expense on its way to a result.
type judged struct {
	Expense
	period  *period
	allowed events.Cents
}

// Client recounts one client: the records of the case in order, the programme's
// records, and the principal's case records for a derivative (else nil). It
// fails on a record that cannot be read and on a policy that the rulebook does
// not know. It takes time in proportion to the days of the case.
func Client(caseRecords, programme, principal []*events.Record, closing events.Date) (*Result, error) {
	book, err := readProgramme(programme)
	if err != nil {
		return nil, fmt.Errorf("recount client: %w", err)
	}
	f, err := readCase(caseRecords)
	if err != nil {
		return nil, fmt.Errorf("recount client: %w", err)
	}
	if f.enrollment == nil {
		return neverEnrolled(f, closing), nil
	}
	w, err := walkClient(book, f, principal, closing)
	if err != nil {
		return nil, fmt.Errorf("recount client: %w", err)
	}
	result := w.result()
	result.Refugee = refugeeClock(book, f)
	if result.PastNewEnd, err = pastNewEnd(w, caseRecords, programme, principal); err != nil {
		return nil, err
	}
	return result, nil
}

// walkClient walks the client's days, the principal's first where they lead.
func walkClient(book rulebook, f *facts, principal []*events.Record, closing events.Date) (*walker, error) {
	if !f.derivative() || book.on(f.enrollment.OccurredOn).derivativeRate != "follows_principal" {
		return walk(book, f, nil, closing), nil
	}
	p, err := readCase(principal)
	if err != nil {
		return nil, fmt.Errorf("read principal: %w", err)
	}
	var leading *walker
	if p.enrollment != nil {
		leading = walk(book, p, nil, closing)
	}
	return walk(book, f, follow(leading, f.linkRecord), closing), nil
}

func neverEnrolled(f *facts, closing events.Date) *Result {
	r := &Result{Closing: closing}
	for _, b := range f.expenses {
		if b.on <= closing {
			r.addExpense(&judged{Expense: refused(b, BeforeEnrollment)})
		}
	}
	r.sortTables()
	return r
}

func refused(b booked, reason string) Expense {
	return Expense{Record: b.record, Agency: b.Agency, On: b.on, Cents: b.AmountCents,
		RefusedCents: b.AmountCents, Reason: reason, Rule: "R18", Records: []string{b.record}}
}

// result draws up the statement.
func (w *walker) result() *Result {
	r := &Result{Closing: w.closing, Letter: w.facts.firstLetter()}
	clocks := w.ownClocks()
	for _, d := range w.days {
		r.addSpan(d)
	}
	expenses := w.expenses()
	for _, c := range clocks {
		c.judge(chargedTo(c, expenses))
	}
	for _, c := range clocks {
		r.addClock(c)
		if w.on(w.closing).runs(c) {
			r.AdvanceCents = c.advance(w.on(w.closing), w.closing)
		}
	}
	for _, e := range expenses {
		r.addExpense(e)
	}
	r.sortTables()
	return r
}

// expenses lists the expenses dated up to the closing date, each refused or
// given its period.
func (w *walker) expenses() []*judged {
	var all []*judged
	for _, b := range w.facts.expenses {
		if b.on > w.closing {
			continue
		}
		p, reason := w.refuse(b.on)
		e := &judged{Expense: refused(b, reason), period: p}
		if p != nil {
			e.RefusedCents, e.Rule = 0, ""
			e.Clock, e.Period = p.clock.number, p.number
			e.Records = slices.Concat(e.Records, p.clock.records, p.records)
		}
		all = append(all, e)
	}
	return all
}

func chargedTo(c *clock, all []*judged) []*judged {
	var mine []*judged
	for _, e := range all {
		if e.period != nil && e.period.clock == c {
			mine = append(mine, e)
		}
	}
	return mine
}

func (r *Result) addSpan(d day) {
	s := Span{From: d.on, Through: d.through, Status: d.status, Agency: d.agency, Payable: d.payable, Reason: d.reason}
	if d.period != nil {
		s.Clock, s.Period = d.period.clock.number, d.period.number
	}
	if d.payable {
		r.LastFundedDay = max(r.LastFundedDay, d.through)
	}
	r.Spans = append(r.Spans, s)
}

func (r *Result) addClock(c *clock) {
	out := Clock{Number: c.number, Certified: c.certified, First: c.start, DaysUsed: c.used, Ended: c.ended,
		BudgetCents: c.budgetOn(r.Closing), Records: c.records,
		Retro: c.rules.retroPastEnd, StartAgency: c.rules.transferSplit == "period_start_agency"}
	if n := len(c.rules.records); n > 0 {
		out.Policy = c.rules.records[n-1]
	}
	for _, p := range c.periods {
		out.DaysLeft += p.length
		if p.first == 0 {
			continue
		}
		out.Last = p.last
		out.Periods = append(out.Periods, r.addPeriod(p))
	}
	out.DaysLeft -= c.used
	r.Clocks = append(r.Clocks, out)
}

func (r *Result) addPeriod(p *period) Period {
	out := Period{Number: p.number, First: p.first, Last: p.last, Begun: p.begun, Extension: p.extension,
		Whole: p.whole, RateCents: p.admin, Days: p.payableDays(), AdministrativeCents: p.administrative(),
		Records: slices.Concat(p.clock.records, p.records)}
	for _, s := range p.byAgency() {
		out.Shares = append(out.Shares, Share{s.key, s.days, s.cents})
		find(&r.ByAgency, s.key).AdministrativeCents += s.cents
	}
	for _, s := range p.byFiscalYear() {
		find(&r.ByFiscalYear, s.key).AdministrativeCents += s.cents
	}
	for _, s := range p.byMonth() {
		find(&r.ByMonth, s.key).AdministrativeCents += s.cents
	}
	r.Total.AdministrativeCents += out.AdministrativeCents
	return out
}

func (r *Result) addExpense(e *judged) {
	r.Expenses = append(r.Expenses, e.Expense)
	for _, a := range []*Amounts{&r.Total, find(&r.ByAgency, e.Agency),
		find(&r.ByMonth, month(e.On)), find(&r.ByFiscalYear, fiscalYear(e.On))} {
		a.PaidCents += e.PaidCents
		a.HeldCents += e.HeldCents
		a.DisallowedCents += e.DisallowedCents
		a.RefusedCents += e.RefusedCents
	}
}

// find returns the sums of a key, adding it when it is new.
func find(table *[]Amounts, key string) *Amounts {
	for i := range *table {
		if (*table)[i].Key == key {
			return &(*table)[i]
		}
	}
	*table = append(*table, Amounts{Key: key})
	return &(*table)[len(*table)-1]
}

func (r *Result) sortTables() {
	for _, table := range [][]Amounts{r.ByAgency, r.ByMonth, r.ByFiscalYear} {
		slices.SortFunc(table, func(a, b Amounts) int { return cmp.Compare(a.Key, b.Key) })
	}
}

// On returns the span that day d lies in, and whether there is one.
func (r *Result) On(d events.Date) (Span, bool) {
	for _, s := range r.Spans {
		if s.From <= d && d <= s.Through {
			return s, true
		}
	}
	return Span{}, false
}
