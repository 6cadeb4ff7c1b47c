package app

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/note"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/replay/archive"
	"caseledger/replay/bundle"
	"caseledger/replay/checkpoint"
	"caseledger/replay/durable"
)

// ArchiveDir is where the second copy of the records lies.
func (p Place) ArchiveDir() string { return cmp.Or(p.Archive, p.path(archiveDir)) }

// LooksArchiveDir is where the second copy of the looks lies: in that of the records.
func (p Place) LooksArchiveDir() string { return filepath.Join(p.ArchiveDir(), looksArchiveDir) }

const looksArchiveDir = "access"

// SigningKey is the file of the key that signs checkpoints, unless it is kept
// elsewhere.
func (p Place) SigningKey() string { return p.path(signingFile) }

// proving is the part of a [Ledger] that proves. One command at a time has it.
type proving struct {
	sync.Mutex
	archive atomic.Pointer[archive.Archive] // nil until it is first needed; read without the lock, too
	looks   *archive.Archive                // of the stream ACCESS, likewise
}

// NoArchiveError reports that the archive is not where it was: perhaps a disk is
// not mounted. None is made in its place unasked.
type NoArchiveError struct{ Dir string }

func (e *NoArchiveError) Error() string {
	return fmt.Sprintf("open archive %s: there is no archive here, and checkpoints were signed over one", e.Dir)
}

// Hint says what a person can do about it.
func (e *NoArchiveError) Hint() string {
	return "name its directory with --archive or CASELEDGER_ARCHIVE; if it is lost: caseledger audit repair --archive-from-stream"
}

// Archive returns the archive, opened when it is first asked for. A ledger that
// never had one gets it when create is set, else [archive.ErrNotFound].
func (l *Ledger) Archive(create bool) (*archive.Archive, error) {
	l.proof.Lock()
	defer l.proof.Unlock()
	return l.openArchive(create)
}

func (l *Ledger) openArchive(create bool) (*archive.Archive, error) {
	if a := l.proof.archive.Load(); a != nil {
		return a, nil
	}
	dir := l.Place.ArchiveDir()
	a, err := archive.Open(dir)
	if errors.Is(err, archive.ErrNotFound) {
		promised, promiseErr := l.promise()
		switch {
		case promiseErr != nil:
			return nil, promiseErr
		case promised != nil:
			return nil, &NoArchiveError{dir}
		case create:
			a, err = archive.Create(dir)
		}
	}
	if err != nil {
		return nil, err
	}
	l.proof.archive.Store(a)
	return a, nil
}

// LooksArchive is [Ledger.Archive] for the looks. An archive that was made before
// looks were archived has none, unless create is set.
func (l *Ledger) LooksArchive(create bool) (*archive.Archive, error) {
	l.proof.Lock()
	defer l.proof.Unlock()
	return l.openLooksArchive(create)
}

func (l *Ledger) openLooksArchive(create bool) (*archive.Archive, error) {
	if l.proof.looks != nil {
		return l.proof.looks, nil
	}
	dir := l.Place.LooksArchiveDir()
	a, err := archive.Open(dir)
	if errors.Is(err, archive.ErrNotFound) {
		promised, promiseErr := l.promisesLooks()
		switch {
		case promiseErr != nil:
			return nil, promiseErr
		case promised:
			return nil, &NoArchiveError{dir}
		case create:
			a, err = archive.Create(dir)
		}
	}
	if err != nil {
		return nil, err
	}
	l.proof.looks = a
	return a, nil
}

// promisesLooks reports whether the last signed checkpoint covers the looks. Whether
// it is the ledger's own is for others to find.
func (l *Ledger) promisesLooks() (bool, error) {
	promised, err := l.promise()
	return bytes.Contains(promised, []byte("\naccess ")), err
}

