package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"caseledger/events"
	"caseledger/events/jetstream"
	"caseledger/events/natsserver"
)

// readLooks reads what the damaged store still holds of the looks at identifying
// data, from the first one on up to the damage. They have no archive: what is lost
// of them stays in the store that is set aside.
func readLooks(ctx context.Context, p Place) (looks []events.Message, err error) {
	dir := p.path(streamDir + ".looks")
	if err := errors.Join(os.RemoveAll(dir), os.CopyFS(dir, os.DirFS(p.damagedStream()))); err != nil {
		return nil, nil //nolint:nilerr // there is no store to read from
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	// The records are what is damaged: with them in it, the server is not well.
	if err := removeStream(dir, jetstream.Ledger); err != nil {
		return nil, err
	}
	server, err := natsserver.Start(natsserver.Config{StoreDir: dir, Unsynced: true})
	if err != nil {
		return nil, nil //nolint:nilerr // a store that cannot be opened gives nothing
	}
	defer server.Shutdown()
	log, err := jetstream.Open(ctx, jetstream.Config{Server: server, Stream: jetstream.Access})
	if err != nil {
		return nil, nil //nolint:nilerr // as above
	}
	defer log.Close()
	head, err := log.Head(ctx)
	if err != nil {
		return nil, nil //nolint:nilerr // as above
	}
	err = log.Read(ctx, 1, head, func(batch []events.Message) error {
		looks = append(looks, batch...)
		return nil
	})
	var damage *events.DamageError
	if errors.As(err, &damage) {
		err = nil
	}
	return looks, err
}

// removeStream removes a stream from the files of a server.
func removeStream(dir string, stream jetstream.Stream) error {
	found, err := filepath.Glob(filepath.Join(dir, "jetstream", "*", "streams", string(stream)))
	for _, path := range found {
		err = errors.Join(err, os.RemoveAll(path))
	}
	return err
}

// floorOf is the last one of some looks.
func floorOf(looks []events.Message) (f jetstream.Floor) {
	if n := len(looks); n > 0 {
		f = jetstream.Floor{Sequence: looks[n-1].Sequence, Hash: events.HashOf(looks[n-1].Data)}
	}
	return f
}

// writeLooks makes the stream of looks in a fresh store, and puts them in.
func writeLooks(ctx context.Context, dir string, looks []events.Message) error {
	server, err := natsserver.Start(natsserver.Config{StoreDir: dir, Unsynced: true})
	if err != nil {
		return err
	}
	defer server.Shutdown()
	c := jetstream.Config{Server: server, Stream: jetstream.Access}
	if err := jetstream.Create(ctx, c); err != nil {
		return err
	}
	log, err := jetstream.Open(ctx, c)
	if err != nil {
		return err
	}
	defer log.Close()
	last := map[events.Subject]uint64{}
	for _, m := range looks {
		r, err := events.Decode(m.Sequence, m.Data)
		if err != nil {
			return fmt.Errorf("repair the stream of looks: %w", err)
		}
		if last[m.Subject], err = log.Append(ctx, m.Subject, last[m.Subject], r.ID, m.Data); err != nil {
			return fmt.Errorf("repair the stream of looks: %w", err)
		}
	}
	return nil
}
