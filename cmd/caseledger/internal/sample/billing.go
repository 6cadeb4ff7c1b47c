package sample

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"slices"

	"caseledger/aggregates"
	"caseledger/aggregates/invoice"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
)

// Who bills and pays in the prime contractor's name. Who approves is not who
// reviews.
const (
	billingOffice = "PRIME-BILLING"
	financeOffice = "PRIME-FINANCE"
)

// An office bills the programme month by month and sees each invoice to its payment:
// most go through, some are returned and resubmitted, held, or denied. What is to be
// done next is known only when the step before it is recorded.
type office struct {
	to       Ledger
	seed     uint64
	recorded func()
	desks    map[string]*desk // by agency
	months   []events.Date    // first days of those that are still to be billed
	advances map[events.Date][]*person
	decided  map[string]bool // agency and client whose review was decided
	due      tasks
	tasks    int
}

// A desk is one agency's part of the billing.
type desk struct {
	*site
	keys keyring
}

// A task is something that the office does at a moment.
type task struct {
	at    events.Instant
	order int
	do    func(context.Context) error
}

// tasks is a heap by moment.
type tasks []task

func (h tasks) Len() int { return len(h) }

func (h tasks) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(h[i].at, h[j].at), cmp.Compare(h[i].order, h[j].order)) < 0
}
func (h tasks) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *tasks) Push(x any)   { *h = append(*h, x.(task)) }
func (h *tasks) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// newOffice opens the office of a sample.
func newOffice(c Config, to Ledger, recorded func()) *office {
	o := &office{
		to: to, seed: c.Seed, recorded: recorded, desks: map[string]*desk{},
		advances: map[events.Date][]*person{}, decided: map[string]bool{},
	}
	for month := programmeStart; month.LastOfMonth() < horizon; month = month.AddMonths(1) {
		o.months = append(o.months, month)
	}
	for copyOf := range c.scale() {
		people, sites := c.plan(copyOf)
		for _, s := range sites {
			o.desks[s.id] = &desk{s, newKeyring(c.Seed, sourceBilling, s.ordinal)}
		}
		for _, p := range people {
			if p.client && p.each(27, 11) {
				month := firstOfMonth(p.enroll)
				o.advances[month] = append(o.advances[month], p)
			}
		}
	}
	return o
}

func firstOfMonth(d events.Date) events.Date {
	return d.LastOfMonth().AddMonths(-1).LastOfMonth() + 1
}

// until does everything that comes before a moment.
func (o *office) until(ctx context.Context, t events.Instant) error {
	for {
		run := horizonEnd
		if len(o.months) > 0 {
			run = billingMoment(o.months[0])
		}
		switch {
		case len(o.due) > 0 && o.due[0].at <= min(run, t):
			if err := heap.Pop(&o.due).(task).do(ctx); err != nil {
				return err
			}
		case len(o.months) > 0 && run <= t:
			month := o.months[0]
			o.months = o.months[1:]
			if err := o.bill(ctx, month, run); err != nil {
				return fmt.Errorf("bill %s: %w", month.String()[:7], err)
			}
		default:
			return nil
		}
	}
}

// billingMoment is when a month is billed: in the afternoon of the sixth day of the
// next one.
func billingMoment(month events.Date) events.Instant {
	return startOf(month.LastOfMonth()+6) + 17*3_600_000
}

// bill generates the invoices of a month for all agencies, from one position of the
// ledger, and advances cash to some clients who came in that month.
func (o *office) bill(ctx context.Context, month events.Date, at events.Instant) error {
	today := month.LastOfMonth() + 6
	invoiced, err := o.to.GenerateInvoices(ctx, app.InvoiceRun{Month: month.String()[:7], Request: app.Request{
		ID: "S-BILLING-" + month.String()[:7], OccurredOn: today, RecordedAt: at, Actor: billingOffice, Role: rolePrime,
	}})
	if err != nil {
		return err
	}
	for _, i := range invoiced {
		switch {
		case i.Err != nil && !slices.Contains([]string{"agency_not_under_subcontract", "returned_invoice_open"}, i.Err.Code):
			return i.Err
		case i.Number > 0:
			o.recorded()
			if err := o.follow(i, today); err != nil {
				return err
			}
		}
	}
	for _, p := range o.advances[month] {
		o.advance(p, today)
	}
	return nil
}

