package compliance_test

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/compliance"
	"caseledger/projections/projtest"
)

// draw draws files from a world with some clients: of three, one came lately, one is
// served for long, and one is closed; every seventh is another agency's.
func draw(t *testing.T, clients, cases int, seed string) (d *compliance.Draw) {
	t.Helper()
	w := newWorld(t)
	for i := range clients {
		subject := events.SubjectOf(events.KindCase, fmt.Sprintf("C-%d", 100+i))
		e := &events.ClientEnrolled{Agency: "A-1", Class: events.Victim, Sex: events.Male, AgeGroup: events.Adult, Form: events.FormLabor, Language: "es"}
		if i%7 == 6 {
			e.Agency = "A-2"
		}
		w.add("", subject, []string{"2009-05-01", "2009-03-01", "2008-09-01"}[i%3], e)
		if i%3 == 2 {
			w.add("", subject, "2009-01-31", &events.ServiceClosed{Reason: projtest.Sealed})
		}
	}
	stream, _ := w.record()
	projtest.Ask(t, stream, func(s *projections.Snapshot) (err error) {
		d, err = compliance.DrawFiles(s, "A-1", events.MustDate(w.day), cases, seed)
		return err
	}, compliance.View{})
	return d
}

// Given a seed, when files are drawn, then they are the first of each stratum in the
// order of the documented digests; drawn again they are the same, another seed draws
// others, and one more case in the frame moves nobody else.
func TestDraw(t *testing.T) {
	d := draw(t, 30, 9, "visit")
	if len(d.Files) != 9 || d.Frame[compliance.NewCase] == 0 || d.Frame[compliance.Continuing] == 0 || d.Frame[compliance.ClosedCase] == 0 {
		t.Fatalf("drew %d files of %v", len(d.Files), d.Frame)
	}
	all := draw(t, 30, 1000, "visit")
	byStratum := map[compliance.Stratum][]string{}
	for _, f := range all.Files {
		byStratum[f.Stratum] = append(byStratum[f.Stratum], f.Client)
		if len(f.LookFor) == 0 || strings.HasPrefix(f.Client, "C-") && f.Stratum == compliance.ClosedCase && f.Closed.String() != "2009-01-31" {
			t.Errorf("file %+v", f)
		}
	}
	digest := func(client string) string {
		return fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join([]string{"caseledger file review 1", "visit", "A-1", client}, "\n"))))
	}
	for stratum, clients := range byStratum {
		if len(clients) != all.Frame[stratum] || !slices.IsSortedFunc(clients, func(a, b string) int { return strings.Compare(digest(a), digest(b)) }) {
			t.Errorf("%s: %d of %d, in the order %v", stratum, len(clients), all.Frame[stratum], clients)
		}
	}
	taken := map[compliance.Stratum]int{}
	for _, f := range d.Files {
		if n := taken[f.Stratum]; byStratum[f.Stratum][n] != f.Client {
			t.Errorf("file %d of %s is %s", n, f.Stratum, f.Client)
		}
		taken[f.Stratum]++
	}
	ids := func(d *compliance.Draw) (ids []string) {
		for _, f := range d.Files {
			ids = append(ids, f.Client)
		}
		return ids
	}
	if again := draw(t, 30, 9, "visit"); !slices.Equal(ids(d), ids(again)) {
		t.Errorf("drawn again: %v, not %v", ids(again), ids(d))
	}
	if other := draw(t, 30, 9, "another visit"); slices.Equal(ids(d), ids(other)) {
		t.Error("another seed draws the same")
	}
	more := ids(draw(t, 31, 1000, "visit"))
	if rest := slices.DeleteFunc(more, func(id string) bool { return !slices.Contains(ids(all), id) }); !slices.Equal(rest, ids(all)) {
		t.Errorf("one more case moves others: %v, not %v", rest, ids(all))
	}
}

// Given strata, when places are divided, then they add up, none gets more than it has,
// each with a case gets one if there are so many, and none is two places off its part.
func TestAllot(t *testing.T) {
	for _, c := range []struct {
		sizes []int
		n     int
		want  []int
	}{
		{[]int{2, 2, 19}, 4, []int{1, 1, 2}}, {[]int{2, 2, 19}, 2, []int{1, 0, 1}}, {[]int{2, 2, 19}, 1, []int{0, 0, 1}},
		{[]int{0, 5, 0}, 3, []int{0, 3, 0}}, {[]int{10, 10, 10}, 10, []int{4, 3, 3}}, {[]int{1, 2, 3}, 50, []int{1, 2, 3}}, {[]int{0, 0, 0}, 5, []int{0, 0, 0}},
	} {
		if got := compliance.Allot(c.sizes, c.n); !slices.Equal(got, c.want) {
			t.Errorf("%d of %v: %v, want %v", c.n, c.sizes, got, c.want)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		sizes := rapid.SliceOfN(rapid.IntRange(0, 200), 3, 3).Draw(rt, "sizes")
		n := rapid.IntRange(1, 300).Draw(rt, "n")
		shares := compliance.Allot(sizes, n)
		total, sum, filled := sizes[0]+sizes[1]+sizes[2], 0, 0
		for i, share := range shares {
			sum += share
			if sizes[i] > 0 {
				filled++
			}
			if share > sizes[i] || share < 0 {
				rt.Fatalf("%v of %v", shares, sizes)
			}
		}
		if sum != min(n, total) {
			rt.Fatalf("%v do not add up to %d", shares, min(n, total))
		}
		for i, share := range shares {
			if sizes[i] > 0 && n >= filled && share == 0 {
				rt.Fatalf("%v of %v: one goes without", shares, sizes)
			}
			if part := float64(min(n, total)) * float64(sizes[i]) / float64(max(total, 1)); n >= 3*filled && (float64(share) < part-2 || float64(share) > part+2) {
				rt.Fatalf("%v of %v: %d is far off %.1f", shares, sizes, share, part)
			}
		}
	})
}
