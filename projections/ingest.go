package projections

import (
	"fmt"

	"caseledger/events"
)

// decoded is what ingest needs of a record. It is as small as that, since many
// are on their way from one core to another.
type decoded struct {
	message  events.Message
	subject  events.Subject
	version  uint64
	previous events.Hash
	time     events.Instant
	hash     events.Hash
	command  uint64
	ignored  bool // by every view; set in a rebuild
}

// decode reads the record of d's message into r, which is used again.
func (d *decoded) decode(r *events.Record) error {
	m := &d.message
	if err := events.DecodeInto(r, m.Sequence, m.Data); err != nil {
		return err
	}
	if m.Subject != "" && m.Subject != r.Subject {
		return &ChainError{m.Sequence, r.Subject, fmt.Sprintf("it stands in the log under %s", m.Subject)}
	}
	d.subject, d.version, d.previous, d.time = r.Subject, r.Version, r.Previous, r.Time
	d.hash, d.command = events.HashOf(m.Data), hashCommand(r.CausationID)
	return nil
}

// inOrder checks that a record stands at the position after last.
func (d *decoded) inOrder(last uint64) error {
	if d.message.Sequence != last+1 {
		return &ChainError{d.message.Sequence, d.subject, fmt.Sprintf("record #%d was expected", last+1)}
	}
	return nil
}

// follows checks the record's position and its place in the subject's chain.
func (d *decoded) follows(last uint64, e *entry) error {
	if err := d.inOrder(last); err != nil {
		return err
	}
	return e.follow(d.message.Sequence, d.subject, d.version, d.previous)
}
