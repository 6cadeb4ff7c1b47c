package caseload

import (
	"fmt"
	"slices"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/row"
)

// A Spell is the time of one lead at one case, both days included. A lead who comes
// back begins another spell: A→B→A is three spells, two of A, and two changes.
type Spell struct {
	Worker  string      `json:"worker"` // empty: nobody led the case
	Interim bool        `json:"interim"`
	Agency  string      `json:"agency"` // on the first day
	From    events.Date `json:"from"`
	To      events.Date `json:"to,omitzero"` // zero: it goes on
}

// Leads is who led one client's case up to a day.
type Leads struct {
	Client   string  `json:"client"`
	Agency   string  `json:"agency"`  // that has the client on that day
	Workers  int     `json:"workers"` // different case managers and supervisors
	Changes  int     `json:"changes"` // from one worker to another
	Interim  int     `json:"interim"` // spells of an interim lead
	DaysNone int     `json:"days_without_lead"`
	Spells   []Spell `json:"spells"`
}

// LeadsOf returns who led one client's case up to a day, and false for a client
// without a case by then.
func LeadsOf(s *projections.Snapshot, client string, day events.Date) (Leads, bool, error) {
	b, err := s.Row(viewName, events.SubjectOf(events.KindCase, client))
	if err != nil || b == nil {
		return Leads{}, false, err
	}
	var x file
	if err := x.read(b); err != nil {
		return Leads{}, false, fmt.Errorf("read case %s: %w", client, err)
	}
	return x.leadsUntil(client, day), x.enrolled <= day, nil
}

// AllLeads returns who led each case up to a day, in order of the client's id; an
// agency leaves out the clients of others.
func AllLeads(s *projections.Snapshot, agency string, day events.Date) (all []Leads, err error) {
	x := file{names: row.Names{}}
	err = s.Rows(viewName, events.KindCase, func(id, b []byte) error {
		if err := x.read(b); err != nil {
			return fmt.Errorf("read case %s: %w", id, err)
		}
		if x.enrolled > day || agency != "" && on(x.agencies, day) != agency {
			return nil
		}
		all = append(all, x.leadsUntil(string(id), day))
		return nil
	})
	return all, err
}

func (c *file) leadsUntil(client string, day events.Date) Leads {
	l := Leads{Client: client, Agency: on(c.agencies, day), Spells: c.spells(day)}
	end := day
	if last := c.closedOn(); last != 0 {
		end = min(end, last)
	}
	var workers []string
	before := ""
	for _, s := range l.Spells {
		if s.Worker == "" {
			to := end
			if s.To != 0 {
				to = min(s.To, end)
			}
			l.DaysNone += max(0, int(to-s.From)+1)
			continue
		}
		if s.Interim {
			l.Interim++
		}
		if before != "" && before != s.Worker {
			l.Changes++
		}
		before = s.Worker
		if !slices.Contains(workers, s.Worker) {
			workers = append(workers, s.Worker)
		}
	}
	l.Workers = len(workers)
	return l
}

// spells returns the spells that began by a day; the first day of enrollment without
// a lead begins a spell of nobody.
func (c *file) spells(day events.Date) (spells []Spell) {
	add := func(from events.Date, l lead) {
		if n := len(spells); n > 0 {
			last := &spells[n-1]
			if last.Worker == l.worker && last.Interim == l.interim {
				return
			}
			last.To = from - 1
		}
		spells = append(spells, Spell{Worker: l.worker, Interim: l.interim, Agency: on(c.agencies, max(from, c.enrolled)), From: from})
	}
	if len(c.leads) == 0 || c.leads[0].from > c.enrolled {
		add(c.enrolled, lead{})
	}
	for _, l := range c.leads {
		if l.from <= day {
			add(l.from, l.value)
		}
	}
	return spells
}

// closedOn returns the last day of a case all of whose components are closed, zero
// for an open one.
func (c *file) closedOn() (last events.Date) {
	if len(c.open(events.MaxDate)) > 0 {
		return 0
	}
	for _, x := range c.components {
		last = max(last, x.from-1)
	}
	return last
}

// A Turnover is how much changed at one agency in a span of days: for its clients,
// whose leads changed, and among its staff (S4: every change is a setback).
type Turnover struct {
	Agency  string `json:"agency"`
	Clients int    `json:"clients"` // with an open case at the agency on one of the days
	Changes int    `json:"changes"` // of lead
	Changed int    `json:"clients_changed"`
	Interim int    `json:"interim"` // changes to a supervisor for the time being
	First   int    `json:"workers_first"`
	Joined  int    `json:"joined"`
	Left    int    `json:"left"`
	Last    int    `json:"workers_last"`
	// LeftPercent is who left, in percent of the mean of the workers at the
	// beginning and at the end, rounded half up; 0 without any.
	LeftPercent int `json:"left_percent"`
}

