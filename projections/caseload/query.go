package caseload

import (
	"cmp"
	"fmt"
	"slices"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/clocks"
	"caseledger/projections/row"
)

// A Filter selects cases. Empty fields select all.
type Filter struct {
	On     events.Date
	Agency string // the one that has the client on that day
	Worker string // the lead on that day
}

// A Caseload is the open cases of a day and who works on them.
type Caseload struct {
	On       events.Date          `json:"on"`
	Cases    []Case               `json:"cases"`    // in order of the client's id
	Workers  []Worker             `json:"workers"`  // in order of id; at work, or lead of an open case
	Agencies []Agency             `json:"agencies"` // in order of id; none for one worker's caseload
	At       projections.Position `json:"position"`
}

// A Case is one open case.
type Case struct {
	Client    string             `json:"client"`
	Agency    string             `json:"agency"`
	Status    policy.Status      `json:"status"`
	Lead      string             `json:"lead"`      // empty: none
	Interim   bool               `json:"interim"`   // the lead is a supervisor until a successor accepts
	LeadLeft  bool               `json:"lead_left"` // the lead no longer works there
	Intensity int                `json:"intensity"` // 1 is an ordinary case
	Open      []events.Component `json:"open_components"`
	Funded    bool               `json:"funded"`    // a service clock runs
	DaysLeft  int                `json:"days_left"` // of that clock; 0 when none runs
	ClockEnd  events.Date        `json:"clock_end"` // empty when none runs
	// ProposedTo is whom a hand-off is proposed to and not answered, since
	// ProposedOn; empty when none is.
	ProposedTo string      `json:"proposed_to,omitzero"`
	ProposedOn events.Date `json:"proposed_on,omitzero"`
}

// A Worker is a case manager or supervisor with the weight of the open cases led.
type Worker struct {
	Worker          string   `json:"worker"`
	Agency          string   `json:"agency"`
	Supervisor      bool     `json:"supervisor"`
	Left            bool     `json:"left"`
	CapacityPercent int      `json:"capacity_percent"`
	Languages       []string `json:"languages"`
	Cases           int      `json:"cases"`
	Weight          int      `json:"weight"` // sum of intensities
	// FullTimeWeight is what the weight would be for a full-time worker, rounded
	// half up, so that part-time workers compare; 0 without capacity.
	FullTimeWeight int `json:"full_time_weight"`
	// Load is FullTimeWeight in percent of [policy.FullTimeCapacity].
	Load int `json:"load_percent"`
}

// An Agency is a subcontractor with its open cases.
type Agency struct {
	Agency    string     `json:"agency"`
	Name      string     `json:"name"`
	State     string     `json:"state"`
	Standing  Standing   `json:"standing"`
	Locations int        `json:"locations"`
	Places    []Location `json:"places"`
	Workers   int        `json:"workers"` // at work
	Cases     int        `json:"cases"`
	Weight    int        `json:"weight"`
	NoLead    int        `json:"no_lead"`
	Interim   int        `json:"interim_lead"`
}

// On returns the open cases of a day, the workers and the agencies. Cost: about a
// microsecond for each client.
func On(s *projections.Snapshot, f Filter) (*Caseload, error) {
	c := &Caseload{On: f.On, At: s.Position()}
	if err := c.addWorkers(s, f); err != nil {
		return nil, err
	}
	if err := c.addAgencies(s, f); err != nil {
		return nil, err
	}
	if err := c.addCases(s, f); err != nil {
		return nil, err
	}
	c.sum()
	return c, nil
}

func (c *Caseload) addWorkers(s *projections.Snapshot, f Filter) error {
	var w worker
	return s.Rows(viewName, events.KindWorker, func(id, b []byte) error {
		if err := w.read(b); err != nil {
			return fmt.Errorf("read worker %s: %w", id, err)
		}
		p := on(w.posts, f.On)
		if p.agency == "" || f.Worker != "" && string(id) != f.Worker || f.Agency != "" && p.agency != f.Agency {
			return nil
		}
		c.Workers = append(c.Workers, Worker{Worker: string(id), Agency: p.agency, Supervisor: p.supervisor,
			Left: p.left, CapacityPercent: p.capacity, Languages: p.languages})
		return nil
	})
}

func (c *Caseload) addAgencies(s *projections.Snapshot, f Filter) error {
	var a agency
	return s.Rows(viewName, events.KindAgency, func(id, b []byte) error {
		if f.Worker != "" || f.Agency != "" && string(id) != f.Agency {
			return nil
		}
		if err := a.read(b); err != nil {
			return fmt.Errorf("read agency %s: %w", id, err)
		}
		open := a.open(f.On)
		c.Agencies = append(c.Agencies, Agency{Agency: string(id), Name: a.name, State: a.state,
			Standing: a.standing(f.On), Locations: len(open), Places: open})
		return nil
	})
}

