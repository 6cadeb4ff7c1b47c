package invoice_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"

	"caseledger/aggregates"
	"caseledger/aggregates/invoice"
	"caseledger/aggregates/policy"
	"caseledger/events"

	"pgregory.net/rapid"
)

// TestSettlement holds, for random histories with corrections, transfers and
// back-dated letters and any order of invoicing: after every agency is invoiced
// from one position, what was paid is the entitlement computed from scratch, what
// is under review or left paid, the advances outstanding and the recoverables;
// no day is paid twice; and every invoice kept the caps at its own position.
//
// CASELEDGER_LONG=1 tries 100,000 histories.
func TestSettlement(t *testing.T) {
	if err := flag.Set("rapid.nofailfile", "true"); err != nil { // tests write into temporary directories only
		t.Fatal(err)
	}
	checks := 300
	if os.Getenv("CASELEDGER_LONG") != "" {
		checks = 100_000
	}
	if given := flag.Lookup("rapid.checks"); given.Value.String() == given.DefValue {
		if err := flag.Set("rapid.checks", fmt.Sprint(checks/shards)); err != nil {
			t.Fatal(err)
		}
	}
	for shard := range shards {
		t.Run(fmt.Sprint(shard), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				w := newWorld(t)
				for range rapid.IntRange(5, 40).Draw(t, "steps") {
					w.today += events.Date(rapid.IntRange(0, 30).Draw(t, "days later"))
					w.step()
				}
				w.settle()
			})
		})
	}
}

// shards is the number of parts that are tried side by side.
const shards = 4

var (
	clients  = []string{"C-1", "C-2"}
	agencies = []string{"A", "B", "C"}
	first    = events.MustDate("2008-06-01")
	// final is later than the end of every clock.
	final = events.MustDate("2014-12-31")
)

// A world is a ledger of two cases, three agencies and a programme.
type world struct {
	*rapid.T
	sequence uint64
	heads    map[events.Subject]*events.Record
	today    events.Date
	book     *policy.Book
	cases    map[string]*policy.Facts
	records  map[string][]*events.Record
	billing  map[string]*invoice.State
	left     map[string]events.Date
	settled  events.Cents // paid back by agencies that left
	commands map[string]aggregates.Spec
	cached   map[string]*policy.Entitlement
}

func newWorld(t *rapid.T) *world {
	w := &world{
		T: t, heads: map[events.Subject]*events.Record{}, today: first, book: policy.NewBook(), cases: map[string]*policy.Facts{},
		records: map[string][]*events.Record{}, billing: map[string]*invoice.State{}, left: map[string]events.Date{},
		commands: map[string]aggregates.Spec{}, cached: map[string]*policy.Entitlement{},
	}
	a := invoice.Aggregate()
	for _, spec := range a.Commands {
		w.commands[spec.Name] = spec
	}
	settings := map[string]string{}
	if rapid.Bool().Draw(t, "other settings") {
		for _, d := range policy.Catalogue() {
			readings := make([]string, len(d.Readings))
			for i, r := range d.Readings {
				readings[i] = string(r)
			}
			settings[d.Name] = rapid.SampledFrom(readings).Draw(t, d.Name)
		}
	}
	if err := w.book.Apply(w.record(events.ProgrammeSubject, first-100, "prime", &events.PolicyAdopted{Settings: settings, Authority: "test"})); err != nil {
		t.Fatal(err)
	}
	for _, id := range agencies {
		w.billing[id] = a.New(events.SubjectOf(events.KindBilling, id)).(*invoice.State)
	}
	for _, c := range clients {
		w.cases[c] = &policy.Facts{Client: c}
		w.fact(c, w.today+events.Date(rapid.IntRange(0, 40).Draw(t, "enrolled")), &events.ClientEnrolled{
			Agency: w.pick(agencies), Class: events.Victim, Sex: events.Female, AgeGroup: events.Adult, Form: events.FormLabor, ImmigrationStatus: "undocumented",
		})
	}
	return w
}

