package cli

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
)

// maxWidth is how long a line of text may become, in columns.
const maxWidth = 112

// printHistory prints two lines for each record: both clocks, who and the hash in
// columns, and below them what it says. Where it cites another record that is
// shown, it names its number.
func (p *Program) printHistory(l *app.Ledger, title string, records []*events.Record, v provenance) error {
	heads := sheet{columns: left("effective", "recorded", "event", "rule", "by", "record", "hash")}
	var cited []string
	for _, r := range records {
		number := fmt.Sprintf("#%d", r.Sequence)
		heads.add(r.OccurredOn.String(), l.Local(r.Time)[:len("2006-01-02 15:04")], words(r.Type), ruleOf(r.Type), by(r), number, r.Hash().Short())
		cited = append(cited, r.ID, number)
	}
	if len(records) == 0 {
		return p.printf("%s\n%s\n", title, v)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n", title)
	numbers := strings.NewReplacer(cited...)
	lines := strings.Split(columns(heads), "\n")
	fmt.Fprintf(&b, "%s\n", lines[0])
	for i, line := range lines[1:] {
		fmt.Fprintf(&b, "%s\n", line)
		p.indent(&b, numbers.Replace(details(records[i])))
	}
	fmt.Fprintf(&b, "recorded: in the programme's time, %s; ids and versions: --details\n%s\n", app.TimeZone, v)
	_, err := p.Out.Write(b.Bytes())
	return err
}

// printRecords prints everything about each record but its bytes, as a block of
// lines: a table of all this is wider than any screen.
func (p *Program) printRecords(l *app.Ledger, title string, records []*events.Record, v provenance) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n", title)
	for _, r := range records {
		fmt.Fprintf(&b, "\n%s  %s%s\n", r.OccurredOn, words(r.Type), ruleSuffix(ruleOf(r.Type)))
		p.indent(&b, details(r))
		fmt.Fprintf(&b, "            #%d, %s version %d, recorded %s by %s\n", r.Sequence, r.Subject, r.Version, l.Local(r.Time), by(r))
		fmt.Fprintf(&b, "            record %s, command %s, hash %s\n", r.ID, oneLine(r.CausationID), r.Hash().Short())
	}
	fmt.Fprintf(&b, "\n%s\n", v)
	_, err := p.Out.Write(b.Bytes())
	return err
}

// by says who recorded a record, in what role and for which agency.
func by(r *events.Record) string {
	role := r.Role
	if r.Agency != "" {
		role += " of " + r.Agency
	}
	return oneLine(r.Actor + " (" + role + ")")
}

// indent writes text below a date, in lines that fit.
func (p *Program) indent(b *bytes.Buffer, text string) {
	width := p.Width
	if width == 0 || width > maxWidth {
		width = maxWidth
	}
	for _, line := range wrap(text, max(40, width-12)) {
		fmt.Fprintf(b, "            %s\n", line)
	}
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
