package pipeline

import (
	"cmp"
	"fmt"
	"slices"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/referrals"
	"caseledger/projections/row"
)

// A Stage is a place on the way from identification to a letter and beyond.
type Stage int

// The stages, in the order of a certification that goes as it should. People take
// them in other orders too: who comes with a letter is enrolled after it.
const (
	Identified Stage = iota // found, sent, discovered, or first on record
	Screened
	Enrolled
	Grounded   // continued presence granted, or a bona fide application made (R05)
	Determined // bona fide or T visa granted; of a child, HHS's consultation held (R09)
	Requested  // a letter was
	Issued     // by HHS
	Received   // by the agency
	Closed     // the service component

	stages = int(Closed) + 1
)

var stageNames = [stages]string{
	"identified", "screened", "enrolled", "presence_or_application", "determination",
	"letter_requested", "letter_issued", "letter_received", "service_closed",
}

func (s Stage) String() string { return stageNames[s] }

// MarshalText writes the stage's name.
func (s Stage) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Stages lists the stages in order.
func Stages() []Stage {
	all := make([]Stage, stages)
	for i := range all {
		all[i] = Stage(i)
	}
	return all
}

// A Person is one person's way as known and effective on a day.
type Person struct {
	ID     string      `json:"id"` // coded id of the client, or of the referral before an enrollment
	Agency string      `json:"agency,omitzero"`
	Child  bool        `json:"child"`
	Client bool        `json:"client"`         // enrolled by the day
	Source string      `json:"source"`         // kind of referral, or "discovery", or "agency"
	Stage  Stage       `json:"stage"`          // the last one reached before leaving
	Since  events.Date `json:"since,omitzero"` // day on which it was
	Left   events.Date `json:"left,omitzero"`  // without a letter
	Reason string      `json:"reason,omitzero"`
	Done   bool        `json:"done"` // the way is at its end: service closed after a letter, or a letter to who is no client

	Reached [stages]events.Date `json:"-"` // zero: not by that day

	found bool // the day of identification is a fact of its own
}

// Standing reports whether the person is on the way: neither done nor gone.
func (p *Person) Standing() bool { return !p.Done && p.Left == 0 }

// HasLetter reports whether HHS issued the person's letter.
func (p *Person) HasLetter() bool { return p.Reached[Issued] != 0 }

// A Query says on which day, and of whom.
type Query struct {
	On     events.Date
	Agency string // that has the person on the day; empty for all
}

// People returns everyone who is on record on the way to a letter by a day, in order
// of their ids; referrals that led to no enrollment are people too. Cost: about two
// microseconds for each.
func People(s *projections.Snapshot, q Query) ([]Person, error) {
	var people []Person
	err := eachFile(s, q.On, func(f *file) error {
		if p, is := f.person(q.On); is && (q.Agency == "" || p.Agency == q.Agency) {
			people = append(people, p)
		}
		return nil
	})
	slices.SortFunc(people, func(a, b Person) int { return cmp.Compare(a.ID, b.ID) })
	return people, err
}

// A file is everything on record of one person.
type file struct {
	id       string
	letter   letterFile
	enrolled caseFile // zero without a case
	referral *referrals.Referral
}

// eachFile calls f with the file of everyone as effective by a day; its memory is
// used again.
func eachFile(s *projections.Snapshot, on events.Date, f func(*file) error) error {
	sent, err := referrals.On(s, referrals.Filter{On: on})
	if err != nil {
		return err
	}
	byClient := make(map[string]*referrals.Referral, len(sent))
	for i := range sent {
		if r := &sent[i]; r.Became != "" && byClient[r.Became] == nil {
			byClient[r.Became] = r
		}
	}
	one := &file{}
	if err := eachRow(s, on, one, func() error {
		one.referral = byClient[one.id]
		return f(one)
	}); err != nil {
		return err
	}
	for i := range sent {
		if r := &sent[i]; r.Became == "" {
			*one = file{id: r.Referral, referral: r}
			if err := f(one); err != nil {
				return err
			}
		}
	}
	return nil
}

