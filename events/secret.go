package events

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// A KeyClass says which of a client's data keys seals a [Secret].
type KeyClass string

const (
	// IdentityKey seals who a person is: name, birth date, contact, HHS's
	// letter numbers, and all free text: notes, reasons, evidence.
	IdentityKey KeyClass = "identity"
	// ExpenseKey seals the free text of expenses, which auditors may need
	// when they have no business with the person's identity.
	ExpenseKey KeyClass = "expense"
)

// A Secret is text that identifies a person. In a record it exists only sealed;
// until the application has sealed it, it refuses to be encoded, and it never
// prints itself. The zero Secret means "nothing given".
type Secret struct {
	plain  string
	sealed string
}

// Plain returns a Secret that still has to be sealed.
func Plain(text string) Secret { return Secret{plain: text} }

// SealedSecret returns a Secret from its sealed form, as package seal writes it.
func SealedSecret(sealed string) Secret { return Secret{sealed: sealed} }

// IsZero reports whether nothing was given.
func (s Secret) IsZero() bool { return s == Secret{} }

// Sealed returns the sealed form, or an empty string.
func (s Secret) Sealed() string { return s.sealed }

// Seal replaces the plain text by what seal returns for it. A Secret that is
// zero or already sealed is left as it is.
func (s *Secret) Seal(seal func(plain string) (string, error)) error {
	if s.plain == "" {
		return nil
	}
	sealed, err := seal(s.plain)
	if err != nil {
		return err
	}
	*s = Secret{sealed: sealed}
	return nil
}

// String never shows what is inside.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return "[sealed]"
}

// Format never shows what is inside, whatever the verb: %d would reach past
// String.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// LogValue never shows what is inside.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

var errNotSealed = errors.New("identifying text must be sealed before it is encoded")

// MarshalText writes the sealed form, and fails for text that is not sealed.
func (s Secret) MarshalText() ([]byte, error) {
	if s.plain != "" {
		return nil, errNotSealed
	}
	return []byte(s.sealed), nil
}

// UnmarshalText reads a sealed form, and refuses text that does not have it: what
// identifies a person cannot come into a record by another writer's mistake.
func (s *Secret) UnmarshalText(b []byte) error {
	sealed := string(b)
	if sealed != "" && !isSealed(sealed) {
		return errors.New("text that is not sealed")
	}
	*s = Secret{sealed: sealed}
	return nil
}

// isSealed reports whether b looks like what package seal writes: "s1.", the
// number of the key's generation, a dot, and base64url (see FORMAT.md).
func isSealed(s string) bool {
	rest, found := strings.CutPrefix(s, "s1.")
	generation, text, _ := strings.Cut(rest, ".")
	return found && generation != "" && text != "" && only(&notDigit, generation) && only(&notBase64, text)
}

var (
	notDigit  = others("0123456789")
	notBase64 = others("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
)

// others returns a table that is 0 for the bytes in set and 1 for all others.
func others(set string) (table [256]byte) {
	for i := range table {
		table[i] = 1
	}
	for _, c := range []byte(set) {
		table[c] = 0
	}
	return table
}

// only reports whether s has only bytes for which the table is 0.
func only(table *[256]byte, s string) bool {
	other := byte(0)
	for i := range len(s) {
		other |= table[s[i]]
	}
	return other == 0
}

// A SecretField is one Secret of an event and the key that must seal it.
type SecretField struct {
	Class  KeyClass
	Secret *Secret
}

// An event that holds identifying text implements Confidential.
type Confidential interface {
	Event
	// Secrets returns the event's secrets, to be sealed in place. A secret's
	// place in the list is part of what its seal is bound to: the order is
	// fixed for ever, and zero secrets keep their places.
	Secrets() []SecretField
}
