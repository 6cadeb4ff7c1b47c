package app_test

import (
	"errors"
	"path/filepath"
	"testing"

	"caseledger/aggregates"
	"caseledger/aggregates/agency"
	"caseledger/aggregates/clientcase"
	"caseledger/aggregates/invoice"
	"caseledger/aggregates/programme"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/events/memlog"
	"caseledger/projections"
	"caseledger/projections/billing"
)

// A programme is a ledger in memory with its views, under a simulated clock.
type programmeLedger struct {
	*testing.T
	*app.App
	log   *memlog.Log
	views *projections.Views
	count int
}

func newProgramme(t *testing.T) *programmeLedger {
	t.Helper()
	log := memlog.New()
	genesis(t, log, true)
	views, err := projections.Open(filepath.Join(t.TempDir(), "views.db"), []projections.View{billing.View{}}, projections.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := views.Close(); err != nil {
			t.Error(err)
		}
	})
	p := &programmeLedger{T: t, log: log, views: views}
	p.App = open(t, log, func(c *app.Config) { c.Catalogue, c.Drafter = app.Commands(), app.NewDrafter(views, log) })
	return p
}

// request is a command on a day, recorded that afternoon.
func (p *programmeLedger) request(name, on, actor string, cmd aggregates.Command) app.Request {
	p.count++
	return app.Request{
		Name: name, ID: name + "-" + string(rune('a'+p.count/26%26)) + string(rune('a'+p.count%26)), Actor: actor,
		OccurredOn: events.MustDate(on), RecordedAt: events.MustInstant(on + "T15:00:00Z"), Command: cmd,
	}
}

func (p *programmeLedger) do(name, on, actor string, cmd aggregates.Command) app.Receipt {
	p.Helper()
	r, err := p.Execute(p.Context(), p.request(name, on, actor, cmd))
	if err != nil {
		p.Fatalf("%s on %s: %v", name, on, err)
	}
	return r
}

// refused gives a command that must be refused with a code.
func (p *programmeLedger) refused(code, name, on, actor string, cmd aggregates.Command) {
	p.Helper()
	before := head(p.T, p.log)
	_, err := p.Execute(p.Context(), p.request(name, on, actor, cmd))
	var refusal *aggregates.Refusal
	if !errors.As(err, &refusal) || refusal.Code != code {
		p.Errorf("%s on %s: got %v, want the refusal %s", name, on, err, code)
	}
	if head(p.T, p.log) != before {
		p.Errorf("%s: a refused command changed the ledger", name)
	}
}

func (p *programmeLedger) agency(id string, ceiling events.Cents) {
	p.Helper()
	p.do("sign-subcontract", "2005-10-01", "prime", &agency.SignSubcontract{Agency: id, Name: "Agency " + id, State: "MD", CeilingCents: ceiling})
}

func (p *programmeLedger) enroll(client, at, on string) {
	p.Helper()
	p.do("enroll-client", on, "amy", &clientcase.EnrollClient{
		Client: client, Agency: at, Class: "victim", Sex: "unknown", AgeGroup: "adult", Form: "unknown",
		VictimOfSevereTrafficking: "yes", RemovedFromSituation: "yes", PresentInUS: "yes",
		ImmigrationStatus: "undocumented", RequiresCaseManagement: "yes", DeterminedBy: "case manager", Evidence: "interview",
	})
}

func (p *programmeLedger) expense(client, on string, cents events.Cents) app.Receipt {
	p.Helper()
	return p.do("book-expense", on, "amy", &clientcase.BookExpense{Client: client, Category: "general_support", AmountCents: cents})
}

func (p *programmeLedger) run(agency, closing, on string) []app.Invoiced {
	p.Helper()
	run := app.InvoiceRun{Request: p.request("", on, "amy", nil), Agency: agency, Closing: events.MustDate(closing)}
	invoiced, err := p.GenerateInvoices(p.Context(), run)
	if err != nil {
		p.Fatalf("invoice %s to %s: %v", agency, closing, err)
	}
	return invoiced
}

// invoice generates the agency's invoice and returns its event.
func (p *programmeLedger) invoice(agency, closing, on string) *events.InvoiceGenerated {
	p.Helper()
	one := p.run(agency, closing, on)[0]
	if one.Record == nil {
		p.Fatalf("invoice %s to %s: %+v", agency, closing, one)
	}
	return eventOf[*events.InvoiceGenerated](p.T, one.Record)
}

func eventOf[E events.Event](t *testing.T, r *events.Record) E {
	t.Helper()
	e, err := r.Event()
	if err != nil {
		t.Fatal(err)
	}
	return e.(E)
}

