package aggregates_test

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"caseledger/aggregates"
	"caseledger/aggregates/agency"
	"caseledger/aggregates/award"
	"caseledger/aggregates/clientcase"
	"caseledger/aggregates/letter"
	"caseledger/aggregates/partner"
	"caseledger/aggregates/programme"
	"caseledger/aggregates/publication"
	"caseledger/aggregates/referral"
	"caseledger/aggregates/roster"
	"caseledger/aggregates/training"
	"caseledger/aggregates/worker"
	"caseledger/events"

	"github.com/oklog/ulid/v2"
)

func all() []aggregates.Aggregate {
	return []aggregates.Aggregate{
		referral.Aggregate(),
		partner.Aggregate(), training.Aggregate(), award.Aggregate(),
		clientcase.Aggregate(), letter.Aggregate(), agency.Aggregate(), worker.Aggregate(), programme.Aggregate(), publication.Aggregate(), roster.Aggregate(),
	}
}

var specs, kinds = func() (map[string]aggregates.Spec, map[events.Kind]aggregates.Aggregate) {
	specs, kinds := map[string]aggregates.Spec{}, map[events.Kind]aggregates.Aggregate{}
	for _, a := range all() {
		kinds[a.Kind] = a
		for _, s := range a.Commands {
			specs[s.Name] = s
		}
	}
	return specs, kinds
}()

// A ledger records commands in memory, and at every step holds deciding and
// folding to what they promise.
type ledger struct {
	states  map[events.Subject]aggregates.State
	records map[events.Subject][]*events.Record
	all     []*events.Record
	today   events.Date
	actor   string
	n       int // commands so far
}

func newLedger() *ledger {
	return &ledger{states: map[events.Subject]aggregates.State{}, records: map[events.Subject][]*events.Record{}, actor: "test"}
}

func (l *ledger) state(s events.Subject) aggregates.State {
	if l.states[s] == nil {
		l.states[s] = kinds[s.Kind()].New(s)
	}
	return l.states[s]
}

// fold folds a subject's records anew from their bytes.
func (l *ledger) fold(s events.Subject) (aggregates.State, error) {
	state := kinds[s.Kind()].New(s)
	for _, r := range l.records[s] {
		r, err := events.Decode(r.Sequence, r.Raw)
		if err != nil {
			return nil, err
		}
		if err := state.Apply(r); err != nil {
			return nil, err
		}
	}
	return state, nil
}

// An outcome is what became of a command: a record, nothing, or an error; and the
// verdict on the record.
type outcome struct {
	record  *events.Record
	verdict *aggregates.Refusal
	err     error
}

// give gives one command, recorded today; a broken promise of deciding or folding
// is a panic.
func (l *ledger) give(spec aggregates.Spec, cmd aggregates.Command, id string, on events.Date) outcome {
	l.n++
	l.today = max(l.today, on)
	if faults := aggregates.Validate(cmd); len(faults) > 0 {
		return outcome{err: faults[0]}
	}
	subject, err := cmd.Target(id)
	if err != nil {
		return outcome{err: err}
	}
	must(subject.Kind() == spec.Kind, "the target of %s is %s", spec.Name, subject)
	state := l.state(subject)
	ctx := l.context(state, cmd, id, on)
	event, err := spec.Decide(state, cmd, ctx)
	again, foldErr := l.fold(subject)
	must(foldErr == nil, "fold %s: %v", subject, foldErr)
	must(reflect.DeepEqual(state, again), "after %s the state of %s differs from its history folded anew", spec.Name, subject)
	if err != nil || event == nil {
		return outcome{err: err}
	}
	r := l.append(subject, event, id, on)
	must(state.Apply(r) == nil, "%s does not fold", r.Type)
	o := outcome{record: r}
	if spec.Judge != nil {
		o.verdict = spec.Judge(state, r, ctx)
	}
	return o
}

func (l *ledger) context(state aggregates.State, cmd aggregates.Command, id string, on events.Date) *aggregates.Context {
	ctx := &aggregates.Context{
		CommandID: id, RecordedAt: noon(l.today), Today: l.today, OccurredOn: on,
		Actor: l.actor, Role: "case_manager", Basis: aggregates.Basis{},
	}
	if d, ok := cmd.(aggregates.Dependent); ok {
		for _, s := range d.Needs(state) {
			st := aggregates.Standing{State: l.state(s)}
			if rs := l.records[s]; len(rs) > 0 {
				st.Reference = events.Reference{Subject: s, Version: uint64(len(rs)), Hash: rs[len(rs)-1].Hash()}
			}
			ctx.Basis[s] = st
		}
	}
	return ctx
}

func (l *ledger) append(subject events.Subject, event events.Event, id string, on events.Date) *events.Record {
	if c, ok := event.(events.Confidential); ok {
		for _, f := range c.Secrets() {
			err := f.Secret.Seal(func(string) (string, error) { return fmt.Sprint("s1.1.sealed-", l.n), nil })
			must(err == nil, "seal: %v", err)
		}
	}
	env := events.Envelope{
		ID: ulid.MustNew(uint64(l.n), strings.NewReader("0123456789")).String(), Source: "test", Subject: subject,
		Time: noon(l.today), Version: uint64(len(l.records[subject]) + 1), OccurredOn: on, Actor: l.actor,
		Role: "case_manager", CausationID: id, CommandDigest: events.HashOf([]byte(id)),
	}
	if rs := l.records[subject]; len(rs) > 0 {
		env.Previous = rs[len(rs)-1].Hash()
	}
	encoded, err := events.Encode(env, event)
	must(err == nil, "encode: %v", err)
	r, err := events.Decode(uint64(len(l.all)+1), encoded.Raw)
	must(err == nil, "decode: %v", err)
	l.records[subject], l.all = append(l.records[subject], r), append(l.all, r)
	return r
}

func noon(day events.Date) events.Instant {
	return events.MustInstant(day.String() + "T17:00:00Z")
}

func must(ok bool, format string, args ...any) {
	if !ok {
		panic(fmt.Sprintf(format, args...))
	}
}

// setField sets a command's field from text, as a flag would.
func setField(cmd aggregates.Command, name, text string) error {
	for _, f := range aggregates.Fields(cmd) {
		if f.Name != name {
			continue
		}
		v := reflect.ValueOf(cmd).Elem().Field(f.Index)
		switch v.Interface().(type) {
		case string:
			v.SetString(text)
		case bool:
			v.SetBool(text == "true")
		case int, events.Cents:
			n, err := strconv.ParseInt(text, 10, 64)
			v.SetInt(n)
			return err
		case events.Date:
			d, err := events.ParseDate(text)
			v.SetInt(int64(d))
			return err
		case []string:
			v.Set(reflect.ValueOf(strings.Split(text, ",")))
		case map[string]string:
			m := map[string]string{}
			for pair := range strings.SplitSeq(text, ",") {
				key, value, _ := strings.Cut(pair, ":")
				m[key] = value
			}
			v.Set(reflect.ValueOf(m))
		default:
			return fmt.Errorf("field %s has the type %s", name, v.Type())
		}
		return nil
	}
	return fmt.Errorf("there is no field %s", name)
}
