package sample

import (
	"caseledger/aggregates"
	"caseledger/aggregates/agency"
	"caseledger/aggregates/policy"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
)

// recordCredentials yields the documents that show the nine criteria: all on the
// first day of the subcontract, and renewals before they expire. A few renewals come
// late, and a few documents are taken back.
func (s *site) recordCredentials(c Config) []app.Request {
	d := newDice(c.Seed, s.ordinal, diceForCredentials, 0)
	keys := newKeyring(c.Seed, sourceNetwork, s.ordinal<<3|1)
	var sheet sheet
	note := func(on, recorded events.Date, name string, cmd aggregates.Command) {
		by := actor{contractOffice, rolePrime, ""}
		if name == "record-credential" {
			by = s.actor(s.supervisor())
		}
		sheet.add(app.Request{
			Name: name, ID: keys.take(), OccurredOn: on, RecordedAt: d.at(recorded),
			Actor: by.name, Role: by.role, Agency: by.agency, Command: cmd,
		})
	}
	last := horizon
	if s.to != 0 {
		last = s.to
	}
	for _, criterion := range policy.Criteria() {
		for _, r := range criterion.Requirements {
			document := r.Documents[s.ordinal%len(r.Documents)]
			if !r.Expires {
				note(s.from, s.from, "record-credential", &agency.RecordCredential{Agency: s.id, Document: document})
				continue
			}
			on := s.from
			for on < last {
				through := on + 300 + d.days(0, 65)
				if s.suspendedFor(criterion.Name, c) && on < s.suspended.first && through >= s.suspended.first-20 {
					through = max(on, s.suspended.first-20)
				}
				note(on, on, "record-credential", &agency.RecordCredential{Agency: s.id, Document: document, ThroughDate: through})
				switch renewed := through - d.days(3, 40); {
				case s.suspendedFor(criterion.Name, c) && on < s.suspended.first && through >= s.suspended.first-20:
					on = s.suspended.last + 1
				case !c.Clean && d.chance(4):
					on = through + d.days(5, 90)
				default:
					on = max(on+1, renewed)
				}
			}
		}
	}
	if !c.Clean && s.ordinal%27 == 5 {
		on := s.from + d.days(60, 200)
		note(on, on+1, "revoke-credential", &agency.RevokeCredential{Agency: s.id, Document: "emergency_procedure", Reason: "does not match the building any more"})
		note(on+40, on+40, "record-credential", &agency.RecordCredential{Agency: s.id, Document: "emergency_procedure"})
	}
	return sheet.sorted()
}

// suspendedFor reports whether the site was suspended because of a criterion: the
// audit report was overdue.
func (s *site) suspendedFor(criterion string, c Config) bool {
	return !c.Clean && criterion == "audit" && s.suspended != (span{})
}

// recordRota yields who answers for the site: the single point of contact, and who is
// on call, month by month.
func (s *site) recordRota(c Config) []app.Request {
	d := newDice(c.Seed, s.ordinal, diceForRotas, 0)
	keys := newKeyring(c.Seed, sourceNetwork, s.ordinal<<3|2)
	by := s.actor(s.supervisor())
	var sheet sheet
	note := func(on, recorded events.Date, name string, cmd aggregates.Command) {
		sheet.add(app.Request{
			Name: name, ID: keys.take(), OccurredOn: on, RecordedAt: d.at(recorded),
			Actor: by.name, Role: by.role, Agency: by.agency, Command: cmd,
		})
	}
	last := horizon
	if s.to != 0 {
		last = s.to
	}
	named := s.from
	if !c.Clean && s.ordinal%40 == 7 { // somebody asked only after months
		named += 130
	}
	note(named, named+1, "name-point-of-contact", &agency.NamePointOfContact{Agency: s.id, Worker: s.supervisor().id})
	if later := s.from + 250 + d.days(0, 200); s.ordinal%5 == 3 && later < last {
		if steady := s.managers(later, last); len(steady) > 0 {
			note(later, later, "name-point-of-contact", &agency.NamePointOfContact{Agency: s.id, Worker: steady[0].id})
		}
	}
	for first, turn := s.from, 0; first <= last; first, turn = first.FirstOfMonth().AddMonths(1), turn+1 {
		end := min(first.LastOfMonth(), last)
		recorded := max(first-1, s.from+1) // by then the staff is on record
		if end == horizon {
			end = first.LastOfMonth()
		}
		on := s.rota(first, end, turn)
		through := end
		switch {
		case c.Clean || turn == 0:
		case d.chance(1):
			continue // forgotten
		case d.chance(2):
			through -= 6
		}
		note(first, recorded, "assign-on-call", &agency.AssignOnCall{Agency: s.id, Worker: on.id, ThroughDate: through})
	}
	return sheet.sorted()
}

// rota returns whose turn it is in a range of days, of those who are there all the
// time: the supervisor when nobody else is.
func (s *site) rota(first, last events.Date, turn int) *colleague {
	var there []*colleague
	for i := range s.staff {
		c := &s.staff[i]
		present := c.engaged(first-1, last) || first == s.from && c.from == s.from && (c.to == 0 || c.to >= last)
		if present && !c.away(first, last) {
			there = append(there, c)
		}
	}
	if len(there) == 0 {
		return s.supervisor()
	}
	return there[turn%len(there)]
}