// follow plans the way of one invoice.
func (o *office) follow(i app.Invoiced, today events.Date) error {
	w := &way{office: o, desk: o.desks[i.Agency], Invoiced: i, day: today}
	w.d = newDice(o.seed, w.ordinal, diceForBilling, uint64(i.Number))
	e, err := i.Record.Event()
	if err != nil {
		return err
	}
	for _, s := range e.(*events.InvoiceGenerated).Standings {
		if id := i.Agency + " " + s.Client; s.UnderReviewCents != 0 && !o.decided[id] {
			o.decided[id] = true
			w.decideReview(s.Client)
		}
	}
	if e.(*events.InvoiceGenerated).Recoverable {
		w.later(25, 40, "settle-recoverable", financeOffice, &invoice.SettleRecoverable{
			Agency: i.Agency, Number: i.Number, AmountCents: -i.Totals.TotalCents, Reference: w.reference("DEP"),
		}, nil)
		return nil
	}
	w.submit()
	return nil
}

// A way is one invoice on its way to payment.
type way struct {
	*office
	*desk
	app.Invoiced
	d   dice
	day events.Date // of the last step
}

// later records a command some days after the last step, and then goes on.
func (w *way) later(least, most int, name, actor string, cmd aggregates.Command, then func()) {
	w.plan(w.day+w.d.soon(least, most), name, actor, cmd, func(context.Context) error {
		if then != nil {
			then()
		}
		return nil
	}, nil)
}

func (w *way) plan(on events.Date, name, actor string, cmd aggregates.Command, then func(context.Context) error, refused func(*aggregates.Refusal) bool) {
	req := app.Request{Name: name, OccurredOn: on, RecordedAt: w.d.at(on), Actor: actor, Role: rolePrime, Command: cmd}
	if actor == w.supervisor().id {
		req.Role, req.Agency = roleSupervisor, w.desk.id
	}
	w.at(req.RecordedAt, func(ctx context.Context) error {
		w.day, req.ID = on, w.keys.take()
		_, err := w.to.Execute(ctx, req)
		var refusal *aggregates.Refusal
		if refused != nil && errors.As(err, &refusal) && refused(refusal) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s of %s, invoice %d: %w", req.Name, w.desk.id, w.Number, err)
		}
		w.recorded()
		if then == nil {
			return nil
		}
		return then(ctx)
	})
}

// at plans a task; what would come after the sample's end is left out.
func (o *office) at(t events.Instant, do func(context.Context) error) {
	if t < horizonEnd {
		heap.Push(&o.due, task{t, o.tasks, do})
		o.tasks++
	}
}

func (w *way) reference(prefix string) string {
	return fmt.Sprintf("%s-%03d%03d", prefix, w.ordinal+1, w.Number)
}

func (w *way) submit() {
	w.later(1, 4, "submit-invoice", w.supervisor().id, &invoice.SubmitInvoice{Agency: w.desk.id, Number: w.Number}, func() {
		if w.d.chance(7) {
			w.sendBack()
			return
		}
		w.review()
	})
}

