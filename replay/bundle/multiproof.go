package bundle

import (
	"errors"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// A leaf is a record's place in the tree and its hash.
type leaf struct {
	index int64
	hash  tlog.Hash
}

// prove returns the roots of the largest subtrees of a tree without any of the
// leaves, which are in order. Cost: all hashes are read at once.
func prove(size int64, leaves []int64, r tlog.HashReader) ([]tlog.Hash, error) {
	var ranges [][2]int64
	uncovered(0, size, leaves, func(low, high int64) { ranges = append(ranges, [2]int64{low, high}) })
	var indexes []int64
	for _, x := range ranges {
		eachComplete(x[0], x[1], func(level int, n int64) { indexes = append(indexes, tlog.StoredHashIndex(level, n)) })
	}
	hashes, err := r.ReadHashes(indexes)
	if err != nil {
		return nil, err
	}
	proof := make([]tlog.Hash, len(ranges))
	for i, x := range ranges {
		n := 0
		eachComplete(x[0], x[1], func(int, int64) { n++ })
		proof[i] = hashes[n-1]
		for j := n - 2; j >= 0; j-- {
			proof[i] = tlog.NodeHash(hashes[j], proof[i])
		}
		hashes = hashes[n:]
	}
	return proof, nil
}

// uncovered calls f with the largest subtrees of a subtree that hold none of its
// leaves.
func uncovered(low, high int64, leaves []int64, f func(low, high int64)) {
	switch {
	case low == high:
		return
	case len(leaves) == 0:
		f(low, high)
		return
	case high-low == 1:
		return
	}
	middle, at := low+half(high-low), 0
	for at < len(leaves) && leaves[at] < middle {
		at++
	}
	uncovered(low, middle, leaves[:at], f)
	uncovered(middle, high, leaves[at:], f)
}

// half returns the largest power of two below n: where RFC 6962 parts a tree.
func half(n int64) int64 { return 1 << (bits.Len64(uint64(n-1)) - 1) }

// eachComplete calls f with the complete subtrees that a subtree consists of.
func eachComplete(low, high int64, f func(level int, n int64)) {
	for low < high {
		level := bits.Len64(uint64(high-low)) - 1
		f(level, low>>level)
		low += 1 << level
	}
}

var errProof = errors.New("the proof of its records does not fit them")

// rootOf returns the root that the leaves, which are in order, and a proof add up
// to.
func rootOf(size int64, leaves []leaf, proof []tlog.Hash) (tlog.Hash, error) {
	if size == 0 || len(leaves) == 0 || leaves[len(leaves)-1].index >= size {
		return tlog.Hash{}, errProof
	}
	hash, rest, err := subtree(0, size, leaves, proof)
	if err == nil && len(rest) > 0 {
		err = errProof
	}
	return hash, err
}

func subtree(low, high int64, leaves []leaf, proof []tlog.Hash) (tlog.Hash, []tlog.Hash, error) {
	switch {
	case len(leaves) == 0 && len(proof) == 0:
		return tlog.Hash{}, nil, errProof
	case len(leaves) == 0:
		return proof[0], proof[1:], nil
	case high-low == 1:
		return leaves[0].hash, proof, nil
	}
	middle, at := low+half(high-low), 0
	for at < len(leaves) && leaves[at].index < middle {
		at++
	}
	left, proof, err := subtree(low, middle, leaves[:at], proof)
	if err != nil {
		return tlog.Hash{}, nil, err
	}
	right, proof, err := subtree(middle, high, leaves[at:], proof)
	return tlog.NodeHash(left, right), proof, err
}
