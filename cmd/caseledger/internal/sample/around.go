package sample

import (
	"fmt"

	"caseledger/aggregates"
	"caseledger/aggregates/agency"
	"caseledger/aggregates/award"
	"caseledger/aggregates/policy"
	"caseledger/aggregates/training"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
)

// A network is what stands around the cases of one copy of the programme.
type network struct {
	Config
	copyOf   int
	sites    []*site
	people   []*person
	partners []*provider
}

// sources plans the work around the cases: documents, rotas, staff, monitoring,
// trainings and awards.
func (n network) sources() (all []source) {
	clients := map[*site][]*person{}
	for _, p := range n.people {
		if p.client {
			clients[p.site] = append(clients[p.site], p)
		}
		if p.client && p.each(31, 4) && !p.showcase && !n.Clean {
			all = append(all, source{startOf(horizon - 31), func() []app.Request { return recordStalled(n.Seed, p) }})
		}
	}
	for _, s := range n.sites {
		begins := startOf(s.from - 1)
		all = append(all,
			source{begins, func() []app.Request { return s.recordCredentials(n.Config) }},
			source{begins, func() []app.Request { return s.recordRota(n.Config) }},
			source{begins, func() []app.Request { return s.recordStaff(n.Config) }},
			source{begins, func() []app.Request { return n.recordMonitoring(s, clients[s]) }},
			source{begins, func() []app.Request { return n.recordMemoranda(s) }},
		)
	}
	for month := 0; programmeStart.AddMonths(month) < horizon; month++ {
		all = append(all, source{startOf(programmeStart.AddMonths(month)), func() []app.Request { return n.recordTraining(month) }})
	}
	for i := range awardsPerCopy {
		all = append(all, source{startOf(awardFrom(i)), func() []app.Request { return n.recordAward(i) }})
	}
	return all
}

// A notebook holds what the prime contractor does.
type notebook struct {
	sheet
	d    dice
	keys keyring
}

func (w *notebook) note(on, recorded events.Date, name string, cmd aggregates.Command) string {
	id := w.keys.take()
	w.add(app.Request{Name: name, ID: id, OccurredOn: on, RecordedAt: w.d.at(recorded), Actor: contractOffice, Role: rolePrime, Command: cmd})
	return id
}

// recordMonitoring yields the yearly reviews of a site, their findings with what the
// agency did about them, and the consultations that it asked for.
func (n network) recordMonitoring(s *site, clients []*person) []app.Request {
	w := &notebook{d: newDice(n.Seed, s.ordinal, diceForMonitoring, 0), keys: newKeyring(n.Seed, sourceNetwork, s.ordinal<<3|3)}
	last := horizon
	if s.to != 0 {
		last = s.to
	}
	review := 0
	for on := s.from + w.d.days(100, 300); on < last-5; on += w.d.days(280, 355) {
		if review++; !n.Clean && w.d.chance(3) {
			on += 120 // the monitor had no time
		}
		if on < last-5 {
			n.review(w, s, fmt.Sprintf("V%d", review), on, atWork(clients, on))
		}
	}
	for on := s.from + w.d.days(20, 90); on < last-5; on += w.d.days(90, 200) {
		c := &agency.GiveConsultation{
			Agency: s.id, Manner: pick(w.d, []string{"technical_assistance", "technical_assistance", "case_consultation", "legal_expert", "mental_health_expert"}),
			Topic:   pick(w.d, []string{"enrollment", "certification", "benefits", "housing", "safety", "legal", "mental_health", "minors", "documentation", "billing", "staff_support"}),
			Minutes: 15 * (1 + w.d.IntN(8)),
		}
		if present := atWork(clients, on); len(present) > 0 && c.Manner != "technical_assistance" {
			c.Client = pick(w.d, present).clientID(n.Seed)
		}
		w.note(on, on+w.d.days(0, 2), "give-consultation", c)
	}
	return w.sorted()
}

// atWork returns the clients who are served by their first agency on a day and whose
// enrollment is on record.
func atWork(clients []*person, on events.Date) (present []*person) {
	for _, p := range clients {
		if p.enrolledAt < startOf(on) && p.enroll < on && on <= p.last && (p.moveTo == nil || on < p.moveOn) {
			present = append(present, p)
		}
	}
	return present
}