func (w *world) pick(from []string) string { return rapid.SampledFrom(from).Draw(w.T, "which") }

func (w *world) ago(most int) events.Date {
	return w.today - events.Date(rapid.IntRange(0, most).Draw(w.T, "days ago"))
}

// record encodes an event as the next record of its subject.
func (w *world) record(subject events.Subject, on events.Date, actor string, e events.Event) *events.Record {
	w.sequence++
	env := events.Envelope{
		ID: fmt.Sprintf("%026d", w.sequence), Source: "test", Subject: subject, Time: events.Instant(w.sequence) * 1000,
		Version: 1, OccurredOn: on, Actor: actor, Role: "test", CausationID: fmt.Sprint(w.sequence), CommandDigest: events.HashOf([]byte("x")),
	}
	if head := w.heads[subject]; head != nil {
		env.Version, env.Previous = head.Version+1, head.Hash()
	}
	r, err := events.Encode(env, e)
	if err != nil {
		w.Fatal(err)
	}
	r.Sequence = w.sequence
	w.heads[subject] = r
	return r
}

func (w *world) fact(client string, on events.Date, e events.Event) *events.Record {
	r := w.record(events.SubjectOf(events.KindCase, client), on, "amy", e)
	if err := w.cases[client].Apply(r); err != nil {
		w.Fatal(err)
	}
	w.records[client] = append(w.records[client], r)
	delete(w.cached, client)
	return r
}

func (w *world) entitlement(client string) *policy.Entitlement {
	if w.cached[client] == nil {
		// An entitlement keeps its facts, which go on changing.
		e, err := policy.Evaluate(w.cases[client].Clone(), w.book, nil)
		if err != nil {
			w.Fatal(err)
		}
		w.cached[client] = e
	}
	return w.cached[client]
}

// fromScratch evaluates the case's records anew.
func (w *world) fromScratch(client string) *policy.Entitlement {
	facts := &policy.Facts{Client: client}
	for _, r := range w.records[client] {
		again, err := events.DecodeStrict(r.Sequence, r.Raw)
		if err != nil {
			w.Fatal(err)
		}
		if err := facts.Apply(again); err != nil {
			w.Fatal(err)
		}
	}
	e, err := policy.Evaluate(facts, w.book, nil)
	if err != nil {
		w.Fatal(err)
	}
	return e
}

func (w *world) made() events.LedgerPosition {
	return events.LedgerPosition{Sequence: w.sequence, Hash: events.HashOf(fmt.Append(nil, w.sequence))}
}

// subcontract stands for the agency's own state.
type subcontract struct{ left events.Date }

func (s subcontract) Apply(*events.Record) error { return nil }

func (s subcontract) UnderSubcontract(day events.Date) bool { return s.left == 0 || day <= s.left }

func (s subcontract) Contract(events.Date) (events.Date, events.Cents, bool) { return first, 0, true }

// do decides a command and records its event; it reports whether it did. A
// refusal is no fault, any other error is.
func (w *world) do(name, agency string, cmd aggregates.Command) bool {
	ctx := &aggregates.Context{Today: w.today, OccurredOn: w.today, Actor: "amy", Basis: aggregates.Basis{}}
	known := events.Reference{Version: 1, Hash: events.HashOf([]byte("known"))}
	for _, subject := range []events.Subject{events.SubjectOf(events.KindAgency, agency), "case/C-1", "case/C-2"} {
		known.Subject = subject
		ctx.Basis[subject] = aggregates.Standing{State: subcontract{w.left[agency]}, Reference: known}
	}
	s := w.billing[agency]
	e, err := w.commands[name].Decide(s, cmd, ctx)
	var refusal *aggregates.Refusal
	if err != nil && !errors.As(err, &refusal) {
		w.Fatalf("%s of agency %s: %v", name, agency, err)
	}
	if err != nil || e == nil {
		return false
	}
	if err := s.Apply(w.record(events.SubjectOf(events.KindBilling, agency), w.today, "amy", e)); err != nil {
		w.Fatal(err)
	}
	return true
}

