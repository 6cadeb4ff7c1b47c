package sample_test

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"caseledger/aggregates"
	"caseledger/aggregates/agency"
	"caseledger/aggregates/award"
	"caseledger/aggregates/clientcase"
	"caseledger/aggregates/letter"
	"caseledger/aggregates/partner"
	"caseledger/aggregates/programme"
	"caseledger/aggregates/publication"
	"caseledger/aggregates/referral"
	"caseledger/aggregates/training"
	"caseledger/aggregates/worker"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/cmd/caseledger/internal/sample"
	"caseledger/events"
)

// A ledger decides commands in memory, as the application does, one after the other.
type ledger struct {
	kinds    map[events.Kind]aggregates.Aggregate
	specs    map[string]aggregates.Spec
	states   map[events.Subject]*aggregates.Standing
	zone     *time.Location
	last     events.Instant
	appended int
	names    map[string]int
	rulings  map[string]int // refusals after the fact, by code
}

func newLedger(t *testing.T) *ledger {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	l := &ledger{
		kinds: map[events.Kind]aggregates.Aggregate{}, specs: map[string]aggregates.Spec{},
		states: map[events.Subject]*aggregates.Standing{}, zone: zone,
		names: map[string]int{}, rulings: map[string]int{},
	}
	for _, a := range []aggregates.Aggregate{
		referral.Aggregate(),
		partner.Aggregate(), training.Aggregate(), award.Aggregate(),
		programme.Aggregate(), publication.Aggregate(), agency.Aggregate(), worker.Aggregate(), clientcase.Aggregate(), letter.Aggregate(),
	} {
		l.kinds[a.Kind] = a
		for _, s := range a.Commands {
			l.specs[s.Name] = s
		}
	}
	return l
}

// sealedText stands for any sealed text.
const sealedText = "s1.1.c2VhbGVk"

func (l *ledger) standing(s events.Subject) *aggregates.Standing {
	if l.states[s] == nil {
		l.states[s] = &aggregates.Standing{State: l.kinds[s.Kind()].New(s)}
	}
	return l.states[s]
}

// record decides one request and folds its event. It is an error for a request to
// be refused, or to record nothing.
func (l *ledger) record(r app.Request) error {
	today := r.RecordedAt.DayIn(l.zone)
	switch {
	case r.RecordedAt < l.last:
		return fmt.Errorf("recorded at %s, before the last one", r.RecordedAt)
	case r.OccurredOn > today+1:
		return fmt.Errorf("occurred on %s, after %s", r.OccurredOn, today)
	}
	l.last = r.RecordedAt
	spec, known := l.specs[r.Name]
	if !known {
		return fmt.Errorf("unknown command %s", r.Name)
	}
	if faults := aggregates.Validate(r.Command); len(faults) > 0 {
		return faults[0]
	}
	subject, err := r.Command.Target(r.ID)
	if err != nil {
		return err
	}
	target := l.standing(subject)
	ctx := &aggregates.Context{
		CommandID: r.ID, RecordedAt: r.RecordedAt, Today: today, OccurredOn: r.OccurredOn,
		Actor: r.Actor, Role: r.Role, Agency: r.Agency, Basis: aggregates.Basis{},
	}
	if d, ok := r.Command.(aggregates.Dependent); ok {
		for _, s := range d.Needs(target.State) {
			ctx.Basis[s] = *l.standing(s)
		}
	}
	event, err := spec.Decide(target.State, r.Command, ctx)
	if err != nil {
		return err
	}
	if event == nil {
		return fmt.Errorf("nothing to record")
	}
	rec, err := l.fold(subject, target, r, event)
	if err != nil {
		return err
	}
	l.names[r.Name]++
	if spec.Judge != nil {
		if ruling := spec.Judge(target.State, rec, ctx); ruling != nil {
			l.rulings[ruling.Code]++
		}
	}
	return nil
}

func (l *ledger) fold(subject events.Subject, target *aggregates.Standing, r app.Request, event events.Event) (*events.Record, error) {
	if c, ok := event.(events.Confidential); ok {
		for _, s := range c.Secrets() {
			if err := s.Secret.Seal(func(string) (string, error) { return sealedText, nil }); err != nil {
				return nil, err
			}
		}
	}
	id := ulid.ULID{}
	if err := id.SetTime(uint64(r.RecordedAt)); err != nil {
		return nil, err
	}
	entropy := sha256.Sum256([]byte(r.ID))
	if err := id.SetEntropy(entropy[:10]); err != nil {
		return nil, err
	}
	rec, err := events.Encode(events.Envelope{
		ID: id.String(), Source: "sample", Subject: subject, Time: r.RecordedAt, Version: target.Reference.Version + 1,
		Previous: target.Reference.Hash, OccurredOn: r.OccurredOn, Actor: r.Actor, Role: r.Role, Agency: r.Agency,
		CausationID: r.ID, CommandDigest: events.HashOf([]byte(r.ID)),
	}, event)
	if err != nil {
		return nil, err
	}
	if err := target.State.Apply(rec); err != nil {
		return nil, err
	}
	target.Reference = events.Reference{Subject: subject, Version: rec.Version, Hash: rec.Hash()}
	l.appended++
	return rec, nil
}

// Given an empty ledger with a simulated clock, when a sample is recorded in order,
// then every command leads to one event, in time order, within the programme's years.
func TestEveryCommandIsAccepted(t *testing.T) {
	for _, c := range []sample.Config{{Seed: 1}, {Seed: 3, Scale: 2}} {
		t.Run(fmt.Sprintf("seed %d scale %d", c.Seed, max(c.Scale, 1)), func(t *testing.T) {
			l := newLedger(t)
			first, faults := events.Instant(0), 0
			for r := range sample.Requests(c) {
				if first == 0 {
					first = r.RecordedAt
				}
				if err := l.record(r); err != nil {
					t.Errorf("%s %s of %s, recorded %s: %v\n%+v", r.Name, r.ID, r.OccurredOn, r.RecordedAt, err, r.Command)
					if faults++; faults > 5 {
						t.FailNow()
					}
				}
			}
			if n := l.appended / max(c.Scale, 1); n < 25_000 || n > 95_000 {
				t.Errorf("%d events per copy, want 25,000 to 95,000", n)
			}
			if first < events.MustInstant("2000-10-01T00:00:00Z") || l.last > events.MustInstant("2009-07-01T00:00:00Z") {
				t.Errorf("recorded from %s to %s", first, l.last)
			}
			t.Logf("%d events; %v; rulings %v", l.appended, l.names, l.rulings)
		})
	}
}
