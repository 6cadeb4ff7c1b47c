package app

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"caseledger/aggregates"
	"caseledger/events"
)

// Defaults fill in what a request leaves out: who gives the command, in what
// role and for which agency.
type Defaults struct {
	Actor, Role, Agency string
}

// maxLine bounds one line of JSON in bytes: more than any record may have.
const maxLine = 2 * events.MaxRecord

// ParseLine reads one command from a line of JSON, as
//
//	{"command":"enroll-client","id":"…","occurred_on":"2009-01-05","actor":"…","fields":{…}}
//
// It is strict: unknown and repeated members, invalid UTF-8 and values of the
// wrong type are an [*InputError] that names the line and the field.
func (c *Catalogue) ParseLine(number int, line []byte, d Defaults) (Request, error) {
	var req Request
	if len(line) > maxLine {
		return req, &InputError{Line: number, Problem: fmt.Sprintf("it has %d bytes, more than %d", len(line), maxLine)}
	}
	var fields jsontext.Value
	dec := jsontext.NewDecoder(bytes.NewReader(line))
	err := readObject(dec, func(name string) (err error) {
		fields, err = req.readMember(dec, name, fields)
		return inField(name, err)
	})
	if err == nil {
		if _, extra := dec.ReadToken(); extra == nil {
			err = errors.New("there is more than one value on the line")
		}
	}
	if err == nil {
		err = c.readFields(&req, fields)
	}
	req.Actor, req.Role, req.Agency = cmp.Or(req.Actor, d.Actor), cmp.Or(req.Role, d.Role), cmp.Or(req.Agency, d.Agency)
	return req, atLine(number, err)
}

// readMember reads one member of a line into the request, or keeps the fields
// until the command's name is known.
func (r *Request) readMember(dec *jsontext.Decoder, name string, fields jsontext.Value) (jsontext.Value, error) {
	if name == "fields" {
		value, err := dec.ReadValue()
		return value.Clone(), err
	}
	texts := map[string]*string{
		"command": &r.Name, "id": &r.ID, "actor": &r.Actor, "role": &r.Role,
		"agency": &r.Agency, "correlation_id": &r.CorrelationID, "occurred_on": nil, "recordedat": nil,
	}
	into, known := texts[name]
	if !known {
		return fields, fmt.Errorf("there is no such member; known are command, id, occurred_on, recordedat, actor, role, agency, correlation_id and fields")
	}
	text, err := readScalar(dec, '"')
	if err != nil {
		return fields, err
	}
	switch name {
	case "occurred_on":
		r.OccurredOn, err = events.ParseDate(text)
	case "recordedat":
		r.RecordedAt, err = events.ParseInstant(text)
	default:
		*into = text
	}
	return fields, err
}

// readFields reads the command's own fields and checks them.
func (c *Catalogue) readFields(req *Request, fields jsontext.Value) error {
	if req.Name == "" {
		return &InputError{Field: "command", Problem: "it is missing"}
	}
	command, err := c.Lookup(req.Name)
	if err != nil {
		return err
	}
	req.Command = command.New()
	if len(fields) > 0 {
		dec := jsontext.NewDecoder(bytes.NewReader(fields))
		err := readObject(dec, func(name string) error {
			f, known := command.field(name)
			if !known {
				return inField(name, command.unknownField())
			}
			return inField(name, setJSON(req.Command, f, dec))
		})
		if err != nil {
			return err
		}
	}
	return command.validate(req.Command)
}

// ParseTexts reads a command from texts by field name, as flags and CSV cells
// give them; an empty text means that nothing was given. An amount may be given
// in dollars, under its field's name without "_cents". The request's envelope is
// the caller's. Every fault is named.
func (c *Catalogue) ParseTexts(name string, texts map[string]string) (aggregates.Command, error) {
	command, err := c.Lookup(name)
	if err != nil {
		return nil, err
	}
	cmd := command.New()
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		if text := texts[name]; text != "" {
			if err := command.setNamed(cmd, name, text, texts); err != nil {
				faults = append(faults, inField(name, err))
			}
		}
	}
	return cmd, errors.Join(append(faults, otherFaults(faults, command.validate(cmd))...)...)
}

