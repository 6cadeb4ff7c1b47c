package app

import (
	"context"
	"errors"
	"slices"

	"caseledger/events"
	"caseledger/events/jetstream"
	"caseledger/events/natsserver"
	"caseledger/events/seal"
	"caseledger/projections"
	"caseledger/projections/retention"
)

// openLooks opens the stream ACCESS, once. It must hold the last look that this
// directory knows of.
func (l *Ledger) openLooks(ctx context.Context) (events.Log, error) {
	l.looksMu.Lock()
	defer l.looksMu.Unlock()
	if l.looks == nil {
		config := l.stores.config
		config.Stream = jetstream.Access
		floor, err := readLooksFloor(l.Place)
		if err != nil {
			return nil, err
		}
		config.Floor = floor
		log, err := jetstream.Open(ctx, config)
		if err != nil {
			return nil, err
		}
		l.looks = &looksLog{Log: log, place: l.Place, last: floor.Sequence}
	}
	return l.looks, nil
}

// keyring returns the keys, or why there are none: then nothing can be sealed or
// unsealed, and everything else goes on.
func (l *Ledger) keyring() (*seal.Keyring, error) {
	if l.keys == nil {
		return nil, l.noKeys
	}
	return l.keys, nil
}

// Seal implements [Keys].
func (l *Ledger) Seal(subject events.Subject, recordID string, event events.Event) error {
	c, confidential := event.(events.Confidential)
	if !confidential || !slices.ContainsFunc(c.Secrets(), func(f events.SecretField) bool { return !f.Secret.IsZero() }) {
		return nil
	}
	keys, err := l.keyring()
	if err != nil {
		return err
	}
	return keys.Seal(subject, recordID, event)
}

// MAC implements [Keys].
func (l *Ledger) MAC(subject events.Subject, class events.KeyClass, text []byte) (events.Hash, error) {
	keys, err := l.keyring()
	if err != nil {
		return events.Hash{}, err
	}
	return keys.MAC(subject, class, text)
}

// Unseal implements [Custody].
func (l *Ledger) Unseal(subject events.Subject, recordID string, class events.KeyClass, index int, sealed string) (string, error) {
	keys, err := l.keyring()
	if err != nil {
		return "", err
	}
	return keys.Unseal(subject, recordID, class, index, sealed)
}

// Destroy implements [Custody].
func (l *Ledger) Destroy(orders ...seal.Order) error {
	keys, err := l.keyring()
	if err != nil {
		return err
	}
	return keys.Destroy(orders...)
}

// destroyOrdered carries out every destruction on record that the key file does
// not show: of a process that died between the order and the deed, and of keys
// that a backup brought back.
func (l *Ledger) destroyOrdered() error {
	if l.keys == nil {
		return nil
	}
	return l.Views.Read(func(s *projections.Snapshot) error {
		orders, err := retention.Orders(s)
		if err != nil {
			return err
		}
		var list []seal.Order
		for client, record := range orders {
			list = append(list, seal.Order{Subject: events.SubjectOf(events.KindCase, client), RecordID: record})
		}
		return l.keys.Destroy(list...)
	})
}

// RotateMaster wraps every key with a new master key; see [seal.Keyring.RotateMaster].
func (l *Ledger) RotateMaster() error {
	keys, err := l.keyring()
	if err != nil {
		return err
	}
	return keys.RotateMaster()
}

// RotateClient makes a new generation of the keys of a client who has records.
func (l *Ledger) RotateClient(client string) (generation int, err error) {
	keys, err := l.keyring()
	if err != nil {
		return 0, err
	}
	return keys.Rotate(events.SubjectOf(events.KindCase, client))
}

// SetRecovery makes a recovery key: the private part in a new file, the public
// part in the key file.
func (l *Ledger) SetRecovery(privatePath string) error {
	keys, err := l.keyring()
	if err != nil {
		return err
	}
	public, err := seal.NewRecoveryKey(privatePath)
	if err != nil {
		return err
	}
	return keys.SetRecovery(public)
}

// HasRecovery reports whether a recovery key is set.
func (l *Ledger) HasRecovery() (bool, error) {
	keys, err := l.keyring()
	if err != nil {
		return false, err
	}
	return keys.HasRecovery()
}

// BackupKeys writes a backup of the keys that expires.
func (l *Ledger) BackupKeys(path string, expires events.Instant) error {
	keys, err := l.keyring()
	if err != nil {
		return err
	}
	now, _ := l.Now()
	return keys.Backup(path, seal.BackupHeader{Ledger: l.Ledger.Name, Created: now, Expires: expires})
}

// RecoverMaster writes the master key of a place anew, from the private recovery
// key, while no process holds the directory.
func RecoverMaster(p Place, privatePath string) (err error) {
	unlock, err := natsserver.LockDir(p.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	return seal.Recover(p.path(keysFile), privatePath, p.masterKey())
}
