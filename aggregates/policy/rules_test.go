package policy_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"caseledger/aggregates/policy"
	"caseledger/events"

	"github.com/google/go-cmp/cmp"
)

func fields(s string) []string { return strings.Fields(s) }

// story folds sentences such as "enroll 2009-01-05 A; letter 2009-02-19".
func story(t *testing.T, s string) *world {
	w := newWorld(t)
	for i, line := range strings.Split(s, "; ") {
		w.tell(i, fields(line))
	}
	return w
}

func TestDefaultsAreThoseInBold(t *testing.T) {
	want := map[string]policy.Reading{
		"removed_for_derivatives": "not_asked", "derivative_rate": "certified_own_clock", "urm_placement_payment": "excluded",
		"period_unit": "days30", "clock_start": "later_of_letter_or_enrollment", "partial_period_admin": "prorata",
		"client_ceiling": "accrued_plus_one_month", "held_at_clock_end": "disallowed", "cash_advance": "one_month",
		"transition_rule": "new_clock_at_letter", "unused_budget_at_transition": "lapse", "transfer_split": "by_days",
		"month_to_month_approval": "extensions_only", "extension_grants": "admin_and_client", "reenrollment_clock": "resume",
		"retro_certification_effect": "letter_date", "retro_days_past_new_end": "under_review", "rca_month_counting": "actual_date",
		"fy_attribution_of_straddling_period": "by_days",
	}
	got := map[string]policy.Reading{}
	for _, d := range policy.Catalogue() {
		got[d.Name] = d.Value(policy.Default())
		if len(d.Readings) < 2 || d.Doc == "" || !strings.HasPrefix(d.Rule, "R") {
			t.Errorf("setting %s is not described", d.Name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWithNamesTheFault(t *testing.T) {
	for _, c := range []struct {
		name    string
		changes map[string]string
		rates   *events.RateChart
		says    []string
	}{
		{"no such setting", map[string]string{"period": "days30"}, nil, []string{`"period"`, "period_unit"}},
		{"no such reading", map[string]string{"period_unit": "weekly"}, nil, []string{"period_unit", `"weekly"`, "days30", "calendar_month"}},
		{"a reading of another setting", map[string]string{"clock_start": "by_days"}, nil, []string{"clock_start", "letter_date"}},
		{"a negative rate", nil, &events.RateChart{Certified: events.Rate{AdministrativeCents: -1}}, []string{"rates.certified.administrative_cents", `"-1"`}},
		{"an endless clock", nil, &events.RateChart{PreCertified: events.Rate{MaximumPeriods: 1000}}, []string{"rates.pre_certified.maximum_periods"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := policy.Default().With(c.changes, c.rates)
			var fault *policy.SettingError
			if !errors.As(err, &fault) {
				t.Fatalf("got %v", err)
			}
			for _, s := range c.says {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("%q does not say %q", err, s)
				}
			}
		})
	}
}

func TestBook(t *testing.T) {
	w := newWorld(t)
	w.adopt("2009-06-01", map[string]string{"period_unit": "calendar_month"})
	w.adopt("2009-03-01", map[string]string{"clock_start": "letter_date", "period_unit": "calendar_month"})
	w.adopt("2009-06-01", map[string]string{"period_unit": "days30"}) // the same day: recorded later, holds
	for _, c := range []struct {
		on          string
		unit, start policy.Reading
		sequence    uint64
	}{
		{"2009-02-28", "days30", "later_of_letter_or_enrollment", 0},
		{"2009-03-01", "calendar_month", "letter_date", 2},
		{"2009-05-31", "calendar_month", "letter_date", 2},
		{"2009-06-01", "days30", "letter_date", 3},
	} {
		p := w.book.On(events.MustDate(c.on))
		if p.PeriodUnit != c.unit || p.ClockStart != c.start || p.Sequence != c.sequence || (p.Record == "") != (c.sequence == 0) {
			t.Errorf("on %s: %+v", c.on, p)
		}
	}
}

func TestStatusSpans(t *testing.T) {
	for _, c := range []struct{ name, story, spans string }{
		{"pre-certified to certified", "enroll 2009-01-05 A; letter 2009-02-19", "2009-01-05 2009-02-18 pre_certified; 2009-02-19 open certified"},
		{"a minor turns 18", "minor 2009-02-10 A; eighteen 2009-03-12", "2009-02-10 2009-03-11 pre_eligible; 2009-03-12 open pre_certified"},
		{"eligible for good", "minor 2009-02-10 A; eighteen 2009-03-12; eligible 2009-03-01", "2009-02-10 2009-02-28 pre_eligible; 2009-03-01 open eligible"},
		{"turned 18, then certified", "minor 2009-02-10 A; eighteen 2009-03-12; letter 2009-04-01", "2009-02-10 2009-03-11 pre_eligible; 2009-03-12 2009-03-31 pre_certified; 2009-04-01 open certified"},
		{"closed and reopened", "enroll 2009-01-05 A; close 2009-01-31; letter 2009-02-19; reopen 2009-03-01 A", "2009-01-05 2009-01-31 pre_certified; 2009-03-01 open certified"},
		{"an interim letter", "minor 2009-02-10 A; interim 2009-02-20", "2009-02-10 open pre_eligible"},
		{"a derivative", "derivative 2009-02-10 A 2009-02-01; close 2009-02-20", "2009-02-10 2009-02-20 derivative"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, s := range policy.StatusSpans(story(t, c.story).facts["C"]) {
				to := s.To.String()
				if s.To > events.MaxDate {
					to = "open"
				}
				got = append(got, s.From.String()+" "+to+" "+string(s.Status))
			}
			if s := strings.Join(got, "; "); s != c.spans {
				t.Errorf("got %s, want %s", s, c.spans)
			}
		})
	}
}

func TestCounting(t *testing.T) {
	for _, c := range []struct {
		story, from, to string
		category        policy.Category
	}{
		{"enroll 2009-01-05 A; letter 2009-02-19", "2009-01-01", "2009-12-31", policy.Moved},
		{"enroll 2009-01-05 A; letter 2009-02-19", "2009-01-01", "2009-02-18", policy.PreCertifiedOnly},
		{"enroll 2009-01-05 A; letter 2009-02-19", "2009-02-19", "2009-12-31", policy.CertifiedOnly},
		{"enroll 2009-01-05 A; close 2009-02-18; letter 2009-02-19", "2009-01-01", "2009-12-31", policy.PreCertifiedOnly},
		{"enroll 2009-01-05 A; close 2009-02-18", "2009-02-19", "2009-12-31", policy.NotServed},
		{"derivative 2009-01-05 A 2009-01-01", "2009-01-01", "2009-12-31", policy.FamilyDerivative},
		{"enroll 2007-01-05 A", "2009-01-01", "2009-12-31", policy.PreCertifiedOnly}, // long unfunded, still served
	} {
		f := story(t, c.story).facts["C"]
		from, to := events.MustDate(c.from), events.MustDate(c.to)
		if got := policy.CategoryIn(f, from, to); got != c.category || policy.ServedIn(f, from, to) != (c.category != policy.NotServed) {
			t.Errorf("%s, %s to %s: got %q, want %q", c.story, c.from, c.to, got, c.category)
		}
	}
	f := story(t, "enroll 2008-09-20 A; letter 2008-10-10; close 2009-10-05").facts["C"]
	for _, c := range []struct {
		year   int
		status policy.Status
		moved  bool
	}{{2007, "", false}, {2008, policy.PreCertified, false}, {2009, policy.Certified, true}, {2010, policy.Certified, false}, {2011, "", false}} {
		if status, moved := policy.StatusInYear(f, c.year); status != c.status || moved != c.moved {
			t.Errorf("in %d: %q, %v", c.year, status, moved)
		}
	}
}

func TestDatesOfTheRules(t *testing.T) {
	d := events.MustDate
	application, last := policy.TVisaWatch(d("2008-02-29"))
	first, end := policy.FiscalYearRange(2009)
	for _, c := range []struct {
		name      string
		got, want any
	}{
		{"18 on an ordinary day", policy.Eighteenth(d("1991-03-05")), d("2009-03-05")},
		{"18 after a birth on 29 February", policy.Eighteenth(d("1992-02-29")), d("2010-03-01")},
		{"90 days, the first one counted", policy.InterimLastDay(d("2009-01-01"), 0), d("2009-03-31")},
		{"and 30 more", policy.InterimLastDay(d("2009-01-01"), 1), d("2009-04-30")},
		{"T visa: LPR application", application, d("2011-02-28")},
		{"T visa: last day", last, d("2012-02-28")},
		{"T-6 before it opens", policy.DerivativeClassOpen(events.T6, d("2013-03-06")), false},
		{"T-6 once it is open", policy.DerivativeClassOpen(events.T6, d("2013-03-07")), true},
		{"T-1 is no derivative", policy.DerivativeClassOpen("T-1", d("2020-01-01")), false},
		{"last day of a fiscal year", policy.FiscalYear(d("2009-09-30")), 2009},
		{"first day of the next", policy.FiscalYear(d("2009-10-01")), 2010},
		{"a fiscal year begins", first, d("2008-10-01")},
		{"a fiscal year ends", end, d("2009-09-30")},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, c.got, c.want)
		}
	}
}

