package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"caseledger/events"
	"caseledger/events/jetstream"
	"caseledger/replay/archive"
	"caseledger/replay/audit"
	"caseledger/replay/backup"
	"caseledger/replay/checkpoint"
	"caseledger/replay/durable"
)

// BackupOptions say what is backed up, and for whom.
type BackupOptions struct {
	To         string   // a new file, or a directory in which one is made
	Recipients []string // age public keys, as text
	// WithoutSigningKey leaves out the key that signs checkpoints: it is kept
	// elsewhere, or those who may restore are not to sign.
	WithoutSigningKey bool
	Progress          func(what string, done, total uint64)
}

// A BackedUp ledger is in a file that was read back and verified.
type BackedUp struct {
	*backup.Verified
	Path  string
	Bytes int64
}

// Backup writes both streams, as they are now, the last checkpoint and the signing key
// to an encrypted file, and reads all of it back from there. Records may be appended
// meanwhile; those are in the next one. When it fails, no file is left.
func (l *Ledger) Backup(ctx context.Context, o BackupOptions) (_ *BackedUp, err error) {
	recipients, err := backup.ParseRecipients(o.Recipients)
	if err != nil {
		return nil, &InputError{Field: "recipient", Problem: err.Error()}
	}
	s, err := l.snapshot(ctx, o)
	if err != nil {
		return nil, err
	}
	path, err := newFile(o.To, fmt.Sprintf("%s-%s-%d.backup.age", s.Ledger, s.Created.Time().UTC().Format("20060102T150405Z"), s.Records))
	if err != nil {
		return nil, err
	}
	// Only its owner can read it, and it has its name only when it is complete.
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".")
	if err != nil {
		return nil, fmt.Errorf("write the backup: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	encrypted, own, err := backup.Encrypt(f, recipients)
	var sum events.Hash
	if err == nil {
		sum, err = backup.Write(ctx, encrypted, s.Manifest, l.Log, s.looks, o.progress("backing up:"))
		err = errors.Join(err, encrypted.Close(), f.Sync())
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	made := &BackedUp{Path: path}
	if made.Verified, made.Bytes, err = readBack(ctx, f.Name(), func(r io.Reader) (io.Reader, error) {
		return backup.Decrypt(r, path, own())
	}, s.expect, o.progress("reading it back:")); err != nil {
		return nil, err
	}
	if made.Sum != sum {
		return nil, fmt.Errorf("read the backup %s back: it is not what was written", path)
	}
	if err := errors.Join(os.Rename(f.Name(), path), durable.SyncDir(filepath.Dir(path))); err != nil {
		return nil, fmt.Errorf("write the backup: %w", err)
	}
	return made, nil
}

func (o *BackupOptions) progress(what string) func(done, total uint64) {
	if o.Progress == nil {
		return nil
	}
	return func(done, total uint64) { o.Progress(what, done, total) }
}

// newFile returns the path of a file that is not there yet: to, or name in it.
func newFile(to, name string) (string, error) {
	if info, err := os.Stat(to); err == nil && info.IsDir() {
		to = filepath.Join(to, name)
	}
	switch _, err := os.Stat(to); {
	case err == nil:
		return "", &InputError{Field: "to", Problem: fmt.Sprintf("%s exists already: a backup never replaces a file", to)}
	case !errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("write the backup: %w", err)
	}
	return to, nil
}

func readBack(ctx context.Context, path string, decrypt func(io.Reader) (io.Reader, error), expect backup.Expect, progress func(done, total uint64)) (*backup.Verified, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, fmt.Errorf("read the backup back: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, 0, fmt.Errorf("read the backup back: %w", err)
	}
	plain, err := decrypt(f)
	if err != nil {
		return nil, 0, err
	}
	v, err := backup.Read(ctx, plain, nil, expect, progress)
	return v, info.Size(), err
}

// A snapshot is what a backup is made of.
type snapshot struct {
	backup.Manifest
	looks  events.Log
	expect backup.Expect
}

// snapshot fixes what is backed up. What was promised comes first, then the looks, then
// the records: each rests on those after it.
func (l *Ledger) snapshot(ctx context.Context, o BackupOptions) (s snapshot, err error) {
	s.Created, _ = l.Now()
	s.Ledger, s.VerifierKey = l.Ledger.Name, l.Ledger.VerifierKey
	if s.expect.Key, err = l.Key(); err != nil {
		return s, err
	}
	if err := l.promised(&s); err != nil {
		return s, err
	}
	if !o.WithoutSigningKey {
		key, err := os.ReadFile(l.Place.SigningKey())
		switch {
		case err == nil:
			s.add(backup.SigningKey, key)
		case !errors.Is(err, fs.ErrNotExist): // else it is kept elsewhere
			return s, fmt.Errorf("read the signing key: %w", err)
		}
	}
	if s.looks, err = l.openLooks(ctx); err != nil {
		return s, err
	}
	if s.Manifest.Looks, err = s.looks.Head(ctx); err != nil {
		return s, err
	}
	s.Manifest.Records, err = l.Log.Head(ctx)
	return s, err
}

func (s *snapshot) add(name string, content []byte) {
	s.Files = append(s.Files, backup.File{Name: name, Size: int64(len(content)), Content: content})
}

// promised adds the last checkpoint, with its heads where there is an archive. Without
// one a backup is all the more needed.
func (l *Ledger) promised(s *snapshot) error {
	l.proof.Lock()
	defer l.proof.Unlock()
	a, err := l.openArchive(false)
	var missing *NoArchiveError
	if errors.Is(err, archive.ErrNotFound) || errors.As(err, &missing) {
		signed, err := l.promise()
		if signed != nil {
			s.add(backup.Checkpoint, signed)
		}
		return err
	}
	if err != nil {
		return err
	}
	tree := a.Tree()
	s.expect.Records = append(s.expect.Records, audit.Expectation{What: "the archive", Size: uint64(tree.N), Root: tree.Hash})
	state, err := checkpoint.Load(a, s.expect.Key)
	if errors.Is(err, checkpoint.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	s.add(backup.Checkpoint, state.Signed.Note)
	s.add(backup.HeadsNote, state.Note)
	s.add(backup.Heads, state.Heads.Marshal())
	return nil
}

// CheckBackup reads a backup to its end and verifies it; see [backup.Read].
func CheckBackup(ctx context.Context, path, identities string, expect backup.Expect, progress func(done, total uint64)) (*backup.Verified, error) {
	keys, err := backup.ReadIdentities(identities)
	if err != nil {
		return nil, err
	}
	v, _, err := readBack(ctx, path, func(r io.Reader) (io.Reader, error) { return backup.Decrypt(r, path, keys...) }, expect, progress)
	return v, err
}

// NewBackupIdentity writes a private key for backups to a new file that only its owner can
// read, and returns the recipient to give to backups.
func NewBackupIdentity(path string) (recipient string, err error) {
	private, recipient, err := backup.NewIdentity()
	if err != nil {
		return "", err
	}
	if err := writePrivate(path, "# recipient: "+recipient+"\n"+private+"\n"); err != nil {
		return "", fmt.Errorf("make a key for backups: %w", err)
	}
	return recipient, nil
}

// streamsOf lists both streams.
var streamsOf = []jetstream.Stream{jetstream.Ledger, jetstream.Access}