// CatchUpArchive brings the archive of both streams up to them, without signing it,
// and returns that of the records.
func (l *Ledger) CatchUpArchive(ctx context.Context) (*archive.Archive, error) {
	l.proof.Lock()
	defer l.proof.Unlock()
	a, err := l.openArchive(false)
	if err != nil {
		return nil, err
	}
	return a, l.catchUpArchives(ctx, nil)
}

// catchUpArchives brings both archives up to their streams, that of the looks first: whoever was
// looked at is on record then. The caller holds proof.
func (l *Ledger) catchUpArchives(ctx context.Context, progress func(done, total uint64)) error {
	looks, err := l.openLooksArchive(true)
	if err != nil {
		return err
	}
	log, err := l.openLooks(ctx)
	if err != nil {
		return err
	}
	if _, err := looks.CatchUp(ctx, log, nil); err != nil {
		return err
	}
	_, err = l.proof.archive.Load().CatchUp(ctx, l.Log, progress)
	return err
}

// FollowArchive keeps an archive that the ledger has behind the stream until ctx
// ends, looking for new records at every tick. The first error of a row of them is
// told; records are taken all the same, and the next tick tries again.
func (l *Ledger) FollowArchive(ctx context.Context, ticks <-chan time.Time, tell func(error)) {
	told := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
		_, err := l.CatchUpArchive(ctx)
		failed := err != nil && !errors.Is(err, archive.ErrNotFound) && ctx.Err() == nil
		if failed && !told {
			tell(err)
		}
		told = failed
	}
}

// promise returns the copy of the last signed checkpoint, nil when there is none.
func (l *Ledger) promise() ([]byte, error) {
	b, err := os.ReadFile(l.Place.path(promiseFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the checkpoint: %w", err)
	}
	return b, nil
}

// agreesWithArchive is part of the boot gate: each stream still holds the record
// that its archive ends with.
func (l *Ledger) agreesWithArchive(ctx context.Context) error {
	a, err := l.Archive(false)
	if err != nil {
		return unlessMissing(err)
	}
	if err := a.Agrees(ctx, l.Log); err != nil {
		return err
	}
	looks, err := l.LooksArchive(false)
	if err != nil {
		return unlessMissing(err)
	}
	log, err := l.openLooks(ctx)
	if err != nil {
		return err
	}
	return looks.Agrees(ctx, log)
}

// unlessMissing passes over an archive that is not there: what needs it says so.
func unlessMissing(err error) error {
	var missing *NoArchiveError
	if errors.Is(err, archive.ErrNotFound) || errors.As(err, &missing) {
		return nil
	}
	return err
}

// Key returns the ledger's public key.
func (l *Ledger) Key() (note.Verifier, error) {
	key, err := note.NewVerifier(l.App.Ledger.VerifierKey)
	if err != nil {
		return nil, fmt.Errorf("read the ledger's public key: %w", err)
	}
	return key, nil
}

// A SigningKeyError reports a signing key that is not there or cannot be used.
type SigningKeyError struct {
	Path string
	Err  error
}

func (e *SigningKeyError) Error() string {
	return fmt.Sprintf("read the signing key %s: %v", e.Path, e.Err)
}

func (e *SigningKeyError) Unwrap() error { return e.Err }

// Hint says what a person can do about it.
func (e *SigningKeyError) Hint() string {
	return "name the file that init made with --signing-key, from its backup if need be"
}

// ReadSigner reads a private key that init made.
func ReadSigner(path string) (note.Signer, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, &SigningKeyError{path, err}
	}
	signer, err := note.NewSigner(strings.TrimSpace(string(b)))
	if err != nil {
		return nil, &SigningKeyError{path, errors.New("it is malformed")} // never what stands in it
	}
	return signer, nil
}

// A Cosigner asks a witness on another host for its cosignature.
type Cosigner interface {
	Verifier() note.Verifier
	// Cosign returns signature lines for a checkpoint of log.
	Cosign(ctx context.Context, signed *checkpoint.Signed, log checkpoint.Log) (lines string, err error)
}

