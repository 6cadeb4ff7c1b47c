// Package witness answers one question: has the ledger shown the same history to
// everybody?
//
// A witness runs on a host that the ledger's owner does not control. It remembers the latest checkpoint
// of each ledger that it knows, and cosigns another one only after a proof that the
// records of the first are the first records of the other (C2SP tlog-witness, add-checkpoint). Whoever
// demands its cosignature cannot be shown a history that was rewritten since.
//
// Its state is a directory: for each ledger the file <SHA-256 of the origin, hexadecimal>, the last checkpoint
// with the cosignature. The file is on the disk before the cosignature is given away.
package witness

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"caseledger/events"
	"caseledger/replay/checkpoint"
	"caseledger/replay/durable"
)

// The status codes of the protocol, which are those of HTTP.
const (
	BadRequest    = 400
	Forbidden     = 403
	NotFound      = 404
	Conflict      = 409
	Unprocessable = 422
	Failed        = 500
)

// An Answer refuses a request.
type Answer struct {
	Status int
	Reason string
	Latest uint64 // of a Conflict: the size that the witness knows
}

func (e *Answer) Error() string { return e.Reason }

// A Witness cosigns checkpoints. It is safe for concurrent use; one process at a
// time may use a directory.
type Witness struct {
	dir      string
	cosigner *checkpoint.Cosigner
	ledgers  map[string]note.Verifier // by origin

	mu sync.Mutex // held from looking at the state until it is replaced
}

// New returns a witness for the ledgers with the given keys. The name of a key
// is the ledger's.
func New(dir string, c *checkpoint.Cosigner, ledgers ...note.Verifier) *Witness {
	w := &Witness{dir: dir, cosigner: c, ledgers: map[string]note.Verifier{}}
	for _, key := range ledgers {
		w.ledgers[key.Name()] = key
	}
	return w
}

// MaxRequest bounds a request in bytes.
const MaxRequest = checkpoint.MaxNote + 64*46

// maxProof bounds a consistency proof.
const maxProof = 63

// FormatRequest writes a request: that the records of old are the first ones of
// signed.
func FormatRequest(old uint64, proof tlog.TreeProof, signed []byte) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "old %d\n", old)
	for _, h := range proof {
		fmt.Fprintf(&b, "%s\n", h)
	}
	return append([]byte(b.String()+"\n"), signed...)
}

// A request is an add-checkpoint request taken apart.
type request struct {
	old    uint64
	proof  tlog.TreeProof
	signed []byte
}

func parseRequest(b []byte) (r request, err error) {
	head, signed, found := strings.Cut(string(b), "\n\n")
	lines := strings.Split(head, "\n")
	size, isOld := strings.CutPrefix(lines[0], "old ")
	if !found || !isOld || len(b) > MaxRequest || len(lines) > 1+maxProof {
		return r, errors.New("it is not an add-checkpoint request")
	}
	if r.old, err = strconv.ParseUint(size, 10, 63); err != nil || strconv.FormatUint(r.old, 10) != size {
		return r, errors.New("the old size is malformed")
	}
	for _, line := range lines[1:] {
		h, err := tlog.ParseHash(line)
		if err != nil || h.String() != line {
			return r, errors.New("a hash of the proof is malformed")
		}
		r.proof = append(r.proof, h)
	}
	r.signed = []byte(signed)
	return r, nil
}

