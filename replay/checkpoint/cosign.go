package checkpoint

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// algorithmCosignature marks the keys of witnesses (C2SP tlog-cosignature, Ed25519).
const algorithmCosignature = 4

const privatePrefix = "PRIVATE+KEY+"

// A witnessKey verifies cosignatures as a [note.Verifier].
type witnessKey struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (w *witnessKey) Name() string    { return w.name }
func (w *witnessKey) KeyHash() uint32 { return w.hash }

func (w *witnessKey) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	at := binary.BigEndian.Uint64(signature)
	return at <= math.MaxInt64 && ed25519.Verify(w.key, cosigned(text, at), signature[8:])
}

// cosigned is the message that a witness signs.
func cosigned(text []byte, at uint64) []byte {
	return fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", at, text)
}

// NewWitnessVerifier reads the public key of a witness: its name, the key's hash
// in hexadecimal and the base64 of the byte 4 and the key, joined by plus signs.
func NewWitnessVerifier(text string) (note.Verifier, error) {
	w, key, err := parseKey(strings.TrimSpace(text), ed25519.PublicKeySize)
	if err != nil {
		return nil, fmt.Errorf("read the witness's public key: %w", err)
	}
	if w.key = key; w.hash != keyHash(w.name, key) {
		return nil, errors.New("read the witness's public key: its hash is not that of the key")
	}
	return w, nil
}

func parseKey(text string, size int) (*witnessKey, []byte, error) {
	parts := strings.SplitN(text, "+", 3)
	if len(parts) != 3 || parts[0] == "" || len(parts[1]) != 8 {
		return nil, nil, errors.New("it is not of the form name+hash+key")
	}
	hash, err := strconv.ParseUint(parts[1], 16, 32)
	if err != nil {
		return nil, nil, errors.New("its hash is not hexadecimal")
	}
	key, err := base64.StdEncoding.Strict().DecodeString(parts[2])
	if err != nil || len(key) != 1+size || key[0] != algorithmCosignature {
		return nil, nil, errors.New("it is not an Ed25519 key for cosignatures")
	}
	return &witnessKey{name: parts[0], hash: uint32(hash)}, key[1:], nil
}

func keyHash(name string, key ed25519.PublicKey) uint32 {
	b := append([]byte(name+"\n"), algorithmCosignature)
	sum := sha256.Sum256(append(b, key...))
	return binary.BigEndian.Uint32(sum[:])
}

func formatKey(name string, hash uint32, key []byte) string {
	return fmt.Sprintf("%s+%08x+%s", name, hash, base64.StdEncoding.EncodeToString(append([]byte{algorithmCosignature}, key...)))
}

// GenerateWitnessKey makes the keys of a witness. private is to be kept secret;
// public goes to everybody who trusts it.
func GenerateWitnessKey(random io.Reader, name string) (private, public string, err error) {
	if name == "" || strings.ContainsAny(name, "+ \t\n") {
		return "", "", fmt.Errorf("make a witness's key: %q is not a name: it must not be empty or hold spaces or plus signs", name)
	}
	pub, priv, err := ed25519.GenerateKey(random)
	if err != nil {
		return "", "", fmt.Errorf("make a witness's key: %w", err)
	}
	hash := keyHash(name, pub)
	return privatePrefix + formatKey(name, hash, priv.Seed()), formatKey(name, hash, pub), nil
}

// A Cosigner makes a witness's cosignatures.
type Cosigner struct {
	witnessKey
	private ed25519.PrivateKey
}

// NewCosigner reads the private key that [GenerateWitnessKey] made.
func NewCosigner(text string) (*Cosigner, error) {
	text, found := strings.CutPrefix(strings.TrimSpace(text), privatePrefix)
	w, seed, err := parseKey(text, ed25519.SeedSize)
	if !found || err != nil {
		return nil, errors.New("read the witness's private key: it is malformed") // never the key itself
	}
	c := &Cosigner{*w, ed25519.NewKeyFromSeed(seed)}
	if c.key = c.private.Public().(ed25519.PublicKey); c.hash != keyHash(c.name, c.key) {
		return nil, errors.New("read the witness's private key: it is malformed")
	}
	return c, nil
}

// Public returns the public key as text.
func (c *Cosigner) Public() string { return formatKey(c.name, c.hash, c.key) }

// Cosign returns the signature line for the text of a checkpoint, as of a time
// in seconds since 1970.
func (c *Cosigner) Cosign(text string, at uint64) string {
	b := binary.BigEndian.AppendUint32(nil, c.hash)
	b = binary.BigEndian.AppendUint64(b, at)
	b = append(b, ed25519.Sign(c.private, cosigned([]byte(text), at))...)
	return fmt.Sprintf("— %s %s\n", c.name, base64.StdEncoding.EncodeToString(b))
}

// AddCosignatures adds to a checkpoint those of the signature lines that are
// right cosignatures of the given witnesses, in the place of earlier ones of the
// same witnesses. Others are left out.
func AddCosignatures(s *Signed, lines string, key note.Verifier, witnesses ...note.Verifier) (*Signed, error) {
	text, own, _ := cutLast(string(s.Note), "\n\n")
	for line := range strings.Lines(lines) {
		alone := text + "\n\n" + line
		n, err := note.Open([]byte(alone), note.VerifierList(witnesses...))
		if err != nil || len(n.Sigs) != 1 {
			continue // not by a witness that is trusted, or not right
		}
		prefix := fmt.Sprintf("— %s ", n.Sigs[0].Name)
		var kept strings.Builder
		for l := range strings.Lines(own) {
			if !strings.HasPrefix(l, prefix) || n.Sigs[0].Name == key.Name() {
				kept.WriteString(l)
			}
		}
		own = kept.String() + line
	}
	return Open([]byte(text+"\n\n"+own), key, witnesses...)
}
