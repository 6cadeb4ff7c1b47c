package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"caseledger/events"
	"caseledger/events/jetstream"
	"caseledger/events/natsserver"
	"caseledger/events/seal"
	"caseledger/projections"
)

// sealedTexts reads whose texts are sealed in logs, under which keys, and whose keys
// were ordered to be destroyed. Cost: every payload is decoded, about 10 microseconds each.
func sealedTexts(ctx context.Context, logs ...events.Log) (used *seal.Sealed, orders []seal.Order, err error) {
	used = &seal.Sealed{}
	for _, log := range logs {
		head, err := log.Head(ctx)
		if err != nil {
			return nil, nil, err
		}
		err = log.Read(ctx, 1, head, func(batch []events.Message) error {
			for _, m := range batch {
				r, err := events.Decode(m.Sequence, m.Data)
				if err != nil {
					return err
				}
				e, err := r.Event()
				if err != nil {
					return err
				}
				used.Add(r.Subject, e)
				if r.Type == typeIdentityDestroyed {
					orders = append(orders, seal.Order{Subject: r.Subject, RecordID: r.ID})
				}
			}
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
	}
	return used, orders, nil
}

// neverSealed is asked before a person's first keys are made: when texts of the person
// are sealed already, the keys that sealed them are lost, and new ones would hide that.
func (l *Ledger) neverSealed(subject events.Subject) error {
	return l.Views.Read(func(s *projections.Snapshot) error {
		var used seal.Sealed
		for _, of := range seal.SubjectsOf(subject) {
			records, err := s.History(of)
			if err != nil {
				return err
			}
			for _, r := range records {
				e, err := r.Event()
				if err != nil {
					return err
				}
				used.Add(r.Subject, e)
			}
		}
		if used.Any() {
			return &seal.LostKeysError{Subjects: []events.Subject{subject}}
		}
		return nil
	})
}

// LostKeys returns a [*seal.LostKeysError] that names everybody whose texts are sealed under keys
// that are not in the key file, nil when there is nobody.
func (l *Ledger) LostKeys(ctx context.Context) error {
	keys, used, err := l.usedKeys(ctx)
	if err != nil {
		return err
	}
	return keys.Lost(used)
}

// AcceptLostKeys gives them new keys, and returns them: what was sealed before stays
// sealed for ever.
func (l *Ledger) AcceptLostKeys(ctx context.Context) ([]events.Subject, error) {
	keys, used, err := l.usedKeys(ctx)
	if err != nil {
		return nil, err
	}
	return keys.AcceptLoss(used)
}

func (l *Ledger) usedKeys(ctx context.Context) (*seal.Keyring, *seal.Sealed, error) {
	keys, err := l.keyring()
	if err != nil {
		return nil, nil, err
	}
	looks, err := l.openLooks(ctx)
	if err != nil {
		return nil, nil, err
	}
	used, _, err := sealedTexts(ctx, l.Log, looks)
	return keys, used, err
}

// RestoreKeys makes the key file of a place from a backup, while no process holds
// the directory, and carries out again every destruction on record. When somebody came after
// the backup, whose texts are sealed under keys that are not in it, nothing is made and a
// [*seal.LostKeysError] says who: unless acceptLoss is set, which gives them new keys.
func RestoreKeys(ctx context.Context, p Place, backup string, now time.Time, acceptLoss bool) (accepted []events.Subject, err error) {
	unlock, err := natsserver.LockDir(p.Dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	s, err := connect(p, natsserver.Config{})
	if err != nil {
		return nil, err
	}
	defer s.close()
	var logs []events.Log
	for _, stream := range streamsOf {
		config := s.config
		config.Stream = stream
		log, err := jetstream.Open(ctx, config)
		if err != nil {
			return nil, err
		}
		defer log.Close()
		logs = append(logs, log)
	}
	genesis, err := ReadGenesis(ctx, logs[0])
	if err != nil {
		return nil, err
	}
	used, orders, err := sealedTexts(ctx, logs...)
	if err != nil {
		return nil, err
	}
	path := p.path(keysFile)
	if err := seal.Restore(backup, path, p.masterKey(), genesis.Name, events.InstantOf(now)); err != nil {
		return nil, err
	}
	if accepted, err = settleRestored(path, p.masterKey(), used, orders, acceptLoss); err != nil {
		return nil, errors.Join(err, os.Remove(path))
	}
	return accepted, nil
}

func settleRestored(path, master string, used *seal.Sealed, orders []seal.Order, acceptLoss bool) (accepted []events.Subject, err error) {
	keys, err := seal.Open(path, master)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, keys.Close()) }()
	if err := keys.Destroy(orders...); err != nil {
		return nil, fmt.Errorf("restore the keys: %w", err)
	}
	if acceptLoss {
		return keys.AcceptLoss(used)
	}
	return nil, keys.Lost(used)
}
