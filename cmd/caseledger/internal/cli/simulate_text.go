package cli

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"caseledger/aggregates/policy"
	"caseledger/cmd/caseledger/internal/prose"
	"caseledger/events"
	"caseledger/replay/simulate"
)

// showSimulation prints a simulation for a finance officer: a table for each
// dimension, and in the end what it comes to in words.
func (p *Program) showSimulation(r *simulate.Result, clients bool, words string, v provenance) error {
	if err := p.printf("due by %s as adopted, and supposing %s\n\n", r.Closing, supposed(r.Overlay)); err != nil {
		return err
	}
	agencies, statuses, years := comparisonSheet("agency"), comparisonSheet("status"), comparisonSheet("fiscal year")
	for _, l := range r.ByAgency {
		agencies.add(comparisonRow(l.Agency, l.Comparison)...)
	}
	for _, l := range r.ByStatus {
		statuses.add(comparisonRow(string(l.Status), l.Comparison)...)
	}
	for _, l := range r.ByFiscalYear {
		years.add(comparisonRow(strconv.Itoa(l.FiscalYear), l.Comparison)...)
	}
	sheets := []sheet{agencies, statuses, years, expensesSheet(r.Expenses), rulingsSheet(r.Rulings)}
	for i := range sheets[:3] {
		sheets[i].total = comparisonRow("programme", r.Total)
	}
	if clients {
		sheets = append(sheets, clockChangesSheet(r, signed))
	}
	for _, s := range sheets {
		if err := p.printSheet(s); err != nil {
			return err
		}
		if err := p.printf("\n"); err != nil {
			return err
		}
	}
	return p.printf("%s\n%s\n", words, v)
}

// supposed says what is supposed.
func supposed(o policy.Overlay) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(o.Settings)) {
		parts = append(parts, name+" "+o.Settings[name])
	}
	for _, name := range slices.Sorted(maps.Keys(o.Rates)) {
		n := o.Rates[name]
		if line, periods := strings.CutSuffix(name, ".maximum_periods"); periods {
			parts = append(parts, line+" "+plural(int(n), "period"))
		} else {
			parts = append(parts, strings.TrimSuffix(name, "_cents")+" "+events.Cents(n).String())
		}
	}
	s := strings.Join(parts, ", ")
	if !o.From.IsZero() {
		s += " for clocks that start on " + o.From.String() + " or later"
	}
	return s
}

func comparisonSheet(by string) sheet {
	return sheet{title: "by " + by, columns: append(left(strings.ReplaceAll(by, " ", "_")), right("adopted"), right("supposed"),
		right("difference"), right("administrative"), right("client_expenses"))}
}

func comparisonRow(name string, c simulate.Comparison) []string {
	return []string{name, c.Before.DueCents.String(), c.After.DueCents.String(),
		signed(c.Difference.DueCents), signed(c.Difference.AdministrativeCents), signed(c.Difference.ClientCents)}
}

// signed writes a difference: a plus before more.
func signed(c events.Cents) string {
	if c > 0 {
		return "+" + c.String()
	}
	return c.String()
}

func expensesSheet(x simulate.ExpenseComparison) sheet {
	s := sheet{title: "client expenses", columns: append(left("standing"), right("adopted"), right("supposed"), right("difference"))}
	for _, l := range []struct {
		standing         simulate.Standing
		before, after, d events.Cents
	}{
		{simulate.Paid, x.Before.PaidCents, x.After.PaidCents, x.Difference.PaidCents},
		{simulate.Held, x.Before.HeldCents, x.After.HeldCents, x.Difference.HeldCents},
		{simulate.Disallowed, x.Before.DisallowedCents, x.After.DisallowedCents, x.Difference.DisallowedCents},
		{simulate.Refused, x.Before.RefusedCents, x.After.RefusedCents, x.Difference.RefusedCents},
	} {
		s.add(string(l.standing), l.before.String(), l.after.String(), signed(l.d))
	}
	return s
}

func rulingsSheet(changes []simulate.RulingChange) sheet {
	s := sheet{title: "client expenses that would be ruled otherwise",
		columns: append(left("adopted", "supposed"), right("expenses"), right("booked"), right("paid"))}
	for _, c := range changes {
		s.add(c.Before.String(), c.After.String(), prose.Thousands(c.Expenses), c.BookedCents.String(), signed(c.PaidDifferenceCents))
	}
	return s
}

