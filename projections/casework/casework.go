// Package casework answers one question: what was agreed with each client, what was
// done since, and what is due (R28, S4)?
//
// It holds needs, goals and plans, contacts, what the client was told, emergencies,
// documents on file, the steps and appointments of the legal components, outcomes
// and releases. Everything is shown from the facts that are effective by a day;
// what was taken back was never true.
package casework

import (
	"fmt"
	"slices"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
)

// The bounds of practice (ours: R28 says that it is done, not how soon). What is
// later than this is due.
const (
	ContactDays  = 30 // between two contacts with a client who is served: one for each service period
	PlanDays     = 30 // from the first day of service to a service plan
	ReviewDays   = 90 // from a plan to its review, when the plan says nothing else
	InformDays   = 30 // from the first day of service to having been told of both processes
	RenewDays    = 30 // before the last day of a benefit, in which its renewal is asked for
	RequestDays  = 14 // before the end of the clock, in which an extension is asked for (R22)
	AnswerDays   = 14 // from a referral to a provider to its answer
	DecisionDays = 45 // from an application for a benefit to its answer
)

const viewName = "casework"

// View keeps one row for each case; see [Case].
type View struct{}

// Name implements [projections.View].
func (View) Name() string { return viewName }

// Version implements [projections.View].
func (View) Version() int { return 1 }

// Kinds implements [projections.View].
func (View) Kinds() []events.Kind { return []events.Kind{events.KindCase} }

// Ignores implements [projections.View].
func (View) Ignores() []string { return []string{"service.delivered.v1"} }

// Derive implements [projections.View].
func (View) Derive(s *projections.Subject, b []byte) ([]byte, error) {
	c, err := Fold(s)
	if err != nil || !c.worked() {
		return b, err
	}
	return c.append(b), nil
}

// A Fact is when something is effective, and the record that says so.
type Fact struct {
	On     events.Date `json:"on"`
	Record uint64      `json:"record"` // its position
}

func (f Fact) at() events.Date { return f.On }

// A Case is what was done in one case. Its lists are in order of the effective date,
// then of recording.
type Case struct {
	language  string // of choice, as corrected
	spells    []policy.Span
	plans     []Plan
	contacts  []Contact
	told      []Told
	documents []Document
	trusted   []Fact // emergency contacts named

	needs       []Need
	goals       []Goal
	progress    []progress
	interpreted []Interpreted
	emergencies []Emergency
	milestones  []Milestone
	appointed   []CourtDate
	closures    []closure
	outcomes    []Outcome
	releases    []Release
	requests    []Fact // of an extension
}

// worked reports whether there is anything to keep.
func (c *Case) worked() bool {
	return len(c.spells) > 0 || len(c.needs)+len(c.contacts)+len(c.releases)+len(c.documents)+len(c.told)+len(c.emergencies) > 0
}

// A Need is one need of the client as assessed last.
type Need struct {
	Fact
	Need    string `json:"need"`
	Urgency string `json:"urgency"` // crisis, high, medium, low, met
}

// A Goal is one goal of the client and where it stands.
type Goal struct {
	Fact
	Goal     string      `json:"goal"` // id within the case
	Need     string      `json:"need"`
	ByDate   events.Date `json:"by_date,omitzero"`
	Progress string      `json:"progress"`          // none, some, most, achieved, given_up
	Since    events.Date `json:"since,omitzero"`    // of that progress
	InPlan   bool        `json:"in_plan,omitempty"` // the plan in force pursues it
}

// Open reports whether the goal is still to be reached.
func (g Goal) Open() bool { return g.Progress != "achieved" && g.Progress != "given_up" }

type progress struct {
	Fact
	goal     string
	progress string
}

// A Plan is a service plan agreed with the client.
type Plan struct {
	Fact
	Goals       []string    `json:"goals"`
	Language    string      `json:"language"`
	Interpreter bool        `json:"interpreter,omitempty"`
	ReviewOn    events.Date `json:"review_on"` // as agreed, or else [ReviewDays] after it
}

