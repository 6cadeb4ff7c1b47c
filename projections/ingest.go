package projections

import (
	"fmt"

	"caseledger/events"
)

// decoded is a record with what ingest needs of it.
type decoded struct {
	message events.Message
	record  events.Record
	hash    events.Hash
	command uint64
	ignored bool // by every view; set in a rebuild
}

// decode reads the record of d's message.
func (d *decoded) decode() error {
	m, r := &d.message, &d.record
	if err := events.DecodeInto(r, m.Sequence, m.Data); err != nil {
		return err
	}
	if m.Subject != "" && m.Subject != r.Subject {
		return &ChainError{m.Sequence, r.Subject, fmt.Sprintf("it stands in the log under %s", m.Subject)}
	}
	d.hash, d.command = r.Hash(), hashCommand(r.CausationID)
	return nil
}

// inOrder checks that a record stands at the position after last.
func (d *decoded) inOrder(last uint64) error {
	if d.record.Sequence != last+1 {
		return &ChainError{d.record.Sequence, d.record.Subject, fmt.Sprintf("record #%d was expected", last+1)}
	}
	return nil
}

// follows checks the record's position and its place in the subject's chain.
func (d *decoded) follows(last uint64, e *entry) error {
	if err := d.inOrder(last); err != nil {
		return err
	}
	return e.follow(d.record.Sequence, d.record.Subject, d.record.Version, d.record.Previous)
}