// clockChangesSheet writes the differences for people or for programs.
func clockChangesSheet(r *simulate.Result, write func(events.Cents) string) sheet {
	s := sheet{title: "clients whose clocks would change", columns: append(left("client", "agencies", "last_funded_day", "supposed_last_funded_day"),
		right("periods"), right("supposed_periods"), right("due_difference"))}
	for _, c := range r.Clocks {
		s.add(c.Client, strings.Join(c.Agencies, " "), c.LastFundedDayBefore.String(), c.LastFundedDayAfter.String(),
			strconv.Itoa(c.PeriodsBefore), strconv.Itoa(c.PeriodsAfter), write(c.DifferenceCents))
	}
	return s
}

// simulationSheet is one table of all dimensions, for programs.
func simulationSheet(r *simulate.Result) sheet {
	s := sheet{columns: left("dimension", "key")}
	for _, kind := range []string{"administrative", "client", "due"} {
		s.columns = append(s.columns, right(kind+"_adopted"), right(kind+"_supposed"), right(kind+"_difference"))
	}
	add := func(dimension, key string, c simulate.Comparison) {
		s.add(dimension, key,
			c.Before.AdministrativeCents.String(), c.After.AdministrativeCents.String(), c.Difference.AdministrativeCents.String(),
			c.Before.ClientCents.String(), c.After.ClientCents.String(), c.Difference.ClientCents.String(),
			c.Before.DueCents.String(), c.After.DueCents.String(), c.Difference.DueCents.String())
	}
	add("total", "", r.Total)
	for _, l := range r.ByAgency {
		add("agency", l.Agency, l.Comparison)
	}
	for _, l := range r.ByStatus {
		add("status", string(l.Status), l.Comparison)
	}
	for _, l := range r.ByFiscalYear {
		add("fiscal_year", strconv.Itoa(l.FiscalYear), l.Comparison)
	}
	return s
}

// inWords says what a simulation comes to for the whole programme.
func inWords(r *simulate.Result) string {
	later, earlier := 0, 0
	for _, c := range r.Clocks {
		switch {
		case c.LastFundedDayAfter > c.LastFundedDayBefore:
			later++
		case c.LastFundedDayAfter < c.LastFundedDayBefore:
			earlier++
		}
	}
	expenses, paid := 0, events.Cents(0)
	for _, c := range r.Rulings {
		expenses, paid = expenses+c.Expenses, paid+c.PaidDifferenceCents
	}
	return fmt.Sprintf(`supposing %s, %s
%s of %s would have had more and %s less; the clocks of %s would change: funding ends later for %s and earlier for %s
%s would be ruled otherwise, which changes what is paid of them by %s
nothing was recorded`,
		supposed(r.Overlay), moneyInWords(r),
		count(r.ClientsMore), plural(r.Clients, "client"), count(r.ClientsLess), count(len(r.Clocks)), count(later), count(earlier),
		plural(expenses, "expense"), signed(paid))
}

func moneyInWords(r *simulate.Result) string {
	before, after, d := r.Total.Before.DueCents, r.Total.After.DueCents, r.Total.Difference.DueCents
	if d == 0 {
		return fmt.Sprintf("as much would have been due by %s as adopted: %s", r.Closing, before)
	}
	more := "more"
	if d < 0 {
		more, d = "less", -d
	}
	s := fmt.Sprintf("%s %s would have been due by %s: %s instead of %s", d, more, r.Closing, after, before)
	if before > 0 {
		s += fmt.Sprintf(", %s %s", percent(d, before), more)
	}
	return s
}

// count writes a number in a sentence.
func count(n int) string {
	if n == 0 {
		return "none"
	}
	return prose.Thousands(n)
}

// percent writes an amount as a share of another, both above zero, to a tenth.
func percent(part, of events.Cents) string {
	tenths := part/of*1000 + (part%of*1000+of/2)/of // part × 1000 could overflow
	if tenths == 0 {
		return "less than 0.1 %"
	}
	return fmt.Sprintf("%s.%d %%", prose.Thousands(int64(tenths/10)), tenths%10)
}
