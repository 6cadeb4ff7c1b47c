package backup

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"

	"github.com/go-json-experiment/json"
	"golang.org/x/mod/sumdb/note"

	"caseledger/events"
	"caseledger/replay/audit"
	"caseledger/replay/checkpoint"
)

// A Target takes what a backup holds, in order, while it is read. What it took counts
// only when [Read] has returned without an error.
type Target interface {
	// Begin is told what comes.
	Begin(*Manifest) error
	// File gets a file. checkpoint is what the backup's checkpoint says.
	File(name string, content []byte, checkpoint *checkpoint.Signed) error
	// Records and Looks get consecutive records; they may keep the slice.
	Records([]events.Message) error
	Looks([]events.Message) error
}

// A Verified backup is one that was read to its end and holds.
type Verified struct {
	Manifest
	Checkpoint *checkpoint.Signed // nil when none was signed
	Report     *audit.Report      // with Looks
	Sum        events.Hash
}

// Expect is what is known elsewhere of the ledger that a backup is of.
type Expect struct {
	Key            note.Verifier // its public key; nil: the one in the backup is believed
	Records, Looks []audit.Expectation
}

// Read reads a backup to its end and verifies it: every record of both streams as
// package audit does, against the checkpoint in it and what else is expected. to may be
// nil. A backup that does not hold yields a [*RefusedError], or what package audit says.
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
	if err := r.files(v, to, &expect); err != nil {
		return nil, err
	}
	if err := r.streams(ctx, v, to, expect, progress); err != nil {
		return nil, err
	}
	if err := r.end(v); err != nil {
		return nil, refuse(err)
	}
	return v, nil
}

// files reads the files, and expects of the records what the checkpoint says.
func (r *reader) files(v *Verified, to Target, expect *Expect) error {
	key, err := note.NewVerifier(v.VerifierKey)
	switch {
	case err != nil:
		return refuse(fmt.Errorf("the ledger's public key in it is malformed: %w", err))
	case expect.Key != nil && (expect.Key.Name() != key.Name() || expect.Key.KeyHash() != key.KeyHash()):
		return refuse(fmt.Errorf("it is of the ledger with the key %s", v.VerifierKey))
	}
	for _, f := range v.Files {
		content := make([]byte, 0, min(f.Size, 1<<20)) // what it says of itself may be wrong
		buffer := bytes.NewBuffer(content)
		if _, err := io.CopyN(buffer, r, f.Size); err != nil {
			return refuse(err)
		}
		switch f.Name {
		case Checkpoint:
			if v.Checkpoint, err = checkpoint.Open(buffer.Bytes(), key); err != nil {
				return refuse(err)
			}
			expect.checkpoint(v.Checkpoint.Checkpoint)
		case HeadsNote:
			if v.Checkpoint == nil {
				return refuse(errors.New("it holds heads and no checkpoint"))
			}
			h, err := checkpoint.OpenHeads(buffer.Bytes(), key, v.Checkpoint.Checkpoint)
			if err != nil {
				return refuse(err)
			}
			expect.Records = append(expect.Records, audit.Expect("the heads in the backup", h.Checkpoint, h))
		}
		if to != nil {
			if err := to.File(f.Name, buffer.Bytes(), v.Checkpoint); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *Expect) checkpoint(c checkpoint.Checkpoint) {
	const what = "the checkpoint in the backup"
	e.Records = append(slices.Clone(e.Records), audit.Expect(what, c, nil))
	if of, said := c.Looks(); said {
		e.Looks = append(slices.Clone(e.Looks), audit.Expect(what, of, nil))
	}
}

// streams reads the records of both streams.
func (r *reader) streams(ctx context.Context, v *Verified, to Target, expect Expect, progress func(done, total uint64)) (err error) {
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

// end reads the hash at the end.
func (r *reader) end(v *Verified) error {
	r.sum.Sum(v.Sum[:0])
	var written events.Hash
	if _, err := io.ReadFull(r.Reader, written[:]); err != nil {
		return err
	}
	if written != v.Sum {
		return errors.New("its bytes do not have the hash at its end")
	}
	if _, err := r.Reader.ReadByte(); err != io.EOF {
		return errors.Join(errors.New("it goes on after its end"), err)
	}
	return nil
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
