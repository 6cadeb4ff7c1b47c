package trace

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"caseledger/events"
)

// ErrElsewhere is what a [Ledger] that holds a part of the records returns for a
// position or a subject that is not in that part. What can be said only with them is not said.
var ErrElsewhere = errors.New("the record is not among those at hand")

// A ClientReport is the trace of every line that was ever billed for one client.
type ClientReport struct {
	Client     string       `json:"client"`
	Agencies   []string     `json:"agencies"` // whose billing was read
	Invoices   int          `json:"invoices"` // of these agencies
	TotalCents events.Cents `json:"total_cents"`
	Lines      []*Line      `json:"lines"`
	// Differences are those of the client's lines, of lines that are missing, and of
	// the invoices as a whole.
	Differences []Difference `json:"differences"`
}

// Client traces every line of one client, and what is missing of them, in the billing of all agencies that l
// holds. l may be a part of the ledger: the client's case, the cases of [Behind], the programme and
// billing.
func Client(ctx context.Context, l Ledger, client string) (*ClientReport, error) {
	c := &collector{about: client}
	r, err := c.run(ctx, func(f func(Ledger) error) error { return f(l) }, "", nil)
	if err != nil {
		return nil, fmt.Errorf("trace client %s: %w", client, err)
	}
	slices.SortFunc(c.lines, func(a, b *Line) int {
		return cmp.Or(cmp.Compare(a.Agency, b.Agency), cmp.Compare(a.Number, b.Number), cmp.Compare(a.Line, b.Line))
	})
	report := &ClientReport{Client: client, Agencies: []string{}, Invoices: r.Invoices, Lines: c.lines, Differences: r.Differences}
	for _, a := range c.accounts {
		report.Agencies = append(report.Agencies, a.agency)
	}
	for _, line := range c.lines {
		report.TotalCents += line.Cents
		for _, d := range r.Differences {
			if d.Agency == line.Agency && d.Number == line.Number && d.Line == line.Line {
				line.Differences = append(line.Differences, d)
			}
		}
	}
	return report, nil
}

// Behind returns whose records an account of a client rests on, by the records of its case: the
// cases of principals (R06), and the agencies that it was ever with or that spent for it. Both are in order.
func Behind(own []*events.Record) (principals, agencies []string, err error) {
	add := func(list []string, id string) []string {
		if id == "" || slices.Contains(list, id) {
			return list
		}
		return append(list, id)
	}
	for _, r := range own {
		agency, err := agencyOf(r)
		if err != nil {
			return nil, nil, err
		}
		principal, err := linkedTo(r)
		if err != nil {
			return nil, nil, err
		}
		principals, agencies = add(principals, principal), add(agencies, agency)
	}
	slices.Sort(principals)
	slices.Sort(agencies)
	return principals, agencies, nil
}

// linkedTo returns the principal that a record of a case names, empty for none.
func linkedTo(r *events.Record) (string, error) {
	if r.Type != "derivative.linked.v1" && r.Type != "client.enrolled.v1" {
		return "", nil
	}
	event, err := r.Event()
	if err != nil {
		return "", err
	}
	switch e := event.(type) {
	case *events.DerivativeLinked:
		return e.Link.Principal, nil
	case *events.ClientEnrolled:
		if e.Derivative != nil {
			return e.Derivative.Principal, nil
		}
	}
	return "", nil
}
