package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/cmd/caseledger/internal/prose"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/billing"
	"caseledger/replay/trace"
)

func (p *Program) auditTraceCommand() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "trace INVOICE [LINE] | trace --all",
		Short: "Walk from invoice lines to the events behind them, and compute the amounts again",
		Long: `Walk from each line of an invoice to its service period, to the rule and the policy, and to the records
behind it with their positions and hashes, and compute the amount again from these records: day by
day, by a calculation that shares no code with the one that billed it. What counts is what the ledger
knew at the position that the invoice was made from.

With --all, do so for every line ever issued, look for lines that are missing too, and sum up to the
contract's total. It ends with the number of lines, the total and the number of differences; when
there is any, the exit code is 1.`,
		Example: `  caseledger audit trace A-017/12
  caseledger audit trace A-017/12 3
  caseledger audit trace --all`,
	}
	cmd.Flags().BoolVar(&all, "all", false, "trace every line of every invoice")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var agency string
		var number, line int
		var err error
		switch {
		case all && len(args) > 0, !all && len(args) == 0, len(args) > 2:
			return &UsageError{"give either an invoice, such as A-017/12, and maybe a line of it, or --all", cmd.CommandPath()}
		case len(args) > 0:
			if agency, number, err = parseInvoice(args[0]); err != nil {
				return err
			}
		}
		if len(args) == 2 {
			if line, err = strconv.Atoi(args[1]); err != nil || line < 1 {
				return usage("line %q: it is a number from 1 on", args[1])
			}
		}
		return p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error {
			if all {
				return p.traceAll(ctx, l)
			}
			return p.traceInvoice(ctx, l, agency, number, line)
		})(cmd, args)
	}
	return cmd
}

// A TraceError reports lines that do not follow from the records.
type TraceError struct{ Differences int }

func (e *TraceError) Error() string {
	return fmt.Sprintf("%s between what was billed and what the records come to", differences(e.Differences))
}

// Hint says what a person can do about it.
func (e *TraceError) Hint() string {
	return "caseledger audit trace INVOICE LINE shows one line with the records behind it"
}

// reader reads the views' records up to a position that is fixed now.
func reader(ctx context.Context, l *app.Ledger) (trace.Reader, projections.Position, error) {
	if _, err := l.CatchUp(ctx); err != nil {
		return nil, projections.Position{}, err
	}
	position, err := l.Views.Position()
	return func(f func(trace.Ledger) error) error {
		return l.Views.Read(func(s *projections.Snapshot) error {
			past, err := s.AsOf(position.Sequence)
			if err != nil {
				return err
			}
			return f(past)
		})
	}, position, err
}

func (p *Program) traceAll(ctx context.Context, l *app.Ledger) error {
	read, position, err := reader(ctx, l)
	if err != nil {
		return err
	}
	begin, show := p.Now(), p.progress()
	r, err := trace.All(ctx, read, func(done uint64) { show.count("tracing cases:", done, 0) })
	show.done()
	if err != nil {
		return err
	}
	r.Position = position.Sequence
	took := p.Now().Sub(begin)
	total, err := contractTotal(l)
	if err != nil {
		return err
	}
	different := len(r.Differences)
	if total != r.TotalCents {
		different++
	}
	switch p.flags.format {
	case formatJSON:
		err = p.printJSON(r)
	case formatCSV:
		err = p.printCSV(differencesSheet(r.Differences))
	default:
		if different > 0 {
			err = p.printSheet(differencesSheet(r.Differences))
		}
		if err == nil {
			err = p.printf("%s\nlines       %s\ntotal       %s, the contract's is %s\ndifferences %d\n",
				traced(r, took.Seconds()), prose.Thousands(r.Lines), r.TotalCents, total, different)
		}
	}
	if err == nil && different > 0 {
		return &TraceError{different}
	}
	return err
}

