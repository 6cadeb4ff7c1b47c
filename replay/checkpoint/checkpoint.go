// Package checkpoint answers one question: what has the ledger promised?
//
// A checkpoint is a signed note (C2SP signed-note) in the text of C2SP's tlog-checkpoint:
// that at some size the Merkle root over all records was this. Whoever keeps one can
// show later that records were altered, left out or added in between.
//
//	caseledger
//	20852163
//	CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//	access 1042 3pEBDqnOlhf8rLyMAbhoy7LqWWoSpHUaXUgQ6TKBBoY=
//
//	— caseledger Az3grl…
//
// The last line of the text, an extension line in C2SP's words, says the same of the stream ACCESS, the
// looks at identifying data: how many there were, and their root. One promise covers both, and so
// does a witness's cosignature, of which C2SP says that it speaks for the first three lines
// only. A checkpoint that was signed before looks were under proof has no such line.
//
// The origin is the ledger's name, and so is the name of its key. A second note says which heads
// the subjects had at that size (see package heads), and binds that to the root over the
// records, its fourth line. Its origin cannot be that of a ledger, whose name
// holds no slash:
//
//	caseledger/heads
//	20852163
//	<root of the heads, base64>
//	<root over the records, base64>
//
// A checkpoint is signed only after the archive holds its records durably, after
// every earlier one that is at hand was found consistent with it, and after every new record
// was found to continue its subject. Witnesses on other hosts may add cosignatures (C2SP
// tlog-cosignature, Ed25519): as of a time, they had seen no other history.
package checkpoint

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A Checkpoint is the root over a ledger's first records.
type Checkpoint struct {
	Origin string // the ledger's name
	Size   uint64 // number of records
	Root   tlog.Hash
	Access Access
}

// Access is what a checkpoint says of the stream ACCESS. The zero value says nothing,
// since also an empty stream has a root.
type Access struct {
	Size uint64
	Root tlog.Hash
}

// Text returns the text that is signed.
func (c Checkpoint) Text() string {
	text := fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, c.Root)
	if c.Access != (Access{}) {
		text += fmt.Sprintf("access %d %s\n", c.Access.Size, c.Access.Root)
	}
	return text
}

// Looks returns what a checkpoint says of the stream ACCESS as a checkpoint of its
// own, and whether it says anything.
func (c Checkpoint) Looks() (Checkpoint, bool) {
	return Checkpoint{Origin: c.Origin + looksOrigin, Size: c.Access.Size, Root: c.Access.Root}, c.Access != (Access{})
}

// looksOrigin ends the origin of what is said of the stream ACCESS. No ledger's name
// holds a slash.
const looksOrigin = "/access"

// Heads is the root over the heads that subjects had at a checkpoint.
type Heads struct {
	Root       tlog.Hash
	Checkpoint Checkpoint
}

// Text returns the text that is signed.
func (h Heads) Text() string {
	return fmt.Sprintf("%s/heads\n%d\n%s\n%s\n", h.Checkpoint.Origin, h.Checkpoint.Size, h.Root, h.Checkpoint.Root)
}

// A RefusedError reports a note that does not prove what it should.
type RefusedError struct {
	What   string // "checkpoint", "heads"
	Detail string
}

func (e *RefusedError) Error() string { return fmt.Sprintf("check the %s: %s", e.What, e.Detail) }

// A Signed is a checkpoint whose signature was verified.
type Signed struct {
	Checkpoint
	Note      []byte   // the exact bytes
	Cosigned  []string // names of the given witnesses whose cosignature was verified
	Unchecked int      // signatures by keys that were not given
}

// Open verifies a checkpoint by the ledger's key, and the cosignatures of the
// given witnesses. A signature of a key that is given must be right; others are
// only counted. The name of the key must be the origin.
func Open(signed []byte, key note.Verifier, witnesses ...note.Verifier) (*Signed, error) {
	n, err := openNote("checkpoint", signed, key, witnesses...)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(n.Text, "\n")
	s := &Signed{Note: signed, Unchecked: len(n.UnverifiedSigs)}
	if len(lines) == 4 || len(lines) == 5 {
		s.Checkpoint = parseLines(lines)
	}
	if s.Origin != key.Name() || s.Text() != n.Text {
		return nil, &RefusedError{"checkpoint", fmt.Sprintf("it is not a checkpoint of %s", key.Name())}
	}
	for _, sig := range n.Sigs {
		if sig.Hash != key.KeyHash() || sig.Name != key.Name() {
			s.Cosigned = append(s.Cosigned, sig.Name)
		}
	}
	return s, nil
}

