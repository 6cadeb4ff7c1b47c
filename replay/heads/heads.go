// Package heads answers one question: which is a subject's last record, and has
// it one at all?
//
// It keeps a Merkle tree over all subjects, so that a short proof shows against one
// root that a subject's last record is this one, or that the subject has none. With
// the chain of hashes within the subject, that proves a history complete.
//
// A subject's place is its key, SHA-256 of the subject: the tree is a binary tree
// in which a key's bits, highest first, say left (0) or right (1). That sorts subjects
// by key, and at most one thing stands where a key leads:
//
//	nothing     32 zero bytes                            no subject's key begins so
//	one subject SHA-256(0 ‖ key ‖ version ‖ hash)         however many bits of its key led there
//	several     SHA-256(1 ‖ hash of left ‖ hash of right)
//
// version is that of the subject's last record, eight bytes big-endian, and hash
// the record's. The root is the hash of what stands where no bit leads. Since a single subject
// ends its branch, a branch is about log2 of the number of subjects long. The root
// depends on the set of heads alone, never on the order in which they came.
//
// A proof is the hash beside each step of the way from the root, and what stands
// at its end: the subject itself, nothing, or one other subject whose key shares the bits of the way.
// No two of these can be proven against one root, since that takes two byte strings with the
// same SHA-256: a subject stands exactly once or not at all.
//
// The tree keeps a hash for each of the 4,096 ways of 12 bits, and everything
// below as a sorted list: a new head costs hashing its list and the 4,095
// nodes above.
package heads

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"sort"

	"golang.org/x/mod/sumdb/tlog"

	"caseledger/events"
)

// A Head is a subject's last record.
type Head struct {
	Version uint64
	Hash    events.Hash
}

// A Key is the place of a subject in the tree.
type Key [sha256.Size]byte

// KeyOf returns the key of a subject.
func KeyOf(s events.Subject) Key { return sha256.Sum256([]byte(s)) }

func (k *Key) bit(i int) byte { return k[i/8] >> (7 - i%8) & 1 }

// A leaf is a subject as it stands in the tree: key, version, hash.
const leafSize = sha256.Size + 8 + sha256.Size

func leafOf(k Key, h Head) (leaf [leafSize]byte) {
	copy(leaf[:], k[:])
	binary.BigEndian.PutUint64(leaf[len(k):], h.Version)
	copy(leaf[len(k)+8:], h.Hash[:])
	return leaf
}

func headOf(leaf []byte) Head {
	h := Head{Version: binary.BigEndian.Uint64(leaf[sha256.Size:])}
	copy(h.Hash[:], leaf[sha256.Size+8:])
	return h
}

func leafHash(leaf []byte) tlog.Hash {
	var b [1 + leafSize]byte
	copy(b[1:], leaf)
	return sha256.Sum256(b[:])
}

func nodeHash(left, right tlog.Hash) tlog.Hash {
	b := [1 + 2*sha256.Size]byte{1}
	copy(b[1:], left[:])
	copy(b[1+sha256.Size:], right[:])
	return sha256.Sum256(b[:])
}

const (
	topBits = 12
	lists   = 1 << topBits
)

// A Tree is the heads of all subjects. It is not safe for concurrent use.
type Tree struct {
	lists [lists]list
	count int
}

// A list is the subjects whose keys begin with the same 12 bits, in order.
type list struct {
	leaves []byte
	hash   tlog.Hash
	state  listState
}

type listState byte

const (
	hashed  listState = iota // hash is that of leaves
	changed                  // hash is out of date
	trusted                  // hash is part of a root that was verified; leaves are not checked against it
)

// New returns a tree without subjects.
func New() *Tree { return &Tree{} }

func listOf(k Key) int { return int(binary.BigEndian.Uint16(k[:])) >> (16 - topBits) }

// list returns the list of a key, checked.
func (t *Tree) list(k Key) (*list, error) {
	l := &t.lists[listOf(k)]
	if l.state == trusted {
		if hashLeaves(l.leaves, topBits) != l.hash {
			return nil, &DamageError{fmt.Sprintf("the subjects of list %d do not have the hash that they had", listOf(k))}
		}
		l.state = hashed
	}
	return l, nil
}

