// Package signals answers which expenses an auditor should look at: claimed twice,
// booked after closure, rounded up to the cap, claimed late. A finding is a reason
// to look, with the records to look at; it never refuses anything and moves no
// money.
package signals

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"caseledger/aggregates/policy"
	"caseledger/events"
)

// The bounds of what is ordinary (ours).
const (
	// LateDays is how long after its date an expense may be booked.
	LateDays = 90
	// ClosureDays is how long after a closure was recorded an expense dated
	// before it may be booked.
	ClosureDays = 30
	// CapPeriods is the number of service periods of one clock from which on
	// spending exactly the monthly cap is a pattern.
	CapPeriods = 3
)

// A Kind is a kind of finding.
type Kind string

// The kinds of findings, in the order of [Find].
const (
	DuplicateReceipt     Kind = "duplicate_receipt"      // one receipt stands for several expenses
	DuplicateExpense     Kind = "duplicate_expense"      // one client, date, category and amount several times
	DatedAfterClosure    Kind = "dated_after_closure"    // the client was no longer enrolled (R18)
	RecordedAfterClosure Kind = "recorded_after_closure" // booked long after the service had been closed
	AtCap                Kind = "at_cap"                 // period after period exactly the monthly cap (R12)
	LateClaim            Kind = "late_claim"             // booked long after its date
)

// A Finding is a reason to look, and the records behind it.
type Finding struct {
	Kind     Kind         `json:"kind"`
	Clients  []string     `json:"clients"`  // coded ids, in order
	Agencies []string     `json:"agencies"` // that booked, in order
	Cents    events.Cents `json:"cents"`    // of the expenses
	Sentence string       `json:"sentence"`
	Evidence []uint64     `json:"evidence"` // positions of the records, in order
}

// An Expense is one booked expense that stands: neither reversed nor withdrawn.
type Expense struct {
	Client   string
	Agency   string
	Category string
	Receipt  string // hash of the receipt; may be empty
	Cents    events.Cents
	On       events.Date
	Recorded events.Date // day in UTC
	Sequence uint64
	// Clock and Period are those that the expense is charged to, and Cap the
	// clock's monthly cap; zero when it is not reimbursed.
	Clock  events.Date
	Period int
	Cap    events.Cents
	// Closure is the position of the closure that On or Recorded lies after, as
	// Dated says; 0 when there is none.
	Closure uint64
	Dated   bool
}

// ExpensesOf lists the standing expenses of one case, from its records and what
// they come to.
func ExpensesOf(records []*events.Record, facts *policy.Facts, e *policy.Entitlement) ([]Expense, error) {
	standing := make([]uint64, 0, len(facts.Expenses))
	for i := range facts.Expenses {
		if x := &facts.Expenses[i]; !x.Reversed() {
			standing = append(standing, x.Sequence)
		}
	}
	slices.Sort(standing)
	expenses := make([]Expense, 0, len(standing))
	for _, r := range records {
		if r.Type != "expense.booked.v1" {
			continue
		}
		if _, stands := slices.BinarySearch(standing, r.Sequence); !stands {
			continue
		}
		event, err := r.Event()
		if err != nil {
			return nil, err
		}
		b, ok := event.(*events.ExpenseBooked)
		if !ok {
			continue
		}
		x := Expense{
			Client: r.Subject.ID(), Agency: b.Agency, Category: b.Category, Receipt: b.ReceiptHash, Cents: b.AmountCents,
			On: r.OccurredOn, Recorded: r.Time.DayIn(time.UTC), Sequence: r.Sequence,
		}
		x.charge(e)
		x.close(facts, e)
		expenses = append(expenses, x)
	}
	return expenses, nil
}

// charge finds the service period that the expense belongs to.
func (x *Expense) charge(e *policy.Entitlement) {
	c := e.ClockOn(x.On)
	if c == nil {
		return
	}
	x.Clock, x.Cap = c.Start, c.Policy.Rates.Certified.ClientCents
	if c.Status == policy.PreCertified || c.Status == policy.PreEligible {
		x.Cap = c.Policy.Rates.PreCertified.ClientCents
	}
	for _, p := range c.Periods {
		if p.Start <= x.On && x.On <= p.End {
			x.Period = p.Number
		}
	}
}

// close finds the closure that the expense came after.
func (x *Expense) close(facts *policy.Facts, e *policy.Entitlement) {
	funded, reason, _ := e.Funding(x.On)
	x.Dated = !funded && reason == policy.AfterClosure
	for _, c := range facts.Closures {
		recorded := c.RecordedAt.DayIn(time.UTC)
		switch {
		case x.Dated && c.OccurredOn < x.On,
			!x.Dated && x.On <= c.OccurredOn && x.Recorded > recorded+ClosureDays && !reopened(facts, c, x.Recorded):
			x.Closure = c.Sequence
		}
	}
}