// OpenHeads verifies a note of heads that belongs to a checkpoint.
func OpenHeads(signed []byte, key note.Verifier, of Checkpoint) (*Heads, error) {
	n, err := openNote("heads", signed, key)
	if err != nil {
		return nil, err
	}
	h := &Heads{Checkpoint: of}
	if lines := strings.Split(n.Text, "\n"); len(lines) == 5 {
		h.Root = parseLines(lines).Root
	}
	if h.Text() != n.Text {
		return nil, &RefusedError{"heads", fmt.Sprintf("they are not those of the checkpoint at #%d", of.Size)}
	}
	return h, nil
}

// parseLines reads what it can: the caller compares the text.
func parseLines(lines []string) (c Checkpoint) {
	c.Origin = lines[0]
	c.Size, _ = strconv.ParseUint(lines[1], 10, 64)
	root, _ := base64.StdEncoding.DecodeString(lines[2])
	copy(c.Root[:], root)
	if words := strings.Split(lines[3], " "); len(words) == 3 && words[0] == "access" {
		c.Access.Size, _ = strconv.ParseUint(words[1], 10, 64)
		root, _ := base64.StdEncoding.DecodeString(words[2])
		copy(c.Access.Root[:], root)
	}
	return c
}

// Sign signs a text by the ledger's key.
func Sign(text string, signer note.Signer) ([]byte, error) {
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		return nil, fmt.Errorf("sign the checkpoint: %w", err)
	}
	return signed, nil
}

// MaxNote bounds the size of a signed note in bytes: room for some 60 witnesses.
const MaxNote = 16 << 10

// openNote verifies a note by a key, which must have signed it.
func openNote(what string, signed []byte, key note.Verifier, others ...note.Verifier) (*note.Note, error) {
	if len(signed) > MaxNote {
		return nil, &RefusedError{what, "it is too long"}
	}
	n, err := note.Open(signed, note.VerifierList(append([]note.Verifier{key}, others...)...))
	if err != nil {
		return nil, &RefusedError{what, err.Error()}
	}
	if !slices.ContainsFunc(n.Sigs, func(s note.Signature) bool { return s.Name == key.Name() && s.Hash == key.KeyHash() }) {
		return nil, &RefusedError{what, "it is not signed by " + key.Name()}
	}
	if err := canonical(signed); err != nil {
		return nil, &RefusedError{what, err.Error()}
	}
	return n, nil
}

// canonical refuses signatures that stand twice, or whose base64 has loose bits: a note
// that proves something has one form.
func canonical(signed []byte) error {
	_, signatures, _ := cutLast(string(signed), "\n\n")
	seen := map[string]bool{}
	for line := range strings.Lines(signatures) {
		name, text, _ := cutLast(strings.TrimSuffix(line, "\n"), " ")
		b, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil || len(b) < 5 {
			return errors.New("a signature is malformed")
		}
		if id := name + string(b[:4]); seen[id] {
			return errors.New("a signature stands twice")
		} else {
			seen[id] = true
		}
	}
	return nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// A ForkError reports a checkpoint that was signed and is not part of the records
// as they are now: they were altered, shortened or replaced. Both are proof.
type ForkError struct {
	Signed Checkpoint
	Root   tlog.Hash // of the records now, at the same size; zero when they end before
	Size   uint64    // of the records now
}

func (e *ForkError) Error() string {
	what := "records"
	if strings.HasSuffix(e.Signed.Origin, looksOrigin) {
		what = "looks at identifying data"
	}
	if e.Size < e.Signed.Size {
		return fmt.Sprintf("compare with the checkpoint at #%d: the %s end at #%d", e.Signed.Size, what, e.Size)
	}
	return fmt.Sprintf("compare with the checkpoint at #%d: its root is %s, that of the %s is %s", e.Signed.Size, e.Signed.Root, what, e.Root)
}

// A Log is Merkle-hashed records: an archive is one.
type Log interface {
	tlog.HashReader
	Tree() tlog.Tree
}

// Consistent proves that a checkpoint's records are the first ones of log, or
// returns a [*ForkError].
func Consistent(c Checkpoint, log Log) (tlog.TreeProof, error) {
	tree := log.Tree()
	if c.Size > uint64(tree.N) {
		return nil, &ForkError{Signed: c, Size: uint64(tree.N)}
	}
	root, err := tlog.TreeHash(int64(c.Size), log)
	if err != nil {
		return nil, err
	}
	if root != c.Root {
		return nil, &ForkError{c, root, uint64(tree.N)}
	}
	if c.Size == 0 {
		return nil, nil
	}
	proof, err := tlog.ProveTree(tree.N, int64(c.Size), log)
	if err == nil {
		err = tlog.CheckTree(proof, tree.N, tree.Hash, int64(c.Size), c.Root)
	}
	if err != nil {
		return nil, fmt.Errorf("compare with the checkpoint at #%d: %w", c.Size, err)
	}
	return proof, nil
}