func traced(r *trace.Report, seconds float64) string {
	return fmt.Sprintf(`traced %s of %s for %s, as of record #%d, in %.2f s: each amount computed again from its records
  %s of adjustment; %s denied, %s; paid %s
  under review %s, left paid %s, advances outstanding %s by the last invoices`,
		plural(r.Invoices, "invoice"), agencies(len(r.Agencies)), plural(r.Clients, "client"), r.Position, seconds,
		plural(r.Adjustments, "line"), plural(r.Denied, "invoice"), r.DeniedCents, r.PaidCents,
		r.UnderReviewCents, r.LeftPaidCents, r.OutstandingCents)
}

func agencies(n int) string {
	if n == 1 {
		return "1 agency"
	}
	return prose.Thousands(n) + " agencies"
}

// contractTotal is what the views say was billed and not denied.
func contractTotal(l *app.Ledger) (total events.Cents, err error) {
	err = l.Views.Read(func(s *projections.Snapshot) error {
		accounts, err := billing.All(s)
		for _, a := range accounts {
			for _, i := range a.Invoices {
				if i.State != "denied" {
					total += i.Totals.TotalCents
				}
			}
		}
		return err
	})
	return total, err
}

func differencesSheet(list []trace.Difference) sheet {
	s := sheet{columns: append(left("invoice", "line", "problem"), right("billed"), right("due"), column{name: "what"})}
	for _, d := range list {
		line := ""
		if d.Line > 0 {
			line = strconv.Itoa(d.Line)
		}
		s.add(fmt.Sprintf("%s/%d", d.Agency, d.Number), line, string(d.Problem), d.Billed.String(), d.Due.String(), d.Sentence)
	}
	return s
}

func (p *Program) traceInvoice(ctx context.Context, l *app.Ledger, agency string, number, line int) error {
	read, position, err := reader(ctx, l)
	if err != nil {
		return err
	}
	lines, r, err := trace.Invoice(ctx, read, agency, number, line)
	if err != nil {
		return err
	}
	r.Position = position.Sequence
	switch p.flags.format {
	case formatJSON:
		err = p.printJSON(struct {
			Position    uint64             `json:"position"`
			Lines       []*trace.Line      `json:"lines"`
			Differences []trace.Difference `json:"differences"`
		}{r.Position, lines, r.Differences})
	case formatCSV:
		err = p.printCSV(tracedSheet(lines))
	default:
		err = p.printTraces(lines, r)
	}
	if err == nil && len(r.Differences) > 0 {
		return &TraceError{len(r.Differences)}
	}
	return err
}

func tracedSheet(lines []*trace.Line) sheet {
	s := sheet{columns: append(left("invoice", "line", "client", "kind", "start", "end"), right("billed"), right("recounted"),
		column{name: "rule"}, column{name: "policy"}, column{name: "records"}, column{name: "equal"})}
	for _, l := range lines {
		var records []string
		for _, r := range l.Behind {
			records = append(records, fmt.Sprintf("#%d", r.Sequence))
		}
		s.add(fmt.Sprintf("%s/%d", l.Agency, l.Number), strconv.Itoa(l.Line), l.Client, l.Kind, l.Start.String(), l.End.String(),
			l.Cents.String(), l.Due.String(), l.Rule, l.Policy, strings.Join(records, " "), strconv.FormatBool(l.Equal()))
	}
	return s
}

func (p *Program) printTraces(lines []*trace.Line, r *trace.Report) error {
	var sum events.Cents
	for _, l := range lines {
		sum += l.Cents
		if err := p.printf("%s\n", tracedText(l)); err != nil {
			return err
		}
	}
	for _, d := range r.Differences {
		if d.Line == 0 {
			if err := p.printf("%s\n", d); err != nil {
				return err
			}
		}
	}
	return p.printf("%s, %s, %s; as of record #%d\n", plural(len(lines), "line"), sum, differences(len(r.Differences)), r.Position)
}

