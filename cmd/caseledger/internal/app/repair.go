package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/mod/sumdb/note"

	"caseledger/events/jetstream"
	"caseledger/events/natsserver"
	"caseledger/projections"
	"caseledger/replay/archive"
	"caseledger/replay/audit"
	"caseledger/replay/checkpoint"
	"caseledger/replay/durable"
	"caseledger/replay/repair"
)

// A Repaired says what was done.
type Repaired struct {
	Parts    []repair.Part `json:"parts,omitempty"`
	Records  uint64        `json:"records"`
	Looks    uint64        `json:"looks"`     // of the stream ACCESS
	SetAside string        `json:"set_aside"` // where the damaged one lies, untouched
	// LooksLost is how many looks are gone, at least.
	LooksLost uint64 `json:"looks_lost,omitzero"`
}

// RepairOptions say how a repair runs.
type RepairOptions struct {
	Views    []projections.View
	Now      func() time.Time
	Progress func(done, total uint64)
}

// setAside names the place for something damaged.
func setAside(path string, now time.Time) string {
	return path + ".damaged-" + now.UTC().Format("20060102T150405.000Z")
}

// RepairStream writes the embedded server's stream again in a fresh store: all
// that the archive proves, then what the views and the damaged stream know beyond it,
// as far as it continues. The new store is verified before it takes the place of the
// old one, which is set aside. A repair that is interrupted leaves the old one where it was.
func RepairStream(ctx context.Context, p Place, o RepairOptions) (_ *Repaired, err error) {
	if p.URL != "" {
		return nil, errors.New("repair the stream: that of --nats is its operator's to restore")
	}
	unlock, err := natsserver.LockDir(p.Dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	a, err := archive.Open(p.ArchiveDir())
	if err != nil {
		return nil, err
	}
	if err := a.Check(ctx); err != nil {
		return nil, err
	}
	sources := []repair.Source{{Name: "archive", Read: a, Proven: true}}
	if v, err := projections.Open(p.path(viewsFile), o.Views, projections.Options{}); err == nil {
		defer v.Close()
		if v.Doubt() == nil {
			sources = append(sources, repair.Source{Name: "views", Read: v.Source()})
		}
	}
	damaged := openDamaged(ctx, p, jetstream.Ledger)
	defer func() { err = errors.Join(err, damaged.close()) }()
	sources = append(sources, damaged.sources()...)
	r := &Repaired{SetAside: setAside(p.path(streamDir), o.Now())}
	fresh := p.path(streamDir + ".new")
	tree := a.Tree()
	expect := audit.Expectation{What: "the archive", Size: uint64(tree.N), Root: tree.Hash}
	var verified *audit.Report
	if r.Parts, verified, err = fill(ctx, fresh, sources, expect, o.Progress); err != nil {
		return nil, err
	}
	looks, err := fillLooks(ctx, fresh, p, verified.Ledger)
	if err := errors.Join(err, syncTree(fresh)); err != nil {
		return nil, errors.Join(err, os.RemoveAll(fresh))
	}
	r.Records, r.Looks = total(r.Parts), total(looks)
	known, _ := readLooksFloor(p) // which may be what is damaged
	if known.Sequence > r.Looks {
		r.LooksLost = known.Sequence - r.Looks
	}
	// A crash between the two leaves no stream, and repairing again makes it.
	if err := os.Rename(p.path(streamDir), r.SetAside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("set the damaged stream aside: %w", err)
	}
	if err := errors.Join(os.Rename(fresh, p.path(streamDir)), durable.SyncDir(p.Dir)); err != nil {
		return nil, fmt.Errorf("put the new stream in its place: %w", err)
	}
	return r, renewLooksFloor(ctx, p)
}

func total(parts []repair.Part) (records uint64) {
	for _, part := range parts {
		records += part.Records
	}
	return records
}

// fill writes a store and verifies it.
func fill(ctx context.Context, dir string, sources []repair.Source, expect audit.Expectation, progress func(done, total uint64)) (parts []repair.Part, verified *audit.Report, err error) {
	if err := os.RemoveAll(dir); err != nil {
		return nil, nil, fmt.Errorf("write the stream again: %w", err)
	}
	// Nothing relies on it before it was synced as a whole.
	err = withStore(ctx, dir, jetstream.Ledger, true, func(log *jetstream.Log) error {
		parts, err = repair.Fill(ctx, log, sources, progress)
		return err
	})
	if err == nil {
		err = syncTree(dir)
	}
	if err == nil {
		err = withStore(ctx, dir, jetstream.Ledger, false, func(log *jetstream.Log) error {
			verified, err = audit.Verify(ctx, log, []audit.Expectation{expect}, progress)
			return err
		})
	}
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	return parts, verified, nil
}

// withStore runs a server on a directory of its own.
func withStore(ctx context.Context, dir string, stream jetstream.Stream, fresh bool, f func(*jetstream.Log) error) error {
	server, err := natsserver.Start(natsserver.Config{StoreDir: dir, Unsynced: fresh})
	if err != nil {
		return err
	}
	defer server.Shutdown()
	c := jetstream.Config{Server: server, Stream: stream}
	if fresh {
		if err := jetstream.Create(ctx, c); err != nil {
			return err
		}
	}
	log, err := jetstream.Open(ctx, c)
	if err != nil {
		return err
	}
	return errors.Join(f(log), log.Close())
}

// syncTree brings all files and names below a directory to the disk.
func syncTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() && !d.Type().IsRegular() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		return errors.Join(f.Sync(), f.Close())
	})
}

