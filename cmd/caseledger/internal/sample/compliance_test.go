package sample_test

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"testing"

	diff "github.com/google/go-cmp/cmp"

	"caseledger/cmd/caseledger/internal/sample"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/compliance"
	"caseledger/projections/compliance/planted"
)

// Few agencies and rounds, or with CASELEDGER_LONG all agencies and many rounds.
func plantSize() (agencies, rounds int) {
	if os.Getenv("CASELEDGER_LONG") != "" {
		return 0, 24
	}
	return 6, 8
}

// asked are the days on which a clean sample is looked at: early, at a year's end, in
// the middle, and at its end.
func asked() (days []events.Date) {
	for _, day := range []string{"2006-07-15", "2006-12-31", "2007-09-30", "2008-05-20", "2008-12-23", "2009-02-28", "2009-05-15", "2009-06-30"} {
		days = append(days, events.MustDate(day))
	}
	return days
}

func exceptions(t *testing.T, views *projections.Views, day events.Date) *compliance.Report {
	t.Helper()
	var r *compliance.Report
	if err := views.Read(func(s *projections.Snapshot) (err error) {
		r, err = compliance.On(s, compliance.Filter{On: day})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return r
}

// Given a clean sample with its billing, when the monitor is asked on any day, then
// nothing is out of line. When things are then put out of line at random, as mistakes
// and neglect would, then the monitor finds all of them and nothing else.
func TestMonitorFindsWhatIsPlanted(t *testing.T) {
	agencies, rounds := plantSize()
	views := billed(t, sample.Config{Seed: 5, Clean: true, Agencies: agencies}, compliance.View{})
	for _, day := range asked() {
		r := exceptions(t, views, day)
		if r.Cases < 5 || r.Agencies < 6 {
			t.Errorf("%s: %d cases in service, %d agencies", day, r.Cases, r.Agencies)
		}
		for _, x := range r.Exceptions {
			t.Errorf("clean, and on %s: %+v", day, x)
		}
	}
	if t.Failed() {
		return
	}
	clean, err := planted.Read(t.Context(), views.Source())
	if err != nil {
		t.Fatal(err)
	}
	plants := planted.Plants()
	times := map[string]int{}
	for round := range rounds {
		days := asked()[2:]
		plantRound(t, clean, days[round%len(days)], uint64(round), plants, times)
	}
	for _, p := range plants {
		if times[p.Rule+": "+p.Name] == 0 {
			t.Errorf("never planted: %s, %s", p.Rule, p.Name)
		}
	}
	for _, r := range compliance.Rules() {
		if !slices.ContainsFunc(plants, func(p planted.Plant) bool { return p.Rule == r.ID }) {
			t.Errorf("no plant breaks %s", r.ID)
		}
	}
}

// plantRound plants some of the plants, those that were planted least before the
// others, and compares what is found.
func plantRound(t *testing.T, clean *planted.Programme, day events.Date, seed uint64, plants []planted.Plant, times map[string]int) {
	t.Helper()
	bed := planted.NewBed(clean, day, seed)
	order := slices.Clone(plants)
	bed.Dice.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	name := func(p planted.Plant) string { return p.Rule + ": " + p.Name }
	slices.SortStableFunc(order, func(a, b planted.Plant) int { return cmp.Compare(times[name(a)], times[name(b)]) })
	var done []string
	want := map[planted.Finding]bool{}
	for _, p := range order {
		if len(done) == 12 {
			break
		}
		found, ok := bed.Put(p)
		if !ok {
			continue
		}
		done = append(done, name(p))
		times[name(p)]++
		for _, f := range found {
			want[f] = true
		}
	}
	source, err := bed.Record()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "views")
	views, err := projections.Open(path, []projections.View{compliance.View{}}, projections.Options{Unsynced: true})
	if err != nil {
		t.Fatal(err)
	}
	defer views.Close()
	if err := views.CatchUp(t.Context(), source, nil); err != nil {
		t.Fatal(err)
	}
	got := map[planted.Finding]bool{}
	for _, x := range exceptions(t, views, day).Exceptions {
		got[planted.Finding{Rule: x.Rule, About: cmp.Or(x.Client, overloaded(x), x.Agency)}] = true
		if x.Since > day || len(x.Evidence) == 0 && x.Rule != "R28.training-held" {
			t.Errorf("an exception without sense: %+v", x)
		}
	}
	if d := diff.Diff(want, got); d != "" {
		t.Errorf("seed %d, %s, planted %q: found (-want +got):\n%s", seed, day, done, d)
	}
}

// overloaded returns the worker that an exception is about, if it is not about the agency.
func overloaded(x compliance.Exception) string {
	if x.Rule == "R28.caseload" {
		return x.Worker
	}
	return ""
}
