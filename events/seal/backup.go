package seal

import (
	"bytes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"

	"github.com/go-json-experiment/json"
	"go.etcd.io/bbolt"

	"caseledger/events"
)

// A BackupHeader is the first line of a backup of keys, in clear. Whatever is
// changed in it, the backup does not open any more.
type BackupHeader struct {
	Format  string         `json:"format"`
	Ledger  string         `json:"ledger"`
	Created events.Instant `json:"created"`
	Expires events.Instant `json:"expires"`
}

const backupFormat = "caseledger keys backup 1"

// A backupEntry is one entry of a bucket of the key file.
type backupEntry struct {
	Bucket string `json:"bucket"`
	Name   []byte `json:"name"`
	Value  []byte `json:"value"`
}

// Backup writes a backup of the key file to path, consistent and readable by its
// owner only, that [Restore] refuses from its expiry on: a backup is a place where
// destroyed keys live on. It holds no key in clear: who restores it needs the
// master key of this moment, or the recovery key.
func (k *Keyring) Backup(path string, h BackupHeader) error {
	h.Format = backupFormat
	if h.Expires <= h.Created {
		return errors.New("back the keys up: the backup would expire before it is made")
	}
	header, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("back the keys up: %w", err)
	}
	k.file.RLock()
	defer k.file.RUnlock()
	var entries []backupEntry
	err = k.view(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(bucket []byte, b *bbolt.Bucket) error {
			return b.ForEach(func(name, value []byte) error {
				entries = append(entries, backupEntry{string(bucket), bytes.Clone(name), bytes.Clone(value)})
				return nil
			})
		})
	})
	if err != nil {
		return fmt.Errorf("back the keys up: %w", err)
	}
	body, err := json.Marshal(entries)
	if err != nil {
		return fmt.Errorf("back the keys up: %w", err)
	}
	aead, err := backupAEAD(k.secret)
	if err != nil {
		return fmt.Errorf("back the keys up: %w", err)
	}
	sealed := aead.Seal(nil, nil, body, header)
	if err := writePrivate(path, string(header)+"\n"+string(sealed)); err != nil {
		return fmt.Errorf("back the keys up: %w", err)
	}
	return nil
}

// backupAEAD seals backups under a key of their own, so that none can pass for a
// wrapped key.
func backupAEAD(secret []byte) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, backupFormat, keySize)
	if err != nil {
		return nil, err
	}
	return newAEAD(key)
}

// ReadBackupHeader returns what a backup says about itself; only [Restore] tells
// whether it is true.
func ReadBackupHeader(path string) (h BackupHeader, err error) {
	h, _, _, err = readBackup(path)
	return h, err
}

func readBackup(path string) (h BackupHeader, header, sealed []byte, err error) {
	all, err := os.ReadFile(path)
	if err != nil {
		return h, nil, nil, err
	}
	header, sealed, found := bytes.Cut(all, []byte("\n"))
	if !found || json.Unmarshal(header, &h, json.RejectUnknownMembers(true)) != nil || h.Format != backupFormat {
		return h, nil, nil, fmt.Errorf("%s is not a backup of keys", path)
	}
	return h, header, sealed, nil
}

// Restore makes the key file at keysPath of a backup, which the master key at
// masterPath must open. It never replaces a file, and refuses a backup of another
// ledger and, with an [*ExpiredError], one that expired by now.
//
// The backup may hold keys that were destroyed since: the caller destroys them
// again, by the orders in the ledger, before anything is unsealed.
func Restore(path, keysPath, masterPath, ledger string, now events.Instant) (err error) {
	defer func() {
		var expired *ExpiredError
		if err != nil && !errors.As(err, &expired) {
			err = fmt.Errorf("restore the keys: %w", err)
		}
	}()
	h, header, sealed, err := readBackup(path)
	if err != nil {
		return err
	}
	if h.Expires <= now {
		return &ExpiredError{path, h.Expires}
	}
	if h.Ledger != ledger {
		return fmt.Errorf("the backup %s is of the ledger %q, not of %q", path, h.Ledger, ledger)
	}
	secret, err := readMaster(masterPath)
	if err != nil {
		return err
	}
	aead, err := backupAEAD(secret)
	if err != nil {
		return err
	}
	body, err := aead.Open(nil, nil, sealed, header)
	if err != nil {
		return fmt.Errorf("the master key in %s does not open %s, or the backup was changed", masterPath, path)
	}
	var entries []backupEntry
	if err := json.Unmarshal(body, &entries); err != nil {
		return err
	}
	return writeEntries(keysPath, entries)
}

// writeEntries makes a key file, which has its name when it is complete and not
// before.
func writeEntries(keysPath string, entries []backupEntry) error {
	next := keysPath + nextSuffix
	if err := os.Remove(next); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	db, err := openDB(next)
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{keysBucket, destroyedBucket, metaBucket} {
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		for _, e := range entries {
			bucket := tx.Bucket([]byte(e.Bucket))
			if bucket == nil {
				return fmt.Errorf("the backup holds an unknown bucket %q", e.Bucket)
			}
			if err := bucket.Put(e.Name, e.Value); err != nil {
				return err
			}
		}
		return nil
	})
	if err = errors.Join(err, db.Close()); err == nil {
		err = nameNew(next, keysPath)
	}
	if err != nil {
		return errors.Join(err, os.Remove(next))
	}
	return nil
}
