package statistics_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/benefits"
	"caseledger/projections/billing"
	"caseledger/projections/clocks"
	"caseledger/projections/pipeline"
	"caseledger/projections/projtest"
	"caseledger/projections/referrals"
	"caseledger/projections/reimbursement"
	"caseledger/projections/statistics"
)

// few is a programme of five clients: two of fiscal year 2007, one of whom comes
// back in 2008 after a gap, two of 2008, and a derivative.
func few(t *testing.T) *programme {
	p := &programme{&projtest.Stream{}, t, 0}
	client := func(class events.ClientClass, sex events.Sex, form events.Form, on string) events.Subject {
		subject := events.SubjectOf(events.KindCase, p.id())
		p.add(subject, on, &events.ClientEnrolled{Agency: "A-1", Class: class, Sex: sex, AgeGroup: events.Adult, Form: form, ImmigrationStatus: "nonimmigrant"})
		return subject
	}
	serve := func(c events.Subject, on, category string, minutes int) {
		p.add(c, on, &events.ServiceDelivered{Category: category, Minutes: minutes, Interpreter: category == "legal"})
	}
	a := client(events.Victim, events.Female, events.FormLabor, "2007-01-10")
	serve(a, "2007-01-12", "legal", 90)
	serve(a, "2007-01-20", "legal", 30)
	serve(a, "2007-02-20", "housing", 0)
	p.add(a, "2007-03-01", &events.ServiceClosed{Reason: projtest.Sealed, Outcomes: []string{"employed", "housed"}})
	p.add(a, "2008-02-01", &events.ServiceReopened{Agency: "A-1", Reason: projtest.Sealed})
	b := client(events.Victim, events.Male, events.FormSex, "2007-09-01")
	p.add(b, "2007-11-15", &events.LetterReceived{Kind: events.Certification, LetterDate: events.MustDate("2007-11-15"), ReceivedOn: events.MustDate("2007-11-15")})
	p.add(b, "2007-11-30", &events.ServiceClosed{Reason: projtest.Sealed})
	c := client(events.Victim, events.Female, events.FormUnknown, "2008-05-01")
	serve(c, "2008-05-02", "legal", 60)
	client(events.Derivative, events.Female, "", "2008-05-01")
	client(events.Victim, events.Female, events.FormLabor, "2008-06-01")
	return p
}

func withEverything(t *testing.T, src projections.Source, f func(*projections.Snapshot)) {
	t.Helper()
	projtest.Ask(t, src, func(s *projections.Snapshot) error { f(s); return nil }, statistics.View{}, statistics.WorkView{}, clocks.View{}, reimbursement.View{}, billing.View{}, benefits.View{}, pipeline.View{}, referrals.View{})
}

// Given a handful of clients, then each report of the catalogue says what can be
// counted by hand.
func TestCatalogue(t *testing.T) {
	years := func(name string, by ...string) statistics.Query {
		q, err := statistics.FiscalYears(name, 2007, 2008)
		if err != nil {
			t.Fatal(err)
		}
		q.By = by
		return q
	}
	months := func(name, from, to string, by ...string) statistics.Query {
		q, err := statistics.Months(name, from, to)
		if err != nil {
			t.Fatal(err)
		}
		q.By = by
		return q
	}
	withEverything(t, few(t), func(s *projections.Snapshot) {
		for _, tc := range []struct {
			q    statistics.Query
			want string
		}{
			{years(statistics.ClientsByFiscalYear), `fiscal_year,new,continuing,reopened,victims,derivatives,clients
2007,2,0,0,2,0,2
2008,3,1,1,4,1,5
distinct persons,,,,4,1,5
`},
			{months(statistics.Clients, "2008-05", "2008-06", "form", "sex"), `form,sex,clients
N/A,female,1
labor,female,2
unknown,female,1
all,all,4
`},
			{years(statistics.Letters), "fiscal_year,kind,sex,form,letters\nall,all,all,all,0\n"},
			{months(statistics.ServicesByCategory, "2007-01", "2008-09"), `category,clients,services,hours,with_interpreter
housing,1,1,0,0
legal,2,3,3,3
all,2,4,3,3
`},
			{months(statistics.CaseloadOverTime, "2007-09", "2007-12"), `month,without_letter,with_letter,derivative,total
2007-09,1,0,0,1
2007-10,1,0,0,1
2007-11,0,1,0,1
2007-12,0,0,0,0
`},
			{months(statistics.DollarsByMonth, "2007-01", "2007-03"), `month,clients,administrative,client_expenses,total
2007-01,1,$513.33,$0.00,$513.33
2007-02,1,$653.34,$0.00,$653.34
2007-03,1,$23.33,$0.00,$23.33
all,1,"$1,190.00",$0.00,"$1,190.00"
`},
			{months(statistics.DollarsByOutcome, "2007-09", "2007-12"), `outcome,clients,months,administrative,client_expenses,total,months_per_client,dollars_per_client
none recorded,1,3.0,"$2,016.67",$0.00,"$2,016.67",3.0,"$2,016.67"
all,1,3.0,"$2,016.67",$0.00,"$2,016.67",3.0,"$2,016.67"
`},
		} {
			if got := csvOf(t, s, tc.q, nil); got != tc.want {
				t.Errorf("%s: got\n%s\nwant\n%s", tc.q.Report, got, tc.want)
			}
		}
		ahead := csvOf(t, s, statistics.Days(statistics.ClocksEnding, events.MustDate("2008-08-01"), events.MustDate("2008-08-01")), nil)
		if lines := strings.Count(ahead, "\n"); lines != 27 || !strings.Contains(ahead, "\n2008-09-05,1,0,0,1\n") || !strings.Contains(ahead, "\n2009-01-23,1,0,0,1\n") {
			t.Errorf("clocks ending:\n%s", ahead)
		}
	})
}

