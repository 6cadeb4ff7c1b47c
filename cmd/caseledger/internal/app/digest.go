package app

import (
	"fmt"
	"reflect"

	"github.com/go-json-experiment/json"

	"caseledger/aggregates"
	"caseledger/events"
)

// digest returns the digest of a command's body: the SHA-256 of the canonical
// JSON of what was asked, by whom and for when. Two commands are the same when
// it is. A secret stands in it as its MAC under the subject's own key, so that
// nobody without that key can try names or birth dates against it.
//
// When it was recorded is not part of it, nor is the correlation id.
func (a *App) digest(subject events.Subject, command *Command, req *Request) (events.Hash, error) {
	fields := make(map[string]any, len(command.Fields))
	v := reflect.ValueOf(req.Command).Elem()
	for _, f := range command.Fields {
		value := v.Field(f.Index)
		if isAbsent(value) {
			continue
		}
		fields[f.Name] = value.Interface()
		if f.Secret == "" {
			continue
		}
		sealed, err := a.macs(subject, f, value)
		if err != nil {
			return events.Hash{}, fmt.Errorf("digest %s.%s: %w", command.Name, f.Name, err)
		}
		fields[f.Name] = sealed
	}
	body, err := json.Marshal(map[string]any{
		"command": command.Name, "occurred_on": req.OccurredOn, "actor": req.Actor,
		"role": req.Role, "agency": req.Agency, "fields": fields,
	}, json.Deterministic(true))
	if err != nil {
		return events.Hash{}, fmt.Errorf("digest %s: %w", command.Name, err)
	}
	return events.HashOf(body), nil
}

// macs returns the MAC of a secret text, or of each text of a secret list.
func (a *App) macs(subject events.Subject, f aggregates.Field, value reflect.Value) (any, error) {
	if value.Kind() == reflect.Slice {
		list := make([]any, value.Len())
		for i := range list {
			mac, err := a.macs(subject, f, value.Index(i))
			if err != nil {
				return nil, err
			}
			list[i] = mac
		}
		return list, nil
	}
	return a.keys.MAC(subject, f.Secret, []byte(f.Name+"\n"+fmt.Sprint(value.Interface())))
}

func isAbsent(v reflect.Value) bool {
	return v.IsZero() || (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.Len() == 0
}