// Checkpoint brings the archive up to both streams, and then signs all of it; see
// [checkpoint.Issue]. Witnesses are asked afterwards: an error of one is
// returned beside the checkpoint, which stands. progress may be nil.
func (l *Ledger) Checkpoint(ctx context.Context, signer note.Signer, witnesses []Cosigner, progress func(done, total uint64)) (*checkpoint.State, error) {
	l.proof.Lock()
	defer l.proof.Unlock()
	key, err := l.Key()
	if err != nil {
		return nil, err
	}
	a, err := l.openArchive(true)
	if err != nil {
		return nil, err
	}
	if err := l.catchUpArchives(ctx, progress); err != nil {
		return nil, err
	}
	var earlier [][]byte
	switch promised, err := l.promise(); {
	case err != nil:
		return nil, err
	case promised != nil:
		earlier = append(earlier, promised)
	}
	s, err := checkpoint.Issue(ctx, a, l.proof.looks, key, signer, earlier, progress)
	if err != nil {
		return nil, err
	}
	asked := l.cosign(ctx, a, s, key, witnesses)
	if err := durable.Replace(l.Place.path(promiseFile), s.Signed.Note); err != nil {
		return nil, fmt.Errorf("keep the checkpoint: %w", err)
	}
	return s, asked
}

// cosign asks the witnesses and adds what they give.
func (l *Ledger) cosign(ctx context.Context, a *archive.Archive, s *checkpoint.State, key note.Verifier, witnesses []Cosigner) error {
	if len(witnesses) == 0 {
		return nil
	}
	var faults []error
	var lines string
	var verifiers []note.Verifier
	for _, w := range witnesses {
		given, err := w.Cosign(ctx, s.Signed, a)
		if err != nil {
			faults = append(faults, fmt.Errorf("ask witness %s: %w", w.Verifier().Name(), err))
			continue
		}
		lines += given
		verifiers = append(verifiers, w.Verifier())
	}
	signed, err := checkpoint.AddCosignatures(s.Signed, lines, key, verifiers...)
	if err != nil {
		return errors.Join(append(faults, err)...)
	}
	for _, v := range verifiers {
		if !slices.Contains(signed.Cosigned, v.Name()) {
			faults = append(faults, fmt.Errorf("ask witness %s: what it gave is not its cosignature", v.Name()))
		}
	}
	s.Signed = signed
	return errors.Join(append(faults, a.PutFile(archive.CheckpointFile, signed.Note))...)
}

// Bundle makes the bundle of a client as of the last checkpoint. A client without
// records up to there yields a [*projections.NotFoundError], unless absent is
// set: the bundle then proves that there are none. An auditor's bundle holds what was
// billed for the client, too, and with it lines of other clients.
func (l *Ledger) Bundle(ctx context.Context, client string, absent, auditor bool) (made []byte, err error) {
	a, err := l.Archive(false)
	if err != nil {
		return nil, err
	}
	key, err := l.Key()
	if err != nil {
		return nil, err
	}
	if _, err := l.CatchUp(ctx); err != nil {
		return nil, err
	}
	l.proof.Lock() // the heads belong to the checkpoint
	s, err := checkpoint.Load(a, key)
	l.proof.Unlock()
	if err != nil {
		return nil, err
	}
	_, hasCase, err := s.Heads.Head(events.SubjectOf(events.KindCase, client))
	if err != nil {
		return nil, err
	}
	_, hasLetter, err := s.Heads.Head(events.SubjectOf(events.KindLetter, client))
	if err != nil {
		return nil, err
	}
	if !hasCase && !hasLetter && !absent {
		return nil, &projections.NotFoundError{Name: fmt.Sprintf("%s up to the checkpoint at #%d", client, s.Signed.Size)}
	}
	err = l.Views.Read(func(snap *projections.Snapshot) error {
		make := bundle.Make
		if auditor {
			make = bundle.MakeForAuditor
		}
		made, err = make(client, s, a, snap.History, key)
		return err
	})
	return made, err
}
