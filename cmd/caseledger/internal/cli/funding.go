package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/benefits"
)

type fundingOptions struct {
	question
	agency string
	twice  bool
}

func (p *Program) fundingCommand() *cobra.Command {
	var o fundingOptions
	cmd := &cobra.Command{
		Use:   "funding",
		Short: "Show what other funders bear, and receipts that are claimed twice",
		Long: `Show what other funders bear of the clients' costs, by funder, and how much of it before certification
(S1). With --twice the receipts that another funder bears and that are claimed here, or of a further
funder, as well.`,
		Example: `  caseledger funding --on 2009-05-15
  caseledger funding --twice --agency A-017`,
		Args: noArgs,
	}
	cmd.Flags().StringVar(&o.agency, "agency", "", "only one agency's clients, by coded `id`")
	cmd.Flags().BoolVar(&o.twice, "twice", false, "receipts that are claimed twice")
	o.flags(cmd)
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error {
		return p.funding(ctx, l, o)
	})
	return cmd
}

func (p *Program) funding(ctx context.Context, l *app.Ledger, o fundingOptions) error {
	var funders []benefits.Funder
	var claims []benefits.Claim
	var on events.Date
	v, err := p.askAgency(ctx, l, o.question, o.agency, func(s *projections.Snapshot, at standpoint) (err error) {
		on = at.on
		if claims, err = benefits.Twice(s, at.on, o.agency); err != nil || o.twice {
			return err
		}
		funders, err = benefits.Funders(s, at.on, o.agency)
		return err
	})
	if err != nil {
		return err
	}
	about := ""
	if o.agency != "" {
		about = ", clients of " + o.agency
	}
	if o.twice {
		return p.answer(claimsSheet(claims, fmt.Sprintf("receipts claimed twice by %s%s", on, about)), struct {
			Claims     []benefits.Claim `json:"claims"`
			Provenance provenance       `json:"provenance"`
		}{claims, v}, v)
	}
	s := fundersSheet(funders, fmt.Sprintf("what other funders bear by %s%s", on, about))
	s.notes = []string{plural(len(claims), "receipt") + " claimed twice: --twice lists them"}
	return p.answer(s, struct {
		Funders      []benefits.Funder `json:"funders"`
		ClaimedTwice int               `json:"claimed_twice"`
		Provenance   provenance        `json:"provenance"`
	}{funders, len(claims), v}, v)
}

func fundersSheet(funders []benefits.Funder, title string) sheet {
	s := sheet{title: title, columns: append(left("funder"), right("clients"), right("costs"), right("amount"),
		right("pre_certification_clients"), right("pre_certification_amount"))}
	var total, pre events.Cents
	for _, f := range funders {
		s.add(f.Funder, strconv.Itoa(f.Clients), strconv.Itoa(f.Costs), f.Cents.String(), strconv.Itoa(f.PreClients), f.PreCents.String())
		total, pre = total+f.Cents, pre+f.PreCents
	}
	s.total = []string{"total", "", "", total.String(), "", pre.String()}
	return s
}

func claimsSheet(claims []benefits.Claim, title string) sheet {
	s := sheet{title: title, columns: append(left("payers", "clients", "agencies"), right("claimed"), column{name: "records"})}
	for _, c := range claims {
		var records []string
		for _, r := range c.Records {
			records = append(records, "#"+strconv.FormatUint(r, 10))
		}
		s.add(strings.Join(c.Payers, " "), strings.Join(c.Clients, " "), strings.Join(c.Agencies, " "), c.Cents.String(), strings.Join(records, " "))
	}
	s.notes = []string{plural(len(claims), "receipt")}
	return s
}
