package aggregates_test

import (
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"caseledger/aggregates"
	"caseledger/events"
)

// TestCatalogue holds every command to what forms, flags and schemas are made of.
func TestCatalogue(t *testing.T) {
	seen := map[string]bool{}
	for _, a := range all() {
		for _, spec := range a.Commands {
			t.Run(spec.Name, func(t *testing.T) {
				if seen[spec.Name] {
					t.Error("the name is given twice")
				}
				seen[spec.Name] = true
				checkSpec(t, a, spec)
				names := map[string]bool{}
				for _, f := range aggregates.Fields(spec.New()) {
					if names[f.Name] {
						t.Errorf("field %s is given twice", f.Name)
					}
					names[f.Name] = true
					checkField(t, f)
				}
			})
		}
	}
	if len(seen) < 65 {
		t.Errorf("the catalogue has %d commands: some are lost", len(seen))
	}
}

var (
	commandName = regexp.MustCompile(`^[a-z]+(-[a-z0-9]+)*$`)
	fieldName   = regexp.MustCompile(`^[a-z]+(_[a-z0-9]+)*$`)
	ruleName    = regexp.MustCompile(`^(R\d\d)?$`)
	summary     = regexp.MustCompile(`^[a-z].*[^.]$`)
)

func checkSpec(t *testing.T, a aggregates.Aggregate, spec aggregates.Spec) {
	if !commandName.MatchString(spec.Name) || !ruleName.MatchString(spec.Rule) || !summary.MatchString(spec.Summary) {
		t.Errorf("name %q, rule %q or summary %q is malformed", spec.Name, spec.Rule, spec.Summary)
	}
	cmd := spec.New()
	if got := camel(spec.Name); reflect.TypeOf(cmd).Elem().Name() != got {
		t.Errorf("the struct is %T, want %s", cmd, got)
	}
	if spec.Kind != a.Kind || spec.New() == cmd {
		t.Errorf("kind %s is not %s, or New returns the same command twice", spec.Kind, a.Kind)
	}
	fill(cmd)
	for _, fault := range aggregates.Validate(cmd) {
		t.Errorf("the examples are not valid: %v", fault)
	}
	subject, err := cmd.Target("K1")
	if err == nil {
		_, err = events.ParseSubject(string(subject))
	}
	if err != nil || subject.Kind() != spec.Kind {
		t.Errorf("the target is %q, %v", subject, err)
	}
	state := a.New(subject)
	ctx := &aggregates.Context{OccurredOn: events.MustDate("2009-02-01"), Today: events.MustDate("2009-02-01")}
	if _, err := spec.Decide(state, cmd, ctx); err != nil && !strings.Contains(reflect.TypeOf(err).String(), "Refusal") {
		t.Errorf("deciding on nothing known fails: %v", err)
	}
}

// camel writes a command's name as its struct is named.
func camel(name string) (s string) {
	for _, part := range strings.Split(name, "-") {
		s += strings.ToUpper(part[:1]) + part[1:]
	}
	return s
}

// fill sets every field to its example, or else to something valid.
func fill(cmd aggregates.Command) {
	for _, f := range aggregates.Fields(cmd) {
		value := f.Example
		switch {
		case f.Type == reflect.TypeFor[bool]():
			value = "true"
		case f.Type == reflect.TypeFor[map[string]string]():
			value = strings.ReplaceAll(value, "=", ":")
		case value == "" && f.Format == "sha256":
			value = strings.Repeat("0a", 32)
		case value == "" && f.Type == reflect.TypeFor[events.Date]():
			value = "1985-02-01"
		case value == "":
			value = "text"
		}
		if err := setField(cmd, f.Name, value); err != nil {
			panic(err)
		}
	}
}

func checkField(t *testing.T, f aggregates.Field) {
	if !fieldName.MatchString(f.Name) || strings.HasSuffix(f.Doc, ".") || strings.ToLower(f.Doc[:1]) != f.Doc[:1] && f.Name != "number" && f.Name != "receipt_hash" && f.Name != "visa_class" && f.Name != "state" {
		t.Errorf("field %s: name or doc %q is malformed", f.Name, f.Doc)
	}
	for _, bound := range []string{f.Min, f.Max} {
		if _, err := strconv.ParseInt(bound, 10, 64); bound != "" && err != nil {
			t.Errorf("field %s: bound %q is not a whole number", f.Name, bound)
		}
	}
	for _, v := range f.Enum {
		if !regexp.MustCompile(`^[a-zA-Z0-9_-]+$`).MatchString(v) {
			t.Errorf("field %s: value %q is malformed", f.Name, v)
		}
	}
	if err := aggregates.CheckFormat(f.Format, ""); f.Format != "" && (err == nil || strings.Contains(err.Error(), "unknown format")) {
		t.Errorf("field %s: format %q: %v", f.Name, f.Format, err)
	}
	if f.Secret != "" && f.Secret != events.IdentityKey && f.Secret != events.ExpenseKey {
		t.Errorf("field %s: there is no key class %q", f.Name, f.Secret)
	}
	if (f.Secret != "") != strings.Contains(f.Doc, "sealed") {
		t.Errorf("field %s: the doc %q does not say whether it is sealed", f.Name, f.Doc)
	}
	if f.Example == "" && f.Secret == "" && f.Type != reflect.TypeFor[bool]() && f.Format != "sha256" {
		t.Errorf("field %s has no example", f.Name)
	}
}
