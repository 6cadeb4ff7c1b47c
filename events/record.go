package events

import "fmt"

// MaxRecord bounds the size of a record in bytes.
const MaxRecord = 60 << 10

// An Envelope is what every record says about its event, whatever its type.
type Envelope struct {
	ID            string  // ULID of the record
	Type          string  // event type and version, such as "client.enrolled.v1"
	Source        string  // the ledger's name
	Subject       Subject // the aggregate
	Time          Instant // recorded at: when the ledger learned it
	Version       uint64  // position within the subject, from 1
	Previous      Hash    // hash of the subject's previous record; zero at version 1
	OccurredOn    Date    // effective date, which may be back-dated
	Actor         string  // who gave the command
	Role          string  // in what role
	Agency        string  // for which agency; may be empty
	CausationID   string  // id of the command
	CommandDigest Hash    // digest of the command's body
	CorrelationID string  // may be empty
}

// A Record is one event as it stands in the log.
type Record struct {
	Envelope
	Sequence uint64 // position in the log, from 1
	Raw      []byte // the exact bytes; never encode them again

	data    []byte // the data member within Raw
	typ     *Type
	event   Event
	aliased bool // text is part of Raw, not a copy
}

// Hash returns the hash of the record's exact bytes.
func (r *Record) Hash() Hash { return HashOf(r.Raw) }

// Data returns the record's data member as it stands in Raw.
func (r *Record) Data() []byte { return r.data }

// Event returns the decoded event. It is decoded at the first call, at a cost
// of a tenth of a microsecond to two, and kept: the first call must not run beside
// another one. Callers must not change the event.
func (r *Record) Event() (Event, error) {
	if r.event == nil {
		e, err := r.typ.event(r.data, r.aliased)
		if err != nil {
			return nil, r.wrap(err)
		}
		r.event = e
	}
	return r.event, nil
}

// wrap names the record in err, by as much as is known of it.
func (r *Record) wrap(err error) error {
	name := "record"
	if r.Sequence > 0 {
		name += fmt.Sprintf(" #%d", r.Sequence)
	}
	if r.Subject != "" {
		name += " of " + string(r.Subject)
	}
	return fmt.Errorf("decode %s: %w", name, err)
}

// A Reference cites a record of another subject that a decision rested on.
type Reference struct {
	Subject Subject `json:"subject"`
	Version uint64  `json:"version"`
	Hash    Hash    `json:"hash"`
}
