package events

import (
	"crypto/sha256"
	"encoding/binary"
)

// HashEach hashes n texts, which text returns in order, and hands each hash to sum, in
// nearly that order: a text is in use until then, and at most two are. The hashes are
// those of [HashOf], at less than two thirds of the cost: a processor that has
// instructions for SHA-256 spends most of a hash waiting for the result of the one
// before, and can work on another hash meanwhile. Elsewhere they are hashed one by one.
func HashEach(n int, text func(i int) []byte, sum func(i int, h Hash)) {
	if !canHashTwo {
		for i := range n {
			sum(i, HashOf(text(i)))
		}
		return
	}
	var one, two hashing
	begun := 0
	// next ends a hash that is complete, and begins with the next text.
	next := func(h *hashing) {
		if h.busy {
			sum(h.text, h.sum())
		}
		if h.busy = begun < n; h.busy {
			h.begin(begun, text(begun))
			begun++
		}
	}
	for {
		if len(one.left()) == 0 {
			next(&one)
		}
		if len(two.left()) == 0 {
			next(&two)
		}
		switch a, b := one.left(), two.left(); {
		case len(a) > 0 && len(b) > 0:
			k := min(len(a), len(b))
			hashBlocks(&one.state, &two.state, &a[0], &b[0], k/sha256.BlockSize)
			one.drop(k)
			two.drop(k)
		case len(a) > 0:
			one.alone()
		case len(b) > 0:
			two.alone()
		default:
			return
		}
	}
}

// initialHash is the state that a hash begins with (FIPS 180-4, 5.3.3).
var initialHash = [8]uint32{
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
}

// A hashing is a text that is being hashed.
type hashing struct {
	busy     bool
	text     int // its number
	state    [8]uint32
	whole    []byte                     // its blocks that are to be hashed next
	end      [2 * sha256.BlockSize]byte // the rest of it, and what comes after a text
	from, to int                        // what is to be hashed of end, after whole
}

// begin begins with a text. After it come a bit, zeros and its length in bits, up to
// the end of a block (FIPS 180-4, 5.1.1).
func (h *hashing) begin(text int, b []byte) {
	whole := len(b) &^ (sha256.BlockSize - 1)
	h.text, h.state, h.whole = text, initialHash, b[:whole]
	rest := copy(h.end[:], b[whole:])
	clear(h.end[rest:])
	h.end[rest] = 0x80
	h.from, h.to = 0, sha256.BlockSize
	if rest+1+8 > sha256.BlockSize { // there is no room for the length
		h.to = 2 * sha256.BlockSize
	}
	binary.BigEndian.PutUint64(h.end[h.to-8:], uint64(len(b))*8)
}

// left returns blocks that are to be hashed next, none when the hash is complete.
func (h *hashing) left() []byte {
	if len(h.whole) > 0 {
		return h.whole
	}
	return h.end[h.from:h.to]
}

// drop drops so many bytes of what left returns.
func (h *hashing) drop(n int) {
	if len(h.whole) > 0 {
		h.whole = h.whole[n:]
	} else {
		h.from += n
	}
}

// alone hashes what left returns, which takes as long as two would.
func (h *hashing) alone() {
	var nobody [8]uint32
	b := h.left()
	hashBlocks(&h.state, &nobody, &b[0], &b[0], len(b)/sha256.BlockSize)
	h.drop(len(b))
}

func (h *hashing) sum() (sum Hash) {
	for i, word := range h.state {
		binary.BigEndian.PutUint32(sum[4*i:], word)
	}
	return sum
}
