package events

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode"

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
// most [MaxRecord] bytes, or [ErrTooLarge]. Every [Secret] in it must be sealed. The returned
// record has no sequence number yet.
func Encode(env Envelope, event Event) (*Record, error) {
	env.Type = event.EventType()
	data, err := json.Marshal(event, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", env.Type, explain("member", err))
	}
	raw, err := encodeDocument(&env, data)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", env.Type, explain("attribute", err))
	}
	if len(raw) > MaxRecord {
		return nil, fmt.Errorf("encode %s: %w", env.Type, tooLarge(raw))
	}
	// What is written must be readable for ever: it is read first, whole.
	r := new(Record)
	if err := DecodeInto(r, 0, raw); err != nil {
		return nil, err
	}
	if r.aliased = false; r.Envelope != env {
		return nil, r.wrap(errors.New("its envelope is not what was written"))
	}
	r.Envelope = env // the same, in text that does not hold on to all of raw
	if _, err := r.Event(); err != nil {
		return nil, err
	}
	return r, nil
}

// encodeDocument writes the document, by hand where its text needs no escape.
func encodeDocument(e *Envelope, data []byte) ([]byte, error) {
	if raw, ok := appendCanonical(make([]byte, 0, envelopeRoom+len(data)), e); ok {
		return append(append(append(raw, `,"data":`...), data...), '}'), nil
	}
	return encodeAny(e, data)
}

// encodeAny writes any document; for those that encodeDocument writes by hand it
// has the same result.
func encodeAny(e *Envelope, data []byte) ([]byte, error) {
	return json.Marshal(wire{
		specVersion, e.ID, e.Type, e.Source, e.Subject, e.Time, contentType,
		e.Version, e.Previous, e.OccurredOn, e.Actor, e.Role, e.Agency,
		e.CausationID, e.CommandDigest, e.CorrelationID, data,
	})
}

// envelopeRoom holds all of an envelope but the longest.
const envelopeRoom = 768

// Decode reads a record's envelope; [Record.Event] decodes its data.
//
// A record that starts in the canonical form of [Encode] takes a fast path, which
// costs 0.3 µs and leaves the data unread until Record.Event is called:
// a fault in the data (an unknown or duplicate member, invalid UTF-8) is reported
// there and no earlier. Every other record goes through [DecodeStrict]. Decode and
// Record.Event together accept what DecodeStrict accepts, with the same result.
// Use DecodeStrict where a record of another's writing is judged, and
// Decode where records that were judged are read back. raw is kept.
func Decode(sequence uint64, raw []byte) (*Record, error) {
	r := new(Record)
	if err := DecodeInto(r, sequence, raw); err != nil {
		return nil, err
	}
	if r.aliased {
		r.aliased = false
		r.keepText()
	}
	return r, nil
}

// DecodeInto is [Decode] into a record that is used again, for many records of
// which none is kept: what r held before is gone, also after an error, and the
// text in r and in its event is good only as long as raw is not changed.
func DecodeInto(r *Record, sequence uint64, raw []byte) error {
	if decodeCanonical(r, sequence, raw) {
		r.aliased = true
		return nil
	}
	strict, err := DecodeStrict(sequence, raw)
	if err != nil {
		return err
	}
	*r = *strict
	return nil
}

// DecodeStrict reads a record as any CloudEvents JSON document, with its data. It
// refuses duplicate and unknown members, invalid UTF-8, unknown event types,
// values out of range and text that should be sealed and is not. raw is kept.
func DecodeStrict(sequence uint64, raw []byte) (*Record, error) {
	r := &Record{Sequence: sequence, Raw: raw}
	if len(raw) > MaxRecord {
		return nil, r.wrap(tooLarge(raw))
	}
	var w wire
	if err := json.Unmarshal(raw, &w, strict); err != nil {
		r.Subject = w.Subject // for the message; empty unless well formed
		return nil, r.wrap(explain("attribute", err))
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
	if err := r.Envelope.checkText(); err != nil {
		return nil, r.wrap(err)
	}
	var err error
	if r.typ, err = typeOn(r.Type, r.Subject.Kind()); err != nil {
		return nil, r.wrap(err)
	}
	if _, err := r.Event(); err != nil {
		return nil, err
	}
	return r, nil
}

// strict is what every document and its data is read with. Refusing duplicate
// members and invalid UTF-8 is what the codec does unless told otherwise.
var strict = json.RejectUnknownMembers(true)

// ErrTooLarge reports an event whose record would exceed [MaxRecord].
var ErrTooLarge = errors.New("the record is too large")

func tooLarge(raw []byte) error {
	return fmt.Errorf("%w: it has %d bytes, more than %d", ErrTooLarge, len(raw), MaxRecord)
}

// maxVersion is the largest integer that CloudEvents allows in an attribute.
const maxVersion = math.MaxInt32

// check reports the first attribute that is missing or out of range.
func (e *Envelope) check() error {
	// A ULID in lower case is the same number and another string.
	if !isULID(e.ID) {
		return fmt.Errorf("id %q is not a ULID", e.ID)
	}
	if err := e.Subject.check(); err != nil {
		return err
	}
	switch {
	case e.Source == "":
		return errors.New("source is missing")
	case e.Time <= 0:
		return errors.New("time is missing")
	case e.Version == 0:
		return errors.New("version is missing")
	case e.Version > maxVersion:
		return fmt.Errorf("version %d is more than %d", e.Version, maxVersion)
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

// isULID reports whether s is 26 of Crockford's base 32 in upper case, in 128 bits.
func isULID(s string) bool {
	return len(s) == ulid.EncodedSize && s[0] <= '7' && only(&notCrockford, s)
}

// notCrockford is 0 for the digits of a ULID and 1 for every other byte.
var notCrockford = others(ulid.Encoding)

// checkText reports an attribute with a control character, which CloudEvents
// forbids and which could forge a line of a listing.
func (e *Envelope) checkText() error {
	for _, a := range [...]struct{ name, text string }{
		{"source", e.Source}, {"actor", e.Actor}, {"role", e.Role}, {"agency", e.Agency},
		{"causationid", e.CausationID}, {"correlationid", e.CorrelationID},
	} {
		if strings.ContainsFunc(a.text, unicode.IsControl) {
			return fmt.Errorf("%s %q holds a control character", a.name, a.text)
		}
	}
	return nil
}
