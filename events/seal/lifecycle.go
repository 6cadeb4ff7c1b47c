package seal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"go.etcd.io/bbolt"

	"caseledger/events"
)

// An Order says which person's keys are destroyed, and by which record.
type Order struct {
	Subject  events.Subject // case, letter or worker
	RecordID string
}

// Destroy destroys all keys of persons, in memory and on the disk, and sees to it
// that none of them gets another. What was ordered before is passed over. The key
// file is made anew without them, put in the old one's place in one step, and the
// old one's bytes are overwritten: a deleted key would stay legible in a free page.
//
// What it cannot reach: copies of the key file elsewhere, and blocks that the disk
// itself keeps. Rotating the master key afterwards makes both useless, as long as
// the old master key is destroyed too.
func (k *Keyring) Destroy(orders ...Order) error {
	k.file.Lock()
	defer k.file.Unlock()
	condemned := map[string]string{} // record by name of the person
	for _, o := range orders {
		p, ok := personOf(o.Subject)
		if !ok {
			return fmt.Errorf("destroy keys: %s is not a person: it has none", o.Subject)
		}
		if by, err := k.destroyedBy(p); err != nil {
			return fmt.Errorf("destroy keys: %w", err)
		} else if by == "" {
			condemned[p.name()] = o.RecordID
		}
	}
	if len(condemned) == 0 {
		return nil
	}
	err := k.rewrite(func(bucket, name, value []byte) ([]byte, error) {
		if string(bucket) == string(keysBucket) && condemned[ownerOf(name)] != "" {
			return nil, nil
		}
		return value, nil
	}, condemned)
	k.mu.Lock()
	k.cache = newCache(maxCached)
	k.mu.Unlock()
	if err != nil {
		return fmt.Errorf("destroy keys: %w", err)
	}
	return nil
}

// ownerOf returns the [person.name] that the name of a key starts with.
func ownerOf(name []byte) string {
	kind := bytes.IndexByte(name, '/') + 1
	return string(name[:kind+bytes.IndexByte(name[kind:], '/')+1])
}

// Destroyed reports whether the keys of a person were destroyed.
func (k *Keyring) Destroyed(subject events.Subject) (bool, error) {
	p, ok := personOf(subject)
	if !ok {
		return false, nil
	}
	k.file.RLock()
	defer k.file.RUnlock()
	by, err := k.destroyedBy(p)
	return by != "", err
}

// destroyed returns a [*DestroyedError] for a person whose keys were destroyed.
func (k *Keyring) destroyed(subject events.Subject, p person) error {
	k.file.RLock()
	defer k.file.RUnlock()
	by, err := k.destroyedBy(p)
	if err == nil && by != "" {
		err = &DestroyedError{subject, by}
	}
	return err
}

func (k *Keyring) destroyedBy(p person) (record string, err error) {
	err = k.view(func(tx *bbolt.Tx) error {
		record = string(tx.Bucket(destroyedBucket).Get([]byte(p.name())))
		return nil
	})
	return record, err
}

