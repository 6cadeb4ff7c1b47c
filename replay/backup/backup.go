// Package backup answers one question: can a lost ledger be had again from one file?
//
// A backup holds every record of both streams, byte for byte and in order, the last
// signed checkpoint with its heads and, unless that is left out, the key that signs.
// It never holds a key that unseals: those have a backup of their own, which expires.
// What identifies a person stands in it sealed, as it does in the records, so that
// destroying the person's key reaches every backup that was ever made (R32).
//
// The file is encrypted by age (age-encryption.org/v1) for the public keys of those
// who may restore it. Below the encryption it is, in this order:
//
//	caseledger backup 1\n
//	MANIFEST\n             one line of JSON: ledger, key, time, numbers of records, files
//	FILE ...               in MANIFEST's order, each as many bytes as it says
//	RECORD ...             those of LEDGER, then those of ACCESS, as many as MANIFEST says:
//	                       each its length in two bytes, big-endian, and its bytes
//	SHA-256                of everything before, 32 bytes
//
// The n-th record is the one at position n. Writing and reading take memory for a
// few hundred records and 72 bytes for each subject, however long the streams are.
package backup

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
	"slices"

	"github.com/go-json-experiment/json"

	"caseledger/events"
	"caseledger/replay/audit"
)

const (
	magic = "caseledger backup 1\n"

	// maxManifest bounds the manifest in bytes.
	maxManifest = 16 << 10

	// batch is the number of records that are read at a time.
	batch = 256
)

// The files that a backup may hold.
const (
	Checkpoint = "checkpoint"  // the last signed checkpoint
	HeadsNote  = "heads.note"  // the signed note of its heads
	Heads      = "heads"       // the heads themselves
	SigningKey = "signing.key" // the private key that signs checkpoints
)

// A Manifest says what a backup holds.
type Manifest struct {
	Ledger      string         `json:"ledger"`
	VerifierKey string         `json:"verifier_key"` // the ledger's public key
	Created     events.Instant `json:"created"`
	Records     uint64         `json:"records"` // of LEDGER
	Looks       uint64         `json:"looks"`   // of ACCESS
	Files       []File         `json:"files"`
}

// A File is a file of a backup.
type File struct {
	Name string `json:"name"`
	Size int64  `json:"size"`

	Content []byte `json:"-"` // for writing
}

// Has reports whether the backup holds a file.
func (m *Manifest) Has(name string) bool {
	return slices.ContainsFunc(m.Files, func(f File) bool { return f.Name == name })
}

// A RefusedError reports a backup that is not what was written: cut short,
// altered, or of something else. Nothing in it is to be trusted.
type RefusedError struct{ Reason error }

func (e *RefusedError) Error() string { return "read the backup: " + e.Reason.Error() }
func (e *RefusedError) Unwrap() error { return e.Reason }

// Write writes a backup of the first records of both streams, as many as m says,
// unencrypted; see [Encrypt]. It returns the hash over everything that was written.
func Write(ctx context.Context, to io.Writer, m Manifest, records, looks audit.Source, progress func(done, total uint64)) (sum events.Hash, err error) {
	w := &writer{sum: sha256.New()}
	w.Writer = bufio.NewWriterSize(io.MultiWriter(to, w.sum), 1<<18)
	header, err := json.Marshal(m)
	if err != nil {
		return sum, fmt.Errorf("write the backup: %w", err)
	}
	if _, err := w.WriteString(magic + string(header) + "\n"); err != nil {
		return sum, fmt.Errorf("write the backup: %w", err)
	}
	for _, f := range m.Files {
		if _, err := w.Writer.Write(f.Content); err != nil {
			return sum, fmt.Errorf("write the backup: %w", err)
		}
	}
	total := m.Records + m.Looks
	if err := w.records(ctx, records, m.Records, 0, total, progress); err != nil {
		return sum, err
	}
	if err := w.records(ctx, looks, m.Looks, m.Records, total, progress); err != nil {
		return sum, err
	}
	if err := w.Flush(); err != nil {
		return sum, fmt.Errorf("write the backup: %w", err)
	}
	w.sum.Sum(sum[:0])
	if _, err := to.Write(sum[:]); err != nil {
		return sum, fmt.Errorf("write the backup: %w", err)
	}
	return sum, nil
}

type writer struct {
	*bufio.Writer
	sum hash.Hash
}

func (w *writer) records(ctx context.Context, src audit.Source, n, done, total uint64, progress func(done, total uint64)) error {
	if n == 0 {
		return nil
	}
	next := uint64(1)
	return src.Read(ctx, 1, n, func(batch []events.Message) error {
		for _, m := range batch {
			if m.Sequence != next {
				return &events.DamageError{Sequence: next, Detail: fmt.Sprintf("record #%d comes in its place", m.Sequence)}
			}
			var length [2]byte
			binary.BigEndian.PutUint16(length[:], uint16(len(m.Data)))
			_, err := w.Write(length[:])
			if err == nil {
				_, err = w.Write(m.Data)
			}
			if err != nil {
				return fmt.Errorf("write the backup: %w", err)
			}
			next++
		}
		if progress != nil {
			progress(done+next-1, total)
		}
		return nil
	})
}
