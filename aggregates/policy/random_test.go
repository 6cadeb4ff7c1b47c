package policy_test

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"testing"

	"caseledger/aggregates/policy"
	"caseledger/events"

	"pgregory.net/rapid"
)

// TestMain keeps rapid from writing failures into the source tree: the seed that
// it prints reproduces them.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.nofailfile", "true"); err != nil {
		panic(err)
	}
	m.Run()
}

var origin = events.MustDate("2008-06-01")

func drawSettings(t *rapid.T, label string) map[string]string {
	s := map[string]string{}
	for _, d := range policy.Catalogue() {
		names := make([]string, len(d.Readings))
		for i, r := range d.Readings {
			names[i] = string(r)
		}
		s[d.Name] = rapid.SampledFrom(names).Draw(t, label+d.Name)
	}
	s["derivative_rate"] = "certified_own_clock"
	return s
}

func drawHistory(t *rapid.T) history {
	at := func(label string, lo, hi int) day { return origin + day(rapid.IntRange(lo, hi).Draw(t, label)) }
	maybe := func(label string) bool { return rapid.Bool().Draw(t, label) }
	h := history{enrolled: at("enrolled", 0, 40), first: drawSettings(t, "first ")}
	h.second = h.first
	if maybe("policy changes") {
		h.changed, h.second = at("changed", 0, 400), drawSettings(t, "second ")
	}
	h.derivative = rapid.IntRange(0, 5).Draw(t, "derivative") == 0
	if maybe("letter") || h.derivative {
		h.letter = at("letter", -40, 330)
		h.notice = h.letter + day(rapid.IntRange(0, 90).Draw(t, "notice"))
	}
	h.drawStays(t)
	h.transfers = map[day]string{}
	for i := range rapid.IntRange(0, 3).Draw(t, "transfers") {
		h.transfers[h.enrolled+day(rapid.IntRange(1, 300).Draw(t, "transfer"))] = string(rune('B' + i%2))
	}
	if rapid.IntRange(0, 4).Draw(t, "ends") == 0 {
		h.endedOn = at("ended", 30, 500)
	}
	if rapid.IntRange(0, 3).Draw(t, "placed") == 0 {
		h.placedFrom = at("placed from", 0, 300)
		h.placedUntil = h.placedFrom + day(rapid.IntRange(1, 60).Draw(t, "placed days"))
	}
	for range rapid.IntRange(0, 2).Draw(t, "extensions") {
		h.decisions = append(h.decisions, at("decision", 20, 420))
	}
	for range rapid.IntRange(0, 3).Draw(t, "approvals") {
		h.approvals = append(h.approvals, at("approval", 0, 420))
	}
	for range rapid.IntRange(0, 14).Draw(t, "expenses") {
		h.expenses = append(h.expenses, spent{
			at("expense on", -5, 480), int64(rapid.IntRange(1, 150000).Draw(t, "cents")), rapid.SampledFrom([]string{"A", "B"}).Draw(t, "spender"),
		})
	}
	slices.SortStableFunc(h.expenses, func(a, b spent) int { return int(a.on - b.on) })
	return h
}

func (h *history) drawStays(t *rapid.T) {
	d := h.enrolled
	for range rapid.IntRange(0, 3).Draw(t, "closures") {
		d += day(rapid.IntRange(0, 150).Draw(t, "served"))
		h.closed = append(h.closed, d)
		if !rapid.Bool().Draw(t, "reopens") {
			return
		}
		d += day(rapid.IntRange(1, 60).Draw(t, "outside"))
		h.reopened = append(h.reopened, d)
	}
}

