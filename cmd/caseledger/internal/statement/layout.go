package statement

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"caseledger/events"
)

// The kinds of lines, as the ledger writes them.
const (
	administrative = "administrative"
	client         = "client"
	cleared        = "advance_cleared"
)

// A grid holds the sums of some lines: what is new beside what corrects earlier
// invoices, so that both ways of adding up meet in the total.
type grid [4][3]events.Cents

const (
	rowAdministrative = iota
	rowClient
	rowCleared
	rowTotal
)

const (
	columnCurrent = iota
	columnAdjustment
	columnTotal
)

var (
	gridRows    = [...]string{"Administrative expenses", "Client expenses", "Advances cleared", "Total"}
	gridColumns = [...]string{"Newly due", "Adjustments", "Total"}
)

func gridOf(lines []Line) (g grid) {
	for _, l := range lines {
		row, column := rowAdministrative, columnCurrent
		switch l.Kind {
		case client:
			row = rowClient
		case cleared:
			row = rowCleared
		}
		if l.Adjustment {
			column = columnAdjustment
		}
		for _, r := range [...]int{row, rowTotal} {
			g[r][column] += l.Cents
			g[r][columnTotal] += l.Cents
		}
	}
	return g
}

// A group is one client's lines: those that bill anew, then adjustments.
type group struct {
	client      string
	lines       []Line
	adjustments []Line
	sums        grid
}

// A run is adjustments one after another that the same records made due.
type run struct {
	lines   []Line
	because string
}

// runs returns a group's adjustments by what caused them, in their order.
func (g *group) runs() []run {
	var runs []run
	for _, l := range g.adjustments {
		n := len(runs) - 1
		if n < 0 || !runs[n].goesOn(l) {
			runs = append(runs, run{because: l.because()})
			n++
		}
		runs[n].lines = append(runs[n].lines, l)
	}
	for i, r := range runs {
		if n := len(r.lines); n > 1 {
			runs[i].because = fmt.Sprintf("lines %d to %d %s", r.lines[0].Number, r.lines[n-1].Number, r.because)
		}
	}
	return runs
}

func (r *run) goesOn(l Line) bool {
	last := r.lines[len(r.lines)-1]
	return l.Number == last.Number+1 && slices.Equal(l.Causes, last.Causes)
}

// groups returns the lines by client, in order of the coded id.
func (inv *Invoice) groups() []group {
	lines := slices.Clone(inv.Lines)
	slices.SortStableFunc(lines, func(a, b Line) int { return cmp.Compare(a.Client, b.Client) })
	var groups []group
	for len(lines) > 0 {
		n := 1
		for n < len(lines) && lines[n].Client == lines[0].Client {
			n++
		}
		g := group{client: lines[0].Client, sums: gridOf(lines[:n])}
		for _, l := range lines[:n] {
			if l.Adjustment {
				g.adjustments = append(g.adjustments, l)
			} else {
				g.lines = append(g.lines, l)
			}
		}
		groups, lines = append(groups, g), lines[n:]
	}
	return groups
}

// A pair is a label and what it says.
type pair struct{ label, value string }

// An amount is a label and a sum.
type amount struct {
	label string
	cents events.Cents
}

// title is the heading of every form.
func (inv *Invoice) title() string {
	if inv.Number == 0 {
		return "Monthly request " + inv.Agency + ", " + inv.Month + ": " + inv.ID()
	}
	return "Invoice " + inv.ID()
}

// header says who bills whom for what; what is not known is left out.
func (inv *Invoice) header() []pair {
	agency := inv.Agency
	if inv.AgencyName != "" {
		agency += " " + clean(inv.AgencyName)
	}
	pairs := []pair{
		{"Prime contractor", clean(inv.Prime)},
		{"Contract", clean(inv.Contract)},
		{"Agency", agency},
	}
	if s := inv.Subcontract; s.Version != 0 {
		pairs = append(pairs, pair{"Subcontract", fmt.Sprintf("record %d of %s, hash %s", s.Version, s.Subject, s.Hash.Short())})
	}
	pairs = append(pairs,
		pair{"Invoice number", inv.ID()},
		pair{"Month", inv.Month},
		pair{"Closing date", inv.Closing.String()})
	if inv.Number != 0 {
		pairs = append(pairs, pair{"Issued", moment(inv.Issued.Recorded)})
	}
	pairs = append(pairs, pair{"Status", inv.statusText()})
	return slices.DeleteFunc(pairs, func(p pair) bool { return p.value == "" })
}

func (inv *Invoice) statusText() string {
	s := string(inv.Status)
	switch {
	case inv.Status == Draft:
		s = "draft: not submitted, and not billed by any invoice"
	case inv.Status == Generated:
		s = "generated, not submitted"
	case inv.Status == Denied:
		s = "denied: its lines are not billed"
	}
	if inv.Recoverable && inv.Settled == -inv.Totals.TotalCents {
		s += ", recoverable settled"
	}
	if n := len(inv.Steps); n > 1 {
		s += fmt.Sprintf("; last step on %s, record #%d", inv.Steps[n-1].On, inv.Known.Sequence)
	}
	return s
}

// due names the total for what it is, and what is left of a recoverable.
func (inv *Invoice) due() []amount {
	total := inv.Totals.TotalCents
	switch {
	case inv.Status == Denied:
		return []amount{{"Total of the denied lines, of which nothing is due", total}}
	case inv.Recoverable:
		return []amount{
			{"Recoverable from the agency", total},
			{"Paid back so far", inv.Settled},
			{"Still owed by the agency", -total - inv.Settled},
		}
	case total < 0:
		return []amount{{"Credit to the prime contractor", total}}
	case inv.Number == 0:
		return []amount{{"Total that would be due", total}}
	}
	return []amount{{"Total due", total}}
}

