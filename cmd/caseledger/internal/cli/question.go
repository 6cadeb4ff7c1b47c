package cli

import (
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/history"
)

// A question has two times: what the ledger knew, and what was true.
type question struct {
	asOf string
	on   string
}

func (q *question) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&q.asOf, "as-of", "", "what the ledger knew at a `moment`: a day, a time such as 2009-05-15T09:00:00-04:00, or #N, a record")
	cmd.Flags().StringVar(&q.on, "on", "", "what was true on a `day`, YYYY-MM-DD (default the day of --as-of, or today)")
}

// A standpoint is where a question is asked from, once both times are known.
type standpoint struct {
	sequence uint64      // the last record that is known
	past     bool        // there are later ones
	on       events.Date // what was true that day
}

// stand finds the standpoint of a question. In a ledger whose clock is simulated
// today is the day of its latest record.
func (q *question) stand(l *app.Ledger, s *projections.Snapshot) (standpoint, error) {
	head := s.Position()
	at := standpoint{sequence: head.Sequence}
	_, today := l.Now()
	if l.Ledger.SimulatedClock {
		today = l.DayOf(head.Latest)
	}
	if q.asOf != "" {
		var err error
		if at.sequence, today, err = asOf(l, s, q.asOf); err != nil {
			return at, err
		}
		at.past = at.sequence < head.Sequence
	}
	at.on = today
	if q.on != "" {
		on, err := events.ParseDate(q.on)
		if err != nil {
			return at, &UsageError{Problem: "--on: " + err.Error()}
		}
		at.on = on
	}
	return at, nil
}

// asOf returns the last record known at a moment, and the programme's day of it.
// A day means its end in the programme's time zone.
func asOf(l *app.Ledger, s *projections.Snapshot, text string) (uint64, events.Date, error) {
	head := s.Position().Sequence
	if number, found := strings.CutPrefix(text, "#"); found {
		n, err := strconv.ParseUint(number, 10, 64)
		if err != nil || n == 0 || n > head {
			return 0, 0, usage("--as-of %s: records are #1 to #%d", text, head)
		}
		record, err := s.Record(n)
		if err != nil {
			return 0, 0, err
		}
		return n, l.DayOf(record.Time), nil
	}
	moment, err := events.ParseInstant(text)
	if day, dayErr := events.ParseDate(text); dayErr == nil {
		moment, err = l.EndOf(day), nil
	}
	if err != nil {
		return 0, 0, usage("--as-of %s: it is a day, a time such as 2009-05-15T09:00:00-04:00, or #N", text)
	}
	sequence, err := s.PositionAt(moment)
	if err == nil && sequence == 0 {
		return 0, 0, usage("--as-of %s: the ledger had no record yet", text)
	}
	return sequence, l.DayOf(moment), err
}

// askOne asks about one client or subject: of the live views, folded to the
// standpoint. It returns what the answer rests on.
func (p *Program) askOne(ctx context.Context, l *app.Ledger, q question, f func(*projections.Snapshot, standpoint) error) (v provenance, err error) {
	if _, err := l.CatchUp(ctx); err != nil {
		return v, err
	}
	err = l.Views.Read(func(s *projections.Snapshot) error {
		at, err := q.stand(l, s)
		if err != nil {
			return err
		}
		if at.past {
			if s, err = s.AsOf(at.sequence); err != nil {
				return err
			}
		}
		v = provenanceOf(l, s, at)
		return f(s, at)
	})
	return v, err
}

// askAll asks about the programme: for a past moment, of views that are built to
// that position and kept. It returns what the answer rests on.
func (p *Program) askAll(ctx context.Context, l *app.Ledger, q question, f func(*projections.Snapshot, standpoint) error) (v provenance, err error) {
	if _, err := l.CatchUp(ctx); err != nil {
		return v, err
	}
	var at standpoint
	ask := func(s *projections.Snapshot) error {
		v = provenanceOf(l, s, at)
		return f(s, at)
	}
	err = l.Views.Read(func(s *projections.Snapshot) (err error) {
		at, err = q.stand(l, s)
		if err != nil || at.past {
			return err
		}
		return ask(s)
	})
	if err != nil || !at.past {
		return v, err
	}
	show := p.progress()
	defer show.done()
	err = l.Views.ReadAsOf(ctx, at.sequence, show.views, func(s *projections.Snapshot) error {
		show.done()
		return ask(s)
	})
	return v, err
}

// askAgency asks about one agency, or about the programme when none is named.
func (p *Program) askAgency(ctx context.Context, l *app.Ledger, q question, agency string, f func(*projections.Snapshot, standpoint) error) (provenance, error) {
	return p.askAll(ctx, l, q, func(s *projections.Snapshot, at standpoint) error {
		if err := knownAgency(s, agency); err != nil {
			return err
		}
		return f(s, at)
	})
}

// askClient asks about one client, whose coded id may be cut short.
func (p *Program) askClient(ctx context.Context, l *app.Ledger, q question, name string, f func(s *projections.Snapshot, client string, at standpoint) error) (provenance, error) {
	return p.askOne(ctx, l, q, func(s *projections.Snapshot, at standpoint) error {
		client, err := history.Resolve(s, name)
		if err != nil {
			return err
		}
		return f(s, client, at)
	})
}

// provenanceOf says what an answer from a snapshot rests on.
func provenanceOf(l *app.Ledger, s *projections.Snapshot, at standpoint) provenance {
	position := s.Position()
	return provenance{
		Position: position.Sequence, Hash: position.Hash.String(), RecordedBy: position.Latest.String(),
		On: at.on.String(), Definitions: l.Views.Definitions(),
	}
}