var reason = events.SealedSecret("s1.1.AA")

// step records one random fact or command.
func (w *world) step() {
	c := w.pick(clients)
	switch rapid.IntRange(0, 19).Draw(w.T, "step") {
	case 0, 1, 2, 3:
		w.fact(c, w.ago(90), &events.ExpenseBooked{Agency: w.pick(agencies), Category: "x", AmountCents: events.Cents(rapid.IntRange(1, 150000).Draw(w.T, "cents"))})
	case 4:
		w.reverse(c)
	case 5:
		w.fact(c, w.ago(60), &events.TransferAccepted{To: w.pick(agencies)})
	case 6:
		w.fact(c, w.today, &events.LetterReceived{Kind: events.Certification, LetterDate: w.ago(120), ReceivedOn: w.today})
	case 7:
		w.fact(c, w.today, &events.LetterReceived{Kind: events.Certification, LetterDate: min(w.today, first+events.Date(rapid.IntRange(0, 140).Draw(w.T, "letter"))), ReceivedOn: w.today})
	case 8:
		w.invoice(w.cases[c].AgencyOn(w.today-20), w.today)
	case 9:
		request := w.fact(c, w.ago(20), &events.ExtensionRequested{Reason: reason})
		w.fact(c, w.ago(20), &events.ExtensionDecided{Request: request.ID, Granted: true, Reason: reason})
	case 10:
		w.rare(c)
	case 11:
		w.withdraw(c)
	case 12, 13, 14, 15:
		w.invoice(w.pick(agencies), w.ago(45))
	case 16:
		w.advance(c)
	case 17:
		w.review()
	case 18:
		agency := w.pick(agencies)
		if n := len(w.billing[agency].Invoices()); n > 0 {
			w.do("deny-invoice", agency, &invoice.DenyInvoice{Agency: agency, Number: rapid.IntRange(1, n).Draw(w.T, "number"), Reasons: []string{"fraud"}})
		}
	case 19:
		w.leave(w.pick(agencies))
	}
}

// review decides on whatever is under review first.
func (w *world) review() {
	for _, agency := range agencies {
		for _, c := range clients {
			open := &invoice.OpenReview{Made: w.made(), Lines: w.billing[agency].UnderReview(c, w.entitlement(c))}
			cmd := &invoice.DecideReview{Agency: agency, Client: c, Decision: w.pick([]string{"recover", "leave"}), Open: open}
			if len(open.Lines) > 0 && w.do("decide-review", agency, cmd) {
				return
			}
		}
	}
}

func (w *world) rare(c string) {
	switch rapid.IntRange(0, 5).Draw(w.T, "rare") {
	case 0:
		w.fact(c, w.ago(60), &events.EligibilityEnded{Cause: "departed"})
	case 1:
		w.fact(c, w.ago(60), &events.PlacementStarted{Setting: "foster"})
	case 2:
		w.fact(c, w.ago(60), &events.PlacementEnded{Reason: reason})
	case 3:
		w.fact(c, w.ago(30), &events.PeriodApproved{Reason: reason})
	case 4:
		w.fact(c, w.ago(60), &events.ServiceClosed{Reason: reason})
	case 5:
		w.fact(c, w.ago(60), &events.ServiceReopened{Agency: w.pick(agencies), Reason: reason})
	}
}

func (w *world) reverse(c string) {
	for _, x := range w.cases[c].Expenses {
		if !x.Reversed() && rapid.Bool().Draw(w.T, "this one") {
			w.fact(c, w.today, &events.ExpenseReversed{Expense: x.ID, AmountCents: -x.Cents, Reason: reason})
			return
		}
	}
}

