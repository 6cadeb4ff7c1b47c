package events

import (
	"crypto/sha256"
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
	v, ok := parseHash(b)
	if !ok {
		return fmt.Errorf("%q is not a hash of 64 lower-case hexadecimal digits", b)
	}
	*h = v
	return nil
}

func parseHash[T string | []byte](s T) (h Hash, ok bool) {
	if len(s) != 2*len(h) {
		return Hash{}, false
	}
	var bad byte
	for i := range h {
		high, low := hexDigit[s[2*i]], hexDigit[s[2*i+1]]
		bad |= high | low
		h[i] = high<<4 | low
	}
	return h, bad < 16
}

// hexDigit maps a lower-case hexadecimal digit to its value, and every other
// byte to 255.
var hexDigit = func() (table [256]byte) {
	for i := range table {
		table[i] = 255
	}
	for i, c := range []byte("0123456789abcdef") {
		table[c] = byte(i)
	}
	return table
}()