// reopened reports whether the client was enrolled again between a closure and a day.
func reopened(facts *policy.Facts, closure policy.Source, day events.Date) bool {
	return slices.ContainsFunc(facts.Reopenings, func(s policy.Stay) bool {
		return s.OccurredOn > closure.OccurredOn && s.OccurredOn <= day
	})
}

// Find returns the findings in expenses, those of all cases for what several
// cases may share: in order of kind, then of the first record behind them.
func Find(expenses []Expense) []Finding {
	var found []Finding
	found = append(found, groups(expenses, DuplicateReceipt, 2, func(x Expense) (any, bool) { return x.Receipt, x.Receipt != "" }, func(g []Expense) string {
		return fmt.Sprintf("one receipt stands for %d expenses", len(g))
	})...)
	type same struct {
		client, category string
		on               events.Date
		cents            events.Cents
	}
	found = append(found, groups(expenses, DuplicateExpense, 2, func(x Expense) (any, bool) {
		return same{x.Client, x.Category, x.On, x.Cents}, true
	}, func(g []Expense) string {
		return fmt.Sprintf("%d expenses of %s for %s on %s", len(g), g[0].Cents, g[0].Category, g[0].On)
	})...)
	found = append(found, groups(expenses, DatedAfterClosure, 1, func(x Expense) (any, bool) { return x.Sequence, x.Closure > 0 && x.Dated }, func(g []Expense) string {
		return fmt.Sprintf("dated %s, after the service was closed", g[0].On)
	})...)
	found = append(found, groups(expenses, RecordedAfterClosure, 1, func(x Expense) (any, bool) { return x.Sequence, x.Closure > 0 && !x.Dated }, func(g []Expense) string {
		return fmt.Sprintf("dated %s, recorded %s, more than %d days after the closure", g[0].On, g[0].Recorded, ClosureDays)
	})...)
	found = append(found, atCap(expenses)...)
	return append(found, groups(expenses, LateClaim, 1, func(x Expense) (any, bool) { return x.Sequence, x.Recorded > x.On+LateDays }, func(g []Expense) string {
		return fmt.Sprintf("dated %s, recorded %d days later", g[0].On, g[0].Recorded-g[0].On)
	})...)
}

// groups makes a finding of every group of at least least expenses with one key.
func groups(expenses []Expense, kind Kind, least int, key func(Expense) (any, bool), sentence func([]Expense) string) []Finding {
	byKey := map[any][]Expense{}
	for _, x := range expenses {
		if k, ok := key(x); ok {
			byKey[k] = append(byKey[k], x)
		}
	}
	var found []Finding
	for _, g := range byKey {
		if len(g) >= least {
			slices.SortFunc(g, func(a, b Expense) int { return cmp.Compare(a.Sequence, b.Sequence) })
			found = append(found, finding(kind, g, sentence(g)))
		}
	}
	inOrder(found)
	return found
}

// atCap finds clocks in which period after period spends exactly the monthly cap.
func atCap(expenses []Expense) []Finding {
	type period struct {
		client string
		clock  events.Date
		number int
	}
	spent := map[period]events.Cents{}
	for _, x := range expenses {
		spent[period{x.Client, x.Clock, x.Period}] += x.Cents
	}
	full := func(x Expense) bool { return x.Cap > 0 && spent[period{x.Client, x.Clock, x.Period}] == x.Cap }
	var found []Finding
	for _, f := range groups(slices.DeleteFunc(slices.Clone(expenses), func(x Expense) bool { return !full(x) }), AtCap, CapPeriods,
		func(x Expense) (any, bool) { return period{x.Client, x.Clock, 0}, true },
		func(g []Expense) string {
			numbers := map[int]bool{}
			for _, x := range g {
				numbers[x.Period] = true
			}
			if len(numbers) < CapPeriods {
				return ""
			}
			return fmt.Sprintf("exactly the cap of %s in %d service periods", g[0].Cap, len(numbers))
		}) {
		if f.Sentence != "" {
			found = append(found, f)
		}
	}
	return found
}

func finding(kind Kind, g []Expense, sentence string) Finding {
	f := Finding{Kind: kind, Sentence: sentence}
	for _, x := range g {
		f.Clients = append(f.Clients, x.Client)
		f.Agencies = append(f.Agencies, x.Agency)
		f.Cents += x.Cents
		f.Evidence = append(f.Evidence, x.Sequence)
		if x.Closure > 0 && (kind == DatedAfterClosure || kind == RecordedAfterClosure) {
			f.Evidence = append(f.Evidence, x.Closure)
		}
	}
	slices.Sort(f.Clients)
	slices.Sort(f.Agencies)
	slices.Sort(f.Evidence)
	f.Clients, f.Agencies, f.Evidence = slices.Compact(f.Clients), slices.Compact(f.Agencies), slices.Compact(f.Evidence)
	return f
}

func inOrder(found []Finding) {
	slices.SortFunc(found, func(a, b Finding) int { return slices.Compare(a.Evidence, b.Evidence) })
}
