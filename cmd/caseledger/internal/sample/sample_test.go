package sample_test

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"caseledger/aggregates/clientcase"
	"caseledger/cmd/caseledger/internal/sample"
	"caseledger/cmd/caseledger/internal/sample/sampletest"
	"caseledger/events"
)

func published(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "testdata", "published", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// rows returns the published rows of a table, each by column.
func rows(t *testing.T, name string) []map[string]string {
	t.Helper()
	records, err := csv.NewReader(strings.NewReader(published(t, name))).ReadAll()
	if err != nil || len(records) < 2 {
		t.Fatalf("%s: %d rows, %v", name, len(records), err)
	}
	var list []map[string]string
	for _, record := range records[1:] {
		row := map[string]string{}
		for i, value := range record {
			row[records[0][i]] = value
		}
		list = append(list, row)
	}
	return list
}

// Given any seed and scale, when the stream is counted, then every published
// figure comes out exactly.
func TestPublishedTables(t *testing.T) {
	configs := []sample.Config{{}, {Seed: 7, Scale: 2}, {Seed: math.MaxUint64, Scale: 3}}
	for seed := range 6 {
		configs = append(configs, sample.Config{Seed: 1 << (10 * seed)})
	}
	for _, c := range configs {
		t.Run(fmt.Sprintf("seed %d scale %d", c.Seed, c.Scale), func(t *testing.T) {
			checkTables(t, sampletest.Take(sample.Requests(c)), max(c.Scale, 1))
		})
	}
}

func checkTables(t *testing.T, c *sampletest.Census, scale int) {
	t.Helper()
	got := c.ClientsEnrolled(events.MustDate("2006-04-01"), events.MustDate("2009-05-31"), scale)
	if want := published(t, "clients-enrolled-2006-04-2009-05.csv"); got != want {
		t.Errorf("clients enrolled: got\n%swant\n%s", got, want)
	}
	got = c.LettersByFiscalYear(2001, 2008, scale)
	if want := published(t, "letters-by-fiscal-year-2001-2008.csv"); got != want {
		t.Errorf("letters: got\n%swant\n%s", got, want)
	}
	perCapita := c.PerCapita(2008, scale)
	for _, row := range rows(t, "per-capita-2008.csv") {
		if got := perCapita[row["measure"]]; got != row["value"] {
			t.Errorf("per capita 2008, %s: got %s, want %s", row["measure"], got, row["value"])
		}
	}
	cumulative := c.Cumulative(scale)
	for _, row := range rows(t, "per-capita-cumulative.csv") {
		if got := cumulative[row["measure"]]; got != row["value"] {
			t.Errorf("cumulative, %s: got %s, want %s", row["measure"], got, row["value"])
		}
	}
	checkProfile(t, c.LettersProfile(2008, scale))
}

func checkProfile(t *testing.T, profile map[string]string) {
	t.Helper()
	for _, row := range rows(t, "letters-2008-profile.csv") {
		key := row["population"] + " " + row["measure"]
		if got := profile[key]; got != row["value"] {
			t.Errorf("letters of 2008, %s: got %s, want %s", key, got, row["value"])
		}
	}
	for key, want := range map[string]string{
		"adults_certified top4":                   "MX TH PH KR",
		"children_eligible count female":          "24",
		"children_eligible count sex":             "17",
		"children_eligible count labor":           "8",
		"children_eligible count both":            "2",
		"children_eligible count form_not_stated": "4",
	} {
		if got := profile[key]; got != want {
			t.Errorf("letters of 2008, %s: got %s, want %s", key, got, want)
		}
	}
}

// Given a certified client, when HHS's letter is looked up under the same coded
// id, then it exists once, was recorded before its receipt, and agrees in kind,
// date, sex, form and country.
func TestClientsLettersAreHHSLetters(t *testing.T) {
	c := sampletest.Take(sample.Requests(sample.Config{Seed: 5}))
	letters := map[string][]*sampletest.Letter{}
	for key, l := range c.Letters {
		id, _, _ := strings.Cut(key, " ")
		letters[id] = append(letters[id], l)
	}
	certified := 0
	for id, one := range c.Clients {
		for _, on := range one.Letters {
			certified++
			kind := map[string]string{"adult": "certification", "minor": "eligibility"}[one.Age]
			if len(letters[id]) != 1 {
				t.Errorf("client %s has %d letters of HHS, want 1", id, len(letters[id]))
				continue
			}
			if l := letters[id][0]; l.On != on || l.Kind != kind || l.Sex != one.Sex || l.Form != one.Form || l.Country != one.Country {
				t.Errorf("client %s %+v: letter of %s %+v", id, one, l.On, l.IssueLetter)
			}
		}
	}
	if certified != 734 {
		t.Errorf("%d certified clients, want 734", certified)
	}
}

// Given a seed, when the stream is made twice, then it is the same; another seed
// gives another one; and all ids of commands differ, at every scale.
func TestDeterminism(t *testing.T) {
	a, again := digest(t, sample.Config{Seed: 9}), digest(t, sample.Config{Seed: 9})
	if a != again {
		t.Error("the same seed gives another stream")
	}
	if digest(t, sample.Config{Seed: 10}) == a {
		t.Error("another seed gives the same stream")
	}
	ids := map[string]bool{}
	for r := range sample.Requests(sample.Config{Seed: 9, Scale: 3}) {
		if ids[r.ID] {
			t.Fatalf("command id %s stands twice", r.ID)
		}
		ids[r.ID] = true
	}
	for r := range sample.Requests(sample.Config{Seed: 9}) {
		if !ids[r.ID] {
			t.Fatalf("command %s of scale 1 is not part of scale 3", r.ID)
		}
	}
}

func digest(t *testing.T, c sample.Config) string {
	h := sha256.New()
	for r := range sample.Requests(c) {
		if err := json.NewEncoder(h).Encode(r); err != nil {
			t.Fatal(err)
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// Given a sample, when its people are listed, then every subject of a person in
// the stream is one of them or shares a coded id with one.
func TestPeople(t *testing.T) {
	c := sample.Config{Seed: 4, Scale: 2}
	people := map[string]bool{}
	for _, s := range sample.People(c) {
		people[s.ID()] = true
	}
	seen := map[string]bool{}
	for r := range sample.Requests(c) {
		s, err := r.Command.Target(r.ID)
		if err != nil {
			t.Fatal(err)
		}
		switch s.Kind() {
		case events.KindCase, events.KindLetter, events.KindWorker:
			seen[s.ID()] = true
			if !people[s.ID()] {
				t.Fatalf("%s is not listed", s)
			}
		}
	}
	if len(seen) != len(people) {
		t.Errorf("%d people listed, %d seen", len(people), len(seen))
	}
}

// Given a stream, when a reader stops early, then it stops, and begins anew for
// the next reader.
func TestStopsEarly(t *testing.T) {
	requests := sample.Requests(sample.Config{})
	first := ""
	for range 2 {
		n := 0
		for r := range requests {
			if n++; n == 1 && first == "" {
				first = r.ID
			} else if n == 1 && r.ID != first {
				t.Errorf("the second reading begins with %s, the first with %s", r.ID, first)
			}
			if n == 10_000 {
				break
			}
		}
		if n != 10_000 {
			t.Errorf("read %d commands", n)
		}
	}
}

// Given the showcase, when its client's commands are listed, then the life has
// what documentation promises.
func TestShowcase(t *testing.T) {
	for _, c := range []sample.Config{{Seed: 1}, {Seed: 2, Scale: 2}} {
		show := sample.Show(c)
		did := map[string]int{}
		booked := 0
		var letterDate, received events.Date
		for r := range sample.Requests(c) {
			subject, err := r.Command.Target(r.ID)
			if err != nil {
				t.Fatal(err)
			}
			if subject == events.SubjectOf(events.KindCase, show.Client) {
				did[r.Name]++
				if l, ok := r.Command.(*clientcase.ReceiveLetter); ok {
					letterDate, received = l.LetterDate, l.ReceivedOn
					if r.RecordedAt <= show.KnownLater {
						t.Errorf("the letter was known at %s", r.RecordedAt)
					}
				}
			}
			if e, ok := r.Command.(*clientcase.BookExpense); ok && e.Agency == show.Agency &&
				r.OccurredOn >= show.Month && r.OccurredOn <= show.Month.LastOfMonth() {
				booked++
			}
		}
		for name, want := range map[string]int{
			"enroll-client": 1, "receive-letter": 1, "accept-transfer": 1, "accept-hand-off": 2,
			"reverse-expense": 1, "request-extension": 1, "decide-extension": 1, "close-service": 1,
		} {
			if did[name] != want {
				t.Errorf("the showcase has %d of %s, want %d", did[name], name, want)
			}
		}
		if received-letterDate < 30 {
			t.Errorf("a letter of %s received on %s is not late", letterDate, received)
		}
		if booked < 3 {
			t.Errorf("agency %s booked %d expenses in the month of %s", show.Agency, booked, show.Month)
		}
	}
}

// Given the sample, when its commands are listed, then the catalogue's are all
// used but for a few.
func TestSampleUsesTheCatalogue(t *testing.T) {
	l := newLedger(t)
	for r := range sample.Requests(sample.Config{}) {
		l.names[r.Name]++
		if want := l.specs[r.Name].New(); fmt.Sprintf("%T", want) != fmt.Sprintf("%T", r.Command) {
			t.Fatalf("%s carries a %T", r.Name, r.Command)
		}
	}
	unused := map[string]bool{"close-location": true, "submit-final-report": true, "request-destruction": true, "confirm-destruction": true}
	for name := range l.specs {
		if (l.names[name] == 0) != unused[name] {
			t.Errorf("%s is used %d times", name, l.names[name])
		}
	}
}

// Given a stream with one fact changed, when it is counted, then the tables differ
// from the published ones by what that fact says, and nowhere else.
func TestMutationsAreCounted(t *testing.T) {
	c := sample.Config{Seed: 11}
	before := countedTables(t, sampletest.Take(sample.Requests(c)))
	for _, m := range sampletest.Mutations(c) {
		t.Run(m.Name, func(t *testing.T) {
			checkChanges(t, before, countedTables(t, sampletest.Take(m.Apply(sample.Requests(c)))), m.Changes)
		})
	}
}

// cells are the numbers of tables by table, row and column.
type cells map[[3]string]string

func countedTables(t *testing.T, c *sampletest.Census) cells {
	t.Helper()
	all := cells{}
	all.addCSV(t, "clients-enrolled", c.ClientsEnrolled(events.MustDate("2006-04-01"), events.MustDate("2009-05-31"), 1))
	all.addCSV(t, "letters-by-fiscal-year", c.LettersByFiscalYear(2001, 2008, 1))
	for measure, value := range c.PerCapita(2008, 1) {
		all[[3]string{"per-capita", measure, "value"}] = value
	}
	return all
}

func (all cells) addCSV(t *testing.T, table, text string) {
	t.Helper()
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(records) < 2 {
		t.Fatalf("%s: %d rows, %v", table, len(records), err)
	}
	for _, record := range records[1:] {
		for i, value := range record[1:] {
			all[[3]string{table, record[0], records[0][i+1]}] = value
		}
	}
}

func checkChanges(t *testing.T, before, after cells, changes []sampletest.Change) {
	t.Helper()
	want := maps.Clone(before)
	for _, c := range changes {
		key := [3]string{c.Table, c.Row, c.Column}
		n, err := strconv.Atoi(want[key])
		if err != nil {
			t.Fatalf("%v: %v", key, err)
		}
		want[key] = strconv.Itoa(n + c.By)
	}
	if diff := cmp.Diff(want, after); diff != "" {
		t.Errorf("the tables differ from what is expected (-want +got):\n%s", diff)
	}
	if len(changes) == 0 || maps.Equal(before, after) {
		t.Error("nothing changed")
	}
}

func BenchmarkRequests(b *testing.B) {
	for _, scale := range []int{1, 10} {
		b.Run(fmt.Sprintf("scale=%d", scale), func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				for range sample.Requests(sample.Config{Scale: scale}) {
					n++
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "requests/s")
		})
	}
}