// facts records a history in a fixed order, or in another one: the order of
// independent events does not matter.
func (h history) world(t testing.TB, shuffle func([]command)) *world {
	w := newWorld(t)
	w.adopt("2001-01-01", h.first)
	if h.changed != 0 {
		w.adopt(h.changed.String(), h.second)
	}
	all := h.commands()
	if shuffle != nil {
		shuffle(all)
	}
	w.run(all...)
	for i, d := range h.decisions { // a decision follows its request
		w.run(command{Command: "request-extension", ID: fmt.Sprint("ask", i), OccurredOn: d, Fields: map[string]any{"client": "C"}},
			command{Command: "decide-extension", ID: fmt.Sprint("decide", i), OccurredOn: d, Fields: map[string]any{"client": "C", "granted": "yes"}})
	}
	return w
}

func (h history) commands() []command {
	var all []command
	add := func(name string, on day, fields map[string]any) {
		fields["client"] = "C"
		all = append(all, command{Command: name, ID: fmt.Sprint(name, len(all)), OccurredOn: on, Fields: fields})
	}
	enroll := map[string]any{"agency": "A", "class": "victim", "age_group": "adult"}
	if h.derivative {
		enroll = map[string]any{"agency": "A", "class": "derivative", "age_group": "adult", "principal": "P", "visa_class": "T-2", "notice_date": h.letter.String()}
	}
	add("enroll-client", h.enrolled, enroll)
	if h.letter != 0 && !h.derivative {
		add("receive-letter", h.notice, map[string]any{"kind": "certification", "letter_date": h.letter.String(), "received_on": h.notice.String()})
	}
	for _, d := range h.closed {
		add("close-service", d, map[string]any{"reason": "x"})
	}
	for _, d := range h.reopened {
		add("reopen-service", d, map[string]any{"agency": h.agencyBy(d), "reason": "x"})
	}
	for _, d := range slices.Sorted(maps.Keys(h.transfers)) {
		add("accept-transfer", d, map[string]any{"to": h.transfers[d]})
	}
	if h.endedOn != 0 {
		add("end-eligibility", h.endedOn, map[string]any{"cause": "certification_ended"})
	}
	if h.placedFrom != 0 {
		add("start-placement", h.placedFrom, map[string]any{})
		add("end-placement", h.placedUntil, map[string]any{})
	}
	for _, d := range h.approvals {
		add("approve-period", d, map[string]any{})
	}
	for _, x := range h.expenses {
		add("book-expense", x.on, map[string]any{"agency": x.agency, "category": "general_support", "amount_cents": float64(x.cents)})
	}
	return all
}

// agencyBy is the agency that reopens: the one that had the client.
func (h history) agencyBy(d day) string { return h.agency(d) }

// The day-by-day model agrees with the package to the cent, at any closing date.
func TestModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		h := drawHistory(rt)
		e := h.world(t, nil).evaluate("C")
		m := simulate(h, origin+1100)
		if got, want := e.LastFundedDay(), m.lastPaid(); got != want {
			rt.Fatalf("last funded day: got %v, model %v", got, want)
		}
		for range 4 {
			closing := origin + day(rapid.IntRange(-10, 700).Draw(rt, "closing"))
			checkModel(rt, e, m, closing)
		}
	})
}

func checkModel(t *rapid.T, e *policy.Entitlement, m *model, closing day) {
	r := e.At(closing)
	total, by := m.administrative(closing)
	if int64(r.AdministrativeCents) != total {
		t.Fatalf("administrative at %v: got %d, model %d\n%+v", closing, r.AdministrativeCents, total, e.On(closing))
	}
	for agency, cents := range by {
		if got := r.Agency(agency); int64(got.AdministrativeCents) != cents {
			t.Fatalf("administrative of %s at %v: got %d, model %d", agency, closing, got.AdministrativeCents, cents)
		}
	}
	got := money{paid: int64(r.ClientCents.Paid), held: int64(r.ClientCents.Held), disallowed: int64(r.ClientCents.Disallowed)}
	for _, x := range r.ClientCents.Refused {
		got.refused += int64(x.Cents)
	}
	if want := m.client(closing); got != want {
		t.Fatalf("client expenses at %v: got %+v, model %+v\n%+v\n%+v", closing, got, want, r.Expenses, e.On(closing))
	}
}
