package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/billing"
	"caseledger/projections/caseload"
	"caseledger/projections/clocks"
	"caseledger/projections/compliance"
	"caseledger/projections/reimbursement"
	"caseledger/projections/retention"
	"caseledger/projections/signals"
	"caseledger/projections/statistics"
	"caseledger/replay"
)

// programme asks the monitor's questions, and measures what the views of the whole
// programme cost a replay.
func (r *run) programme() error {
	on := events.MustDate("2009-05-15")
	var found *compliance.Report
	if err := r.query("monitor over all agencies", 200, func(s *projections.Snapshot) (err error) {
		found, err = compliance.On(s, compliance.Filter{On: on})
		return err
	}); err != nil {
		return err
	}
	last := &r.Figures[len(r.Figures)-1]
	last.Note = fmt.Sprintf("%d agencies, %d cases in service, %d exceptions; the billing is not in this ledger", found.Agencies, found.Cases, len(found.Exceptions))
	agency := found.Exceptions[0].Agency
	if err := r.query("review sheet of an agency", 0, func(s *projections.Snapshot) error {
		_, err := compliance.ReviewOf(s, agency, on)
		return err
	}); err != nil {
		return err
	}
	return r.price()
}

// price rebuilds the views with and without those of the whole programme, in turns.
func (r *run) price() error {
	without := []projections.View{
		caseload.View{}, clocks.View{}, reimbursement.View{}, statistics.View{}, billing.View{}, signals.View{}, retention.View{},
	}
	names := map[string]bool{}
	for _, v := range replay.Views() {
		names[v.Name()] = true
	}
	if slices.ContainsFunc(without, func(v projections.View) bool { return !names[v.Name()] }) {
		return fmt.Errorf("measure the views: one of them is no longer among the ledger's")
	}
	defer app.CollectLate()()
	path := filepath.Join(r.ledger.Place.Dir, "bench-views.db")
	rounds := make([][2]cost, r.Rounds)
	for i := range rounds {
		r.Say("replay of %d events with and without the views of the whole programme: round %d of %d", r.Records, i+1, r.Rounds)
		for k, views := range [...][]projections.View{replay.Views(), without} {
			c, err := r.spend(func(ctx context.Context) error {
				return projections.Build(ctx, r.ledger.Log, path, views, r.Records, nil)
			})
			if err != nil {
				return err
			}
			rounds[i][k] = c
		}
	}
	speed := func(k int) float64 {
		return float64(r.Records) / medianOf(rounds, func(c [2]cost) float64 { return c[k].wall.Seconds() })
	}
	r.add(Figure{
		Name: "replay, the whole programme's views", Unit: "events/s", Ours: speed(0), Floor: speed(1),
		Ratio: medianOf(rounds, func(c [2]cost) float64 { return c[1].wall.Seconds() / c[0].wall.Seconds() }), Target: 2.0 / 3,
		Note: "floor: the views of money, caseload and statistics alone",
	})
	micros := func(k int) float64 {
		return medianOf(rounds, func(c [2]cost) float64 { return float64(c[k].cpu.Nanoseconds()) / 1000 / float64(r.Records) })
	}
	r.add(Figure{
		Name: "the same, processor time", Unit: "µs/event", Ours: micros(0), Floor: micros(1),
		Ratio: medianOf(rounds, func(c [2]cost) float64 { return c[1].cpu.Seconds() / c[0].cpu.Seconds() }),
	})
	return nil
}
