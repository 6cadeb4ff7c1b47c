package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"caseledger/aggregates/policy"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/statistics"
)

// reportOptions say which report, about which years or months.
type reportOptions struct {
	question
	from, to string
	year     int
	list     bool
	explain  bool
}

func (p *Program) reportCommand() *cobra.Command {
	var o reportOptions
	cmd := &cobra.Command{
		Use:   "report NAME [--explain ROW COLUMN]",
		Short: "Print a table of the programme's statistics, or what is behind one cell",
		Long: `Print a table of the programme's statistics. A range is of fiscal years, as in --from 2001 --to 2008,
or of months, as in --from 2006-04 --to 2009-05.

With --explain, print the clients (by coded id) and the records behind one cell.`,
		Example: `  caseledger report --list
  caseledger report letters-by-fiscal-year --from 2001 --to 2008 --format csv
  caseledger report clients-enrolled --from 2006-04 --to 2009-05 --explain 'Certified only' labor`,
	}
	cmd.Flags().StringVar(&o.from, "from", "", "first fiscal `year` or month")
	cmd.Flags().StringVar(&o.to, "to", "", "last fiscal `year` or month")
	cmd.Flags().IntVar(&o.year, "year", 0, "one fiscal `year`")
	cmd.Flags().BoolVar(&o.list, "list", false, "list the reports")
	cmd.Flags().BoolVar(&o.explain, "explain", false, "say what is behind the cell of a row and a column")
	o.flags(cmd)
	cmd.Args = func(cmd *cobra.Command, args []string) error { return o.check(cmd, args) }
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if o.list {
			return p.listReports()
		}
		return p.onLedger(func(ctx context.Context, l *app.Ledger, args []string) error {
			return p.report(ctx, l, args, o)
		})(cmd, args)
	}
	cmd.ValidArgs = statistics.Names()
	return cmd
}

func (o *reportOptions) check(cmd *cobra.Command, args []string) error {
	switch {
	case o.list && len(args) == 0:
		return nil
	case len(args) == 0:
		return &UsageError{"which report: " + strings.Join(statistics.Names(), ", "), cmd.CommandPath()}
	case !slices.Contains(statistics.Names(), args[0]):
		return &UsageError{fmt.Sprintf("there is no report %q: there are %s", args[0], strings.Join(statistics.Names(), ", ")), cmd.CommandPath()}
	case o.explain && len(args) != 3:
		return &UsageError{"--explain takes a row and a column, such as: --explain 2008 total", cmd.CommandPath()}
	case !o.explain && len(args) != 1:
		return &UsageError{fmt.Sprintf("%q is too much: a row and a column go with --explain", args[1]), cmd.CommandPath()}
	case o.year != 0 && (o.from != "" || o.to != ""):
		return &UsageError{"give either --year or --from and --to", cmd.CommandPath()}
	}
	return nil
}

// The first month and the first fiscal year that the tables tell of.
const (
	programmeStart = "2006-04"
	lettersStart   = "2001"
)

// query makes the query of a report; what is not said is the whole programme, or
// the last fiscal year that is over.
func (o *reportOptions) query(name string, on events.Date) (statistics.Query, error) {
	from, to := o.from, o.to
	year := policy.FiscalYear(on)
	ranges := name == statistics.ClientsEnrolled || name == statistics.PerCapitaCumulative
	switch {
	case o.year != 0:
		return statistics.FiscalYears(name, o.year, o.year)
	case strings.Contains(from+to, "-") || ranges && from+to == "":
		return statistics.Months(name, cmp.Or(from, programmeStart), cmp.Or(to, on.String()[:7]))
	case ranges || name == statistics.LettersByFiscalYear:
		from, to = cmp.Or(from, lettersStart), cmp.Or(to, strconv.Itoa(year))
	default:
		from = cmp.Or(from, to, strconv.Itoa(year-1))
		to = cmp.Or(to, from)
	}
	first, err := strconv.Atoi(from)
	last, err2 := strconv.Atoi(to)
	if err != nil || err2 != nil {
		return statistics.Query{}, fmt.Errorf("%q to %q is not a range of years, such as 2001, or months, such as 2006-04", from, to)
	}
	return statistics.FiscalYears(name, first, last)
}

func (p *Program) report(ctx context.Context, l *app.Ledger, args []string, o reportOptions) error {
	var r *statistics.Report
	var x *statistics.Explanation
	var v provenance
	err := p.askAll(ctx, l, o.question, func(s *projections.Snapshot, at standpoint) error {
		q, err := o.query(args[0], at.on)
		if err != nil {
			return usage("--from and --to: %v", err)
		}
		v = provenanceOf(l, s, at)
		v.On = ""
		if o.explain {
			x, err = statistics.Explain(s, q, args[1], args[2])
		} else {
			r, err = statistics.Run(s, q)
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case x != nil:
		return p.answer(explanationSheet(x), x, v)
	}
	if p.flags.format == formatCSV {
		for _, d := range r.Definitions {
			fmt.Fprintln(p.Err, "caseledger: note: "+d)
		}
	}
	return p.answer(reportSheet(r), r, v)
}

func reportSheet(r *statistics.Report) sheet {
	s := sheet{title: r.Title, rows: r.Rows, notes: r.Definitions}
	for i, name := range r.Columns {
		s.columns = append(s.columns, column{name, i > 0 && isNumeric(r.Rows, i)})
	}
	return s
}

// isNumeric reports whether a column is best aligned to the right.
func isNumeric(rows [][]string, i int) bool {
	for _, row := range rows {
		if row[i] != "" && strings.Trim(row[i], "0123456789.,%$-") != "" && row[i] != "N/A" {
			return false
		}
	}
	return true
}

func explanationSheet(x *statistics.Explanation) sheet {
	s := sheet{
		title:   fmt.Sprintf("%s, row %q, column %q: %s; counted %d", x.Report, x.Row, x.Column, x.Value, x.Counted),
		columns: left("id", "sequence", "type", "occurred_on", "record"),
	}
	for _, m := range x.Members {
		for _, e := range m.Events {
			s.add(m.ID, fmt.Sprint(e.Sequence), e.Type, e.OccurredOn.String(), e.ID)
		}
	}
	return s
}

func (p *Program) listReports() error {
	s := sheet{columns: left("report", "range", "what it counts")}
	s.add(statistics.LettersByFiscalYear, "fiscal years", "certification and eligibility letters")
	s.add(statistics.ClientsEnrolled, "months", "clients served, by status, sex, age group and form")
	s.add(statistics.PerCapita, "a fiscal year", "clients served in it")
	s.add(statistics.LettersProfile, "a fiscal year", "letters of it, by sex, form, country and State")
	s.add(statistics.PerCapitaCumulative, "months", "victims, derivatives, subcontractors and locations")
	switch p.flags.format {
	case formatJSON:
		return p.printJSON(statistics.Names())
	case formatCSV:
		return p.printCSV(s)
	}
	return p.printSheet(s)
}
