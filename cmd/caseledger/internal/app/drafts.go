package app

import (
	"context"
	"fmt"
	"sync"

	"caseledger/aggregates"
	"caseledger/aggregates/invoice"
	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/billing"
)

// maxKnown bounds the number of clients whose entitlement is kept.
const maxKnown = 10_000

// A Drafter computes what commands of billing rest on and no caller can give: the
// lines of an invoice, what R19 allows, what is under review. It reads the views,
// which must hold [billing.View], and keeps the entitlement of clients whose
// records have not changed. It is safe for concurrent use. A nil Drafter computes
// nothing: deciders then fail, and record nothing.
type Drafter struct {
	views *projections.Views
	log   projections.Source

	mu       sync.Mutex
	known    map[string]known
	position uint64                      // that agencies belongs to
	agencies map[string][]billing.Served // clients by agency
}

// known is a client's entitlement and the heads of all that it was computed from.
type known struct {
	entitlement *policy.Entitlement
	facts       *policy.Facts
	principal   events.Subject // empty: none
	// The positions of the last records of the case, the principal and the programme.
	caseHead, principalHead, programmeHead uint64
}

// NewDrafter returns a Drafter on views that follow log.
func NewDrafter(views *projections.Views, log projections.Source) *Drafter {
	return &Drafter{views: views, log: log, known: map[string]known{}}
}

// draft fills in a command of billing; any other is left alone.
func (d *Drafter) draft(ctx context.Context, command aggregates.Command, state aggregates.State, c *aggregates.Context) error {
	if d == nil {
		return nil
	}
	switch command := command.(type) {
	case *invoice.GenerateInvoice:
		return d.draftInvoice(ctx, command, state.(*invoice.State))
	case *invoice.IssueAdvance:
		return d.draftAdvance(ctx, command, c)
	case *invoice.DecideReview:
		return d.draftReview(ctx, command, state.(*invoice.State))
	}
	return nil
}

// read calls f with the views at a position: every history ends there. Position
// 0 is the log's head, to which the views are brought first.
func (d *Drafter) read(ctx context.Context, position uint64, f func(now, at *projections.Snapshot, made events.LedgerPosition) error) error {
	if position == 0 {
		if err := d.views.CatchUp(ctx, d.log, nil); err != nil {
			return err
		}
	}
	return d.views.Read(func(now *projections.Snapshot) error {
		at := now
		if position != 0 {
			var err error
			if at, err = now.AsOf(position); err != nil {
				return err
			}
		}
		p := at.Position()
		return f(now, at, events.LedgerPosition{Sequence: p.Sequence, Hash: p.Hash})
	})
}

func (d *Drafter) draftInvoice(ctx context.Context, c *invoice.GenerateInvoice, state *invoice.State) error {
	closing, err := c.ClosingDate()
	if err != nil {
		return err
	}
	position := c.Position
	if made, unfinished, pending := state.Pending(); pending && unfinished == closing {
		position = made.Sequence
	}
	return d.read(ctx, position, func(now, at *projections.Snapshot, made events.LedgerPosition) error {
		d.mu.Lock()
		defer d.mu.Unlock()
		served, err := d.clients(now, c.Agency)
		if err != nil {
			return fmt.Errorf("list the clients of agency %s: %w", c.Agency, err)
		}
		clients := make([]invoice.Client, len(served))
		for i, s := range served {
			k, err := d.entitlement(at, s.Client)
			if err != nil {
				return fmt.Errorf("compute what client %s is entitled to: %w", s.Client, err)
			}
			clients[i] = invoice.Client{ID: s.Client, Entitlement: k.entitlement, Agencies: s.Agencies}
		}
		c.Draft = state.Draft(closing, made, clients)
		return nil
	})
}

