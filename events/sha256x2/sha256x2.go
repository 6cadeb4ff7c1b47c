// Package sha256x2 answers one question: what are the SHA-256 of two texts that are
// wanted at once?
//
// A processor that has instructions for SHA-256 spends most of a hash waiting for the
// result of the instruction before, and can work on another hash meanwhile: two take
// little more time than one. Elsewhere they are hashed one after the other by
// [crypto/sha256], which the tests hold this package against.
package sha256x2

import (
	"crypto/sha256"
	"encoding/binary"
)

// initial is the state that a hash begins with (FIPS 180-4, 5.3.3).
var initial = [8]uint32{
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
}

const blockSize = sha256.BlockSize

// Sum returns the SHA-256 of a and of b.
func Sum(a, b []byte) (x, y [sha256.Size]byte) {
	if !paired {
		return sha256.Sum256(a), sha256.Sum256(b)
	}
	var end1, end2 [2 * blockSize]byte
	one := text{initial, whole(a), pad(&end1, a)}
	two := text{initial, whole(b), pad(&end2, b)}
	for one.left() && two.left() {
		n := min(len(one.blocks), len(two.blocks)) / blockSize
		blocks(&one.state, &two.state, &one.blocks[0], &two.blocks[0], n)
		one.blocks, two.blocks = one.blocks[n*blockSize:], two.blocks[n*blockSize:]
	}
	one.finish()
	two.finish()
	return one.sum(), two.sum()
}

// whole returns the whole blocks of b.
func whole(b []byte) []byte { return b[:len(b)&^(blockSize-1)] }

// pad returns the rest of b with what comes after it (FIPS 180-4, 5.1.1): one block
// or two.
func pad(end *[2 * blockSize]byte, b []byte) []byte {
	n := copy(end[:], b[len(whole(b)):])
	end[n] = 0x80
	length := blockSize
	if n+1+8 > blockSize { // there is no room for the length
		length = 2 * blockSize
	}
	binary.BigEndian.PutUint64(end[length-8:], uint64(len(b))*8)
	return end[:length]
}

// A text is being hashed.
type text struct {
	state  [8]uint32
	blocks []byte // to be hashed next
	end    []byte // and then
}

// left reports whether there is more to hash, which is in blocks then.
func (t *text) left() bool {
	if len(t.blocks) == 0 {
		t.blocks, t.end = t.end, nil
	}
	return len(t.blocks) > 0
}

// finish hashes what is left of the longer text, which takes as long as two would.
func (t *text) finish() {
	for t.left() {
		var nobody [8]uint32
		blocks(&t.state, &nobody, &t.blocks[0], &t.blocks[0], len(t.blocks)/blockSize)
		t.blocks = nil
	}
}

func (t *text) sum() (sum [sha256.Size]byte) {
	for i, word := range t.state {
		binary.BigEndian.PutUint32(sum[4*i:], word)
	}
	return sum
}
