package cli

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/caseload"
	"caseledger/projections/casework"
	"caseledger/projections/network"
)

type releasesOptions struct {
	question
	client, agency, recipient string
}

func (p *Program) releasesCommand() *cobra.Command {
	var o releasesOptions
	cmd := &cobra.Command{
		Use:   "releases",
		Short: "Show who may see what on a day: clients' releases, and agencies' memoranda",
		Long: `Show whom clients let see what about them on a day, today or any past one (R31): the releases of
information that hold, each limited in scope and time and revocable, and the memoranda of understanding
under which agencies share. What a client has not released nobody else sees.`,
		Example: `  caseledger releases --client C-7QK2M4 --on 2008-05-15
  caseledger releases --recipient A-018`,
		Args: noArgs,
	}
	cmd.Flags().StringVar(&o.client, "client", "", "a client's coded `id`")
	cmd.Flags().StringVar(&o.agency, "agency", "", "only clients and memoranda of an agency, by coded `id`")
	cmd.Flags().StringVar(&o.recipient, "recipient", "", "only what one `organisation` may see")
	o.flags(cmd)
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error { return p.releases(ctx, l, o) })
	return cmd
}

// A permission is one reason why somebody may see something.
type permission struct {
	Kind      string      `json:"kind"` // release or memorandum
	Of        string      `json:"of"`   // the client, or the agency
	Recipient string      `json:"recipient"`
	Scope     string      `json:"scope"`
	From      events.Date `json:"from"`
	Through   events.Date `json:"through,omitzero"` // last day; empty: until it is ended
	Record    uint64      `json:"record"`
}

func (p *Program) releases(ctx context.Context, l *app.Ledger, o releasesOptions) error {
	held := []permission{}
	var v provenance
	err := p.askAll(ctx, l, o.question, func(s *projections.Snapshot, at standpoint) error {
		v = provenanceOf(l, s, at)
		if err := knownAgency(s, o.agency); err != nil {
			return err
		}
		released, err := releasedOn(s, o, at.on)
		if err != nil {
			return err
		}
		held = append(held, released...)
		if o.client != "" {
			return nil
		}
		n, err := network.On(s, at.on, o.agency)
		if err != nil {
			return err
		}
		for _, a := range n.Agencies {
			for _, m := range a.Memoranda {
				held = append(held, permission{"memorandum", a.Agency, m.Partner, m.Scope, m.From, m.Through, m.Record})
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	held = slices.DeleteFunc(held, func(h permission) bool { return o.recipient != "" && h.Recipient != o.recipient })
	slices.SortStableFunc(held, func(a, b permission) int {
		return cmp.Or(cmp.Compare(b.Kind, a.Kind), cmp.Compare(a.Of, b.Of), cmp.Compare(a.Recipient, b.Recipient))
	})
	s := sheet{columns: left("kind", "of", "recipient", "scope", "from", "through", "record")}
	for _, h := range held {
		through := ""
		if h.Through != 0 {
			through = h.Through.String()
		}
		s.add(h.Kind, h.Of, h.Recipient, h.Scope, h.From.String(), through, "#"+strconv.FormatUint(h.Record, 10))
	}
	s.notes = []string{"a release ends on its last day or when the client withdraws it (R31)"}
	return p.answer(s, held, v)
}

// releasedOn lists the releases that hold on a day, of one client or of all, or of
// those whom an agency has then.
func releasedOn(s *projections.Snapshot, o releasesOptions, day events.Date) (held []permission, err error) {
	with := map[string]bool{}
	if o.agency != "" {
		load, err := caseload.On(s, caseload.Filter{On: day, Agency: o.agency})
		if err != nil {
			return nil, err
		}
		for _, c := range load.Cases {
			with[c.Client] = true
		}
	}
	err = casework.Each(s, func(client string, c *casework.Case) error {
		if o.client != "" && client != o.client || o.agency != "" && !with[client] {
			return nil
		}
		for _, r := range c.Releases(day) {
			held = append(held, permission{"release", client, r.Recipient, r.Scope, r.On, r.Through, r.Record})
		}
		return nil
	})
	return held, err
}
