package main

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A rule says what the packages below a path may import of the project, and of
// the modules that only some may see.
type rule struct {
	path   string   // of the package; a path with /... covers those below it too
	may    []string // paths of the project, as in path
	reason string
}

// rules go from the facts up to the program: the first that matches a package
// holds. Packages of the project that no rule names fail the test.
var rules = []rule{
	{"events", nil, "facts depend on nothing: they outlive everything else"},
	{"events/logtest", []string{"events"}, "the conformance suite knows the contract and no implementation"},
	{"events/jetstream", []string{"events"}, "a Log is bytes at positions, whatever they mean"},
	{"events/natsserver", []string{"events"}, "the server knows nothing of records, only that a log can be full"},
	{"events/...", []string{"events"}, "what handles records knows facts and nothing that is made of them"},
	{"aggregates/policy", []string{"events"}, "the rulebook is pure functions of facts, for aggregates and projections alike"},
	{"aggregates", []string{"events"}, "deciding knows facts only"},
	{"aggregates/...", []string{"events", "aggregates", "aggregates/policy"}, "aggregates never import each other: a decision gets other subjects as its basis"},
	{"projections", []string{"events", "aggregates/policy"}, "the engine reads records, and hands views the policy"},
	{"projections/projtest", []string{"events/...", "aggregates/policy", "projections/..."}, "only tests import it"},
	{"projections/row", []string{"events"}, "an encoding"},
	{"projections/pipeline", []string{"events", "aggregates/policy", "projections", "projections/referrals", "projections/row"}, "a way to a letter begins with a referral"},
	{"projections/statistics", []string{"events", "aggregates/policy", "projections", "projections/benefits", "projections/billing", "projections/clocks", "projections/pipeline", "projections/reimbursement", "projections/row"}, "the catalogue of tables; dollars are counted where they are computed"},
	{"projections/network", []string{"events", "aggregates/policy", "projections", "projections/caseload", "projections/row"}, "an agency's standing and a worker's post are what the caseload says"},
	{"projections/benefits", []string{"events", "aggregates/policy", "projections", "projections/row", "projections/signals"}, "a receipt claimed twice may be booked as an expense, and signals holds those"},
	{"projections/casework", []string{"events", "aggregates/policy", "projections", "projections/benefits", "projections/caseload", "projections/row"}, "what is due is due in open cases, to their leads, benefits too"},
	{"projections/compliance/planted", []string{"events", "projections"}, "what is planted knows nothing of the rules that find it"},
	{"projections/compliance", []string{"events", "aggregates/policy", "projections", "projections/billing", "projections/caseload", "projections/casework", "projections/network", "projections/row"}, "the monitor's desk: bounds of practice where they are kept, and a review sheet of all that is known of an agency"},
	{"projections/...", []string{"events", "aggregates/policy", "projections", "projections/clocks", "projections/row"}, "a projection uses the engine, the encoding of rows and the pure policy; clocks is what a running clock means, for all"},
	{"replay/recount", []string{"events"}, "the second calculation shares no code with the one that it checks"},
	{"replay/trace", []string{"events", "replay/recount"}, "what was billed is checked by the second calculation alone"},
	{"replay", []string{"events/...", "aggregates/policy", "projections/...", "replay/archive"}, "replay rebuilds what projections are, from the log or its second copy"},
	{"replay/simulate", []string{"events/...", "aggregates/policy", "projections/..."}, "replay under other settings"},
	{"replay/prooftest", []string{"events/...", "projections/...", "replay/..."}, "only tests import it"},
	{"replay/...", []string{"events", "replay/..."}, "proof is about records, whatever is made of them"},
	{"testdata/published", nil, "embedded files"},
	{"cmd/caseledger/internal/sample/sampletest", []string{"events/...", "aggregates/...", "cmd/caseledger/internal/...", "projections/...", "replay"}, "only tests import it"},
	{"cmd/caseledger/internal/sample", []string{"events/...", "aggregates/...", "cmd/caseledger/internal/app", "projections/...", "testdata/published"}, "the sample is commands for the same path as any"},
	{"cmd/caseledger/internal/app", []string{"events/...", "aggregates/...", "projections", "projections/billing", "projections/retention", "cmd/caseledger/internal/auth", "replay/..."}, "use cases wire deciding to the log, and read what the views index; invoices are computed from them"},
	{"cmd/...", []string{"events/...", "aggregates/...", "projections/...", "replay/...", "cmd/...", "testdata/published"}, "the program sees everything"},
}

