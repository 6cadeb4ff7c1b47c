package statistics

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/billing"
	"caseledger/projections/reimbursement"
)

// performance is S3's assessment of one fiscal year: targets beside actuals.
func performance(q Query) *sheet {
	sh := &sheet{
		title:   fmt.Sprintf("Performance of the programme, %s to %s", q.First, q.Last),
		columns: []string{"measure", "unit", "target", "actual", "met", "partner"},
		definitions: []string{
			"targets are those agreed last for the year; measures of time and share are better the lower (days, left before a letter, dollars), the others the higher",
			"of those enrolled in the year without a letter: how many have one within 270 days, and the median of days from enrollment to it; left: service ended in the year and no letter ever came",
			"spent: entitlements that accrued, of the money set aside; paid: of invoices paid in the year, those paid within 30 days of their closing date",
		},
	}
	m := &measures{q: q}
	for _, d := range measureList {
		l := sh.newLine(d.name, "actual")
		l.texts[1] = d.unit
	}
	sh.fill = func(s *projections.Snapshot) error {
		return cmp.Or(cmp.Or(m.people(s, sh), m.money(s)), m.goals(s))
	}
	sh.finish = func() {
		for i, d := range measureList {
			m.finish(sh.lines[i], d)
		}
	}
	return sh
}

// A measure is one line of the assessment. When its figure is not a count of
// people, of gives it, and false when there is nothing to measure.
type measure struct {
	name, unit string
	lower      bool // the lower the better
	of         func(*measures) (int, bool)
}

var measureList = []measure{
	{"victims_certified", "letters", false, nil},
	{"children_eligible", "letters", false, nil},
	{"clients_served", "clients", false, nil},
	{"certified_of_enrolled_percent", "percent", false, func(m *measures) (int, bool) { return share100(m.gotLetter, m.enrolledWithout) }},
	{"days_to_letter_median", "days", true, func(m *measures) (int, bool) {
		return projections.SpreadOf(m.daysToLetter).MedianDays, len(m.daysToLetter) > 0
	}},
	{"left_before_letter_percent", "percent", true, func(m *measures) (int, bool) { return share100(m.leftBefore, m.left) }},
	{"months_of_service", "months", false, func(m *measures) (int, bool) {
		return (m.days/30 + m.served/2) / max(m.served, 1), m.served > 0
	}},
	{"dollars_per_client", "dollars", true, func(m *measures) (int, bool) {
		return int(m.spent/100) / max(m.served, 1), m.served > 0
	}},
	{"spent_of_allocated_percent", "percent", false, func(m *measures) (int, bool) {
		return int((200*m.spentOf + m.allocated) / max(2*m.allocated, 1)), m.allocated > 0
	}},
	{"paid_within_30_days_percent", "percent", false, func(m *measures) (int, bool) { return share100(m.paidSoon, m.paid) }},
}

// measures are what the lines are made of.
type measures struct {
	q                                            Query
	enrolledWithout, gotLetter, left, leftBefore int
	daysToLetter                                 []int
	served, days                                 int
	spent, spentOf, allocated                    events.Cents
	paid, paidSoon                               int
	targets                                      map[string]*events.GoalAgreed
}

func share100(part, whole int) (int, bool) {
	return (200*part + whole) / max(2*whole, 1), whole > 0
}

func (m *measures) people(s *projections.Snapshot, sh *sheet) error {
	first, last := m.q.First, m.q.Last
	within := func(d events.Date) bool { return d >= first && d <= last }
	err := eachLetterRow(s, func(id []byte, l letter) {
		switch {
		case !within(l.date):
		case l.kind == events.Certification:
			sh.lines[0].cells[3].add(events.KindLetter, id, l.sequence)
		case l.kind == events.Eligibility:
			sh.lines[1].cells[3].add(events.KindLetter, id, l.sequence)
		}
	})
	return cmp.Or(err, eachPerson(s, func(id []byte, p *person) {
		if n := p.servedDays(first, last); n > 0 {
			m.served++
			m.days += n
			sh.lines[2].cells[3].add(events.KindCase, id, 0)
		}
		m.track(p, id, sh, within)
	}))
}

// trackedDays is how long a victim is followed to a letter: the pre-certified clock.
const trackedDays = 270

// track follows a victim who was enrolled without a letter.
func (m *measures) track(p *person, id []byte, sh *sheet, within func(events.Date) bool) {
	if len(p.spans) == 0 || p.class == events.Derivative {
		return
	}
	begin, end := p.spans[0], p.spans[len(p.spans)-1].To
	i := slices.IndexFunc(p.spans, func(s policy.StatusSpan) bool { return s.Status.HasLetter() })
	if within(end) {
		m.left++
		if i < 0 {
			m.leftBefore++
			sh.lines[5].cells[3].add(events.KindCase, id, 0)
		}
	}
	if begin.Status.HasLetter() || !within(begin.From) {
		return
	}
	m.enrolledWithout++
	if i >= 0 && p.spans[i].From <= begin.From+trackedDays {
		m.gotLetter++
		m.daysToLetter = append(m.daysToLetter, int(p.spans[i].From-begin.From))
		sh.lines[3].cells[3].add(events.KindCase, id, 0)
		sh.lines[4].cells[3].add(events.KindCase, id, 0)
	}
}

