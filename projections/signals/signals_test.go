package signals_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/projtest"
	"caseledger/projections/signals"
)

// A ledger of cases, and what is found in it.
type ledger struct {
	*testing.T
	projtest.Stream
}

func (l *ledger) enroll(client, on string) {
	l.add(client, on, "", &events.ClientEnrolled{Agency: "A", Class: events.Victim, Sex: events.Female, AgeGroup: events.Adult, Form: events.FormLabor, ImmigrationStatus: "undocumented"})
}

func (l *ledger) add(client, on, at string, e events.Event) uint64 {
	l.Helper()
	if at != "" {
		at += "T12:00:00Z"
	}
	return l.Add(l.T, projtest.Entry{Subject: events.SubjectOf(events.KindCase, client), On: on, At: at, Event: e}).Sequence
}

func (l *ledger) spend(client, on, at string, cents events.Cents, receipt string) uint64 {
	l.Helper()
	return l.add(client, on, at, &events.ExpenseBooked{Agency: "A", Category: "food", AmountCents: cents, ReceiptHash: receipt})
}

func (l *ledger) findings() (found []signals.Finding) {
	l.Helper()
	projtest.Ask(l, &l.Stream, func(s *projections.Snapshot) (err error) { found, err = signals.Findings(s, "A"); return err }, signals.View{})
	return found
}

func TestFindings(t *testing.T) {
	receipt := strings.Repeat("ab", 32)
	for _, test := range []struct {
		name string
		give func(l *ledger) []signals.Finding
	}{
		{"one receipt for two clients", func(l *ledger) []signals.Finding {
			l.enroll("C-1", "2009-01-05")
			l.enroll("C-2", "2009-01-05")
			a := l.spend("C-1", "2009-01-10", "", 100, receipt)
			b := l.spend("C-2", "2009-01-12", "", 200, receipt)
			l.spend("C-2", "2009-01-12", "", 300, strings.Repeat("ac", 32))
			return []signals.Finding{{Kind: signals.DuplicateReceipt, Clients: []string{"C-1", "C-2"}, Cents: 300, Sentence: "one receipt stands for 2 expenses", Evidence: []uint64{a, b}}}
		}},
		{"the same expense twice", func(l *ledger) []signals.Finding {
			l.enroll("C-1", "2009-01-05")
			l.enroll("C-2", "2009-01-05")
			a := l.spend("C-1", "2009-01-10", "", 100, "")
			b := l.spend("C-1", "2009-01-10", "2009-01-20", 100, "")
			l.spend("C-2", "2009-01-10", "", 100, "")
			l.spend("C-1", "2009-01-11", "", 100, "")
			return []signals.Finding{{Kind: signals.DuplicateExpense, Clients: []string{"C-1"}, Cents: 200, Sentence: "2 expenses of $1.00 for food on 2009-01-10", Evidence: []uint64{a, b}}}
		}},
		{"reversed and booked again is not twice", func(l *ledger) []signals.Finding {
			l.enroll("C-1", "2009-01-05")
			l.spend("C-1", "2009-01-10", "", 100, receipt)
			l.add("C-1", "2009-01-11", "", &events.ExpenseReversed{Expense: projtest.ID(2), AmountCents: -100, Reason: projtest.Sealed})
			l.spend("C-1", "2009-01-10", "2009-01-12", 100, receipt)
			return nil
		}},
		{"after closure", func(l *ledger) []signals.Finding {
			l.enroll("C-1", "2009-01-05")
			c := l.add("C-1", "2009-02-20", "", &events.ServiceClosed{Reason: projtest.Sealed})
			l.spend("C-1", "2009-02-19", "2009-03-22", 100, "") // the last ordinary day
			late := l.spend("C-1", "2009-02-18", "2009-03-23", 200, "")
			after := l.spend("C-1", "2009-02-21", "2009-03-01", 300, "")
			return []signals.Finding{
				{Kind: signals.DatedAfterClosure, Clients: []string{"C-1"}, Cents: 300, Sentence: "dated 2009-02-21, after the service was closed", Evidence: []uint64{c, after}},
				{Kind: signals.RecordedAfterClosure, Clients: []string{"C-1"}, Cents: 200, Sentence: "dated 2009-02-18, recorded 2009-03-23, more than 30 days after the closure", Evidence: []uint64{c, late}},
			}
		}},
		{"an expense after reopening is ordinary", func(l *ledger) []signals.Finding {
			l.enroll("C-1", "2009-01-05")
			l.add("C-1", "2009-02-20", "", &events.ServiceClosed{Reason: projtest.Sealed})
			l.add("C-1", "2009-03-10", "", &events.ServiceReopened{Agency: "A", Reason: projtest.Sealed})
			l.spend("C-1", "2009-03-11", "", 100, "")
			l.spend("C-1", "2009-02-10", "2009-03-30", 200, "")
			return nil
		}},
		{"the cap in three periods", func(l *ledger) []signals.Finding {
			l.enroll("C-1", "2009-01-05")
			l.enroll("C-2", "2009-01-05")
			var evidence []uint64
			evidence = append(evidence, l.spend("C-1", "2009-01-10", "", 60000, ""))
			evidence = append(evidence, l.spend("C-1", "2009-02-10", "", 20000, ""), l.spend("C-1", "2009-02-11", "", 40000, ""))
			l.spend("C-1", "2009-03-10", "", 59999, "") // below
			evidence = append(evidence, l.spend("C-1", "2009-04-10", "", 60000, ""))
			l.spend("C-2", "2009-01-10", "", 60000, "") // twice is no pattern, in however many expenses
			l.spend("C-2", "2009-02-10", "", 20000, "")
			l.spend("C-2", "2009-02-11", "", 40000, "")
			return []signals.Finding{{Kind: signals.AtCap, Clients: []string{"C-1"}, Cents: 180000, Sentence: "exactly the cap of $600.00 in 3 service periods", Evidence: evidence}}
		}},
		{"a late claim", func(l *ledger) []signals.Finding {
			l.enroll("C-1", "2009-01-05")
			l.spend("C-1", "2009-01-10", "2009-04-10", 100, "") // 90 days
			late := l.spend("C-1", "2009-01-11", "2009-04-12", 200, "")
			return []signals.Finding{{Kind: signals.LateClaim, Clients: []string{"C-1"}, Cents: 200, Sentence: "dated 2009-01-11, recorded 91 days later", Evidence: []uint64{late}}}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := &ledger{T: t}
			want := test.give(l)
			for i := range want {
				want[i].Agencies = []string{"A"}
				slices.Sort(want[i].Evidence)
			}
			if d := cmp.Diff(want, l.findings()); d != "" {
				t.Errorf("findings (-want +got):\n%s", d)
			}
		})
	}
}
