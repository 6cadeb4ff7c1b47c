package statistics_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/projtest"
	"caseledger/projections/statistics"
)

const published = "../../testdata/published/"

func read(t *testing.T, name string) (rows [][]string) {
	t.Helper()
	f, err := os.Open(published + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if rows, err = csv.NewReader(f).ReadAll(); err != nil || len(rows) < 2 {
		t.Fatalf("%s: %d rows, %v", name, len(rows), err)
	}
	return rows
}

func number(t testing.TB, s string) int {
	t.Helper()
	if s == "N/A" {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func snapshot(t testing.TB, src projections.Source, f func(*projections.Snapshot)) {
	t.Helper()
	projtest.Ask(t, src, func(s *projections.Snapshot) error { f(s); return nil }, statistics.View{})
}

type programme struct {
	*projtest.Stream
	t testing.TB
	n int
}

func (p *programme) add(subject events.Subject, on string, e events.Event) *events.Record {
	p.t.Helper()
	return p.Add(p.t, projtest.Entry{Subject: subject, On: on, Event: e})
}

func (p *programme) id() string { p.n++; return fmt.Sprintf("C-%05d", p.n) }

// pick returns the choice whose running count the i-th of a group falls under.
func pick[S ~string](i int, counts []int, choices ...S) S {
	for j, n := range counts {
		if i < n {
			return choices[j]
		}
		i -= n
	}
	return choices[len(choices)-1]
}

// clients enrolls one line of Table 3, its columns independent of each other.
func (p *programme) clients(line []string, class events.ClientClass, on, letter string) {
	n := make([]int, len(line))
	for i := 1; i < len(line); i++ {
		n[i] = number(p.t, line[i])
	}
	for i := range n[1] {
		subject := events.SubjectOf(events.KindCase, p.id())
		e := &events.ClientEnrolled{
			Agency: "A-1", Class: class, ImmigrationStatus: "nonimmigrant",
			Sex:      pick(i, n[2:4], events.Male, events.Female, events.SexUnknown),
			AgeGroup: pick(i, n[4:6], events.Adult, events.Minor, events.AgeUnknown),
		}
		if class == events.Victim {
			e.Form = pick(i, n[6:9], events.FormSex, events.FormLabor, events.FormBoth, events.FormUnknown)
		}
		p.add(subject, on, e)
		if letter != "" {
			day := events.MustDate(letter)
			p.add(subject, letter, &events.LetterReceived{Kind: events.Certification, LetterDate: day, ReceivedOn: day})
		}
	}
}

func csvOf(t *testing.T, s *projections.Snapshot, q statistics.Query, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	r, err := statistics.Run(s, q)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	if r.Position != s.Position() || len(r.Definitions) == 0 || r.View == "" {
		t.Errorf("%s does not say what it rests on: %+v", q.Report, r)
	}
	return b.String()
}

func bytesOf(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(published + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Given the clients of the contract, when Table 3 is asked for, then the
// published bytes come out, and with somebody outside the range too.
func TestClientsEnrolled(t *testing.T) {
	p := &programme{&projtest.Stream{}, t, 0}
	lines := read(t, "clients-enrolled-2006-04-2009-05.csv")[1:]
	p.clients(lines[0], events.Victim, "2007-01-10", "")
	p.clients(lines[1], events.Victim, "2007-06-10", "2007-05-01")
	p.clients(lines[2], events.Victim, "2008-01-10", "2008-03-01")
	p.clients(lines[4], events.Derivative, "2008-02-10", "")
	outside := events.SubjectOf(events.KindCase, p.id())
	p.add(outside, "2009-06-01", &events.ClientEnrolled{Agency: "A-1", Class: events.Victim, Sex: events.Male, AgeGroup: events.Adult})
	snapshot(t, p, func(s *projections.Snapshot) {
		q, err := statistics.Months(statistics.ClientsEnrolled, "2006-04", "2009-05")
		if got, want := csvOf(t, s, q, err), bytesOf(t, "clients-enrolled-2006-04-2009-05.csv"); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		explainAll(t, s, q)
		q, err = statistics.Months(statistics.PerCapitaCumulative, "2006-04", "2009-05")
		want := "measure,value,qualifier\nvictims_served,1037,April 2006 - May 2009\nfamily_derivatives_served,272,additional\nsubcontractors,0,\nlocations,0,\n"
		if got := csvOf(t, s, q, err); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}

// explainAll demands that every cell that shows a count has as many members, each
// of them once and with records behind it.
func explainAll(t *testing.T, s *projections.Snapshot, q statistics.Query) {
	t.Helper()
	r, err := statistics.Run(s, q)
	if err != nil {
		t.Fatal(err)
	}
	explained := 0
	for _, row := range r.Rows {
		for i, column := range r.Columns[1:] {
			x, err := statistics.Explain(s, q, row[0], column)
			var none *statistics.CellError
			if errors.As(err, &none) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if explained++; x.Value != row[i+1] || strconv.Itoa(len(x.Members)) != row[i+1] {
				t.Errorf("%s %s: %d members, value %s, shown %s", row[0], column, len(x.Members), x.Value, row[i+1])
			}
			for _, m := range x.Members {
				if m.ID == "" || len(m.Events) == 0 || m.Events[0].ID == "" {
					t.Errorf("%s %s: member %+v without records", row[0], column, m)
				}
			}
		}
	}
	if explained == 0 {
		t.Error("no cell was explained")
	}
}

// Given the letters of eight years, with some withdrawn and interim ones among
// them, then the published bytes and the profile of 2008 come out.
func TestLetters(t *testing.T) {
	p := &programme{&projtest.Stream{}, t, 0}
	countries := []string{"MX", "TH", "PH", "KR"}
	for c := 'A'; len(countries) < 40; c++ {
		countries = append(countries, "X"+string(c))
	}
	for _, line := range read(t, "letters-by-fiscal-year-2001-2008.csv")[1:] {
		year := number(t, line[0])
		first, last := policy.FiscalYearRange(year)
		for i := range number(t, line[1]) {
			on := []events.Date{first, last, first + 100}[i%3]
			p.add(events.SubjectOf(events.KindLetter, p.id()), on.String(), &events.LetterIssued{
				Kind: events.Certification, Number: projtest.Sealed, Basis: "bona_fide",
				Sex:     pick(i, []int{129}, events.Male, events.Female),
				Form:    pick(i, []int{217, 49, 14}, events.FormLabor, events.FormSex, events.FormBoth, events.FormUnknown),
				Country: pick(i, []int{90, 60, 50, 40}, "MX", "TH", "PH", "KR", countries[i%40]), State: "CA",
			})
		}
		for i := range number(t, line[2]) {
			states := strings.Fields("DC MP AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE")
			p.add(events.SubjectOf(events.KindLetter, p.id()), last.String(), &events.LetterIssued{
				Kind: events.Eligibility, Number: projtest.Sealed, Basis: "minor",
				Sex:     pick(i, []int{24}, events.Female, events.Male),
				Form:    pick(i, []int{17, 8, 2}, events.FormSex, events.FormLabor, events.FormBoth, events.FormUnknown),
				Country: "HN", State: slices.Concat(states, []string{"NV", "CA"})[i%31],
			})
		}
		wrong := events.SubjectOf(events.KindLetter, p.id())
		r := p.add(wrong, last.String(), &events.LetterIssued{Kind: events.Eligibility, Number: projtest.Sealed, Basis: "minor",
			Sex: events.Female, Form: events.FormSex, State: "NY"})
		p.add(wrong, last.String(), &events.LetterFactWithdrawn{Record: r.ID, Reason: projtest.Sealed})
		p.add(wrong, last.String(), &events.InterimAssistanceIssued{Number: projtest.Sealed})
	}
	snapshot(t, p, func(s *projections.Snapshot) {
		q, err := statistics.FiscalYears(statistics.LettersByFiscalYear, 2001, 2008)
		if got, want := csvOf(t, s, q, err), bytesOf(t, "letters-by-fiscal-year-2001-2008.csv"); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		explainAll(t, s, q)
		q, err = statistics.FiscalYears(statistics.LettersProfile, 2008, 2008)
		profile := csvOf(t, s, q, err)
		checkProfile(t, profile)
		x, err := statistics.Explain(s, q, "children_eligible/female", "value")
		if err != nil || len(x.Members) != 24 || x.Value != "77" {
			t.Errorf("children_eligible/female: %+v, %v", x, err)
		}
	})
}

// checkProfile compares what the published profile says with what was computed;
// its last two columns are remarks of the source there.
func checkProfile(t *testing.T, got string) {
	t.Helper()
	computed, err := csv.NewReader(strings.NewReader(got)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := read(t, "letters-2008-profile.csv")
	if len(computed) != len(want) || !slices.Equal(computed[0], want[0]) {
		t.Fatalf("got\n%s", got)
	}
	for i, line := range want[1:] {
		c := computed[i+1]
		c[0] = strings.TrimSuffix(c[0], " (as worded)")
		if line[0] = strings.TrimSuffix(line[0], " (as worded)"); !slices.Equal(c[:5], line[:5]) {
			t.Errorf("got %v, published %v", c, line)
		}
		low, high, _ := strings.Cut(line[5], "-")
		if high == "" {
			high = low
		}
		if line[5] != "" && (number(t, c[5]) < number(t, low) || number(t, c[5]) > number(t, high)) {
			t.Errorf("count %s of %v is not within the published %s", c[5], c[:2], line[5])
		}
		if (line[1] == "states" || line[1] == "countries_of_origin") && c[6] != line[6] {
			t.Errorf("note %q, published %q", c[6], line[6])
		}
	}
}

// Given a client of every path through one fiscal year, then each counts under
// the status of the last day served.
func TestPerCapita(t *testing.T) {
	p := &programme{&projtest.Stream{}, t, 0}
	client := func(class events.ClientClass, age events.AgeGroup, on, letter, closed string) {
		subject := events.SubjectOf(events.KindCase, p.id())
		p.add(subject, on, &events.ClientEnrolled{Agency: "A-1", Class: class, Sex: events.Female, AgeGroup: age})
		if letter != "" {
			kind := events.Certification
			if age == events.Minor {
				kind = events.Eligibility
			}
			p.add(subject, letter, &events.LetterReceived{Kind: kind, LetterDate: events.MustDate(letter), ReceivedOn: events.MustDate(letter)})
		}
		if closed != "" {
			p.add(subject, closed, &events.ServiceClosed{Reason: projtest.Sealed})
		}
	}
	client(events.Victim, events.Adult, "2008-01-01", "", "")                     // pre-certified
	client(events.Victim, events.Adult, "2008-01-01", "2008-10-01", "")           // certified only after the year
	client(events.Victim, events.Minor, "2008-01-01", "", "2008-02-01")           // pre-eligible
	client(events.Victim, events.Adult, "2007-01-01", "2008-09-30", "")           // transferred on the last day
	client(events.Victim, events.Adult, "2007-01-01", "2007-05-01", "2007-10-01") // certified on the first day alone
	client(events.Victim, events.Minor, "2008-01-01", "2008-01-01", "")           // eligible
	client(events.Victim, events.Adult, "2007-01-01", "", "2007-09-30")           // before the year
	client(events.Victim, events.Adult, "2008-01-01", "2008-06-01", "2008-05-31") // letter after closure
	client(events.Derivative, events.Minor, "2008-01-01", "", "")                 // derivative
	client(events.Victim, events.AgeUnknown, "2008-10-01", "2008-10-01", "")      // after the year
	client(events.Victim, events.Adult, "2008-01-01", "2008-02-01", "2008-03-01") // transferred and closed
	wrong := events.SubjectOf(events.KindCase, p.id())                            // enrolled in error
	r := p.add(wrong, "2008-01-01", &events.ClientEnrolled{Agency: "A-1", Class: events.Victim})
	p.add(wrong, "2008-01-01", &events.CaseFactWithdrawn{Record: r.ID, Reason: projtest.Sealed})
	snapshot(t, p, func(s *projections.Snapshot) {
		q, err := statistics.FiscalYears(statistics.PerCapita, 2008, 2008)
		want := "measure,value,year_as_stated\ntotal_clients_served,9,2008\npre_certified_victims,4,2008\n" +
			"certified_victims,4,2008\nfamily_derivatives,1,2008\ntransferred_pre_certified_to_certified,2,2008\n"
		if got := csvOf(t, s, q, err); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		explainAll(t, s, q)
	})
}

// Given any life of a client, then the rows count it as the policy does.
func TestCategoryIsThePolicys(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := &programme{&projtest.Stream{}, t, 0}
		subject := events.SubjectOf(events.KindCase, p.id())
		day := events.MustDate("2006-01-01")
		p.add(subject, day.String(), &events.ClientEnrolled{Agency: "A-1",
			Class:    rapid.SampledFrom([]events.ClientClass{events.Victim, events.Victim, events.Derivative}).Draw(rt, "class"),
			AgeGroup: rapid.SampledFrom([]events.AgeGroup{events.Adult, events.Minor}).Draw(rt, "age")})
		for range rapid.IntRange(0, 6).Draw(rt, "facts") {
			day += events.Date(rapid.IntRange(0, 300).Draw(rt, "days"))
			letter := day - events.Date(rapid.IntRange(0, 400).Draw(rt, "back"))
			p.add(subject, day.String(), rapid.SampledFrom([]events.Event{
				&events.LetterReceived{Kind: events.Certification, LetterDate: letter, ReceivedOn: day},
				&events.LetterReceived{Kind: events.Eligibility, LetterDate: letter, ReceivedOn: day},
				&events.ClientTurned18{}, &events.ServiceClosed{Reason: projtest.Sealed},
				&events.ServiceReopened{Agency: "A-1", Reason: projtest.Sealed},
			}).Draw(rt, "fact"))
		}
		year := rapid.IntRange(2005, 2011).Draw(rt, "year")
		first, last := policy.FiscalYearRange(year)
		snapshot(t, p, func(s *projections.Snapshot) {
			c, err := s.Subject(subject)
			if err != nil {
				rt.Fatal(err)
			}
			f, err := c.Facts()
			if err != nil {
				rt.Fatal(err)
			}
			b, err := s.Row("statistics", subject)
			if err != nil {
				rt.Fatal(err)
			}
			category, status, err := statistics.Count(b, first, last)
			if err != nil {
				rt.Fatal(err)
			}
			if want := policy.CategoryIn(f, first, last); category != want {
				rt.Fatalf("category %q, want %q", category, want)
			}
			if want, _ := policy.StatusInYear(f, year); status != want {
				rt.Fatalf("status %q, want %q", status, want)
			}
		})
	})
}

// Given agencies and locations that come and go, then those with a day in the
// range count.
func TestNetwork(t *testing.T) {
	p := &programme{&projtest.Stream{}, t, 0}
	p.add("agency/A-1", "2006-01-01", &events.SubcontractSigned{Name: "North", State: "NY"})
	p.add("agency/A-1", "2006-01-01", &events.LocationOpened{Location: "L-1", City: "Albany", State: "NY"})
	p.add("agency/A-1", "2006-01-01", &events.LocationOpened{Location: "L-2", City: "Utica", State: "NY"})
	p.add("agency/A-1", "2006-03-31", &events.LocationClosed{Location: "L-2"})
	p.add("agency/A-2", "2006-01-01", &events.SubcontractSigned{Name: "South", State: "TX", ThroughDate: events.MustDate("2006-03-31")})
	p.add("agency/A-3", "2006-01-01", &events.SubcontractSigned{Name: "East", State: "MA"})
	p.add("agency/A-3", "2006-04-01", &events.SubcontractEnded{Reason: "merged"})
	snapshot(t, p, func(s *projections.Snapshot) {
		q, err := statistics.Months(statistics.PerCapitaCumulative, "2006-04", "2006-04")
		got := csvOf(t, s, q, err)
		if !strings.Contains(got, "subcontractors,2,\nlocations,1,\n") {
			t.Errorf("got\n%s", got)
		}
		explainAll(t, s, q)
	})
}

func TestBadQueries(t *testing.T) {
	if _, err := statistics.FiscalYears(statistics.PerCapita, 2009, 2008); err == nil {
		t.Error("a range that goes back was accepted")
	}
	for _, m := range [][2]string{{"2006-4", "2006-05"}, {"2006-04", "x"}, {"2006-04", "2006-03"}, {"2006-13", "2007-01"}} {
		if _, err := statistics.Months(statistics.ClientsEnrolled, m[0], m[1]); err == nil {
			t.Errorf("the months %v were accepted", m)
		}
	}
	snapshot(t, &projtest.Stream{}, func(s *projections.Snapshot) {
		if _, err := statistics.Run(s, statistics.Query{Report: "wages", First: 1, Last: 2}); err == nil || !strings.Contains(err.Error(), "wages") {
			t.Errorf("%v, want the name of the unknown report", err)
		}
		q, _ := statistics.FiscalYears(statistics.PerCapita, 2008, 2008)
		var none *statistics.CellError
		if _, err := statistics.Explain(s, q, "wages", "value"); !errors.As(err, &none) || len(none.Choices) == 0 {
			t.Errorf("%v, want the rows there are", err)
		}
	})
}