func (w *world) withdraw(c string) {
	causes := w.cases[c].Causes
	taken := causes[rapid.IntRange(0, len(causes)-1).Draw(w.T, "fact")]
	switch taken.Type {
	case "transfer.accepted.v1", "letter.received.v1", "service.closed.v1", "service.reopened.v1", "eligibility.ended.v1",
		"placement.started.v1", "placement.ended.v1", "extension.decided.v1", "period.approved.v1":
		w.fact(c, w.today, &events.CaseFactWithdrawn{Record: taken.ID, Reason: reason})
	}
}

// leave has an agency that left pay something back, and else ends a subcontract.
func (w *world) leave(agency string) {
	for _, gone := range agencies {
		w.payBack(gone)
	}
	if w.left[agency] == 0 {
		w.left[agency] = w.today - 1
	}
}

func (w *world) payBack(agency string) {
	for _, i := range w.billing[agency].Invoices() {
		cents := max(1, -i.Totals.TotalCents/2)
		if i.Recoverable && w.do("settle-recoverable", agency, &invoice.SettleRecoverable{Agency: agency, Number: i.Number, AmountCents: cents, Reference: "X"}) {
			w.settled += cents
		}
	}
	for _, c := range clients {
		for _, a := range w.billing[agency].Account(c).Advances {
			cents := max(1, w.billing[agency].Outstanding(c)/2)
			if w.do("settle-recoverable", agency, &invoice.SettleRecoverable{Agency: agency, Advance: a.ID, AmountCents: cents, Reference: "X"}) {
				w.settled += cents
			}
		}
	}
}

func (w *world) advance(c string) {
	agency := w.cases[c].AgencyOn(w.today)
	if agency == "" {
		return
	}
	a := &invoice.Allowance{Made: w.made(), At: agency}
	a.Cents, a.Reason = w.entitlement(c).AdvanceAllowed(w.today, 0)
	for _, other := range agencies {
		if other != agency {
			a.Elsewhere += w.billing[other].Outstanding(c)
		}
	}
	cents := events.Cents(rapid.IntRange(1, 60000).Draw(w.T, "advance"))
	if !w.do("issue-advance", agency, &invoice.IssueAdvance{Agency: agency, Client: c, AmountCents: cents, Allowance: a}) {
		return
	}
	var outstanding events.Cents
	for _, id := range agencies {
		outstanding += w.billing[id].Outstanding(c)
	}
	if outstanding != cents {
		w.Fatalf("client %s: %d is outstanding after an advance of %d", c, outstanding, cents)
	}
	w.checkCaps(w.entitlement(c), w.today, cents)
}

// invoice generates an invoice and checks it at its own position.
func (w *world) invoice(agency string, closing events.Date) {
	s := w.billing[agency]
	if s == nil {
		return // the client is with none
	}
	list := make([]invoice.Client, len(clients))
	for i, c := range clients {
		list[i] = invoice.Client{ID: c, Entitlement: w.entitlement(c), Agencies: agencies}
	}
	draft := s.Draft(closing, w.made(), list)
	if !w.do("generate-invoice", agency, &invoice.GenerateInvoice{Agency: agency, Closing: closing, Draft: draft}) {
		return
	}
	for _, l := range draft.Lines {
		if l.Adjustment != (len(l.Causes) > 0) || l.Cents == 0 || l.Start > l.End || l.End > closing {
			w.Fatalf("line %+v of an invoice to %s", l, closing)
		}
	}
	for _, c := range clients {
		e := w.entitlement(c)
		w.checkCaps(e, closing, 0)
		w.checkClearing(c, draft)
		r := e.At(closing)
		var admin, spent events.Cents
		for _, b := range s.Account(c).Lines {
			switch b.Kind {
			case policy.AdministrativeLine:
				admin += b.Cents
			case policy.ClientLine:
				spent += b.Cents
			}
		}
		kept := w.kept(agency, c, e)
		if want := r.Agency(agency).AdministrativeCents + r.Agency(agency).ClientCents + kept.sum(); admin+spent != want {
			w.Fatalf("client %s: agency %s has billed %d to %s, entitlement and what stays paid are %d", c, agency, admin+spent, closing, want)
		}
	}
}

