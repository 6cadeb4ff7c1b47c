package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"caseledger/aggregates/policy"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/reimbursement"
)

type reimbursementOptions struct {
	question
	client, closing, agency, month, year string
	contract                             bool
}

func (p *Program) reimbursementCommand() *cobra.Command {
	var o reimbursementOptions
	cmd := &cobra.Command{
		Use:   "reimbursement --client C | --agency A --month M | --contract",
		Short: "Show what agencies are entitled to, for a client or in a month, or the contract's years",
		Long: `Show what agencies are entitled to: for one client up to a closing date, each expense with what
becomes of it and why, or for one agency what accrued in a calendar month, client by client.

With --contract, show what agencies were billed in their contract years against the ceilings, with the
burn rate and the forecast: of the years that run on the day, or with --year of those that began in it.

What was billed or paid before does not matter here. With --on, only facts effective by that day count.`,
		Example: `  caseledger reimbursement --client C-7QK2M4 --closing 2009-04-30
  caseledger reimbursement --agency A-017 --month 2009-04
  caseledger reimbursement --contract --year 2008`,
		Args: noArgs,
	}
	cmd.Flags().StringVar(&o.client, "client", "", "a client's coded `id`")
	cmd.Flags().StringVar(&o.closing, "closing", "", "last `day` that counts (default the day of --on or --as-of, or today)")
	cmd.Flags().StringVar(&o.agency, "agency", "", "an agency's coded `id`")
	cmd.Flags().StringVar(&o.month, "month", "", "a calendar `month`, YYYY-MM")
	cmd.Flags().BoolVar(&o.contract, "contract", false, "show contract years against their ceilings")
	cmd.Flags().StringVar(&o.year, "year", "", "with --contract: the `year` in which they began")
	o.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		year := !o.contract && o.year == ""
		client := o.client != "" && o.agency == "" && o.month == "" && year
		agency := o.client == "" && o.closing == "" && o.agency != "" && o.month != "" && year
		contract := o.contract && o.client+o.closing+o.month == ""
		if !client && !agency && !contract {
			return &UsageError{"give either --client, or --agency and --month, or --contract", cmd.CommandPath()}
		}
		return p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error {
			if contract {
				return p.contractYears(ctx, l, o)
			}
			if client {
				return p.clientReimbursement(ctx, l, o)
			}
			return p.agencyMonth(ctx, l, o)
		})(cmd, args)
	}
	return cmd
}

// factsBy is the day by which facts must be effective to count; the zero day
// means all of them, which is what entitlement rests on unless --on is given.
func (o *reimbursementOptions) factsBy(at standpoint) events.Date {
	if o.on == "" {
		return 0
	}
	return at.on
}

func (p *Program) clientReimbursement(ctx context.Context, l *app.Ledger, o reimbursementOptions) error {
	var closing events.Date
	if o.closing != "" {
		var err error
		if closing, err = events.ParseDate(o.closing); err != nil {
			return usage("--closing: %v", err)
		}
	}
	var r *policy.Reimbursement
	var facts events.Date
	v, err := p.askClient(ctx, l, o.question, o.client, func(s *projections.Snapshot, id string, at standpoint) (err error) {
		if closing == 0 {
			closing = at.on
		}
		facts = o.factsBy(at)
		r, err = reimbursement.Of(s, id, closing, facts)
		return err
	})
	if err != nil {
		return err
	}
	v.On = facts.String()
	return p.answer(reimbursementSheet(r), struct {
		*policy.Reimbursement
		Provenance provenance `json:"provenance"`
	}{r, v}, v)
}

// reimbursementSheet lists every expense with what becomes of it; the totals
// stand below.
func reimbursementSheet(r *policy.Reimbursement) sheet {
	s := sheet{
		title: fmt.Sprintf("reimbursement of %s at the closing of %s", r.Client, r.Closing),
		columns: append(left("date", "agency"), right("expense"), right("paid"), right("held"), right("disallowed"),
			column{name: "reason"}, column{name: "rule"}, column{name: "record"}),
	}
	refused := events.Cents(0)
	for _, x := range r.Expenses {
		s.add(x.Date.String(), x.Agency, x.Cents.String(), x.Paid.String(), x.Held.String(), x.Disallowed.String(),
			x.Reason, x.Rule, fmt.Sprintf("#%d", x.Sequence))
	}
	for _, x := range r.ClientCents.Refused {
		refused += x.Cents
	}
	s.notes = append(s.notes,
		fmt.Sprintf("administrative %s; client expenses paid %s, held %s, disallowed %s, refused %s", r.AdministrativeCents,
			r.ClientCents.Paid, r.ClientCents.Held, r.ClientCents.Disallowed, refused))
	for _, a := range r.ByAgency {
		s.notes = append(s.notes, fmt.Sprintf("agency %s: administrative %s, client %s", a.Agency, a.AdministrativeCents, a.ClientCents))
	}
	for _, y := range r.ByFiscalYear {
		s.notes = append(s.notes, fmt.Sprintf("fiscal year %d: administrative %s, client %s", y.FiscalYear, y.AdministrativeCents, y.ClientCents))
	}
	return s
}

func (p *Program) agencyMonth(ctx context.Context, l *app.Ledger, o reimbursementOptions) error {
	first, err := events.ParseDate(o.month + "-01")
	if err != nil {
		return usage("--month: %q is not a month of the form YYYY-MM", o.month)
	}
	var m *reimbursement.AgencyMonth
	var facts events.Date
	v, err := p.askAgency(ctx, l, o.question, o.agency, func(s *projections.Snapshot, at standpoint) (err error) {
		facts = o.factsBy(at)
		m, err = reimbursement.Month(s, o.agency, first, facts)
		return err
	})
	if err != nil {
		return err
	}
	v.On = facts.String()
	return p.answer(agencyMonthSheet(m), struct {
		*reimbursement.AgencyMonth
		Provenance provenance `json:"provenance"`
	}{m, v}, v)
}

func agencyMonthSheet(m *reimbursement.AgencyMonth) sheet {
	s := sheet{
		title: fmt.Sprintf("entitlement of %s from %s to %s", m.Agency, m.From, m.To),
		columns: append(left("client"), right("administrative"), right("client_paid"), right("due"),
			right("held"), right("disallowed"), right("refused")),
	}
	line := func(name string, a reimbursement.Amounts) []string {
		return []string{name, a.AdministrativeCents.String(), a.PaidCents.String(), a.Due().String(),
			a.HeldCents.String(), a.DisallowedCents.String(), a.RefusedCents.String()}
	}
	for _, c := range m.Rows {
		s.rows = append(s.rows, line(c.Client, c.Amounts))
	}
	s.total = line("total", m.Total)
	s.notes = []string{fmt.Sprintf("%s; held is what became held less what was released", plural(len(m.Rows), "client"))}
	return s
}
