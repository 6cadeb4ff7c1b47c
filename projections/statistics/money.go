package statistics

import (
	"cmp"
	"slices"
	"strconv"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/reimbursement"
)

// The columns of amounts.
var dollarColumns = []string{"administrative", "client_expenses", "total"}

const accrual = "entitlements as they accrue month by month under the policy in force, whether or not they were invoiced; client expenses are those payable by the end of the month (R17)"

// isMoney says which records an amount rests on.
func isMoney(q Query) func(*events.Record) bool {
	moves := []string{"client.enrolled.v1", "letter.received.v1", "service.closed.v1", "service.reopened.v1",
		"transfer.accepted.v1", "extension.decided.v1", "eligibility.ended.v1"}
	spent := []string{"expense.booked.v1", "expense.reversed.v1"}
	return func(r *events.Record) bool {
		return slices.Contains(moves, r.Type) || slices.Contains(spent, r.Type) && r.OccurredOn <= q.Last
	}
}

func addAmounts(sh *sheet, l *line, id []byte, a reimbursement.Amounts) error {
	for i, cents := range []events.Cents{a.AdministrativeCents, a.PaidCents, a.Due()} {
		if err := sh.cell(l, dollarColumns[i]).addCents(events.KindCase, id, cents); err != nil {
			return err
		}
	}
	return nil
}

// dollarsByMonth adds up what accrued in each month.
func dollarsByMonth(q Query) *sheet {
	sh := &sheet{
		title:       "Entitlements by month, " + q.period(),
		columns:     append([]string{"month", "clients"}, dollarColumns...),
		definitions: []string{accrual, "clients: those to whom anything accrued, each once in a month"},
		evidence:    isMoney(q),
	}
	first := q.First.FirstOfMonth()
	for day := first; day <= q.Last; day = day.AddMonths(1) {
		sh.newLine(day.String()[:7], sh.columns[1:]...)
	}
	parts := slices.Clone(sh.lines)
	all := sh.newLine("all", sh.columns[1:]...)
	sh.money(dollarColumns...)
	sh.across("total", "administrative", "client_expenses")
	sh.down(all, parts...)
	sh.fill = func(s *projections.Snapshot) error {
		for i, l := range parts {
			month := first.AddMonths(i)
			err := reimbursement.EachClient(s, month, month, func(id []byte, a reimbursement.Amounts) error {
				sh.cell(l, "clients").add(events.KindCase, id, 0)
				return addAmounts(sh, l, id, a)
			})
			if err != nil {
				return err
			}
		}
		return reimbursement.EachClient(s, q.First, q.Last, func(id []byte, a reimbursement.Amounts) error {
			sh.cell(all, "clients").add(events.KindCase, id, 0)
			return addAmounts(sh, all, id, a)
		})
	}
	return sh
}

// dollarsPerClient divides a year's days and dollars by its clients.
func dollarsPerClient(q Query) *sheet {
	sh := &sheet{
		title:       "Months of service and dollars per client, by fiscal year",
		columns:     append(append([]string{"fiscal_year", "clients", "months"}, dollarColumns...), "months_per_client", "dollars_per_client"),
		definitions: []string{"months: of 30 served days, funded or not; clients: those served in the year, each once (R30)", accrual},
		evidence:    isMoney(q),
	}
	from, to := policy.FiscalYear(q.First), policy.FiscalYear(q.Last)
	for year := from; year <= to; year++ {
		sh.newLine(strconv.Itoa(year), append([]string{"clients"}, dollarColumns...)...)
	}
	sh.money(dollarColumns...)
	sh.across("total", "administrative", "client_expenses")
	days := make([]int, len(sh.lines))
	sh.fill = func(s *projections.Snapshot) error {
		err := eachPerson(s, func(id []byte, p *person) {
			for i, l := range sh.lines {
				if n := p.servedDays(policy.FiscalYearRange(from + i)); n > 0 {
					days[i] += n
					sh.cell(l, "clients").add(events.KindCase, id, 0)
				}
			}
		})
		for i, l := range sh.lines {
			first, last := policy.FiscalYearRange(from + i)
			err = cmp.Or(err, reimbursement.EachClient(s, first, last, func(id []byte, a reimbursement.Amounts) error {
				return addAmounts(sh, l, id, a)
			}))
		}
		return err
	}
	sh.conceal = sh.concealPerClient
	sh.finish = func() {
		for i, l := range sh.lines {
			sh.perClient(l, days[i])
		}
	}
	return sh
}

