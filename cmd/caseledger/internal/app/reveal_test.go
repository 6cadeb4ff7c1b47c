package app_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"caseledger/aggregates"
	"caseledger/aggregates/agency"
	"caseledger/aggregates/clientcase"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/events/memlog"
	"caseledger/events/seal"
)

// custody shows the sealed form, and counts how often it was asked.
type custody struct {
	unsealed  int
	destroyed []seal.Order
	err       error
}

func (c *custody) Unseal(_ events.Subject, _ string, _ events.KeyClass, _ int, sealed string) (string, error) {
	c.unsealed++
	return sealed, nil
}

func (c *custody) Destroy(orders ...seal.Order) error {
	if c.err != nil {
		return c.err
	}
	c.destroyed = append(c.destroyed, orders...)
	return nil
}

// broken is a log that takes nothing.
type broken struct {
	events.Log
	err error
}

func (b broken) Append(context.Context, events.Subject, uint64, string, []byte) (uint64, error) {
	return 0, b.err
}

// A house is a ledger with one client of A-1, and its stream of looks.
type house struct {
	*app.App
	custody *custody
	looks   events.Log
	now     time.Time
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{custody: &custody{}, looks: memlog.New(), now: noon}
	log := memlog.New()
	genesis(t, log, false)
	h.App = open(t, log, func(c *app.Config) {
		c.Catalogue, c.Custody = app.Commands(), h.custody
		c.Access = func(context.Context) (events.Log, error) { return h.looks, nil }
		c.Now = func() time.Time { return h.now }
	})
	on := events.MustDate("2009-01-05")
	for _, req := range []app.Request{
		{Name: "sign-subcontract", ID: "1", OccurredOn: on, Command: &agency.SignSubcontract{Agency: "A-1", Name: "Casa", State: "TX"}},
		{Name: "enroll-client", ID: "2", OccurredOn: on, Command: &clientcase.EnrollClient{
			Client: "C-1", Agency: "A-1", Sex: "female", AgeGroup: "adult", VictimOfSevereTrafficking: "yes", RemovedFromSituation: "yes",
			PresentInUS: "yes", ImmigrationStatus: "undocumented", RequiresCaseManagement: "yes", DeterminedBy: "W-1", Evidence: "interview", Name: "Maria",
		}},
	} {
		req.Actor = "amy"
		must(t, h.App, req)
	}
	return h
}

func look(agency string) app.Look {
	return app.Look{Client: "C-1", Class: events.IdentityKey, Actor: "amy", Role: "case_manager", Agency: agency, Purpose: "casework"}
}

func (h *house) recorded(t *testing.T) []*events.Record {
	t.Helper()
	records, err := h.Looks(t.Context(), "C-1")
	if err != nil {
		t.Fatal(err)
	}
	return records
}

func TestRevealIsRecordedFirst(t *testing.T) {
	h := newHouse(t)
	shown, record, err := h.Reveal(t.Context(), look("A-1"))
	if err != nil || len(shown) != 6 || h.custody.unsealed != 6 {
		t.Fatalf("shown %d, unsealed %d, %v", len(shown), h.custody.unsealed, err)
	}
	event, err := record.Event()
	if err != nil {
		t.Fatal(err)
	}
	e := event.(*events.IdentityRevealed)
	if record.Subject != "look/C-1" || record.Actor != "amy" || e.Grounds != "agency" || e.Shown != 6 || e.Purpose != "casework" {
		t.Errorf("recorded %+v of %+v", e, record.Envelope)
	}
	if _, record, err = h.Reveal(t.Context(), look("A-1")); err != nil || record.Version != 2 || record.Previous != h.recorded(t)[0].Hash() {
		t.Errorf("the second look does not continue the first: %+v, %v", record, err)
	}
}

// TestNothingIsShownUnrecorded breaks the stream of looks in every way that it
// can: the keys are never asked.
func TestNothingIsShownUnrecorded(t *testing.T) {
	for name, err := range map[string]error{
		"no permission": errors.New("permissions violation"), "full": events.ErrFull, "no answer": events.ErrUncertain,
		"always somebody else": &events.ConflictError{Subject: "look/C-1"},
	} {
		h := newHouse(t)
		h.looks = broken{h.looks, err}
		shown, _, got := h.Reveal(t.Context(), look("A-1"))
		if !errors.Is(got, err) || shown != nil || h.custody.unsealed != 0 {
			t.Errorf("%s: shown %v, unsealed %d, %v", name, shown, h.custody.unsealed, got)
		}
	}
	for name, change := range map[string]func(*app.Config){
		"no stream":     func(c *app.Config) { c.Custody = &custody{} },
		"no connection": func(c *app.Config) { c.Access = noLooks; c.Custody = &custody{} },
		"no keys": func(c *app.Config) {
			c.Access = func(context.Context) (events.Log, error) { return memlog.New(), nil }
		},
	} {
		log := memlog.New()
		genesis(t, log, false)
		a := open(t, log, func(c *app.Config) { c.Catalogue = app.Commands() }, change)
		if shown, _, err := a.Reveal(t.Context(), look("A-1")); err == nil || shown != nil {
			t.Errorf("%s: shown %v, %v", name, shown, err)
		}
	}
}