// Add answers an add-checkpoint request as of a time in seconds since 1970: with
// the witness's signature line, or an [*Answer] that refuses it.
func (w *Witness) Add(body []byte, at uint64) (lines string, err error) {
	r, err := parseRequest(body)
	if err != nil {
		return "", &Answer{Status: BadRequest, Reason: err.Error()}
	}
	origin, _, _ := strings.Cut(string(r.signed), "\n")
	key := w.ledgers[origin]
	if key == nil {
		return "", &Answer{Status: NotFound, Reason: "the ledger is not known here"}
	}
	if _, err := note.Open(r.signed, note.VerifierList(key)); err != nil {
		return "", &Answer{Status: Forbidden, Reason: err.Error()}
	}
	s, err := checkpoint.Open(r.signed, key)
	if err != nil {
		return "", &Answer{Status: BadRequest, Reason: err.Error()}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	latest, err := w.latest(origin, key)
	if err != nil {
		return "", &Answer{Status: Failed, Reason: err.Error()}
	}
	if err := follows(r, s.Checkpoint, latest); err != nil {
		return "", err
	}
	lines = w.cosigner.Cosign(s.Text(), at)
	if err := durable.Replace(w.file(origin), append([]byte(s.Text()+"\n"+ownLine(s.Note, key)), lines...)); err != nil {
		return "", &Answer{Status: Failed, Reason: err.Error()}
	}
	return lines, nil
}

// follows demands that a checkpoint continues the latest one.
func follows(r request, c, latest checkpoint.Checkpoint) error {
	wrong := &Answer{Status: Unprocessable, Reason: "the checkpoint is not consistent with the one before it"}
	switch {
	case r.old > c.Size:
		return &Answer{Status: BadRequest, Reason: "the old size is beyond the checkpoint"}
	case r.old != latest.Size:
		return &Answer{Status: Conflict, Reason: "another checkpoint is the latest here", Latest: latest.Size}
	case c.Size == 0 && c.Root != tlog.Hash(events.HashOf(nil)):
		return wrong
	case c.Access.Size < latest.Access.Size, c.Access.Size == latest.Access.Size && c.Access != latest.Access && latest.Access.Size > 0:
		// No proof comes with looks; that they did not grow backwards is seen without.
		return &Answer{Status: Unprocessable, Reason: "the looks in the checkpoint are fewer, or others, than in the one before it"}
	case r.old == 0 || r.old == c.Size:
		if len(r.proof) > 0 || r.old > 0 && c.Root != latest.Root {
			return wrong
		}
	case tlog.CheckTree(r.proof, int64(c.Size), c.Root, int64(latest.Size), latest.Root) != nil:
		return wrong
	}
	return nil
}

// ownLine returns the signature lines of the ledger's own key.
func ownLine(signed []byte, key note.Verifier) string {
	var own strings.Builder
	_, lines, _ := strings.Cut(string(signed), "\n\n")
	for line := range strings.Lines(lines) {
		if strings.HasPrefix(line, "— "+key.Name()+" ") {
			own.WriteString(line)
		}
	}
	return own.String()
}

// latest returns the latest checkpoint of a ledger, a zero one when there is none.
// It was cosigned here, else the state was changed by somebody.
func (w *Witness) latest(origin string, key note.Verifier) (checkpoint.Checkpoint, error) {
	b, err := os.ReadFile(w.file(origin))
	if errors.Is(err, fs.ErrNotExist) {
		return checkpoint.Checkpoint{}, nil
	}
	if err != nil {
		return checkpoint.Checkpoint{}, err
	}
	s, err := checkpoint.Open(b, key, w.cosigner)
	if err != nil {
		return checkpoint.Checkpoint{}, fmt.Errorf("read the witness's state: %w", err)
	}
	if len(s.Cosigned) != 1 {
		return checkpoint.Checkpoint{}, errors.New("read the witness's state: it does not bear the witness's own cosignature")
	}
	return s.Checkpoint, nil
}

// Latest returns the latest checkpoint with the cosignature, by the SHA-256 of its
// origin in hexadecimal, nil when there is none.
func (w *Witness) Latest(originHash string) ([]byte, error) {
	for origin := range w.ledgers {
		if hashOf(origin) == originHash {
			b, err := os.ReadFile(w.file(origin))
			if errors.Is(err, fs.ErrNotExist) {
				return nil, nil
			}
			return b, err
		}
	}
	return nil, nil
}

func (w *Witness) file(origin string) string { return filepath.Join(w.dir, hashOf(origin)) }

func hashOf(origin string) string {
	h := events.HashOf([]byte(origin))
	return hex.EncodeToString(h[:])
}
