// Package seal answers how identifying text stands in a record that is kept for
// ever: encrypted under keys of the person it is about, which live outside the
// ledger and can be destroyed.
//
// Each person has one data key per [events.KeyClass]. The keys lie in a file of
// their own, each wrapped by a master key that comes from another file. Wrapping
// is AES-256-GCM rather than HPKE: whoever seals must also unseal and compute
// digests, so a public key that can only wrap would separate nobody from
// anything, and a symmetric wrap has no part that a quantum computer breaks.
//
// The forms of sealed text and of the key file are described in ../FORMAT.md.
package seal

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"caseledger/events"
)

// Seal seals every secret of e in place, for the record recordID on subject; an
// event without secrets is left as it is. A person's keys are made at first use
// and are on disk before anything is sealed with them. Cost: about a microsecond
// for each secret, and one synchronous write for a person's first.
func (k *Keyring) Seal(subject events.Subject, recordID string, e events.Event) error {
	confidential, ok := e.(events.Confidential)
	if !ok {
		return nil
	}
	for i, field := range confidential.Secrets() {
		err := field.Secret.Seal(func(plain string) (string, error) {
			keys, err := k.keysFor(subject, field.Class)
			if err != nil {
				return "", err
			}
			generation := len(keys)
			bound := binding(subject, recordID, field.Class, generation, i)
			box := keys[generation-1].aead.Seal(nil, nil, pad(plain), bound)
			return prefix + strconv.Itoa(generation) + "." + base64.RawURLEncoding.EncodeToString(box), nil
		})
		if err != nil {
			return fmt.Errorf("seal a secret of %s for %s: %w", e.EventType(), subject, err)
		}
	}
	return nil
}

// Unseal returns the text of a secret of record recordID on subject. class is the
// secret's, and index its place in [events.Confidential]'s list. Errors:
// [*MissingKeyError] when the person has no such key (any more), [*TamperedError]
// when the text or where it stands is not what was sealed. An empty sealed text
// is a secret that was not given, and unseals to nothing.
func (k *Keyring) Unseal(subject events.Subject, recordID string, class events.KeyClass, index int, sealed string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	tampered := &TamperedError{subject, recordID, class, index}
	generation, box, ok := parse(sealed)
	if !ok {
		return "", tampered
	}
	keys, err := k.knownKeys(subject, class)
	if err != nil {
		return "", fmt.Errorf("unseal a secret of %s: %w", subject, err)
	}
	if generation > len(keys) || keys[generation-1].aead == nil {
		return "", &MissingKeyError{subject, class, generation}
	}
	padded, err := keys[generation-1].aead.Open(nil, nil, box, binding(subject, recordID, class, generation, index))
	if err != nil {
		return "", tampered
	}
	plain, ok := unpad(padded)
	if !ok {
		return "", tampered
	}
	return plain, nil
}

// MAC returns a digest of text under a key of the person's own. A record may
// hold it where it must later be told whether the same text comes again: it
// cannot be found by trying texts, and it means nothing once the key is
// destroyed. It does not change when the data key is rotated. Cost: as Seal.
func (k *Keyring) MAC(subject events.Subject, class events.KeyClass, text []byte) (events.Hash, error) {
	keys, err := k.keysFor(subject, class)
	if err != nil {
		return events.Hash{}, fmt.Errorf("compute a keyed digest for %s: %w", subject, err)
	}
	first := 0
	for keys[first].mac == nil { // lost; the newest never is
		first++
	}
	return keys[first].mac.sum(text), nil
}

// prefix starts every sealed text: the version of its form.
const prefix = "s1."

// parse splits a sealed text, which has one spelling only: the base64 decoder
// alone would pass over line ends.
func parse(sealed string) (generation int, box []byte, ok bool) {
	rest, found := strings.CutPrefix(sealed, prefix)
	number, text, dot := strings.Cut(rest, ".")
	generation, err := strconv.Atoi(number)
	if !found || !dot || err != nil || generation < 1 || strconv.Itoa(generation) != number || strings.ContainsAny(text, "\r\n") {
		return 0, nil, false
	}
	box, err = base64.RawURLEncoding.Strict().DecodeString(text)
	return generation, box, err == nil
}

// binding ties a sealed text to the one place where it means something: moved to
// another record, field or person it does not open. No part can hold a line end.
func binding(subject events.Subject, recordID string, class events.KeyClass, generation, index int) []byte {
	b := make([]byte, 0, 128)
	b = append(b, "caseledger sealed text 1\n"...)
	b = append(b, subject...)
	b = append(append(b, '\n'), recordID...)
	b = append(append(b, '\n'), class...)
	b = strconv.AppendInt(append(b, '\n'), int64(generation), 10)
	return strconv.AppendInt(append(b, '\n'), int64(index), 10)
}

// padTo is the unit to which text is padded before it is sealed, in bytes: the
// length of a sealed name must not tell names apart.
const padTo = 32

// pad appends a byte 0x80 and zeros up to a multiple of padTo.
func pad(text string) []byte {
	padded := make([]byte, (len(text)/padTo+1)*padTo)
	padded[copy(padded, text)] = 0x80
	return padded
}

func unpad(padded []byte) (text string, ok bool) {
	end := len(padded)
	for end > 0 && padded[end-1] == 0 {
		end--
	}
	if end == 0 || padded[end-1] != 0x80 {
		return "", false
	}
	return string(padded[:end-1]), true
}