func (m *measures) money(s *projections.Snapshot) error {
	total, err := reimbursement.Total(s, m.q.First, m.q.Last)
	if err != nil {
		return err
	}
	m.spent = total.Total.Due()
	accounts, err := billing.All(s)
	for _, a := range accounts {
		for _, invoice := range a.Invoices {
			paid, ok := invoice.Step("paid")
			if !ok || paid.On < m.q.First || paid.On > m.q.Last {
				continue
			}
			m.paid++
			if paid.On <= invoice.Closing+30 {
				m.paidSoon++
			}
		}
	}
	return err
}

// goals reads the targets and the money set aside for the year.
func (m *measures) goals(s *projections.Snapshot) error {
	m.targets = map[string]*events.GoalAgreed{}
	err := projections.OfProgramme(s, func(_ *events.Record, e *events.GoalAgreed) {
		if e.Year == policy.FiscalYear(m.q.Last) {
			m.targets[e.Measure] = e
		}
	})
	if err != nil {
		return err
	}
	funds, err := allocatedIn(s, policy.FiscalYear(m.q.Last))
	m.spentOf, m.allocated = m.spent, funds["administration"]+funds["client_expenses"]
	return err
}

// allocatedIn returns what was set aside for a fiscal year, by purpose.
func allocatedIn(s *projections.Snapshot, year int) (map[string]events.Cents, error) {
	funds := map[string]events.Cents{}
	return funds, projections.OfProgramme(s, func(_ *events.Record, e *events.FundsAllocated) {
		if e.Year == year {
			funds[e.Purpose] = e.AmountCents
		}
	})
}

// finish writes a line's figure beside its target.
func (m *measures) finish(l *line, d measure) {
	actual, measured := l.cells[3].n, true
	if d.of != nil {
		actual, measured = d.of(m)
		if l.texts[3] = strconv.Itoa(actual); !measured {
			l.texts[3] = notApplicable
		}
	}
	goal := m.targets[d.name]
	if goal == nil {
		return
	}
	l.texts[2], l.texts[5] = strconv.Itoa(goal.Target), goal.Partner
	switch {
	case !measured:
	case actual == goal.Target || actual > goal.Target != d.lower:
		l.texts[4] = "yes"
	default:
		l.texts[4] = "no"
	}
}

// fundsAllocated lays what was spent for each purpose beside what was set aside,
// and beside the outcomes that were reached.
func fundsAllocated(q Query) *sheet {
	sh := &sheet{
		title:   fmt.Sprintf("Money set aside and spent, %s to %s", q.First, q.Last),
		columns: []string{"purpose", "allocated", "spent", "percent", "spent_first_half"},
		definitions: []string{
			accrual + "; training and outreach are paid from other accounts, so that what was spent on them is not known here",
			"spent_first_half: by 31 March, so that one sees whether money is spent in time (S3)",
		},
	}
	names := []string{"administration", "client_expenses", "training", "outreach"}
	for _, name := range names {
		sh.newLine(name)
	}
	sh.fill = func(s *projections.Snapshot) error {
		allocated, err := allocatedIn(s, policy.FiscalYear(q.Last))
		if err != nil {
			return err
		}
		whole, err := reimbursement.Total(s, q.First, q.Last)
		if err != nil {
			return err
		}
		first, err := reimbursement.Total(s, q.First, q.First.AddMonths(6)-1)
		spent := map[string][2]events.Cents{
			"administration":  {whole.Total.AdministrativeCents, first.Total.AdministrativeCents},
			"client_expenses": {whole.Total.PaidCents, first.Total.PaidCents},
		}
		for i, name := range names {
			fillFunds(sh.lines[i].texts, allocated[name], spent, name)
		}
		return err
	}
	return sh
}

func fillFunds(texts []string, allocated events.Cents, spent map[string][2]events.Cents, name string) {
	for i := 1; i < len(texts); i++ {
		texts[i] = unknown
	}
	if texts[1] = allocated.String(); allocated == 0 {
		texts[1] = notApplicable
	}
	s, known := spent[name]
	if !known {
		return
	}
	texts[2], texts[4] = s[0].String(), s[1].String()
	if texts[3] = notApplicable; allocated > 0 {
		texts[3] = strconv.Itoa(int((200*s[0] + allocated) / (2 * allocated)))
	}
}
