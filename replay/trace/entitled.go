package trace

import (
	"caseledger/events"
	"caseledger/replay/recount"
)

// A key names what is billed: a period of a clock, an expense, or an advance.
type key struct {
	kind      byte // of administrative, client, cleared: the first letter
	certified bool
	clock     events.Date
	period    int
	id        string // of the record of an expense or an advance
}

func keyOf(b *events.BilledKey) key {
	switch b.Kind {
	case client:
		return key{kind: 'c', id: b.Expense}
	case cleared:
		return key{kind: 'x', id: b.Advance}
	}
	return key{kind: 'a', certified: b.Rate == "certified", clock: b.Clock, period: b.Period}
}

// A known is what the recount says of one client at a closing date and a position.
type known struct {
	*recount.Result
	agencies map[string]map[key]entitled
	periods  map[key]*recount.Period
	clocks   map[key]*recount.Clock
	expenses map[string]*recount.Expense
}

// entitled is what one agency is entitled to of one key.
type entitled struct {
	cents events.Cents
	clock *recount.Clock
}

// nothing is known at a closing date that there was none before.
var nothing = &known{Result: &recount.Result{}}

func newKnown(r *recount.Result) *known {
	k := &known{Result: r, agencies: map[string]map[key]entitled{}, periods: map[key]*recount.Period{},
		clocks: map[key]*recount.Clock{}, expenses: map[string]*recount.Expense{}}
	for i := range r.Clocks {
		c := &r.Clocks[i]
		for j := range c.Periods {
			p := &c.Periods[j]
			at := key{kind: 'a', certified: c.Certified, clock: c.First, period: p.Number}
			k.periods[at], k.clocks[at] = p, c
			for _, s := range p.Shares {
				if s.Cents != 0 {
					k.add(s.Agency, at, entitled{s.Cents, c})
				}
			}
		}
	}
	for i := range r.Expenses {
		x := &r.Expenses[i]
		k.expenses[x.Record] = x
		if x.PaidCents != 0 {
			k.add(x.Agency, key{kind: 'c', id: x.Record}, entitled{x.PaidCents, &r.Clocks[x.Clock-1]})
		}
	}
	return k
}

func (k *known) add(agency string, at key, e entitled) {
	if k.agencies[agency] == nil {
		k.agencies[agency] = map[key]entitled{}
	}
	k.agencies[agency][at] = e
}

// days counts the days from first to last that are paid to an agency in a period.
func (k *known) days(agency string, at key, first, last events.Date) int {
	c, p := k.clocks[at], k.periods[at]
	if p == nil {
		return 0
	}
	days := 0
	for _, s := range k.Spans {
		if s.Payable && s.Clock == c.Number && s.Period == p.Number && (s.Agency == agency || c.StartAgency) {
			days += max(0, int(min(s.Through, last)-max(s.From, first))+1)
		}
	}
	return days
}

// past counts the days from first to last, and those of them that are unfunded
// because the clocks have ended (R18).
func (k *known) past(first, last events.Date) (all, past int) {
	for _, s := range k.Spans {
		if !s.Payable && s.Reason == recount.AfterServicePeriod {
			past += max(0, int(min(s.Through, last)-max(s.From, first))+1)
		}
	}
	return int(last-first) + 1, past
}

// quiet reports whether no later closing date changes anything of what is known:
// every day after this one is like it, and nothing that is recorded is dated later.
func (k *known) quiet(closing, latest events.Date) bool {
	n := len(k.Spans)
	return closing > latest && (n == 0 || closing > k.Spans[n-1].From && !k.Spans[n-1].Payable && k.Spans[n-1].Period == 0)
}
