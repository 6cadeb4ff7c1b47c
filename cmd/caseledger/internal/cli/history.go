package cli

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/history"
)

func (p *Program) historyCommand() *cobra.Command {
	var q question
	cmd := &cobra.Command{
		Use:   "history CLIENT",
		Short: "Show everything that was recorded about a client",
		Long: `Show everything that was recorded about a client, in order: when it occurred, when the ledger
learned it, who said so, and the record's hash. The beginning of the coded id is enough. Another
subject is named with its kind, such as agency/A-017.

With --format json each line is one exact record: its SHA-256, without the line end, is the hash.`,
		Example: `  caseledger history C-7QK2M4
  caseledger history C-7QK2M4 --as-of 2008-05-15
  caseledger history agency/A-017 --format json`,
		Args: oneArg("the client's coded id"),
	}
	q.flags(cmd)
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, args []string) error {
		return p.history(ctx, l, args[0], q)
	})
	return cmd
}

func (p *Program) history(ctx context.Context, l *app.Ledger, name string, q question) error {
	var records []*events.Record
	var v provenance
	title := ""
	err := p.askOne(ctx, l, q, func(s *projections.Snapshot, at standpoint) (err error) {
		records, title, err = findHistory(s, name)
		v = provenanceOf(l, s, at)
		v.On = ""
		return err
	})
	if err != nil {
		return err
	}
	if err := history.Verify(records); err != nil {
		return err
	}
	switch p.flags.format {
	case formatJSON:
		for _, r := range records {
			if err := p.printf("%s\n", r.Raw); err != nil {
				return err
			}
		}
		fmt.Fprintln(p.Err, "caseledger: note: "+v.String())
		return nil
	case formatCSV:
		return p.answer(historySheet(records), nil, v)
	}
	return p.printHistory(l, title, records, v)
}

// findHistory returns the records of a client, or of a subject named by its kind.
func findHistory(s *projections.Snapshot, name string) ([]*events.Record, string, error) {
	if strings.Contains(name, "/") {
		subject, err := events.ParseSubject(name)
		if err != nil {
			return nil, "", &UsageError{Problem: err.Error()}
		}
		records, err := history.Subjects(s, subject)
		return records, string(subject), err
	}
	id, err := history.Resolve(s, name)
	if err != nil {
		return nil, "", err
	}
	records, err := history.Client(s, id)
	return records, "client " + id, err
}

func historySheet(records []*events.Record) sheet {
	s := sheet{columns: left("sequence", "subject", "version", "occurred_on", "recorded_at", "type", "rule",
		"actor", "role", "agency", "command", "record", "hash", "data")}
	for _, r := range records {
		s.add(fmt.Sprint(r.Sequence), string(r.Subject), fmt.Sprint(r.Version), r.OccurredOn.String(), r.Time.String(),
			r.Type, ruleOf(r.Type), r.Actor, r.Role, r.Agency, r.CausationID, r.ID, r.Hash().String(), string(r.Data()))
	}
	return s
}

// maxWidth is how long a line of text may become, in columns.
const maxWidth = 112

// printHistory prints records as blocks of lines: a table of all this is wider
// than any screen.
func (p *Program) printHistory(l *app.Ledger, title string, records []*events.Record, v provenance) error {
	var b bytes.Buffer
	width := p.Width
	if width == 0 || width > maxWidth {
		width = maxWidth
	}
	fmt.Fprintf(&b, "%s: %s, hashes verified\n", title, plural(len(records), "record"))
	for _, r := range records {
		by := r.Role
		if r.Agency != "" {
			by += " of " + r.Agency
		}
		rule := ruleOf(r.Type)
		fmt.Fprintf(&b, "\n%s  %s%s\n", r.OccurredOn, words(r.Type), ruleSuffix(rule))
		for _, line := range wrap(details(r), max(40, width-12)) {
			fmt.Fprintf(&b, "            %s\n", line)
		}
		fmt.Fprintf(&b, "            #%d, %s version %d, recorded %s by %s (%s)\n", r.Sequence, r.Subject, r.Version, l.Local(r.Time), oneLine(r.Actor), oneLine(by))
		fmt.Fprintf(&b, "            record %s, hash %s\n", r.ID, r.Hash().Short())
	}
	fmt.Fprintf(&b, "\n%s\n", v)
	_, err := p.Out.Write(b.Bytes())
	return err
}

// words turns a type such as "client.turned-18.v1" into "client turned 18".
func words(eventType string) string {
	name := eventType[:strings.LastIndex(eventType, ".")]
	return strings.NewReplacer(".", " ", "-", " ").Replace(name)
}

// details says what stands in a record's data, in its own order: sealed text
// only as such, references to other subjects by version.
func details(r *events.Record) string {
	return detailsOf(jsontext.NewDecoder(bytes.NewReader(r.Data())))
}

func detailsOf(dec *jsontext.Decoder) string {
	var parts []string
	err := eachMember(dec, func(name string) error {
		value, err := dec.ReadValue()
		if err != nil {
			return err
		}
		if text := detail(name, value); text != "" {
			parts = append(parts, text)
		}
		return nil
	})
	if err != nil {
		return "" // records were decoded before: this cannot be
	}
	return strings.Join(parts, "; ")
}

