package app_test

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"caseledger/aggregates"
	"caseledger/aggregates/clientcase"
	"caseledger/aggregates/invoice"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/billing"
)

// TestAllAgenciesFromOnePosition transfers a client within a period: both agencies
// bill their days, from the same position, and the parts sum to the whole.
func TestAllAgenciesFromOnePosition(t *testing.T) {
	p := newProgramme(t)
	p.agency("AG-1", 0)
	p.agency("AG-2", 0)
	p.agency("AG-3", 0) // has no client
	p.enroll("C-1", "AG-1", "2009-03-01")
	p.do("propose-transfer", "2009-03-05", "amy", &clientcase.ProposeTransfer{Client: "C-1", To: "AG-2", Reason: "moved"})
	p.do("accept-transfer", "2009-03-12", "ben", &clientcase.AcceptTransfer{Client: "C-1"})
	at := head(t, p.log)
	invoiced := p.run("", "2009-03-30", "2009-03-31")
	if len(invoiced) != 2 || invoiced[0].Agency != "AG-1" || invoiced[1].Agency != "AG-2" {
		t.Fatalf("invoiced: %+v", invoiced)
	}
	// 700 × 11/30 and 700 × 19/30.
	if a, b := invoiced[0].Totals.TotalCents, invoiced[1].Totals.TotalCents; a != 25667 || b != 44333 {
		t.Errorf("split %d and %d", a, b)
	}
	for _, i := range invoiced {
		messages, err := p.log.History(t.Context(), "case/C-1")
		if err != nil {
			t.Fatal(err)
		}
		if last := messages[len(messages)-1]; i.Made.Sequence != at || last.Sequence != at || i.Made.Hash != events.HashOf(last.Data) {
			t.Errorf("%s: made from #%d %s, the ledger was at #%d", i.Agency, i.Made.Sequence, i.Made.Hash.Short(), at)
		}
	}
	for agency, want := range map[string]struct{ days, positions int }{"AG-1": {11, 2}, "AG-2": {19, 2}} {
		p.read(func(s *projections.Snapshot) error {
			a, err := billing.Of(s, agency)
			if err != nil {
				return err
			}
			lines, err := billing.Lines(s, &a.Invoices[0])
			if err != nil {
				return err
			}
			if l := lines[0]; len(lines) != 1 || l.Days != want.days || len(l.Positions) != want.positions || l.Rule != "R15" {
				t.Errorf("%s: lines %+v", agency, lines)
			}
			return nil
		})
	}
	// An advance that the client's former agency has not cleared blocks another.
	p.do("issue-advance", "2009-04-01", "prime", &invoice.IssueAdvance{Agency: "AG-2", Client: "C-1", AmountCents: 100})
	p.do("propose-transfer", "2009-04-02", "amy", &clientcase.ProposeTransfer{Client: "C-1", To: "AG-3", Reason: "moved"})
	p.do("accept-transfer", "2009-04-03", "ben", &clientcase.AcceptTransfer{Client: "C-1"})
	p.refused("foreign_client", "issue-advance", "2009-04-04", "prime", &invoice.IssueAdvance{Agency: "AG-2", Client: "C-1", AmountCents: 100})
	p.refused("advance_outstanding", "issue-advance", "2009-04-04", "prime", &invoice.IssueAdvance{Agency: "AG-3", Client: "C-1", AmountCents: 100})
}

