package statement

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden statements")

const goldenDir = "../../../../testdata/statements"

func TestGolden(t *testing.T) {
	for name, inv := range cases(t) {
		for _, form := range []string{"txt", "csv"} {
			t.Run(name+"."+form, func(t *testing.T) {
				path := filepath.Join(goldenDir, name+"."+form)
				got := written(t, &inv, form)
				if *update {
					if err := os.WriteFile(path, got, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), string(got)); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			})
		}
	}
}

func TestTwiceTheSameBytes(t *testing.T) {
	first, second := cases(t), cases(t)
	for name := range first {
		for form := range forms {
			a, b := first[name], second[name]
			if !bytes.Equal(written(t, &a, form), written(t, &b, form)) {
				t.Errorf("%s.%s differs when it is made again", name, form)
			}
		}
	}
}
