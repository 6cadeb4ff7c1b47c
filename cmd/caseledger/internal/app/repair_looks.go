package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"caseledger/events"
	"caseledger/events/jetstream"
	"caseledger/events/natsserver"
	"caseledger/replay/archive"
	"caseledger/replay/audit"
	"caseledger/replay/repair"
)

// A damagedStore is a copy of a damaged store with one of its streams, and a server
// on it: a server changes what it opens, and is not well when one stream is not. What
// cannot be opened gives nothing.
type damagedStore struct {
	dir    string
	server *natsserver.Server // nil when it does not start
	log    *jetstream.Log     // nil when it cannot be opened
}

func openDamaged(ctx context.Context, p Place, stream jetstream.Stream) *damagedStore {
	d := &damagedStore{dir: p.path(streamDir + ".copy-" + string(stream))}
	other := jetstream.Ledger
	if stream == other {
		other = jetstream.Access
	}
	err := errors.Join(os.RemoveAll(d.dir), os.CopyFS(d.dir, os.DirFS(p.damagedStream())), removeStream(d.dir, other))
	if err == nil {
		d.server, err = natsserver.Start(natsserver.Config{StoreDir: d.dir, Unsynced: true})
	}
	if err == nil {
		d.log, _ = jetstream.Open(ctx, jetstream.Config{Server: d.server, Stream: stream})
	}
	return d
}

// removeStream removes a stream from the files of a server.
func removeStream(dir string, stream jetstream.Stream) error {
	found, err := filepath.Glob(filepath.Join(dir, "jetstream", "*", "streams", string(stream)))
	for _, path := range found {
		err = errors.Join(err, os.RemoveAll(path))
	}
	return err
}

// damagedStream is where the stream is, or the one that a repair set aside last when that
// was broken off before it put another one in its place.
func (p Place) damagedStream() string {
	dir := p.path(streamDir)
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	if aside, err := filepath.Glob(dir + ".damaged-*"); err == nil && len(aside) > 0 {
		return slices.Max(aside) // by time
	}
	return dir
}

// sources returns what is left of the stream, nothing when it cannot be opened.
func (d *damagedStore) sources() []repair.Source {
	if d.log == nil {
		return nil
	}
	return []repair.Source{{Name: "damaged stream", Read: d.log}}
}

func (d *damagedStore) close() (err error) {
	if d.log != nil {
		err = d.log.Close()
	}
	if d.server != nil {
		d.server.Shutdown()
	}
	return errors.Join(err, os.RemoveAll(d.dir))
}

// fillLooks writes the stream of looks in a fresh store, from their archive and from
// what is left of the damaged one beyond its end, and verifies it.
func fillLooks(ctx context.Context, dir string, p Place, ledger events.LedgerCreated) (parts []repair.Part, err error) {
	var sources []repair.Source
	var expect []audit.Expectation
	switch a, err := archive.Open(p.LooksArchiveDir()); {
	case errors.Is(err, archive.ErrNotFound): // made before looks were archived
	case err != nil:
		return nil, err
	default:
		if err := a.Check(ctx); err != nil {
			return nil, err
		}
		tree := a.Tree()
		expect = append(expect, audit.Expectation{What: "the archive of looks", Size: uint64(tree.N), Root: tree.Hash})
		sources = append(sources, repair.Source{Name: "archive", Read: a, Proven: true})
	}
	damaged := openDamaged(ctx, p, jetstream.Access)
	defer func() { err = errors.Join(err, damaged.close()) }()
	sources = append(sources, damaged.sources()...)
	err = withStore(ctx, dir, jetstream.Access, true, func(log *jetstream.Log) error {
		parts, err = repair.Fill(ctx, log, sources, nil)
		return err
	})
	if err != nil {
		return nil, err
	}
	return parts, withStore(ctx, dir, jetstream.Access, false, func(log *jetstream.Log) error {
		_, err := audit.VerifyLooks(ctx, log, ledger, expect, nil)
		return err
	})
}

// renewLooksFloor notes how far the looks of a stream go that was written again.
func renewLooksFloor(ctx context.Context, p Place) error {
	var floor jetstream.Floor
	err := withStore(ctx, p.path(streamDir), jetstream.Access, false, func(log *jetstream.Log) error {
		head, err := log.Head(ctx)
		if err != nil || head == 0 {
			return err
		}
		return log.Read(ctx, head, head, func(batch []events.Message) error {
			for _, m := range batch {
				floor = jetstream.Floor{Sequence: m.Sequence, Hash: events.HashOf(m.Data)}
			}
			return nil
		})
	})
	return errors.Join(err, writeLooksFloor(p, floor))
}
