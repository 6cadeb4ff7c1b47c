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
//	RECORD ...             those of LEDGER, then those of ACCESS, as many as MANIFEST says:
//	                       each its length in two bytes, big-endian, and its bytes
//	FILE ...               in MANIFEST's order, each as many bytes as it says
//	SHA-256                of everything before, 32 bytes
//
// The n-th record is the one at position n. Writing and reading take memory for a
// few hundred records, and reading 72 bytes for each subject, however long the streams are.
package backup

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
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

	Content io.Reader `json:"-"` // for writing
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
	total := m.Records + m.Looks
	if err := w.records(ctx, records, m.Records, 0, total, progress); err != nil {
		return sum, err
	}
	if err := w.records(ctx, looks, m.Looks, m.Records, total, progress); err != nil {
		return sum, err
	}
	for _, f := range m.Files {
		if _, err := io.CopyN(w, f.Content, f.Size); err != nil {
			return sum, fmt.Errorf("write the backup: %s: %w", f.Name, err)
		}
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

// A Target takes what a backup holds, in order, while it is read. What it took counts
// only when [Read] has returned without an error.
type Target interface {
	// Begin is told what comes, before anything else.
	Begin(*Manifest) error
	// Records and Looks get consecutive records; they may keep the slice.
	Records([]events.Message) error
	Looks([]events.Message) error
	// File gets a file, and need not read it.
	File(name string, content io.Reader) error
}

// A Read backup was verified: every record of both streams as package audit does.
type Verified struct {
	Manifest
	Report *audit.Report // with Looks
	Sum    events.Hash
}

// Read reads a backup to its end and verifies it, against itself: that the records
// are those that were promised is for the caller to see, by expect. to may be nil. A backup that does not
// hold yields a [*RefusedError], or what package audit says of its records.
func Read(ctx context.Context, from io.Reader, to Target, expect Expect, progress func(done, total uint64)) (*Verified, error) {
	r := &reader{sum: sha256.New()}
	r.Reader = bufio.NewReaderSize(from, 1<<18)
	v := &Verified{}
	if err := r.manifest(&v.Manifest); err != nil {
		return nil, refuse(err)
	}
	if to != nil {
		if err := to.Begin(&v.Manifest); err != nil {
			return nil, err
		}
	}
	if err := r.readBoth(ctx, v, to, expect, progress); err != nil {
		return nil, err
	}
	for _, f := range v.Files {
		content := io.LimitReader(r, f.Size)
		if to != nil {
			if err := to.File(f.Name, content); err != nil {
				return nil, refuse(err)
			}
		}
		rest := content.(*io.LimitedReader)
		if _, err := io.CopyN(io.Discard, rest, rest.N); err != nil {
			return nil, refuse(err)
		}
	}
	r.sum.Sum(v.Sum[:0])
	var written events.Hash
	if _, err := io.ReadFull(r.Reader, written[:]); err != nil {
		return nil, refuse(err)
	}
	if written != v.Sum {
		return nil, refuse(errors.New("its bytes do not have the hash at its end"))
	}
	if _, err := r.Reader.ReadByte(); err != io.EOF {
		return nil, refuse(errors.Join(errors.New("it goes on after its end"), err))
	}
	return v, nil
}

// Expect is what is known of the records of both streams elsewhere.
type Expect struct{ Records, Looks []audit.Expectation }

func (r *reader) readBoth(ctx context.Context, v *Verified, to Target, expect Expect, progress func(done, total uint64)) (err error) {
	total := v.Manifest.Records + v.Manifest.Looks
	show := func(before uint64) func(done, total uint64) {
		if progress == nil {
			return nil
		}
		return func(done, _ uint64) { progress(before+done, total) }
	}
	records := &section{reader: r, n: v.Manifest.Records}
	looks := &section{reader: r, n: v.Manifest.Looks}
	if to != nil {
		records.take, looks.take = to.Records, to.Looks
	}
	if v.Report, err = audit.Verify(ctx, records, expect.Records, show(0)); err != nil {
		return err
	}
	if v.Report.Ledger.Name != v.Ledger || v.Report.Ledger.VerifierKey != v.VerifierKey {
		return refuse(fmt.Errorf("its records are of the ledger %q, and it says %q", v.Report.Ledger.Name, v.Ledger))
	}
	v.Report.Looks, err = audit.VerifyLooks(ctx, looks, v.Report.Ledger, expect.Looks, show(v.Manifest.Records))
	return err
}

// refuse says that a backup cannot be read; what speaks for itself is left alone.
func refuse(err error) error {
	var refused *RefusedError
	switch {
	case errors.As(err, &refused):
		return err
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &RefusedError{errors.New("it is cut short")}
	}
	return &RefusedError{err}
}

// A reader hashes what is read through it.
type reader struct {
	*bufio.Reader
	sum hash.Hash
}

func (r *reader) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	r.sum.Write(b[:n])
	return n, err
}

func (r *reader) manifest(m *Manifest) error {
	begin := make([]byte, len(magic))
	if _, err := io.ReadFull(r, begin); err != nil {
		return err
	}
	if string(begin) != magic {
		return errors.New("it is not a backup of caseledger, or of a later version of it")
	}
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if line = append(line, part...); len(line) > maxManifest {
			return errors.New("its manifest is too long")
		}
		if err == nil {
			break
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
	r.sum.Write(line)
	if err := json.Unmarshal(line, m, json.RejectUnknownMembers(true)); err != nil {
		return fmt.Errorf("its manifest is malformed: %w", err)
	}
	seen := map[string]bool{}
	for _, f := range m.Files {
		if seen[f.Name] || f.Size < 0 || !slices.Contains([]string{Checkpoint, HeadsNote, Heads, SigningKey}, f.Name) {
			return fmt.Errorf("its manifest names the file %q", f.Name)
		}
		seen[f.Name] = true
	}
	return nil
}

// A section is the records of one stream, which can be read once.
type section struct {
	reader *reader
	n      uint64
	take   func([]events.Message) error
}

// Head returns how many records there are.
func (s *section) Head(context.Context) (uint64, error) { return s.n, nil }

// Read reads all of them.
func (s *section) Read(ctx context.Context, from, to uint64, f func([]events.Message) error) error {
	for from <= to {
		n := min(batch, to-from+1)
		messages := make([]events.Message, n)
		for i := range messages {
			data, err := s.reader.record()
			if err != nil {
				return refuse(err)
			}
			messages[i] = events.Message{Sequence: from + uint64(i), Data: data}
		}
		if s.take != nil {
			if err := s.take(messages); err != nil {
				return err
			}
		}
		if err := f(messages); err != nil {
			return err
		}
		from += n
	}
	return ctx.Err()
}

func (r *reader) record() ([]byte, error) {
	var length [2]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	data := make([]byte, binary.BigEndian.Uint16(length[:]))
	_, err := io.ReadFull(r, data)
	return data, err
}
