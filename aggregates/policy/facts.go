package policy

import (
	"cmp"
	"fmt"
	"slices"

	"caseledger/events"
)

// A Source says which record a fact comes from, so that every number can name
// the events behind it.
type Source struct {
	ID         string         `json:"id"` // ULID of the record
	Sequence   uint64         `json:"sequence"`
	OccurredOn events.Date    `json:"occurred_on"`
	RecordedAt events.Instant `json:"recorded_at"`
	Command    string         `json:"command,omitempty"` // the command that caused it
}

func (s Source) source() Source { return s }

// order is the order of facts of one kind: by effective date, then by recording.
func (s Source) order() (events.Date, uint64) { return s.OccurredOn, s.Sequence }

// A fact is one of the types below.
type fact interface {
	source() Source
	order() (events.Date, uint64)
}

// Facts is what the rules need to know of one client: the case's records,
// folded, each list in order of effective date and then of recording. Facts
// taken back by a later record are gone from the lists and stay in Causes.
//
// The zero Facts is a client without records. Facts are not safe for concurrent
// use while they are folded.
type Facts struct {
	Client      string       `json:"client"`
	Enrollments []Enrollment `json:"enrollments,omitempty"` // at most one, unless one was withdrawn
	Links       []Link       `json:"links,omitempty"`
	Letters     []Letter     `json:"letters,omitempty"`
	Endings     []Ending     `json:"endings,omitempty"`
	Turned18    []Source     `json:"turned_18,omitempty"`
	Corrections []Correction `json:"corrections,omitempty"`
	Expenses    []Expense    `json:"expenses,omitempty"` // booked; the reversed ones are marked
	Transfers   []Stay       `json:"transfers,omitempty"`
	Requests    []Source     `json:"requests,omitempty"` // of extensions
	Decisions   []Decision   `json:"decisions,omitempty"`
	Approvals   []Source     `json:"approvals,omitempty"`
	Placements  []Placement  `json:"placements,omitempty"`
	Closures    []Source     `json:"closures,omitempty"`
	Reopenings  []Stay       `json:"reopenings,omitempty"`
	// Causes lists every fact in the order of recording, with what took a fact back.
	Causes []Cause `json:"causes,omitempty"`
}

// NewFacts returns the facts of a client without records, with room for those of
// a case: it saves most of what folding them costs.
func NewFacts(client string, records []*events.Record) *Facts {
	f := &Facts{Client: client}
	expenses, causes := 0, 0
	for _, r := range records {
		if relevant(r.Type) {
			causes++
		}
		if r.Type == "expense.booked.v1" {
			expenses++
		}
	}
	if expenses > 0 {
		f.Expenses = make([]Expense, 0, expenses)
	}
	if causes > 0 {
		f.Causes = make([]Cause, 0, causes)
	}
	return f
}

// An Enrollment opens the case; OccurredOn is the first enrolled day (R01).
type Enrollment struct {
	Source
	Agency   string             `json:"agency"`
	Class    events.ClientClass `json:"class"`
	Sex      events.Sex         `json:"sex,omitempty"`
	AgeGroup events.AgeGroup    `json:"age_group,omitempty"`
	Form     events.Form        `json:"form,omitempty"`
	Country  string             `json:"country,omitempty"`
}

// A Link ties a derivative to the principal (R06).
type Link struct {
	Source
	Principal string           `json:"principal"`
	VisaClass events.VisaClass `json:"visa_class"`
	Benefit   events.Date      `json:"benefit"` // the benefit date; zero when not known
}

// A Letter is the receipt of an HHS letter. LetterDate is its effective date for
// status, ReceivedOn the notice date of R25.
type Letter struct {
	Source
	Kind       events.LetterKind `json:"kind"`
	LetterDate events.Date       `json:"letter_date"`
	ReceivedOn events.Date       `json:"received_on"`
}

func (l Letter) order() (events.Date, uint64) { return l.LetterDate, l.Sequence }

// order of links and corrections is that of recording: the last one holds,
// whatever its date.
func (l Link) order() (events.Date, uint64)       { return 0, l.Sequence }
func (c Correction) order() (events.Date, uint64) { return 0, c.Sequence }

// An Ending is the end of eligibility; OccurredOn is the first unfunded day (R01, R07).
type Ending struct {
	Source
	Cause string `json:"cause"`
}

// A Correction replaces facts of the enrollment; an empty field stays as it was.
type Correction struct {
	Source
	Sex      events.Sex      `json:"sex,omitempty"`
	AgeGroup events.AgeGroup `json:"age_group,omitempty"`
	Form     events.Form     `json:"form,omitempty"`
	Country  string          `json:"country,omitempty"`
}