// kept is what stays billed although its days lie past a clock's end, by key.
type kept map[policy.LineKey]events.Cents

func (k kept) sum() (sum events.Cents) {
	for _, cents := range k {
		sum += cents
	}
	return sum
}

func (w *world) kept(agency, client string, e *policy.Entitlement) kept {
	k := kept{}
	account := w.billing[agency].Account(client)
	byKey := map[policy.LineKey][]policy.Billed{}
	for _, b := range account.Lines {
		byKey[b.LineKey] = append(byKey[b.LineKey], b)
	}
	for key, lines := range byKey {
		account.Lines = lines
		if s := e.Due(agency, account.Closing, account); s.UnderReviewCents+s.LeftPaidCents != 0 {
			k[key] = s.UnderReviewCents + s.LeftPaidCents
		}
	}
	return k
}

// checkClearing holds what is set off against advances to what is due for expenses.
func (w *world) checkClearing(client string, d *invoice.Draft) {
	var spent, cleared events.Cents
	for _, l := range d.Lines {
		switch {
		case l.Client != client:
		case l.Kind == string(policy.ClientLine):
			spent += l.Cents
		case l.Kind == string(policy.ClearingLine):
			cleared -= l.Cents
		}
	}
	if cleared > max(0, spent) {
		w.Fatalf("client %s: %d of an advance is cleared against expenses of %d", client, cleared, spent)
	}
}

// checkCaps holds what is paid of each clock, with an advance of that day, against
// R16 and R17, counted anew.
func (w *world) checkCaps(e *policy.Entitlement, closing events.Date, advance events.Cents) {
	for i := range e.Clocks {
		c := &e.Clocks[i]
		rate := c.Policy.Rates.Certified.ClientCents
		if c.Status == policy.PreCertified || c.Status == policy.PreEligible {
			rate = c.Policy.Rates.PreCertified.ClientCents
		}
		begun := 0
		for _, p := range c.Periods {
			if p.Start <= closing {
				begun++
			}
		}
		var paid events.Cents
		for _, x := range e.At(closing).Expenses {
			if e.ClockOn(x.Date) == c {
				paid += x.Paid
			}
		}
		if e.ClockOn(closing) == c {
			paid += advance
		}
		if paid > c.BudgetCents {
			w.Fatalf("clock of %s: %d paid by %s, above the budget of %d", c.Start, paid, closing, c.BudgetCents)
		}
		if c.Policy.ClientCeiling == policy.AccruedPlusOneMonth && c.Policy.HeldAtClockEnd == policy.Disallowed && paid > rate*events.Cents(begun+1) {
			w.Fatalf("clock of %s: %d paid by %s, above %d × (%d + 1)", c.Start, paid, closing, rate, begun)
		}
	}
}

// settle invoices every agency from one position and holds the sums.
func (w *world) settle() {
	w.today = final
	for _, agency := range agencies {
		w.invoice(agency, final)
	}
	var billed, owed, advanced, outstanding events.Cents
	for _, agency := range agencies {
		s := w.billing[agency]
		for i, v := range s.Invoices() {
			switch {
			case v.Number != i+1:
				w.Fatalf("agency %s: invoice %d stands at %d", agency, v.Number, i+1)
			case v.Status == invoice.Denied:
			case v.Recoverable:
				owed += -v.Totals.TotalCents - v.Settled
			default:
				billed += v.Totals.TotalCents
			}
		}
		for _, c := range clients {
			for _, a := range s.Account(c).Advances {
				advanced += a.Cents
			}
			if s.Outstanding(c) < 0 {
				w.Fatalf("client %s: %d of the advances of agency %s is outstanding", c, s.Outstanding(c), agency)
			}
			outstanding += s.Outstanding(c)
		}
	}
	var entitled, stays events.Cents
	for _, c := range clients {
		e := w.fromScratch(c)
		r := e.At(final)
		entitled += r.AdministrativeCents + r.ClientCents.Paid
		stays += w.checkKeys(c, e)
	}
	if paid := billed + advanced - w.settled; paid != entitled+stays+outstanding+owed {
		w.Fatalf("paid %d; entitled %d, under review or left paid %d, advances outstanding %d, recoverable %d", paid, entitled, stays, outstanding, owed)
	}
}