// Given any report of the catalogue, then it runs, says what it rests on, and its
// drawing names columns that it has.
func TestEveryReportRuns(t *testing.T) {
	withEverything(t, few(t), func(s *projections.Snapshot) {
		for _, d := range statistics.Catalogue() {
			q := statistics.Days(d.Name, events.MustDate("2007-10-01"), events.MustDate("2008-09-30"))
			r, err := statistics.Run(s, q)
			if err != nil || len(r.Definitions) == 0 || r.Title == "" || len(r.Rows) == 0 {
				t.Fatalf("%s: %+v, %v", d.Name, r, err)
			}
			if d.Drawing != nil {
				for _, series := range d.Drawing.Series {
					if !slices.Contains(r.Columns, series) {
						t.Errorf("%s: it draws %s, which it does not have", d.Name, series)
					}
				}
			}
			for _, by := range d.By {
				q.By = []string{by}
				if _, err := statistics.Run(s, q); err != nil {
					t.Errorf("%s by %s: %v", d.Name, by, err)
				}
			}
			q.By, q.SuppressBelow = nil, 5
			if _, err := statistics.Run(s, q); err != nil {
				t.Errorf("%s, suppressed: %v", d.Name, err)
			}
		}
	})
}

// Given one client of a form, one of a category of services and one derivative of a
// year among many, when small counts are suppressed, then none is what the others
// leave of their total.
func TestSuppressedSums(t *testing.T) {
	p := &programme{&projtest.Stream{}, t, 0}
	forms := []events.Form{events.FormLabor, events.FormSex, events.FormBoth}
	for i, many := range []int{8, 6, 1} {
		for range many {
			victim, derivative := events.SubjectOf(events.KindCase, p.id()), events.SubjectOf(events.KindCase, p.id())
			p.add(victim, "2007-10-01", &events.ClientEnrolled{Agency: "A-1", Class: events.Victim, Sex: events.Male, AgeGroup: events.Adult, Form: forms[i], ImmigrationStatus: "nonimmigrant"})
			p.add(victim, "2007-11-15", &events.LetterReceived{Kind: events.Certification, LetterDate: events.MustDate("2007-11-15"), ReceivedOn: events.MustDate("2007-11-15")})
			p.add(events.SubjectOf(events.KindLetter, p.id()), "2007-11-15", &events.LetterIssued{
				Kind: events.Certification, Number: projtest.Sealed, Basis: "bona_fide", Sex: events.Male, Form: forms[i]})
			p.add(victim, "2007-11-16", &events.ServiceDelivered{Category: []string{"legal", "housing", "medical"}[i], Minutes: 60, Interpreter: true})
			p.add(derivative, []string{"2007-10-02", "2008-10-02", "2009-10-02"}[i], &events.ClientEnrolled{Agency: "A-1", Class: events.Derivative, Sex: events.Male, AgeGroup: events.Adult, ImmigrationStatus: "nonimmigrant"})
			p.add(derivative, []string{"2008-09-01", "2009-09-01", "2010-09-01"}[i], &events.ServiceClosed{Reason: projtest.Sealed})
		}
	}
	withEverything(t, p, func(s *projections.Snapshot) {
		for _, tc := range []struct {
			report, column string
			years          int
			total, parts   []string // what their lines begin with
			of             string   // the total's column, when it is another
		}{
			{statistics.LettersProfile, "implied_count_range", 1, []string{"certification_letters"}, []string{"labor", "sex", "both", "form_not_stated"}, "value"},
			{statistics.ServicesByCategory, "clients", 1, []string{"all"}, []string{"legal", "housing", "medical"}, ""},
			{statistics.ServicesByCategory, "services", 1, []string{"all"}, []string{"legal", "housing", "medical"}, ""},
			{statistics.ServicesByCategory, "hours", 1, []string{"all"}, []string{"legal", "housing", "medical"}, ""},
			{statistics.ServicesByCategory, "with_interpreter", 1, []string{"all"}, []string{"legal", "housing", "medical"}, ""},
			{statistics.ClientsByFiscalYear, "derivatives", 3, []string{"distinct persons"}, []string{"2008", "2009", "2010"}, ""},
		} {
			q, err := statistics.FiscalYears(tc.report, 2008, 2007+tc.years)
			if err != nil {
				t.Fatal(err)
			}
			q.SuppressBelow = 5
			r, err := statistics.Run(s, q)
			if err != nil {
				t.Fatal(err)
			}
			hidden := func(column string, lines []string) (n int) {
				for _, row := range r.Rows {
					ofAdults := row[0] != "children_eligible"
					if ofAdults && (slices.Contains(lines, row[0]) || slices.Contains(lines, row[1])) && row[slices.Index(r.Columns, column)] == statistics.Suppressed {
						n++
					}
				}
				return n
			}
			total := hidden(cmp.Or(tc.of, tc.column), tc.total)
			if parts := hidden(tc.column, tc.parts); parts == 0 || total+parts < 2 {
				t.Errorf("%s: %d of the parts and %d totals are hidden\n%v", tc.report, parts, total, r.Rows)
			}
		}
	})
}

