package auth

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// An expectation is what testdata/expected.txt says of one role.
type expectation struct {
	actions map[Action]string // own, released or anyone
	gives   map[Class]string
	reads   map[Class]string
}

func readExpected(t *testing.T) map[Role]*expectation {
	t.Helper()
	text, err := os.ReadFile("testdata/expected.txt")
	if err != nil {
		t.Fatal(err)
	}
	all := map[Role]*expectation{}
	var e *expectation
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0] == "#":
		case len(words) == 1:
			e = &expectation{map[Action]string{}, map[Class]string{}, map[Class]string{}}
			all[Role(words[0])] = e
		default:
			for _, w := range words[1:] {
				e.add(t, strings.TrimSuffix(words[0], ":"), w)
			}
		}
	}
	return all
}

func (e *expectation) add(t *testing.T, scope, word string) {
	t.Helper()
	switch scope {
	case "gives", "reads":
		class, how, limited := strings.Cut(word, "/")
		if !limited {
			how = "anyone"
		}
		into := e.gives
		if scope == "reads" {
			into = e.reads
		}
		into[Class(class)] = how
	case "own", "released", "anyone":
		action := Action(strings.ReplaceAll(word, "_", " "))
		if e.actions[action] != "" {
			t.Fatalf("%s is expected twice", action)
		}
		e.actions[action] = scope
	default:
		t.Fatalf("unknown word %q", scope)
	}
}

func covers(scope string, r Relation) bool {
	return scope == "anyone" || scope == "released" && r != Stranger || scope == "own" && r == Own
}

// TestAllow compares every combination of role, relation, action and class with
// what is expected of it.
func TestAllow(t *testing.T) {
	expected := readExpected(t)
	var actions []Action
	for a := range table().actions {
		actions = append(actions, a)
	}
	slices.Sort(actions)
	for role, e := range expected {
		if !slices.Contains(Roles(), role) {
			t.Errorf("there is no role %q", role)
		}
		for a := range e.actions {
			if !Known(a) {
				t.Errorf("%s: there is no action %q", role, a)
			}
		}
	}
	compared, allowed := 0, 0
	for _, role := range Roles() {
		e := expected[role]
		if e == nil {
			t.Fatalf("nothing is expected of role %s", role)
		}
		for _, action := range actions {
			for _, relation := range Relations() {
				for _, class := range Classes() {
					fields := e.reads[class]
					if table().actions[action].section == "record" {
						fields = e.gives[class]
					}
					want := covers(e.actions[action], relation) && covers(fields, relation)
					if got := Allow(role, relation, action, class); got != want {
						t.Errorf("%s, relation %d, %s, %s fields: allowed is %v, want %v", role, relation, action, class, got, want)
					}
					if compared++; want {
						allowed++
					}
				}
			}
		}
	}
	if want := len(Roles()) * len(actions) * len(Relations()) * len(Classes()); compared != want || allowed == 0 {
		t.Errorf("compared %d of %d combinations, %d of them allowed", compared, want, allowed)
	}
	t.Logf("%d combinations, %d allowed", compared, allowed)
}

// TestUnknownIsDenied gives what the table does not name.
func TestUnknownIsDenied(t *testing.T) {
	for _, tc := range []struct {
		role   Role
		action Action
		class  Class
	}{
		{"", "report", ClearFields},
		{"root", "report", ClearFields},
		{"CASE_MANAGER", "history", ClearFields},
		{CaseManager, "", ClearFields},
		{CaseManager, "no-such-command", ClearFields},
		{CaseManager, "history", ""},
		{CaseManager, "history", "everything"},
	} {
		for _, relation := range append(Relations(), -1, 99) {
			if Allow(tc.role, relation, tc.action, tc.class) {
				t.Errorf("allowed: %+v in relation %d", tc, relation)
			}
		}
	}
	if Allow(CaseManager, -1, "history", ClearFields) {
		t.Error("a relation that there is not counts as one")
	}
}

// TestSeparation holds what no change of the table may give away.
func TestSeparation(t *testing.T) {
	for _, role := range []Role{FederalReporter, Operator, HHS} {
		for _, relation := range Relations() {
			for action, row := range table().actions {
				for _, class := range []Class{IdentityFields, ExpenseFields} {
					if row.section == "ask" && Allow(role, relation, action, class) {
						t.Errorf("%s reads %s fields with %s", role, class, action)
					}
				}
			}
		}
	}
	for _, role := range Roles() {
		both := Allow(role, Own, "request-destruction", ClearFields) && Allow(role, Own, "register-principal", ClearFields)
		if both {
			t.Errorf("%s can ask for a destruction and make who confirms it", role)
		}
		if Allow(role, Own, Reveal, IdentityFields) && Allow(role, Own, "keys rotate", ClearFields) {
			t.Errorf("%s holds the keys and reads with them", role)
		}
	}
}

func TestRelationTo(t *testing.T) {
	for _, tc := range []struct {
		agency   string
		agencies []string
		released bool
		want     Relation
	}{
		{"A-1", []string{"A-1"}, false, Own},
		{"A-2", []string{"A-1", "A-2"}, true, Own},
		{"A-3", []string{"A-1", "A-2"}, true, Released},
		{"A-3", []string{"A-1"}, false, Stranger},
		{"", []string{""}, false, Stranger},
		{"", nil, true, Released},
		{"A-1", nil, false, Stranger},
	} {
		if got := RelationTo(tc.agency, tc.agencies, tc.released); got != tc.want {
			t.Errorf("%+v: %d", tc, got)
		}
	}
}

// TestParseTable changes a good table in ways that must not go unnoticed.
func TestParseTable(t *testing.T) {
	if _, err := parseTable(rolesText); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"an unknown cell":        {"released      released", "released      relaesed"},
		"an unknown section":     {"[ask]  ", "[tell] "},
		"another column":         {"auditor ", "auditer "},
		"columns exchanged":      {"monitor    auditor", "auditor    monitor"},
		"an action twice":        {"clocks   ", "history  "},
		"an unknown class":       {"fields: expense", "fields: expanse"},
		"a class twice":          {"fields: expense", "fields: money  "},
		"a missing cell":         {"assign-lead                 own ", "assign-lead                     "},
		"a cell before sections": {"[record]  ", "#record]  "},
	} {
		text := strings.Replace(rolesText, change[0], change[1], 1)
		if text == rolesText {
			t.Fatalf("%s: nothing was changed", name)
		}
		if _, err := parseTable(text); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
