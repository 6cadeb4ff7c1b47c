package sampletest

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"caseledger/aggregates/clientcase"
	"caseledger/aggregates/letter"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/cmd/caseledger/internal/sample"
	"caseledger/events"
)

// A Mutation changes one fact of a sample such that every command is still
// accepted, and says what that changes in the published tables: nothing else may.
type Mutation struct {
	Name    string
	Changes []Change
	mutate  func(r *app.Request) (keep bool)
}

// A Change is by how much one cell of one published table changes. Table is its
// name as the reports have it, Row the text in its first column.
type Change struct {
	Table, Row, Column string
	By                 int
}

// Apply returns a stream with the fact changed.
func (m Mutation) Apply(requests iter.Seq[app.Request]) iter.Seq[app.Request] {
	return func(yield func(app.Request) bool) {
		for r := range requests {
			if m.mutate(&r) && !yield(r) {
				return
			}
		}
	}
}

// The tables and the rows of Table 3.
const (
	tableClients   = "clients-enrolled"
	tableLetters   = "letters-by-fiscal-year"
	tablePerCapita = "per-capita"

	rowPreOnly       = "Pre-certified only"
	rowCertifiedOnly = "Certified only"
	rowMoved         = "Clients originally enrolled as pre-certified who became certified"
	rowVictims       = "Total victims enrolled"
	rowServed        = "Total clients served"
)

// Mutations returns the mutations of a sample, each of another person.
func Mutations(c sample.Config) []Mutation {
	p := newPicker(c)
	return []Mutation{
		p.dropLetter(), p.changeSex(), p.dropReceipt(), p.moveLetter(), p.moveEnrollment(), p.keepWrongLetter(),
	}
}

// Together returns mutations of different people as one.
func Together(mutations ...Mutation) Mutation {
	all := Mutation{mutate: func(r *app.Request) bool {
		for _, m := range mutations {
			if !m.mutate(r) {
				return false
			}
		}
		return true
	}}
	var names []string
	for _, m := range mutations {
		names = append(names, m.Name)
		all.Changes = append(all.Changes, m.Changes...)
	}
	all.Name = strings.Join(names, ", ")
	return all
}

// A picker finds the facts to change.
type picker struct {
	*Census
	enrolledBy map[string]string // command by client
	special    map[string]bool   // clients with corrections, withdrawals, gaps or an end of eligibility
	withdrawn  map[string]string // client by the command that takes a receipt back
}

func newPicker(c sample.Config) *picker {
	p := &picker{Take(func(func(app.Request) bool) {}), map[string]string{}, map[string]bool{}, map[string]string{}}
	for r := range sample.Requests(c) {
		p.add(r)
		switch x := r.Command.(type) {
		case *clientcase.EnrollClient:
			subject, _ := x.Target(r.ID)
			p.enrolledBy[subject.ID()] = r.ID
		case *clientcase.CorrectClient:
			p.special[x.Client] = true
		case *clientcase.EndEligibility:
			p.special[x.Client] = true
		case *clientcase.ReopenService:
			p.special[x.Client] = true
		case *clientcase.WithdrawCaseFact:
			p.special[x.Client] = true
			p.withdrawn[r.ID] = x.Client
		}
	}
	return p
}

// client returns the first plain client, by coded id, that fits.
func (p *picker) client(fits func(one *Client, pre, certified bool) bool) (string, *Client) {
	for _, id := range slices.Sorted(maps.Keys(p.Clients)) {
		one := p.Clients[id]
		pre, certified, _ := one.served(events.MustDate("2006-04-01"), events.MustDate("2009-05-31"))
		if !p.special[id] && one.Class == "victim" && fits(one, pre, certified) {
			p.special[id] = true // for one mutation only
			return id, one
		}
	}
	panic("sampletest: no client fits")
}

// letter returns the first letter, by coded id, to a person outside the programme.
func (p *picker) letter(kind string, first, last events.Date) *Letter {
	for _, key := range slices.Sorted(maps.Keys(p.Letters)) {
		l := p.Letters[key]
		if p.Clients[l.Client] == nil && l.Kind == kind && l.On >= first && l.On <= last {
			return l
		}
	}
	panic("sampletest: no letter fits")
}

func drop(command string) func(*app.Request) bool {
	return func(r *app.Request) bool { return r.ID != command }
}

