package events

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/oklog/ulid/v2"
)

// wire is the CloudEvents document, its attributes in canonical order.
type wire struct {
	SpecVersion     string         `json:"specversion"`
	ID              string         `json:"id"`
	Type            string         `json:"type"`
	Source          string         `json:"source"`
	Subject         Subject        `json:"subject"`
	Time            Instant        `json:"time"`
	DataContentType string         `json:"datacontenttype"`
	Version         uint64         `json:"version"`
	Previous        Hash           `json:"previous,omitzero"`
	OccurredOn      Date           `json:"occurredon"`
	Actor           string         `json:"actor"`
	Role            string         `json:"role"`
	Agency          string         `json:"agency,omitzero"`
	CausationID     string         `json:"causationid"`
	CommandDigest   Hash           `json:"commanddigest"`
	CorrelationID   string         `json:"correlationid,omitzero"`
	Data            jsontext.Value `json:"data"`
}

const (
	specVersion = "1.0"
	contentType = "application/json"
)

// Encode writes an event as a record: one canonical CloudEvents document of at
// most [MaxRecord] bytes. Every [Secret] in it must be sealed. The returned
// record has no sequence number yet.
func Encode(env Envelope, event Event) (*Record, error) {
	env.Type = event.EventType()
	data, err := json.Marshal(event, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", env.Type, err)
	}
	raw, err := json.Marshal(wire{
		specVersion, env.ID, env.Type, env.Source, env.Subject, env.Time, contentType,
		env.Version, env.Previous, env.OccurredOn, env.Actor, env.Role, env.Agency,
		env.CausationID, env.CommandDigest, env.CorrelationID, data,
	})
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", env.Type, err)
	}
	if len(raw) > MaxRecord {
		return nil, fmt.Errorf("encode %s: the record has %d bytes, more than %d", env.Type, len(raw), MaxRecord)
	}
	// What is written must be readable for ever: the strict decoder is asked first.
	return DecodeStrict(0, raw)
}

// Decode reads the envelope of a record; [Record.Event] decodes its data. A
// record in canonical form takes a fast path, everything else [DecodeStrict];
// both give the same result. raw is kept.
func Decode(sequence uint64, raw []byte) (*Record, error) {
	return DecodeStrict(sequence, raw)
}

// DecodeStrict reads a record as any CloudEvents JSON document, refusing
// duplicate and unknown members, invalid UTF-8, unknown event types and values
// out of range.
func DecodeStrict(sequence uint64, raw []byte) (*Record, error) {
	r := &Record{Sequence: sequence, Raw: raw}
	var w wire
	if err := json.Unmarshal(raw, &w, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("decode record #%d: %w", sequence, err)
	}
	r.Envelope = Envelope{
		w.ID, w.Type, w.Source, w.Subject, w.Time, w.Version, w.Previous, w.OccurredOn,
		w.Actor, w.Role, w.Agency, w.CausationID, w.CommandDigest, w.CorrelationID,
	}
	r.data = w.Data
	if w.SpecVersion != specVersion || w.DataContentType != contentType {
		return nil, r.wrap(fmt.Errorf("specversion %q with datacontenttype %q is not supported", w.SpecVersion, w.DataContentType))
	}
	if err := r.Envelope.check(); err != nil {
		return nil, r.wrap(err)
	}
	if _, err := r.Event(); err != nil {
		return nil, err
	}
	return r, nil
}

// check reports the first attribute that is missing or out of range.
func (e *Envelope) check() error {
	if _, err := ulid.ParseStrict(e.ID); err != nil {
		return fmt.Errorf("id %q is not a ULID", e.ID)
	}
	if _, err := ParseSubject(string(e.Subject)); err != nil {
		return err
	}
	switch {
	case e.Source == "":
		return errors.New("source is missing")
	case e.Time <= 0:
		return errors.New("time is missing")
	case e.Version == 0:
		return errors.New("version is missing")
	case (e.Version == 1) != e.Previous.IsZero():
		return fmt.Errorf("version %d and previous do not agree", e.Version)
	case e.OccurredOn.IsZero():
		return errors.New("occurredon is missing")
	case e.Actor == "" || e.Role == "":
		return errors.New("actor or role is missing")
	case e.CausationID == "" || e.CommandDigest.IsZero():
		return errors.New("causationid or commanddigest is missing")
	}
	return nil
}