// find returns where a key stands, or would.
func (l *list) find(k Key) (at int, found bool) {
	n := len(l.leaves) / leafSize
	i := sort.Search(n, func(i int) bool { return bytes.Compare(l.leaf(i)[:len(k)], k[:]) >= 0 })
	return i, i < n && bytes.Equal(l.leaf(i)[:len(k)], k[:])
}

func (l *list) leaf(i int) []byte { return l.leaves[i*leafSize : (i+1)*leafSize] }

// Len returns the number of subjects.
func (t *Tree) Len() int { return t.count }

// Head returns the head of a subject, and false when it has none.
func (t *Tree) Head(s events.Subject) (Head, bool, error) {
	k := KeyOf(s)
	l, err := t.list(k)
	if err != nil {
		return Head{}, false, err
	}
	i, found := l.find(k)
	if !found {
		return Head{}, false, nil
	}
	return headOf(l.leaf(i)), true, nil
}

// Set sets the head of a subject.
func (t *Tree) Set(s events.Subject, h Head) error {
	k := KeyOf(s)
	l, err := t.list(k)
	if err != nil {
		return err
	}
	leaf := leafOf(k, h)
	i, found := l.find(k)
	if found {
		copy(l.leaf(i), leaf[:])
	} else {
		l.leaves = slices.Insert(l.leaves, i*leafSize, leaf[:]...)
		t.count++
	}
	l.state = changed
	return nil
}

// Follow takes a record as the next of its subject, or reports by a
// [*ChainError] that it does not follow the one before it.
func (t *Tree) Follow(r *events.Record, hash events.Hash) error {
	h, _, err := t.Head(r.Subject)
	if err != nil {
		return err
	}
	if r.Version != h.Version+1 || r.Previous != h.Hash {
		return &ChainError{r.Sequence, r.Subject, r.Version, r.Previous, h}
	}
	return t.Set(r.Subject, Head{r.Version, hash})
}

// A ChainError reports a record that does not follow the one before it in its
// subject.
type ChainError struct {
	Sequence uint64
	Subject  events.Subject
	Version  uint64
	Previous events.Hash
	Head     Head // of the subject before
}

func (e *ChainError) Error() string {
	if e.Version != e.Head.Version+1 {
		return fmt.Sprintf("check record #%d of %s: it has version %d, and version %d comes before it", e.Sequence, e.Subject, e.Version, e.Head.Version)
	}
	return fmt.Sprintf("check record #%d of %s: its previous hash %s is not %s, the hash of the record before it", e.Sequence, e.Subject, e.Previous.Short(), e.Head.Hash.Short())
}

// hashLeaves returns the hash of sorted subjects whose keys share depth bits.
func hashLeaves(leaves []byte, depth int) tlog.Hash {
	switch n := len(leaves) / leafSize; n {
	case 0:
		return tlog.Hash{}
	case 1:
		return leafHash(leaves)
	}
	left, right := split(leaves, depth)
	return nodeHash(hashLeaves(left, depth+1), hashLeaves(right, depth+1))
}

// split parts sorted subjects by a bit of their keys.
func split(leaves []byte, depth int) (left, right []byte) {
	n := len(leaves) / leafSize
	at := sort.Search(n, func(i int) bool { return leaves[i*leafSize+depth/8]>>(7-depth%8)&1 == 1 })
	return leaves[:at*leafSize], leaves[at*leafSize:]
}

// Root returns the root. Cost: a millisecond, besides hashing what has changed.
func (t *Tree) Root() tlog.Hash {
	hash, _ := t.top(0, lists)
	return hash
}

// top returns the hash of what stands above a range of lists, and how many
// subjects that is.
func (t *Tree) top(low, high int) (tlog.Hash, int) {
	if high-low == 1 {
		l := &t.lists[low]
		if l.state == changed {
			l.hash, l.state = hashLeaves(l.leaves, topBits), hashed
		}
		return l.hash, len(l.leaves) / leafSize
	}
	middle := (low + high) / 2
	left, n := t.top(low, middle)
	right, m := t.top(middle, high)
	switch {
	case n+m == 0:
		return tlog.Hash{}, 0
	case n+m == 1 && n == 1:
		return left, 1
	case n+m == 1:
		return right, 1
	}
	return nodeHash(left, right), n + m
}
