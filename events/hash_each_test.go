package events

import (
	"crypto/sha256"
	"testing"

	"pgregory.net/rapid"
)

// hashEach returns the hashes of texts, and fails unless each was in use among at most
// two.
func hashEach(t interface{ Fatalf(string, ...any) }, texts [][]byte) []Hash {
	hashes := make([]Hash, len(texts))
	begun, done := 0, 0
	HashEach(len(texts), func(i int) []byte {
		if i != begun || begun-done > 1 {
			t.Fatalf("text %d is asked for after %d, of which %d are done", i, begun, done)
		}
		begun++
		return texts[i]
	}, func(i int, h Hash) {
		done++
		hashes[i] = h
	})
	if begun != len(texts) || done != len(texts) {
		t.Fatalf("%d of %d texts were asked for, %d are done", begun, len(texts), done)
	}
	return hashes
}

// Given any number of texts of any length, then their hashes are those of
// crypto/sha256.
func TestHashEach(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 700), 0, 9).Draw(t, "texts")
		for i, h := range hashEach(t, texts) {
			if h != sha256.Sum256(texts[i]) {
				t.Fatalf("text %d of %d bytes: %s", i, len(texts[i]), h)
			}
		}
	})
}

// Given every pair of lengths around the ends of blocks, then the same.
func TestHashEachLengths(t *testing.T) {
	text := make([]byte, 4*sha256.BlockSize)
	for i := range text {
		text[i] = byte(i * i)
	}
	for n := range text {
		for m := range text {
			texts := [][]byte{text[:n], text[m:]}
			for i, h := range hashEach(t, texts) {
				if h != sha256.Sum256(texts[i]) {
					t.Fatalf("of %d and %d bytes, text %d: %s", n, len(text)-m, i, h)
				}
			}
		}
	}
}

// BenchmarkHashEach measures hashes of texts of the length of records.
func BenchmarkHashEach(b *testing.B) {
	texts := make([][]byte, 256)
	for i := range texts {
		texts[i] = make([]byte, 430+i*i%400)
	}
	var sum Hash
	b.Run("each", func(b *testing.B) {
		for b.Loop() {
			HashEach(len(texts), func(i int) []byte { return texts[i] }, func(_ int, h Hash) { sum = h })
		}
	})
	b.Run("alone", func(b *testing.B) {
		for b.Loop() {
			for _, text := range texts {
				sum = HashOf(text)
			}
		}
	})
	_ = sum
}
