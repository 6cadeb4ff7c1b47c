package policy_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"caseledger/aggregates/policy"
	"caseledger/events"
)

// A command is one line as it is fed to the program.
type command struct {
	Command    string         `json:"command"`
	ID         string         `json:"id"`
	OccurredOn events.Date    `json:"occurred_on"`
	RecordedAt events.Instant `json:"recordedat"`
	Actor      string         `json:"actor"`
	Fields     map[string]any `json:"fields"`
}

func (c command) text(name string) string { s, _ := c.Fields[name].(string); return s }

func (c command) date(name string) events.Date {
	if c.text(name) == "" {
		return 0
	}
	return events.MustDate(c.text(name))
}

// A book-keeper of a test: it turns commands into records, as the deciders
// would, and folds them.
type world struct {
	t        testing.TB
	sequence uint64
	book     *policy.Book
	facts    map[string]*policy.Facts
	clients  []string
	ids      map[string]string // command id → record id
	lastAsk  map[string]string // client → record of the last extension request
	versions map[events.Subject]uint64
	account  policy.Account // of agency A, for the invoices of a story
}

func newWorld(t testing.TB) *world {
	return &world{
		t: t, book: policy.NewBook(), facts: map[string]*policy.Facts{}, ids: map[string]string{},
		lastAsk: map[string]string{}, versions: map[events.Subject]uint64{},
	}
}

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// recordID is a valid ULID that grows with the sequence.
func recordID(n uint64) string {
	b := []byte("01ARZ3NDEKTSV4RRFF00000000")
	for i := len(b) - 1; n > 0; i-- {
		b[i] = crockford[n%32]
		n /= 32
	}
	return string(b)
}

func (w *world) run(commands ...command) {
	w.t.Helper()
	for _, c := range commands {
		kind, id, event := w.decide(c)
		if event == nil {
			continue
		}
		w.record(c, events.SubjectOf(kind, id), event)
	}
}

// record encodes an event and folds the record.
func (w *world) record(c command, subject events.Subject, event events.Event) {
	w.t.Helper()
	w.sequence++
	w.versions[subject]++
	env := events.Envelope{
		ID: recordID(w.sequence), Source: "test", Subject: subject, Time: c.RecordedAt, Version: w.versions[subject],
		OccurredOn: c.OccurredOn, Actor: cmp.Or(c.Actor, "test"), Role: "case_manager",
		CausationID: c.ID, CommandDigest: events.HashOf([]byte(c.ID)),
	}
	if env.Version > 1 {
		env.Previous = events.HashOf([]byte("previous"))
	}
	if env.Time == 0 {
		env.Time = events.MustInstant("2009-01-01T00:00:00Z")
	}
	r, err := events.Encode(env, event)
	if err != nil {
		w.t.Fatalf("command %s: %v", c.ID, err)
	}
	r.Sequence = w.sequence
	w.ids[c.ID] = r.ID
	if err := w.book.Apply(r); err != nil {
		w.t.Fatalf("command %s: %v", c.ID, err)
	}
	if subject.Kind() == events.KindCase {
		if w.facts[subject.ID()] == nil {
			w.facts[subject.ID()] = &policy.Facts{}
			w.clients = append(w.clients, subject.ID())
		}
		if err := w.facts[subject.ID()].Apply(r); err != nil {
			w.t.Fatalf("command %s: %v", c.ID, err)
		}
	}
}

// decide translates a command to the event that its decider would record.
func (w *world) decide(c command) (events.Kind, string, events.Event) {
	client := c.text("client")
	switch c.Command {
	case "sign-subcontract":
		return events.KindAgency, c.text("agency"), &events.SubcontractSigned{Name: c.text("name")}
	case "adopt-policy":
		p := &events.PolicyAdopted{Authority: cmp.Or(c.text("authority"), "test"), Settings: map[string]string{}}
		settings, _ := c.Fields["settings"].(map[string]any)
		for k, v := range settings {
			p.Settings[k] = v.(string)
		}
		return events.KindProgramme, "PROGRAMME", p
	case "extension-request", "request-extension":
		w.lastAsk[client] = c.ID
		return events.KindCase, client, &events.ExtensionRequested{}
	}
	event := w.decideCase(c)
	if event == nil {
		w.t.Fatalf("command %q is not known to this test", c.Command)
	}
	return events.KindCase, client, event
}