// An Expense is a booked client expense of OccurredOn (R16, R18).
type Expense struct {
	Source
	Agency   string       `json:"agency"`
	Cents    events.Cents `json:"cents"`
	Reversal Source       `json:"reversal,omitzero"` // the record that took it back (R24)
}

// Reversed reports whether the expense was taken back (R24).
func (e Expense) Reversed() bool { return e.Reversal.ID != "" }

// A Stay begins the client's time with an agency: a transfer or a reopening.
type Stay struct {
	Source
	Agency string `json:"agency"`
}

// A Decision decides the request for an extension that it names (R22).
type Decision struct {
	Source
	Request string `json:"request"`
	Granted bool   `json:"granted"`
}

// A Placement is the start of a URM placement, or its end: the first day outside (R11).
type Placement struct {
	Source
	Started bool `json:"started"`
}

// A Cause is one recorded fact, whatever its kind.
type Cause struct {
	ID       string      `json:"id"`
	Sequence uint64      `json:"sequence"`
	Type     string      `json:"type"`
	On       events.Date `json:"on"`
	About    string      `json:"about,omitempty"` // the record that it takes back or decides
}

// Apply folds one record of the client's case. Records must come in order of
// recording; types that no rule here asks for are passed over undecoded. It
// fails on data that cannot be decoded and on a reversal of an unknown expense.
func (f *Facts) Apply(r *events.Record) error {
	if !relevant(r.Type) {
		return nil
	}
	e, err := r.Event()
	if err != nil {
		return err
	}
	if f.Client == "" {
		f.Client = r.Subject.ID()
	}
	s := Source{r.ID, r.Sequence, r.OccurredOn, r.Time, r.CausationID}
	about, err := f.fold(s, e)
	if err != nil {
		return fmt.Errorf("fold record #%d of %s: %w", r.Sequence, r.Subject, err)
	}
	f.Causes = append(f.Causes, Cause{r.ID, r.Sequence, r.Type, r.OccurredOn, about})
	return nil
}

func relevant(eventType string) bool {
	switch eventType {
	case "client.enrolled.v1", "derivative.linked.v1", "letter.received.v1", "eligibility.ended.v1",
		"client.turned-18.v1", "client.corrected.v1", "expense.booked.v1", "expense.reversed.v1",
		"transfer.accepted.v1", "extension.requested.v1", "extension.decided.v1", "period.approved.v1",
		"placement.started.v1", "placement.ended.v1", "service.closed.v1", "service.reopened.v1",
		"case-fact.withdrawn.v1":
		return true
	}
	return false
}

// fold adds one fact and returns the record that it is about, if any.
func (f *Facts) fold(s Source, event events.Event) (about string, err error) {
	switch e := event.(type) {
	case *events.ClientEnrolled:
		insert(&f.Enrollments, Enrollment{s, e.Agency, e.Class, e.Sex, e.AgeGroup, e.Form, e.Country})
		if e.Derivative != nil {
			insert(&f.Links, linkOf(s, e.Derivative))
		}
	case *events.DerivativeLinked:
		insert(&f.Links, linkOf(s, &e.Link))
	case *events.LetterReceived:
		insert(&f.Letters, Letter{s, e.Kind, e.LetterDate, e.ReceivedOn})
	case *events.EligibilityEnded:
		insert(&f.Endings, Ending{s, e.Cause})
	case *events.ClientTurned18:
		insert(&f.Turned18, s)
	case *events.ClientCorrected:
		insert(&f.Corrections, Correction{s, e.Sex, e.AgeGroup, e.Form, e.Country})
	case *events.ExpenseBooked:
		insert(&f.Expenses, Expense{Source: s, Agency: e.Agency, Cents: e.AmountCents})
	case *events.ExpenseReversed:
		return e.Expense, f.reverse(s, e)
	case *events.TransferAccepted:
		insert(&f.Transfers, Stay{s, e.To})
	case *events.ExtensionRequested:
		insert(&f.Requests, s)
	case *events.ExtensionDecided:
		insert(&f.Decisions, Decision{s, e.Request, e.Granted})
		return e.Request, nil
	case *events.PeriodApproved:
		insert(&f.Approvals, s)
	case *events.PlacementStarted:
		insert(&f.Placements, Placement{s, true})
	case *events.PlacementEnded:
		insert(&f.Placements, Placement{s, false})
	case *events.ServiceClosed:
		insert(&f.Closures, s)
	case *events.ServiceReopened:
		insert(&f.Reopenings, Stay{s, e.Agency})
	case *events.CaseFactWithdrawn:
		f.withdraw(e.Record)
		return e.Record, nil
	}
	return "", nil
}