// otherFaults returns the faults of err in fields that have none yet: a field
// whose text was not understood would also be found missing.
func otherFaults(faults []error, err error) []error {
	if err == nil {
		return nil
	}
	known := map[string]bool{}
	for _, fault := range faults {
		var input *InputError
		if errors.As(fault, &input) {
			known[input.Field], known[input.Field+centsSuffix] = true, true
		}
	}
	return slices.DeleteFunc(Faults(err), func(fault error) bool {
		var input *InputError
		return errors.As(fault, &input) && known[input.Field]
	})
}

// setNamed sets the field of a name, which may be an amount's name in dollars.
func (c *Command) setNamed(cmd aggregates.Command, name, text string, texts map[string]string) error {
	if f, known := c.field(name); known {
		return setText(cmd, f, text)
	}
	f, known := c.field(name + centsSuffix)
	if !known || f.Type != typeCents {
		return c.unknownField()
	}
	if texts[f.Name] != "" {
		return fmt.Errorf("give either %s in dollars or %s", name, f.Name)
	}
	cents, err := ParseDollars(text)
	if err != nil {
		return err
	}
	reflect.ValueOf(cmd).Elem().Field(f.Index).SetInt(int64(cents))
	return nil
}

// centsSuffix ends the name of every amount.
const centsSuffix = "_cents"

// Texts returns the names under which [Catalogue.ParseTexts] takes a field.
func (c *Command) Texts(f aggregates.Field) []string {
	if dollars, found := strings.CutSuffix(f.Name, centsSuffix); found && f.Type == typeCents {
		return []string{f.Name, dollars}
	}
	return []string{f.Name}
}

func (c *Command) unknownField() error {
	return fmt.Errorf("%s has no such field; it has %s", c.Name, c.fieldNames())
}

// inField names the field of an error that names none yet.
func inField(name string, err error) error {
	if err == nil {
		return nil
	}
	var input *InputError
	if errors.As(err, &input) {
		if input.Field == "" {
			input.Field = name
		}
		return input
	}
	return &InputError{Field: name, Problem: plainSyntax(err)}
}

// atLine names the line of an error, and of each error that is joined in it.
func atLine(number int, err error) error {
	if err == nil {
		return nil
	}
	var all []error
	for _, fault := range Faults(err) {
		var input *InputError
		if !errors.As(fault, &input) {
			input = &InputError{Problem: plainSyntax(fault)}
		}
		input.Line = number
		all = append(all, input)
	}
	if len(all) == 1 {
		return all[0]
	}
	return errors.Join(all...)
}

// plainSyntax says in words for people what the JSON decoder found.
func plainSyntax(err error) string {
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) {
		return err.Error()
	}
	place := ""
	if p := string(syntax.JSONPointer); p != "" {
		place = fmt.Sprintf(" at %s", p)
	}
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return fmt.Sprintf("the name %q stands twice", syntax.JSONPointer.LastToken())
	case strings.Contains(syntax.Err.Error(), "UTF-8"):
		return "invalid UTF-8" + place
	default:
		return "not JSON" + place + ": " + syntax.Err.Error()
	}
}

// FormatLine writes a request as one line of JSON that [Catalogue.ParseLine]
// reads. Identifying text stands in it in clear: it is for the one who gave it.
func FormatLine(req Request) ([]byte, error) {
	fields, err := json.Marshal(req.Command, json.Deterministic(true), json.OmitZeroStructFields(true))
	if err != nil {
		return nil, fmt.Errorf("write %s as a line: %w", req.Name, err)
	}
	return json.Marshal(struct {
		Command       string         `json:"command"`
		ID            string         `json:"id"`
		OccurredOn    events.Date    `json:"occurred_on,omitzero"`
		RecordedAt    events.Instant `json:"recordedat,omitzero"`
		Actor         string         `json:"actor,omitzero"`
		Role          string         `json:"role,omitzero"`
		Agency        string         `json:"agency,omitzero"`
		CorrelationID string         `json:"correlation_id,omitzero"`
		Fields        jsontext.Value `json:"fields"`
	}{req.Name, req.ID, req.OccurredOn, req.RecordedAt, req.Actor, req.Role, req.Agency, req.CorrelationID, fields})
}
