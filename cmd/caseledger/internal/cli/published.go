package cli

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/statistics"
	"caseledger/testdata/published"
)

// A publishedTable is one published table and how it is computed again.
type publishedTable struct {
	file      string
	title     string
	keys      []string // columns that name a row
	compare   []string // columns that are computed again; nil: all others
	recompute func(*projections.Snapshot, *policy.Book) (columns []string, rows [][]string, err error)
}

func publications() []publishedTable {
	return []publishedTable{
		{"letters-by-fiscal-year-2001-2008.csv", "Certification and eligibility letters by fiscal year (S1)",
			[]string{"fiscal_year"}, nil, fromReport(statistics.FiscalYears(statistics.LettersByFiscalYear, 2001, 2008))},
		{"letters-2008-profile.csv", "Profile of the letters of fiscal year 2008 (S1)",
			[]string{"population", "measure"}, []string{"value"}, fromReport(statistics.FiscalYears(statistics.LettersProfile, 2008, 2008))},
		{"clients-enrolled-2006-04-2009-05.csv", "Clients enrolled, April 2006 to May 2009 (S1, table 3)",
			[]string{"category"}, nil, fromReport(statistics.Months(statistics.ClientsEnrolled, "2006-04", "2009-05"))},
		{"per-capita-2008.csv", "Per-capita services in 2008 (S1)",
			[]string{"measure"}, []string{"value"}, fromReport(statistics.FiscalYears(statistics.PerCapita, 2008, 2008))},
		{"per-capita-cumulative.csv", "Per-capita services, April 2006 to May 2009 (S1)",
			[]string{"measure"}, []string{"value"}, fromReport(statistics.Months(statistics.PerCapitaCumulative, "2006-04", "2009-05"))},
		{"rates.csv", "Rates (S2), from the policy in force",
			[]string{"client_status"}, rateColumns[1:], rates},
		{"time-limits.csv", "Time limits (S1, S2, S4), from the policy in force",
			[]string{"item"}, []string{"value"}, timeLimits},
	}
}

func fromReport(q statistics.Query, err error) func(*projections.Snapshot, *policy.Book) ([]string, [][]string, error) {
	return func(s *projections.Snapshot, _ *policy.Book) ([]string, [][]string, error) {
		if err != nil {
			return nil, nil, err
		}
		r, err := statistics.Run(s, q)
		if err != nil {
			return nil, nil, err
		}
		return r.Columns, r.Rows, nil
	}
}

var rateColumns = []string{"client_status", "administrative_fixed_usd_per_30_day_period", "client_expense_up_to_usd_per_month",
	"total_up_to_usd_per_month_per_client", "maximum_service_period_months"}

// contractDay is a day on which the published rates were in force.
var contractDay = events.MustDate("2008-01-01")

func rates(_ *projections.Snapshot, book *policy.Book) ([]string, [][]string, error) {
	chart := book.On(contractDay).Rates
	line := func(name string, r events.Rate) []string {
		dollars := func(c events.Cents) string { return strconv.FormatInt(int64(c/100), 10) }
		return []string{name, dollars(r.AdministrativeCents), dollars(r.ClientCents), dollars(r.AdministrativeCents + r.ClientCents), strconv.Itoa(r.MaximumPeriods)}
	}
	return rateColumns, [][]string{line("pre_certified_or_pre_eligible", chart.PreCertified), line("certified_or_eligible", chart.Certified)}, nil
}