// An approval is one row of the approvals: a step that was done, or one that is
// still to come.
type approval struct{ what, by, on, recorded, record, detail string }

var approvalColumns = [...]string{"Step", "By", "On", "Recorded", "Record", "Detail"}

func (a approval) cells() []string {
	return []string{a.what, a.by, a.on, a.recorded, a.record, a.detail}
}

func (inv *Invoice) approvals() []approval {
	var rows []approval
	for _, s := range inv.Steps {
		rows = append(rows, approval{
			what: s.What, by: s.By + ", " + s.Role, on: s.On.String(), recorded: moment(s.Record.Recorded),
			record: fmt.Sprintf("#%d %s", s.Record.Sequence, s.Record.Hash.Short()), detail: s.Detail,
		})
	}
	if inv.Status == Denied || inv.Number == 0 {
		return rows
	}
	ahead := []Status{Submitted, Reviewed, Approved, Paid}
	for _, status := range ahead[slices.Index(ahead, inv.reached())+1:] {
		rows = append(rows, approval{what: string(status), by: "not yet"})
	}
	return rows
}

// reached returns how far an invoice has come on its way to payment; what was
// returned has to be submitted again.
func (inv *Invoice) reached() Status {
	status := inv.Status
	if status == Held {
		status = inv.beforeHold()
	}
	return status
}

// open says what of the clients' billing is still open at the closing date, and
// how the agency's contract year stands.
func (inv *Invoice) open() []amount {
	var open []amount
	add := func(label string, c events.Cents) {
		if c != 0 {
			open = append(open, amount{label, c})
		}
	}
	for _, s := range inv.Standings {
		add("Client "+s.Client+": under review (R25)", s.UnderReviewCents)
		add("Client "+s.Client+": left paid (R25)", s.LeftPaidCents)
		add("Client "+s.Client+": advance outstanding (R19)", s.AdvanceOutstandingCents)
	}
	if c := inv.Ceiling; c.Year != 0 {
		open = append(open, amount{"Contract year from " + c.Year.String() + ": committed with this invoice", c.CommittedCents})
		add("Ceiling of that year", c.CeilingCents)
		add("Above the ceiling", c.ExceededCents)
	}
	return open
}

// made says what the statement rests on, with hashes in full.
func (inv *Invoice) made() []pair {
	pairs := []pair{
		{"Ledger", inv.Ledger},
		{"Computed from", fmt.Sprintf("records #1 to #%d", inv.Made.Sequence)},
		{fmt.Sprintf("Hash of record #%d", inv.Made.Sequence), inv.Made.Hash.String()},
	}
	if inv.Number == 0 {
		return pairs
	}
	pairs = append(pairs, pair{fmt.Sprintf("Hash of record #%d, the invoice", inv.Issued.Sequence), inv.Issued.Hash.String()})
	if inv.Known != inv.Issued {
		pairs = append(pairs, pair{fmt.Sprintf("Hash of record #%d, its last step", inv.Known.Sequence), inv.Known.Hash.String()})
	}
	return pairs
}

// Provenance says in one line what the statement rests on, for where a form
// holds the table alone.
func (inv *Invoice) Provenance() string {
	s := fmt.Sprintf("ledger %s, computed from record #%d, hash %s", inv.Ledger, inv.Made.Sequence, inv.Made.Hash.Short())
	if inv.Number != 0 {
		s += fmt.Sprintf("; status of record #%d, hash %s", inv.Known.Sequence, inv.Known.Hash.Short())
	}
	return s
}

// what says what a line bills, and item names its record too.
func (l *Line) what() string {
	switch l.Kind {
	case administrative:
		return "Administrative, period " + strconv.Itoa(l.Period)
	case client:
		return "Client expense"
	case cleared:
		return "Advance cleared"
	}
	return words(l.Kind)
}

func (l *Line) item() string { return strings.TrimSpace(l.what() + " " + l.Expense + l.Advance) }

// rate says by which line of the rate chart a line was computed.
func (l *Line) rate() string {
	if l.Rate == "" {
		return ""
	}
	s := dashed(l.Rate)
	if l.RateCents != 0 {
		s += " " + l.RateCents.String()
	}
	return s
}

// dashed writes pre_certified as pre-certified.
func dashed(s string) string { return strings.ReplaceAll(s, "_", "-") }

func (l *Line) days() string {
	if l.Kind != administrative {
		return ""
	}
	return optional(l.Days)
}

// because says what made an adjustment due.
func (l *Line) because() string {
	if len(l.Because) == 0 {
		return "because of no record since"
	}
	parts := make([]string, len(l.Because))
	for i, c := range l.Because {
		parts[i] = fmt.Sprintf("#%d", c.Position)
		if c.What != "" {
			parts[i] += fmt.Sprintf(" %s (%s)", c.What, c.On)
		}
	}
	return "because of " + strings.Join(parts, ", ")
}

// moment writes when something was recorded, to the second.
func moment(at events.Instant) string {
	if at == 0 {
		return ""
	}
	return at.Time().Format("2006-01-02 15:04:05 UTC")
}

// clean keeps text on one line and in reading order.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.IsSpace(r) {
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// neutral returns a text that no spreadsheet takes for a formula.
func neutral(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n", rune(s[0])) {
		return "'" + s
	}
	return s
}

// dollars writes an amount as a plain number, as in -1166.67.
func dollars(c events.Cents) string {
	return strings.NewReplacer("$", "", ",", "").Replace(c.String())
}
