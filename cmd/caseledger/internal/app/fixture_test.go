package app_test

import (
	"context"
	"encoding/base64"
	"errors"
	"testing"
	"time"

	"caseledger/aggregates"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/events/memlog"
)

// The tests of this package use a small catalogue of their own, so that they say
// what the application does and not what the programme's rules are.

type office struct{ records, suspensions int }

func (o *office) Apply(r *events.Record) error {
	o.records++
	if r.Type == "agency.suspended.v1" {
		o.suspensions++
	}
	return nil
}

type signOffice struct {
	Agency string       `json:"agency" doc:"coded id" required:"true" format:"id"`
	Name   string       `json:"name" doc:"its name" required:"true"`
	Amount events.Cents `json:"ceiling_cents" doc:"ceiling" min:"1" max:"1000000000"`
	Until  events.Date  `json:"through_date" doc:"last day"`
}

func (c *signOffice) Target(string) (events.Subject, error) {
	return events.NewSubject(events.KindAgency, c.Agency)
}

func decideSign(o *office, c *signOffice, _ *aggregates.Context) (events.Event, error) {
	return &events.SubcontractSigned{Name: c.Name, State: "TX", CeilingCents: c.Amount, ThroughDate: c.Until}, nil
}

type suspendOffice struct {
	Agency string `json:"agency" doc:"coded id" required:"true" format:"id"`
	Reason string `json:"reason" doc:"why" required:"true"`
}

func (c *suspendOffice) Target(string) (events.Subject, error) {
	return events.NewSubject(events.KindAgency, c.Agency)
}

func decideSuspend(o *office, c *suspendOffice, _ *aggregates.Context) (events.Event, error) {
	switch {
	case o.records == 0:
		return nil, aggregates.Refuse("R27", "unknown_agency", "there is no agency %s", c.Agency).On("agency")
	case o.suspensions > 0:
		return nil, nil
	}
	return &events.AgencySuspended{}, nil
}

type person struct{ records int }

func (p *person) Apply(*events.Record) error { p.records++; return nil }

type engagePerson struct {
	Worker    string   `json:"worker" doc:"coded id" format:"id"`
	Agency    string   `json:"agency" doc:"employer" required:"true" format:"id"`
	Languages []string `json:"languages" doc:"spoken"`
	Part      bool     `json:"part_time" doc:"part time"`
	Percent   int      `json:"capacity_percent" doc:"capacity" min:"1" max:"100"`
	Name      string   `json:"name" doc:"real name" secret:"identity"`
}

func (c *engagePerson) Target(id string) (events.Subject, error) {
	if c.Worker == "" {
		c.Worker = aggregates.NewID("W", id)
	}
	return events.NewSubject(events.KindWorker, c.Worker)
}

func (c *engagePerson) Needs(aggregates.State) []events.Subject {
	return []events.Subject{events.SubjectOf(events.KindAgency, c.Agency)}
}

func decideEngage(p *person, c *engagePerson, ctx *aggregates.Context) (events.Event, error) {
	employer := ctx.Basis[events.SubjectOf(events.KindAgency, c.Agency)]
	if !employer.Exists() || employer.State.(*office).suspensions > 0 {
		return nil, aggregates.Refuse("R27", "no_agency", "agency %s cannot engage anyone", c.Agency).On("agency")
	}
	e := &events.WorkerEngaged{Agency: c.Agency, CapacityPercent: c.Percent, Languages: c.Languages}
	if c.Name != "" {
		e.Name = events.Plain(c.Name)
	}
	return e, nil
}

func catalogue(t testing.TB) *app.Catalogue {
	t.Helper()
	sign := aggregates.Define(events.KindAgency, "sign-office", "R27", "sign an office", decideSign)
	sign.Judge = func(_ aggregates.State, r *events.Record, _ *aggregates.Context) *aggregates.Refusal {
		if e, err := r.Event(); err == nil && e.(*events.SubcontractSigned).CeilingCents == 666 {
			return aggregates.Refuse("R18", "ineligible", "not this amount").Citing(r.ID)
		}
		return nil
	}
	c, err := app.NewCatalogue(
		aggregates.Aggregate{
			Kind: events.KindAgency, New: func(events.Subject) aggregates.State { return &office{} },
			Commands: []aggregates.Spec{
				sign, aggregates.Define(events.KindAgency, "suspend-office", "R27", "suspend an office", decideSuspend),
			},
		},
		aggregates.Aggregate{
			Kind: events.KindWorker, New: func(events.Subject) aggregates.State { return &person{} },
			Commands: []aggregates.Spec{aggregates.Define(events.KindWorker, "engage-person", "R28", "engage a person", decideEngage)},
		},
	)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// keys seals without secrecy: what sealing is worth is tested in package seal.
type keys struct{}

func (keys) Seal(subject events.Subject, _ string, event events.Event) error {
	c, ok := event.(events.Confidential)
	if !ok {
		return nil
	}
	for _, f := range c.Secrets() {
		err := f.Secret.Seal(func(plain string) (string, error) {
			return "s1.1." + base64.RawURLEncoding.EncodeToString([]byte(plain)), nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (keys) MAC(subject events.Subject, class events.KeyClass, text []byte) (events.Hash, error) {
	return events.HashOf([]byte(string(class) + string(subject) + string(text))), nil
}

var noon = time.Date(2009, 5, 15, 12, 0, 0, 0, time.UTC)

// genesis appends the genesis record.
func genesis(t testing.TB, log events.Log, simulated bool) {
	t.Helper()
	if err := app.WriteGenesis(context.Background(), log, events.LedgerCreated{
		Name: "test", VerifierKey: "test+00000000+AA==", SimulatedClock: simulated, TimeZone: "America/New_York",
	}, events.InstantOf(noon), "tester"); err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, log events.Log, change ...func(*app.Config)) *app.App {
	t.Helper()
	c := app.Config{Log: log, Catalogue: catalogue(t), Keys: keys{}, Now: func() time.Time { return noon }}
	for _, f := range change {
		f(&c)
	}
	a, err := app.New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// given returns an App on a new ledger, and its log.
func given(t *testing.T, simulated bool) (*app.App, *memlog.Log) {
	log := memlog.New()
	genesis(t, log, simulated)
	return open(t, log), log
}

func sign(id, agency string) app.Request {
	return app.Request{Name: "sign-office", ID: id, Actor: "amy", Role: "prime", Command: &signOffice{Agency: agency, Name: "Casa"}}
}

func head(t *testing.T, log events.Log) uint64 {
	t.Helper()
	n, err := log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func must(t *testing.T, a *app.App, req app.Request) app.Receipt {
	t.Helper()
	r, err := a.Execute(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func asError[E error](t *testing.T, err error) E {
	t.Helper()
	var e E
	if !errors.As(err, &e) {
		t.Fatalf("got error %v, want a %T", err, e)
	}
	return e
}
