package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/replay/bundle"
)

const (
	// verifySeconds is what verifying a million records may take.
	verifySeconds = 15
	// bundleMillis is what making and checking a client's bundle may take.
	bundleMillis = 100
)

// proof verifies the stream and the archive, makes and checks bundles, and backs the
// ledger up.
func (r *run) proof() error {
	head, err := r.ledger.Log.Head(r.ctx)
	if err != nil {
		return err
	}
	r.records = head // with those of the measured commands
	signer, err := app.ReadSigner(r.ledger.Place.SigningKey())
	if err != nil {
		return err
	}
	r.Say("archiving and signing %d events", r.records)
	signed, err := r.spend(func(ctx context.Context) error {
		_, err := r.ledger.Checkpoint(ctx, signer, nil, nil)
		return err
	})
	if err != nil {
		return err
	}
	r.add(Figure{Name: "archive and sign what is new", Unit: "s", Ours: max(signed.wall.Seconds(), 1e-6)})
	for _, from := range []struct {
		name    string
		archive bool
	}{{"audit verify", false}, {"audit verify --from archive", true}} {
		if err := r.verify(from.name, from.archive); err != nil {
			return err
		}
	}
	if err := r.bundles(); err != nil {
		return err
	}
	return r.backup()
}

// verify times one way of verifying. The bound is for a million records.
func (r *run) verify(name string, fromArchive bool) error {
	times, used := make([]float64, min(r.Rounds, 3)), make([]float64, min(r.Rounds, 3))
	for i := range times {
		r.Say("%s: round %d of %d", name, i+1, len(times))
		c, err := r.spend(func(ctx context.Context) error {
			_, err := r.ledger.Verify(ctx, app.VerifyOptions{FromArchive: fromArchive})
			return err
		})
		if err != nil {
			return err
		}
		times[i], used[i] = c.wall.Seconds(), c.cpu.Seconds()
	}
	same := func(s float64) float64 { return s }
	took := medianOf(times, same)
	r.add(Figure{
		Name: name, Unit: "s a million", Ours: took * 1e6 / float64(r.records), Target: verifySeconds,
		Note: fmt.Sprintf("%.2f s for %d events, %.2f s of all cores together", took, r.records, medianOf(used, same)),
	})
	return nil
}

// bundles makes and checks the bundles of the client with the longest history.
func (r *run) bundles() error {
	client, err := r.longClient()
	if err != nil {
		return err
	}
	key, err := r.ledger.Key()
	if err != nil {
		return err
	}
	for _, kind := range []struct {
		name    string
		auditor bool
		target  float64
	}{
		{fmt.Sprintf("bundle of %d events, made and checked", longRecords), false, bundleMillis},
		{"auditor's bundle, made, checked and recounted", true, 0},
	} {
		times, size := make([]float64, queryRounds), 0
		for i := range times {
			if times[i], err = r.time(func() error {
				made, err := r.ledger.Bundle(r.ctx, client, false, kind.auditor)
				if err != nil {
					return err
				}
				size = len(made)
				proven, err := bundle.Check(made, key)
				if err == nil && kind.auditor {
					_, err = proven.Trace(r.ctx)
				}
				return err
			}); err != nil {
				return err
			}
		}
		r.add(Figure{Name: kind.name, Unit: "ms", Ours: medianOf(times, func(ms float64) float64 { return ms }), Target: kind.target, Note: fmt.Sprintf("%d bytes", size)})
	}
	return nil
}

// backup writes a backup and reads it back, as the program does.
func (r *run) backup() (err error) {
	dir, err := os.MkdirTemp(r.Dir, "backup-")
	if err != nil {
		return err
	}
	defer func() {
		if gone := os.RemoveAll(dir); err == nil {
			err = gone
		}
	}()
	recipient, err := app.NewBackupIdentity(filepath.Join(dir, "key"))
	if err != nil {
		return err
	}
	r.Say("backing up %d events", r.records)
	var made *app.BackedUp
	c, err := r.spend(func(ctx context.Context) error {
		made, err = r.ledger.Backup(ctx, app.BackupOptions{To: dir, Recipients: []string{recipient}})
		return err
	})
	if err != nil {
		return err
	}
	r.add(Figure{
		Name: "backup, written, read back and verified", Unit: "events/s", Ours: float64(made.Report.Records) / c.wall.Seconds(),
		Note: fmt.Sprintf("%.2f s, %d MB", c.wall.Seconds(), made.Bytes>>20),
	})
	return nil
}