func (d *Drafter) draftAdvance(ctx context.Context, c *invoice.IssueAdvance, context *aggregates.Context) error {
	return d.read(ctx, 0, func(now, at *projections.Snapshot, made events.LedgerPosition) error {
		d.mu.Lock()
		defer d.mu.Unlock()
		k, err := d.entitlement(at, c.Client)
		if err != nil {
			return fmt.Errorf("compute what client %s is entitled to: %w", c.Client, err)
		}
		a := &invoice.Allowance{Made: made, At: k.facts.AgencyOn(context.OccurredOn)}
		// Whether one is outstanding the decider asks, of all agencies together.
		a.Cents, a.Reason = k.entitlement.AdvanceAllowed(context.OccurredOn, 0)
		served, err := billing.Case(now, c.Client)
		if err != nil {
			return err
		}
		for _, agency := range served.Agencies {
			if agency == c.Agency {
				continue
			}
			other, err := billing.Of(now, agency)
			if err != nil {
				return fmt.Errorf("read the billing of agency %s: %w", agency, err)
			}
			for _, advance := range other.Advances {
				if advance.Client == c.Client {
					a.Elsewhere += advance.OutstandingCents
				}
			}
		}
		c.Allowance = a
		return nil
	})
}

func (d *Drafter) draftReview(ctx context.Context, c *invoice.DecideReview, state *invoice.State) error {
	return d.read(ctx, 0, func(_, at *projections.Snapshot, made events.LedgerPosition) error {
		d.mu.Lock()
		defer d.mu.Unlock()
		k, err := d.entitlement(at, c.Client)
		if err != nil {
			return fmt.Errorf("compute what client %s is entitled to: %w", c.Client, err)
		}
		c.Open = &invoice.OpenReview{Made: made, Lines: state.UnderReview(c.Client, k.entitlement)}
		return nil
	})
}

// clients returns all clients that an agency ever had, in order. It may name some
// whose case did not exist at an earlier position: nothing is due for them.
func (d *Drafter) clients(now *projections.Snapshot, agency string) ([]billing.Served, error) {
	if p := now.Position().Sequence; d.agencies == nil || d.position != p {
		agencies := map[string][]billing.Served{}
		err := billing.Cases(now, func(s billing.Served) error {
			for _, a := range s.Agencies {
				agencies[a] = append(agencies[a], s)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		d.agencies, d.position = agencies, p
	}
	return d.agencies[agency], nil
}

// entitlement evaluates a client's case as it stands at a position, unless the
// records that it rests on are the ones that were evaluated last.
func (d *Drafter) entitlement(at *projections.Snapshot, client string) (known, error) {
	k := d.known[client]
	caseHead, err := head(at, events.SubjectOf(events.KindCase, client))
	if err != nil {
		return k, err
	}
	programmeHead, err := head(at, events.ProgrammeSubject)
	if err != nil {
		return k, err
	}
	principalHead, err := head(at, k.principal)
	if err != nil {
		return k, err
	}
	if k.entitlement != nil && k.caseHead == caseHead && k.programmeHead == programmeHead && k.principalHead == principalHead {
		return k, nil
	}
	subject, err := at.Subject(events.SubjectOf(events.KindCase, client))
	if err != nil {
		return k, err
	}
	k = known{caseHead: caseHead, programmeHead: programmeHead}
	if k.facts, err = subject.Facts(); err != nil {
		return k, err
	}
	if k.entitlement, err = subject.Entitlement(); err != nil {
		return k, err
	}
	if p := k.facts.Principal(); p != "" {
		k.principal = events.SubjectOf(events.KindCase, p)
		if k.principalHead, err = head(at, k.principal); err != nil {
			return k, err
		}
	}
	if len(d.known) >= maxKnown {
		clear(d.known)
	}
	d.known[client] = k
	return k, nil
}

// head returns the position of a subject's last record, 0 when it has none.
func head(at *projections.Snapshot, subject events.Subject) (uint64, error) {
	if subject == "" {
		return 0, nil
	}
	h, _, err := at.Head(subject)
	return h.Sequence, err
}