func (n network) review(w *notebook, s *site, id string, on events.Date, present []*person) {
	shuffle(w.d, present)
	var read []string
	for _, p := range present[:min(len(present), 5)] {
		read = append(read, p.clientID(n.Seed))
	}
	criteria := policy.Criteria()
	missed := -1
	if w.d.chance(25) {
		missed = w.d.IntN(len(criteria))
	}
	var met []string
	for i, c := range criteria {
		if i != missed {
			met = append(met, c.Name)
		}
	}
	manner := pick(w.d, []string{"site_visit", "site_visit", "desk_review"})
	if len(read) > 0 && w.d.chance(30) {
		manner = "file_review"
	}
	w.note(on, on+1, "hold-review", &agency.HoldReview{Agency: s.id, Review: id, Manner: manner, Clients: read, Met: met})
	f := &agency.RaiseFinding{Agency: s.id, Review: id, Severity: pick(w.d, []string{"minor", "minor", "major", "critical"}), DueOn: on + 30 + w.d.days(0, 30)}
	if missed >= 0 {
		f.Finding, f.Rule, f.Criterion = "F"+id[1:]+"-1", "R27", criteria[missed].Name
		f.Text = "not shown at the review: " + criteria[missed].Text
		n.finding(w, f, on, s.to)
	}
	if len(read) > 0 && w.d.chance(25) {
		f.Finding, f.Rule, f.Criterion, f.Client = "F"+id[1:]+"-2", "R28", "", read[0]
		f.Text = "the file does not show " + pick(w.d, []string{"the client's agreement to the service plan", "a release for the referral", "how the interpreter was chosen"})
		n.finding(w, f, on, s.to)
	}
}

// finding writes a finding with what became of it: most are corrected in time.
func (n network) finding(w *notebook, f *agency.RaiseFinding, on, ends events.Date) {
	raised := *f
	w.note(on, on+2, "raise-finding", &raised)
	due, asked := f.DueOn, on+w.d.days(5, 20)
	w.note(asked, asked+1, "agree-corrective-action", &agency.AgreeCorrectiveAction{
		Agency: f.Agency, Finding: f.Finding, DueOn: due + 15, Text: "the agency sends what is missing, and trains its staff",
	})
	closed := due + 14 - w.d.days(0, 20)
	switch {
	case n.Clean || w.d.chance(92):
	case w.d.chance(50):
		return // it is still open
	default:
		closed = due + 15 + w.d.days(10, 60)
	}
	if ends == 0 || closed < ends {
		w.note(closed, closed+1, "close-finding", &agency.CloseFinding{Agency: f.Agency, Finding: f.Finding, Text: "seen and accepted"})
	}
}

// recordMemoranda yields a site's memoranda with providers of its city and, at every
// third one, with a task force.
func (n network) recordMemoranda(s *site) []app.Request {
	w := &notebook{d: newDice(n.Seed, s.ordinal, diceForMonitoring, 1<<32), keys: newKeyring(n.Seed, sourceNetwork, s.ordinal<<3|4)}
	for i, p := range n.partners {
		if p.place != s.place || p.to != 0 || i%3 == 2 {
			continue
		}
		on := p.from + w.d.days(5, 90)
		m := &agency.SignMemorandum{Agency: s.id, Partner: p.id, Scope: pick(w.d, []string{"referral", "joint_casework", "facilities"})}
		if s.ordinal%2 == 0 {
			m.ThroughDate = on + 729
		}
		w.note(on, on+1, "sign-memorandum", m)
		if off := on + 400; s.ordinal%17 == 3 && off < horizon-2 && (s.to == 0 || off < s.to) {
			w.note(off, off+1, "end-memorandum", &agency.EndMemorandum{Agency: s.id, Partner: p.id, Scope: m.Scope})
		}
	}
	if s.ordinal%3 == 0 {
		on := s.from + w.d.days(10, 200)
		w.note(on, on+1, "sign-memorandum", &agency.SignMemorandum{
			Agency: s.id, Partner: s.place.city + " task force against trafficking", Scope: "information_sharing",
		})
	}
	return w.sorted()
}

var coreTopics = []string{
	"the law and who is eligible", "intake and safety planning", "service plans with the client", "certification and benefits",
	"working with interpreters", "minors and guardianship", "trauma and self-care", "documentation and billing",
	"working with law enforcement", "culture and trust", "housing", "closing a case",
}

// attendees bounds the workers whom one command names.
const attendees = aggregates.MaxItems

