package cli

import (
	"cmp"
	"context"
	"errors"
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
	by       []string
	suppress int
	out      string
	list     bool
	explain  bool
}

func (p *Program) reportCommand() *cobra.Command {
	var o reportOptions
	cmd := &cobra.Command{
		Use:   "report NAME [--explain ROW COLUMN]",
		Short: "Print a table of the programme's statistics, or what is behind one cell",
		Long: `Print a table of the programme's statistics. A range is of fiscal years, as in --from 2001 --to 2008,
or of months, as in --from 2006-04 --to 2009-05. Some count by dimensions of your choice, see --by.

With --explain, print the clients (by coded id) and the records behind one cell. With --suppress-below 5, no
count of people from 1 to 4 is shown, and none can be computed from its neighbours. With --format svg, draw
the report as a chart with its table below; --format xlsx makes a workbook.

The same command at the same position (--as-of '#N') gives the same bytes for ever.`,
		Example: `  caseledger report --list
  caseledger report letters-by-fiscal-year --from 2001 --to 2008 --format csv
  caseledger report clients-enrolled --from 2006-04 --to 2009-05 --explain 'Certified only' labor
  caseledger report letters --by fiscal_year,country --suppress-below 5
  caseledger report caseload-over-time --format svg --out caseload.svg`,
		Annotations: map[string]string{moreFormats: formatXLSX + " " + formatSVG},
	}
	o.rangeFlags(cmd)
	cmd.Flags().StringVar(&o.out, "out", "", "write a new `file` instead of the standard output")
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
	cmd.AddCommand(p.reportPublishCommand(), p.reportPublicationsCommand(), p.reportRestateCommand())
	return cmd
}

// rangeFlags adds the flags that say what is counted.
func (o *reportOptions) rangeFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.from, "from", "", "first fiscal `year` or month")
	cmd.Flags().StringVar(&o.to, "to", "", "last fiscal `year` or month")
	cmd.Flags().IntVar(&o.year, "year", 0, "one fiscal `year`")
	cmd.Flags().StringSliceVar(&o.by, "by", nil, "`dimensions` to count by, in their order, for reports that have them (see --list)")
	cmd.Flags().IntVar(&o.suppress, "suppress-below", 0, "hide counts of people below `N`, and what they could be computed from")
}

func (o *reportOptions) check(cmd *cobra.Command, args []string) error {
	switch {
	case o.list && len(args) == 0:
		return nil
	case len(args) == 0:
		return &UsageError{"which report: " + strings.Join(statistics.Names(), ", "), cmd.CommandPath()}
	case !slices.Contains(statistics.Names(), args[0]):
		near := statistics.Similar(args[0])
		if len(near) == 0 {
			near = statistics.Names()
		}
		return &UsageError{fmt.Sprintf("there is no report %q: there are %s; --list shows them all", args[0], strings.Join(near, ", ")), cmd.CommandPath()}
	case o.explain && len(args) != 3:
		return &UsageError{"--explain takes a row and a column, such as: --explain 2008 total", cmd.CommandPath()}
	case !o.explain && len(args) != 1:
		return &UsageError{fmt.Sprintf("%q is too much: a row and a column go with --explain", args[1]), cmd.CommandPath()}
	case o.suppress < 0 || o.suppress == 1 || o.suppress == 2: // with 2 every s that stands alone would be a 1
		return &UsageError{fmt.Sprintf("--suppress-below %d hides no number: 5 hides counts from 1 to 4", o.suppress), cmd.CommandPath()}
	case o.year != 0 && (o.from != "" || o.to != ""):
		return &UsageError{"give either --year or --from and --to", cmd.CommandPath()}
	}
	return nil
}

// programmeStart is the first month that the tables tell of.
const programmeStart = "2006-04"

// query makes the query of a report; what is not said is the whole programme, the
// last fiscal year that is over, or from the day of the question on.
func (o *reportOptions) query(name string, on events.Date) (q statistics.Query, err error) {
	d, _ := statistics.Find(name)
	from, to := o.from, o.to
	year := policy.FiscalYear(on)
	defer func() { q.By, q.SuppressBelow = o.by, o.suppress }()
	switch {
	case d.Range == statistics.AheadRange:
		if o.year != 0 || from+to != "" {
			return q, fmt.Errorf("%s looks ahead from a day: give --on", name)
		}
		return statistics.Days(name, on, on), nil
	case o.year != 0:
		return statistics.FiscalYears(name, o.year, o.year)
	case strings.Contains(from+to, "-") || d.Range == statistics.MonthsRange && from+to == "":
		return statistics.Months(name, cmp.Or(from, programmeStart), cmp.Or(to, on.String()[:7]))
	case d.Range == statistics.MonthsRange || d.Range == statistics.FiscalYearsRange:
		from, to = cmp.Or(from, strconv.Itoa(d.Since)), cmp.Or(to, strconv.Itoa(year))
	default:
		from = cmp.Or(from, to, strconv.Itoa(year-1))
		to = cmp.Or(to, from)
	}
	first, err := strconv.Atoi(from)
	last, err2 := strconv.Atoi(to)
	if err != nil || err2 != nil {
		return q, fmt.Errorf("%q to %q is not a range of years, such as 2001, or months, such as 2006-04", from, to)
	}
	return statistics.FiscalYears(name, first, last)
}

func (p *Program) report(ctx context.Context, l *app.Ledger, args []string, o reportOptions) error {
	var r *statistics.Report
	var x *statistics.Explanation
	v, err := p.askAll(ctx, l, o.question, func(s *projections.Snapshot, at standpoint) error {
		q, err := o.query(args[0], at.on)
		if err != nil {
			return usage("--from and --to: %v", err)
		}
		if o.explain {
			x, err = statistics.Explain(s, q, args[1], args[2])
		} else {
			r, err = statistics.Run(s, q)
		}
		if wrong := new(statistics.DimensionError); errors.As(err, &wrong) {
			return usage("--by: %v", err)
		}
		return err
	})
	v.On = ""
	switch {
	case err != nil:
		return err
	case x != nil:
		return p.answer(explanationSheet(x), x, v)
	}
	r.View = v.Definitions
	return p.writeReport(r, v, o.out)
}

func reportSheet(r *statistics.Report) sheet {
	s := sheet{title: r.Title, rows: r.Rows, notes: append(slices.Clone(r.Definitions), policyNote(r))}
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
	s := sheet{columns: left("report", "range", "what it counts", "--by", "chart")}
	for _, d := range statistics.Catalogue() {
		chart := ""
		if d.Drawing != nil {
			chart = d.Drawing.Kind
		}
		s.add(d.Name, string(d.Range), d.Counts, strings.Join(d.By, ", "), chart)
	}
	switch p.flags.format {
	case formatJSON:
		return p.printJSON(statistics.Catalogue())
	case formatCSV:
		return p.printCSV(s)
	}
	return p.printSheet(s)
}