// TurnoverIn returns the turnover of every agency in first..last, both included, in
// order of id. A change of lead belongs to the agency that has the client then.
func TurnoverIn(s *projections.Snapshot, first, last events.Date) ([]Turnover, error) {
	t := &turnovers{first: first, last: last, byAgency: map[string]*Turnover{}}
	err := s.Rows(viewName, events.KindAgency, func(id, _ []byte) error {
		t.list = append(t.list, &Turnover{Agency: string(id)})
		t.byAgency[string(id)] = t.list[len(t.list)-1]
		return nil
	})
	if err != nil {
		return nil, err
	}
	x := file{names: row.Names{}}
	err = s.Rows(viewName, events.KindCase, func(id, b []byte) error {
		if err := x.read(b); err != nil {
			return fmt.Errorf("read case %s: %w", id, err)
		}
		t.addCase(&x)
		return nil
	})
	if err != nil {
		return nil, err
	}
	var w worker
	err = s.Rows(viewName, events.KindWorker, func(id, b []byte) error {
		if err := w.read(b); err != nil {
			return fmt.Errorf("read worker %s: %w", id, err)
		}
		t.addWorker(&w)
		return nil
	})
	return t.result(), err
}

type turnovers struct {
	first, last events.Date
	list        []*Turnover
	byAgency    map[string]*Turnover
}

func (t *turnovers) addCase(c *file) {
	for i, at := range c.agencies {
		from, to := max(at.from, t.first), t.last
		if i+1 < len(c.agencies) {
			to = min(to, c.agencies[i+1].from-1)
		}
		if a := t.byAgency[at.value]; a != nil && from <= to && (len(c.open(from)) > 0 || len(c.open(to)) > 0) {
			a.Clients++
		}
	}
	before, counted := "", map[string]bool{}
	for _, s := range c.spells(t.last) {
		if s.Worker == "" {
			continue
		}
		if a := t.byAgency[s.Agency]; a != nil && before != "" && before != s.Worker && s.From >= t.first {
			a.Changes++
			if s.Interim {
				a.Interim++
			}
			if !counted[s.Agency] {
				counted[s.Agency] = true
				a.Changed++
			}
		}
		before = s.Worker
	}
}

func (t *turnovers) addWorker(w *worker) {
	at := func(day events.Date) *Turnover {
		if p := on(w.posts, day); p.agency != "" && !p.left {
			return t.byAgency[p.agency]
		}
		return nil
	}
	if a := at(t.first); a != nil {
		a.First++
	}
	if a := at(t.last); a != nil {
		a.Last++
	}
	for i, p := range w.posts {
		if p.from <= t.first || p.from > t.last+1 || i > 0 && w.posts[i-1].from == p.from {
			continue
		}
		before, now := at(p.from-1), at(p.from)
		if before == now {
			continue
		}
		if before != nil {
			before.Left++
		}
		if now != nil && p.from <= t.last {
			now.Joined++
		}
	}
}

func (t *turnovers) result() (list []Turnover) {
	for _, a := range t.list {
		if staff := a.First + a.Last; staff > 0 {
			a.LeftPercent = (400*a.Left + staff) / (2 * staff)
		}
		list = append(list, *a)
	}
	return list
}

// Passed is how many cases a worker gave to another lead, or got from one.
type Passed struct{ Given, Got int }

// PassedIn returns, by worker, the changes of lead in first..last, both included.
func PassedIn(s *projections.Snapshot, first, last events.Date) (map[string]Passed, error) {
	passed := map[string]Passed{}
	x := file{names: row.Names{}}
	err := s.Rows(viewName, events.KindCase, func(id, b []byte) error {
		if err := x.read(b); err != nil {
			return fmt.Errorf("read case %s: %w", id, err)
		}
		before := ""
		for _, spell := range x.spells(last) {
			if spell.Worker == "" {
				continue
			}
			if before != "" && before != spell.Worker && spell.From >= first {
				from, to := passed[before], passed[spell.Worker]
				from.Given++
				to.Got++
				passed[before], passed[spell.Worker] = from, to
			}
			before = spell.Worker
		}
		return nil
	})
	return passed, err
}