// Given a cell of a report of services or of a cube, when it is explained, then it
// names those it counts and the records behind them.
func TestExplainCatalogue(t *testing.T) {
	withEverything(t, few(t), func(s *projections.Snapshot) {
		q, err := statistics.Months(statistics.ServicesByCategory, "2007-01", "2007-12")
		if err != nil {
			t.Fatal(err)
		}
		x, err := statistics.Explain(s, q, "legal", "services")
		if err != nil || x.Value != "2" || len(x.Members) != 1 || len(x.Members[0].Events) != 3 {
			t.Errorf("%+v, %v", x, err)
		}
		q = statistics.Days(statistics.Clients, events.MustDate("2008-05-01"), events.MustDate("2008-06-30"))
		q.By = []string{"sex", "form"}
		x, err = statistics.Explain(s, q, "female/labor", "clients")
		if err != nil || x.Counted != 2 || len(x.Members) != 2 {
			t.Errorf("%+v, %v", x, err)
		}
		if q.SuppressBelow = 5; true {
			if x, err := statistics.Explain(s, q, "female/labor", "clients"); err == nil {
				t.Errorf("a suppressed figure is explained: %+v", x)
			}
		}
	})
}

// Given figures that were published at a position, when facts come to light since,
// then a restatement names the cells, the people and the records.
func TestCompare(t *testing.T) {
	p := few(t)
	q, err := statistics.FiscalYears(statistics.ClientsByFiscalYear, 2007, 2008)
	var table string
	var then *statistics.Explanation
	withEverything(t, p, func(s *projections.Snapshot) {
		table = csvOf(t, s, q, err)
		if then, err = statistics.Explain(s, q, "2007", "victims"); err != nil {
			t.Fatal(err)
		}
	})
	late := events.SubjectOf(events.KindCase, p.id())
	p.add(late, "2007-08-01", &events.ClientEnrolled{Agency: "A-1", Class: events.Victim, Sex: events.Male, AgeGroup: events.Adult, Form: events.FormSex, ImmigrationStatus: "nonimmigrant"})
	withEverything(t, p, func(s *projections.Snapshot) {
		r, err := statistics.Run(s, q)
		if err != nil {
			t.Fatal(err)
		}
		changes, err := statistics.Compare(table, r)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range changes {
			got = append(got, c.Row+" "+c.Column+" "+c.Published+" "+c.Now)
		}
		want := []string{"2007 new 2 3", "2007 victims 2 3", "2007 clients 2 3", "2008 continuing 1 2", "2008 victims 4 5", "2008 clients 5 6",
			"distinct persons victims 4 5", "distinct persons clients 5 6"}
		if !slices.Equal(got, want) {
			t.Errorf("got %q\nwant %q", got, want)
		}
		now, err := statistics.Explain(s, q, "2007", "victims")
		if err != nil {
			t.Fatal(err)
		}
		causes := statistics.Causes(then, now)
		if len(causes) != 1 || causes[0].ID != late.ID() || causes[0].What != "counted now" || len(causes[0].Events) != 1 {
			t.Errorf("%+v", causes)
		}
	})
}