// eachRow reads the rows of cases, with those of letters, and then those of letters
// without a case.
func eachRow(s *projections.Snapshot, on events.Date, one *file, f func() error) error {
	letters := map[string][]byte{}
	names := row.Names{}
	err := s.Rows(viewName, events.KindLetter, func(id, b []byte) error {
		letters[string(id)] = b
		return nil
	})
	if err != nil {
		return err
	}
	visit := func(id, b, letter []byte) error {
		one.id = string(id)
		one.letter.facts = one.letter.facts[:0]
		one.enrolled.clear()
		if b != nil {
			if err := one.enrolled.read(b, names); err != nil {
				return fmt.Errorf("read way of %s: %w", id, err)
			}
		}
		if letter != nil {
			if err := one.letter.read(letter, on, names); err != nil {
				return fmt.Errorf("read way of %s: %w", id, err)
			}
		}
		return f()
	}
	err = s.Rows(viewName, events.KindCase, func(id, b []byte) error {
		letter := letters[string(id)]
		delete(letters, string(id))
		return visit(id, b, letter)
	})
	if err != nil {
		return err
	}
	return s.Rows(viewName, events.KindLetter, func(id, b []byte) error {
		if _, alone := letters[string(id)]; !alone {
			return nil
		}
		return visit(id, nil, b)
	})
}

func (p *Person) reach(s Stage, day, on events.Date) {
	if day != 0 && day <= on && (p.Reached[s] == 0 || day < p.Reached[s]) {
		p.Reached[s] = day
	}
}

// person follows one way up to a day; false for who is not on it.
func (f *file) person(on events.Date) (Person, bool) {
	p := Person{ID: f.id, Agency: f.agencyOn(on), Child: f.isChild(on)}
	p.Source = source(p.Agency)
	if f.enrolled.derivative {
		return p, false
	}
	f.identify(&p, on)
	f.reachCase(&p, on)
	f.reachLetter(&p, on)
	for _, day := range p.Reached[1:] {
		if day != 0 && day < p.Reached[Identified] { // others knew the person before
			p.found, p.Source = false, source(p.Agency)
		}
		p.reach(Identified, day, on)
	}
	if p.Reached[Identified] == 0 {
		return p, false
	}
	p.Client = p.Reached[Enrolled] != 0
	f.end(&p, on)
	p.Stage, p.Since = p.stageBefore(cmp.Or(p.Left, events.MaxDate))
	if p.Reached[Closed] != 0 && p.Left == 0 {
		p.Stage, p.Since = Closed, p.Reached[Closed]
	}
	return p, true
}

// source says who knew a person first whom nobody is on record to have found.
func source(agency string) string {
	if agency == "" {
		return "officials"
	}
	return "agency"
}

func (f *file) agencyOn(on events.Date) string {
	if a := f.enrolled.agencyOn(on); a != "" {
		return a
	}
	agency := ""
	for i := range f.letter.facts {
		if x := &f.letter.facts[i]; x.step == requested {
			agency = cmp.Or(x.text, agency)
		}
	}
	if agency == "" && f.referral != nil {
		agency = f.referral.Agency
	}
	return agency
}

// isChild reports whether the person is a minor on a day, as far as is known: by the
// enrollment and the recorded turning 18, or else by what HHS was asked for.
func (f *file) isChild(on events.Date) bool {
	if f.enrolled.spellOn(on) != nil {
		return f.enrolled.minor && (f.enrolled.turned18 == 0 || on < f.enrolled.turned18)
	}
	return f.letter.childRequest() != nil || f.letter.first(discovered) != nil
}

// identify takes who found the person first.
func (f *file) identify(p *Person, on events.Date) {
	if f.referral != nil {
		p.Source, p.found = string(f.referral.Kind), true
		p.reach(Identified, f.referral.Opened, on)
	}
	for i := range f.letter.facts {
		x := &f.letter.facts[i]
		day := events.Date(0)
		switch x.step {
		case discovered:
			day = x.on
		case requested:
			day = x.day
		}
		if day == 0 {
			continue
		}
		p.found = true
		if p.Reached[Identified] == 0 || day < p.Reached[Identified] {
			p.Source = "discovery"
		}
		p.reach(Identified, day, on)
	}
}

