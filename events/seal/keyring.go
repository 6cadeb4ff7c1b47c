package seal

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"os"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"caseledger/events"
)

// A Keyring holds the data keys of every person of one ledger. It is safe for
// concurrent use; one process at a time has the key file open.
type Keyring struct {
	keysPath, masterPath string

	file   sync.RWMutex // held for writing while the file is made anew
	secret []byte       // the master key
	master cipher.AEAD  // of secret
	db     *bbolt.DB

	mu    sync.Mutex // taken after file
	cache cache

	beforeFirst func(events.Subject) error // may be nil
}

// A key is one generation of a person's data key, ready for use. The zero key is one
// that was lost.
type key struct {
	aead cipher.AEAD
	mac  *digestKey
}

// A digestKey makes keyed digests. What it makes of its secret costs as much as the
// digest of a short text, and is kept from the first one on.
type digestKey struct {
	secret []byte

	mu    sync.Mutex
	keyed hash.Hash // nil until it is first needed
}

func (d *digestKey) sum(text []byte) (digest events.Hash) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.keyed == nil {
		d.keyed = hmac.New(sha256.New, d.secret)
	}
	d.keyed.Reset()
	d.keyed.Write(text)
	d.keyed.Sum(digest[:0])
	return digest
}

// classes are made together: one synchronous write for a person, not two.
var classes = [...]events.KeyClass{events.IdentityKey, events.ExpenseKey}

var (
	keysBucket      = []byte("keys")
	destroyedBucket = []byte("destroyed")
	metaBucket      = []byte("meta")
	checkKey        = []byte("check")
)

// checkText is wrapped in the key file to tell whether a master key fits it.
const checkText = "caseledger keys 1"

// lockTimeout is how long Open waits for another process to close the file.
const lockTimeout = 2 * time.Second

// Create makes an empty key file for the master key at masterPath, readable by
// its owner only. It never replaces a file.
func Create(keysPath, masterPath string) error {
	secret, err := readMaster(masterPath)
	if err != nil {
		return err
	}
	master, err := newAEAD(secret)
	if err != nil {
		return err
	}
	check := master.Seal(nil, nil, []byte(checkText), wrapBinding(checkKey))
	if err := writeEntries(keysPath, []backupEntry{{string(metaBucket), checkKey, check}}); err != nil {
		return fmt.Errorf("create the key file: %w", err)
	}
	return nil
}

