package casework

import (
	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections/row"
)

// append writes the row: first what practice is judged by, then the rest. Each list
// has its length, and each fact the days since the one before it and its record.
func (c *Case) append(b []byte) []byte {
	b = word(b, c.language)
	b = row.Len(b, len(c.spells))
	for _, s := range c.spells {
		b = row.Date(row.Date(b, s.From), min(s.To, events.MaxDate+1))
	}
	b = appendList(b, c.plans, func(b []byte, p Plan) []byte {
		b = row.Date(row.Bool(word(b, p.Language), p.Interpreter), p.ReviewOn)
		b = row.Len(b, len(p.Goals))
		for _, g := range p.Goals {
			b = row.String(b, g)
		}
		return b
	}, Plan.fact)
	b = appendList(b, c.contacts, func(b []byte, x Contact) []byte { return row.String(word(b, x.Manner), x.Worker) }, Contact.fact)
	b = appendList(b, c.told, func(b []byte, x Told) []byte {
		return row.Bool(word(word(b, x.Topic), x.Language), x.Interpreter)
	}, Told.fact)
	b = appendList(b, c.documents, func(b []byte, x Document) []byte { return word(b, x.Document) }, Document.fact)
	b = appendList(b, c.trusted, func(b []byte, _ Fact) []byte { return b }, Fact.fact)
	return c.appendRest(b)
}

func (c *Case) appendRest(b []byte) []byte {
	b = appendList(b, c.needs, func(b []byte, x Need) []byte { return word(word(b, x.Need), x.Urgency) }, Need.fact)
	b = appendList(b, c.goals, func(b []byte, x Goal) []byte {
		return row.Date(word(row.String(b, x.Goal), x.Need), x.ByDate)
	}, Goal.fact)
	b = appendList(b, c.progress, func(b []byte, x progress) []byte { return word(row.String(b, x.goal), x.progress) }, progress.fact)
	b = appendList(b, c.interpreted, func(b []byte, x Interpreted) []byte { return word(word(b, x.Language), x.Manner) }, Interpreted.fact)
	b = appendList(b, c.emergencies, func(b []byte, x Emergency) []byte {
		b = row.Bool(row.Len(word(b, x.Emergency), x.Minutes), x.AfterHours)
		return row.String(row.String(b, x.Agency), x.Worker)
	}, Emergency.fact)
	b = appendList(b, c.milestones, func(b []byte, x Milestone) []byte { return word(word(b, x.Component), x.Milestone) }, Milestone.fact)
	b = appendList(b, c.appointed, func(b []byte, x CourtDate) []byte {
		b = row.Date(word(row.String(b, x.CourtDate), x.Component), x.Day)
		return row.Bool(row.Date(word(word(b, x.Occasion), x.Result), x.EndedOn), x.Accompanied)
	}, CourtDate.fact)
	b = appendList(b, c.closures, func(b []byte, x closure) []byte { return row.Bool(word(b, x.component), x.open) }, closure.fact)
	b = appendList(b, c.outcomes, func(b []byte, x Outcome) []byte { return word(b, x.Outcome) }, Outcome.fact)
	b = appendList(b, c.releases, func(b []byte, x Release) []byte {
		return row.Date(row.Date(word(row.String(b, x.Recipient), x.Scope), x.Through), x.Withdrawn)
	}, Release.fact)
	return appendList(b, c.requests, func(b []byte, _ Fact) []byte { return b }, Fact.fact)
}

func (f Fact) fact() Fact { return f }

func appendList[T any](b []byte, list []T, value func([]byte, T) []byte, fact func(T) Fact) []byte {
	b = row.Len(b, len(list))
	var day events.Date
	for _, v := range list {
		f := fact(v)
		b = value(row.Uint(row.Date(b, f.On-day), f.Record), v)
		day = f.On
	}
	return b
}

// readList reads a list into the memory of the one before.
func readList[T any](r *row.Reader, list []T, value func(*row.Reader, Fact) T) []T {
	list = list[:0]
	var day events.Date
	for range r.Len() {
		day += r.Date()
		list = append(list, value(r, Fact{day, r.Uint()}))
	}
	return list
}

// read reads a row; the lists' memory is used again.
func (c *Case) read(b []byte) error {
	r := row.Read(b)
	c.language = readWord(&r)
	c.spells = c.spells[:0]
	for range r.Len() {
		c.spells = append(c.spells, policy.Span{From: r.Date(), To: r.Date()})
	}
	c.plans = readList(&r, c.plans, func(r *row.Reader, f Fact) Plan {
		p := Plan{Fact: f, Language: readWord(r), Interpreter: r.Bool(), ReviewOn: r.Date()}
		for range r.Len() {
			p.Goals = append(p.Goals, r.String())
		}
		return p
	})
	c.contacts = readList(&r, c.contacts, func(r *row.Reader, f Fact) Contact { return Contact{f, readWord(r), r.String()} })
	c.told = readList(&r, c.told, func(r *row.Reader, f Fact) Told { return Told{f, readWord(r), readWord(r), r.Bool()} })
	c.documents = readList(&r, c.documents, func(r *row.Reader, f Fact) Document { return Document{f, readWord(r)} })
	c.trusted = readList(&r, c.trusted, func(_ *row.Reader, f Fact) Fact { return f })
	c.readRest(&r)
	return r.Err()
}

func (c *Case) readRest(r *row.Reader) {
	component := func(r *row.Reader) events.Component { return events.Component(readWord(r)) }
	c.needs = readList(r, c.needs, func(r *row.Reader, f Fact) Need { return Need{f, readWord(r), readWord(r)} })
	c.goals = readList(r, c.goals, func(r *row.Reader, f Fact) Goal {
		return Goal{Fact: f, Goal: r.String(), Need: readWord(r), ByDate: r.Date()}
	})
	c.progress = readList(r, c.progress, func(r *row.Reader, f Fact) progress { return progress{f, r.String(), readWord(r)} })
	c.interpreted = readList(r, c.interpreted, func(r *row.Reader, f Fact) Interpreted { return Interpreted{f, readWord(r), readWord(r)} })
	c.emergencies = readList(r, c.emergencies, func(r *row.Reader, f Fact) Emergency {
		return Emergency{f, readWord(r), int(r.Uint()), r.Bool(), r.String(), r.String()}
	})
	c.milestones = readList(r, c.milestones, func(r *row.Reader, f Fact) Milestone { return Milestone{f, component(r), readWord(r)} })
	c.appointed = readList(r, c.appointed, func(r *row.Reader, f Fact) CourtDate {
		return CourtDate{f, r.String(), component(r), r.Date(), readWord(r), readWord(r), r.Date(), r.Bool()}
	})
	c.closures = readList(r, c.closures, func(r *row.Reader, f Fact) closure { return closure{f, component(r), r.Bool()} })
	c.outcomes = readList(r, c.outcomes, func(r *row.Reader, f Fact) Outcome { return Outcome{f, readWord(r)} })
	c.releases = readList(r, c.releases, func(r *row.Reader, f Fact) Release {
		return Release{f, r.String(), readWord(r), r.Date(), r.Date()}
	})
	c.requests = readList(r, c.requests, func(_ *row.Reader, f Fact) Fact { return f })
}
