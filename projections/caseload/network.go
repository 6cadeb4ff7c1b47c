package caseload

import (
	"maps"
	"slices"
	"strings"

	"caseledger/events"
	"caseledger/projections/row"
)

// A post is where and how a worker works.
type post struct {
	agency     string
	supervisor bool
	capacity   int
	left       bool
	languages  []string
}

type worker struct{ posts []change[post] }

func concernsPost(eventType string) bool { return strings.HasPrefix(eventType, "worker.") }

func (w *worker) fold(r *events.Record, e events.Event) error {
	switch e := e.(type) {
	case *events.WorkerEngaged:
		w.posts = insert(w.posts, r.OccurredOn, post{e.Agency, e.Supervisor, e.CapacityPercent, false, e.Languages})
	case *events.WorkerChanged:
		p := on(w.posts, r.OccurredOn)
		w.posts = insert(w.posts, r.OccurredOn, post{p.agency, e.Supervisor, e.CapacityPercent, p.left, e.Languages})
	case *events.WorkerLeft: // the last day
		p := on(w.posts, r.OccurredOn)
		p.left = true
		w.posts = insert(w.posts, r.OccurredOn+1, p)
	}
	return nil
}

func (w worker) append(b []byte) []byte {
	return appendChanges(b, w.posts, func(b []byte, p post) []byte {
		b = row.Bool(row.String(b, p.agency), p.supervisor)
		b = row.Len(row.Bool(row.Len(b, p.capacity), p.left), len(p.languages))
		for _, l := range p.languages {
			b = row.String(b, l)
		}
		return b
	})
}

func (w *worker) read(b []byte) error {
	r := row.Read(b)
	w.posts = readChanges(&r, w.posts, func(r *row.Reader) post {
		p := post{agency: r.String(), supervisor: r.Bool(), capacity: int(r.Uint()), left: r.Bool()}
		for range r.Len() {
			p.languages = append(p.languages, r.String())
		}
		return p
	})
	return r.Err()
}

// A Standing is what an agency is on a day (R27).
type Standing string

// The standings of an agency.
const (
	NotSigned Standing = "not_signed"
	Active    Standing = "active"
	Suspended Standing = "suspended" // new enrollments are refused
	Ended     Standing = "ended"
)

var standings = [...]Standing{NotSigned, Active, Suspended, Ended}

type place struct {
	Location
	open bool
}

// A Location is a place at which an agency serves clients.
type Location struct {
	Location string `json:"location"` // id within the agency
	City     string `json:"city"`
	State    string `json:"state"`
}

type agency struct {
	name, state string
	standings   []change[Standing]
	locations   []change[place]
}

// concernsStanding reports whether a record of an agency is about its subcontract or
// its locations: a tenth of its records.
func concernsStanding(eventType string) bool {
	return strings.HasPrefix(eventType, "subcontract.") || strings.HasPrefix(eventType, "agency.") || strings.HasPrefix(eventType, "location.")
}

func (a *agency) fold(r *events.Record, e events.Event) error {
	day := r.OccurredOn
	switch e := e.(type) {
	case *events.SubcontractSigned:
		a.name, a.state = e.Name, e.State
		a.sign(day, e.ThroughDate)
	case *events.AgencySuspended:
		a.standings = insert(a.standings, day, Suspended)
	case *events.AgencyReinstated:
		a.standings = insert(a.standings, day, Active)
	case *events.SubcontractEnded: // its last day
		a.standings = insert(a.standings, day+1, Ended)
	case *events.LocationOpened:
		a.locations = insert(a.locations, day, place{Location{e.Location, e.City, e.State}, true})
	case *events.LocationClosed:
		a.locations = insert(a.locations, day+1, place{Location{Location: e.Location}, false})
	}
	return nil
}

// sign makes the agency active, until a last day if there is one. A renewal takes
// back the end that was foreseen after its own first day.
func (a *agency) sign(day, through events.Date) {
	a.standings = slices.DeleteFunc(a.standings, func(c change[Standing]) bool { return c.from > day && c.value == Ended })
	if on(a.standings, day) != Suspended {
		a.standings = insert(a.standings, day, Active)
	}
	if !through.IsZero() {
		a.standings = insert(a.standings, through+1, Ended)
	}
}

func (a agency) append(b []byte) []byte {
	b = row.String(row.String(b, a.name), a.state)
	b = appendChanges(b, a.standings, func(b []byte, s Standing) []byte { return row.Len(b, slices.Index(standings[:], s)) })
	return appendChanges(b, a.locations, func(b []byte, p place) []byte {
		return row.Bool(row.String(row.String(row.String(b, p.Location.Location), p.City), p.State), p.open)
	})
}

func (a *agency) read(b []byte) error {
	r := row.Read(b)
	a.name, a.state = r.String(), r.String()
	a.standings = readChanges(&r, a.standings, func(r *row.Reader) Standing { return standings[r.Uint()%uint64(len(standings))] })
	a.locations = readChanges(&r, a.locations, func(r *row.Reader) place { return place{Location{r.String(), r.String(), r.String()}, r.Bool()} })
	return r.Err()
}

// standing returns what the agency is on a day.
func (a *agency) standing(day events.Date) Standing {
	if s := on(a.standings, day); s != "" {
		return s
	}
	return NotSigned
}

// open returns the locations that are open on a day, in order of their ids.
func (a *agency) open(day events.Date) (open []Location) {
	is := map[string]place{}
	for _, c := range a.locations {
		if c.from <= day {
			is[c.value.Location.Location] = c.value
		}
	}
	for _, id := range slices.Sorted(maps.Keys(is)) {
		if p := is[id]; p.open {
			open = append(open, p.Location)
		}
	}
	return open
}