// Open opens a key file with its master key. It never makes one: new keys for
// persons who have lost theirs would hide the loss. A master key that does not fit
// yields a [*MasterKeyError]. The caller closes the Keyring.
func Open(keysPath, masterPath string) (*Keyring, error) {
	secret, err := readMaster(masterPath)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(keysPath); err != nil {
		return nil, &KeysFileError{keysPath, err}
	}
	db, err := openDB(keysPath)
	var damaged *KeysFileError
	switch {
	case errors.As(err, &damaged):
		return nil, err
	case err != nil: // nothing is wrong with the file
		return nil, fmt.Errorf("open the key file %s: %w", keysPath, err)
	}
	k := &Keyring{keysPath: keysPath, masterPath: masterPath, secret: secret, db: db, cache: newCache(maxCached)}
	if err := k.settle(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return k, nil
}

// check tells whether the file is a key file and the master key fits it.
func (k *Keyring) check() (err error) {
	if k.master, err = newAEAD(k.secret); err != nil {
		return err
	}
	return k.view(func(tx *bbolt.Tx) error {
		meta := tx.Bucket(metaBucket)
		if meta == nil || tx.Bucket(keysBucket) == nil || tx.Bucket(destroyedBucket) == nil {
			return &KeysFileError{k.keysPath, errors.New("it is not a key file")}
		}
		text, err := k.master.Open(nil, nil, meta.Get(checkKey), wrapBinding(checkKey))
		if err != nil || string(text) != checkText {
			return &MasterKeyError{MasterPath: k.masterPath, KeysPath: k.keysPath}
		}
		return nil
	})
}

// Close closes the key file.
func (k *Keyring) Close() error {
	k.file.Lock()
	defer k.file.Unlock()
	return k.db.Close()
}

// Prepare makes the keys of all persons among subjects who have none yet, in one
// synchronous write; other subjects are passed over. An import calls it once
// instead of paying a write for each person at first use.
func (k *Keyring) Prepare(subjects ...events.Subject) error {
	var missing []person
	for _, s := range subjects {
		p, ok := personOf(s)
		if !ok {
			continue
		}
		if keys, err := k.load(p, classes[0]); err != nil {
			return fmt.Errorf("prepare keys: %w", err)
		} else if len(keys) == 0 {
			missing = append(missing, p)
		}
	}
	if err := k.create(missing); err != nil {
		return fmt.Errorf("prepare keys: %w", err)
	}
	return nil
}

// A person is whoever a data key belongs to. A client's case and letters share
// the person; a worker with the same id is somebody else.
type person struct {
	worker bool
	id     string
}

func personOf(s events.Subject) (p person, ok bool) {
	switch s.Kind() {
	case events.KindCase, events.KindLetter, events.KindLook:
		return person{id: s.ID()}, true
	case events.KindWorker:
		return person{worker: true, id: s.ID()}, true
	}
	return person{}, false
}

// subject is the one that stands for the person.
func (p person) subject() events.Subject {
	if p.worker {
		return events.SubjectOf(events.KindWorker, p.id)
	}
	return events.SubjectOf(events.KindCase, p.id)
}

// name is what the names of all of a person's keys start with.
func (p person) name() string {
	if p.worker {
		return "worker/" + p.id + "/"
	}
	return "client/" + p.id + "/"
}

// prefix is what the names of all of a person's keys of a class start with.
func (p person) prefix(class events.KeyClass) []byte {
	return []byte(p.name() + string(class) + "/")
}

// keysFor returns all generations of a person's data key, oldest first, and makes
// the first when there is none.
func (k *Keyring) keysFor(subject events.Subject, class events.KeyClass) ([]key, error) {
	p, ok := personOf(subject)
	if !ok {
		return nil, fmt.Errorf("%s is not a person: it has no keys", subject)
	}
	keys, err := k.load(p, class)
	if err != nil || len(keys) > 0 {
		return keys, err
	}
	if err := k.create([]person{p}); err != nil {
		return nil, err
	}
	if keys, err = k.load(p, class); err == nil && len(keys) == 0 {
		if err = k.destroyed(subject, p); err == nil {
			err = fmt.Errorf("%q is not a class of keys", class)
		}
	}
	return keys, err
}

// knownKeys is keysFor for reading: it makes nothing.
func (k *Keyring) knownKeys(subject events.Subject, class events.KeyClass) ([]key, error) {
	p, ok := personOf(subject)
	if !ok {
		return nil, fmt.Errorf("%s is not a person: it has no keys", subject)
	}
	keys, err := k.load(p, class)
	if err == nil && len(keys) == 0 {
		err = k.destroyed(subject, p)
	}
	return keys, err
}

// load returns a person's keys, from memory or else from the file.
func (k *Keyring) load(p person, class events.KeyClass) ([]key, error) {
	k.file.RLock()
	defer k.file.RUnlock()
	k.mu.Lock()
	defer k.mu.Unlock()
	if keys := k.cache.get(slot{p, class}); keys != nil {
		return keys, nil
	}
	var keys []key
	err := k.view(func(tx *bbolt.Tx) error {
		prefix := p.prefix(class)
		c := tx.Bucket(keysBucket).Cursor()
		for name, wrapped := c.Seek(prefix); len(name) == len(prefix)+4 && string(name[:len(prefix)]) == string(prefix); name, wrapped = c.Next() {
			unwrapped, err := k.unwrap(name, wrapped)
			if err != nil {
				return err
			}
			keys = append(keys, unwrapped)
		}
		return nil
	})
	if err == nil && len(keys) > 0 {
		k.cache.put(slot{p, class}, keys)
	}
	return keys, err
}

// create writes a first generation of keys for persons who still have none; those
// whose keys were destroyed never get another.
func (k *Keyring) create(persons []person) error {
	if len(persons) == 0 {
		return nil
	}
	k.file.RLock()
	defer k.file.RUnlock()
	for _, p := range persons {
		if k.beforeFirst == nil {
			break
		}
		destroyed, err := k.destroyedBy(p)
		if err == nil && destroyed == "" {
			err = k.beforeFirst(p.subject())
		}
		if err != nil {
			return err
		}
	}
	return k.update(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket(keysBucket)
		for _, p := range persons {
			if tx.Bucket(destroyedBucket).Get([]byte(p.name())) != nil {
				continue
			}
			for _, class := range classes {
				name := binary.BigEndian.AppendUint32(p.prefix(class), 1)
				if bucket.Get(name) != nil {
					continue // another caller was first
				}
				if err := bucket.Put(name, k.master.Seal(nil, nil, newKey(), wrapBinding(name))); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// unwrap opens a data key and derives its digest key.
func (k *Keyring) unwrap(name, wrapped []byte) (key, error) {
	if string(wrapped) == lostMark {
		return key{}, nil
	}
	secret, err := k.master.Open(nil, nil, wrapped, wrapBinding(name))
	if err != nil {
		return key{}, &KeysFileError{k.keysPath, fmt.Errorf("unwrap key %q: it is damaged", name[:len(name)-4])}
	}
	aead, err := newAEAD(secret)
	if err != nil {
		return key{}, err
	}
	mac, err := hkdf.Key(sha256.New, secret, nil, "caseledger keyed digest 1", keySize)
	return key{aead: aead, mac: &digestKey{secret: mac}}, err
}

// wrapBinding ties a wrapped key to its name in the key file.
func wrapBinding(name []byte) []byte {
	return append([]byte("caseledger wrapped key 1\n"), name...)
}
