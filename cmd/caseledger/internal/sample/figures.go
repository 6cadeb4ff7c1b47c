package sample

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"

	"caseledger/aggregates"
	"caseledger/aggregates/programme"
	"caseledger/aggregates/publication"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/testdata/published"
)

// A printed is a table of the programme's documents, recorded as published.
type printed struct {
	id, file, title, report string
	first, last             string // days that it is about
	columns                 int    // of the file that hold figures; those after them say where they stand
}

// printedTables are the tables of S1, as of its publication.
var printedTables = []printed{
	{"P-LETTERS-2001-2008", "letters-by-fiscal-year-2001-2008.csv", "Services available to victims, table of letters", "letters-by-fiscal-year", "2000-10-01", "2008-09-30", 4},
	{"P-LETTERS-2008", "letters-2008-profile.csv", "Services available to victims, letters of fiscal year 2008", "letters-profile", "2007-10-01", "2008-09-30", 4},
	{"P-CLIENTS-2006-2009", "clients-enrolled-2006-04-2009-05.csv", "Services available to victims, table 3", "clients-enrolled", "2006-04-01", "2009-05-31", 9},
	{"P-PER-CAPITA-2008", "per-capita-2008.csv", "Services available to victims, per-capita services in 2008", "per-capita", "2007-10-01", "2008-09-30", 3},
	{"P-PER-CAPITA", "per-capita-cumulative.csv", "Services available to victims, per-capita services", "per-capita-cumulative", "2006-04-01", "2009-05-31", 2},
}

// day195 is when the sample records the later publication of fiscal year 2001.
const day195 = "2009-06-29"

// recordFigures yields what left the programme: the tables of S1 as they stand
// there, and the other publication of the letters of fiscal year 2001, which says
// 195 adults. Both are right for their publication.
func recordFigures(seed uint64) []app.Request {
	keys := newKeyring(seed, sourceFigures, 0)
	var sheet sheet
	add := func(on string, c *publication.PublishFigures) {
		sheet.add(app.Request{
			Name: "publish-figures", ID: keys.take(), OccurredOn: day(on), RecordedAt: startOf(day(on)), Actor: letterOffice, Role: roleHHS, Command: c,
		})
	}
	for _, t := range printedTables {
		add("2009-06-15", &publication.PublishFigures{
			Publication: t.id, Title: t.title, Report: t.report, Arguments: map[string]string{"first": t.first, "last": t.last}, Table: t.table(),
		})
	}
	add(day195, &publication.PublishFigures{
		Publication: "P-LETTERS-2001", Title: "Letters of fiscal year 2001 in a later publication", Report: "letters-by-fiscal-year",
		Arguments: map[string]string{"first": "2000-10-01", "last": "2001-09-30"}, Table: "fiscal_year,adult_victims\n2001,195\n",
	})
	sheet.add(app.Request{
		Name: "restate-figures", ID: keys.take(), OccurredOn: day(day195), RecordedAt: startOf(day(day195)) + 60_000, Actor: letterOffice, Role: roleHHS,
		Command: &publication.RestateFigures{
			Publication: printedTables[0].id, Table: strings.Replace(printedTables[0].table(), "2001,194,4,198", "2001,195,4,199", 1),
			Reason: "a later publication counts 195 adults in fiscal year 2001; both are right for their publication",
		},
	})
	return sheet.sorted()
}

// table returns the bytes of a table without the columns that say in which
// document it stands.
func (t printed) table() string {
	data, err := published.Files.ReadFile(t.file)
	if err == nil {
		var rows [][]string
		if rows, err = csv.NewReader(bytes.NewReader(data)).ReadAll(); err == nil {
			var b bytes.Buffer
			w := csv.NewWriter(&b)
			for _, row := range rows {
				err = w.Write(slices.Clone(row[:t.columns]))
			}
			if w.Flush(); err == nil {
				return strings.ReplaceAll(b.String(), " (as worded)", "")
			}
		}
	}
	panic(fmt.Sprintf("sample: %s: %v", t.file, err)) // the files are embedded; a test reads them all
}

// recordGoals yields the targets, the money set aside and the practices of the
// programme's years (S3).
func recordGoals(seed uint64) []app.Request {
	keys := newKeyring(seed, sourceFigures, 1)
	var sheet sheet
	add := func(name string, on events.Date, c aggregates.Command) {
		sheet.add(app.Request{Name: name, ID: keys.take(), OccurredOn: on, RecordedAt: startOf(on), Actor: contractOffice, Role: rolePrime, Command: c})
	}
	for _, y := range []struct {
		year                             int
		certified, children, served      int
		days, left, dollars              int
		administration, expenses, others events.Cents
	}{
		{2006, 200, 20, 150, 120, 40, 2600, 26_000_000, 14_000_000, 3_000_000},
		{2007, 250, 25, 500, 110, 38, 2900, 115_000_000, 48_000_000, 6_000_000},
		{2008, 280, 35, 600, 100, 36, 2800, 112_000_000, 52_000_000, 6_500_000},
		{2009, 300, 35, 650, 95, 35, 2800, 116_000_000, 54_000_000, 7_000_000},
	} {
		on := max(day(fmt.Sprintf("%d-09-20", y.year-1)), day("2006-04-03"))
		for _, g := range []struct {
			measure string
			target  int
		}{
			{"victims_certified", y.certified}, {"children_eligible", y.children}, {"clients_served", y.served},
			{"certified_of_enrolled_percent", 50}, {"days_to_letter_median", y.days}, {"left_before_letter_percent", y.left},
			{"dollars_per_client", y.dollars}, {"spent_of_allocated_percent", 90}, {"paid_within_30_days_percent", 95},
		} {
			add("agree-goal", on, &programme.AgreeGoal{Measure: g.measure, FiscalYear: y.year, Goal: g.target, Partner: contractOffice})
		}
		for i, purpose := range []string{"administration", "client_expenses", "training", "outreach"} {
			cents := []events.Cents{y.administration, y.expenses, y.others, y.others / 2}[i]
			add("allocate-funds", on, &programme.AllocateFunds{FiscalYear: y.year, Purpose: purpose, AmountCents: cents})
		}
	}
	for _, b := range []struct{ on, topic, text string }{
		{"2006-11-14", "identification", "ask health centers for walk-in hours in the client's language"},
		{"2007-05-22", "certification", "prepare the letter request together with the declaration, so that one interview serves both"},
		{"2007-11-08", "case_management", "one lead case manager from referral until every component closes"},
		{"2008-05-20", "law_enforcement", "agree with the task force who calls whom in the first 24 hours"},
		{"2008-11-18", "outreach", "train code inspectors and school nurses as well as police"},
	} {
		add("record-best-practice", day(b.on), &programme.RecordBestPractice{Topic: b.topic, Partner: contractOffice, Text: b.text})
	}
	return sheet.sorted()
}