func linkOf(s Source, l *events.DerivativeLink) Link {
	return Link{s, l.Principal, l.VisaClass, l.BenefitDate()}
}

func (f *Facts) reverse(s Source, e *events.ExpenseReversed) error {
	for i := range f.Expenses {
		if f.Expenses[i].ID == e.Expense {
			f.Expenses[i].Reversal = s
			return nil
		}
	}
	return fmt.Errorf("reverse expense %s: it was never booked", e.Expense)
}

// withdraw takes back a fact that was recorded in error: it was never true, on
// no day (R24). A withdrawn reversal leaves its expense standing.
func (f *Facts) withdraw(id string) {
	remove(&f.Enrollments, id)
	remove(&f.Links, id)
	remove(&f.Letters, id)
	remove(&f.Endings, id)
	remove(&f.Turned18, id)
	remove(&f.Corrections, id)
	remove(&f.Expenses, id)
	remove(&f.Transfers, id)
	remove(&f.Requests, id)
	remove(&f.Decisions, id)
	remove(&f.Approvals, id)
	remove(&f.Placements, id)
	remove(&f.Closures, id)
	remove(&f.Reopenings, id)
	for i := range f.Expenses {
		if f.Expenses[i].Reversal.ID == id {
			f.Expenses[i].Reversal = Source{}
		}
	}
}

// insert keeps a list in order; almost every fact goes to the end.
func insert[F fact](list *[]F, v F) {
	day, sequence := v.order()
	i := len(*list)
	for ; i > 0; i-- {
		d, s := (*list)[i-1].order()
		if cmp.Or(cmp.Compare(d, day), cmp.Compare(s, sequence)) <= 0 {
			break
		}
	}
	if i == len(*list) {
		*list = append(*list, v)
		return
	}
	*list = slices.Insert(*list, i, v)
}

func remove[F fact](list *[]F, id string) {
	*list = slices.DeleteFunc(*list, func(v F) bool { return v.source().ID == id })
}

// Until returns the facts that are effective by a day: those whose effective
// date (a letter's is the letter date) is not later. A fact that was withdrawn
// or reversed was never true, so it does not come back. f is not changed.
func (f *Facts) Until(day events.Date) *Facts {
	return &Facts{
		Client:      f.Client,
		Enrollments: until(f.Enrollments, day),
		Links:       until(f.Links, day),
		Letters:     until(f.Letters, day),
		Endings:     until(f.Endings, day),
		Turned18:    until(f.Turned18, day),
		Corrections: until(f.Corrections, day), // all: they count from the first enrolled day on
		Expenses:    until(f.Expenses, day),
		Transfers:   until(f.Transfers, day),
		Requests:    until(f.Requests, day),
		Decisions:   until(f.Decisions, day),
		Approvals:   until(f.Approvals, day),
		Placements:  until(f.Placements, day),
		Closures:    until(f.Closures, day),
		Reopenings:  until(f.Reopenings, day),
		Causes:      slices.Clone(f.Causes),
	}
}

func until[F fact](list []F, day events.Date) []F {
	for i, v := range list {
		if d, _ := v.order(); d > day {
			return slices.Clone(list[:i])
		}
	}
	return slices.Clone(list)
}

// Clone returns a copy that shares nothing with f.
func (f *Facts) Clone() *Facts { return f.Until(forever) }

// Enrollment returns the enrollment that stands, as corrected; ok is false for
// somebody who is not enrolled.
func (f *Facts) Enrollment() (e Enrollment, ok bool) {
	if len(f.Enrollments) == 0 {
		return Enrollment{}, false
	}
	e = f.Enrollments[len(f.Enrollments)-1]
	for _, c := range f.Corrections {
		e.Sex = cmp.Or(c.Sex, e.Sex)
		e.AgeGroup = cmp.Or(c.AgeGroup, e.AgeGroup)
		e.Form = cmp.Or(c.Form, e.Form)
		e.Country = cmp.Or(c.Country, e.Country)
	}
	return e, true
}

// Principal returns the coded id of a derivative's principal, or "" (R06).
func (f *Facts) Principal() string {
	if l, ok := f.link(); ok {
		return l.Principal
	}
	return ""
}

func (f *Facts) link() (Link, bool) {
	if len(f.Links) == 0 {
		return Link{}, false
	}
	return f.Links[len(f.Links)-1], true
}
