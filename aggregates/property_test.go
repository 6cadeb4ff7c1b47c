package aggregates_test

import (
	"flag"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"caseledger/aggregates"
	"caseledger/aggregates/clientcase"
	"caseledger/aggregates/policy"
	"caseledger/events"

	"pgregory.net/rapid"
)

// TestAnyCommands gives random commands, most of them sensible, to a small world:
// deciding never panics and never changes a state, every event encodes, decodes
// and folds, and folding anew gives the same states (see ledger.give). After
// each command the invariants of the case hold.
func TestAnyCommands(t *testing.T) {
	// A failure prints how to repeat it; nothing is written into the source tree.
	if err := flag.Set("rapid.nofailfile", "true"); err != nil {
		t.Fatal(err)
	}
	names := slices.Sorted(maps.Keys(specs))
	often := []string{
		"enroll-client", "assign-lead", "assign-lead", "propose-hand-off", "accept-hand-off", "accept-hand-off",
		"propose-transfer", "propose-transfer", "accept-transfer", "accept-transfer", "accept-transfer",
		"close-service", "reopen-service", "withdraw-case-fact", "lead-left", "book-expense", "reverse-expense",
	}
	recorded := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		l := smallWorld()
		for range rapid.IntRange(30, 90).Draw(t, "commands") {
			name := rapid.OneOf(rapid.SampledFrom(often), rapid.SampledFrom(often), rapid.SampledFrom(names)).Draw(t, "name")
			cmd := randomCommand(t, l, specs[name])
			on := events.MustDate("2009-01-01") + events.Date(rapid.IntRange(-5, 120).Draw(t, "back-dated"))
			if rapid.IntRange(0, 9).Draw(t, "in order") < 7 {
				on = l.today + events.Date(rapid.IntRange(0, 3).Draw(t, "days later"))
			}
			o := l.give(specs[name], cmd, fmt.Sprint("K", l.n), on)
			if o.record != nil {
				recorded[name]++
				checkCase(t, l, o.record.Subject)
			}
		}
	})
	for _, name := range often {
		if recorded[name] == 0 {
			t.Errorf("no random history recorded %s: the property shows nothing of it; all: %v", name, recorded)
		}
	}
}

func smallWorld() *ledger {
	l := newLedger()
	for i, words := range []string{
		"sign-subcontract agency=A-1 name=Harbor state=TX", "sign-subcontract agency=A-2 name=Haven state=MP",
		"open-location agency=A-1 location=L1 city=Houston state=TX",
		"engage-worker worker=W-1 agency=A-1 capacity_percent=100 languages=en,es",
		"engage-worker worker=W-2 agency=A-1 capacity_percent=100 supervisor=true languages=en,es",
		"engage-worker worker=W-3 agency=A-2 capacity_percent=100 supervisor=true languages=es",
		"enroll-client client=C-1 agency=A-1 sex=female age_group=adult language=es eligible",
	} {
		parts := strings.Fields(words)
		cmd := specs[parts[0]].New()
		for _, w := range expand(parts[1:]) {
			name, value, _ := strings.Cut(w, "=")
			must(setField(cmd, name, value) == nil, "bad world")
		}
		o := l.give(specs[parts[0]], cmd, fmt.Sprint("WORLD-", i), events.MustDate("2008-12-31"))
		must(o.record != nil, "%s: %v", words, o.err)
	}
	return l
}