func TestMonth(t *testing.T) {
	e := story(t, "enroll 2009-01-05 A; transfer 2009-02-10 B; letter 2009-02-19; expense 2009-02-12 B 25.00").evaluate("C")
	// By 31 January 27 days: 630.00. By 28 February 700.00, 350.00 (A 6, B 9 days: 140.00, 210.00) and 10 days of 500.00: 166.67.
	for _, c := range []struct {
		agency, day   string
		admin, client events.Cents
	}{
		{"A", "2009-01-15", 630_00, 0}, {"A", "2009-02-15", 210_00, 0}, {"B", "2009-02-15", 376_67, 25_00}, {"B", "2009-01-15", 0, 0},
	} {
		got := e.Month(c.agency, events.MustDate(c.day))
		if got.AdministrativeCents != c.admin || got.ClientCents != c.client {
			t.Errorf("%s in %s: got %+v", c.agency, c.day, got)
		}
	}
}

func TestUntil(t *testing.T) {
	f := story(t, "enroll 2009-01-05 A; letter 2009-02-19 noticed 2009-04-10; close 2009-05-01").facts["C"]
	w := newWorld(t)
	for _, c := range []struct{ on, last string }{
		{"2009-01-04", ""}, {"2009-02-18", "2009-10-01"}, {"2009-02-19", "2009-06-18"}, {"2009-05-01", "2009-05-01"},
	} {
		e, err := policy.Evaluate(f.Until(events.MustDate(c.on)), w.book, nil)
		if err != nil || e.LastFundedDay().String() != c.last {
			t.Errorf("until %s: %v, %v", c.on, e.LastFundedDay(), err)
		}
	}
}

