package recount

import (
	"cmp"
	"slices"

	"caseledger/events"
)

// facts are what a client's records say, withdrawn and reversed ones left out.
type facts struct {
	enrollment *events.Record
	enrolled   *events.ClientEnrolled
	link       *events.DerivativeLink // of a derivative
	linkRecord string
	minor      bool
	changes    []change // in the order in which they take effect
	letters    []*letter
	approvals  []approval
	expenses   []booked
}

// A change takes effect on the morning of a day.
type change struct {
	on     events.Date
	record string
	event  events.Event
	grant  grantBasis
	asked  string // record of the request; of a decision on none, its own
}

// grantBasis says by what a change lengthens a clock, if it does (R22).
type grantBasis int

const (
	noGrant    grantBasis = iota
	byRequest             // a request that was not denied
	byDecision            // the decision to grant one
)

// A letter is HHS's certification or eligibility letter.
type letter struct {
	record       string
	kind         events.LetterKind
	dated        events.Date
	received     events.Date
	beforeRecord int // how many of the case's records came before it
}

// effective is the day from which the money follows the letter under some rules
// (R25).
func (l *letter) effective(r *rules) events.Date {
	if r.retroEffect == "notice_date" {
		return max(l.dated, l.received)
	}
	return l.dated
}

type approval struct {
	on     events.Date
	record string
}

type booked struct {
	on     events.Date
	record string
	*events.ExpenseBooked
}

// readCase sorts a case's records into facts.
func readCase(records []*events.Record) (*facts, error) {
	all := make([]events.Event, len(records))
	for i, r := range records {
		e, err := r.Event()
		if err != nil {
			return nil, err
		}
		all[i] = e
	}
	void := takenBack(records, all)
	f := &facts{}
	for i, r := range records {
		if !slices.Contains(void, r.ID) {
			f.add(i, r, all[i])
		}
	}
	f.dropLateLetters()
	f.matchExtensions()
	// A closure ends its own day; it is told from what happens the next morning
	// by coming first there.
	slices.SortStableFunc(f.changes, func(a, b change) int {
		return cmp.Or(cmp.Compare(a.on, b.on), cmp.Compare(rank(a.event), rank(b.event)))
	})
	slices.SortStableFunc(f.expenses, func(a, b booked) int { return cmp.Compare(a.on, b.on) })
	return f, nil
}

// dropLateLetters leaves out eligibility letters that came too late: until
// 2016-05-10 the letter must issue before the minor turns 18; afterwards a request
// made before then suffices, which the case does not show (R10).
func (f *facts) dropLateLetters() {
	eighteen := f.eighteen()
	late := func(l *letter) bool {
		return l.kind == events.Eligibility && l.dated >= eighteen && l.dated <= lastBefore18Rule
	}
	f.letters = slices.DeleteFunc(f.letters, late)
}

// eighteen is the day on which the client turned 18, as recorded.
func (f *facts) eighteen() events.Date {
	day := events.MaxDate
	for _, c := range f.changes {
		if _, is := c.event.(*events.ClientTurned18); is {
			day = min(day, c.on)
		}
	}
	return day
}

// minorOn reports whether the client was a minor on a day.
func (f *facts) minorOn(d events.Date) bool { return f.minor && d < f.eighteen() }

// takenBack lists the records that later ones withdrew or reversed. It reads
// backwards, since a withdrawal may itself have been withdrawn.
func takenBack(records []*events.Record, all []events.Event) []string {
	var void []string
	for i := len(records) - 1; i >= 0; i-- {
		if slices.Contains(void, records[i].ID) {
			continue
		}
		switch e := all[i].(type) {
		case *events.CaseFactWithdrawn:
			void = append(void, e.Record)
		case *events.ExpenseReversed:
			void = append(void, e.Expense)
		}
	}
	return void
}

// matchExtensions says of every request and decision by what it could grant.
func (f *facts) matchExtensions() {
	for i := range f.changes {
		if _, is := f.changes[i].event.(*events.ExtensionRequested); is {
			f.changes[i].grant, f.changes[i].asked = byRequest, f.changes[i].record
		}
	}
	for i := range f.changes {
		e, is := f.changes[i].event.(*events.ExtensionDecided)
		if !is {
			continue
		}
		request := slices.IndexFunc(f.changes, func(c change) bool { return c.record == e.Request })
		switch {
		case !e.Granted && request >= 0:
			f.changes[request].grant = noGrant
		case e.Granted && request >= 0:
			f.changes[i].grant, f.changes[i].asked = byDecision, e.Request
		case e.Granted:
			f.changes[i].grant, f.changes[i].asked = byDecision, f.changes[i].record
		}
	}
}

// lastBefore18Rule is 2016-05-10, the last day of the older rule of R10.
const lastBefore18Rule events.Date = 736094

// rank puts what ends before what begins on the same morning.
func rank(e events.Event) int {
	switch e.(type) {
	case *events.ServiceClosed:
		return 0
	case *events.EligibilityEnded, *events.PlacementEnded:
		return 1
	}
	return 2
}

func (f *facts) add(index int, r *events.Record, event events.Event) {
	on := r.OccurredOn
	switch e := event.(type) {
	case *events.ClientEnrolled:
		f.enrollment, f.enrolled = r, e
		f.minor = e.AgeGroup == events.Minor
		if e.Derivative != nil {
			f.link, f.linkRecord = e.Derivative, r.ID
		}
	case *events.DerivativeLinked:
		f.link, f.linkRecord = &e.Link, r.ID
	case *events.ClientCorrected: // counts from the first enrolled day on
		if e.AgeGroup != "" {
			f.minor = e.AgeGroup == events.Minor
		}
	case *events.LetterReceived:
		if e.Kind == events.Interim { // changes nothing (R04, R09)
			return
		}
		l := &letter{record: r.ID, kind: e.Kind, dated: e.LetterDate, received: e.ReceivedOn, beforeRecord: index}
		f.letters = append(f.letters, l)
	case *events.ServiceClosed: // OccurredOn is the last enrolled day
		f.changes = append(f.changes, change{on: on + 1, record: r.ID, event: e})
	case *events.ServiceReopened, *events.ExtensionRequested, *events.ExtensionDecided, *events.TransferAccepted, *events.EligibilityEnded,
		*events.ClientTurned18, *events.PlacementStarted, *events.PlacementEnded:
		f.changes = append(f.changes, change{on: on, record: r.ID, event: e})
	case *events.PeriodApproved:
		f.approvals = append(f.approvals, approval{on, r.ID})
	case *events.ExpenseBooked:
		f.expenses = append(f.expenses, booked{on, r.ID, e})
	}
}

// derivative reports whether the client is a family member (R04, R06).
func (f *facts) derivative() bool { return f.enrolled.Class == events.Derivative }

// benefitDate stands in for a derivative's letter date (R06); 0 when unknown.
func (f *facts) benefitDate() events.Date {
	if f.link == nil {
		return 0
	}
	return f.link.BenefitDate()
}

// lastChange is the last day on which anything that is known takes effect.
func (f *facts) lastChange() events.Date {
	last := max(f.enrollment.OccurredOn, f.benefitDate())
	for _, c := range f.changes {
		last = max(last, c.on)
	}
	for _, l := range f.letters {
		last = max(last, l.dated, l.received)
	}
	return last
}

// firstLetter is the record of the letter of the earliest date, empty without one.
func (f *facts) firstLetter() string {
	var first *letter
	for _, l := range f.letters {
		if first == nil || l.dated < first.dated {
			first = l
		}
	}
	if first == nil {
		return ""
	}
	return first.record
}
