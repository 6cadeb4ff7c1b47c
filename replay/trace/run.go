package trace

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"caseledger/events"
)

// batch is the number of subjects that a worker takes at a time.
const batch = 128

// All traces every line of every invoice ever issued, on all cores. The report is
// the same every time. progress, when not nil, gets the number of cases done so far,
// from one goroutine at a time.
//
// Cost: 20 to 40 microseconds for each closing date of each client; memory: all
// invoices.
func All(ctx context.Context, read Reader, progress func(done uint64)) (*Report, error) {
	c := &collector{}
	r, err := c.run(ctx, read, "", progress)
	if err != nil {
		return nil, fmt.Errorf("trace all invoices: %w", err)
	}
	return r, nil
}

// Invoice traces the lines of one invoice, or with a line number one line. Those of
// other invoices are walked as far as they matter. A problem of the invoice as a
// whole is in the report; the report counts the agency's lines.
func Invoice(ctx context.Context, read Reader, agency string, number, line int) ([]*Line, *Report, error) {
	c := &collector{wanted: number, only: line}
	r, err := c.run(ctx, read, agency, nil)
	if err != nil {
		return nil, nil, fmt.Errorf("trace invoice %s/%d: %w", agency, number, err)
	}
	r.Differences = slices.DeleteFunc(r.Differences, func(d Difference) bool {
		return d.Number != number || line > 0 && d.Line != 0 && d.Line != line
	})
	slices.SortFunc(c.lines, func(a, b *Line) int { return cmp.Compare(a.Line, b.Line) })
	for _, l := range c.lines {
		for _, d := range r.Differences {
			if d.Line == l.Line {
				l.Differences = append(l.Differences, d)
			}
		}
	}
	issued := slices.ContainsFunc(c.accounts, func(a *account) bool { return a.find(number) != nil })
	switch {
	case !issued:
		return nil, nil, &NotFoundError{agency, number, 0}
	case line > 0 && len(c.lines) == 0:
		return nil, nil, &NotFoundError{agency, number, line}
	}
	return c.lines, r, nil
}

// A collector gathers what a trace finds.
type collector struct {
	wanted, only int    // number of the invoice and of the line that are explained; 0: none, all
	about        string // whose lines are explained and walked alone; empty: all are walked

	programme []*events.Record
	accounts  []*account
	byAgency  map[string]*account
	billedBy  map[string][]*account // by client

	mu          sync.Mutex // guards what follows
	differences []Difference
	lines       []*Line
	visited     map[string]bool  // clients
	some        []events.Subject // cases that are still to be walked; nil: all
	last        events.Subject
	done        uint64
	progress    func(uint64)
}

func (c *collector) differ(i *invoice, line int, p Problem, format string, args ...any) {
	c.differAmount(i, line, p, 0, 0, format, args...)
}

