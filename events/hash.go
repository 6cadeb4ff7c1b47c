package events

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// A Hash is the SHA-256 of a record's exact bytes, or of a command's body. It is
// written as 64 lower-case hexadecimal digits, as sha256sum prints it.
type Hash [sha256.Size]byte

// HashOf returns the SHA-256 of b. Cost: about a microsecond for a record.
func HashOf(b []byte) Hash { return sha256.Sum256(b) }

// IsZero reports whether h is "no hash": the previous hash of a first record.
func (h Hash) IsZero() bool { return h == Hash{} }

func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Short returns the first twelve digits of h, for people.
func (h Hash) Short() string { return hex.EncodeToString(h[:6]) }

// MarshalText writes h as hexadecimal digits.
func (h Hash) MarshalText() ([]byte, error) {
	return hex.AppendEncode(nil, h[:]), nil
}

// UnmarshalText reads 64 lower-case hexadecimal digits.
func (h *Hash) UnmarshalText(b []byte) error {
	var v Hash
	if !v.parse(string(b)) {
		return fmt.Errorf("%q is not a hash of 64 lower-case hexadecimal digits", b)
	}
	*h = v
	return nil
}

// parse reads lower-case hexadecimal digits, eight at a time. When it returns false
// what h holds means nothing.
func (h *Hash) parse(s string) bool {
	if len(s) != 2*len(h) {
		return false
	}
	bad := uint64(0)
	for i := 0; i < len(h); i += 4 {
		const ones = 0x0101010101010101
		x := load8(s[2*i:])
		letter := x >> 6 & ones // 1 for a-f, and for 0-9 nothing
		value := x&(0x0f*ones) + 9*letter
		// A letter's value is 10 to 15 and a digit's at most 9, and each is written in
		// one way.
		tens := (value + 6*ones) >> 4 & ones
		bad |= value&(0xf0*ones) | (tens ^ letter) | ((value + '0'*ones + ('a'-'0'-10)*letter) ^ x)
		pairs := (value<<4 | value>>8) & 0x00ff00ff00ff00ff
		pairs = (pairs | pairs>>8) & 0x0000ffff0000ffff
		binary.LittleEndian.PutUint32(h[i:], uint32(pairs|pairs>>16))
	}
	return bad == 0
}

// load8 returns the first eight bytes of s, the first one lowest.
func load8(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}
