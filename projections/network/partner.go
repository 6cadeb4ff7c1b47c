package network

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/caseload"
)

// A PartnerFilter selects providers of the directory. Empty fields select all.
type PartnerFilter struct {
	On       events.Date
	Service  string
	Language string // BCP 47; its base counts
	Takes    string // women, men, children or families
	State    string
	City     string // preferred, not demanded
}

// A Vetting is how a provider stands as to cultural relevance.
type Vetting string

// The vettings of a provider.
const (
	NeverVetted Vetting = "never"
	Suitable    Vetting = "suitable"
	Unsuitable  Vetting = "unsuitable"
	VettingDue  Vetting = "due" // its last day has passed
)

// A Partner is a provider of the directory on a day (R28).
type Partner struct {
	Partner     string      `json:"partner"`
	Name        string      `json:"name"`
	State       string      `json:"state"`
	City        string      `json:"city"`
	Services    []string    `json:"services"`
	Languages   []string    `json:"languages"`
	Takes       []string    `json:"takes"`
	Cost        string      `json:"cost"`
	Vetting     Vetting     `json:"vetting"`
	Cultures    []string    `json:"cultures,omitempty"` // that were looked at last
	VettedOn    events.Date `json:"vetted_on,omitzero"`
	Openings    int         `json:"openings"`
	WaitingDays int         `json:"waiting_days"`
	AskedOn     events.Date `json:"asked_on,omitzero"` // of that answer; empty: nobody asked
	ThisWeek    Room        `json:"this_week"`
}

// A Room says whether a provider takes somebody within seven days.
type Room string

// The answers about room.
const (
	HasRoom  Room = "yes"
	AskAgain Room = "ask" // nobody asked, or so long ago that the answer says nothing
	NoRoom   Room = "no"
)

// FreshDays is how long a provider's answer about its room holds (ours).
const FreshDays = 30

// room says what the provider's last answer means on a day.
func (p *Partner) room(day events.Date) Room {
	switch {
	case p.AskedOn == 0 || day-p.AskedOn > FreshDays:
		return AskAgain
	case p.Openings > 0 || p.WaitingDays > 0 && p.WaitingDays <= 7:
		return HasRoom
	}
	return NoRoom
}

// Partners returns the providers that stand in the directory on a day and serve what
// is asked for: first those that take somebody this week, then those that have to be
// asked again; of them those in the city, then those found suitable, then by waiting
// time.
func Partners(s *projections.Snapshot, f PartnerFilter) (all []Partner, err error) {
	err = s.Rows(viewName, events.KindPartner, func(id, b []byte) error {
		var r partnerRow
		if err := read(b, &r); err != nil {
			return fmt.Errorf("read partner %s: %w", id, err)
		}
		if p, listed := r.on(string(id), f.On); listed && f.selects(&p) {
			all = append(all, p)
		}
		return nil
	})
	slices.SortStableFunc(all, func(a, b Partner) int {
		return cmp.Or(cmp.Compare(a.ThisWeek.rank(), b.ThisWeek.rank()), first(a.City == f.City, b.City == f.City),
			first(a.Vetting == Suitable, b.Vetting == Suitable), cmp.Compare(a.wait(), b.wait()), cmp.Compare(a.Name, b.Name))
	})
	return all, err
}

func (r Room) rank() int { return slices.Index([]Room{HasRoom, AskAgain, NoRoom}, r) }

// first puts what is true before what is not.
func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// wait orders by waiting time; who has no room and names no time comes last.
func (p *Partner) wait() int {
	if p.Openings == 0 && p.WaitingDays == 0 {
		return 1 << 20
	}
	return p.WaitingDays
}

func (f *PartnerFilter) selects(p *Partner) bool {
	return (f.Service == "" || slices.Contains(p.Services, f.Service)) &&
		(f.Takes == "" || slices.Contains(p.Takes, f.Takes)) &&
		(f.State == "" || p.State == f.State) &&
		(f.Language == "" || slices.ContainsFunc(p.Languages, func(l string) bool { return sameLanguage(l, f.Language) }))
}

// sameLanguage compares two BCP 47 codes without region and script.
func sameLanguage(a, b string) bool {
	a, _, _ = strings.Cut(strings.ToLower(a), "-")
	b, _, _ = strings.Cut(strings.ToLower(b), "-")
	return a == b
}

// on returns the provider as it stands on a day, and whether it is in the directory.
func (p *partnerRow) on(id string, day events.Date) (Partner, bool) {
	known := until(p.entries, day, entryDay)
	if len(known) == 0 || known[len(known)-1].delisted {
		return Partner{}, false
	}
	e := known[len(known)-1]
	x := Partner{
		Partner: id, Name: e.Name, State: e.State, City: e.City, Services: e.Services, Languages: e.Languages, Takes: e.Takes,
		Cost: e.Cost, Vetting: NeverVetted,
	}
	if v := until(p.vettings, day, func(v *vetting) events.Date { return v.on }); len(v) > 0 {
		last := v[len(v)-1]
		x.VettedOn, x.Cultures, x.Vetting = last.on, last.cultures, Unsuitable
		switch {
		case last.through != 0 && last.through < day:
			x.Vetting = VettingDue
		case last.suitable:
			x.Vetting = Suitable
		}
	}
	if r := until(p.rooms, day, func(x *room) events.Date { return x.on }); len(r) > 0 {
		last := r[len(r)-1]
		x.Openings, x.WaitingDays, x.AskedOn = last.openings, last.waiting, last.on
	}
	x.ThisWeek = x.room(day)
	return x, true
}

// FilterFor returns what a provider must be to take a client on a day: language,
// whom it takes, State and city, as far as they are known. It returns false for a
// client who is not enrolled by then.
func FilterFor(s *projections.Snapshot, client *projections.Subject, day events.Date) (PartnerFilter, bool, error) {
	f := PartnerFilter{On: day}
	facts, err := client.Facts()
	if err != nil {
		return f, false, err
	}
	e, enrolled := facts.Enrollment()
	if !enrolled || e.OccurredOn > day {
		return f, false, nil
	}
	minor := e.AgeGroup == events.Minor
	for _, t := range facts.Turned18 {
		minor = minor && t.OccurredOn > day
	}
	switch {
	case minor:
		f.Takes = "children"
	case e.Sex == events.Female:
		f.Takes = "women"
	case e.Sex == events.Male:
		f.Takes = "men"
	}
	location, err := f.language(client.Records)
	if err != nil {
		return f, false, err
	}
	agencies, _, err := caseload.Network(s, day)
	for _, a := range agencies {
		if a.Agency != facts.AgencyOn(day) {
			continue
		}
		f.State = a.State
		for _, at := range a.Places {
			if f.City == "" || at.Location == location {
				f.City, f.State = at.City, at.State
			}
		}
	}
	return f, true, err
}

// language takes the client's language from the records, and returns the location
// where the client is served.
func (f *PartnerFilter) language(records []*events.Record) (location string, err error) {
	for _, r := range records {
		switch r.Type {
		case "client.enrolled.v1", "client.corrected.v1", "transfer.accepted.v1":
		default:
			continue
		}
		e, err := r.Event()
		if err != nil {
			return "", err
		}
		switch e := e.(type) {
		case *events.ClientEnrolled:
			f.Language, location = e.Language, e.Location
		case *events.ClientCorrected:
			f.Language = cmp.Or(e.Language, f.Language)
		case *events.TransferAccepted:
			if r.OccurredOn <= f.On {
				location = e.Location
			}
		}
	}
	return location, nil
}
