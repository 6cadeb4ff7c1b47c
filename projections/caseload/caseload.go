// Package caseload answers one question: who works on which open cases on a day,
// and how heavy is that (R28)?
//
// A case is open from enrollment until all three of its components are closed;
// funding ends earlier, with the clock. Everything is shown from the facts that
// are effective by the day.
package caseload

import (
	"cmp"
	"slices"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/row"
)

const viewName = "caseload"

// View is the view behind [On]. Its rows are lists of changes, each with the day
// from which it holds, in order of that day and then of recording:
//
//	case    the first enrolled day; statuses; agencies; leads (worker, whether
//	        interim; no worker: none); intensities; components (which, whether open);
//	        hand-offs (to whom one is proposed; nobody: none is)
//	worker  standings: agency, supervisor, capacity in percent, whether left, languages
//	agency  name, State; standings (active, suspended, ended); locations (id, city,
//	        State, whether open)
type View struct{}

// Name implements [projections.View].
func (View) Name() string { return viewName }

// Version implements [projections.View].
func (View) Version() int { return 2 }

// Kinds implements [projections.View].
func (View) Kinds() []events.Kind {
	return []events.Kind{events.KindCase, events.KindWorker, events.KindAgency}
}

// Ignores implements [projections.View].
func (View) Ignores() []string { return projections.NoFacts() }

// Derive implements [projections.View].
func (View) Derive(s *projections.Subject, b []byte) ([]byte, error) {
	switch s.Name.Kind() {
	case events.KindCase:
		return deriveCase(s, b)
	case events.KindWorker:
		w := worker{}
		err := s.Standing(concernsPost, w.fold)
		return w.append(b), err
	default:
		a := agency{}
		err := s.Standing(concernsStanding, a.fold)
		return a.append(b), err
	}
}

// A change is something that holds from a day on.
type change[T any] struct {
	from  events.Date
	value T
}

// A lead is the lead case manager of a case; no worker is none.
type lead struct {
	worker  string
	interim bool
}

type component struct {
	which byte // index in components
	open  bool
}

var components = [...]events.Component{events.ServiceComponent, events.ImmigrationComponent, events.ProsecutionComponent}

var statuses = [...]policy.Status{policy.PreCertified, policy.Certified, policy.PreEligible, policy.Eligible, policy.Derivative}

// A file is a case as the caseload sees it.
type file struct {
	enrolled    events.Date
	statuses    []change[policy.Status]
	agencies    []change[string]
	leads       []change[lead]
	intensities []change[int]
	components  []change[component]
	proposals   []change[string]

	names row.Names // of agencies and workers, where many cases are read
}

func deriveCase(s *projections.Subject, b []byte) ([]byte, error) {
	f, err := s.Facts()
	if err != nil {
		return b, err
	}
	e, enrolled := f.Enrollment()
	if !enrolled {
		return b, nil
	}
	c := &file{enrolled: e.OccurredOn}
	if err := s.Standing(concernsWork, c.fold); err != nil {
		return b, err
	}
	c.foldFacts(f)
	return c.append(b), nil
}

// foldFacts adds what the policy's facts say: status by day, agencies, and the
// service component, which is open on enrolled days.
func (c *file) foldFacts(f *policy.Facts) {
	days := []events.Date{c.enrolled}
	for _, l := range f.Letters {
		days = append(days, l.LetterDate)
	}
	for _, t := range f.Turned18 {
		days = append(days, t.OccurredOn)
	}
	slices.Sort(days)
	for _, day := range slices.Compact(days) {
		if status := policy.StatusOn(f, day); day >= c.enrolled && on(c.statuses, day) != status {
			c.statuses = append(c.statuses, change[policy.Status]{day, status})
		}
	}
	for _, s := range f.Agencies() {
		c.agencies = append(c.agencies, change[string]{s.OccurredOn, s.Agency})
	}
	for _, s := range f.EnrolledSpans() {
		c.components = append(c.components, change[component]{s.From, component{0, true}})
		if s.To <= events.MaxDate {
			c.components = append(c.components, change[component]{s.To + 1, component{0, false}})
		}
	}
	slices.SortStableFunc(c.components, func(a, b change[component]) int { return cmp.Compare(a.from, b.from) })
}

// fold adds what concerns the work alone: leads, intensity and the components that do
// not carry money.
func (c *file) fold(r *events.Record, e events.Event) error {
	day := r.OccurredOn
	switch e := e.(type) {
	case *events.LeadAssigned:
		c.leads = insert(c.leads, day, lead{e.Worker, false})
	case *events.LeadLeft:
		c.leads = insert(c.leads, day, lead{e.Interim, e.Interim != ""})
	case *events.HandOffProposed:
		c.proposals = insert(c.proposals, day, e.To)
	case *events.HandOffDeclined, *events.HandOffWithdrawn:
		c.answer(day)
	case *events.HandOffAccepted:
		c.leads = insert(c.leads, day, lead{e.To, false})
		c.answer(day)
	case *events.TransferAccepted:
		c.leads = insert(c.leads, day, lead{e.Lead, false})
		c.answer(day)
	case *events.IntensitySet:
		c.intensities = insert(c.intensities, day, e.Intensity)
	case *events.ComponentClosed:
		c.components = insert(c.components, day+1, componentOf(e.Component, false))
	case *events.ComponentReopened:
		c.components = insert(c.components, day, componentOf(e.Component, true))
	}
	return nil
}