// checkKeys holds the net of every service period against its amount, whichever
// agencies billed it, and that no day lies in two periods that are paid for.
func (w *world) checkKeys(client string, e *policy.Entitlement) (stays events.Cents) {
	net := map[policy.LineKey]events.Cents{}
	for _, agency := range agencies {
		for _, b := range w.billing[agency].Account(client).Lines {
			if b.Kind == policy.AdministrativeLine {
				net[b.LineKey] += b.Cents
			}
		}
		for key, cents := range w.kept(agency, client, e) {
			stays += cents
			if key.Kind == policy.AdministrativeLine {
				net[key] -= cents
			}
		}
	}
	paidOn := map[events.Date]policy.LineKey{}
	for i := range e.Clocks {
		c := &e.Clocks[i]
		for _, p := range c.Periods {
			key := policy.LineKey{Kind: policy.AdministrativeLine, Clock: c.Start, Rate: policy.Certified, Period: p.Number}
			if c.Status == policy.PreCertified || c.Status == policy.PreEligible {
				key.Rate = policy.PreCertified
			}
			if net[key] != p.AdministrativeCents {
				w.Fatalf("client %s: %+v was billed at %d, its amount is %d", client, key, net[key], p.AdministrativeCents)
			}
			for day := p.Start; net[key] > 0 && day <= p.End; day++ {
				if funded, _, _ := e.Funding(day); !funded || e.ClockOn(day) != c {
					continue
				}
				if other, twice := paidOn[day]; twice {
					w.Fatalf("client %s: %s is paid by %+v and by %+v", client, day, other, key)
				}
				paidOn[day] = key
			}
			delete(net, key)
		}
	}
	for key, cents := range net {
		if cents != 0 {
			w.Fatalf("client %s: %+v does not exist and was billed at %d", client, key, cents)
		}
	}
	return stays
}

// TestWorldReachesEverything demands that the histories of TestSettlement get to
// what they are about.
func TestWorldReachesEverything(t *testing.T) {
	seen := map[string]int{}
	for seed := range 400 {
		w := rapid.Custom(func(t *rapid.T) *world {
			w := newWorld(t)
			for range 40 {
				w.today += events.Date(rapid.IntRange(0, 30).Draw(t, "days later"))
				w.step()
			}
			w.settle()
			w.T = nil
			return w
		}).Example(seed)
		for _, s := range w.billing {
			for _, i := range s.Invoices() {
				seen["invoice"]++
				seen["invoice "+string(i.Status)]++
				if i.Recoverable {
					seen["recoverable"]++
				}
				if i.Totals.AdjustmentCents != 0 {
					seen["adjustment"]++
				}
				if i.Totals.ClearedCents != 0 {
					seen["advance cleared"]++
				}
			}
			for _, c := range clients {
				for _, a := range s.Account(c).Advances {
					if a.Cents > 0 && s.Outstanding(c) == 0 {
						seen["advance used up"]++
					}
				}
				if len(s.UnderReview(c, w.entitlement(c))) > 0 {
					seen["under review"]++
				}
				if len(s.Account(c).Reviews) > 0 {
					seen["review decided"]++
				}
				if s.Outstanding(c) > 0 {
					seen["advance outstanding"]++
				}
			}
		}
		if w.settled > 0 {
			seen["settled"]++
		}
	}
	for _, what := range []string{"invoice", "invoice denied", "recoverable", "adjustment", "advance cleared", "advance used up", "under review", "review decided", "advance outstanding", "settled"} {
		if seen[what] < 3 {
			t.Errorf("%s: %d times in 400 histories", what, seen[what])
		}
	}
	t.Log(seen)
}
