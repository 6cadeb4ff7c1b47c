package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"caseledger/events"
	"caseledger/events/jetstream"
	"caseledger/replay/durable"
)

// looksFile holds the position and the hash of the last look. Their
// archive is behind them: without it, a stream that lost its last ones would look whole.
const looksFile = "looks"

// looksLog is the stream of looks, which remembers outside of it how far it goes.
type looksLog struct {
	events.Log
	place Place

	mu   sync.Mutex
	last uint64 // position in looksFile
}

// Append implements [events.Log].
func (l *looksLog) Append(ctx context.Context, subject events.Subject, expected uint64, id string, data []byte) (uint64, error) {
	sequence, err := l.Log.Append(ctx, subject, expected, id, data)
	if err != nil {
		return sequence, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if sequence > l.last {
		err = writeLooksFloor(l.place, jetstream.Floor{Sequence: sequence, Hash: events.HashOf(data)})
		l.last = sequence
	}
	return sequence, err
}

func formatLooksFloor(f jetstream.Floor) []byte {
	return fmt.Appendf(nil, "%d\n%s\n", f.Sequence, f.Hash)
}

func writeLooksFloor(p Place, f jetstream.Floor) error {
	if err := durable.Replace(p.path(looksFile), formatLooksFloor(f)); err != nil {
		return fmt.Errorf("note the last look: %w", err)
	}
	return nil
}

// readLooksFloor returns the last look that was noted, nothing when none was.
func readLooksFloor(p Place) (f jetstream.Floor, err error) {
	b, err := os.ReadFile(p.path(looksFile))
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return f, fmt.Errorf("read the last look: %w", err)
	}
	var hash string
	if _, err := fmt.Sscanf(string(b), "%d\n%s\n", &f.Sequence, &hash); err == nil {
		err = f.Hash.UnmarshalText([]byte(hash))
		if err == nil && bytes.Equal(formatLooksFloor(f), b) {
			return f, nil
		}
	}
	return f, &events.DamageError{Sequence: f.Sequence, Detail: fmt.Sprintf("%s, which names the last look, is malformed", p.path(looksFile))}
}

// Looks returns every look at a client's identifying text, oldest first. Every
// look at anybody is read and its chain verified: a damaged one vanishes from its
// stream without a word.
func (a *App) Looks(ctx context.Context, client string) ([]*events.Record, error) {
	subject, err := events.NewSubject(events.KindLook, client)
	if err != nil {
		return nil, &InputError{Field: "client", Problem: err.Error()}
	}
	if a.access == nil {
		return nil, errors.New("read the looks: this process has no access to their stream")
	}
	log, err := a.access(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the looks: %w", err)
	}
	return looks(ctx, log, subject)
}

// looks reads all looks, and returns those of one subject. Cost: about ten
// microseconds for each look at anybody.
func looks(ctx context.Context, log events.Log, subject events.Subject) (records []*events.Record, err error) {
	head, err := log.Head(ctx)
	if err != nil || head == 0 {
		return nil, err
	}
	last := map[events.Subject]*events.Record{}
	err = log.Read(ctx, 1, head, func(batch []events.Message) error {
		for _, m := range batch {
			r, err := events.Decode(m.Sequence, m.Data)
			if err != nil {
				return &events.DamageError{Sequence: m.Sequence, Detail: err.Error()}
			}
			var version uint64
			var previous events.Hash
			if l := last[r.Subject]; l != nil {
				version, previous = l.Version, l.Hash()
			}
			if r.Subject != m.Subject || r.Version != version+1 || r.Previous != previous {
				return &events.DamageError{Sequence: m.Sequence, Detail: fmt.Sprintf("it does not continue the looks of %s", m.Subject)}
			}
			last[r.Subject] = r
			if r.Subject == subject {
				records = append(records, r)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the looks: %w", err)
	}
	return records, nil
}
