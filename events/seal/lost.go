package seal

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"go.etcd.io/bbolt"

	"caseledger/events"
)

// lostMark stands in the key file in the place of a key that was lost, so that no other
// ever gets its generation. It is too short for a wrapped key.
const lostMark = "lost"

// A LostKeysError reports persons for whom texts were sealed under keys that are not in
// the key file: it is older than the records, or not theirs. The texts cannot be read,
// and no new keys are made unasked, which would hide that.
type LostKeysError struct{ Subjects []events.Subject }

func (e *LostKeysError) Error() string {
	const shown = 10
	var names []string
	for _, s := range e.Subjects[:min(len(e.Subjects), shown)] {
		names = append(names, string(s))
	}
	text := strings.Join(names, ", ")
	if more := len(e.Subjects) - shown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return "texts are sealed under keys that are not in the key file, of " + text
}

// Hint says what a person can do about it.
func (e *LostKeysError) Hint() string {
	return "restore a younger backup of the keys; if there is none, these identities are lost: caseledger keys lost --accept goes on without them"
}

// BeforeFirst has f asked before the first keys of a person are made, by case or worker:
// when it returns an error none are, and whoever wanted them gets it. It is
// called before the Keyring is used.
func (k *Keyring) BeforeFirst(f func(events.Subject) error) { k.beforeFirst = f }

// SubjectsOf lists the subjects whose texts are sealed under the same person's keys as
// one of them, in the order of [events.Kinds].
func SubjectsOf(subject events.Subject) (all []events.Subject) {
	p, ok := personOf(subject)
	if !ok {
		return nil
	}
	for _, kind := range events.Kinds() {
		of := events.SubjectOf(kind, p.id)
		if q, ok := personOf(of); ok && q == p {
			all = append(all, of)
		}
	}
	return all
}

// Sealed gathers which keys sealed the texts of records.
type Sealed struct{ newest map[slot]int }

// Add takes in a record's event, whose secrets are sealed.
func (s *Sealed) Add(subject events.Subject, e events.Event) {
	confidential, ok := e.(events.Confidential)
	p, isPerson := personOf(subject)
	if !ok || !isPerson {
		return
	}
	for _, field := range confidential.Secrets() {
		if field.Secret.IsZero() {
			continue
		}
		if generation, _, ok := parse(field.Secret.Sealed()); ok {
			if s.newest == nil {
				s.newest = map[slot]int{}
			}
			at := slot{p, field.Class}
			s.newest[at] = max(s.newest[at], generation)
		}
	}
}

// Any reports whether any text was sealed.
func (s *Sealed) Any() bool { return len(s.newest) > 0 }

// Lost returns the persons whose texts were sealed under keys that are not in the key
// file, in order, as a [*LostKeysError]; nil when there are none. Those whose keys were destroyed,
// and those whose loss was accepted, are not among them.
func (k *Keyring) Lost(s *Sealed) error {
	persons, err := k.lost(s)
	if err != nil || len(persons) == 0 {
		return err
	}
	lost := &LostKeysError{}
	for p := range persons {
		lost.Subjects = append(lost.Subjects, p.subject())
	}
	slices.Sort(lost.Subjects)
	return lost
}

func (k *Keyring) lost(s *Sealed) (persons map[person]bool, err error) {
	k.file.RLock()
	defer k.file.RUnlock()
	persons = map[person]bool{}
	err = k.db.View(func(tx *bbolt.Tx) error {
		for at, generation := range s.newest {
			name := binary.BigEndian.AppendUint32(at.person.prefix(at.class), uint32(generation))
			if tx.Bucket(keysBucket).Get(name) == nil && tx.Bucket(destroyedBucket).Get([]byte(at.person.name())) == nil {
				persons[at.person] = true
			}
		}
		return nil
	})
	return persons, err
}

// AcceptLoss gives persons whose keys are lost new ones, of generations that sealed
// nothing yet, and returns them. What was sealed before stays sealed for ever.
func (k *Keyring) AcceptLoss(s *Sealed) ([]events.Subject, error) {
	persons, err := k.lost(s)
	if err != nil || len(persons) == 0 {
		return nil, err
	}
	k.file.Lock()
	defer k.file.Unlock()
	err = k.db.Update(func(tx *bbolt.Tx) error {
		for p := range persons {
			for _, class := range classes {
				if err := k.goOn(tx.Bucket(keysBucket), p, class, s.newest[slot{p, class}]); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("accept the loss of keys: %w", err)
	}
	k.mu.Lock()
	k.cache = newCache(maxCached)
	k.mu.Unlock()
	var subjects []events.Subject
	for p := range persons {
		subjects = append(subjects, p.subject())
	}
	slices.SortFunc(subjects, cmp.Compare[events.Subject])
	return subjects, nil
}

// goOn marks the generations up to newest that are not there as lost, and makes the
// one after them if there is none.
func (k *Keyring) goOn(bucket *bbolt.Bucket, p person, class events.KeyClass, newest int) error {
	generation, lost := 1, false
	for ; ; generation++ {
		name := binary.BigEndian.AppendUint32(p.prefix(class), uint32(generation))
		there := bucket.Get(name) != nil
		switch {
		case there:
			continue
		case generation <= newest:
			lost = true
			if err := bucket.Put(name, []byte(lostMark)); err != nil {
				return err
			}
			continue
		case !lost && generation > 1:
			return nil // this class has what it needs
		}
		return bucket.Put(name, k.master.Seal(nil, nil, newKey(), wrapBinding(name)))
	}
}
