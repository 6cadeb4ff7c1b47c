package sample

import (
	"slices"

	"caseledger/aggregates"
	"caseledger/aggregates/referral"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
)

// What referrals throw dice and take command ids for.
const (
	diceForReferrals uint64 = 57
	sourceReferral   uint64 = 10
)

// How many people of a copy are found or sent and never enrolled, and how many of them
// are citizens or permanent residents.
const (
	strayReferrals    = 560
	domesticReferrals = 170
)

// strayOrdinals is where the ordinals of referrals without a client begin.
const strayOrdinals = 1 << 24

// A sending is one referral being written.
type sending struct {
	d     dice
	id    string // coded id of the referral
	keys  keyring
	sheet sheet
	last  events.Instant
}

func newSending(c Config, ordinal int) *sending {
	keys := newKeyring(c.Seed, sourceReferral, ordinal)
	return &sending{
		d: newDice(c.Seed, 0, diceForReferrals, uint64(ordinal)), keys: keys,
		id: aggregates.NewID("R", keys.first()),
	}
}

// write notes a fact of a day, recorded some days later and after the one before it.
func (s *sending) write(on, delay events.Date, by actor, name string, cmd aggregates.Command) string {
	at := s.d.at(on + delay)
	if at <= s.last {
		at = s.last + events.Instant(20_000+s.d.IntN(240_000))
	}
	s.last = at
	id := s.keys.take()
	s.sheet.add(app.Request{
		Name: name, ID: id, OccurredOn: on, RecordedAt: at,
		Actor: by.name, Role: by.role, Agency: by.agency, Command: cmd,
	})
	return id
}

// referred reports whether a client is known to have been found or sent.
func (p *person) referred() bool {
	return p.standing != derivative && (p.showcase || mix(uint64(p.ordinal)+41)%100 < 45)
}

// earliestReferral is how many days before the enrollment a referral may begin.
const earliestReferral = 45

// recordReferral returns the commands of the referral of a client, in order of time:
// found or sent, forwarded to the agency, enrolled.
func recordReferral(c Config, p *person) []app.Request {
	s := newSending(c, p.ordinal)
	opened := p.enroll - s.d.soon(2, earliestReferral-2)
	country := s.open(opened, p.form, languageOf(p.country), p.site.place.state, p.ordinal/peoplePerCopy)
	on := min(opened+s.d.days(0, 3), p.enroll)
	if !p.site.takes(on, on) {
		on = p.enroll
	}
	forward := func(on events.Date) string {
		return s.write(on, 0, hhs, "forward-referral", &referral.ForwardReferral{Referral: s.id, Agency: p.site.id})
	}
	if p.each(40, 7) && on < p.enroll { // dated wrongly, and put right
		wrong := forward(p.enroll)
		s.write(p.enroll, 0, monitor, "withdraw-referral-fact", &referral.WithdrawReferralFact{Referral: s.id, Record: wrong, Cause: "wrong_date"})
	}
	forward(on)
	s.last = max(s.last, p.enrolledAt)
	by := p.site.actor(p.site.supervisor())
	s.write(p.enroll, s.d.days(0, 2), by, "enroll-referral", &referral.EnrollReferral{Referral: s.id, Client: p.clientID(c.Seed)})
	switch after := p.enroll + s.d.days(5, 60); {
	case country != "":
		s.cooperate(after, by, country, "identification")
	case p.each(11, 4):
		s.cooperate(after, by, p.country, "family_tracing")
	}
	return s.sheet.sorted()
}

func (s *sending) cooperate(on events.Date, by actor, with, matter string) {
	s.write(on, s.d.days(0, 3), by, "record-cooperation", &referral.RecordCooperation{Referral: s.id, With: with, Matter: matter})
}

// finder throws an award of a copy whose people find victims on a day: the outreach,
// intermediary and direct-service grants that have begun.
func (s *sending) finder(copyOf int, on events.Date) string {
	for {
		if i := s.d.IntN(awardsPerCopy); i%6 != 3 && i%6 != 5 && awardFrom(i) <= on {
			return awardID(copyOf, i)
		}
	}
}

// Who sends people, likelier ones more often.
var senders = []string{
	"federal_law_enforcement", "federal_law_enforcement", "local_law_enforcement", "local_law_enforcement", "state_law_enforcement",
	"domestic_violence", "refugee_program", "unaccompanied_children", "child_welfare", "runaway_homeless_youth",
	"health_center", "mental_health", "substance_abuse", "tribal", "faith_based", "other_country",
}

var (
	channels  = []string{"hotline", "hotline", "hotline", "hotline", "hotline", "web", "email", "text", "walk_in"}
	neighbors = []string{"MX", "CA", "GT", "PH", "TH"}
)

