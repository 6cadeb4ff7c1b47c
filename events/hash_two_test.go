package events

import (
	"crypto/sha256"
	"testing"

	"pgregory.net/rapid"
)

// Given two texts of any length, then their hashes are those of crypto/sha256, in
// whichever order.
func TestHashTwo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOfN(rapid.Byte(), 0, 2000).Draw(t, "text")
		cut := rapid.IntRange(0, len(text)).Draw(t, "cut")
		for _, pair := range [][2][]byte{{text[:cut], text[cut:]}, {text[cut:], text[:cut]}, {text, text}} {
			x, y := HashTwo(pair[0], pair[1])
			if x != sha256.Sum256(pair[0]) || y != sha256.Sum256(pair[1]) {
				t.Fatalf("of %d and %d bytes: %x, %x", len(pair[0]), len(pair[1]), x, y)
			}
		}
	})
}

// Given every pair of lengths around the ends of blocks, then the same.
func TestHashTwoLengths(t *testing.T) {
	text := make([]byte, 4*sha256.BlockSize)
	for i := range text {
		text[i] = byte(i * i)
	}
	for n := range text {
		for m := range text {
			x, y := HashTwo(text[:n], text[m:])
			if x != sha256.Sum256(text[:n]) || y != sha256.Sum256(text[m:]) {
				t.Fatalf("of %d and %d bytes: %x, %x", n, len(text)-m, x, y)
			}
		}
	}
}

// BenchmarkHashTwo measures two hashes of texts of the length of records.
func BenchmarkHashTwo(b *testing.B) {
	one, two := make([]byte, 600), make([]byte, 660)
	b.Run("paired", func(b *testing.B) {
		for b.Loop() {
			HashTwo(one, two)
		}
	})
	b.Run("apart", func(b *testing.B) {
		for b.Loop() {
			sha256.Sum256(one)
			sha256.Sum256(two)
		}
	})
}
