package simulate_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/projtest"
	"caseledger/projections/reimbursement"
	"caseledger/replay"
	"caseledger/replay/simulate"
)

// fatal is a test or a rapid check.
type fatal interface {
	Helper()
	Fatal(...any)
}

// views builds all views of a stream.
func views(t testing.TB, ft fatal, src projections.Source) *projections.Views {
	ft.Helper()
	v, err := projections.Open(filepath.Join(t.TempDir(), "views"), replay.Views(), projections.Options{})
	if err == nil {
		err = v.CatchUp(t.Context(), src, nil)
	}
	if err != nil {
		ft.Fatal(err)
	}
	return v
}

func run(t testing.TB, ft fatal, v *projections.Views, o simulate.Options) *simulate.Result {
	ft.Helper()
	r, err := simulate.Run(t.Context(), v, o)
	if err != nil {
		ft.Fatal(err)
	}
	return r
}

var twelve = policy.Overlay{Rates: map[string]int64{"pre_certified.maximum_periods": 12}}

// programme is four clients who were enrolled on 2008-01-01. Nine months of
// thirty days end on 2008-09-26, twelve on 2008-12-25.
//
//	C-1  no letter; $100.00 spent after nine months, within twelve
//	C-2  certified from 2008-04-01: 91 days and 120
//	C-3  derivative, 120 days
//	C-4  no letter; moved to A-2 on 2008-10-01; $50.00 spent after twelve months
func programme(t testing.TB) *projtest.Stream {
	s := &projtest.Stream{}
	enroll := func(client, agency string, class events.ClientClass, link *events.DerivativeLink) {
		s.Add(t, projtest.Entry{Subject: events.SubjectOf(events.KindCase, client), On: "2008-01-01", Event: &events.ClientEnrolled{
			Agency: agency, Class: class, Sex: events.Female, AgeGroup: events.Adult, Derivative: link}})
	}
	spend := func(client, agency, on string, cents events.Cents) {
		s.Add(t, projtest.Entry{Subject: events.SubjectOf(events.KindCase, client), On: on, Event: &events.ExpenseBooked{
			Agency: agency, Category: "housing", AmountCents: cents}})
	}
	letter := events.MustDate("2008-04-01")
	enroll("C-1", "A-1", events.Victim, nil)
	enroll("C-2", "A-2", events.Victim, nil)
	enroll("C-3", "A-2", events.Derivative, &events.DerivativeLink{Principal: "C-2", VisaClass: events.T3, EntryDate: events.MustDate("2008-01-01")})
	enroll("C-4", "A-1", events.Victim, nil)
	s.Add(t, projtest.Entry{Subject: "case/C-2", On: "2008-04-01", Event: &events.LetterReceived{
		Kind: events.Certification, LetterDate: letter, ReceivedOn: letter}})
	s.Add(t, projtest.Entry{Subject: "case/C-4", On: "2008-10-01", Event: &events.TransferAccepted{From: "A-1", To: "A-2", Lead: "W-1"}})
	spend("C-1", "A-1", "2008-10-05", 100_00)
	spend("C-4", "A-2", "2008-12-26", 50_00)
	return s
}

func amounts(administrative, client events.Cents) simulate.Amounts {
	return simulate.Amounts{AdministrativeCents: administrative, ClientCents: client, DueCents: administrative + client}
}

func compare(before, difference simulate.Amounts) simulate.Comparison {
	return simulate.Comparison{Before: before, Difference: difference, After: amounts(
		before.AdministrativeCents+difference.AdministrativeCents, before.ClientCents+difference.ClientCents)}
}

