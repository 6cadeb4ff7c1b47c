package torture_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"caseledger/cmd/caseledger/internal/torture"
)

// program is the real one: not the test binary, and without the race detector.
var program string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "caseledger-torture-test-")
	if err != nil {
		panic(err)
	}
	program = filepath.Join(dir, "caseledger")
	out, err := exec.Command("go", "build", "-o", program, "caseledger/cmd/caseledger").CombinedOutput()
	if err != nil {
		fmt.Fprintf(os.Stderr, "build the program: %v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		panic(err)
	}
	os.Exit(code)
}

// wanted is what each class must come to at least in its short form, and what it
// must not come to.
var wanted = map[string]struct{ some, none []string }{
	"kills":  {[]string{"kills", "checks", "views equal to a rebuild", "acknowledged"}, []string{"acknowledged lost"}},
	"cuts":   {[]string{"power cuts", "checks", "acknowledged", "lost by the control that does not sync"}, []string{"acknowledged lost"}},
	"faults": {[]string{"faults", "detected", "repaired"}, []string{"undetected", "wrong answers", "not repaired"}},
	"full":   {[]string{"disks filled", "refused as full", "checks", "acknowledged"}, []string{"acknowledged lost"}},
	"nodes":  {[]string{"killed", "paused", "cut off", "checks", "acknowledged"}, []string{"acknowledged lost"}},
}

// TestShort runs a few of each; make torture runs many.
func TestShort(t *testing.T) {
	classes := torture.Classes()
	if len(classes) != len(wanted) {
		t.Fatalf("%d classes, and %d are known here", len(classes), len(wanted))
	}
	for _, class := range classes {
		t.Run(class.Name, func(t *testing.T) {
			t.Parallel()
			var r torture.Result
			err := torture.Run(t.Context(), torture.Config{
				Program: program, Only: []string{class.Name}, Short: true, Seed: uint64(time.Now().UnixNano() % 1e6),
				Say: t.Logf, Now: time.Now,
			}, func(got torture.Result) { r = got })
			t.Log(r)
			if err != nil {
				t.Fatal(err)
			}
			if r.NotRun != "" {
				if os.Geteuid() == 0 {
					t.Errorf("not run as root: %s", r.NotRun)
				}
				fmt.Fprintf(os.Stderr, "TORTURE BY %s WAS NOT RUN: %s\n", class.Name, r.NotRun)
				return
			}
			for _, failure := range r.Failures {
				t.Error(failure)
			}
			checkFigures(t, r)
		})
	}
}

func checkFigures(t *testing.T, r torture.Result) {
	t.Helper()
	figures := map[string]int{}
	for _, f := range r.Figures {
		figures[f.Name] = f.Count
	}
	for _, name := range wanted[r.Class].some {
		if figures[name] == 0 {
			t.Errorf("%q is 0 or missing in %v", name, figures)
		}
	}
	for _, name := range wanted[r.Class].none {
		if n, found := figures[name]; !found || n != 0 {
			t.Errorf("%q is %d, or missing in %v", name, n, figures)
		}
	}
}