// account reads the agency's billing from the views.
func (p *programmeLedger) account(id string) (a billing.Account) {
	p.Helper()
	p.read(func(s *projections.Snapshot) (err error) { a, err = billing.Of(s, id); return err })
	return a
}

func (p *programmeLedger) read(f func(*projections.Snapshot) error) {
	p.Helper()
	if err := p.views.CatchUp(p.Context(), p.log, nil); err != nil {
		p.Fatal(err)
	}
	if err := p.views.Read(f); err != nil {
		p.Fatal(err)
	}
}

func (p *programmeLedger) adopt(settings map[string]string) {
	p.Helper()
	if len(settings) > 0 {
		p.do("adopt-policy", "2005-10-01", "prime", &programme.AdoptPolicy{Settings: settings, Authority: "test"})
	}
}

func (p *programmeLedger) total(e *events.InvoiceGenerated, admin, client, cleared events.Cents) {
	p.Helper()
	if e.Totals.AdministrativeCents != admin || e.Totals.ClientCents != client || e.Totals.ClearedCents != cleared ||
		e.Totals.TotalCents != admin+client+cleared {
		p.Errorf("invoice %d: %+v, want administrative %d, client %d, cleared %d", e.Number, e.Totals, admin, client, cleared)
	}
}

func TestW14Advance(t *testing.T) {
	p := newProgramme(t)
	p.agency("AG-1", 0)
	p.enroll("C-1", "AG-1", "2009-03-01")
	p.refused("above_allowance", "issue-advance", "2009-03-01", "prime", &invoice.IssueAdvance{Agency: "AG-1", Client: "C-1", AmountCents: 60001})
	p.do("issue-advance", "2009-03-01", "prime", &invoice.IssueAdvance{Agency: "AG-1", Client: "C-1", AmountCents: 60000})
	p.refused("advance_outstanding", "issue-advance", "2009-03-02", "prime", &invoice.IssueAdvance{Agency: "AG-1", Client: "C-1", AmountCents: 100})

	p.expense("C-1", "2009-03-10", 45000)
	p.total(p.invoice("AG-1", "2009-03-30", "2009-03-31"), 70000, 45000, -45000)
	if a := p.account("AG-1"); a.Clients[0].OutstandingCents != 15000 {
		t.Errorf("after the first invoice: %+v", a.Clients)
	}
	p.expense("C-1", "2009-04-10", 70000)
	p.total(p.invoice("AG-1", "2009-04-29", "2009-04-30"), 70000, 70000, -15000)

	a := p.account("AG-1")
	if c := a.Clients[0]; c.OutstandingCents != 0 || c.ClientCents+c.ClearedCents+c.AdvancedCents != 115000 {
		t.Errorf("cash for client expenses: %+v", c)
	}
}

func TestW14WithoutAdvances(t *testing.T) {
	p := newProgramme(t)
	p.adopt(map[string]string{"cash_advance": "none"})
	p.agency("AG-1", 0)
	p.enroll("C-1", "AG-1", "2009-03-01")
	p.refused("no_advance", "issue-advance", "2009-03-01", "prime", &invoice.IssueAdvance{Agency: "AG-1", Client: "C-1", AmountCents: 60000})
	p.expense("C-1", "2009-03-10", 45000)
	p.total(p.invoice("AG-1", "2009-03-30", "2009-03-31"), 70000, 45000, 0)
	p.expense("C-1", "2009-04-10", 70000)
	p.total(p.invoice("AG-1", "2009-04-29", "2009-04-30"), 70000, 70000, 0)
}

