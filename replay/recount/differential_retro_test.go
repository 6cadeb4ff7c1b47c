package recount_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/replay/recount"
)

// A letter that becomes known late shortens a clock that was billed: what the
// ledger keeps of the billed amounts, under review or left paid, is what the
// auditor finds past the new end (R25). The ledger divides each billed line by its
// days, the auditor takes cumulative amounts: a cent may differ for each line.
func TestDifferentialPastNewEnd(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		first := events.MustDate("2009-01-05")
		g := &drafter{T: rt, first: first}
		g.add(first, 0, "enrolled adult A1")
		letter := first + g.days("letter", 0, 120)
		received := letter + g.days("late", 100, 200)
		for range g.days("expenses", 0, 4) {
			on := first + g.days("spent", 0, 300)
			g.add(on, min(0, received-1-on), "expense %s %d", g.agency(), g.days("dollars", 1, 400))
		}
		if g.days("transfer", 0, 1) == 1 {
			on := first + g.days("transferred", 1, 200)
			g.add(on, min(0, received-1-on), "transferred A1 %s", g.agency())
		}
		g.add(letter, received-letter, "letter certification received %s", received)
		reading := rapid.SampledFrom([]string{"under_review", "harmless", "automatic"}).Draw(rt, "reading")
		s := scenario{given: g.text(), settings: "retro_days_past_new_end=" + reading, closing: received}
		if d := s.pastNewEnd(t); len(d) > 0 {
			rt.Fatalf("%s\n%s", s, strings.Join(d, "\n"))
		}
	})
}

func (s scenario) pastNewEnd(t testing.TB) (d differences) {
	t.Helper()
	given, programme := caseOf(t, s.given), programmeOf(t, s.settings)
	book := policy.NewBook()
	for _, r := range programme {
		if err := book.Apply(r); err != nil {
			t.Fatal(err)
		}
	}
	evaluate := func(records []*events.Record) *policy.Entitlement {
		e, err := policy.Evaluate(factsOf(t, records), book, nil)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	late := slices.IndexFunc(given, func(r *events.Record) bool { return r.Type == "letter.received.v1" })
	before, now := evaluate(given[:late]), evaluate(given)
	var kept, review, cents events.Cents
	for _, agency := range []string{"A1", "A2", "A3"} {
		account := policy.Account{Closing: s.closing - 1, Position: uint64(late)}
		for _, l := range before.Due(agency, s.closing-1, policy.Account{}).Lines {
			account.Lines = append(account.Lines, policy.Billed{LineKey: l.LineKey, Start: l.Start, End: l.End, Cents: l.Cents, Position: account.Position})
			cents++
		}
		due := now.Due(agency, s.closing, account)
		kept, review = kept+due.LeftPaidCents, review+due.UnderReviewCents
	}
	r, err := recount.Client(given, programme, nil, s.closing)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]events.Cents{}
	for _, p := range r.PastNewEnd {
		found[p.Treatment] += p.AdministrativeCents + p.ClientCents
	}
	if off := kept - found["harmless"]; max(off, -off) > cents {
		d.compare("left paid", kept, found["harmless"])
	}
	if off := review - found["under_review"]; max(off, -off) > cents {
		d.compare("under review", review, found["under_review"])
	}
	return d
}