func (w *world) decideCase(c command) events.Event {
	switch c.Command {
	case "enroll-client":
		return enrollment(c)
	case "receive-letter":
		return &events.LetterReceived{
			Kind: events.LetterKind(c.text("kind")), LetterDate: c.date("letter_date"), ReceivedOn: c.date("received_on"),
		}
	case "book-expense":
		cents, _ := c.Fields["amount_cents"].(float64)
		return &events.ExpenseBooked{Agency: c.text("agency"), Category: c.text("category"), AmountCents: events.Cents(cents)}
	case "reverse-expense":
		return &events.ExpenseReversed{Expense: w.ids[c.text("expense")], AmountCents: -1}
	case "close-service":
		return &events.ServiceClosed{}
	case "reopen-service":
		return &events.ServiceReopened{Agency: c.text("agency")}
	case "decide-extension":
		granted := c.text("granted") == "yes"
		return &events.ExtensionDecided{Request: w.ids[w.lastAsk[c.text("client")]], Granted: granted}
	case "record-turned-18":
		return &events.ClientTurned18{}
	case "accept-transfer":
		return &events.TransferAccepted{To: c.text("to")}
	case "approve-period":
		return &events.PeriodApproved{}
	case "start-placement":
		return &events.PlacementStarted{Setting: "foster"}
	case "end-placement":
		return &events.PlacementEnded{}
	case "end-eligibility":
		return &events.EligibilityEnded{Cause: c.text("cause")}
	case "correct-client":
		return &events.ClientCorrected{AgeGroup: events.AgeGroup(c.text("age_group"))}
	case "withdraw-case-fact":
		return &events.CaseFactWithdrawn{Record: w.ids[c.text("record")]}
	}
	return nil
}

func enrollment(c command) events.Event {
	e := &events.ClientEnrolled{
		Agency: c.text("agency"), Class: events.ClientClass(c.text("class")), Sex: events.Sex(c.text("sex")),
		AgeGroup: events.AgeGroup(c.text("age_group")), Form: events.Form(c.text("form")),
		ImmigrationStatus: c.text("immigration_status"), Criteria: []events.Criterion{},
	}
	if e.Class == events.Derivative {
		e.Derivative = &events.DerivativeLink{
			Principal: c.text("principal"), VisaClass: events.VisaClass(c.text("visa_class")),
			NoticeDate: c.date("notice_date"), EntryDate: c.date("entry_date"),
		}
	}
	return e
}

// adopt puts settings in force from a date on.
func (w *world) adopt(on string, settings map[string]string) {
	if len(settings) == 0 {
		return
	}
	fields := map[string]any{}
	for k, v := range settings {
		fields[k] = v
	}
	w.run(command{
		Command: "adopt-policy", ID: "policy-" + on + "-" + strconv.Itoa(int(w.sequence)), OccurredOn: events.MustDate(on),
		Fields: map[string]any{"settings": fields},
	})
}

func (w *world) evaluate(client string) *policy.Entitlement {
	w.t.Helper()
	f := w.facts[client]
	if f == nil {
		w.t.Fatalf("no client %s", client)
	}
	e, err := policy.Evaluate(f, w.book, w.facts[f.Principal()])
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

// subset reports where got lacks something that want holds: members of objects
// by name, elements of arrays one by one.
func subset(path string, want, got any) error {
	switch want := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return fmt.Errorf("%s: got %v, want an object", path, got)
		}
		for _, k := range sortedKeys(want) {
			v, ok := g[k]
			if !ok {
				v = zeroLike(want[k])
			}
			if err := subset(path+"."+k, want[k], v); err != nil {
				return err
			}
		}
		return nil
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(want) {
			return fmt.Errorf("%s: got %v, want %d elements: %v", path, got, len(want), want)
		}
		for i := range want {
			if err := subset(fmt.Sprintf("%s[%d]", path, i), want[i], g[i]); err != nil {
				return err
			}
		}
		return nil
	}
	if want != got {
		return fmt.Errorf("%s: got %v, want %v", path, got, want)
	}
	return nil
}

// zeroLike is what an omitted member stands for.
func zeroLike(want any) any {
	switch want.(type) {
	case float64:
		return 0.0
	case string:
		return ""
	case bool:
		return false
	}
	return nil
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// generic returns v as decoded JSON.
func generic(t testing.TB, v any) any {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// replace writes a client's id into a template of a command.
func (c command) replace(from, to string) command {
	c.ID = strings.ReplaceAll(c.ID, strings.ToLower(from), strings.ToLower(to))
	fields := map[string]any{}
	for k, v := range c.Fields {
		if s, ok := v.(string); ok {
			v = strings.ReplaceAll(s, from, to)
		}
		fields[k] = v
	}
	c.Fields = fields
	return c
}
