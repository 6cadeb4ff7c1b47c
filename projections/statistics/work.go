package statistics

import (
	"cmp"
	"slices"
	"strconv"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/row"
)

const workName = "services"

// WorkView is the view of what was done for clients and what came of it. The row
// of a case:
//
//	services: number, and of each month and category the month, the category, the
//	          number of services, their minutes and how many had an interpreter
//	outcomes: number, and of each its day and its name
type WorkView struct{}

// Name implements [projections.View].
func (WorkView) Name() string { return workName }

// Version implements [projections.View].
func (WorkView) Version() int { return 1 }

// Kinds implements [projections.View].
func (WorkView) Kinds() []events.Kind { return []events.Kind{events.KindCase} }

// workTypes are the events that the view reads.
var workTypes = []string{"service.delivered.v1", "service.closed.v1", "outcome.recorded.v1", "case-fact.withdrawn.v1"}

var notWork = func() (ignored []string) {
	for _, t := range events.Types() {
		if t.Kind == events.KindCase && !slices.Contains(workTypes, t.Name) {
			ignored = append(ignored, t.Name)
		}
	}
	return ignored
}()

// Ignores implements [projections.View].
func (WorkView) Ignores() []string { return notWork }

// Derive implements [projections.View].
func (WorkView) Derive(s *projections.Subject, b []byte) ([]byte, error) {
	w, err := workOf(s)
	if err != nil || len(w.services)+len(w.outcomes) == 0 {
		return b, err
	}
	return w.append(b), nil
}

// A work is what was done for a client.
type work struct {
	services []serviceLine
	outcomes []outcome
}

// A serviceLine is the services of a category in a month.
type serviceLine struct {
	month                          int // months since year 0
	category                       string
	services, minutes, interpreted int
}

type outcome struct {
	on   events.Date
	name string
}

func monthNumber(d events.Date) int {
	y, m, _ := d.Civil()
	return 12*y + int(m) - 1
}

func isWork(eventType string) bool { return slices.Contains(workTypes, eventType) }

func workOf(s *projections.Subject) (w work, err error) {
	err = s.Standing(isWork, func(r *events.Record, e events.Event) error {
		switch e := e.(type) {
		case *events.ServiceDelivered:
			w.deliver(monthNumber(r.OccurredOn), e)
		case *events.ServiceClosed:
			for _, name := range e.Outcomes {
				w.reach(r.OccurredOn, name)
			}
		case *events.OutcomeRecorded:
			w.reach(r.OccurredOn, e.Outcome)
		}
		return nil
	})
	return w, err
}

func (w *work) deliver(month int, e *events.ServiceDelivered) {
	i := slices.IndexFunc(w.services, func(l serviceLine) bool { return l.month == month && l.category == e.Category })
	if i < 0 {
		i = len(w.services)
		w.services = append(w.services, serviceLine{month: month, category: e.Category})
	}
	l := &w.services[i]
	l.services++
	l.minutes += e.Minutes
	if e.Interpreter {
		l.interpreted++
	}
}

// reach notes an outcome once.
func (w *work) reach(on events.Date, name string) {
	if !slices.ContainsFunc(w.outcomes, func(o outcome) bool { return o.name == name && o.on <= on }) {
		w.outcomes = append(w.outcomes, outcome{on, name})
	}
}

func (w work) append(b []byte) []byte {
	b = row.Len(b, len(w.services))
	for _, l := range w.services {
		b = row.String(row.Len(b, l.month), l.category)
		b = row.Len(row.Len(row.Len(b, l.services), l.minutes), l.interpreted)
	}
	b = row.Len(b, len(w.outcomes))
	for _, o := range w.outcomes {
		b = row.String(row.Date(b, o.on), o.name)
	}
	return b
}

// eachWork calls f with the work of each case that has any.
func eachWork(s *projections.Snapshot, f func(id []byte, w *work) error) error {
	var w work
	return s.Rows(workName, events.KindCase, func(id, b []byte) error {
		if err := w.read(b); err != nil {
			return malformed(id, err)
		}
		return f(id, &w)
	})
}