// keptPromise returns the last signed checkpoint: the ledger's copy of it or, when
// that is lost or damaged, the archive's; nil when there is neither.
func (l *Ledger) keptPromise(key note.Verifier) (*checkpoint.Signed, error) {
	var first error
	for _, path := range []string{l.Place.path(promiseFile), filepath.Join(l.Place.ArchiveDir(), archive.CheckpointFile)} {
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read the checkpoint: %w", err)
		}
		s, err := checkpoint.Open(b, key)
		if err == nil {
			return s, nil
		}
		first = cmp.Or(first, err)
	}
	return nil, first
}

// RepairArchive writes the archive again from the stream, after every record of
// it was verified against the last checkpoint, and signs it. The old one is set aside.
func (l *Ledger) RepairArchive(ctx context.Context, signer note.Signer, o RepairOptions) (*Repaired, error) {
	l.proof.Lock()
	defer l.proof.Unlock()
	key, err := l.Key()
	if err != nil {
		return nil, err
	}
	var expect, expectLooks []audit.Expectation
	var earlier [][]byte
	s, err := l.keptPromise(key)
	if err != nil {
		return nil, err
	}
	if s != nil {
		expect = append(expect, audit.Expect("the last checkpoint", s.Checkpoint, nil))
		if of, said := s.Looks(); said {
			expectLooks = append(expectLooks, audit.Expect("the last checkpoint", of, nil))
		}
		earlier = append(earlier, s.Note)
	}
	looksLog, err := l.openLooks(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := audit.Verify(ctx, l.Log, expect, o.Progress); err != nil {
		return nil, err
	}
	if _, err := audit.VerifyLooks(ctx, looksLog, l.Ledger, expectLooks, nil); err != nil {
		return nil, fmt.Errorf("%s: %w", jetstream.Access, err)
	}
	dir := l.Place.ArchiveDir()
	fresh := dir + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return nil, fmt.Errorf("repair the archive: %w", err)
	}
	a, err := archive.Create(fresh)
	if err != nil {
		return nil, err
	}
	looks, err := archive.Create(filepath.Join(fresh, looksArchiveDir))
	if err != nil {
		return nil, err
	}
	if _, err := looks.CatchUp(ctx, looksLog, nil); err != nil {
		return nil, err
	}
	if _, err := a.CatchUp(ctx, l.Log, o.Progress); err != nil {
		return nil, err
	}
	state, err := checkpoint.Issue(ctx, a, looks, key, signer, earlier, nil)
	if err != nil {
		return nil, err
	}
	a.Close()
	looks.Close()
	r := &Repaired{Records: a.Size(), Looks: looks.Size(), SetAside: setAside(dir, o.Now())}
	if err := os.Rename(dir, r.SetAside); errors.Is(err, fs.ErrNotExist) {
		r.SetAside = ""
	} else if err != nil {
		return nil, fmt.Errorf("set the damaged archive aside: %w", err)
	}
	if err := errors.Join(os.Rename(fresh, dir), durable.SyncDir(filepath.Dir(dir))); err != nil {
		return nil, fmt.Errorf("put the new archive in its place: %w", err)
	}
	if a, err = archive.Open(dir); err != nil {
		return nil, err
	}
	l.proof.archive.Store(a)
	if l.proof.looks, err = archive.Open(l.Place.LooksArchiveDir()); err != nil {
		return nil, err
	}
	if err := durable.Replace(l.Place.path(promiseFile), state.Signed.Note); err != nil {
		return nil, fmt.Errorf("keep the checkpoint: %w", err)
	}
	return r, nil
}