// tracedText writes the trace of one line for a person to follow.
func tracedText(l *trace.Line) string {
	var b strings.Builder
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "  %-10s %s\n", name, fmt.Sprintf(format, args...))
	}
	kind := strings.ReplaceAll(l.Kind, "_", " ")
	if l.Adjustment {
		kind += ", adjustment"
	}
	fmt.Fprintf(&b, "%s/%d line %d: %s, %s, client %s\n", l.Agency, l.Number, l.Line, l.Cents, kind, l.Client)
	row("dates", "%s", lineDates(l))
	if l.PeriodStart != 0 {
		row("period", "%s to %s, %d of %d days paid by %s", l.PeriodStart, l.PeriodEnd, l.Paid, l.Whole, l.Closing)
	}
	row("rule", "%s, %s", l.Rule, ruleWords[l.Rule])
	if l.Adopted != nil {
		row("policy", "%s", referenceText(*l.Adopted))
	} else {
		row("policy", "the rulebook's defaults")
	}
	for i, r := range l.Behind {
		row(firstOnly(i, "rests on"), "%s", referenceText(r))
	}
	for i, r := range l.Caused {
		row(firstOnly(i, "caused by"), "%s", referenceText(r))
	}
	for i, e := range l.Earlier {
		row(firstOnly(i, "before"), "%s", earlierText(e))
	}
	row("recount", "%s", recountText(l))
	if l.Equal() {
		b.WriteString("  equal\n")
	}
	for _, d := range l.Differences {
		fmt.Fprintf(&b, "  DIFFERENT  %s: %s\n", d.Problem, d.Sentence)
	}
	return b.String()
}

// ruleWords says what the rules of lines are about.
var ruleWords = map[string]string{
	"R15": "a period's amount by days, rounded once",
	"R17": "actual spending, up to the ceiling",
	"R19": "an advance cleared against spending",
	"R24": "what was billed before and is no longer due",
}

func firstOnly(i int, name string) string {
	if i > 0 {
		return ""
	}
	return name
}

func lineDates(l *trace.Line) string {
	switch {
	case l.Days > 0:
		return fmt.Sprintf("%s to %s, %s paid to %s", l.Start, l.End, plural(l.Days, "day"), l.Agency)
	case l.Start == l.End:
		return l.Start.String()
	}
	return fmt.Sprintf("%s to %s", l.Start, l.End)
}

func earlierText(e trace.Earlier) string {
	return fmt.Sprintf("%s by line %d of invoice %d", e.Cents, e.Line, e.Number)
}

func referenceText(r trace.Reference) string {
	if r.Type == "" {
		return fmt.Sprintf("#%d, which is no record", r.Sequence)
	}
	return fmt.Sprintf("#%d %s  %s  %s of %s", r.Sequence, r.Hash.Short(), r.On, r.Type, r.Subject)
}

func recountText(l *trace.Line) string {
	switch {
	case l.Kind == "advance_cleared":
		return fmt.Sprintf("%s to be set off against the client expenses of this invoice", -l.Due)
	case l.Adjustment:
		text := fmt.Sprintf("entitled up to the closing date before, as known now, %s, billed %s", l.Then, l.Before)
		if l.Kept != 0 {
			text += fmt.Sprintf(" of which %s stays paid or under review", l.Kept)
		}
		return text + fmt.Sprintf(": %s is due", l.Due)
	}
	text := fmt.Sprintf("entitled up to %s %s, up to the closing date before %s: %s is due", l.Closing, l.Now, l.Then, l.Due)
	if l.Kind == "administrative" && l.Whole > 0 {
		text = fmt.Sprintf("%s a whole period of %d days; ", l.RateCents, l.Whole) + text
	}
	return text
}

// parseInvoice reads an invoice's name, such as A-017/12.
func parseInvoice(name string) (agency string, number int, err error) {
	agency, text, found := strings.Cut(name, "/")
	agency = strings.ToUpper(agency)
	number, err = strconv.Atoi(text)
	if !found || err != nil || number < 1 || strconv.Itoa(number) != text || events.CheckID(agency) != nil {
		return "", 0, usage("%q is not an invoice: it has the form AGENCY/NUMBER, such as A-017/12", name)
	}
	return agency, number, nil
}
