package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/caseload"
	"caseledger/projections/casework"
	"caseledger/projections/history"
	"caseledger/projections/network"
)

type releasesOptions struct {
	question
	client, agency, recipient, ending string
}

func (p *Program) releasesCommand() *cobra.Command {
	var o releasesOptions
	cmd := &cobra.Command{
		Use:   "releases",
		Short: "Show who may see what of which client, on any day",
		Long: `Show the clients' releases of information that hold on a day (R31): to whom, of what, until when, and
whether the client's agency has a memorandum of understanding with the recipient (S4). A release that was
withdrawn does not hold from that day on. A client whose case is closed is shown without an agency.`,
		Example: `  caseledger releases --client C-7QK2M4 --on 2008-05-15
  caseledger releases --recipient 'law enforcement'
  caseledger releases --agency A-017 --ending-within 30d`,
		Args: noArgs,
	}
	cmd.Flags().StringVar(&o.client, "client", "", "one client's releases, by coded `id`")
	cmd.Flags().StringVar(&o.agency, "agency", "", "only clients of an agency, by coded `id`")
	cmd.Flags().StringVar(&o.recipient, "recipient", "", "only releases to a `recipient`: an organisation, or the id of an agency or provider")
	cmd.Flags().StringVar(&o.ending, "ending-within", "", "only releases whose last day lies within some `days`, such as 30d")
	o.flags(cmd)
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error {
		return p.releases(ctx, l, o)
	})
	return cmd
}

// A releaseLine is one release that holds, and whose it is.
type releaseLine struct {
	Client string `json:"client"`
	Agency string `json:"agency,omitzero"` // empty when the case is closed
	casework.Release
	Memorandum string `json:"memorandum,omitzero"` // what the agency's one with the recipient is about
}

func (p *Program) releases(ctx context.Context, l *app.Ledger, o releasesOptions) error {
	last := events.MaxDate
	var lines []releaseLine
	var on events.Date
	v, err := p.askAll(ctx, l, o.question, func(s *projections.Snapshot, at standpoint) (err error) {
		on = at.on
		if o.ending != "" {
			days, err := parseDays(o.ending)
			if err != nil {
				return usage("--ending-within: %v", err)
			}
			last = on + events.Date(days)
		}
		if o.client != "" {
			if o.client, err = history.Resolve(s, o.client); err != nil {
				return err
			}
		}
		if err := knownAgency(s, o.agency); err != nil {
			return err
		}
		lines, err = o.lines(s, on, last)
		return err
	})
	if err != nil {
		return err
	}
	s := sheet{title: fmt.Sprintf("releases that hold on %s", on), columns: left("client", "agency", "recipient", "scope", "given", "through", "memorandum")}
	for _, x := range lines {
		s.add(x.Client, x.Agency, x.Recipient, x.Scope, x.On.String(), x.Through.String(), x.Memorandum)
	}
	s.notes = []string{plural(len(lines), "release")}
	return p.answer(s, struct {
		On         events.Date   `json:"on"`
		Releases   []releaseLine `json:"releases"`
		Provenance provenance    `json:"provenance"`
	}{on, lines, v}, v)
}

// lines returns the releases that are asked for, in order of client, then of the day
// on which they were given.
func (o *releasesOptions) lines(s *projections.Snapshot, on, last events.Date) ([]releaseLine, error) {
	load, err := caseload.On(s, caseload.Filter{On: on})
	if err != nil {
		return nil, err
	}
	agencies := map[string]string{}
	for _, x := range load.Cases {
		agencies[x.Client] = x.Agency
	}
	memoranda, err := memorandaOn(s, on)
	if err != nil {
		return nil, err
	}
	lines := []releaseLine{}
	err = casework.Each(s, func(client string, c *casework.Case) error {
		agency := agencies[client]
		if o.client != "" && client != o.client || o.agency != "" && agency != o.agency {
			return nil
		}
		for _, r := range c.Releases(on) {
			if (o.recipient == "" || r.Recipient == o.recipient) && r.Through <= last {
				lines = append(lines, releaseLine{client, agency, r, memoranda[[2]string{agency, r.Recipient}]})
			}
		}
		return nil
	})
	slices.SortStableFunc(lines, func(a, b releaseLine) int { return cmp.Or(cmp.Compare(a.Client, b.Client), cmp.Compare(a.On, b.On)) })
	return lines, err
}

// memorandaOn returns what the memoranda in force are about, by agency and partner.
func memorandaOn(s *projections.Snapshot, on events.Date) (map[[2]string]string, error) {
	n, err := network.On(s, on, "")
	if err != nil {
		return nil, err
	}
	scopes := map[[2]string]string{}
	for _, a := range n.Agencies {
		for _, m := range a.Memoranda {
			key := [2]string{a.Agency, m.Partner}
			if scopes[key] != "" {
				scopes[key] += " "
			}
			scopes[key] += m.Scope
		}
	}
	return scopes, nil
}