func (p *picker) dropLetter() Mutation {
	l := p.letter("certification", events.MustDate("2006-10-01"), events.MustDate("2007-09-30"))
	return Mutation{
		Name:    "a certification letter of 2007 is dropped",
		Changes: []Change{{tableLetters, "2007", "adult_victims", -1}, {tableLetters, "2007", "total", -1}},
		mutate: func(r *app.Request) bool {
			issue, ok := r.Command.(*letter.IssueLetter)
			return !ok || issue.Client != l.Client
		},
	}
}

func (p *picker) moveLetter() Mutation {
	l := p.letter("eligibility", events.MustDate("2003-10-01"), events.MustDate("2004-09-30"))
	return Mutation{
		Name: "an eligibility letter of 2004 is dated back into 2003",
		Changes: []Change{
			{tableLetters, "2003", "child_victims", 1}, {tableLetters, "2003", "total", 1},
			{tableLetters, "2004", "child_victims", -1}, {tableLetters, "2004", "total", -1},
		},
		mutate: func(r *app.Request) bool {
			if issue, ok := r.Command.(*letter.IssueLetter); ok && issue.Client == l.Client {
				r.OccurredOn = events.MustDate("2003-09-30")
			}
			return true
		},
	}
}

func (p *picker) changeSex() Mutation {
	id, _ := p.client(func(one *Client, pre, certified bool) bool { return certified && !pre && one.Sex == "male" })
	m := Mutation{Name: "a certified man's sex is changed"}
	for _, row := range []string{rowCertifiedOnly, rowVictims, rowServed} {
		m.Changes = append(m.Changes, Change{tableClients, row, "male", -1}, Change{tableClients, row, "female", 1})
	}
	m.mutate = func(r *app.Request) bool {
		if r.ID == p.enrolledBy[id] {
			changed := *r.Command.(*clientcase.EnrollClient)
			changed.Sex = "female"
			r.Command = &changed
		}
		return true
	}
	return m
}

// goes is one client going from one row of Table 3 to another.
func goes(one *Client, from, to string) (changes []Change) {
	age := map[string]string{"adult": "adult", "minor": "children_and_youth"}[one.Age]
	for _, column := range []string{"total", one.Sex, age, one.Form} {
		changes = append(changes, Change{tableClients, from, column, -1}, Change{tableClients, to, column, 1})
	}
	return changes
}

func (p *picker) dropReceipt() Mutation {
	first, last := events.MustDate("2007-10-01"), events.MustDate("2008-09-30")
	_, one := p.client(func(one *Client, _, _ bool) bool {
		pre, certified, _ := one.served(first, last)
		return pre && certified
	})
	receipt := slices.Collect(maps.Keys(one.Letters))[0]
	return Mutation{
		Name: "the receipt of a letter within 2008 is dropped",
		Changes: append(goes(one, rowMoved, rowPreOnly),
			Change{tablePerCapita, "pre_certified_victims", "value", 1},
			Change{tablePerCapita, "certified_victims", "value", -1},
			Change{tablePerCapita, "transferred_pre_certified_to_certified", "value", -1}),
		mutate: drop(receipt),
	}
}

func (p *picker) moveEnrollment() Mutation {
	first, last := events.MustDate("2006-10-10"), events.MustDate("2007-09-30")
	id, one := p.client(func(one *Client, pre, certified bool) bool {
		return certified && !pre && one.CertifiedFrom() >= first && one.Age == "adult" &&
			one.Spells[0][1] != 0 && one.Spells[0][1] <= last && one.CertifiedFrom() < one.Spells[0][0]-2 &&
			p.oldAgency(one)
	})
	return Mutation{
		Name:    "an enrollment is dated back before the letter",
		Changes: goes(one, rowCertifiedOnly, rowMoved),
		mutate: func(r *app.Request) bool {
			if r.ID == p.enrolledBy[id] {
				changed := *r.Command.(*clientcase.EnrollClient)
				changed.BirthDate, changed.Location = 0, ""
				r.Command, r.OccurredOn = &changed, one.CertifiedFrom()-1
			}
			return true
		},
	}
}

// oldAgency reports whether the client's agency was there from the beginning and
// never suspended or ended.
func (p *picker) oldAgency(one *Client) bool { return one.agency < "A-011" }

func (p *picker) keepWrongLetter() Mutation {
	for _, command := range slices.Sorted(maps.Keys(p.withdrawn)) {
		one := p.Clients[p.withdrawn[command]]
		if last := one.Spells[0][1]; last != 0 && last < events.MustDate("2007-10-01") {
			return Mutation{
				Name:    "a letter received in error is not taken back",
				Changes: goes(one, rowPreOnly, rowMoved),
				mutate:  drop(command),
			}
		}
	}
	panic("sampletest: no withdrawal fits")
}
