package statement

import (
	"fmt"
	"io"

	"caseledger/cmd/caseledger/internal/workbook"
)

// The sheets of a workbook.
const (
	invoiceSheet = "Invoice"
	clientsSheet = "Clients"
	linesSheet   = "Lines"
)

// XLSX writes a workbook: the invoice with its approvals, one row per client, and
// one row per line. Amounts are numbers, dates are dates, there are no formulas,
// and a text that a spreadsheet would take for one gets an apostrophe before it.
// Its dates are those of the ledger, and it is not compressed, like the PDF.
func (inv *Invoice) XLSX(w io.Writer) error {
	b := &book{workbook.New(workbook.Properties{
		Title: inv.title(), Subject: "Agency " + inv.Agency + ", " + inv.Month, At: inv.created(),
	}, invoiceSheet, clientsSheet, linesSheet)}
	b.invoice(inv)
	b.clients(inv)
	b.lines(inv)
	b.Print(fmt.Sprintf("%s, record #%d", inv.title(), max(inv.Made.Sequence, inv.Known.Sequence)))
	if _, err := b.WriteTo(w); err != nil {
		return fmt.Errorf("write %s as XLSX: %w", inv.ID(), err)
	}
	return nil
}

// A book is an invoice's workbook in the making.
type book struct{ *workbook.Book }