func TestNextPeriodStart(t *testing.T) {
	e := story(t, "minor 2009-02-10 A; letter 2009-04-01").evaluate("C")
	for _, c := range []struct{ day, start string }{
		{"2009-02-01", "2009-02-10"}, {"2009-03-05", "2009-03-12"}, {"2009-03-12", "2009-04-01"}, {"2009-07-10", ""},
	} {
		start, ok := e.NextPeriodStart(events.MustDate(c.day))
		if start.String() != c.start || ok != (c.start != "") {
			t.Errorf("after %s: %v, %v", c.day, start, ok)
		}
	}
}

// Facts written as JSON and read back are the same facts.
func TestFactsKeep(t *testing.T) {
	f := story(t, "minor 2009-02-10 A; eighteen 2009-03-12; letter 2009-04-01; place 2009-02-12; unplace 2009-02-13; extend 2009-05-01; "+
		"expense 2009-02-11 A 5.00; transfer 2009-03-01 B; approve 2009-04-02; close 2009-05-02; reopen 2009-05-05 B; end 2009-06-01 departed").facts["C"]
	data, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	var back policy.Facts
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(f, &back); diff != "" {
		t.Error(diff)
	}
}

// What was recorded in error was never true; a withdrawn reversal leaves the
// expense standing.
func TestWithdrawnFacts(t *testing.T) {
	w := story(t, "enroll 2009-01-05 A; expense 2009-01-10 A 5.00; close 2009-01-20")
	w.run(command{Command: "withdraw-case-fact", ID: "w1", OccurredOn: events.MustDate("2009-02-01"), Fields: map[string]any{"client": "C", "record": "close2"}},
		command{Command: "reverse-expense", ID: "rev", OccurredOn: events.MustDate("2009-02-01"), Fields: map[string]any{"client": "C", "expense": "expense1"}})
	if r := w.evaluate("C").At(events.MustDate("2009-02-03")); r.AdministrativeCents != 700_00 || r.ClientCents.Paid != 0 {
		t.Errorf("closure withdrawn, expense reversed: %+v", r)
	}
	w.run(command{Command: "withdraw-case-fact", ID: "w2", OccurredOn: events.MustDate("2009-02-02"), Fields: map[string]any{"client": "C", "record": "rev"}})
	if r := w.evaluate("C").At(events.MustDate("2009-02-03")); r.ClientCents.Paid != 5_00 {
		t.Errorf("reversal withdrawn: %+v", r)
	}
	if n := len(w.facts["C"].Causes); n != 6 {
		t.Errorf("%d causes are kept, want 6", n)
	}
}

// Somebody without an enrollment, and a derivative whose principal is not known
// yet, are answers, not errors.
func TestNothingToGoOn(t *testing.T) {
	e, err := policy.Evaluate(&policy.Facts{Client: "C"}, policy.NewBook(), nil)
	if err != nil || len(e.On(1).Clocks) != 0 || e.At(1).AdministrativeCents != 0 {
		t.Fatalf("%+v, %v", e, err)
	}
	w := newWorld(t)
	w.adopt("2001-01-01", map[string]string{"derivative_rate": "follows_principal"})
	w.tell(0, fields("derivative 2009-02-01 A 2009-01-20"))
	w.tell(1, fields("expense 2009-02-02 A 5.00"))
	if r := w.evaluate("C").At(events.MustDate("2009-12-31")); len(r.ClientCents.Refused) != 1 || r.ClientCents.Refused[0].Reason != policy.Ineligible {
		t.Fatalf("%+v", r)
	}
}
