package bench_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"caseledger/cmd/caseledger/internal/bench"
)

// TestRun measures the smallest ledger, and again on the ledger that was kept: the
// numbers say nothing, but each must be there.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	for _, only := range [][]string{nil, {"queries"}} {
		r, err := bench.Run(t.Context(), bench.Config{Events: 1, Rounds: 1, Only: only, Dir: dir, Now: time.Now, Say: t.Logf})
		if err != nil {
			t.Fatal(err)
		}
		if r.Records < 30_000 {
			t.Errorf("%d events, want a whole sample", r.Records)
		}
		names := map[string]bool{}
		for _, f := range r.Figures {
			if f.Ours <= 0 || names[f.Name] || (f.Floor > 0) != (f.Ratio > 0) {
				t.Errorf("got %+v", f)
			}
			names[f.Name] = true
		}
		for _, want := range []string{"history of 400 events", "report per-capita"} {
			if !names[want] {
				t.Errorf("no figure %q in %v", want, names)
			}
		}
		for _, want := range []string{"durable commands, 32 writers, cached", "audit verify", "bundle of 400 events, made and checked"} {
			if names[want] != (only == nil) {
				t.Errorf("figure %q: %v", want, names[want])
			}
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 || !strings.HasPrefix(left[0].Name(), "ledger-") {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestFigurePasses(t *testing.T) {
	for _, c := range []struct {
		name string
		f    bench.Figure
		want bool
	}{
		{"only reported", bench.Figure{Ours: 5}, true},
		{"as near to the floor as it must be", bench.Figure{Ours: 80, Floor: 100, Ratio: 0.8, Target: 0.8}, true},
		{"too far from the floor", bench.Figure{Ours: 79, Floor: 100, Ratio: 0.79, Target: 0.8}, false},
		{"within the bound", bench.Figure{Ours: 10, Target: 10}, true},
		{"over the bound", bench.Figure{Ours: 10.1, Target: 10}, false},
	} {
		if got := c.f.Passes(); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}
