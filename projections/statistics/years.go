package statistics

import (
	"fmt"
	"slices"
	"strconv"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/clocks"
)

// clientsByFiscalYear counts every client once in each year in which a day was
// served (R30), by how the client came into the year.
func clientsByFiscalYear(q Query) *sheet {
	columns := []string{"fiscal_year", "new", "continuing", "reopened", "victims", "derivatives", "clients"}
	sh := &sheet{
		title:   "Clients served by fiscal year",
		columns: columns,
		definitions: []string{
			"a client counts once in each federal fiscal year in which a day was served; the years need not sum to the distinct persons in the last line (R29, R30)",
			"new: no day was served before the year; continuing: the last day of the year before was served; reopened: served before, but not on that day",
		},
	}
	from, to := policy.FiscalYear(q.First), policy.FiscalYear(q.Last)
	for year := from; year <= to; year++ {
		sh.newLine(strconv.Itoa(year), columns[1:]...)
	}
	years := slices.Clone(sh.lines)
	distinct := sh.newLine("distinct persons", "victims", "derivatives", "clients")
	sh.down(distinct, years...) // at most: of two years without a client in common it is the sum
	sh.across("clients", "new", "continuing", "reopened")
	sh.across("clients", "victims", "derivatives")
	sh.fill = func(s *projections.Snapshot) error {
		return eachPerson(s, func(id []byte, p *person) {
			served := false
			for year := from; year <= to; year++ {
				first, last := policy.FiscalYearRange(year)
				if p.lastStatus(first, last) == "" {
					continue
				}
				served = true
				l := sh.lines[year-from]
				sh.cell(l, p.arrival(first)).add(events.KindCase, id, 0)
				p.countClass(sh, l, id)
			}
			if served {
				p.countClass(sh, distinct, id)
			}
		})
	}
	return sh
}

// arrival says how a client who is served in a year came into it.
func (p *person) arrival(first events.Date) string {
	before := false
	for _, s := range p.spans {
		if s.From < first && s.To >= first-1 {
			return "continuing"
		}
		before = before || s.From < first
	}
	if before {
		return "reopened"
	}
	return "new"
}

func (p *person) countClass(sh *sheet, l *line, id []byte) {
	column := "victims"
	if p.class == events.Derivative {
		column = "derivatives"
	}
	sh.cell(l, column).add(events.KindCase, id, 0)
	sh.cell(l, "clients").add(events.KindCase, id, 0)
}

// The columns of clients by letter.
const (
	withoutLetter = "without_letter"
	withLetter    = "with_letter"
	derivative    = "derivative"
)

func letterColumn(s policy.Status) string {
	switch {
	case s == policy.Derivative:
		return derivative
	case s.HasLetter():
		return withLetter
	}
	return withoutLetter
}

const letterColumns = "without_letter: pre-certified and pre-eligible; with_letter: certified and eligible (R04)"

// caseloadOverTime counts the clients enrolled on the last day of each month.
func caseloadOverTime(q Query) *sheet {
	columns := []string{"month", withoutLetter, withLetter, derivative, "total"}
	sh := &sheet{
		title:       "Clients enrolled at the end of each month, " + q.period(),
		columns:     columns,
		definitions: []string{"clients with an open service component on the last day of the month, funded or not", letterColumns},
	}
	var days []events.Date
	for day := q.First.LastOfMonth(); day <= q.Last; day = (day + 1).LastOfMonth() {
		days = append(days, day)
		sh.newLine(day.String()[:7], columns[1:]...)
	}
	sh.across("total", columns[1:4]...)
	sh.fill = func(s *projections.Snapshot) error {
		return eachPerson(s, func(id []byte, p *person) {
			for i, day := range days {
				if status := p.lastStatus(day, day); status != "" {
					sh.cell(sh.lines[i], letterColumn(status)).add(events.KindCase, id, 0)
					sh.cell(sh.lines[i], "total").add(events.KindCase, id, 0)
				}
			}
		})
	}
	return sh
}

// weeksAhead is how far [ClocksEnding] looks.
const weeksAhead = 26

// clocksEnding counts the clocks that run on the first day by the week in which
// they end.
func clocksEnding(q Query) *sheet {
	columns := []string{"week_from", withoutLetter, withLetter, derivative, "total"}
	sh := &sheet{
		title:   fmt.Sprintf("Clocks that end in the %d weeks from %s", weeksAhead, q.First),
		columns: columns,
		definitions: []string{
			fmt.Sprintf("clocks that run on %s, by the week of their last day as the ledger knows it that day; later facts may move it", q.First), letterColumns,
		},
	}
	for week := range weeksAhead {
		sh.newLine((q.First + events.Date(7*week)).String(), columns[1:]...)
	}
	sh.across("total", columns[1:4]...)
	sh.fill = func(s *projections.Snapshot) error {
		lines, err := clocks.List(s, clocks.Filter{On: q.First, Ending: true, Within: 7*weeksAhead - 1})
		for _, c := range lines {
			l := sh.lines[(c.End-q.First)/7]
			sh.cell(l, letterColumn(c.Status)).add(events.KindCase, []byte(c.Client), 0)
			sh.cell(l, "total").add(events.KindCase, []byte(c.Client), 0)
		}
		return err
	}
	return sh
}
