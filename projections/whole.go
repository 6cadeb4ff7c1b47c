package projections

import (
	"fmt"
	"strings"
	"sync"

	bolt "go.etcd.io/bbolt"

	"caseledger/events"
)

// A whole says which buckets of a file were seen to hold all that they should. A page
// whose count of keys is damaged hides some of them, and every key that is left is
// sound: what a question does not find, or finds in going through a bucket, counts
// only once that bucket was counted. That is done once for an open file, at a cost of
// about ten milliseconds for 80,000 keys.
type whole struct {
	mu   sync.Mutex
	seen map[string]bool
}

func newWhole() *whole { return &whole{seen: map[string]bool{}} }

// demand counts a bucket, unless that was done before. A nil whole demands nothing.
func (w *whole) demand(bucket string, count func() error) error {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.seen[bucket] {
		return nil
	}
	err := count()
	w.seen[bucket] = err == nil
	return err
}

// allSubjects demands that no subject is hidden: every record belongs to one.
func (s *Snapshot) allSubjects() error {
	return s.whole.demand(string(bucketSubjects), func() error {
		stored, err := getSum(s.tx.Bucket(bucketMeta), keyCheckpoint)
		if err != nil {
			return err
		}
		p, err := parseCheckpoint(stored)
		if err != nil {
			return err
		}
		records := uint64(0)
		c := s.subjects.Cursor()
		key, value, err := first(c)
		for ; err == nil && key != nil; key, value, err = next(c) {
			e, err := parseEntry(value)
			if err != nil {
				return err
			}
			records += e.version
		}
		if err == nil && records != p.Sequence {
			err = &brokenError{fmt.Sprintf("subjects have %d records of %d", records, p.Sequence), string(bucketSubjects)}
		}
		return err
	})
}

// allRows demands that no row of a view is hidden: there are as many of each kind as
// were counted when they were written.
func (s *Snapshot) allRows(view string, rows *bolt.Bucket) error {
	return s.whole.demand(view, func() error {
		there := tally{}
		c := rows.Cursor()
		key, _, err := first(c)
		for ; err == nil && key != nil; key, _, err = next(c) {
			there[tallyKey(view, events.Subject(key).Kind())]++
		}
		if err != nil {
			return err
		}
		meta := s.tx.Bucket(bucketMeta)
		c = meta.Cursor()
		prefix := tallyKey(view, "")
		for key, _ := c.Seek([]byte(prefix)); strings.HasPrefix(string(key), prefix); key, _ = c.Next() {
			there[string(key)] += 0
		}
		for key, n := range there {
			if want, err := readTally(meta, key); err != nil || n != want {
				return orBroken(err, fmt.Sprintf("%d rows are there of %d", n, want), key)
			}
		}
		return nil
	})
}

func orBroken(err error, cause, where string) error {
	if err != nil {
		return err
	}
	return &brokenError{cause, where}
}

// first moves a cursor to the first key.
func first(c *bolt.Cursor) (key, value []byte, err error) {
	if key, value = c.First(); key != nil {
		value, err = checked(key, value)
	}
	return key, value, err
}
