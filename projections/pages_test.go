package projections

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"

	bolt "go.etcd.io/bbolt"
	"pgregory.net/rapid"
)

// A written bucket is what was put into a file, in order.
type written struct{ keys, values [][]byte }

// writeFile writes buckets page by page, and commits as often as asked for; the first
// time it is without the last bucket.
func writeFile(t *rapid.T, path string, buckets map[string]*written, commits int) {
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	empty, err := bolt.Open(path, 0o600, nil)
	must(err)
	f, err := appendTo(path, empty.Info().PageSize)
	must(err)
	must(empty.Close())
	roots := map[string][]byte{}
	for name, b := range buckets {
		w := newBucket(f)
		for i, key := range b.keys {
			must(w.put(0, key, b.values[i]))
		}
		roots[name], err = w.finish()
		must(err)
	}
	for range commits {
		must(f.commit(roots, f.used.Load()))
	}
	must(f.close(true))
}

// sound fails unless bbolt finds the file in order, holding just the buckets.
func sound(t *rapid.T, db *bolt.DB, buckets map[string]*written) {
	err := db.View(func(tx *bolt.Tx) error {
		for err := range tx.Check() {
			t.Errorf("bbolt's check: %v", err)
		}
		found := 0
		return tx.ForEach(func(name []byte, b *bolt.Bucket) error {
			if found++; buckets[string(name)] == nil {
				t.Errorf("a bucket %q", name)
			}
			want, i := buckets[string(name)], 0
			err := b.ForEach(func(k, v []byte) error {
				if !bytes.Equal(k, want.keys[i]) || !bytes.Equal(v, want.values[i]) {
					t.Fatalf("bucket %s, key %d: %q, want %q", name, i, k, want.keys[i])
				}
				i++
				return nil
			})
			if i != len(want.keys) {
				t.Errorf("bucket %s has %d keys, want %d", name, i, len(want.keys))
			}
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Given buckets of any size, with keys and values of any length, also longer than a
// page, then bbolt reads what was written, finds nothing wrong, and goes on from there.
func TestPages(t *testing.T) {
	directory, round := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		buckets := map[string]*written{}
		for i := range rapid.IntRange(1, 4).Draw(t, "buckets") {
			b := &written{}
			prefix := bytes.Repeat([]byte("x"), rapid.SampledFrom([]int{0, 30, 900, 3000}).Draw(t, "prefix"))
			length := rapid.SampledFrom([]int{0, 20, 3000, 9000}).Draw(t, "length")
			for k := range rapid.IntRange(0, 3000).Draw(t, "keys") / (1 + (len(prefix)+length)/100) {
				b.keys = append(b.keys, fmt.Appendf(bytes.Clone(prefix), "%05d", k))
				b.values = append(b.values, bytes.Repeat([]byte{byte(k)}, length*(k%7)/6))
			}
			buckets[fmt.Sprint("bucket ", i)] = b
		}
		round++
		path := filepath.Join(directory, fmt.Sprint(round))
		writeFile(t, path, buckets, rapid.IntRange(1, 3).Draw(t, "commits"))
		db, err := bolt.Open(path, 0o600, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		sound(t, db, buckets)
		thin(t, db, buckets, rapid.IntRange(1, 50).Draw(t, "kept"))
		sound(t, db, buckets)
	})
}

// thin deletes all keys but every n-th, one of which it puts again.
func thin(t *rapid.T, db *bolt.DB, buckets map[string]*written, n int) {
	for name, b := range buckets {
		left := &written{}
		err := db.Update(func(tx *bolt.Tx) error {
			for i, key := range b.keys {
				if i%n != 0 {
					if err := tx.Bucket([]byte(name)).Delete(key); err != nil {
						return err
					}
					continue
				}
				left.keys, left.values = append(left.keys, key), append(left.values, b.values[i])
			}
			if len(left.keys) == 0 {
				return nil
			}
			left.values[0] = []byte("another")
			return tx.Bucket([]byte(name)).Put(left.keys[0], left.values[0])
		})
		if err != nil {
			t.Fatal(err)
		}
		buckets[name] = left
	}
}
