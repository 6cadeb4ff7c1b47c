package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"caseledger/aggregates/invoice"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/cmd/caseledger/internal/statement"
	"caseledger/events"
	"caseledger/projections"
)

// Formats of invoices besides those of every answer.
const (
	formatXLSX = "xlsx"
	formatPDF  = "pdf"
)

type showInvoiceOptions struct {
	question
	draft                       bool
	agency, month, closing, out string
}

func (p *Program) invoiceShowCommand() *cobra.Command {
	var o showInvoiceOptions
	cmd := &cobra.Command{
		Use:   "show INVOICE | show --draft --agency A --month M",
		Short: "Show an invoice, or the month's request before it is one, as text, CSV, JSON, XLSX or PDF",
		Long: `Show an invoice with its lines, totals, approvals, and the position of the ledger that it was made from.
Made twice from the same records it is the same bytes in every format.

With --draft, show what an agency would be billed for a month now: its request writes itself, and
nothing is recorded.`,
		Example: `  caseledger invoice show A-017/12
  caseledger invoice show A-017/12 --format pdf --out invoice.pdf
  caseledger invoice show --draft --agency A-017 --month 2008-07`,
		Annotations: map[string]string{moreFormats: formatXLSX + " " + formatPDF},
	}
	flags := cmd.Flags()
	flags.BoolVar(&o.draft, "draft", false, "show what would be billed now")
	flags.StringVar(&o.agency, "agency", "", "with --draft: an agency's coded `id`")
	flags.StringVar(&o.month, "month", "", "with --draft: a calendar `month`, YYYY-MM")
	flags.StringVar(&o.closing, "closing", "", "with --draft: or another closing `date`, YYYY-MM-DD")
	flags.StringVar(&o.out, "out", "", "write a new `file` instead of the standard output")
	flags.StringVar(&o.asOf, "as-of", "", "what the ledger knew of the invoice at a `moment`: a day, a time, or #N, a record")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 || o.draft != (len(args) == 0) || o.draft != (o.agency != "") || o.draft && (o.month == "") == (o.closing == "") {
			return &UsageError{"give an invoice, such as A-017/12, or --draft with --agency and --month", cmd.CommandPath()}
		}
		if o.draft && o.asOf != "" {
			return &UsageError{"a draft is made from the ledger as it is now: --as-of goes with an invoice", cmd.CommandPath()}
		}
		var agency string
		var number int
		if !o.draft {
			var err error
			if agency, number, err = parseInvoice(args[0]); err != nil {
				return err
			}
		}
		return p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error {
			if o.draft {
				return p.showDraft(ctx, l, o)
			}
			return p.showInvoice(ctx, l, agency, number, o)
		})(cmd, args)
	}
	return cmd
}

func (p *Program) showInvoice(ctx context.Context, l *app.Ledger, agency string, number int, o showInvoiceOptions) error {
	var inv statement.Invoice
	_, err := p.askOne(ctx, l, o.question, func(s *projections.Snapshot, _ standpoint) error {
		subject, err := events.NewSubject(events.KindBilling, agency)
		if err != nil {
			return usage("%v", err)
		}
		records, err := s.History(subject)
		if err != nil {
			return err
		}
		if !issued(records, number) {
			return &UnknownInvoiceError{invoiceName(agency, number)}
		}
		if inv, err = statement.FromRecords(records, number); err != nil {
			return err
		}
		return explainInvoice(s, &inv, inv.Known.Sequence)
	})
	if err != nil {
		return err
	}
	return p.writeInvoice(&inv, o.out)
}

// An UnknownInvoiceError reports an invoice that was never issued.
type UnknownInvoiceError struct{ Name string }

func (e *UnknownInvoiceError) Error() string {
	return fmt.Sprintf("show invoice %s: it was never issued", e.Name)
}

// Hint says where the names are.
func (e *UnknownInvoiceError) Hint() string {
	return "the invoices that there are: caseledger invoice list"
}

func issued(records []*events.Record, number int) bool {
	for _, r := range records {
		if r.Type != "invoice.generated.v1" {
			continue
		}
		if e, err := r.Event(); err == nil && e.(*events.InvoiceGenerated).Number == number {
			return true
		}
	}
	return false
}