// answer ends the hand-off that is proposed, if one is.
func (c *file) answer(day events.Date) {
	if on(c.proposals, day) != "" {
		c.proposals = insert(c.proposals, day, "")
	}
}

func componentOf(c events.Component, open bool) component {
	return component{byte(max(0, slices.Index(components[:], c))), open}
}

func concernsWork(eventType string) bool {
	switch eventType {
	case "lead.assigned.v1", "lead.left.v1", "hand-off.proposed.v1", "hand-off.accepted.v1", "hand-off.declined.v1",
		"hand-off.withdrawn.v1", "transfer.accepted.v1", "intensity.set.v1", "component.closed.v1", "component.reopened.v1":
		return true
	}
	return false
}

// insert keeps changes in order of their day, those of one day in order of recording.
func insert[T any](list []change[T], day events.Date, v T) []change[T] {
	i := len(list)
	for i > 0 && list[i-1].from > day {
		i--
	}
	return slices.Insert(list, i, change[T]{day, v})
}

// on returns the value that holds on a day.
func on[T any](list []change[T], day events.Date) T { return lastChange(list, day).value }

// lastChange returns the last change up to a day, the zero change when there is none.
func lastChange[T any](list []change[T], day events.Date) (last change[T]) {
	for _, c := range list {
		if c.from > day {
			break
		}
		last = c
	}
	return last
}

func appendChanges[T any](b []byte, list []change[T], value func([]byte, T) []byte) []byte {
	b = row.Len(b, len(list))
	for _, c := range list {
		b = value(row.Date(b, c.from), c.value)
	}
	return b
}

func readChanges[T any](r *row.Reader, list []change[T], value func(*row.Reader) T) []change[T] {
	list = list[:0]
	for range r.Len() {
		list = append(list, change[T]{r.Date(), value(r)})
	}
	return list
}

func (c *file) append(b []byte) []byte {
	b = row.Date(b, c.enrolled)
	b = appendChanges(b, c.statuses, func(b []byte, s policy.Status) []byte {
		return row.Len(b, slices.Index(statuses[:], s)+1)
	})
	b = appendChanges(b, c.agencies, row.String)
	b = appendChanges(b, c.leads, func(b []byte, l lead) []byte { return row.Bool(row.String(b, l.worker), l.interim) })
	b = appendChanges(b, c.intensities, row.Len)
	b = appendChanges(b, c.components, func(b []byte, x component) []byte { return row.Bool(append(b, x.which), x.open) })
	return appendChanges(b, c.proposals, row.String)
}

// read reads a case's row; the lists' memory is used again.
func (c *file) read(b []byte) error {
	r := row.Read(b)
	c.enrolled = r.Date()
	c.statuses = readChanges(&r, c.statuses, func(r *row.Reader) policy.Status {
		if i := r.Uint(); i > 0 && i <= uint64(len(statuses)) {
			return statuses[i-1]
		}
		return ""
	})
	c.agencies = readChanges(&r, c.agencies, func(r *row.Reader) string { return r.Name(c.names) })
	c.leads = readChanges(&r, c.leads, func(r *row.Reader) lead { return lead{r.Name(c.names), r.Bool()} })
	c.intensities = readChanges(&r, c.intensities, func(r *row.Reader) int { return int(r.Uint()) })
	c.components = readChanges(&r, c.components, func(r *row.Reader) component { return component{byte(r.Uint()), r.Bool()} })
	c.proposals = readChanges(&r, c.proposals, func(r *row.Reader) string { return r.Name(c.names) })
	return r.Err()
}

// open returns which components are open on a day; immigration and prosecution
// are open from enrollment until they are closed. The list is shared.
func (c *file) open(day events.Date) []events.Component {
	state := uint8(0b110)
	for _, x := range c.components {
		if x.from > day || int(x.value.which) >= len(components) {
			continue
		}
		if bit := uint8(1) << x.value.which; x.value.open {
			state |= bit
		} else {
			state &^= bit
		}
	}
	return componentSets[state]
}

// componentSets holds every set of components, by the bits of their indexes.
var componentSets = func() (sets [1 << len(components)][]events.Component) {
	for set := range sets {
		for i, c := range components {
			if set>>i&1 == 1 {
				sets[set] = append(sets[set], c)
			}
		}
	}
	return sets
}()
