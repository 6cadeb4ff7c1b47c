package invoice_test

import (
	"errors"
	"testing"

	"caseledger/aggregates"
	"caseledger/aggregates/invoice"
	"caseledger/aggregates/policy"
	"caseledger/events"
)

// given returns the billing of agency A, without records, and a client who was
// enrolled at agency B and for whom agency A booked an expense.
func given(t *testing.T) (*invoice.State, *policy.Entitlement) {
	t.Helper()
	facts := &policy.Facts{}
	previous := events.Hash{}
	for i, e := range []events.Event{
		&events.ClientEnrolled{Agency: "B", Class: events.Victim, Sex: events.Female, AgeGroup: events.Adult, Form: events.FormLabor, ImmigrationStatus: "undocumented"},
		&events.ExpenseBooked{Agency: "A", Category: "food", AmountCents: 1000},
	} {
		r, err := events.Encode(events.Envelope{
			ID: "01ARZ3NDEKTSV4RRFFQ69G5FA" + string(rune('A'+i)), Source: "test", Subject: "case/C-1", Time: 1, Version: uint64(i + 1), Previous: previous,
			OccurredOn: first + events.Date(i), Actor: "amy", Role: "test", CausationID: "c", CommandDigest: events.HashOf(nil),
		}, e)
		if err != nil {
			t.Fatal(err)
		}
		previous = r.Hash()
		if err := facts.Apply(r); err != nil {
			t.Fatal(err)
		}
	}
	e, err := policy.Evaluate(facts, policy.NewBook(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return invoice.Aggregate().New("billing/A").(*invoice.State), e
}

func generate(s *invoice.State, c *invoice.GenerateInvoice) (events.Event, error) {
	for _, spec := range invoice.Aggregate().Commands {
		if spec.Name != "generate-invoice" {
			continue
		}
		return spec.Decide(s, c, &aggregates.Context{Today: final, OccurredOn: final, Actor: "amy", Basis: aggregates.Basis{
			"agency/A": {State: subcontract{}, Reference: events.Reference{Subject: "agency/A", Version: 1}},
		}})
	}
	return nil, errors.New("there is no such command")
}

func TestLinesOfAnotherAgencysClient(t *testing.T) {
	s, e := given(t)
	closing := first + 29
	for _, test := range []struct {
		agencies []string
		code     string
	}{{[]string{"A", "B"}, ""}, {[]string{"B"}, "foreign_client"}} {
		draft := s.Draft(closing, events.LedgerPosition{Sequence: 2}, []invoice.Client{{ID: "C-1", Entitlement: e, Agencies: test.agencies}})
		event, err := generate(s, &invoice.GenerateInvoice{Agency: "A", Closing: closing, Draft: draft})
		var refusal *aggregates.Refusal
		switch {
		case test.code == "" && (err != nil || event.(*events.InvoiceGenerated).Totals.TotalCents != 1000):
			t.Errorf("%v: %+v, %v", test.agencies, event, err)
		case test.code != "" && (!errors.As(err, &refusal) || refusal.Code != test.code):
			t.Errorf("%v: got %v, want the refusal %s", test.agencies, err, test.code)
		}
	}
}

func TestDraftsThatDoNotFit(t *testing.T) {
	s, e := given(t)
	closing := first + 29
	draft := s.Draft(closing, events.LedgerPosition{Sequence: 2}, []invoice.Client{{ID: "C-1", Entitlement: e, Agencies: []string{"A"}}})
	if _, err := generate(s, &invoice.GenerateInvoice{Agency: "A", Closing: closing}); err == nil {
		t.Error("an invoice without computed lines is generated")
	}
	if _, err := generate(s, &invoice.GenerateInvoice{Agency: "A", Closing: closing + 1, Draft: draft}); err == nil {
		t.Error("an invoice with the lines of another closing date is generated")
	}
	draft.Version = 7
	var stale *invoice.StaleDraftError
	if _, err := generate(s, &invoice.GenerateInvoice{Agency: "A", Closing: closing, Draft: draft}); !errors.As(err, &stale) {
		t.Errorf("lines of another version of the account: %v", err)
	}
}
