package app

import (
	"context"
	"errors"
	"os"

	"caseledger/events"
	"caseledger/events/jetstream"
	"caseledger/events/natsserver"
	"caseledger/replay/archive"
	"caseledger/replay/audit"
	"caseledger/replay/repair"
)

// A damagedStore is a copy of a damaged store with a server on it: a server changes
// what it opens. What cannot be opened gives nothing.
type damagedStore struct {
	dir    string
	server *natsserver.Server // nil when it does not start
	open   []*jetstream.Log
}

func openDamaged(p Place) *damagedStore {
	d := &damagedStore{dir: p.path(streamDir + ".copy")}
	if os.RemoveAll(d.dir) == nil && os.CopyFS(d.dir, os.DirFS(p.path(streamDir))) == nil {
		d.server, _ = natsserver.Start(natsserver.Config{StoreDir: d.dir, Unsynced: true})
	}
	return d
}

// source returns what is left of a stream, nothing when it cannot be opened.
func (d *damagedStore) source(ctx context.Context, of jetstream.Stream) []repair.Source {
	if d.server == nil {
		return nil
	}
	log, err := jetstream.Open(ctx, jetstream.Config{Server: d.server, Stream: of})
	if err != nil {
		return nil
	}
	d.open = append(d.open, log)
	return []repair.Source{{Name: "damaged stream", Read: log}}
}

func (d *damagedStore) close() (err error) {
	for _, log := range d.open {
		err = errors.Join(err, log.Close())
	}
	if d.server != nil {
		d.server.Shutdown()
	}
	return errors.Join(err, os.RemoveAll(d.dir))
}

// fillLooks writes the stream of looks in a fresh store, from their archive and from
// what is left of the damaged one beyond its end, and verifies it.
func fillLooks(ctx context.Context, dir string, p Place, damaged *damagedStore, ledger events.LedgerCreated) (parts []repair.Part, err error) {
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
	sources = append(sources, damaged.source(ctx, jetstream.Access)...)
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