func (f *file) reachCase(p *Person, on events.Date) {
	c := &f.enrolled
	p.reach(Screened, c.screened, on)
	for _, s := range c.spells {
		p.reach(Enrolled, s.first, on)
	}
	for _, l := range c.letters {
		if letterKinds[l.kind] != events.Interim {
			p.reach(Issued, l.letter, on)
			p.reach(Received, l.onDesk, on)
		}
	}
	if s := c.spellOn(on); s != nil && s.last != 0 && s.last < on {
		p.reach(Closed, s.last, on)
	}
}

func (f *file) reachLetter(p *Person, on events.Date) {
	for i := range f.letter.facts {
		switch x := &f.letter.facts[i]; x.step {
		case requested:
			p.reach(Requested, x.on, on)
		case presence, applied:
			p.reach(Grounded, x.on, on)
		case approved:
			p.reach(Grounded, x.on, on) // it was applied for, whenever that was
			p.reach(Determined, x.on, on)
		case determined:
			if x.n == 1 {
				p.reach(Determined, x.on, on)
			}
		case consulted:
			p.reach(Determined, x.on, on)
		case issued:
			p.reach(Issued, x.on, on)
		}
	}
}

// end says whether the way ended by a day, with a letter or without.
func (f *file) end(p *Person, on events.Date) {
	if p.HasLetter() {
		p.Done = p.Reached[Closed] != 0 || !p.Client
		return
	}
	p.Left, p.Reason = f.left(p, on)
}

// left says when and why somebody without a letter left, zero for who did not. A
// denial ends the way of who is not a client; a client goes on until the service
// component closes.
func (f *file) left(p *Person, on events.Date) (events.Date, string) {
	denial := f.letter.last(denied)
	switch {
	case p.Client && p.Reached[Closed] != 0:
		s := f.enrolled.spellOn(on)
		if s.reason == reasonClosed && denial != nil {
			return s.last, "letter_denied"
		}
		for _, e := range f.enrolled.endings {
			if e.on <= s.last+1 {
				return s.last, e.cause
			}
		}
		return s.last, s.reason
	case p.Client:
		for _, e := range f.enrolled.endings {
			if e.on <= on {
				return e.on, e.cause
			}
		}
		return 0, ""
	case denial != nil && !f.requestedAfter(denial.on):
		return denial.on, "letter_denied"
	case p.Reached[Screened] != 0 && f.enrolled.whyNot != "":
		return p.Reached[Screened], f.enrolled.whyNot
	case f.referral != nil && f.referral.Domestic != nil:
		return f.referral.Domestic.On, reasonDomestic
	case f.referral != nil && f.referral.Standing == referrals.Closed:
		return f.referral.Closed, f.referral.Result
	}
	return 0, ""
}

func (f *file) requestedAfter(day events.Date) bool {
	return slices.ContainsFunc(f.letter.facts, func(x fact) bool { return x.step == requested && x.on > day })
}

// stageBefore returns the last stage reached by a day and when it was; of one day,
// the later stage in the order of the stages. Closing is no stage of the way.
func (p *Person) stageBefore(day events.Date) (stage Stage, since events.Date) {
	for s, reached := range p.Reached[:Closed] {
		if reached != 0 && reached <= day && reached >= since {
			stage, since = Stage(s), reached
		}
	}
	return stage, since
}

// A move is one stage left behind for the next.
type move struct {
	from, to Stage
	on       events.Date // of the next
	days     int
}

// moves appends the stages that the person has left behind, in order of their days.
// A day of identification that rests on nothing but the next stage is none.
func (p *Person) moves(list []move) []move {
	order := make([]Stage, 0, stages)
	for s, day := range p.Reached {
		if day != 0 && (Stage(s) != Identified || p.found) && (Stage(s) != Closed || p.HasLetter()) {
			order = append(order, Stage(s))
		}
	}
	slices.SortStableFunc(order, func(a, b Stage) int { return cmp.Compare(p.Reached[a], p.Reached[b]) })
	for i := 1; i < len(order); i++ {
		from, to := order[i-1], order[i]
		list = append(list, move{from, to, p.Reached[to], int(p.Reached[to] - p.Reached[from])})
	}
	return list
}
