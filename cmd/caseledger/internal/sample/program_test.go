package sample_test

import (
	"bytes"
	"encoding/csv"
	"iter"
	"strings"
	"testing"
	"time"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/cmd/caseledger/internal/sample"
	"caseledger/cmd/caseledger/internal/sample/sampletest"
	"caseledger/events"
	"caseledger/events/memlog"
	"caseledger/projections"
	"caseledger/projections/projtest"
	"caseledger/projections/statistics"
)

// openKeys seals without secrecy: what sealing is worth is tested elsewhere.
type openKeys struct{}

func (openKeys) Seal(_ events.Subject, _ string, event events.Event) error {
	c, ok := event.(events.Confidential)
	if !ok {
		return nil
	}
	for _, f := range c.Secrets() {
		if err := f.Secret.Seal(func(string) (string, error) { return sealedText, nil }); err != nil {
			return err
		}
	}
	return nil
}

func (openKeys) MAC(subject events.Subject, class events.KeyClass, text []byte) (events.Hash, error) {
	return events.HashOf([]byte(string(class) + string(subject) + string(text))), nil
}

// recorded returns a new ledger in which the application recorded every request.
func recorded(t *testing.T, requests iter.Seq[app.Request]) *memlog.Log {
	t.Helper()
	log := memlog.New()
	begin := time.Date(2000, 10, 1, 12, 0, 0, 0, time.UTC)
	err := app.WriteGenesis(t.Context(), log, events.LedgerCreated{
		Name: "sample", VerifierKey: "sample+00000000+AA==", SimulatedClock: true, TimeZone: app.TimeZone,
	}, events.InstantOf(begin), "tester")
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(t.Context(), app.Config{
		Log: log, Catalogue: app.Commands(), Keys: openKeys{}, Now: func() time.Time { return begin },
	})
	if err != nil {
		t.Fatal(err)
	}
	for r := range requests {
		receipt, err := a.Execute(t.Context(), r)
		if err != nil || !receipt.Appended {
			t.Fatalf("%s %s of %s, recorded %s: %v\n%+v", r.Name, r.ID, r.OccurredOn, r.RecordedAt, err, r.Command)
		}
	}
	return log
}

// reports returns the product's reports on a ledger as CSV, by name.
func reports(t *testing.T, src projections.Source) map[string]string {
	t.Helper()
	first, last := events.MustDate("2006-04-01"), events.MustDate("2009-05-31")
	year, yearEnd := events.MustDate("2007-10-01"), events.MustDate("2008-09-30")
	texts := map[string]string{}
	projtest.Ask(t, src, func(s *projections.Snapshot) error {
		for _, q := range []statistics.Query{
			{Report: statistics.LettersByFiscalYear, First: events.MustDate("2000-10-01"), Last: yearEnd},
			{Report: statistics.ClientsEnrolled, First: first, Last: last},
			{Report: statistics.PerCapita, First: year, Last: yearEnd},
			{Report: statistics.LettersProfile, First: year, Last: yearEnd},
			{Report: statistics.PerCapitaCumulative, First: first, Last: last},
		} {
			report, err := statistics.Run(s, q)
			if err != nil {
				return err
			}
			var b bytes.Buffer
			if err := report.WriteCSV(&b); err != nil {
				return err
			}
			texts[q.Report] = b.String()
		}
		return nil
	}, statistics.View{})
	return texts
}

// Given the sample recorded through the whole program, when the product's reports
// are run, then they print the published tables; and when one fact of it is
// dropped or changed on the way in, then just the cells that the fact counts in
// differ.
func TestWholeProgram(t *testing.T) {
	c := sample.Config{Seed: 11}
	texts := reports(t, recorded(t, sample.Requests(c)))
	for name, file := range map[string]string{
		statistics.LettersByFiscalYear: "letters-by-fiscal-year-2001-2008.csv",
		statistics.ClientsEnrolled:     "clients-enrolled-2006-04-2009-05.csv",
	} {
		if want := published(t, file); texts[name] != want {
			t.Errorf("%s: got\n%swant\n%s", name, texts[name], want)
		}
	}
	for name, file := range map[string]string{
		statistics.PerCapita:           "per-capita-2008.csv",
		statistics.LettersProfile:      "letters-2008-profile.csv",
		statistics.PerCapitaCumulative: "per-capita-cumulative.csv",
	} {
		checkValues(t, name, texts[name], published(t, file))
	}
	before := reportedCells(t, texts)
	// Two groups whose changes do not cancel out; one by one they are counted in
	// TestMutationsAreCounted.
	all := sampletest.Mutations(c)
	for _, m := range []sampletest.Mutation{sampletest.Together(all[:3]...), sampletest.Together(all[3:]...)} {
		t.Run(m.Name, func(t *testing.T) {
			after := reportedCells(t, reports(t, recorded(t, m.Apply(sample.Requests(c)))))
			checkChanges(t, before, after, m.Changes)
		})
	}
}

func reportedCells(t *testing.T, texts map[string]string) cells {
	t.Helper()
	all := cells{}
	for _, name := range []string{statistics.LettersByFiscalYear, statistics.ClientsEnrolled, statistics.PerCapita} {
		all.addCSV(t, name, texts[name])
	}
	return all
}

// checkValues holds the value of every published measure against the report's.
func checkValues(t *testing.T, name, got, want string) {
	t.Helper()
	values := func(text string) map[string]string {
		records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil || len(records) < 2 {
			t.Fatalf("%s: %d rows, %v", name, len(records), err)
		}
		m := map[string]string{}
		for _, record := range records[1:] {
			row := map[string]string{}
			for i, column := range records[0] {
				row[column] = record[i]
			}
			population, _, _ := strings.Cut(row["population"], " (")
			m[population+" "+row["measure"]] = row["value"]
		}
		return m
	}
	reported := values(got)
	for measure, value := range values(want) {
		if reported[measure] != value {
			t.Errorf("%s, %s: got %q, want %q", name, measure, reported[measure], value)
		}
	}
}