// sendBack returns the invoice. Most agencies answer within the month; one that
// does not gets no invoice for the next.
func (w *way) sendBack() {
	w.later(2, 6, "return-invoice", billingOffice, &invoice.ReturnInvoice{
		Agency: w.desk.id, Number: w.Number, Lines: []string{"1"},
		Corrections: []string{pick(w.d, []string{"receipt_missing", "receipt_illegible", "service_not_documented", "status_not_documented"})},
	}, func() {
		least, most := 2, 9
		if w.d.chance(15) {
			least, most = 27, 40
		}
		w.later(least, most, "resubmit-invoice", w.supervisor().id, &invoice.ResubmitInvoice{
			Agency: w.desk.id, Number: w.Number, Remedy: pick(w.d, []string{"evidence_supplied", "evidence_supplied", "explained"}),
		}, w.review)
	})
}

func (w *way) review() {
	w.later(1, 6, "review-invoice", billingOffice, &invoice.ReviewInvoice{Agency: w.desk.id, Number: w.Number}, func() {
		switch w.d.IntN(100) {
		case 0, 1:
			w.later(1, 5, "deny-invoice", billingOffice, &invoice.DenyInvoice{
				Agency: w.desk.id, Number: w.Number, Reasons: []string{pick(w.d, []string{"not_documented", "made_in_error"})},
			}, nil)
		case 2, 3, 4, 5:
			w.hold(pick(w.d, []string{"audit", "missing_document", "monitoring_finding"}), w.approve)
		default:
			w.approve()
		}
	})
}

func (w *way) hold(reason string, then func()) {
	w.later(1, 4, "hold-invoice", billingOffice, &invoice.HoldInvoice{Agency: w.desk.id, Number: w.Number, Cause: reason}, func() {
		if then != nil {
			w.later(8, 25, "release-invoice", billingOffice, &invoice.ReleaseInvoice{Agency: w.desk.id, Number: w.Number}, then)
		}
	})
}

// approve clears the invoice for payment. Above the ceiling of the agency's contract
// year it is held for want of funds.
func (w *way) approve() {
	w.plan(w.day+w.d.soon(1, 4), "approve-invoice", financeOffice, &invoice.ApproveInvoice{Agency: w.desk.id, Number: w.Number}, func(context.Context) error {
		w.later(2, 9, "pay-invoice", financeOffice, &invoice.PayInvoice{
			Agency: w.desk.id, Number: w.Number, AmountCents: w.Totals.TotalCents, Reference: w.reference("CHK"),
		}, nil)
		return nil
	}, func(r *aggregates.Refusal) bool {
		if r.Code != "above_ceiling" {
			return false
		}
		w.hold("funds_unavailable", nil)
		return true
	})
}

// decideReview decides on what was paid past a clock's new end: some of it is taken
// back, some stays paid (R25).
func (w *way) decideReview(client string) {
	decision := pick(w.d, []string{"recover", "leave"})
	w.plan(w.day+w.d.days(10, 20), "decide-review", financeOffice, &invoice.DecideReview{Agency: w.desk.id, Client: client, Decision: decision}, nil,
		func(r *aggregates.Refusal) bool { return r.Code == "nothing_under_review" })
}

// advance gives the agency of a client cash ahead of spending, if R19 lets it.
func (o *office) advance(p *person, today events.Date) {
	at := p.site
	if p.moveTo != nil && p.moveOn <= today {
		at = p.moveTo
	}
	if p.last < today || p.gap.first != 0 && p.gap.first <= today || p.enrolledAt >= startOf(today) {
		return
	}
	amount := events.Cents(600_00)
	if p.letter != 0 && p.received <= today || p.standing == derivative {
		amount = 400_00
	}
	w := &way{office: o, desk: o.desks[at.id], d: newDice(o.seed, p.ordinal, diceForBilling, 0), day: today}
	w.plan(today+1, "issue-advance", financeOffice, &invoice.IssueAdvance{
		Agency: at.id, Client: p.clientID(o.seed), AmountCents: amount, Reference: fmt.Sprintf("ADV-%06d", p.ordinal+1),
	}, nil, func(r *aggregates.Refusal) bool { return r.Rule == "R19" || r.Rule == "R21" || r.Rule == "R27" })
}