// recordTraining yields the core training of a month, attended by every agency but for
// a few that miss it, and once a quarter a special one.
func (n network) recordTraining(month int) []app.Request {
	w := &notebook{d: newDice(n.Seed, n.copyOf, diceForTraining, uint64(month)), keys: newKeyring(n.Seed, sourceProgrammeWork, n.copyOf<<8|month)}
	on := programmeStart.AddMonths(month) + 6 + w.d.days(0, 14)
	w.hold(on, &training.HoldTraining{Course: "core", Topic: coreTopics[month%len(coreTopics)], Minutes: 90}, n.whoAttends(w.d, on, 100, 40))
	if month%3 == 2 {
		on += 7
		w.hold(on, &training.HoldTraining{
			Course: "specialty", Topic: pick(w.d, []string{"labor trafficking in agriculture", "children in domestic servitude", "expert testimony", "mental health after torture"}), Minutes: 180,
		}, n.whoAttends(w.d, on, 35, 10))
	}
	return w.sorted()
}

// whoAttends throws who of each site attends a training: one with a chance in percent,
// a second with another. Nobody does who is on leave; with a full chance only a few
// agencies stay away, and none in a clean sample.
func (n network) whoAttends(d dice, on events.Date, one, second int) (workers []string) {
	for _, s := range n.sites {
		if s.from+2 > on || s.to != 0 && on > s.to {
			continue
		}
		var there []*colleague
		for i := range s.staff {
			if c := &s.staff[i]; c.engaged(on, on) && !c.away(on, on) {
				there = append(there, c)
			}
		}
		shuffle(d, there)
		comes := d.chance(one) && (n.Clean || one < 100 || !d.chance(4))
		if !comes || len(there) == 0 {
			continue
		}
		workers = append(workers, there[0].id)
		if len(there) > 1 && d.chance(second) {
			workers = append(workers, there[1].id)
		}
	}
	return workers
}

// hold writes a training: the list of those who attended goes on in further commands
// where it is too long for one.
func (w *notebook) hold(on events.Date, c *training.HoldTraining, workers []string) {
	c.Workers = workers[:min(len(workers), attendees)]
	id := aggregates.NewID("T", w.note(on, on, "hold-training", c))
	for rest := workers[len(c.Workers):]; len(rest) > 0; {
		k := min(len(rest), attendees)
		w.note(on, on+1, "add-attendance", &training.AddAttendance{Training: id, Workers: rest[:k]})
		rest = rest[k:]
	}
}

// awardsPerCopy is the number of grants and contracts beside the per-capita one.
const awardsPerCopy = 12

// awardID returns the id of an award of a copy, 0 to awardsPerCopy-1.
func awardID(copyOf, i int) string { return fmt.Sprintf("AW-%03d", copyOf*awardsPerCopy+i+1) }

// awardFrom returns an award's first day: the first of a fiscal year from 2006 on.
func awardFrom(i int) events.Date {
	return max(programmeStart, policyYear(2006+i%3))
}

func policyYear(year int) events.Date { return fiscalYear(year).first }

// recordAward yields a grant or contract with its outreach until it ends.
func (n network) recordAward(i int) []app.Request {
	w := &notebook{d: newDice(n.Seed, n.copyOf, diceForAwards, uint64(i)), keys: newKeyring(n.Seed, sourceProgrammeWork, n.copyOf<<8|128|i)}
	purpose := []string{"outreach", "intermediary", "direct_services", "awareness", "outreach", "hotline"}[i%6]
	at := n.sites[(i*7)%len(n.sites)].place
	from, id := awardFrom(i), awardID(n.copyOf, i)
	a := &award.RecordAward{
		Award: id, Purpose: purpose, Grantee: at.city + " Coalition against Trafficking", Funder: []string{"hhs", "hhs", "doj"}[i%3],
		AmountCents: events.Cents(5_000_000 * (1 + w.d.IntN(9))), ThroughDate: fiscalYear(2009).last, State: at.state,
	}
	if purpose == "hotline" || purpose == "awareness" {
		a.State, a.Grantee = "", "National Communication Line"
		if purpose == "awareness" {
			a.Grantee = "Public Awareness Partnership"
		}
	}
	w.note(from, from+1, "record-award", a)
	for on := from + w.d.days(20, 60); on < horizon-3; on += w.d.days(30, 90) {
		o := &award.LogOutreach{Award: id, Manner: pick(w.d, []string{"street", "street", "training", "meeting", "materials"}), Reached: 10 + w.d.IntN(190)}
		if purpose == "awareness" {
			o.Manner, o.Reached = "media", 20_000+w.d.IntN(400_000)
		} else {
			o.Identified = max(0, w.d.IntN(7)-3)
		}
		w.note(on, on+w.d.days(0, 3), "log-outreach", o)
	}
	return w.sorted()
}
