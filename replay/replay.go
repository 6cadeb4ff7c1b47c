// Package replay answers one question: do the views say what the records say?
//
// It builds the views from the records again: in place, elsewhere for a past
// moment, or beside the live ones to compare both.
package replay

import (
	"context"
	"errors"
	"fmt"
	"os"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/benefits"
	"caseledger/projections/billing"
	"caseledger/projections/caseload"
	"caseledger/projections/casework"
	"caseledger/projections/clocks"
	"caseledger/projections/compliance"
	"caseledger/projections/decisions"
	"caseledger/projections/network"
	"caseledger/projections/pipeline"
	"caseledger/projections/placements"
	"caseledger/projections/referrals"
	"caseledger/projections/reimbursement"
	"caseledger/projections/retention"
	"caseledger/projections/signals"
	"caseledger/projections/statistics"
)

// Views lists every view of the ledger, in the order that a views file names.
func Views() []projections.View {
	return []projections.View{caseload.View{}, clocks.View{}, reimbursement.View{}, statistics.View{}, statistics.WorkView{}, billing.View{}, signals.View{}, retention.View{},
		casework.View{}, benefits.View{}, network.View{}, referrals.View{}, pipeline.View{}, placements.View{}, decisions.View{},
		compliance.View{}}
}

// Rebuild builds the views again from all records of src; the file at hand stays
// in use until the new one is complete. It returns the position reached.
func Rebuild(ctx context.Context, v *projections.Views, src projections.Source, progress func(projections.Progress)) (projections.Position, error) {
	if err := v.Rebuild(ctx, src, progress); err != nil {
		return projections.Position{}, err
	}
	return v.Position()
}

// Until builds the views of what the ledger knew at t in a new file at path, and
// returns its position: that of the last record before the first one later than
// t. v, which must have caught up with src, finds the position.
func Until(ctx context.Context, v *projections.Views, src projections.Source, t events.Instant, path string, progress func(projections.Progress)) (uint64, error) {
	sequence, err := v.PositionAt(t)
	if err != nil {
		return 0, err
	}
	return sequence, projections.Build(ctx, src, path, Views(), sequence, progress)
}

// maxDifferences bounds how many differing keys a Comparison names.
const maxDifferences = 20

// A Comparison says whether live views equal rebuilt ones.
type Comparison struct {
	Position    projections.Position     `json:"position"`
	Live        events.Hash              `json:"live"`
	Rebuilt     events.Hash              `json:"rebuilt"`
	Equal       bool                     `json:"equal"`
	Differences []projections.Difference `json:"differences,omitempty"` // the first ones
}

// Compare builds views from src up to the position of v in a file of its own at
// path, which it removes again, and compares both by digest. Views must not be
// followed meanwhile.
func Compare(ctx context.Context, v *projections.Views, views []projections.View, src projections.Source, path string, progress func(projections.Progress)) (c *Comparison, err error) {
	position, err := v.Position()
	if err != nil {
		return nil, err
	}
	if err := projections.Build(ctx, src, path, views, position.Sequence, progress); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.Remove(path)) }()
	rebuilt, err := projections.Open(path, views, projections.Options{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rebuilt.Close()) }()
	if doubt := rebuilt.Doubt(); doubt != nil {
		return nil, doubt
	}
	return compare(v, rebuilt, position)
}

func compare(live, rebuilt *projections.Views, position projections.Position) (*Comparison, error) {
	c := &Comparison{Position: position}
	var err error
	if c.Live, err = live.Digest(); err != nil {
		return nil, fmt.Errorf("digest the live views: %w", err)
	}
	if c.Rebuilt, err = rebuilt.Digest(); err != nil {
		return nil, fmt.Errorf("digest the rebuilt views: %w", err)
	}
	if c.Equal = c.Live == c.Rebuilt; !c.Equal {
		c.Differences, err = projections.Differences(live, rebuilt, maxDifferences)
	}
	return c, err
}
