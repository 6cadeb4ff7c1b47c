package policy_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"caseledger/aggregates/policy"
	"caseledger/events"
)

// testdata/interactions.csv holds cases computed by hand in which several rules
// meet: one row is a story, the settings it happens under, and what is due at a
// closing date. An empty cell is not asked; the last column asks what else the
// settings decide. Amounts are dollars.
func TestInteractions(t *testing.T) {
	f, err := os.Open("testdata/interactions.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) < 2 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, row := range rows[1:] {
		t.Run(row[0], func(t *testing.T) { runInteraction(t, rows[0], row) })
	}
	for _, d := range policy.Catalogue() {
		for _, reading := range d.Readings[1:] {
			if !slices.ContainsFunc(rows[1:], func(row []string) bool {
				return strings.Contains(" "+row[1]+" ", fmt.Sprintf(" %s=%s ", d.Name, reading))
			}) {
				t.Errorf("no case has the setting %s=%s", d.Name, reading)
			}
		}
	}
}

func runInteraction(t *testing.T, names, row []string) {
	w := newWorld(t)
	settings := map[string]string{}
	for _, s := range strings.Fields(row[1]) {
		name, value, _ := strings.Cut(s, "=")
		settings[name] = value
	}
	w.adopt("2001-01-01", settings)
	for i, line := range strings.Split(row[2], "; ") {
		w.tell(i, strings.Fields(line))
	}
	e := w.evaluate("C")
	r := e.At(events.MustDate(row[3]))
	got := map[string]string{
		"last_funded_day": e.LastFundedDay().String(), "administrative": dollars(r.AdministrativeCents),
		"paid": dollars(r.ClientCents.Paid), "held": dollars(r.ClientCents.Held), "disallowed": dollars(r.ClientCents.Disallowed),
	}
	var refused, agencies, years []string
	for _, x := range r.ClientCents.Refused {
		refused = append(refused, dollars(x.Cents)+" "+x.Reason)
	}
	for _, a := range r.ByAgency {
		agencies = append(agencies, fmt.Sprint(a.Agency, " ", dollars(a.AdministrativeCents), " ", dollars(a.ClientCents)))
	}
	for _, y := range r.ByFiscalYear {
		years = append(years, fmt.Sprint(y.FiscalYear, " ", dollars(y.AdministrativeCents), " ", dollars(y.ClientCents)))
	}
	got["by_agency"], got["by_year"] = strings.Join(agencies, "; "), strings.Join(years, "; ")
	if got["refused"] = strings.Join(refused, "; "); len(refused) == 0 {
		got["refused"] = "0.00"
	}
	for i := 4; i < len(row)-1; i++ {
		if row[i] != "" && row[i] != got[names[i]] {
			t.Errorf("%s: got %s, want %s", names[i], got[names[i]], row[i])
		}
	}
	for _, also := range strings.Fields(row[len(row)-1]) {
		name, want, _ := strings.Cut(also, "=")
		if got := w.also(name, e, events.MustDate(row[3])); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

// also answers what is no part of the reimbursement: an advance, the last day of
// assistance, what is due after the invoice of the story.
func (w *world) also(name string, e *policy.Entitlement, closing events.Date) string {
	w.t.Helper()
	switch name {
	case "advance":
		allowed, _ := e.AdvanceAllowed(closing, 0)
		return dollars(allowed)
	case "removal":
		if w.book.On(closing).AsksRemoval(events.Derivative) {
			return "asked"
		}
		return "not_asked"
	case "assistance":
		return e.RCA.To.String()
	}
	s := e.Due("A", closing, w.account)
	amount, ok := map[string]events.Cents{"due": s.TotalCents, "under_review": s.UnderReviewCents, "left_paid": s.LeftPaidCents}[name]
	if !ok {
		w.t.Fatalf("the row asks for %q", name)
	}
	return dollars(amount)
}

// bill issues agency A's invoice at a closing date, on what is known by now.
func (w *world) bill(closing events.Date) {
	w.account = bill(w.account, w.evaluate("C").Due("A", closing, w.account), w.sequence)
}

func dollars(c events.Cents) string {
	return strings.NewReplacer("$", "", ",", "").Replace(c.String())
}

// tell records one sentence of a story, such as "expense 2009-03-10 A 900.00".
func (w *world) tell(n int, words []string) {
	w.t.Helper()
	id := fmt.Sprint(words[0], n)
	fields := map[string]any{"client": "C", "agency": "A", "class": "victim", "age_group": "adult", "reason": "x"}
	c := command{ID: id, Fields: fields}
	if words[0] != "withdraw" {
		c.OccurredOn = events.MustDate(words[1])
	}
	arg := func(i int) string {
		if len(words) > i {
			return words[i]
		}
		return ""
	}
	letter := func(kind string) {
		c.Command, fields["kind"], fields["letter_date"], fields["received_on"] = "receive-letter", kind, words[1], words[1]
		if arg(2) == "noticed" {
			c.OccurredOn, fields["received_on"] = events.MustDate(words[3]), words[3]
		}
		w.ids["letter"] = recordID(w.sequence + 1)
	}
	switch words[0] {
	case "enroll":
		c.Command, fields["agency"] = "enroll-client", words[2]
	case "minor":
		c.Command, fields["agency"], fields["age_group"] = "enroll-client", words[2], "minor"
	case "derivative":
		c.Command, fields["class"], fields["agency"] = "enroll-client", "derivative", words[2]
		fields["principal"], fields["visa_class"], fields["notice_date"] = "P", "T-2", words[3]
	case "principal":
		c.Command, fields["client"] = "enroll-client", "P"
	case "principal-letter":
		letter("certification")
		fields["client"] = "P"
	case "principal-close":
		c.Command, fields["client"] = "close-service", "P"
	case "principal-reopen":
		c.Command, fields["client"] = "reopen-service", "P"
	case "bill":
		w.bill(events.MustDate(words[1]))
		return
	case "letter":
		letter("certification")
	case "eligible":
		letter("eligibility")
	case "interim":
		letter("interim")
	case "withdraw":
		c.Command, fields["record"], c.OccurredOn = "withdraw-case-fact", words[1], events.MustDate("2009-07-01")
	case "transfer":
		c.Command, fields["to"] = "accept-transfer", words[2]
	case "close":
		c.Command = "close-service"
	case "reopen":
		c.Command, fields["agency"] = "reopen-service", words[2]
	case "expense":
		amount, err := strconv.ParseFloat(words[3], 64)
		if err != nil {
			w.t.Fatal(err)
		}
		c.Command, fields["agency"], fields["amount_cents"] = "book-expense", words[2], float64(int(amount*100+0.5))
	case "request":
		c.Command = "request-extension"
	case "grant":
		c.Command, fields["granted"] = "decide-extension", "yes"
	case "extend", "deny":
		w.tell(n, []string{"request", words[1]})
		if c.Command, fields["granted"] = "decide-extension", "no"; words[0] == "extend" {
			fields["granted"] = "yes"
		}
	case "approve":
		c.Command = "approve-period"
	case "place":
		c.Command = "start-placement"
	case "unplace":
		c.Command = "end-placement"
	case "eighteen":
		c.Command = "record-turned-18"
	case "end":
		c.Command, fields["cause"] = "end-eligibility", words[2]
	case "adopt":
		name, value, _ := strings.Cut(words[2], "=")
		w.adopt(words[1], map[string]string{name: value})
		return
	default:
		w.t.Fatalf("the story says %q", words)
	}
	w.run(c)
}