func detail(name string, value jsontext.Value) string {
	label := strings.ReplaceAll(strings.TrimSuffix(name, "_cents"), "_", " ")
	switch value.Kind() {
	case '{':
		return label + ": " + detailsOf(jsontext.NewDecoder(bytes.NewReader(value)))
	case '[':
		return label + " " + listDetail(value)
	case '"':
		return label + " " + textDetail(value)
	case '0':
		if strings.HasSuffix(name, "_cents") {
			return label + " " + cents(value)
		}
	}
	return label + " " + string(value)
}

func textDetail(value jsontext.Value) string {
	text, err := jsontext.AppendUnquote(nil, value)
	if err != nil {
		return string(value)
	}
	if bytes.HasPrefix(text, []byte("s1.")) {
		return "[sealed]"
	}
	if len(text) == 64 && bytes.Trim(text, "0123456789abcdef") == nil {
		return string(text[:12]) + "…" // a SHA-256
	}
	return oneLine(string(text))
}

func cents(value jsontext.Value) string {
	var n events.Cents
	if _, err := fmt.Sscan(string(value), &n); err != nil {
		return string(value)
	}
	return n.String()
}

// listDetail names the items of a list; of an object only its name or subject.
func listDetail(value jsontext.Value) string {
	var items []string
	dec := jsontext.NewDecoder(bytes.NewReader(value))
	if _, err := dec.ReadToken(); err != nil {
		return string(value)
	}
	for dec.PeekKind() != ']' {
		item, err := dec.ReadValue()
		if err != nil {
			return string(value)
		}
		items = append(items, itemDetail(item.Clone()))
	}
	return strings.Join(items, ", ")
}

func itemDetail(item jsontext.Value) string {
	if item.Kind() == '"' {
		return textDetail(item)
	}
	if item.Kind() != '{' {
		return string(item)
	}
	member := map[string]string{}
	dec := jsontext.NewDecoder(bytes.NewReader(item))
	err := eachMember(dec, func(name string) error {
		v, err := dec.ReadValue()
		if err == nil && v.Kind() == '"' {
			member[name] = textDetail(v)
		} else {
			member[name] = string(v)
		}
		return err
	})
	switch {
	case err != nil:
		return string(item)
	case member["subject"] != "":
		return member["subject"] + " version " + member["version"]
	case member["met"] == "false":
		return member["name"] + " not met"
	default:
		return member["name"]
	}
}

func eachMember(dec *jsontext.Decoder, f func(name string) error) error {
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != '}' {
		name, err := dec.ReadToken()
		if err != nil {
			return err
		}
		if err := f(name.String()); err != nil {
			return err
		}
	}
	return nil
}

// wrap breaks text at spaces into lines of at most width runes, where it can.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case len([]rune(line))+1+len([]rune(word)) > width:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// ruleOf returns the rule of the rulebook that a type of event belongs to.
func ruleOf(eventType string) string {
	i := slices.IndexFunc(rulesOfEvents, func(r ruleOfEvents) bool {
		return slices.Contains(strings.Fields(r.types), strings.TrimSuffix(eventType, ".v1"))
	})
	if i < 0 {
		return ""
	}
	return rulesOfEvents[i].rule
}

type ruleOfEvents struct{ rule, types string }

// rulesOfEvents says which rule each type of event belongs to.
var rulesOfEvents = []ruleOfEvents{
	{"R01", "client.screened client.enrolled eligibility.ended"},
	{"R05", "letter.received letter.issued letter.denied letter.requested continued-presence.granted bona-fide.applied bona-fide.determined t-visa.approved t-visa.denied"},
	{"R06", "derivative.linked"},
	{"R07", "continued-presence.ended certification.ended"},
	{"R09", "interim-assistance.issued interim-assistance.extended"},
	{"R10", "client.turned-18"},
	{"R11", "placement.started placement.ended"},
	{"R17", "invoice-part.prepared invoice.generated invoice.submitted invoice.reviewed invoice.approved invoice.held invoice.released invoice.paid"},
	{"R18", "expense.booked"},
	{"R19", "advance.issued"},
	{"R21", "transfer.proposed transfer.accepted transfer.declined"},
	{"R22", "extension.requested extension.decided period.approved"},
	{"R23", "service.closed service.reopened"},
	{"R24", "client.corrected expense.reversed case-fact.withdrawn letter-fact.withdrawn invoice.returned invoice.resubmitted invoice.denied recoverable.settled"},
	{"R25", "review.decided"},
	{"R27", "subcontract.signed location.opened location.closed agency.suspended agency.reinstated subcontract.ended"},
	{"R28", "service.delivered lead.assigned lead.left hand-off.proposed hand-off.accepted hand-off.declined hand-off.withdrawn intensity.set component.closed component.reopened worker.engaged worker.changed worker.left"},
	{"R31", "consent.given consent.withdrawn"},
}