// randomCommand fills a command's fields with what the small world knows, and
// now and then with something else or nothing.
func randomCommand(t *rapid.T, l *ledger, spec aggregates.Spec) aggregates.Command {
	cmd := spec.New()
	pick := func(values ...string) string { return rapid.SampledFrom(values).Draw(t, "value") }
	derivative := rapid.IntRange(0, 4).Draw(t, "derivative") == 0
	for _, f := range aggregates.Fields(cmd) {
		if spec.Name == "enroll-client" && !derivative && slices.Contains([]string{"class", "principal", "visa_class", "notice_date", "entry_date"}, f.Name) {
			continue
		}
		if !f.Required && rapid.IntRange(0, 9).Draw(t, "leave out") < 3 {
			continue
		}
		value := f.Example
		switch {
		case f.Type == reflect.TypeFor[bool]():
			value = pick("true", "false")
		case f.Name == "client" || f.Name == "principal":
			value = pick("C-1", "C-1", "C-1", "C-1", "C-1", "C-2")
		case f.Name == "agency" || f.Name == "to" && spec.Name == "propose-transfer":
			value = pick("A-1", "A-1", "A-2", "A-9")
		case f.Name == "worker" || f.Name == "to" || f.Name == "interim" || f.Name == "lead":
			value = pick("W-1", "W-2", "W-3")
		case f.Name == "record" || f.Name == "expense":
			value = pick(append(l.refs(spec.Kind), "K0")...)
		case f.Name == "settings":
			value = pick("period_unit:calendar_month", "removed_for_derivatives:asked")
		case f.Name == "class":
			value = "derivative"
		case f.Name == "age_years" || f.Name == "birth_date":
			continue
		case f.Enum != nil && spec.Name != "screen-client" && spec.Name != "enroll-client":
			value = pick(f.Enum...)
		case f.Type == reflect.TypeFor[events.Date]():
			value = pick("2008-12-31", "2009-02-01", "2009-03-15", "2009-12-31")
		case f.Format == "sha256":
			value = strings.Repeat("0a", 32)
		case value == "":
			value = "text"
		}
		must(setField(cmd, f.Name, value) == nil, "set %s of %s", f.Name, spec.Name)
	}
	return cmd
}

// refs are the ids of the last records of a kind.
func (l *ledger) refs(kind events.Kind) (ids []string) {
	for _, r := range l.all {
		if r.Subject.Kind() == kind {
			ids = append(ids, r.ID)
		}
	}
	return ids[max(0, len(ids)-8):]
}

// checkCase holds a case to its invariants: enrollments do not overlap, the
// decider and the policy agree on enrolled days and agencies although each folds
// on its own, and no lead is assigned over another.
func checkCase(t *rapid.T, l *ledger, subject events.Subject) {
	state, ok := l.state(subject).(*clientcase.State)
	if !ok {
		return
	}
	var facts policy.Facts
	for _, r := range l.records[subject] {
		if err := facts.Apply(r); err != nil {
			t.Fatal(err)
		}
	}
	spans := facts.EnrolledSpans()
	for i, s := range spans {
		if s.To != 0 && s.To < s.From || i > 0 && s.From <= spans[i-1].To {
			t.Fatalf("enrollments overlap: %v", spans)
		}
	}
	for day := events.MustDate("2008-12-20"); day <= l.today+1; day++ {
		if facts.EnrolledOn(day) != state.EnrolledOn(day) {
			t.Fatalf("policy and decider disagree on whether %s is an enrolled day", day)
		}
		if facts.EnrolledOn(day) && facts.AgencyOn(day) != state.AgencyOn(day) {
			t.Fatalf("policy says agency %s on %s, the decider %s", facts.AgencyOn(day), day, state.AgencyOn(day))
		}
	}
	if lead, ok := checkLeads(t, l.records[subject]); ok && state.LeadOn(l.today) != lead {
		t.Fatalf("the lead is %q, the decider says %q", lead, state.LeadOn(l.today))
	}
}

// checkLeads walks through the changes of lead in order of record: each begins
// where the one before it ends. It returns the last lead. Histories in which a fact
// was taken back, or a service reopened, are left to the scenarios.
func checkLeads(t *rapid.T, records []*events.Record) (lead string, ok bool) {
	since := events.Date(0)
	for _, r := range records {
		event, _ := r.Event()
		from, to := lead, lead
		switch e := event.(type) {
		case *events.CaseFactWithdrawn, *events.ServiceReopened:
			return "", false
		case *events.LeadAssigned:
			from, to = "", e.Worker
		case *events.LeadLeft:
			from, to = e.Worker, e.Interim
		case *events.HandOffAccepted:
			from, to = e.From, e.To
		case *events.TransferAccepted:
			to = e.Lead
		default:
			continue
		}
		if from != lead || r.OccurredOn < since {
			t.Fatalf("%s of %s takes the lead from %q, but %q leads since %s", r.Type, r.OccurredOn, from, lead, since)
		}
		lead, since = to, r.OccurredOn
	}
	return lead, true
}
