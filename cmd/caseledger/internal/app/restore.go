package app

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/mod/sumdb/note"

	"caseledger/events"
	"caseledger/events/jetstream"
	"caseledger/events/natsserver"
	"caseledger/replay/archive"
	"caseledger/replay/audit"
	"caseledger/replay/backup"
	"caseledger/replay/checkpoint"
	"caseledger/replay/durable"
	"caseledger/replay/repair"
)

// RestoreOptions say what a ledger is restored from.
type RestoreOptions struct {
	Backup     string        // the file
	Identities string        // the file with the private keys
	Key        note.Verifier // the ledger's public key that somebody kept; nil: the one in the backup is believed
	Progress   func(what string, done, total uint64)
}

func (o *RestoreOptions) progress(what string) func(done, total uint64) {
	if o.Progress == nil {
		return nil
	}
	return func(done, total uint64) { o.Progress(what, done, total) }
}

// Restore makes a ledger of a backup, in a place that is empty: its archive first, out of
// that both streams, in an embedded server or on the one that the place names, each verified
// after it was written. Views are built when it is opened. It has no keys that unseal: those
// have a backup of their own. When it fails, what it made is taken away again, but for streams
// on another server, which are its operator's to delete; when it is killed, the next one does that.
func Restore(ctx context.Context, p Place, o RestoreOptions) (v *backup.Verified, err error) {
	identities, err := backup.ReadIdentities(o.Identities)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(o.Backup)
	if err != nil {
		return nil, fmt.Errorf("read the backup: %w", err)
	}
	defer f.Close()
	plain, err := backup.Decrypt(f, o.Backup, identities...)
	if err != nil {
		return nil, err
	}
	m, err := begin(p.Dir, "restore")
	if err != nil {
		return nil, err
	}
	defer func() { err = m.end(err) }()
	t := &restoring{place: p}
	if v, err = backup.Read(ctx, plain, t, backup.Expect{Key: o.Key}, o.progress("reading and verifying:")); err == nil {
		err = t.finish(ctx, v, o)
	}
	if err != nil && t.records != nil && p.Archive != "" { // outside of what is being made
		err = errors.Join(err, os.RemoveAll(p.ArchiveDir()))
	}
	return v, err
}

// restoring takes what is in a backup into the archives of a place.
type restoring struct {
	place          Place
	records, looks *archive.Archive
	held           [2][][]byte // not yet appended: of records, of looks
	size           [2]int
}

// Begin implements [backup.Target].
func (t *restoring) Begin(*backup.Manifest) (err error) {
	if t.records, err = archive.Create(t.place.ArchiveDir()); err != nil {
		return err
	}
	t.looks, err = archive.Create(t.place.LooksArchiveDir())
	return err
}

// File implements [backup.Target].
func (t *restoring) File(name string, content []byte, of *checkpoint.Signed) error {
	switch name {
	case backup.SigningKey:
		return writePrivate(t.place.SigningKey(), string(content))
	case backup.Checkpoint:
		return durable.Replace(t.place.path(promiseFile), content)
	case backup.HeadsNote:
		return checkpoint.PutHeads(t.records, of, content, nil)
	case backup.Heads:
		return checkpoint.PutHeads(t.records, of, nil, content)
	}
	return nil
}

// Records implements [backup.Target].
func (t *restoring) Records(batch []events.Message) error { return t.take(0, t.records, batch) }

// Looks implements [backup.Target].
func (t *restoring) Looks(batch []events.Message) error { return t.take(1, t.looks, batch) }

// heldBytes bounds what is kept in memory before it goes to an archive.
const heldBytes = 8 << 20

func (t *restoring) take(which int, to *archive.Archive, batch []events.Message) error {
	for _, m := range batch {
		t.held[which] = append(t.held[which], m.Data)
		t.size[which] += len(m.Data)
	}
	if t.size[which] < heldBytes {
		return nil
	}
	return t.flush(which, to)
}

func (t *restoring) flush(which int, to *archive.Archive) error {
	err := to.Append(t.held[which])
	t.held[which], t.size[which] = nil, 0
	return err
}

// finish writes the streams out of the archives, and puts the checkpoint in its place.
func (t *restoring) finish(ctx context.Context, v *backup.Verified, o RestoreOptions) error {
	if err := errors.Join(t.flush(0, t.records), t.flush(1, t.looks)); err != nil {
		return err
	}
	s, err := connect(t.place, natsserver.Config{Unsynced: true}) // synced as a whole below
	if err != nil {
		return err
	}
	err = t.fillStreams(ctx, s.config, v.Report.Ledger, o)
	s.close()
	if err == nil && t.place.URL == "" {
		err = syncTree(t.place.path(streamDir))
	}
	if err != nil || v.Checkpoint == nil || !v.Has(backup.Heads) {
		return err
	}
	if err := t.records.PutFile(archive.CheckpointFile, v.Checkpoint.Note); err != nil {
		return err
	}
	key, err := note.NewVerifier(v.VerifierKey)
	if err == nil {
		_, err = checkpoint.Load(t.records, key)
	}
	return err
}

// fillStreams makes both streams, writes them and verifies them as they then stand.
func (t *restoring) fillStreams(ctx context.Context, c jetstream.Config, ledger events.LedgerCreated, o RestoreOptions) error {
	for i, a := range []*archive.Archive{t.records, t.looks} {
		c.Stream = streamsOf[i]
		if err := jetstream.Create(ctx, c); err != nil {
			return err
		}
		log, err := jetstream.Open(ctx, c)
		if err != nil {
			return err
		}
		_, err = repair.Fill(ctx, log, []repair.Source{{Name: "backup", Read: a, Proven: true}}, o.progress(fmt.Sprintf("writing %s:", c.Stream)))
		if err == nil {
			tree := a.Tree()
			expect := []audit.Expectation{{What: "the backup", Size: uint64(tree.N), Root: tree.Hash}}
			if c.Stream == jetstream.Ledger {
				_, err = audit.Verify(ctx, log, expect, o.progress("verifying LEDGER:"))
			} else {
				_, err = audit.VerifyLooks(ctx, log, ledger, expect, nil)
			}
		}
		if err := errors.Join(err, log.Close()); err != nil {
			return fmt.Errorf("restore %s: %w", c.Stream, err)
		}
	}
	return nil
}

var _ backup.Target = (*restoring)(nil)