func noLooks(context.Context) (events.Log, error) { return nil, errors.New("no route to the server") }

// TestTamperedLooks exchanges a look: the next one, and whoever lists them, finds it.
func TestTamperedLooks(t *testing.T) {
	h, other := newHouse(t), newHouse(t)
	for _, x := range []*house{h, other} {
		for range 2 {
			if _, _, err := x.Reveal(t.Context(), look("A-1")); err != nil {
				t.Fatal(err)
			}
		}
	}
	mine, err := h.looks.History(t.Context(), "look/C-1")
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := other.looks.History(t.Context(), "look/C-1")
	if err != nil {
		t.Fatal(err)
	}
	forged := memlog.New()
	for i, m := range []events.Message{mine[0], theirs[1]} {
		if _, err := forged.Append(t.Context(), m.Subject, uint64(i), "id"+string(rune('a'+i)), m.Data); err != nil {
			t.Fatal(err)
		}
	}
	h.looks = forged
	asError[*events.DamageError](t, second(h.Looks(t.Context(), "C-1")))
	h.custody.unsealed = 0
	if _, _, err := h.Reveal(t.Context(), look("A-1")); err == nil || h.custody.unsealed > 0 {
		t.Errorf("revealed %d texts over a forged history: %v", h.custody.unsealed, err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestBreakGlassEnds(t *testing.T) {
	h := newHouse(t)
	refused := func(l app.Look) {
		t.Helper()
		_, _, err := h.Reveal(t.Context(), l)
		if r := asError[*aggregates.Refusal](t, err); r.Code != "not_released" {
			t.Errorf("refused with %s", r.Code)
		}
	}
	stranger := look("A-2")
	refused(stranger)
	// When the glass is broken for an hour,
	stranger.BreakGlass, stranger.Note = time.Hour, "hospital"
	if _, _, err := h.Reveal(t.Context(), stranger); err != nil {
		t.Fatal(err)
	}
	// then it is open for the one who broke it, and for that class of text,
	stranger.BreakGlass, stranger.Note = 0, ""
	if _, _, err := h.Reveal(t.Context(), stranger); err != nil {
		t.Error(err)
	}
	another := stranger
	another.Actor = "bob"
	refused(another)
	expenses := stranger
	expenses.Class = events.ExpenseKey
	refused(expenses)
	// and for an hour: looking meanwhile does not lengthen it.
	h.now = noon.Add(59 * time.Minute)
	if _, _, err := h.Reveal(t.Context(), stranger); err != nil {
		t.Error(err)
	}
	h.now = noon.Add(time.Hour)
	refused(stranger)
	// Its note is sealed.
	for _, r := range h.recorded(t) {
		if strings.Contains(string(r.Raw), "hospital") {
			t.Error("the note stands in clear")
		}
	}
}

// TestDestructionIsCarriedOut lets the key file fail after the order is recorded:
// giving the confirmation again destroys.
func TestDestructionIsCarriedOut(t *testing.T) {
	h := newHouse(t)
	closing := events.MustDate("2009-03-31")
	for i, cmd := range []struct {
		name, actor string
		command     aggregates.Command
	}{
		{"close-component", "amy", &clientcase.CloseComponent{Client: "C-1", Component: "immigration", Reason: "done"}},
		{"close-component", "amy", &clientcase.CloseComponent{Client: "C-1", Component: "criminal_prosecution", Reason: "done"}},
		{"close-service", "amy", &clientcase.CloseService{Client: "C-1", Reason: "done"}},
		{"request-destruction", "amy", &clientcase.RequestDestruction{Client: "C-1", Grounds: "court_order"}},
	} {
		must(t, h.App, app.Request{Name: cmd.name, ID: "d" + string(rune('0'+i)), OccurredOn: closing, Actor: cmd.actor, Command: cmd.command})
	}
	confirm := app.Request{Name: "confirm-destruction", ID: "confirm", Actor: "amy", Command: &clientcase.ConfirmDestruction{Client: "C-1"}}
	if r := asError[*aggregates.Refusal](t, second(h.Execute(t.Context(), confirm))); r.Code != "four_eyes" {
		t.Errorf("refused with %s", r.Code)
	}
	confirm.Actor = "bob"
	h.custody.err = errors.New("disk is gone")
	if _, err := h.Execute(t.Context(), confirm); !errors.Is(err, h.custody.err) || !strings.HasPrefix(err.Error(), "recorded #") {
		t.Errorf("error = %v", err)
	}
	h.custody.err = nil
	receipt := must(t, h.App, confirm)
	if receipt.Appended || len(h.custody.destroyed) != 1 || h.custody.destroyed[0] != (seal.Order{Subject: "case/C-1", RecordID: receipt.Record.ID}) {
		t.Errorf("destroyed %v; receipt %+v", h.custody.destroyed, receipt)
	}
	_, _, err := h.Reveal(t.Context(), look("A-1"))
	asError[*seal.DestroyedError](t, err)
	if h.custody.unsealed != 0 || len(h.recorded(t)) != 0 {
		t.Error("a look at nothing was taken")
	}
}