// explainInvoice looks up what the invoice refers to, as known at a position.
func explainInvoice(s *projections.Snapshot, inv *statement.Invoice, position uint64) error {
	s, err := s.AsOf(position)
	if err != nil {
		return err
	}
	book, err := bookOf(s)
	if err != nil {
		return err
	}
	records, err := s.History(events.SubjectOf(events.KindAgency, inv.Agency))
	if err != nil {
		return err
	}
	for _, r := range records {
		e, err := r.Event()
		if err != nil {
			return err
		}
		if signed, is := e.(*events.SubcontractSigned); is {
			inv.AgencyName = signed.Name
		}
	}
	return inv.Explain(statement.Lookup{Record: s.Record, Chart: statement.Charts(book.Policies())})
}

func (p *Program) showDraft(ctx context.Context, l *app.Ledger, o showInvoiceOptions) error {
	c := &invoice.GenerateInvoice{Agency: o.agency, Month: o.month}
	if o.closing != "" {
		var err error
		if c.Closing, err = events.ParseDate(o.closing); err != nil {
			return usage("--closing: %v", err)
		}
	}
	_, err := p.askOne(ctx, l, question{}, func(s *projections.Snapshot, _ standpoint) error { return knownAgency(s, o.agency) })
	if err != nil {
		return err
	}
	d, err := l.DraftInvoice(ctx, c)
	if err != nil {
		return err
	}
	inv, err := statement.Month(l.Ledger.Name, o.agency, d.Closing, d.Made, d.Lines, d.Standings)
	if err != nil {
		return err
	}
	err = l.Views.Read(func(s *projections.Snapshot) error { return explainInvoice(s, &inv, d.Made.Sequence) })
	if err != nil {
		return err
	}
	return p.writeInvoice(&inv, o.out)
}

// writeInvoice writes an invoice in the format that is asked for.
func (p *Program) writeInvoice(inv *statement.Invoice, out string) error {
	if out == "" && p.Terminal && (p.flags.format == formatXLSX || p.flags.format == formatPDF) {
		return usage("--format %s is not for a terminal: name a file with --out, such as %s", p.flags.format, inv.FileName(p.flags.format))
	}
	return p.toFile(out, inv.ID(), func(w io.Writer) error {
		switch p.flags.format {
		case formatCSV:
			return inv.CSV(w)
		case formatXLSX:
			return inv.XLSX(w)
		case formatPDF:
			return inv.PDF(w)
		case formatJSON:
			return writeJSON(w, invoiceJSON(inv))
		}
		return inv.Text(w)
	})
}

type lineJSON struct {
	Number int `json:"number"`
	events.InvoiceLine
}

func invoiceJSON(inv *statement.Invoice) any {
	type stepJSON struct {
		What   string         `json:"what"`
		By     string         `json:"by"`
		Role   string         `json:"role"`
		On     events.Date    `json:"on"`
		At     events.Instant `json:"at"`
		Record uint64         `json:"sequence"`
		Hash   events.Hash    `json:"hash"`
		Detail string         `json:"detail,omitzero"`
	}
	out := struct {
		Invoice     string                  `json:"invoice,omitzero"` // absent from a draft
		Agency      string                  `json:"agency"`
		Number      int                     `json:"number,omitzero"`
		Month       string                  `json:"month"`
		Closing     events.Date             `json:"closing"`
		Status      statement.Status        `json:"status"`
		Made        events.LedgerPosition   `json:"made"`
		Sequence    uint64                  `json:"sequence,omitzero"`
		Hash        events.Hash             `json:"hash,omitzero"`
		Totals      events.InvoiceTotals    `json:"totals"`
		Lines       []lineJSON              `json:"lines"`
		Standings   []events.ClientStanding `json:"standings"`
		Contract    events.ContractStanding `json:"contract,omitzero"`
		Recoverable bool                    `json:"recoverable"`
		Settled     events.Cents            `json:"settled_cents,omitzero"`
		Steps       []stepJSON              `json:"steps"`
	}{
		Agency: inv.Agency, Number: inv.Number, Month: inv.Month, Closing: inv.Closing, Status: inv.Status, Made: inv.Made,
		Sequence: inv.Issued.Sequence, Hash: inv.Issued.Hash, Totals: inv.Totals, Lines: []lineJSON{}, Standings: inv.Standings,
		Contract: inv.Ceiling, Recoverable: inv.Recoverable, Settled: inv.Settled, Steps: []stepJSON{},
	}
	if inv.Number > 0 {
		out.Invoice = inv.ID()
	}
	for _, l := range inv.Lines {
		out.Lines = append(out.Lines, lineJSON{l.Number, l.InvoiceLine})
	}
	for _, s := range inv.Steps {
		out.Steps = append(out.Steps, stepJSON{s.What, s.By, s.Role, s.On, s.Record.Recorded, s.Record.Sequence, s.Record.Hash, s.Detail})
	}
	return out
}