// open writes how a person was found; it returns the country that sent the person, if
// one did.
func (s *sending) open(on events.Date, form events.Form, language, state string, copyOf int) (country string) {
	switch roll := s.d.IntN(100); {
	case roll < 38:
		s.write(on, 0, hhs, "receive-signal", &referral.ReceiveSignal{
			Channel: pick(s.d, channels), State: state, Language: language, Form: string(form),
		})
	case roll < 62 && on >= programmeStart: // the awards begin with it
		s.write(on, s.d.days(0, 2), hhs, "refer-lead", &referral.ReferLead{
			Award: s.finder(copyOf, on), State: state, Form: string(form),
		})
	default:
		r := &referral.ReceiveInboundReferral{Source: pick(s.d, senders), State: state}
		if r.Source == "other_country" {
			country = pick(s.d, neighbors)
			r.Country = country
		}
		s.write(on, s.d.days(0, 1), hhs, "receive-inbound-referral", r)
	}
	return country
}

// stray is the referral of a person who was never enrolled.
type stray struct {
	copyOf, n int
	on        events.Date
	sites     []*site
}

// strays plans the referrals of a copy that led to no enrollment.
func strays(seed uint64, copyOf int, sites []*site) (list []stray) {
	d := newDice(seed, copyOf, diceForReferrals, 0)
	for n := range strayReferrals {
		list = append(list, stray{copyOf, n, d.day(programmeStart+3, horizon-4), sites})
	}
	return list
}

// record returns the commands of a stray referral, in order of time.
func (x stray) record(c Config) []app.Request {
	s := newSending(c, strayOrdinals+x.copyOf*strayReferrals+x.n)
	if x.n < domesticReferrals {
		s.domestic(x.on)
		return s.sheet.sorted()
	}
	form := pick(s.d, []events.Form{events.FormLabor, events.FormSex, events.FormUnknown})
	country := s.open(x.on, form, pick(s.d, []string{"es", "es", "en", "th", "zh", "ru", "fr"}), pick(s.d, letterStates), x.copyOf)
	on := x.on + s.d.days(1, 6)
	if open := slices.DeleteFunc(slices.Clone(x.sites), func(one *site) bool { return !one.takes(on, on) }); s.d.chance(35) {
		s.write(on, 0, hhs, "forward-referral", &referral.ForwardReferral{Referral: s.id, Agency: pick(s.d, open).id})
	}
	if country != "" {
		s.cooperate(on+2, hhs, country, pick(s.d, []string{"safe_return", "identification", "document"}))
	}
	result := pick(s.d, []string{"not_a_victim", "not_a_victim", "lost_contact", "lost_contact", "declined_help", "referred_elsewhere"})
	s.write(on+s.d.days(2, 50), s.d.days(0, 2), monitor, "close-referral", &referral.CloseReferral{Referral: s.id, Result: result})
	return s.sheet.sorted()
}

// domestic writes the referral of a citizen or permanent resident to mainstream help
// (R03); some called first.
func (s *sending) domestic(on events.Date) {
	if s.d.chance(25) {
		s.write(on, 0, hhs, "receive-signal", &referral.ReceiveSignal{Channel: pick(s.d, channels), State: pick(s.d, letterStates), Language: "en"})
		on += s.d.days(0, 2)
	}
	m := &referral.MakeDomesticReferral{ImmigrationStatus: "citizen", Minor: s.d.chance(80)}
	if len(s.sheet) > 0 {
		m.Referral = s.id
	}
	stays := s.d.days(20, 90)
	switch roll := s.d.IntN(100); {
	case roll < 35:
		m.Path, m.StayDays = "runaway_homeless_youth", pick(s.d, []int{15, 15, 30, 60})
		stays = events.Date(m.StayDays)
	case roll < 60 && m.Minor:
		m.Path = "child_welfare"
	case roll < 78 && m.Minor:
		m.Path = "juvenile_justice"
	case roll < 88:
		m.Path = "domestic_violence"
	case roll < 95:
		m.Path, m.ImmigrationStatus, m.Sponsored, m.Minor = "sponsored_lpr_assistance", "lpr", true, false
		m.LPRSince = on - s.d.days(200, 2500)
	default:
		m.Path = "other"
	}
	s.write(on, s.d.days(0, 1), monitor, "make-domestic-referral", m)
	if s.d.chance(92) {
		s.write(on+stays, s.d.days(0, 4), monitor, "close-referral", &referral.CloseReferral{Referral: s.id, Result: "domestic_help"})
	}
}