// Given four clients, when nine months become twelve, then the two whose clock
// ran out have three periods more, split by the days of agencies and years, and
// the expense of the tenth month is paid. All by hand.
func TestNineMonthsToTwelve(t *testing.T) {
	v := views(t, t, programme(t))
	defer v.Close()
	closing := events.MustDate("2009-12-31")
	got := run(t, t, v, simulate.Options{Overlay: twelve, Closing: closing})
	ends := func(client string, agencies []string, difference events.Cents) simulate.ClockChange {
		return simulate.ClockChange{
			Client: client, Agencies: agencies, PeriodsBefore: 9, PeriodsAfter: 12, DifferenceCents: difference,
			LastFundedDayBefore: events.MustDate("2008-09-26"), LastFundedDayAfter: events.MustDate("2008-12-25"),
		}
	}
	position, err := v.Position()
	if err != nil {
		t.Fatal(err)
	}
	want := &simulate.Result{
		Overlay: twelve, Closing: closing, Position: position, Clients: 4, ClientsMore: 2,
		// 2 × 9 × 700, 3 × 700 and a day of 700; 2 × 4 × 500. Then 2 × 3 × 700 more.
		Total: compare(amounts(18723_33, 0), amounts(4200_00, 100_00)),
		Expenses: simulate.ExpenseComparison{
			Before:     simulate.Expenses{RefusedCents: 150_00},
			After:      simulate.Expenses{PaidCents: 100_00, RefusedCents: 50_00},
			Difference: simulate.Expenses{PaidCents: 100_00, RefusedCents: -100_00},
		},
		ByAgency: []simulate.AgencyLine{
			// C-1's 2,100.00 and C-4's four days from 27 September on.
			{Agency: "A-1", Comparison: compare(amounts(12600_00, 0), amounts(2193_33, 100_00))},
			{Agency: "A-2", Comparison: compare(amounts(6123_33, 0), amounts(2006_67, 0))},
		},
		ByStatus: []simulate.StatusLine{
			{Status: policy.PreCertified, Comparison: compare(amounts(14723_33, 0), amounts(4200_00, 100_00))},
			{Status: policy.Certified, Comparison: compare(amounts(2000_00, 0), amounts(0, 0))},
			{Status: policy.Derivative, Comparison: compare(amounts(2000_00, 0), amounts(0, 0))},
		},
		ByFiscalYear: []simulate.YearLine{
			// Of the tenth period four days of thirty, twice.
			{FiscalYear: 2008, Comparison: compare(amounts(18723_33, 0), amounts(186_66, 0))},
			{FiscalYear: 2009, Comparison: compare(amounts(0, 0), amounts(4013_34, 100_00))},
		},
		Clocks: []simulate.ClockChange{ends("C-1", []string{"A-1"}, 2200_00), ends("C-4", []string{"A-1", "A-2"}, 2100_00)},
		Rulings: []simulate.RulingChange{{
			Before: simulate.Ruling{Standing: simulate.Refused, Reason: policy.AfterServicePeriod}, After: simulate.Ruling{Standing: simulate.Paid},
			Expenses: 1, BookedCents: 100_00, PaidDifferenceCents: 100_00,
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}

// Given the same clients, then a supposition holds from its day on, what is due
// follows the closing date, and a past position knows less.
func TestWhenAndWhatIsKnown(t *testing.T) {
	v := views(t, t, programme(t))
	defer v.Close()
	tests := []struct {
		name     string
		from     string
		closing  string
		position uint64
		due      events.Cents // more
		clocks   int
	}{
		{"from the first enrolled day on", "2008-01-01", "2009-12-31", 0, 4300_00, 2},
		{"from the day after", "2008-01-02", "2009-12-31", 0, 0, 0},
		{"when nine months end", "", "2008-09-26", 0, 0, 2},
		{"ten days later", "", "2008-10-06", 0, 2*233_33 + 100_00, 2},
		{"before the expenses were known", "", "2009-12-31", 6, 4200_00, 2},
		{"when one client was known", "", "2009-12-31", 1, 2100_00, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := simulate.Options{Overlay: twelve, Closing: events.MustDate(test.closing), Position: test.position}
			if test.from != "" {
				o.Overlay.From = events.MustDate(test.from)
			}
			r := run(t, t, v, o)
			if r.Total.Difference.DueCents != test.due || len(r.Clocks) != test.clocks {
				t.Errorf("%s more and %d clocks, want %s and %d", r.Total.Difference.DueCents, len(r.Clocks), test.due, test.clocks)
			}
			if want := max(test.position, 1); r.Position.Sequence < want || test.position > 0 && r.Position.Sequence != want {
				t.Errorf("position #%d, want #%d", r.Position.Sequence, test.position)
			}
		})
	}
}

// Given faults in what is supposed, or a position that is not there, then the
// error names them.
func TestFaults(t *testing.T) {
	v := views(t, t, programme(t))
	defer v.Close()
	tests := []struct {
		overlay policy.Overlay
		want    string
	}{
		{policy.Overlay{Settings: map[string]string{"period_unit": "weeks"}}, `setting period_unit: "weeks" is not one of days30, calendar_month`},
		{policy.Overlay{Settings: map[string]string{"period": "12"}}, `"period" is not a setting: the settings are removed_for_derivatives, `},
		{policy.Overlay{Rates: map[string]int64{"certified.periods": 6}}, `setting rates: "certified.periods" is not one of pre_certified.administrative_cents, `},
		{policy.Overlay{Rates: map[string]int64{"certified.maximum_periods": 121}}, `setting rates.certified.maximum_periods: "121" is not one of 0 to 120`},
		{policy.Overlay{Rates: map[string]int64{"certified.client_cents": -1}}, `setting rates.certified.client_cents: "-1" is not one of 0 to 1000000000`},
	}
	for _, test := range tests {
		_, err := simulate.Run(t.Context(), v, simulate.Options{Overlay: test.overlay})
		var setting *policy.SettingError
		if !errors.As(err, &setting) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v, want %s", err, test.want)
		}
	}
	if _, err := simulate.Run(t.Context(), v, simulate.Options{Position: 9}); err == nil || !strings.Contains(err.Error(), "the views end at #8") {
		t.Errorf("%v, want the end of the views", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := simulate.Run(ctx, v, simulate.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want a canceled context", err)
	}
}

// drawOverlay draws readings of a few settings, and rates.
func drawOverlay(rt *rapid.T) policy.Overlay {
	o := policy.Overlay{Settings: map[string]string{}, Rates: map[string]int64{}}
	for _, d := range policy.Catalogue() {
		if rapid.IntRange(0, 3).Draw(rt, d.Name) == 0 {
			o.Settings[d.Name] = string(rapid.SampledFrom(d.Readings).Draw(rt, "reading"))
		}
	}
	for _, line := range []string{"pre_certified", "certified"} {
		if rapid.Bool().Draw(rt, line) {
			o.Rates[line+".maximum_periods"] = int64(rapid.IntRange(0, 14).Draw(rt, "periods"))
			o.Rates[line+".client_cents"] = int64(rapid.IntRange(0, 900_00).Draw(rt, "client"))
		}
	}
	return o
}

// Given any lives and any supposition, then each dimension sums to the total
// before and after, the rulings explain the client expenses, before is what the
// views say, and after is what is due once the supposition was adopted.
func TestAnyLives(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := projtest.Lives(t, rt, 4)
		o := simulate.Options{Overlay: drawOverlay(rt)}
		o.Closing = (events.MustDate("2007-01-31") + events.Date(rapid.IntRange(0, 900).Draw(rt, "closing"))).LastOfMonth()
		v := views(t, rt, s)
		defer v.Close()
		r := run(t, rt, v, o)
		checkSums(rt, r)
		checkBefore(rt, v, r)

		chart := policy.DefaultRates()
		overlaid, err := policy.NewBook().With(o.Overlay)
		if err == nil && len(o.Overlay.Rates) > 0 {
			chart = overlaid.On(events.MaxDate).Rates
		}
		if err != nil {
			rt.Fatal(err)
		}
		// In the lives nobody is enrolled before 2007, and no rates are adopted.
		s.Add(t, projtest.Entry{Subject: events.ProgrammeSubject, On: "2006-01-02", Event: &events.PolicyAdopted{
			Settings: o.Overlay.Settings, Rates: &chart, Authority: "memo"}})
		adopted := views(t, rt, s)
		defer adopted.Close()
		real := run(t, rt, adopted, simulate.Options{Closing: o.Closing})
		if diff := cmp.Diff(real.Total.Before, r.Total.After); diff != "" {
			rt.Fatalf("adopted -, supposed +\n%s", diff)
		}
		if len(real.Clocks) > 0 || len(real.Rulings) > 0 || real.Total.Difference != (simulate.Amounts{}) {
			rt.Fatalf("nothing was supposed, and yet: %+v", real)
		}
		for i := range r.ByStatus {
			if diff := cmp.Diff(real.ByStatus[i].Before, r.ByStatus[i].After); diff != "" {
				rt.Fatalf("%s: adopted -, supposed +\n%s", r.ByStatus[i].Status, diff)
			}
		}
	})
}

func checkSums(rt *rapid.T, r *simulate.Result) {
	plus := func(sum *simulate.Comparison, c simulate.Comparison) {
		for _, p := range []struct {
			to *simulate.Amounts
			a  simulate.Amounts
		}{{&sum.Before, c.Before}, {&sum.After, c.After}, {&sum.Difference, c.Difference}} {
			*p.to = amounts(p.to.AdministrativeCents+p.a.AdministrativeCents, p.to.ClientCents+p.a.ClientCents)
		}
	}
	var agencies, statuses, years simulate.Comparison
	for _, l := range r.ByAgency {
		plus(&agencies, l.Comparison)
	}
	for _, l := range r.ByStatus {
		plus(&statuses, l.Comparison)
	}
	for _, l := range r.ByFiscalYear {
		plus(&years, l.Comparison)
	}
	if agencies != r.Total || statuses != r.Total || years != r.Total {
		rt.Fatalf("total %+v, agencies %+v, statuses %+v, years %+v", r.Total, agencies, statuses, years)
	}
	var paid events.Cents
	for _, c := range r.Rulings {
		paid += c.PaidDifferenceCents
	}
	if paid != r.Total.Difference.ClientCents || paid != r.Expenses.Difference.PaidCents {
		rt.Fatalf("rulings explain %s of %+v, %+v", paid, r.Total.Difference, r.Expenses.Difference)
	}
	if d := r.Expenses.Difference; d.PaidCents+d.HeldCents+d.DisallowedCents+d.RefusedCents != 0 {
		rt.Fatalf("what was booked changes: %+v", r.Expenses)
	}
}

func checkBefore(rt *rapid.T, v *projections.Views, r *simulate.Result) {
	err := v.Read(func(s *projections.Snapshot) error {
		c, err := reimbursement.Total(s, events.MustDate("2000-01-01"), r.Closing)
		if err == nil && amounts(c.Total.AdministrativeCents, c.Total.PaidCents) != r.Total.Before {
			rt.Fatalf("the views say %+v, the simulation %+v", c.Total, r.Total.Before)
		}
		return err
	})
	if err != nil {
		rt.Fatal(err)
	}
}

// Given a larger programme, then simulating twice gives the same, at any number
// of workers' turns, and the views are what they were.
func TestDeterministicAndHarmless(t *testing.T) {
	v := views(t, t, projtest.NewSynthetic(t, 30_000))
	defer v.Close()
	before, err := v.Digest()
	if err != nil {
		t.Fatal(err)
	}
	o := simulate.Options{Overlay: twelve, Closing: events.MustDate("2010-12-31")}
	cases := uint64(0)
	o.Progress = func(done uint64) { cases = done }
	first := run(t, t, v, o)
	if first.Total.Difference.DueCents <= 0 || len(first.Clocks) == 0 || uint64(first.Clients) != cases {
		t.Errorf("%+v, %d clocks, %d cases", first.Total, len(first.Clocks), cases)
	}
	for range 3 {
		if diff := cmp.Diff(first, run(t, t, v, o)); diff != "" {
			t.Fatal(diff)
		}
	}
	if after, err := v.Digest(); err != nil || after != before {
		t.Errorf("digest %s, then %s, %v", before, after, err)
	}
}

// until is a source as it was when it had n records.
type until struct {
	projections.Source
	n uint64
}

func (u until) Head(context.Context) (uint64, error) { return u.n, nil }

// Given views that follow the log meanwhile, then a simulation is of the position
// at which it began.
func TestWhileTheViewsFollow(t *testing.T) {
	src := projtest.NewSynthetic(t, 12_000)
	v := views(t, t, until{src, 6000})
	defer v.Close()
	o := simulate.Options{Overlay: twelve, Closing: events.MustDate("2010-12-31"), Position: 6000}
	want := run(t, t, v, o)
	followed := make(chan error, 1)
	go func() {
		var err error
		for n := uint64(6100); n <= 12_000 && err == nil; n += 100 {
			err = v.CatchUp(t.Context(), until{src, n}, nil)
		}
		followed <- err
	}()
	for following := true; following; {
		select {
		case err := <-followed:
			if following = false; err != nil {
				t.Fatal(err)
			}
		default:
		}
		got := run(t, t, v, o)
		got.Position.Latest = want.Position.Latest // not known of a past position
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	}
	if p, err := v.Position(); err != nil || p.Sequence != 12_000 {
		t.Errorf("the views stand at #%d, %v", p.Sequence, err)
	}
	o.Position = 0
	if all := run(t, t, v, o); all.Clients <= want.Clients {
		t.Errorf("%d clients, then %d", want.Clients, all.Clients)
	}
}