// perClient writes the columns that divide by the clients of a line.
func (sh *sheet) perClient(l *line, days int) {
	text := func(column, s string) { l.texts[slices.Index(sh.columns, column)] = s }
	clients := sh.cell(l, "clients").n
	text("months", months(days))
	if clients == 0 {
		text("months_per_client", notApplicable)
		text("dollars_per_client", notApplicable)
		return
	}
	text("months_per_client", months((days+clients/2)/clients))
	cents := sh.cell(l, "total").cents
	text("dollars_per_client", ((cents + events.Cents(clients/2)) / events.Cents(clients)).String())
}

// concealPerClient hides what could be divided back into a hidden figure.
func (sh *sheet) concealPerClient() {
	for _, l := range sh.lines {
		if !slices.ContainsFunc(l.cells, func(c *cell) bool { return c != nil && c.hidden }) {
			continue
		}
		for _, column := range []string{"months", "months_per_client", "dollars_per_client"} {
			l.texts[slices.Index(sh.columns, column)] = Suppressed
		}
	}
}

// dollarsByOutcome looks at the cases whose service closed in the range: how long
// they were served and what they cost, by what was reached.
func dollarsByOutcome(q Query) *sheet {
	sh := &sheet{
		title:   "Closed cases by outcome, " + q.First.String() + " to " + q.Last.String(),
		columns: append(append([]string{"outcome", "clients", "months"}, dollarColumns...), "months_per_client", "dollars_per_client"),
		definitions: []string{
			"clients who were no longer enrolled on the last day of the range and whose last served day lies in it; a client with several outcomes stands in several lines, so that the lines do not sum to the last one",
			"months and dollars: of the client's whole time in the programme", accrual,
		},
		evidence: func(r *events.Record) bool {
			return slices.Contains(workTypes, r.Type) && r.Type != "service.delivered.v1"
		},
	}
	lines, days := map[string]*line{}, map[*line]int{}
	lineOf := func(name string) *line {
		if lines[name] == nil {
			lines[name] = sh.newLine(name, append([]string{"clients"}, dollarColumns...)...)
			sh.money(dollarColumns...)
		}
		return lines[name]
	}
	sh.fill = func(s *projections.Snapshot) error {
		closed, outcomes := map[string]int{}, map[string][]string{}
		err := eachPerson(s, func(id []byte, p *person) {
			if n := len(p.spans); n > 0 && p.spans[n-1].To >= q.First && p.spans[n-1].To <= q.Last {
				closed[string(id)] = p.servedDays(events.MinDate, q.Last)
			}
		})
		err = cmp.Or(err, eachWork(s, func(id []byte, w *work) error {
			for _, o := range w.outcomes {
				if o.on <= q.Last {
					outcomes[string(id)] = append(outcomes[string(id)], o.name)
				}
			}
			return nil
		}))
		count := func(id string, a reimbursement.Amounts) (err error) {
			names := outcomes[id]
			if len(names) == 0 {
				names = []string{"none recorded"}
			}
			slices.Sort(names)
			for _, name := range append(slices.Compact(names), "all") {
				l := lineOf(name)
				days[l] += closed[id]
				sh.cell(l, "clients").add(events.KindCase, []byte(id), 0)
				err = cmp.Or(err, addAmounts(sh, l, []byte(id), a))
			}
			return err
		}
		paid := map[string]reimbursement.Amounts{}
		err = cmp.Or(err, reimbursement.EachClient(s, events.MinDate, q.Last, func(id []byte, a reimbursement.Amounts) error {
			paid[string(id)] = a
			return nil
		}))
		for _, id := range sortedKeys(closed) {
			err = cmp.Or(err, count(id, paid[id]))
		}
		slices.SortFunc(sh.lines, func(a, b *line) int {
			return cmp.Or(b2i(a.label == "all")-b2i(b.label == "all"), cmp.Compare(a.label, b.label))
		})
		sh.across("total", "administrative", "client_expenses")
		return err
	}
	sh.conceal = sh.concealPerClient
	sh.finish = func() {
		for _, l := range sh.lines {
			sh.perClient(l, days[l])
		}
	}
	return sh
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
