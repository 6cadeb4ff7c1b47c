package projections

import (
	"bytes"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// A Difference is a key that two views files do not hold alike.
type Difference struct {
	Bucket string `json:"bucket"`
	Key    string `json:"key"` // quoted where it is not text
}

func (d Difference) String() string { return d.Bucket + " " + d.Key }

// Differences returns the first few keys that two views do not hold alike, in
// order; none when their digests are equal.
func Differences(a, b *Views, limit int) (found []Difference, err error) {
	err = a.view(func(x *bolt.Tx) error {
		return b.view(func(y *bolt.Tx) error {
			for _, name := range bucketsOf(x, y) {
				found = differ(found, name, x.Bucket([]byte(name)), y.Bucket([]byte(name)), limit)
			}
			return nil
		})
	})
	return found, err
}

func bucketsOf(txs ...*bolt.Tx) (names []string) {
	for _, tx := range txs {
		c := tx.Cursor()
		for k, _ := c.First(); k != nil; k, _ = c.Next() {
			names = append(names, string(k))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// differ walks two buckets, either of which may be missing, side by side.
func differ(found []Difference, name string, a, b *bolt.Bucket, limit int) []Difference {
	nextA, nextB := walk(a), walk(b)
	ka, va := nextA()
	kb, vb := nextB()
	for (ka != nil || kb != nil) && len(found) < limit {
		order := bytes.Compare(ka, kb)
		if ka == nil {
			order = 1
		} else if kb == nil {
			order = -1
		}
		if order != 0 || !bytes.Equal(va, vb) {
			key := ka
			if order > 0 {
				key = kb
			}
			found = append(found, Difference{name, printable(key)})
		}
		if order <= 0 {
			ka, va = nextA()
		}
		if order >= 0 {
			kb, vb = nextB()
		}
	}
	return found
}

func walk(b *bolt.Bucket) (next func() (key, value []byte)) {
	if b == nil {
		return func() ([]byte, []byte) { return nil, nil }
	}
	c, started := b.Cursor(), false
	return func() ([]byte, []byte) {
		if started {
			return c.Next()
		}
		started = true
		return c.First()
	}
}

func printable(key []byte) string {
	if bytes.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' }) {
		return fmt.Sprintf("%x", key)
	}
	return string(key)
}
