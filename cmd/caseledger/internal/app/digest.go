package app

import (
	"encoding/hex"
	"fmt"
	"reflect"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"caseledger/aggregates"
	"caseledger/events"
)

// digest returns the digest of a command's body: the SHA-256 of the canonical
// JSON of what was asked, by whom and for when. Two commands are the same when
// it is. A secret stands in it as its MAC under the person's own key, so that
// nobody without that key can try names or birth dates against it.
//
// When it was recorded is not part of it, nor is the correlation id.
func (a *App) digest(subject events.Subject, command *Command, req *Request) (events.Hash, error) {
	var room [512]byte
	body, err := a.appendBody(room[:0], subject, command, req)
	if err != nil {
		return events.Hash{}, fmt.Errorf("digest %s: %w", command.Name, err)
	}
	return events.HashOf(body), nil
}

// appendBody writes the canonical JSON: members in order of their names, absent
// fields left out, no space. It is written by hand since every command pays for it.
func (a *App) appendBody(b []byte, subject events.Subject, command *Command, req *Request) (_ []byte, err error) {
	member := func(separator, name, value string) {
		b = append(append(append(b, separator...), name...), ':')
		b, err = jsontext.AppendQuote(b, value)
	}
	for _, m := range []struct{ separator, name, value string }{
		{`{`, `"actor"`, req.Actor}, {`,`, `"agency"`, req.Agency}, {`,`, `"command"`, command.Name},
	} {
		if member(m.separator, m.name, m.value); err != nil {
			return nil, err
		}
	}
	if b, err = a.appendFields(append(b, `,"fields":{`...), subject, command, reflect.ValueOf(req.Command).Elem()); err != nil {
		return nil, err
	}
	member(`},`, `"occurred_on"`, req.OccurredOn.String())
	if member(`,`, `"role"`, req.Role); err != nil {
		return nil, err
	}
	return append(b, '}'), nil
}

func (a *App) appendFields(b []byte, subject events.Subject, command *Command, v reflect.Value) (_ []byte, err error) {
	first := true
	for _, f := range command.byName {
		value := v.Field(f.Index)
		if isAbsent(value) {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(append(append(b, '"'), f.Name...), `":`...)
		if f.Secret != "" {
			b, err = a.appendMACs(b, subject, f, value)
		} else {
			b, err = appendValue(b, value)
		}
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", f.Name, err)
		}
	}
	return b, nil
}

// appendValue writes a field. It looks at the field where it lies, in the command.
func appendValue(b []byte, v reflect.Value) ([]byte, error) {
	switch x := v.Addr().Interface().(type) {
	case *string:
		return jsontext.AppendQuote(b, *x)
	case *bool:
		return strconv.AppendBool(b, *x), nil
	case *int:
		return strconv.AppendInt(b, int64(*x), 10), nil
	case *events.Cents:
		return strconv.AppendInt(b, int64(*x), 10), nil
	case *events.Date:
		return jsontext.AppendQuote(b, x.String())
	default: // lists and maps
		text, err := json.Marshal(x, json.Deterministic(true))
		return append(b, text...), err
	}
}

// appendMACs writes the MAC of a secret text, or of each text of a secret list.
// The field's name is part of what is authenticated.
func (a *App) appendMACs(b []byte, subject events.Subject, f aggregates.Field, v reflect.Value) ([]byte, error) {
	if v.Kind() != reflect.Slice {
		text := append(append(make([]byte, 0, 256), f.Name...), '\n')
		if plain, is := v.Addr().Interface().(*string); is {
			text = append(text, *plain...)
		} else {
			text = fmt.Append(text, v.Interface())
		}
		mac, err := a.keys.MAC(subject, f.Secret, text)
		return append(hex.AppendEncode(append(b, '"'), mac[:]), '"'), err
	}
	b = append(b, '[')
	for i := range v.Len() {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = a.appendMACs(b, subject, f, v.Index(i)); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

func isAbsent(v reflect.Value) bool {
	return v.IsZero() || (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.Len() == 0
}