// guarded modules may be imported below some paths only.
var guarded = []struct {
	module string
	by     []string
	reason string
}{
	{"github.com/nats-io/nats.go", []string{"events/jetstream"}, "one package knows how records travel"},
	{"github.com/nats-io/nkeys", []string{"aggregates/roster", "cmd/caseledger/internal/auth"}, "who may act is known by a key; nothing else is"},
	{"github.com/synadia-io/orbit.go", []string{"events/jetstream"}, "one package knows how records travel"},
	{"github.com/nats-io/nats-server", []string{"events/natsserver"}, "one package runs the server"},
	{"go.etcd.io/bbolt", []string{"projections", "events/seal"}, "views and keys are files; nothing else is"},
	{"github.com/spf13/cobra", []string{"cmd/caseledger/internal/cli"}, "one package reads the command line"},
	{"github.com/jedib0t/go-pretty", []string{"cmd/caseledger/internal/cli"}, "one package draws tables"},
	{"github.com/xuri/excelize", []string{"cmd/caseledger/internal/workbook", "cmd/caseledger/internal/statement"}, "one package writes workbooks; statement lays out its sheets"},
	{"codeberg.org/go-pdf/fpdf", []string{"cmd/caseledger/internal/statement"}, "one package writes pages"},
	{"golang.org/x/term", []string{"cmd/caseledger"}, "main looks at the terminal"},
	{"filippo.io/age", []string{"replay/backup"}, "one package encrypts files"},
	{"net/http", []string{"cmd/caseledger/internal/witnesshttp", "cmd/caseledger/internal/cli"}, "only witnesses speak HTTP: there are no web pages yet"},
}

type listed struct {
	ImportPath string
	Imports    []string
	Module     *struct{ Path string }
}

const module = "caseledger/"

// TestImports holds the direction of imports: cmd → replay → projections →
// aggregates → aggregates/policy → events.
func TestImports(t *testing.T) {
	packages := list(t)
	if len(packages) < 15 {
		t.Fatalf("found %d packages of the project", len(packages))
	}
	for _, p := range packages {
		name := strings.TrimPrefix(p.ImportPath, module)
		i := slices.IndexFunc(rules, func(r rule) bool { return covers(r.path, name) })
		if i < 0 {
			t.Errorf("%s: no rule names this package", name)
			continue
		}
		for _, imported := range p.Imports {
			checkImport(t, name, imported, rules[i])
		}
	}
}

func checkImport(t *testing.T, name, imported string, r rule) {
	t.Helper()
	if of, own := strings.CutPrefix(imported, module); own {
		if !slices.ContainsFunc(r.may, func(path string) bool { return covers(path, of) }) {
			t.Errorf("%s imports %s: %s", name, of, r.reason)
		}
		return
	}
	for _, g := range guarded {
		if imported != g.module && !strings.HasPrefix(imported, g.module+"/") {
			continue
		}
		if !slices.ContainsFunc(g.by, func(by string) bool { return name == by }) {
			t.Errorf("%s imports %s: %s", name, imported, g.reason)
		}
	}
}

func covers(path, name string) bool {
	if above, all := strings.CutSuffix(path, "/..."); all {
		return name == above || strings.HasPrefix(name, above+"/")
	}
	return name == path
}

// list returns the packages of the project without their tests.
func list(t *testing.T) (packages []listed) {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps", "-json=ImportPath,Imports,Module", "caseledger/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		if p.Module != nil && p.Module.Path+"/" == module {
			packages = append(packages, p)
		}
	}
}

// TestForbidden finds what is wrong wherever it stands: a clock outside cmd,
// since deciding and deriving must give the same result at every replay, and a
// floating-point number in what counts money.
func TestForbidden(t *testing.T) {
	seen := 0
	for _, top := range []string{"events", "aggregates", "projections", "replay"} {
		root := filepath.Join("..", "..", top)
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) && path == root {
				return nil
			}
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			seen++
			checkFile(t, path)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen < 50 {
		t.Fatalf("looked at %d files", seen)
	}
}

// clocks is where time may pass without a command: waiting for a server.
var clocks = []string{"events/natsserver", "events/jetstream", "events/logtest"}

func checkFile(t *testing.T, path string) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	mayWait := slices.ContainsFunc(clocks, func(c string) bool { return strings.Contains(filepath.ToSlash(path), c+"/") })
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains([]string{"Now", "Since", "Until"}, n.Sel.Name) && !mayWait {
				t.Errorf("%s: time.%s outside cmd", files.Position(n.Pos()), n.Sel.Name)
			}
		case *ast.Ident:
			if n.Name == "float64" || n.Name == "float32" {
				t.Errorf("%s: %s: money and counts are whole numbers", files.Position(n.Pos()), n.Name)
			}
		case *ast.BasicLit:
			if n.Kind == token.FLOAT {
				t.Errorf("%s: %s: money and counts are whole numbers", files.Position(n.Pos()), strconv.Quote(n.Value))
			}
		}
		return true
	})
}
