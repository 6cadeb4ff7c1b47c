package cli

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/billing"
)

func (p *Program) invoiceCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "invoice",
		Short: "Generate, show and settle agencies' invoices",
		Long: `Generate an agency's invoice for a month from the ledger, show it, and record its way: submitted,
reviewed, returned with corrections, resubmitted, approved by somebody else, paid; held, released or
denied. An invoice never changes: what is found out later nets on the next one.

An invoice is named by its agency and number, such as A-017/12.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.invoiceGenerateCommand(), p.invoiceListCommand(), p.invoiceShowCommand())
	for _, step := range []string{"submit", "review", "return", "resubmit", "approve", "hold", "release", "deny", "pay"} {
		cmd.AddCommand(p.invoiceStepCommand(step))
	}
	return cmd
}

// invoiceStepCommand makes the command that records one step of an invoice; its
// flags are the fields of the command that are not the invoice's name.
func (p *Program) invoiceStepCommand(step string) *cobra.Command {
	command, err := p.catalogue().Lookup(step + "-invoice")
	if err != nil {
		panic("cli: " + err.Error()) // a test lists every command
	}
	var e envelopeFlags
	texts := map[string]*fieldFlag{}
	cmd := &cobra.Command{
		Use:   step + " INVOICE",
		Short: strings.ToUpper(command.Summary[:1]) + command.Summary[1:],
		Args:  oneArg("the invoice, such as A-017/12"),
	}
	cmd.Flags().SortFlags = false
	addFields(cmd.Flags(), command, texts, "agency", "number")
	p.addEnvelope(cmd.Flags(), &e)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		agency, number, err := parseInvoice(args[0])
		if err != nil {
			return err
		}
		if err := setTexts(texts, "agency", agency, "number", strconv.Itoa(number)); err != nil {
			return err
		}
		return p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error {
			if step == "pay" {
				if err := p.payInFull(ctx, l, agency, number, texts); err != nil {
					return err
				}
			}
			return p.recordTexts(ctx, l, command, texts, e)
		})(cmd, args)
	}
	return cmd
}

func setTexts(texts map[string]*fieldFlag, pairs ...string) error {
	for i := 0; i < len(pairs); i += 2 {
		if err := texts[pairs[i]].Set(pairs[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// payInFull fills in the amount when none is given: an invoice is paid in full.
func (p *Program) payInFull(ctx context.Context, l *app.Ledger, agency string, number int, texts map[string]*fieldFlag) error {
	if texts["amount"].String()+texts["amount_cents"].String() != "" {
		return nil
	}
	_, err := p.askOne(ctx, l, question{}, func(s *projections.Snapshot, _ standpoint) error {
		account, err := billing.Of(s, agency)
		if err != nil || number > len(account.Invoices) {
			return err // the command says that there is none
		}
		return setTexts(texts, "amount_cents", strconv.FormatInt(int64(account.Invoices[number-1].Totals.TotalCents), 10))
	})
	return err
}

type generateOptions struct {
	envelopeFlags
	agency, month, closing string
	all                    bool
}

func (p *Program) invoiceGenerateCommand() *cobra.Command {
	var o generateOptions
	cmd := &cobra.Command{
		Use:   "generate --agency A --month M | generate --all-agencies --month M",
		Short: "Bill an agency, or all of them, for everything due by the end of a month",
		Long: `Bill an agency for everything that is due by the end of a month, or by another closing date, and was
not billed before: what accrued since the last invoice, and corrections of what was billed earlier as
adjustments that name their causes. The lines are computed from the ledger as it is now.