func TestW20CorrectionOfAnExpense(t *testing.T) {
	for _, test := range []struct {
		settings            map[string]string
		first, second, back events.Cents
	}{
		{nil, 120000, -17000, -20000},
		{map[string]string{"client_ceiling": "overall_budget"}, 130000, -27000, -30000},
	} {
		p := newProgramme(t)
		p.adopt(test.settings)
		p.agency("AG-1", 0)
		p.enroll("C-1", "AG-1", "2009-03-01")
		p.expense("C-1", "2009-03-05", 100000)
		furniture := p.expense("C-1", "2009-03-20", 30000)
		first := p.run("AG-1", "2009-03-30", "2009-03-31")[0]
		issued := string(first.Record.Raw)
		p.total(eventOf[*events.InvoiceGenerated](t, first.Record), 70000, test.first, 0)

		reversal := p.do("reverse-expense", "2009-04-15", "amy", &clientcase.ReverseExpense{Client: "C-1", Expense: furniture.Record.ID, Reason: "misread"})
		again := app.Request{
			Name: "book-expense", ID: "again", Actor: "amy", OccurredOn: events.MustDate("2009-03-20"), RecordedAt: events.MustInstant("2009-04-16T15:00:00Z"),
			Command: &clientcase.BookExpense{Client: "C-1", Category: "general_support", AmountCents: 3000},
		}
		rebooked, err := p.Execute(t.Context(), again)
		if err != nil {
			t.Fatal(err)
		}
		second := p.invoice("AG-1", "2009-04-29", "2009-04-30")
		p.total(second, 70000, test.second, 0)
		var back, forth *events.InvoiceLine
		for i := range second.Lines {
			switch l := &second.Lines[i]; l.Expense {
			case furniture.Record.ID:
				back = l
			case rebooked.Record.ID:
				forth = l
			}
		}
		if back == nil || !back.Adjustment || back.Cents != test.back || len(back.Causes) != 1 || back.Causes[0] != reversal.Record.Sequence {
			t.Errorf("line of the reversed expense: %+v", back)
		}
		if forth == nil || !forth.Adjustment || forth.Cents != 3000 || len(forth.Causes) != 1 || forth.Causes[0] != rebooked.Record.Sequence {
			t.Errorf("line of the rebooked expense: %+v", forth)
		}
		messages, err := p.log.History(t.Context(), "billing/AG-1")
		if err != nil {
			t.Fatal(err)
		}
		if string(messages[0].Data) != issued {
			t.Error("the first invoice changed")
		}
	}
}

func TestW21BackDatedCertification(t *testing.T) {
	for _, test := range []struct {
		settings map[string]string
		total    events.Cents
	}{
		{nil, -5000},
		{map[string]string{"partial_period_admin": "completed_only"}, -40000},
		{map[string]string{"retro_certification_effect": "notice_date"}, 28334},
	} {
		p := newProgramme(t)
		p.adopt(test.settings)
		p.agency("AG-1", 0)
		p.enroll("C-1", "AG-1", "2009-01-05")
		for _, closing := range []string{"2009-02-03", "2009-03-05", "2009-04-04"} {
			p.total(p.invoice("AG-1", closing, closing), 70000, 0, 0)
		}
		letter := p.do("receive-letter", "2009-04-10", "amy", &clientcase.ReceiveLetter{
			Client: "C-1", Kind: "certification", LetterDate: events.MustDate("2009-02-19"), ReceivedOn: events.MustDate("2009-04-10"),
		})
		e := p.invoice("AG-1", "2009-04-19", "2009-04-20")
		p.total(e, test.total, 0, 0)
		adjusted := 0
		for _, l := range e.Lines {
			if !l.Adjustment {
				continue
			}
			adjusted++
			if len(l.Causes) != 1 || l.Causes[0] != letter.Record.Sequence {
				t.Errorf("%v: causes of %+v are not the letter #%d", test.settings, l, letter.Record.Sequence)
			}
		}
		if (adjusted > 0) != (test.total < 0) {
			t.Errorf("%v: %d adjustment lines", test.settings, adjusted)
		}
	}
}

func TestW27Extension(t *testing.T) {
	for _, test := range []struct {
		grants        string
		admin, client events.Cents
	}{{"admin_and_client", 70000, 50000}, {"admin_only", 70000, 0}, {"client_only", 0, 50000}} {
		p := newProgramme(t)
		p.adopt(map[string]string{"extension_grants": test.grants, "client_ceiling": "overall_budget"})
		p.agency("AG-1", 0)
		p.enroll("C-1", "AG-1", "2009-01-05")
		p.expense("C-1", "2009-02-10", 540000) // the whole budget of nine periods
		p.total(p.invoice("AG-1", "2009-10-01", "2009-10-01"), 630000, 540000, 0)
		p.do("request-extension", "2009-10-01", "amy", &clientcase.RequestExtension{Client: "C-1", Reason: "trial pending"})
		p.do("decide-extension", "2009-10-02", "prime", &clientcase.DecideExtension{Client: "C-1", Granted: "yes", Reason: "approved"})
		p.expense("C-1", "2009-10-20", 50000)
		if test.admin+test.client == 0 {
			t.Fatal("nothing to bill")
		}
		e := p.invoice("AG-1", "2009-10-31", "2009-10-31")
		p.total(e, test.admin, test.client, 0)
		for _, l := range e.Lines {
			if l.Kind == "administrative" && (l.Period != 10 || l.Days != 30 || l.Rule == "" || len(l.Positions) == 0) {
				t.Errorf("line of the extension: %+v", l)
			}
		}
	}
}
