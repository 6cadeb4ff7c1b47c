package heads

import (
	"bytes"
	"crypto/sha256"
	"errors"

	"golang.org/x/mod/sumdb/tlog"

	"caseledger/events"
)

// A Proof shows against a root which head a subject has, or that it has none.
type Proof struct {
	// Beside holds the hash beside each step of the way, from the root on.
	Beside []tlog.Hash
	// Other is the key, version and hash of the other subject at the end of the
	// way, when there is one: only when the subject itself has no head.
	Other []byte
}

// MaxSteps bounds the length of a way. That of honest keys is about log2 of the
// number of subjects.
const MaxSteps = 8 * sha256.Size

// Prove returns the proof of a subject.
func (t *Tree) Prove(s events.Subject) (Proof, error) {
	k := KeyOf(s)
	l, err := t.list(k)
	if err != nil {
		return Proof{}, err
	}
	var p Proof
	low, high := 0, lists
	for high-low > 1 {
		if n, leaf := t.few(low, high); n < 2 {
			if n == 1 {
				_, err = t.list(Key(leaf[:len(k)])) // it may be another list
			}
			return p.end(k, leaf), err
		}
		middle := (low + high) / 2
		if k.bit(len(p.Beside)) == 0 {
			hash, _ := t.top(middle, high)
			p.Beside, high = append(p.Beside, hash), middle
		} else {
			hash, _ := t.top(low, middle)
			p.Beside, low = append(p.Beside, hash), middle
		}
	}
	leaves := l.leaves
	for len(leaves) > leafSize {
		depth := len(p.Beside)
		left, right := split(leaves, depth)
		if k.bit(depth) == 1 {
			left, right = right, left
		}
		p.Beside, leaves = append(p.Beside, hashLeaves(right, depth+1)), left
	}
	return p.end(k, leaves), nil
}

// end completes a proof with what stands at the end of the way.
func (p Proof) end(k Key, leaf []byte) Proof {
	if len(leaf) > 0 && !bytes.Equal(leaf[:len(k)], k[:]) {
		p.Other = bytes.Clone(leaf)
	}
	return p
}

// few returns how many subjects stand in a range of lists, and the one if it is
// one; it stops counting at two.
func (t *Tree) few(low, high int) (n int, leaf []byte) {
	for i := low; i < high && n < 2; i++ {
		if leaves := t.lists[i].leaves; len(leaves) > 0 {
			n += len(leaves) / leafSize
			leaf = leaves[:leafSize]
		}
	}
	return n, leaf
}

// ErrProof reports a proof that does not show what it should.
var ErrProof = errors.New("the proof of the subject's last record does not hold")

// Check reports whether p shows against a root that a subject has the head, or
// that it has none when head is nil.
func (p Proof) Check(root tlog.Hash, s events.Subject, head *Head) error {
	k := KeyOf(s)
	if len(p.Beside) > MaxSteps {
		return ErrProof
	}
	var node tlog.Hash
	switch {
	case head != nil && p.Other != nil:
		return ErrProof
	case head != nil:
		leaf := leafOf(k, *head)
		node = leafHash(leaf[:])
	case p.Other != nil:
		if !p.besideAnother(k) {
			return ErrProof
		}
		node = leafHash(p.Other)
	}
	for i := len(p.Beside) - 1; i >= 0; i-- {
		if k.bit(i) == 0 {
			node = nodeHash(node, p.Beside[i])
		} else {
			node = nodeHash(p.Beside[i], node)
		}
	}
	if node != root {
		return ErrProof
	}
	return nil
}

// besideAnother reports whether the other subject is another one, and stands
// where the key leads.
func (p Proof) besideAnother(k Key) bool {
	if len(p.Other) != leafSize || bytes.Equal(p.Other[:len(k)], k[:]) {
		return false
	}
	other := Key(p.Other[:len(k)])
	for i := range p.Beside {
		if other.bit(i) != k.bit(i) {
			return false
		}
	}
	return true
}