// read reads a row; the memory of w is used again.
func (w *work) read(b []byte) error {
	r := row.Read(b)
	w.services, w.outcomes = w.services[:0], w.outcomes[:0]
	number := func() int { return int(r.Uint()) }
	for range r.Len() {
		w.services = append(w.services, serviceLine{number(), r.String(), number(), number(), number()})
	}
	for range r.Len() {
		w.outcomes = append(w.outcomes, outcome{r.Date(), r.String()})
	}
	return r.Err()
}

// servicesByCategory counts services, and each client once in each category.
func servicesByCategory(q Query) *sheet {
	columns := []string{"category", "clients", "services", "hours", "with_interpreter"}
	sh := &sheet{
		title:   "Services delivered, " + q.period(),
		columns: columns,
		definitions: []string{
			"clients: those who had a service of the category in the range, each once; hours: of the services that say how long they took, in whole hours",
			"with_interpreter: services at which an interpreter helped",
		},
		evidence: func(r *events.Record) bool {
			return r.Type == "service.delivered.v1" && r.OccurredOn >= q.First && r.OccurredOn <= q.Last
		},
	}
	lines, minutes := map[string]*line{}, map[string]int{}
	lineOf := func(category string) *line {
		if lines[category] == nil {
			lines[category] = sh.newLine(category, columns[1:]...)
		}
		return lines[category]
	}
	all := &line{}
	sh.fill = func(s *projections.Snapshot) error {
		err := eachWork(s, func(id []byte, w *work) error {
			w.count(id, q, sh, lineOf, minutes)
			return nil
		})
		slices.SortFunc(sh.lines, func(a, b *line) int { return slices.Compare(a.texts, b.texts) })
		parts := slices.Clone(sh.lines)
		all = sh.newLine("all", columns[1:]...)
		for _, l := range parts {
			for i := 2; i < len(columns); i++ {
				sumUp(all.cells[i], l.cells[i])
			}
			minutes["all"] += minutes[l.label]
		}
		sh.down(all, parts...)
		return cmp.Or(err, eachWork(s, func(id []byte, w *work) error {
			if slices.ContainsFunc(w.services, func(l serviceLine) bool { return q.holds(l.month) }) {
				sh.cell(all, "clients").add(events.KindCase, id, 0)
			}
			return nil
		}))
	}
	sh.finish = func() {
		for _, l := range sh.lines {
			l.cells[3].tally, l.cells[3].shown = true, (minutes[l.label]+30)/60
		}
	}
	return sh
}

// holds reports whether a whole month lies in the range of a query.
func (q Query) holds(month int) bool {
	return month >= monthNumber(q.First) && month <= monthNumber(q.Last)
}

// count adds a client's services to the lines of their categories.
func (w *work) count(id []byte, q Query, sh *sheet, lineOf func(string) *line, minutes map[string]int) {
	sums := map[string]serviceLine{}
	var order []string
	for _, l := range w.services {
		if !q.holds(l.month) {
			continue
		}
		sum, seen := sums[l.category]
		if !seen {
			order = append(order, l.category)
		}
		sum.services += l.services
		sum.minutes += l.minutes
		sum.interpreted += l.interpreted
		sums[l.category] = sum
	}
	for _, category := range order {
		l, sum := lineOf(category), sums[category]
		sh.cell(l, "clients").add(events.KindCase, id, 0)
		sh.cell(l, "services").addMany(events.KindCase, id, sum.services)
		sh.cell(l, "hours").addMany(events.KindCase, id, 0)
		minutes[category] += sum.minutes
		if sum.interpreted > 0 {
			sh.cell(l, "with_interpreter").addMany(events.KindCase, id, sum.interpreted)
		}
	}
}

// sumUp adds a part of a column to its total.
func sumUp(total, part *cell) {
	total.tally, total.money = part.tally || total.tally, part.money || total.money
	total.n += part.n
	total.shown += part.shown
	total.cents += part.cents
	total.members = append(total.members, part.members...)
}

// months writes days as months of service, with one decimal.
func months(days int) string {
	tenths := (days + 1) / 3 // of 30 days
	return strconv.Itoa(tenths/10) + "." + strconv.Itoa(tenths%10)
}

// servedDays counts the days served from first to last.
func (p *person) servedDays(first, last events.Date) (days int) {
	for _, s := range p.spans {
		if overlap(s.Span, first, last) {
			days += policy.Span{From: max(s.From, first), To: min(s.To, last)}.Days()
		}
	}
	return days
}
