// Package retention answers one question: which clients' identities are still
// kept, until when, and which are due for destruction (R32)?
package retention

import (
	"cmp"
	"slices"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/row"
)

const viewName = "retention"

// View is the view behind [On] and [Destroyed]. Its rows, one for each case:
//
//	agency; last served day; whether all components are closed; whether
//	destruction is requested; day and record id of the destruction, if ordered
type View struct{ projections.OfCases }

// Name implements [projections.View].
func (View) Name() string { return viewName }

// Version implements [projections.View].
func (View) Version() int { return 1 }

// A file is a case as retention sees it.
type file struct {
	agency                   string
	lastServed               events.Date
	immigration, prosecution bool // closed
	immigrationOn            events.Date
	prosecutionOn            events.Date
	open                     bool // the service component, or one of the two
	requested                bool
	destroyedOn              events.Date
	destroyedBy              string
}

// Derive implements [projections.View].
func (View) Derive(s *projections.Subject, b []byte) ([]byte, error) {
	f, err := s.Facts()
	if err != nil {
		return b, err
	}
	c := file{}
	if err := c.fold(s); err != nil {
		return b, err
	}
	if e, enrolled := f.Enrollment(); enrolled {
		spans := f.EnrolledSpans()
		c.open = !c.immigration || !c.prosecution
		c.lastServed = e.OccurredOn
		if n := len(spans); n > 0 {
			c.lastServed = min(spans[n-1].To, events.MaxDate)
			c.open = c.open || spans[n-1].To > events.MaxDate
		}
		c.agency = f.AgencyOn(c.lastServed)
	}
	b = row.Bool(row.Date(row.String(b, c.agency), c.lastServed), c.open)
	return row.String(row.Date(row.Bool(b, c.requested), c.destroyedOn), c.destroyedBy), nil
}

// fold goes through what is neither about money nor about work. The last served
// day of a person who was never enrolled is that of the last fact.
func (c *file) fold(s *projections.Subject) error {
	withdrawn, err := s.Withdrawn()
	if err != nil {
		return err
	}
	for _, r := range s.Records {
		if withdrawn[r.ID] {
			continue
		}
		if r.Type != "destruction.requested.v1" && r.Type != "identity.destroyed.v1" {
			c.lastServed = max(c.lastServed, r.OccurredOn)
		}
		switch r.Type {
		case "client.screened.v1", "component.closed.v1", "component.reopened.v1", "destruction.requested.v1", "identity.destroyed.v1":
		default:
			continue
		}
		event, err := r.Event()
		if err != nil {
			return err
		}
		switch e := event.(type) {
		case *events.ClientScreened:
			c.agency = e.Agency
		case *events.ComponentClosed:
			c.component(e.Component, true, r.OccurredOn)
		case *events.ComponentReopened:
			c.component(e.Component, false, r.OccurredOn)
		case *events.DestructionRequested:
			c.requested = true
		case *events.IdentityDestroyed:
			c.destroyedOn, c.destroyedBy = r.OccurredOn, r.ID
		}
	}
	return nil
}

// component takes what is effective last, and of one day what was recorded last.
func (c *file) component(which events.Component, closed bool, on events.Date) {
	switch {
	case which == events.ImmigrationComponent && on >= c.immigrationOn:
		c.immigration, c.immigrationOn = closed, on
	case which == events.ProsecutionComponent && on >= c.prosecutionOn:
		c.prosecution, c.prosecutionOn = closed, on
	}
}

func (c *file) read(b []byte) error {
	r := row.Read(b)
	*c = file{agency: r.String(), lastServed: r.Date(), open: r.Bool(), requested: r.Bool(), destroyedOn: r.Date(), destroyedBy: r.String()}
	return r.Err()
}

// A Standing is how an identity stands.
type Standing string

// The standings.
const (
	Open       Standing = "open"       // the case is
	Unreported Standing = "unreported" // no final financial report covers the last served day
	Kept       Standing = "kept"       // for the three years of R32
	Due        Standing = "due"        // for destruction
	Requested  Standing = "requested"  // another principal has to confirm
	Destroyed  Standing = "destroyed"
)

// Standings lists them in the order of a report.
func Standings() []Standing {
	return []Standing{Due, Requested, Kept, Unreported, Open, Destroyed}
}

// A Client is one line of the report.
type Client struct {
	Client     string      `json:"client"`
	Agency     string      `json:"agency,omitzero"`
	Standing   Standing    `json:"standing"`
	LastServed events.Date `json:"last_served,omitzero"`
	DueOn      events.Date `json:"due_on,omitzero"`    // first day on which it need not be kept
	Destroyed  events.Date `json:"destroyed,omitzero"` // day of the order
	Record     string      `json:"record,omitzero"`    // the order
}

// On returns how every identity stands on a day, from the facts that the snapshot
// knows: due ones first, the longest due before the others.
func On(s *projections.Snapshot, day events.Date) ([]Client, error) {
	reports, err := finalReports(s, day)
	if err != nil {
		return nil, err
	}
	var clients []Client
	err = each(s, func(id string, f *file) {
		c := Client{Client: id, Agency: f.agency, LastServed: f.lastServed, Destroyed: f.destroyedOn, Record: f.destroyedBy}
		end, reported := policy.RetentionEnds(reports, f.lastServed)
		if !f.open && reported {
			c.DueOn = end
		}
		switch {
		case f.destroyedBy != "":
			c.Standing = Destroyed
		case f.open:
			c.Standing, c.LastServed = Open, 0
		case f.requested:
			c.Standing = Requested
		case !reported:
			c.Standing = Unreported
		case day < end:
			c.Standing = Kept
		default:
			c.Standing = Due
		}
		clients = append(clients, c)
	})
	slices.SortStableFunc(clients, func(a, b Client) int {
		return cmp.Or(cmp.Compare(slices.Index(Standings(), a.Standing), slices.Index(Standings(), b.Standing)), cmp.Compare(a.DueOn, b.DueOn))
	})
	return clients, err
}

// finalReports returns the final financial reports submitted by a day.
func finalReports(s *projections.Snapshot, day events.Date) (reports []policy.FinalReport, err error) {
	err = projections.OfProgramme(s, func(r *events.Record, e *events.FinalReportSubmitted) {
		if r.OccurredOn <= day {
			reports = append(reports, policy.FinalReport{Submitted: r.OccurredOn, Through: e.ThroughDate})
		}
	})
	return reports, err
}

// Orders returns the record id of every destruction that was ordered, by client:
// what a restored key file must not hold.
func Orders(s *projections.Snapshot) (map[string]string, error) {
	orders := map[string]string{}
	return orders, each(s, func(id string, f *file) {
		if f.destroyedBy != "" {
			orders[id] = f.destroyedBy
		}
	})
}

func each(s *projections.Snapshot, do func(id string, f *file)) error {
	return s.Rows(viewName, events.KindCase, func(id, b []byte) error {
		var f file
		if err := f.read(b); err != nil {
			return err
		}
		do(string(id), &f)
		return nil
	})
}
