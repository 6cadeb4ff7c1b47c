package auth

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func newTestIdentity(t *testing.T) (*Identity, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "amy.nk")
	i, err := NewIdentity(path)
	if err != nil {
		t.Fatal(err)
	}
	return i, path
}

func TestIdentityFile(t *testing.T) {
	made, path := newTestIdentity(t)
	read, err := ReadIdentity(path)
	if err != nil || read.PublicKey() != made.PublicKey() || !strings.HasPrefix(made.PublicKey(), "U") {
		t.Fatalf("made %s, read %v, %v", made.PublicKey(), read, err)
	}
	if _, err := NewIdentity(path); !errors.Is(err, os.ErrExist) {
		t.Errorf("an identity was replaced: %v", err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadIdentity(path); err == nil || !strings.Contains(err.Error(), "open to others") {
		t.Errorf("a file open to others: %v", err)
	}
	for name, text := range map[string]string{"empty": "", "a public key": made.PublicKey(), "an account's seed": "SAANWFZ3JINNPERWT3ALE45U7GYT2ZDW6GJUIVPDKUF6GKAX6AISZJMAS4"} {
		bad := filepath.Join(t.TempDir(), "bad")
		if err := os.WriteFile(bad, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadIdentity(bad); err == nil || text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ReadIdentity(path + "-none"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

// TestProof changes whatever a proof rests on: none may hold.
func TestProof(t *testing.T) {
	amy, _ := newTestIdentity(t)
	bob, _ := newTestIdentity(t)
	challenge, what := []byte("nonce 1"), []byte("reveal C-1")
	proof, err := amy.Prove(challenge, what)
	if err != nil {
		t.Fatal(err)
	}
	if err := proof.Verify(challenge, what); err != nil {
		t.Fatal(err)
	}
	bobs := Proof{bob.PublicKey(), proof.Signature}
	for name, err := range map[string]error{
		"another challenge": proof.Verify([]byte("nonce 2"), what),
		"another request":   proof.Verify(challenge, []byte("reveal C-2")),
		"the border moved":  proof.Verify([]byte("nonce 1\nreveal"), []byte("C-1")),
		"another's key":     bobs.Verify(challenge, what),
		"no key":            Proof{"", proof.Signature}.Verify(challenge, what),
		"no signature":      Proof{amy.PublicKey(), nil}.Verify(challenge, what),
		"an account's key":  Proof{"A" + amy.PublicKey()[1:], proof.Signature}.Verify(challenge, what),
		"nothing at all":    Proof{}.Verify(nil, nil),
	} {
		var refused *ProofError
		if !errors.As(err, &refused) {
			t.Errorf("%s: %v, want a ProofError", name, err)
		}
	}
	for i := range len(proof.Signature) * 8 {
		flipped := bytes.Clone(proof.Signature)
		flipped[i/8] ^= 1 << (i % 8)
		if (Proof{amy.PublicKey(), flipped}).Verify(challenge, what) == nil {
			t.Errorf("bit %d of the signature does not matter", i)
		}
	}
}