// TestDraftsFollowThePrincipal bills a derivative whose periods are the
// principal's: the principal's letter, recorded later, moves the next invoice.
func TestDraftsFollowThePrincipal(t *testing.T) {
	p := newProgramme(t)
	p.adopt(map[string]string{"derivative_rate": "follows_principal"})
	p.agency("AG-1", 0)
	p.agency("AG-2", 0)
	p.enroll("C-1", "AG-1", "2009-01-05")
	p.do("enroll-client", "2009-01-05", "amy", &clientcase.EnrollClient{
		Client: "C-2", Agency: "AG-2", Class: "derivative", Sex: "male", AgeGroup: "minor", Principal: "C-1", VisaClass: "T-3",
		NoticeDate: events.MustDate("2009-01-05"), VictimOfSevereTrafficking: "no", RemovedFromSituation: "yes", PresentInUS: "yes",
		ImmigrationStatus: "t_visa", RequiresCaseManagement: "yes", DeterminedBy: "case manager", Evidence: "interview",
	})
	p.total(p.invoice("AG-2", "2009-02-03", "2009-02-04"), 70000, 0, 0)
	letter := p.do("receive-letter", "2009-02-10", "amy", &clientcase.ReceiveLetter{
		Client: "C-1", Kind: "certification", LetterDate: events.MustDate("2009-01-05"), ReceivedOn: events.MustDate("2009-02-10"),
	})
	e := p.invoice("AG-2", "2009-03-05", "2009-03-06")
	p.total(e, 50000-70000+50000, 0, 0)
	behind := 0
	for _, l := range e.Lines {
		if slices.Contains(l.Positions, letter.Record.Sequence) {
			behind++
		}
		if l.Adjustment && !slices.Equal(l.Causes, []uint64{letter.Record.Sequence}) {
			t.Errorf("the adjustment %+v is not caused by the letter #%d", l, letter.Record.Sequence)
		}
	}
	if behind == 0 {
		t.Errorf("no line names the principal's letter #%d: %+v", letter.Record.Sequence, e.Lines)
	}
}

// TestTwoRunsAtOnce lets several people invoice one month: there is one invoice.
func TestTwoRunsAtOnce(t *testing.T) {
	p := newProgramme(t)
	p.agency("AG-1", 0)
	p.enroll("C-1", "AG-1", "2009-03-01")
	var runs sync.WaitGroup
	numbers, refusals := make(chan int, 8), make(chan string, 8)
	for n := range 8 {
		runs.Go(func() {
			run := app.InvoiceRun{Agency: "AG-1", Month: "2009-03", Request: app.Request{
				ID: "run-" + string(rune('a'+n)), Actor: "amy", RecordedAt: events.MustInstant("2009-04-01T15:00:00Z"), OccurredOn: events.MustDate("2009-04-01"),
			}}
			invoiced, err := p.GenerateInvoices(t.Context(), run)
			switch {
			case err != nil:
				t.Error(err)
			case invoiced[0].Err != nil:
				refusals <- invoiced[0].Err.Code
			default:
				numbers <- invoiced[0].Number
			}
		})
	}
	runs.Wait()
	close(refusals)
	if len(numbers) != 1 || <-numbers != 1 || len(refusals) != 7 {
		t.Errorf("%d invoices, %d refusals", len(numbers), len(refusals))
	}
	for code := range refusals {
		if code != "already_invoiced" {
			t.Errorf("refusal %s", code)
		}
	}
}

// TestNoDrafter records nothing where nothing can be computed.
func TestNoDrafter(t *testing.T) {
	p := newProgramme(t)
	p.agency("AG-1", 0)
	p.enroll("C-1", "AG-1", "2009-03-01")
	before := head(t, p.log)
	a := open(t, p.log, func(c *app.Config) { c.Catalogue = app.Commands() })
	for name, cmd := range map[string]aggregates.Command{
		"generate-invoice": &invoice.GenerateInvoice{Agency: "AG-1", Month: "2009-03"},
		"issue-advance":    &invoice.IssueAdvance{Agency: "AG-1", Client: "C-1", AmountCents: 100},
		"decide-review":    &invoice.DecideReview{Agency: "AG-1", Client: "C-1", Decision: "leave"},
	} {
		_, err := a.Execute(t.Context(), p.request(name, "2009-04-01", "amy", cmd))
		var refusal *aggregates.Refusal
		if err == nil || errors.As(err, &refusal) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := a.GenerateInvoices(t.Context(), app.InvoiceRun{Agency: "AG-1", Month: "2009-03"}); err == nil {
		t.Error("invoices were generated without views")
	}
	if head(t, p.log) != before {
		t.Error("something was recorded")
	}
}