// A Contact is a contact with or for the client.
type Contact struct {
	Fact
	Manner string `json:"manner"`
	Worker string `json:"worker"`
}

// With reports whether it was a contact with the client, not one for the client or
// one that failed.
func (c Contact) With() bool { return c.Manner != "missed" && c.Manner != "advocacy" }

// Told says that the client was told about a process.
type Told struct {
	Fact
	Topic       string `json:"topic"`
	Language    string `json:"language"`
	Interpreter bool   `json:"interpreter,omitempty"`
}

// Interpreted is an interpreter or a translation.
type Interpreted struct {
	Fact
	Language string `json:"language"`
	Manner   string `json:"manner"`
}

// An Emergency is a call for help.
type Emergency struct {
	Fact
	Emergency  string `json:"emergency"`
	Minutes    int    `json:"response_minutes"`
	AfterHours bool   `json:"after_hours,omitempty"`
	Agency     string `json:"agency"` // the client's on that day
	Worker     string `json:"worker,omitzero"`
}

// A Document lies in the client's file.
type Document struct {
	Fact
	Document string `json:"document"`
}

// A Milestone is a step of a legal component.
type Milestone struct {
	Fact
	Component events.Component `json:"component"`
	Milestone string           `json:"milestone"`
}

// A CourtDate is an appointment of a legal component. The Fact is the day since
// which it is known.
type CourtDate struct {
	Fact
	CourtDate   string           `json:"court_date"` // id within the case
	Component   events.Component `json:"component"`
	Day         events.Date      `json:"day"`
	Occasion    string           `json:"occasion"`
	Result      string           `json:"result,omitzero"` // held, postponed, cancelled, missed; empty while it stands
	EndedOn     events.Date      `json:"ended_on,omitzero"`
	Accompanied bool             `json:"accompanied,omitempty"`
}

// closure is a legal component that was closed, on its last day, or reopened.
type closure struct {
	Fact
	component events.Component
	open      bool
}

// An Outcome is what the client reached.
type Outcome struct {
	Fact
	Outcome string `json:"outcome"`
}

// A Release is a client's release of information (R31).
type Release struct {
	Fact
	Recipient string      `json:"recipient"`
	Scope     string      `json:"scope"`
	Through   events.Date `json:"through"`            // last day, as given
	Withdrawn events.Date `json:"withdrawn,omitzero"` // first day on which it no longer holds, when it was withdrawn
}

// Each calls f with the client and the case of every row, in order of the client's
// id. The case is used again: nothing of it may be kept. Cost: about one
// microsecond for each client.
func Each(s *projections.Snapshot, f func(client string, c *Case) error) error {
	var c Case
	return s.Rows(viewName, events.KindCase, func(id, b []byte) error {
		if err := c.read(b); err != nil {
			return fmt.Errorf("read the case work of %s: %w", id, err)
		}
		return f(string(id), &c)
	})
}

// Read returns one client's case; an empty one for a client without a row.
func Read(s *projections.Snapshot, client string) (*Case, error) {
	c := &Case{}
	b, err := s.Row(viewName, events.SubjectOf(events.KindCase, client))
	if err != nil || len(b) == 0 {
		return c, err
	}
	return c, c.read(b)
}

// Fold returns a case from its records, also in a snapshot of the past.
func Fold(s *projections.Subject) (*Case, error) {
	facts, err := s.Facts()
	if err != nil {
		return nil, err
	}
	c := &Case{spells: facts.EnrolledSpans()}
	return c, s.Standing(wanted, func(r *events.Record, e events.Event) error {
		c.fold(Fact{r.OccurredOn, r.Sequence}, e, facts)
		return nil
	})
}

// insert keeps facts in order of their day; almost every one goes to the end.
func insert[T interface{ at() events.Date }](list *[]T, v T) {
	i := len(*list)
	for i > 0 && (*list)[i-1].at() > v.at() {
		i--
	}
	*list = slices.Insert(*list, i, v)
}