With --all-agencies every agency that ever had a client is billed from one position. The same run
under the same --id records nothing twice and finishes what was interrupted.`,
		Example: `  caseledger invoice generate --agency A-017 --month 2008-07
  caseledger invoice generate --all-agencies --month 2008-07`,
		Args: noArgs,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.agency, "agency", "", "an agency's coded `id`")
	flags.BoolVar(&o.all, "all-agencies", false, "bill all agencies")
	flags.StringVar(&o.month, "month", "", "calendar `month` to close, YYYY-MM")
	flags.StringVar(&o.closing, "closing", "", "or another closing `date`, YYYY-MM-DD")
	p.addEnvelope(flags, &o.envelopeFlags)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if (o.agency == "") != o.all || (o.month == "") == (o.closing == "") {
			return &UsageError{"give --agency or --all-agencies, and --month or --closing", cmd.CommandPath()}
		}
		return p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error {
			return p.generateInvoices(ctx, l, o)
		})(cmd, args)
	}
	return cmd
}

func (p *Program) generateInvoices(ctx context.Context, l *app.Ledger, o generateOptions) error {
	req, err := p.envelope(o.envelopeFlags)
	if err != nil {
		return err
	}
	run := app.InvoiceRun{Request: req, Agency: o.agency, Month: o.month}
	if o.closing != "" {
		if run.Closing, err = events.ParseDate(o.closing); err != nil {
			return usage("--closing: %v", err)
		}
	}
	invoiced, err := l.GenerateInvoices(ctx, run)
	if err != nil {
		return err
	}
	// Where a rule refuses every agency, it refuses the run.
	refused := 0
	for _, i := range invoiced {
		if i.Err != nil {
			refused++
		}
	}
	if refused > 0 && refused == len(invoiced) {
		return invoiced[0].Err
	}
	switch p.flags.format {
	case formatJSON:
		return p.printJSON(invoiced)
	case formatCSV:
		return p.printCSV(invoicedSheet(invoiced))
	}
	return p.printSheet(invoicedSheet(invoiced))
}

func invoicedSheet(invoiced []app.Invoiced) sheet {
	s := sheet{columns: append(left("agency", "invoice", "closing"), right("lines"), right("adjustments"), right("total"), column{name: "made from"}, column{name: "note"})}
	issued, sum := 0, events.Cents(0)
	for _, i := range invoiced {
		if i.Number == 0 {
			s.add(i.Agency, "", "", "", "", "", "", cmp.Or(i.Refusal, "nothing is due"))
			continue
		}
		note := ""
		if !i.Appended {
			note = "recorded before"
		}
		issued, sum = issued+1, sum+i.Totals.TotalCents
		s.add(i.Agency, invoiceName(i.Agency, i.Number), i.Closing.String(), strconv.Itoa(i.Totals.Lines), i.Totals.AdjustmentCents.String(),
			i.Totals.TotalCents.String(), fmt.Sprintf("#%d", i.Made.Sequence), note)
	}
	s.notes = []string{fmt.Sprintf("%s, %s", plural(issued, "invoice"), sum)}
	return s
}

func invoiceName(agency string, number int) string { return fmt.Sprintf("%s/%d", agency, number) }

type listInvoicesOptions struct {
	question
	agency, state string
}

func (p *Program) invoiceListCommand() *cobra.Command {
	var o listInvoicesOptions
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List invoices with where they stand",
		Args:  noArgs,
	}
	cmd.Flags().StringVar(&o.agency, "agency", "", "only those of one agency, by coded `id`")
	cmd.Flags().StringVar(&o.state, "state", "", "only those in a `state`: generated, submitted, reviewed, returned, approved, held, denied, paid, or open for all that are neither paid nor denied")
	cmd.Flags().StringVar(&o.asOf, "as-of", "", "what the ledger knew at a `moment`: a day, a time such as 2009-05-15T09:00:00-04:00, or #N, a record")
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error { return p.listInvoices(ctx, l, o) })
	return cmd
}

type listedInvoice struct {
	Name   string `json:"invoice"`
	Agency string `json:"agency"`
	billing.Invoice
}

func (p *Program) listInvoices(ctx context.Context, l *app.Ledger, o listInvoicesOptions) error {
	list := []listedInvoice{}
	v, err := p.askAgency(ctx, l, o.question, o.agency, func(s *projections.Snapshot, at standpoint) error {
		accounts, err := billing.All(s)
		for _, a := range accounts {
			for _, i := range a.Invoices {
				if (o.agency == "" || o.agency == a.Agency) && (o.state == "" || o.state == i.State || o.state == "open" && i.Open()) {
					list = append(list, listedInvoice{invoiceName(a.Agency, i.Number), a.Agency, i})
				}
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	s := sheet{columns: append(left("invoice", "closing", "state", "since"), right("lines"), right("adjustments"), right("total"))}
	var sum events.Cents
	for _, i := range list {
		sum += i.Totals.TotalCents
		s.add(i.Name, i.Closing.String(), i.State, i.Steps[len(i.Steps)-1].On.String(), strconv.Itoa(i.Totals.Lines),
			i.Totals.AdjustmentCents.String(), i.Totals.TotalCents.String())
	}
	s.notes = []string{fmt.Sprintf("%s, %s", plural(len(list), "invoice"), sum)}
	return p.answer(s, struct {
		Invoices   []listedInvoice `json:"invoices"`
		Provenance provenance      `json:"provenance"`
	}{list, v}, v)
}
