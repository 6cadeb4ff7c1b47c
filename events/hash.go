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
	if len(b) != 2*len(h) {
		return fmt.Errorf("%q is not a hash of 64 hexadecimal digits", b)
	}
	for _, c := range b {
		if c >= 'A' && c <= 'F' {
			return fmt.Errorf("%q is not a hash in lower case", b)
		}
	}
	_, err := hex.Decode(h[:], b)
	return err
}