// Rotate makes a new generation of keys for a person: what is sealed from now on
// is sealed with it, and what was sealed before stays readable.
func (k *Keyring) Rotate(subject events.Subject) (generation int, err error) {
	p, ok := personOf(subject)
	if !ok {
		return 0, fmt.Errorf("rotate keys: %s is not a person: it has none", subject)
	}
	if _, err := k.keysFor(subject, classes[0]); err != nil {
		return 0, fmt.Errorf("rotate keys: %w", err)
	}
	k.file.Lock()
	defer k.file.Unlock()
	err = k.update(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket(keysBucket)
		for _, class := range classes {
			generation = 1
			for bucket.Get(binary.BigEndian.AppendUint32(p.prefix(class), uint32(generation))) != nil {
				generation++
			}
			name := binary.BigEndian.AppendUint32(p.prefix(class), uint32(generation))
			if err := bucket.Put(name, k.master.Seal(nil, nil, newKey(), wrapBinding(name))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("rotate keys: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, class := range classes {
		k.cache.drop(slot{p, class})
	}
	return generation, nil
}

// nextSuffix ends the names of files that are about to take the place of others.
const nextSuffix = ".next"

// RotateMaster makes a new master key and wraps everything with it. The old one
// opens nothing any more but older copies of the key file: destroy it, and them.
// A rotation that is broken off is completed, or undone, by the next Open.
func (k *Keyring) RotateMaster() error {
	k.file.Lock()
	defer k.file.Unlock()
	secret := newKey()
	master, err := newAEAD(secret)
	if err != nil {
		return err
	}
	old, master0 := k.master, k.masterPath+nextSuffix
	if err := writeMaster(master0, secret); err != nil {
		return fmt.Errorf("rotate the master key: %w", err)
	}
	err = k.rewrite(func(bucket, name, value []byte) ([]byte, error) {
		wrapped := string(bucket) == string(keysBucket) && string(value) != lostMark || string(name) == string(checkKey)
		switch {
		case string(name) == string(recoveryMasterKey):
			return nil, nil // written anew below
		case !wrapped:
			return value, nil
		}
		plain, err := old.Open(nil, nil, value, wrapBinding(name))
		if err != nil {
			return nil, fmt.Errorf("unwrap key %q: it is damaged", ownerOf(name))
		}
		return master.Seal(nil, nil, plain, wrapBinding(name)), nil
	}, nil)
	if err != nil {
		return fmt.Errorf("rotate the master key: %w", errors.Join(err, os.Remove(master0)))
	}
	k.secret, k.master = secret, master
	if err := errors.Join(k.wrapForRecovery(), replace(master0, k.masterPath)); err != nil {
		return fmt.Errorf("rotate the master key: %w", err)
	}
	return nil
}

// settle checks the master key, and completes or undoes a rotation that was
// broken off: the key file fits the one master key or the other, never both.
func (k *Keyring) settle() error {
	next := k.masterPath + nextSuffix
	if err := os.Remove(k.keysPath + nextSuffix); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	err := k.check()
	var misfit *MasterKeyError
	there, statErr := exists(next)
	switch {
	case statErr != nil || !there:
		return errors.Join(err, statErr)
	case err == nil:
		return os.Remove(next)
	case !errors.As(err, &misfit):
		return err
	}
	secret, readErr := readMaster(next)
	if readErr != nil {
		return errors.Join(err, readErr)
	}
	k.secret = secret
	if k.check() != nil {
		return err
	}
	return errors.Join(k.wrapForRecovery(), replace(next, k.masterPath))
}

// rewrite makes the key file anew: every entry as change returns it, none where
// that is nil, and the persons of destroyed marked. The caller holds file.
func (k *Keyring) rewrite(change func(bucket, name, value []byte) ([]byte, error), destroyed map[string]string) error {
	next := k.keysPath + nextSuffix
	if err := os.Remove(next); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	db, err := openDB(next)
	if err != nil {
		return err
	}
	err = k.view(func(from *bbolt.Tx) error {
		return db.Update(func(to *bbolt.Tx) error { return copyBuckets(from, to, change, destroyed) })
	})
	if err == nil {
		err = replace(next, k.keysPath)
	}
	if err != nil {
		return errors.Join(err, db.Close(), os.Remove(next))
	}
	old := k.db
	k.db = db
	return old.Close()
}

func copyBuckets(from, to *bbolt.Tx, change func(bucket, name, value []byte) ([]byte, error), destroyed map[string]string) error {
	err := from.ForEach(func(name []byte, source *bbolt.Bucket) error {
		target, err := to.CreateBucket(name)
		if err != nil {
			return err
		}
		target.FillPercent = 1
		return source.ForEach(func(key, value []byte) error {
			changed, err := change(name, key, value)
			if err != nil || changed == nil {
				return err
			}
			return target.Put(key, changed)
		})
	})
	for name, record := range destroyed {
		if err == nil {
			err = to.Bucket(destroyedBucket).Put([]byte(name), []byte(record))
		}
	}
	return err
}

// replace puts a file in another's place, and overwrites what stood there.
func replace(next, path string) error {
	old, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer old.Close()
	if err := errors.Join(os.Rename(next, path), syncDir(path)); err != nil {
		return err
	}
	info, err := old.Stat()
	if err != nil {
		return err
	}
	_, err = io.CopyN(old, zeros{}, info.Size())
	return errors.Join(err, old.Sync())
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }
