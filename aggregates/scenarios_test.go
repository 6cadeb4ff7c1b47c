package aggregates_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"caseledger/aggregates"
	"caseledger/events"
)

// TestScenarios runs the histories in testdata. One line is one command:
//
//	DATE COMMAND field=value "field=value with blanks" … => OUTCOME
//
// An outcome is the type of the event that was recorded, then data that its
// record holds, if any; "fulfilled" for a command that records nothing;
// "refused CODE FIELD"; or "invalid FIELD". A line without one is a given: it must record
// something. "today DATE" sets the day of recording, "actor NAME" who gives what follows. An expense's outcome may be
// "judged CODE". "given NAME" repeats the scenario of that name; the word
// "eligible" stands for the screening fields of a person who may be enrolled.
func TestScenarios(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.txt")
	if len(files) == 0 {
		t.Fatal("there are no scenarios")
	}
	seen := map[string]bool{} // "command outcome" and "refusal code"
	scenarios := map[string][]string{}
	type test struct{ file, name string }
	var tests []test
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := ""
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSpace(line)
			if title, ok := strings.CutPrefix(line, "# "); ok {
				if name = title; scenarios[name] != nil {
					t.Fatalf("%s: scenario %q is given twice", file, name)
				}
				tests = append(tests, test{filepath.Base(file), name})
			} else if line != "" {
				scenarios[name] = append(scenarios[name], line)
			}
		}
	}
	for _, tc := range tests {
		t.Run(tc.file+"/"+tc.name, func(t *testing.T) {
			play(t, newLedger(), scenarios, tc.name, seen)
		})
	}
	everythingShown(t, seen)
}

func play(t *testing.T, l *ledger, scenarios map[string][]string, name string, seen map[string]bool) {
	t.Helper()
	if scenarios[name] == nil {
		t.Fatalf("there is no scenario %q", name)
	}
	for _, line := range scenarios[name] {
		if given, ok := strings.CutPrefix(line, "given "); ok {
			play(t, l, scenarios, given, seen)
		} else if today, ok := strings.CutPrefix(line, "today "); ok {
			l.today = events.MustDate(today)
		} else if actor, ok := strings.CutPrefix(line, "actor "); ok {
			l.actor = actor
		} else {
			l.line(t, line, seen)
		}
	}
}

// line gives the command of one line and compares its outcome.
func (l *ledger) line(t *testing.T, line string, seen map[string]bool) {
	t.Helper()
	text, want, _ := strings.Cut(line, " => ")
	words := splitWords(text)
	spec, ok := specs[words[1]]
	if !ok {
		t.Fatalf("%s: unknown command", line)
	}
	cmd, id := spec.New(), "CMD-"+strconv.Itoa(l.n)
	for _, w := range expand(words[2:]) {
		name, value, _ := strings.Cut(w, "=")
		value = strings.ReplaceAll(value, `\n`, "\n")
		if name == "id" {
			id = value
			continue
		}
		if err := setField(cmd, name, value); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	o := l.give(spec, cmd, id, events.MustDate(words[0]))
	got, detail := o.describe()
	seen[spec.Name+" "+strings.Fields(got)[0]] = true
	if r := (*aggregates.Refusal)(nil); errors.As(o.err, &r) {
		seen[packageOf[spec.Kind]+" "+r.Code] = true
	}
	switch {
	case want == "" && o.record == nil:
		t.Errorf("%s\n   was not recorded: %s (%s)", line, got, detail)
	case strings.HasPrefix(want, "judged "):
		if o.verdict == nil && want != "judged reimbursable" || o.verdict != nil && o.verdict.Code != want[len("judged "):] {
			t.Errorf("%s\n   was judged %v", line, o.verdict)
		}
	case want != "" && !o.matches(want):
		t.Errorf("%s\n   became: %s (%s)", line, got, detail)
	}
}

// describe writes an outcome in the words of a scenario, with the full text of it.
func (o outcome) describe() (short, detail string) {
	var refusal *aggregates.Refusal
	var field *aggregates.FieldError
	switch {
	case o.record != nil:
		return o.record.Type, string(o.record.Data())
	case o.err == nil:
		return "fulfilled", ""
	case errors.As(o.err, &refusal):
		return strings.TrimSpace("refused " + refusal.Code + " " + refusal.Field), refusal.Error()
	case errors.As(o.err, &field):
		return "invalid " + field.Field, field.Error()
	}
	return "failed", o.err.Error()
}

func (o outcome) matches(want string) bool {
	got, detail := o.describe()
	if o.record == nil {
		return got == want
	}
	words := strings.Fields(want)
	for _, w := range words[1:] {
		if !strings.Contains(detail, w) {
			return false
		}
	}
	return got == words[0]
}

// expand replaces the word "eligible" by the fields of a person who meets every
// criterion of enrollment.
func expand(words []string) (all []string) {
	for _, w := range words {
		if w != "eligible" {
			all = append(all, w)
			continue
		}
		all = append(all, "victim_of_severe_trafficking=yes", "removed_from_situation=yes", "present_in_us=yes",
			"immigration_status=undocumented", "requires_case_management=yes", "determined_by=W-1", "evidence=interview")
	}
	return all
}

// splitWords splits at blanks outside double quotes.
func splitWords(s string) (words []string) {
	for i, part := range strings.Split(s, `"`) {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	return words
}

// once are the commands that are never fulfilled already: two alike are two.
var once = map[string]bool{
	"enroll-client": true, "deliver-service": true, "book-expense": true, "reverse-expense": true,
	"make-contact": true, "use-interpreter": true, "name-emergency-contact": true, "handle-emergency": true,
}

// everythingShown demands that the scenarios show every command recorded and
// fulfilled, and every refusal that the code can make.
func everythingShown(t *testing.T, seen map[string]bool) {
	for name := range specs {
		recorded := false
		for _, typ := range events.Types() {
			recorded = recorded || seen[name+" "+typ.Name]
		}
		if !recorded {
			t.Errorf("no scenario records %s", name)
		}
		if !seen[name+" fulfilled"] && !once[name] {
			t.Errorf("no scenario shows %s fulfilled already", name)
		}
	}
	for _, dir := range packageOf {
		codes := refusalCodes(t, dir)
		if len(codes) == 0 {
			t.Errorf("package %s refuses nothing", dir)
		}
		for _, code := range codes {
			if !seen[dir+" "+code] {
				t.Errorf("no scenario shows the refusal %s of package %s", code, dir)
			}
		}
	}
}

// refusalCodes lists the codes that a package's decisions refuse with; the
// verdicts of judge.go are not decisions.
func refusalCodes(t *testing.T, dir string) (codes []string) {
	files, err := filepath.Glob(dir + "/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || strings.HasSuffix(file, "judge.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if fun, ok := call.Fun.(*ast.SelectorExpr); ok && fun.Sel.Name == "Refuse" {
				if lit, ok := call.Args[1].(*ast.BasicLit); ok {
					code, _ := strconv.Unquote(lit.Value)
					codes = append(codes, code)
				}
			}
			return true
		})
	}
	return codes
}

var packageOf = map[events.Kind]string{
	events.KindCase: "clientcase", events.KindLetter: "letter", events.KindAgency: "agency",
	events.KindWorker: "worker", events.KindProgramme: "programme", events.KindRoster: "roster",
	events.KindReferral: "referral",
	events.KindPartner:  "partner", events.KindTraining: "training", events.KindAward: "award",
}