func (c *Caseload) addCases(s *projections.Snapshot, f Filter) error {
	x := file{names: row.Names{}}
	return s.Rows(viewName, events.KindCase, func(id, b []byte) error {
		if err := x.read(b); err != nil {
			return fmt.Errorf("read case %s: %w", id, err)
		}
		l := on(x.leads, f.On)
		if x.enrolled > f.On || f.Worker != "" && l.worker != f.Worker {
			return nil
		}
		open, at := x.open(f.On), on(x.agencies, f.On)
		if len(open) == 0 || f.Agency != "" && at != f.Agency {
			return nil
		}
		file := Case{
			Client: string(id), Agency: at, Status: on(x.statuses, f.On), Lead: l.worker, Interim: l.interim,
			Intensity: max(1, on(x.intensities, f.On)), Open: open,
		}
		if pending := lastChange(x.proposals, f.On); pending.value != "" {
			file.ProposedTo, file.ProposedOn = pending.value, pending.from
		}
		clock, runs, err := clocks.Running(s, file.Client, f.On)
		if file.Funded = runs; runs {
			file.DaysLeft, file.ClockEnd = clock.DaysLeft, clock.End
		}
		c.Cases = append(c.Cases, file)
		return err
	})
}

// sum adds the cases up by worker and agency, and leaves out who neither works
// nor leads.
func (c *Caseload) sum() {
	workers, agencies := map[string]*Worker{}, map[string]*Agency{}
	for i := range c.Workers {
		workers[c.Workers[i].Worker] = &c.Workers[i]
	}
	for i := range c.Agencies {
		agencies[c.Agencies[i].Agency] = &c.Agencies[i]
	}
	for i := range c.Cases {
		x := &c.Cases[i]
		if w := workers[x.Lead]; w != nil {
			w.Cases++
			w.Weight += x.Intensity
			x.LeadLeft = w.Left
		}
		if a := agencies[x.Agency]; a != nil {
			a.add(x)
		}
	}
	kept := c.Workers[:0]
	for _, w := range c.Workers {
		if w.CapacityPercent > 0 {
			w.FullTimeWeight = (200*w.Weight + w.CapacityPercent) / (2 * w.CapacityPercent)
			w.Load = w.FullTimeWeight * 100 / policy.FullTimeCapacity
		}
		if a := agencies[w.Agency]; a != nil && !w.Left {
			a.Workers++
		}
		if !w.Left || w.Cases > 0 {
			kept = append(kept, w)
		}
	}
	c.Workers = kept
}

func (a *Agency) add(x *Case) {
	a.Cases++
	a.Weight += x.Intensity
	if x.Lead == "" {
		a.NoLead++
	}
	if x.Interim {
		a.Interim++
	}
}

// NoLead returns the open cases without a lead, or whose lead has left: an
// exception (R28).
func (c *Caseload) NoLead() (cases []Case) {
	for _, x := range c.Cases {
		if x.Lead == "" || x.LeadLeft {
			cases = append(cases, x)
		}
	}
	return cases
}

// InterimLead returns the open cases that a supervisor leads until a successor accepts.
func (c *Caseload) InterimLead() (cases []Case) {
	for _, x := range c.Cases {
		if x.Interim {
			cases = append(cases, x)
		}
	}
	return cases
}

// StalledAfter is the number of days after which a proposed hand-off that nobody has
// answered is stalled (ours).
const StalledAfter = 7

// Stalled returns the open cases with a hand-off that was proposed that long ago and
// not answered, the oldest first (R28).
func (c *Caseload) Stalled() (cases []Case) {
	for _, x := range c.Cases {
		if x.ProposedTo != "" && c.On-x.ProposedOn >= StalledAfter {
			cases = append(cases, x)
		}
	}
	slices.SortStableFunc(cases, func(a, b Case) int { return cmp.Compare(a.ProposedOn, b.ProposedOn) })
	return cases
}

// Overloaded returns who carries more than the capacity, the heaviest load first.
func (c *Caseload) Overloaded() (workers []Worker) {
	for _, w := range c.Workers {
		if w.Load > 100 {
			workers = append(workers, w)
		}
	}
	slices.SortStableFunc(workers, func(a, b Worker) int { return cmp.Compare(b.Load, a.Load) })
	return workers
}

// Network returns the agencies that are known on a day and the workers engaged then,
// without their cases, each in order of id. Cost: some microseconds for each.
func Network(s *projections.Snapshot, day events.Date) ([]Agency, []Worker, error) {
	c := &Caseload{On: day}
	if err := c.addWorkers(s, Filter{On: day}); err != nil {
		return nil, nil, err
	}
	if err := c.addAgencies(s, Filter{On: day}); err != nil {
		return nil, nil, err
	}
	return c.Agencies, slices.DeleteFunc(c.Workers, func(w Worker) bool { return w.Left }), nil
}
