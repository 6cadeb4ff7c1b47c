package events

import (
	"crypto/sha256"
	"encoding/binary"
)

// HashTwo returns the SHA-256 of a and of b, both as [HashOf] does, at two thirds of
// the cost: a processor that has instructions for SHA-256 spends most of a hash
// waiting for the result of the one before, and can work on another hash meanwhile.
// Elsewhere they are hashed one after the other.
func HashTwo(a, b []byte) (x, y Hash) {
	if !canHashTwo {
		return sha256.Sum256(a), sha256.Sum256(b)
	}
	var end1, end2 [2 * sha256.BlockSize]byte
	one := hashing{initialHash, wholeBlocks(a), pad(&end1, a)}
	two := hashing{initialHash, wholeBlocks(b), pad(&end2, b)}
	for one.left() && two.left() {
		n := min(len(one.blocks), len(two.blocks)) / sha256.BlockSize
		hashBlocks(&one.state, &two.state, &one.blocks[0], &two.blocks[0], n)
		one.blocks, two.blocks = one.blocks[n*sha256.BlockSize:], two.blocks[n*sha256.BlockSize:]
	}
	one.finish()
	two.finish()
	return one.sum(), two.sum()
}

// initialHash is the state that a hash begins with (FIPS 180-4, 5.3.3).
var initialHash = [8]uint32{
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
}

// wholeBlocks returns b without what does not fill a block.
func wholeBlocks(b []byte) []byte { return b[:len(b)&^(sha256.BlockSize-1)] }

// pad returns the rest of b with what comes after it (FIPS 180-4, 5.1.1): one block
// or two.
func pad(end *[2 * sha256.BlockSize]byte, b []byte) []byte {
	n := copy(end[:], b[len(wholeBlocks(b)):])
	end[n] = 0x80
	length := sha256.BlockSize
	if n+1+8 > sha256.BlockSize { // there is no room for the length
		length = 2 * sha256.BlockSize
	}
	binary.BigEndian.PutUint64(end[length-8:], uint64(len(b))*8)
	return end[:length]
}

// A hashing is a text that is being hashed.
type hashing struct {
	state  [8]uint32
	blocks []byte // to be hashed next
	end    []byte // and then
}

// left reports whether there is more to hash, which is in blocks then.
func (t *hashing) left() bool {
	if len(t.blocks) == 0 {
		t.blocks, t.end = t.end, nil
	}
	return len(t.blocks) > 0
}

// finish hashes what is left of the longer text, which takes as long as two would.
func (t *hashing) finish() {
	for t.left() {
		var nobody [8]uint32
		hashBlocks(&t.state, &nobody, &t.blocks[0], &t.blocks[0], len(t.blocks)/sha256.BlockSize)
		t.blocks = nil
	}
}

func (t *hashing) sum() (sum Hash) {
	for i, word := range t.state {
		binary.BigEndian.PutUint32(sum[4*i:], word)
	}
	return sum
}