// timeLimits computes the limits that some rule of the ledger uses.
func timeLimits(_ *projections.Snapshot, book *policy.Book) ([]string, [][]string, error) {
	settings := book.On(contractDay).Settings
	assistance := policy.AssistanceFrom(contractDay, settings)
	application, last := policy.TVisaWatch(contractDay)
	years := func(until events.Date) string {
		from, _, _ := contractDay.Civil()
		to, _, _ := until.Civil()
		return strconv.Itoa(to - from)
	}
	period, advance := "", ""
	if settings.PeriodUnit == policy.Days30 {
		period = "30"
	}
	if settings.CashAdvance == policy.OneMonth {
		advance = "1"
	}
	return []string{"item", "value"}, [][]string{
		{"pre_certified_maximum_service", strconv.Itoa(settings.Rates.PreCertified.MaximumPeriods)},
		{"certified_maximum_service", strconv.Itoa(settings.Rates.Certified.MaximumPeriods)},
		{"service_period", period},
		{"client_expense_advance", advance},
		{"refugee_cash_and_medical_assistance", strconv.Itoa(assistance.Months)},
		{"t_visa_maximum_stay", years(last + 1)},
		{"t_visa_to_lpr_application", years(application)},
	}, nil
}

// A comparison is a published table beside the one that was computed again.
type comparison struct {
	sheet
	wide                     bool // two rows for each published one
	cells, different, unused int
}

const differs = "≠"

// compareTo lays the published table beside the computed one.
func (t publishedTable) compareTo(columns []string, rows [][]string) (*comparison, error) {
	data, err := published.Files.ReadFile(t.file)
	if err != nil {
		return nil, err
	}
	all, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", t.file, err)
	}
	c := &comparison{sheet: sheet{title: t.title}}
	header, body := all[0], all[1:]
	compare := t.compare
	if compare == nil {
		compare = slices.DeleteFunc(slices.Clone(header), func(h string) bool { return slices.Contains(t.keys, h) })
	}
	c.columns = append(c.columns, left(t.keys...)...)
	c.wide = len(compare) > 3
	if c.wide {
		c.columns = append(c.columns, column{name: " "})
	}
	for _, name := range compare {
		if c.columns = append(c.columns, right(name)); !c.wide {
			c.columns = append(c.columns, right("computed"), column{name: " "})
		}
	}
	for _, row := range body {
		c.addRow(t.keys, compare, header, row, columns, findRow(t.keys, header, row, columns, rows))
	}
	c.notes = []string{fmt.Sprintf("%d figures, %s", c.cells, differences(c.different))}
	if c.unused > 0 {
		c.notes[0] += fmt.Sprintf("; %s used by no rule of the ledger", plural(c.unused, "other"))
	}
	return c, nil
}

func differences(n int) string {
	if n == 0 {
		return "no difference"
	}
	return plural(n, "difference")
}

func (c *comparison) addRow(keys, compare, header, row, columns, computed []string) {
	var cells, below []string
	for _, k := range keys {
		cells = append(cells, row[slices.Index(header, k)])
		below = append(below, "")
	}
	if c.wide {
		cells, below = append(cells, "published"), append(below, "computed")
	}
	for _, name := range compare {
		want := row[slices.Index(header, name)]
		got, mark := c.compare(want, name, columns, computed)
		if c.wide {
			cells, below = append(cells, want), append(below, mark+got)
		} else {
			cells = append(cells, want, got, mark)
		}
	}
	c.add(cells...)
	if c.wide {
		c.add(below...)
	}
}

// compare returns the computed figure, and a mark when it is another one.
func (c *comparison) compare(want, name string, columns, computed []string) (got, mark string) {
	if computed == nil {
		c.unused++
		return "–", ""
	}
	if i := slices.Index(columns, name); i >= 0 {
		got = computed[i]
	}
	c.cells++
	if got == want {
		return got, ""
	}
	c.different++
	return got, differs
}

// findRow returns the computed row with the keys of a published one, nil for none.
func findRow(keys, header, row, columns []string, rows [][]string) []string {
	for _, candidate := range rows {
		same := true
		for _, k := range keys {
			i := slices.Index(columns, k)
			same = same && i >= 0 && strings.EqualFold(candidate[i], strings.TrimSuffix(row[slices.Index(header, k)], " (as worded)"))
		}
		if same {
			return candidate
		}
	}
	return nil
}
