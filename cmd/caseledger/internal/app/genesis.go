package app

import (
	"context"
	"errors"
	"fmt"

	"caseledger/events"
)

// ErrNoGenesis reports a log whose first record is not a genesis.
var ErrNoGenesis = errors.New("the log does not start with a ledger's genesis record")

// ReadGenesis returns the ledger's first record.
func ReadGenesis(ctx context.Context, log events.Log) (*events.LedgerCreated, error) {
	messages, err := log.History(ctx, events.GenesisSubject)
	if err != nil {
		return nil, fmt.Errorf("read the genesis: %w", err)
	}
	if len(messages) != 1 || messages[0].Sequence != 1 {
		return nil, ErrNoGenesis
	}
	record, err := events.Decode(1, messages[0].Data)
	if err != nil {
		return nil, fmt.Errorf("read the genesis: %w", err)
	}
	event, err := record.Event()
	if err != nil {
		return nil, fmt.Errorf("read the genesis: %w", err)
	}
	return event.(*events.LedgerCreated), nil
}

// WriteGenesis appends the first record of a ledger to a log that is empty.
func WriteGenesis(ctx context.Context, log events.Log, ledger events.LedgerCreated, at events.Instant, actor string) error {
	head, err := log.Head(ctx)
	if err != nil {
		return fmt.Errorf("write the genesis: %w", err)
	}
	if head != 0 {
		return fmt.Errorf("write the genesis: the log has %d records already", head)
	}
	id, err := newID(at)
	if err != nil {
		return err
	}
	record, err := events.Encode(events.Envelope{
		ID: id, Source: ledger.Name, Subject: events.GenesisSubject, Time: at, Version: 1,
		OccurredOn: at.DayIn(newYork()), Actor: actor, Role: DefaultRole, CausationID: "init",
		CommandDigest: events.HashOf([]byte("init " + ledger.Name)),
	}, &ledger)
	if err != nil {
		return fmt.Errorf("write the genesis: %w", err)
	}
	if _, err := log.Append(ctx, events.GenesisSubject, 0, record.ID, record.Raw); err != nil {
		return fmt.Errorf("write the genesis: %w", err)
	}
	return nil
}
