package auth

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"github.com/nats-io/nkeys"
)

// An Identity is the private key of a principal.
type Identity struct {
	pair   nkeys.KeyPair
	public string
}

// PublicKey is what the ledger knows the principal by.
func (i *Identity) PublicKey() string { return i.public }

// NewIdentity writes a new private key to path, readable by its owner only. It
// never replaces a file: whoever loses the key must be registered anew.
func NewIdentity(path string) (_ *Identity, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("make an identity: %w", err)
		}
	}()
	pair, err := nkeys.CreateUser()
	if err != nil {
		return nil, err
	}
	seed, err := pair.Seed()
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(append(seed, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, err
	}
	return newIdentity(pair)
}

// ReadIdentity reads what [NewIdentity] writes, or the seed of any user's nkey,
// from a file that nobody else can read.
func ReadIdentity(path string) (*Identity, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the identity: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("read the identity: %s is open to others (mode %04o): it must be 0600 or stricter", path, mode)
	}
	seed, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the identity: %w", err)
	}
	pair, err := nkeys.ParseDecoratedUserNKey(bytes.TrimSpace(seed))
	if err != nil {
		return nil, fmt.Errorf("read the identity: %s does not hold the seed of a user's key", path)
	}
	return newIdentity(pair)
}

func newIdentity(pair nkeys.KeyPair) (*Identity, error) {
	public, err := pair.PublicKey()
	if err != nil {
		return nil, fmt.Errorf("read the identity: %w", err)
	}
	return &Identity{pair, public}, nil
}

// A Proof shows that whoever made it holds the private key of a public one.
type Proof struct {
	PublicKey string `json:"public_key"`
	Signature []byte `json:"signature"`
}

// Prove answers a challenge that a verifier made for what: the exact bytes of the
// request that the proof is for. It is worth nothing for any other.
func (i *Identity) Prove(challenge, what []byte) (Proof, error) {
	signature, err := i.pair.Sign(signed(challenge, what))
	if err != nil {
		return Proof{}, fmt.Errorf("prove the identity: %w", err)
	}
	return Proof{i.public, signature}, nil
}

// Verify reports whether the proof answers the challenge for what.
func (p Proof) Verify(challenge, what []byte) error {
	pair, err := nkeys.FromPublicKey(p.PublicKey)
	if err != nil || !nkeys.IsValidPublicUserKey(p.PublicKey) || pair.Verify(signed(challenge, what), p.Signature) != nil {
		return &ProofError{p.PublicKey}
	}
	return nil
}

// signed is what a proof signs. It begins like nothing else that a key of NATS
// signs, so that no proof can be got by another protocol's challenge.
func signed(challenge, what []byte) []byte {
	return fmt.Appendf(nil, "caseledger identity 1\n%d\n%s\n%s", len(challenge), challenge, what)
}

// A ProofError reports somebody who does not hold the key that they name.
type ProofError struct{ PublicKey string }

func (e *ProofError) Error() string {
	return fmt.Sprintf("prove the identity: the caller does not hold the private key of %.8s…", e.PublicKey)
}
