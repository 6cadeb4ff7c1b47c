package cli

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
)

// Given a ledger in which somebody who can write to the stream put an invoice that bills
// nobody's days, then every record is well formed and every view is what the records say; only --deep,
// which computes the invoices again, finds it.
func TestVerifyDeepFindsAFalseInvoice(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	var out bytes.Buffer
	program := func(args ...string) *Program {
		out.Reset()
		return &Program{Args: append(args, "--data", dir), Dir: t.TempDir(), Out: &out, Err: &out, In: strings.NewReader(""),
			Getenv: func(string) string { return "" }, User: "amy", Now: time.Now, ExitCode: func(error) int { return 0 }}
	}
	run := func(args ...string) error { return program(args...).Run(t.Context()) }
	if err := errors.Join(run("init"), run("audit", "checkpoint"), run("audit", "verify", "--deep")); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "\nequal\n") || !strings.Contains(out.String(), "differences 0") {
		t.Errorf("verified: %s", &out)
	}
	forge(t, program("version"), "billing/A-1", &events.InvoiceGenerated{
		Number: 1, Month: "2009-01", Closing: events.MustDate("2009-01-31"), Made: events.LedgerPosition{Sequence: 1},
		Lines: []events.InvoiceLine{{
			BilledKey: events.BilledKey{Kind: "administrative", Client: "C-1", Rate: "certified", Clock: events.MustDate("2009-01-01"), Period: 1},
			Start:     events.MustDate("2009-01-01"), End: events.MustDate("2009-01-31"), Days: 31, Cents: 1000_00, Rule: "R15",
		}},
		Totals: events.InvoiceTotals{Lines: 1, AdministrativeCents: 1000_00, TotalCents: 1000_00},
	})
	if err := errors.Join(run("audit", "checkpoint"), run("audit", "verify")); err != nil {
		t.Fatal(err)
	}
	err := run("audit", "verify", "--deep")
	var different *TraceError
	if !errors.As(err, &different) || different.Differences < 2 || !strings.Contains(out.String(), "there is no client C-1") {
		t.Errorf("%v: %s", err, &out)
	}
}

// forge appends an event to the stream, past every rule.
func forge(t *testing.T, p *Program, subject events.Subject, event events.Event) {
	t.Helper()
	if err := p.Run(t.Context()); err != nil { // reads the flags
		t.Fatal(err)
	}
	l, release, err := p.ledger(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	id, err := app.NewCommandID(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	now, today := l.Now()
	r, err := events.Encode(events.Envelope{ID: id, Source: l.Ledger.Name, Subject: subject, Time: now, Version: 1, OccurredOn: today,
		Actor: "eve", Role: "operator", CausationID: id, CommandDigest: events.HashOf(nil)}, event)
	if err == nil {
		_, err = l.Log.Append(t.Context(), subject, 0, id, r.Raw)
	}
	if err := errors.Join(err, release()); err != nil {
		t.Fatal(err)
	}
}
