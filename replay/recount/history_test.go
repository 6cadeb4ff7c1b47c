package recount_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/oklog/ulid/v2"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/replay/recount"
)

// A history is a client's case written as text, one record a line: a day, a
// word, and what belongs to it. The lines are recorded in the order written.
//
//	2009-01-05 enrolled adult A1
//	2009-02-19 letter certification received 2009-04-10
//	2009-03-01 expense A1 80.00 as e1
//
// "as NAME" names a record for a later line: "reversed e1", "withdrawn e1".
type history struct {
	t       testing.TB
	records []*events.Record
	names   map[string]string
	entropy *rand.Rand
	subject events.Subject
	version uint64
}

// caseOf reads a history.
func caseOf(t testing.TB, text string) []*events.Record {
	t.Helper()
	h := &history{t: t, names: map[string]string{}, entropy: rand.New(rand.NewPCG(1, 2)),
		subject: events.SubjectOf(events.KindCase, "C-1")}
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) > 0 {
			h.line(words)
		}
	}
	return h.records
}

func TestMain(m *testing.M) {
	// A failure prints its history; no file of it belongs into the source tree.
	if err := flag.Set("rapid.nofailfile", "true"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// programmeOf adopts settings written as "name=reading", "rates=9/4" or, with a day of their
// own, "2009-02-01:name=reading".
func programmeOf(t testing.TB, settings string) []*events.Record {
	t.Helper()
	h := &history{t: t, entropy: rand.New(rand.NewPCG(3, 4)), subject: events.ProgrammeSubject}
	for _, s := range strings.Fields(settings) {
		on := "2000-01-01"
		if day, rest, found := strings.Cut(s, ":"); found {
			on, s = day, rest
		}
		name, reading, _ := strings.Cut(s, "=")
		if name == "rates" {
			h.record(on, &events.PolicyAdopted{Rates: ratesOf(t, reading), Authority: "test"})
			continue
		}
		h.record(on, &events.PolicyAdopted{Settings: map[string]string{name: reading}, Authority: "test"})
	}
	return h.records
}

// ratesOf gives the rates of the chart other numbers of periods: "9/4".
func ratesOf(t testing.TB, periods string) *events.RateChart {
	t.Helper()
	r := policy.DefaultRates()
	if _, err := fmt.Sscanf(periods, "%d/%d", &r.PreCertified.MaximumPeriods, &r.Certified.MaximumPeriods); err != nil {
		t.Fatal(err)
	}
	return &r
}

func (h *history) record(on string, e events.Event) *events.Record {
	h.t.Helper()
	h.version++
	var entropy [16]byte
	for i := range entropy {
		entropy[i] = byte(h.entropy.Uint32())
	}
	id, err := ulid.New(1_000_000_000_000+h.version, strings.NewReader(string(entropy[:])))
	if err != nil {
		h.t.Fatal(err)
	}
	env := events.Envelope{ID: id.String(), Source: "test", Subject: h.subject, Time: events.Instant(1_000_000_000_000 + h.version),
		Version: h.version, OccurredOn: events.MustDate(on), Actor: "A", Role: "admin", CausationID: "c",
		CommandDigest: events.HashOf([]byte("c"))}
	if h.version > 1 {
		env.Previous = h.records[len(h.records)-1].Hash()
	}
	r, err := events.Encode(env, e)
	if err != nil {
		h.t.Fatalf("record %d: %v", h.version, err)
	}
	r.Sequence = h.version
	h.records = append(h.records, r)
	return r
}

func (h *history) line(words []string) {
	h.t.Helper()
	name := ""
	if n := len(words); n > 2 && words[n-2] == "as" {
		name, words = words[n-1], words[:n-2]
	}
	word := func(i int) string {
		if i < len(words) {
			return words[i]
		}
		return ""
	}
	r := h.record(words[0], h.event(words[0], words[1], word))
	if name != "" {
		h.names[name] = r.ID
	}
}

func (h *history) event(on, kind string, word func(int) string) events.Event {
	switch kind {
	case "enrolled": // GROUP AGENCY
		return &events.ClientEnrolled{Agency: word(3), Class: events.Victim, Sex: events.Female,
			AgeGroup: events.AgeGroup(word(2)), Form: events.FormLabor, Criteria: []events.Criterion{}}
	case "derivative": // AGENCY notice|entry|none DATE
		link := &events.DerivativeLink{Principal: "C-0", VisaClass: events.T3}
		if word(3) == "notice" {
			link.NoticeDate = events.MustDate(word(4))
		} else if word(3) == "entry" {
			link.EntryDate = events.MustDate(word(4))
		}
		return &events.ClientEnrolled{Agency: word(2), Class: events.Derivative, Sex: events.Female,
			AgeGroup: events.Minor, Criteria: []events.Criterion{}, Derivative: link}
	case "letter": // KIND [received DATE]
		received := on
		if word(3) == "received" {
			received = word(4)
		}
		return &events.LetterReceived{Kind: events.LetterKind(word(2)), LetterDate: events.MustDate(on), ReceivedOn: events.MustDate(received)}
	case "expense": // AGENCY AMOUNT
		return &events.ExpenseBooked{Agency: word(2), Category: "food", AmountCents: cents(h.t, word(3))}
	case "reversed": // NAME AMOUNT
		return &events.ExpenseReversed{Expense: h.names[word(2)], AmountCents: -cents(h.t, word(3))}
	case "withdrawn": // NAME
		return &events.CaseFactWithdrawn{Record: h.names[word(2)]}
	case "ineligible": // CAUSE
		return &events.EligibilityEnded{Cause: word(2)}
	case "turned18":
		return &events.ClientTurned18{}
	case "transferred": // FROM TO
		return &events.TransferAccepted{From: word(2), To: word(3)}
	case "closed":
		return &events.ServiceClosed{}
	case "reopened": // AGENCY
		return &events.ServiceReopened{Agency: word(2)}
	case "extension-requested":
		return &events.ExtensionRequested{}
	case "extended": // [REQUEST]
		return &events.ExtensionDecided{Request: h.names[word(2)], Granted: true}
	case "not-extended":
		return &events.ExtensionDecided{Request: h.names[word(2)]}
	case "approved":
		return &events.PeriodApproved{}
	case "placed":
		return &events.PlacementStarted{Setting: "foster"}
	case "unplaced":
		return &events.PlacementEnded{}
	case "corrected": // GROUP
		return &events.ClientCorrected{AgeGroup: events.AgeGroup(word(2))}
	}
	h.t.Fatalf("unknown word %q in a history", kind)
	return nil
}

// cents reads an amount such as 466.67 or 400.
func cents(t testing.TB, s string) events.Cents {
	t.Helper()
	whole, fraction, _ := strings.Cut(s, ".")
	n, err := strconv.ParseInt(whole+(fraction + "00")[:2], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return events.Cents(n)
}

func dollars(c events.Cents) string { return strings.NewReplacer("$", "", ",", "").Replace(c.String()) }

// check compares a result with expectations such as "admin=3050.00
// last=2009-06-18 c1p2=350.00 status(2009-03-05)=certified".
func check(t *testing.T, r *recount.Result, want string) {
	t.Helper()
	for _, w := range strings.Fields(want) {
		key, value, _ := strings.Cut(w, "=")
		if got := lookUp(t, r, key); got != value {
			t.Errorf("%s = %s, want %s", key, got, value)
		}
	}
	balance(t, r)
}

func lookUp(t *testing.T, r *recount.Result, key string) string {
	name, argument, _ := strings.Cut(strings.TrimSuffix(key, ")"), "(")
	switch name {
	case "admin":
		return dollars(r.Total.AdministrativeCents)
	case "paid":
		return dollars(r.Total.PaidCents)
	case "held":
		return dollars(r.Total.HeldCents)
	case "disallowed":
		return dollars(r.Total.DisallowedCents)
	case "refused":
		return dollars(r.Total.RefusedCents)
	case "advance":
		return dollars(r.AdvanceCents)
	case "last":
		return r.LastFundedDay.String()
	case "clocks":
		return strconv.Itoa(len(r.Clocks))
	case "status":
		s, _ := r.On(events.MustDate(argument))
		return s.Status
	case "agency", "month", "fy":
		table := map[string][]recount.Amounts{"agency": r.ByAgency, "month": r.ByMonth, "fy": r.ByFiscalYear}[name]
		for _, a := range table {
			if a.Key == argument {
				return dollars(a.AdministrativeCents) + "+" + dollars(a.PaidCents)
			}
		}
		return "none"
	case "used", "budget", "ends", "begins":
		n, _ := strconv.Atoi(argument)
		c := r.Clocks[n-1]
		return map[string]string{"used": strconv.Itoa(c.DaysUsed), "budget": dollars(c.BudgetCents),
			"ends": c.Last.String(), "begins": c.First.String()}[name]
	case "rca":
		return r.Refugee.Through.String()
	case "past":
		return fmt.Sprintf("%d:%s+%s:%s", r.PastNewEnd[0].Days, dollars(r.PastNewEnd[0].AdministrativeCents),
			dollars(r.PastNewEnd[0].ClientCents), r.PastNewEnd[0].Treatment)
	case "e": // the n-th expense by date
		n, _ := strconv.Atoi(argument)
		e := r.Expenses[n-1]
		return strings.TrimRight(fmt.Sprintf("%s/%s/%s/%s:%s", dollars(e.PaidCents), dollars(e.HeldCents),
			dollars(e.DisallowedCents), dollars(e.RefusedCents), e.Reason), ":")
	}
	var c, p int
	if n, _ := fmt.Sscanf(key, "c%dp%d", &c, &p); n == 2 && c <= len(r.Clocks) {
		for _, period := range r.Clocks[c-1].Periods {
			if period.Number == p {
				return dollars(period.AdministrativeCents)
			}
		}
		return "none"
	}
	t.Fatalf("unknown expectation %q", key)
	return ""
}

// balance holds for every result: each split sums exactly to what was split, and
// each cent of an expense went somewhere.
func balance(t testing.TB, r *recount.Result) {
	t.Helper()
	for name, table := range map[string][]recount.Amounts{"agency": r.ByAgency, "month": r.ByMonth, "fiscal year": r.ByFiscalYear} {
		sum := recount.Amounts{}
		for _, a := range table {
			sum.AdministrativeCents += a.AdministrativeCents
			sum.PaidCents += a.PaidCents
			sum.HeldCents += a.HeldCents
			sum.DisallowedCents += a.DisallowedCents
			sum.RefusedCents += a.RefusedCents
		}
		if sum != r.Total {
			t.Errorf("by %s: %+v does not sum to %+v", name, sum, r.Total)
		}
	}
	for _, e := range r.Expenses {
		if e.PaidCents+e.HeldCents+e.DisallowedCents+e.RefusedCents != e.Cents || len(e.Records) == 0 ||
			min(e.PaidCents, e.HeldCents, e.DisallowedCents, e.RefusedCents) < 0 {
			t.Errorf("expense does not balance: %+v", e)
		}
	}
	for _, c := range r.Clocks {
		for _, p := range c.Periods {
			var sum events.Cents
			for _, s := range p.Shares {
				sum += s.Cents
			}
			if sum != p.AdministrativeCents {
				t.Errorf("shares of clock %d period %d: %s, not %s", c.Number, p.Number, sum, p.AdministrativeCents)
			}
			if len(p.Records) == 0 {
				t.Errorf("clock %d period %d rests on no record", c.Number, p.Number)
			}
		}
	}
}

func recountText(t testing.TB, text, settings, principal, closing string) *recount.Result {
	t.Helper()
	r, err := recount.Client(caseOf(t, text), programmeOf(t, settings), caseOf(t, principal), events.MustDate(closing))
	if err != nil {
		t.Fatal(err)
	}
	return r
}
