// Package aggregates says how commands become facts: a command is decided by one
// aggregate, from its folded history and what the application looked up for it,
// into exactly one event, or none, or a [Refusal].
//
// Deciding is pure: no clock, no I/O, no log. Time and outside facts come in
// with the [Context].
package aggregates

import (
	"fmt"

	"caseledger/events"
)

// A Command is a request to record one fact: a pointer to one struct per
// command, whose fields carry the tags that [Fields] documents.
type Command interface {
	// Target names the aggregate that decides the command. A command that
	// opens a new aggregate derives its id from commandID, see [NewID].
	Target(commandID string) (events.Subject, error)
}

// A command whose decision rests on other subjects names them with Needs. The
// application folds them and passes them in [Context.Basis]. state is the folded
// state of the target.
type Dependent interface {
	Command
	Needs(state State) []events.Subject
}

// A State is the folded history of one aggregate.
type State interface {
	// Apply folds the next record. It changes the state in place.
	Apply(r *events.Record) error
}

// An Aggregate is one kind of stream and the commands that it decides.
type Aggregate struct {
	Kind     events.Kind
	New      func(subject events.Subject) State
	Commands []Spec
}

// A Spec describes one command of the catalogue. Everything that people and
// programs see of a command comes from it and from the struct that New returns.
type Spec struct {
	Name    string // such as "enroll-client"
	Rule    string // such as "R01"; may be empty
	Summary string // one sentence, no full stop
	Kind    events.Kind
	New     func() Command
	// Decide returns the event to record, or nil when the command is already
	// fulfilled, or a [*Refusal]. It must not change the state.
	Decide func(state State, cmd Command, ctx *Context) (events.Event, error)
	// Judge, when set, says after the fact whether a rule denies it its effect:
	// an expense is a fact even when it cannot be reimbursed (R18). state has
	// the record applied.
	Judge func(state State, record *events.Record, ctx *Context) *Refusal
}

// Define returns the [Spec] of a command struct C decided from states of type S.
func Define[S State, C any, P interface {
	*C
	Command
}](kind events.Kind, name, rule, summary string, decide func(S, P, *Context) (events.Event, error)) Spec {
	return Spec{
		Name: name, Rule: rule, Summary: summary, Kind: kind,
		New: func() Command { return P(new(C)) },
		Decide: func(state State, cmd Command, ctx *Context) (events.Event, error) {
			return decide(state.(S), cmd.(P), ctx)
		},
	}
}

// A Context is what a decision may know beyond the aggregate's own history.
type Context struct {
	CommandID  string
	RecordedAt events.Instant
	Today      events.Date // the programme's day of RecordedAt
	OccurredOn events.Date // effective date that the command gives
	Actor      string
	Role       string
	Agency     string // of the actor; may be empty
	Basis      Basis
}

// EndsBeforeStart refuses a last day, given as through_date, before the effective date.
func (ctx *Context) EndsBeforeStart(rule, what string, through events.Date) *Refusal {
	return Refuse(rule, "ends_before_start", "%s would end on %s, before it starts on %s", what, through, ctx.OccurredOn).On("through_date")
}

// A Basis holds the other subjects that a decision rests on.
type Basis map[events.Subject]Standing

// A Standing is another subject as it stood when the decision was made. A
// decider asks its State through a small interface of its own, so that
// aggregates need not import each other.
type Standing struct {
	State     State
	Reference events.Reference // zero Version: the subject has no records
}

// Exists reports whether the subject has any record.
func (s Standing) Exists() bool { return s.Reference.Version > 0 }

// References returns the references of the named subjects that exist, for the
// event to store.
func (b Basis) References(subjects ...events.Subject) []events.Reference {
	var refs []events.Reference
	for _, s := range subjects {
		if st := b[s]; st.Exists() {
			refs = append(refs, st.Reference)
		}
	}
	return refs
}

// A Refusal is a decision against a command, or against the effect of a fact. It
// is made for the person who gave the command.
type Refusal struct {
	Rule     string   // such as "R18"; may be empty
	Code     string   // stable, such as "after_service_period"
	Field    string   // the command's field at fault; may be empty
	Sentence string   // lower case, no full stop
	Hint     string   // what to do instead; may be empty
	Facts    []string // record ids that it rests on
}

// Refuse returns a Refusal whose sentence is formatted.
func Refuse(rule, code, format string, args ...any) *Refusal {
	return &Refusal{Rule: rule, Code: code, Sentence: fmt.Sprintf(format, args...)}
}

// Unknown refuses the id of a subject without records, and says where ids come from.
func Unknown(rule string, kind events.Kind, id string) *Refusal {
	first, list := Known(kind)
	r := Refuse(rule, "unknown_"+string(kind), "%s %s is unknown", kind, id).On(string(kind)).WithHint("%s comes first", first)
	if list != "" {
		r.Hint += "; those that there are: " + list
	}
	return r
}

// Known returns which commands make a subject of a kind known, and which question lists
// the ids that there are; empty where none does.
func Known(kind events.Kind) (first, list string) {
	switch kind {
	case events.KindAgency:
		return "sign-subcontract", "caseledger agencies"
	case events.KindWorker:
		return "engage-worker", "caseledger staff"
	case events.KindPartner:
		return "list-partner", "caseledger partners"
	case events.KindReferral:
		return "receive-signal, refer-lead, receive-inbound-referral or make-domestic-referral", "caseledger referrals --list"
	case events.KindTraining:
		return "hold-training", ""
	case events.KindAward:
		return "record-award", "caseledger awards"
	}
	return "", ""
}

// On names the field at fault.
func (r *Refusal) On(field string) *Refusal { r.Field = field; return r }

// WithHint says what to do instead.
func (r *Refusal) WithHint(format string, args ...any) *Refusal {
	r.Hint = fmt.Sprintf(format, args...)
	return r
}

// Citing names records that the refusal rests on.
func (r *Refusal) Citing(recordIDs ...string) *Refusal {
	r.Facts = append(r.Facts, recordIDs...)
	return r
}

func (r *Refusal) Error() string {
	s := r.Sentence
	if r.Field != "" {
		s = r.Field + ": " + s
	}
	if r.Rule != "" {
		s += " (" + r.Rule + ")"
	}
	return s
}