func (c *collector) differAmount(i *invoice, line int, p Problem, billed, due events.Cents, format string, args ...any) {
	d := Difference{Agency: i.agency, Number: i.event.Number, Line: line, Problem: p, Billed: billed, Due: due, Sentence: fmt.Sprintf(format, args...)}
	if line > 0 {
		d.Client = i.lines[line-1].Client
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.differences = append(c.differences, d)
}

// trace returns the trace of a line that is to be explained, else nil.
func (c *collector) trace(s *stage, b *balance, n int, due events.Cents) *Line {
	if !c.explains(s, n) {
		return nil
	}
	t := &Line{Agency: s.walk.agency, Number: s.event.Number, Line: n + 1, Closing: s.event.Closing, InvoiceLine: s.lines[n], Due: due}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines = append(c.lines, t)
	return t
}

func (c *collector) explains(s *stage, n int) bool {
	if c.about != "" {
		return true
	}
	return c.wanted == s.event.Number && (c.only == 0 || c.only == n+1)
}

// run reads the billing of one agency, or of all, and walks its clients.
func (c *collector) run(ctx context.Context, read Reader, agency string, progress func(uint64)) (*Report, error) {
	c.visited, c.progress = map[string]bool{}, progress
	c.byAgency, c.billedBy = map[string]*account{}, map[string][]*account{}
	err := read(func(l Ledger) (err error) {
		c.programme, err = l.History(events.ProgrammeSubject)
		return err
	})
	if err != nil {
		return nil, err
	}
	// Events are decoded at the first call, which must not run beside another one.
	for _, r := range c.programme {
		if _, err := r.Event(); err != nil {
			return nil, err
		}
	}
	if err := c.readAccounts(read, agency); err != nil {
		return nil, err
	}
	if err := c.walkCases(ctx, read, agency); err != nil {
		return nil, err
	}
	if c.about == "" {
		c.findStrangers()
	}
	return c.report(), nil
}

func (c *collector) readAccounts(read Reader, agency string) error {
	return read(func(l Ledger) error {
		for last := events.Subject(""); ; {
			subjects := l.SubjectsAfter(events.KindBilling, last, batch)
			if len(subjects) == 0 {
				return nil
			}
			for _, subject := range subjects {
				if last = subject; agency != "" && subject.ID() != agency {
					continue
				}
				a, err := c.read(l, subject)
				if err != nil {
					return err
				}
				c.accounts = append(c.accounts, a)
				c.byAgency[a.agency] = a
				for id := range a.clients {
					c.billedBy[id] = append(c.billedBy[id], a)
				}
			}
		}
	})
}

// walkCases walks all cases, or for one agency the clients that it ever billed, on
// all cores.
func (c *collector) walkCases(ctx context.Context, read Reader, agency string) error {
	if c.about != "" {
		c.some = []events.Subject{events.SubjectOf(events.KindCase, c.about)}
	} else if agency != "" {
		c.some = []events.Subject{}
		for _, a := range c.accounts {
			for id := range a.clients {
				c.some = append(c.some, events.SubjectOf(events.KindCase, id))
			}
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var group sync.WaitGroup
	faults := make([]error, runtime.GOMAXPROCS(0))
	for n := range faults {
		group.Go(func() {
			if faults[n] = c.work(ctx, read); faults[n] != nil {
				cancel() // the others need not go on
			}
		})
	}
	group.Wait()
	return cause(faults)
}

// cause returns what stopped the workers: a cancellation only when nothing else did.
func cause(faults []error) (first error) {
	for _, err := range faults {
		if first == nil || errors.Is(first, context.Canceled) && err != nil {
			first = err
		}
	}
	return first
}

func (c *collector) work(ctx context.Context, read Reader) error {
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := read(func(l Ledger) error {
			cases := c.take(l)
			more = len(cases) > 0
			return c.walkBatch(l, cases)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// take returns the next cases, none when all are taken.
func (c *collector) take(l Ledger) (cases []events.Subject) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.some != nil {
		n := min(batch, len(c.some))
		cases, c.some = c.some[:n], c.some[n:]
	} else if cases = l.SubjectsAfter(events.KindCase, c.last, batch); len(cases) > 0 {
		c.last = cases[len(cases)-1]
	}
	if c.done += uint64(len(cases)); c.progress != nil {
		c.progress(c.done)
	}
	return cases
}

func (c *collector) walkBatch(l Ledger, cases []events.Subject) error {
	for _, subject := range cases {
		f, err := openCase(l, subject.ID(), c.programme)
		if err != nil {
			return err
		}
		if len(f.own) == 0 {
			continue // a stranger
		}
		for _, a := range c.accountsOf(f) {
			w := &walk{collector: c, caseFile: f, agency: a.agency, touched: true}
			if err := w.run(a); err != nil {
				return err
			}
		}
		c.visit(f.client)
	}
	return nil
}

// accountsOf returns the billing of the agencies that a case names, and of those that
// billed the client whether it names them or not, in order.
func (c *collector) accountsOf(f *caseFile) []*account {
	accounts := slices.Clone(c.billedBy[f.client])
	for agency := range f.named {
		if a := c.byAgency[agency]; a != nil && !slices.Contains(accounts, a) {
			accounts = append(accounts, a)
		}
	}
	slices.SortFunc(accounts, func(a, b *account) int { return cmp.Compare(a.agency, b.agency) })
	return accounts
}

func (c *collector) visit(client string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.visited[client] = true
}

// findStrangers reports lines for clients of whom there is no case.
func (c *collector) findStrangers() {
	for _, a := range c.accounts {
		for _, i := range a.invoices {
			for n := range i.lines {
				if l := &i.lines[n]; !c.visited[l.Client] {
					c.differAmount(i, n+1, WrongAmount, l.Cents, 0, "there is no client %s", l.Client)
				}
			}
		}
	}
}

func (c *collector) report() *Report {
	r := &Report{Agencies: []Agency{}, Differences: c.differences}
	clients := map[string]bool{}
	for _, a := range c.accounts {
		one := Agency{Agency: a.agency}
		for _, i := range a.invoices {
			r.add(&one, i)
		}
		for id := range a.clients {
			clients[id] = true
		}
		if last := a.standing(); last != nil {
			for _, s := range last.event.Standings {
				r.UnderReviewCents += s.UnderReviewCents
				r.LeftPaidCents += s.LeftPaidCents
				r.OutstandingCents += s.AdvanceOutstandingCents
			}
		}
		if one.Invoices > 0 {
			r.Agencies = append(r.Agencies, one)
		}
	}
	r.Clients = len(clients)
	if r.Differences == nil {
		r.Differences = []Difference{}
	}
	slices.SortFunc(r.Differences, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Agency, b.Agency), cmp.Compare(a.Number, b.Number), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Problem, b.Problem), strings.Compare(a.Sentence, b.Sentence))
	})
	return r
}

func (r *Report) add(a *Agency, i *invoice) {
	r.Invoices++
	a.Invoices++
	r.Lines += len(i.lines)
	a.Lines += len(i.lines)
	for n := range i.lines {
		if i.lines[n].Adjustment {
			r.Adjustments++
		}
	}
	total := sum(i.lines).TotalCents
	if i.denied {
		r.Denied++
		r.DeniedCents += total
		return
	}
	r.TotalCents += total
	a.TotalCents += total
	r.PaidCents += i.paid
	a.PaidCents += i.paid
}
