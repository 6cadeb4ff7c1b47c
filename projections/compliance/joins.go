package compliance

import (
	"cmp"
	"fmt"
	"slices"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/row"
)

// An hhsOn is what HHS's row of a person says of a day.
type hhsOn struct {
	letters []hhsLetter
	ended   mark
}

// judgeRequest reads HHS's side into h and adds what is out of line on it; c is the
// person's case, nil when there is none.
func (d *desk) judgeRequest(l *letterRow, h *hhsOn, c *caseOn) error {
	h.letters = h.letters[:0]
	r := row.Read(l.row)
	asked := r.Bytes()
	for range r.Len() {
		x := hhsLetter{mark{r.Date(), r.Uint()}, readKind(&r)}
		if x.on <= d.on {
			h.letters = append(h.letters, x)
		}
	}
	h.ended = mark{r.Date(), r.Uint()}
	readSpans(&r, d.on, func(s *span) {
		agency, client := string(asked), string(l.id)
		if c != nil && c.first <= d.on {
			agency = c.agency
		}
		d.addSpan(s, agency, client)
	})
	if err := r.Err(); err != nil {
		return fmt.Errorf("read letters of %s: %w", l.id, err)
	}
	return nil
}

func (d *desk) judgeCase(client string, c *caseOn, h *hhsOn) {
	if c.enrolled && (d.filter.Agency == "" || d.filter.Agency == c.agency) && (d.filter.Client == "" || d.filter.Client == client) {
		d.cases++
	}
	d.judgeOnFile(client, c, h)
	d.judgeLead(client, c)
	d.judgeTalk(client, c)
	d.judgeIntake(client, c)
	d.tallyBilling(c)
	readSpans(&c.spans, d.on, func(s *span) { d.addSpan(s, c.agency, client) })
}

// judgeOnFile holds the letters on file against HHS's, in both directions (R05).
func (d *desk) judgeOnFile(client string, c *caseOn, h *hhsOn) {
	for i := range c.letters {
		l := &c.letters[i]
		if l.received > d.on {
			continue
		}
		x := Exception{Agency: c.agency, Client: client, Since: max(l.received, c.first), Evidence: []uint64{l.seq}}
		same, other := compareLetter(h.letters, l)
		switch {
		case same:
		case other != nil:
			x.Evidence = append(x.Evidence, other.seq)
			d.addNamed("R05.mismatch", x, "the %s letter on file is dated %s, HHS's %s", l.kind, l.date, other.on)
		default:
			d.addNamed("R05.unissued", x, "HHS issued no %s letter", l.kind)
		}
	}
	for _, l := range h.letters {
		from := max(l.on, c.first) + letterDays + 1
		if !c.enrolled || from > d.on || slices.ContainsFunc(c.letters, func(f onFile) bool { return f.kind == l.kind && f.received <= d.on }) {
			continue
		}
		d.addNamed("R05.missing", Exception{Agency: c.agency, Client: client, Since: from, Evidence: []uint64{l.seq}},
			"HHS's %s letter of %s is not on file", l.kind, l.on)
	}
	if from := h.ended.on + endedDays + 1; h.ended.on != 0 && from <= d.on && c.enrolled && (c.ended.on == 0 || c.ended.on > d.on) {
		d.addNamed("R07.ended", Exception{Agency: c.agency, Client: client, Since: from, Evidence: []uint64{h.ended.seq}},
			"HHS ended the certification on %s", h.ended.on)
	}
}

// compareLetter returns whether HHS issued a letter on file, or else another one of
// its kind.
func compareLetter(issued []hhsLetter, l *onFile) (same bool, other *hhsLetter) {
	for i := range issued {
		if issued[i].kind == l.kind {
			if issued[i].on == l.date {
				return true, nil
			}
			other = &issued[i]
		}
	}
	return false, other
}

// judgeLead finds open cases that nobody at work leads (R28), and adds the case to
// the lead's load.
func (d *desk) judgeLead(client string, c *caseOn) {
	if !c.open {
		return
	}
	id := "R28.lead-legal"
	if c.enrolled {
		id = "R28.lead"
	}
	x := Exception{Agency: c.agency, Client: client, Since: c.first, Evidence: []uint64{c.stays[0].seq}}
	if c.lead.seq != 0 {
		x.Since, x.Evidence = c.lead.on, []uint64{c.lead.seq}
	}
	if len(c.worker) == 0 {
		d.addNamed(id, x, "nobody is lead")
		return
	}
	p, known := d.workers[string(c.worker)]
	intake := c.stays[len(c.stays)-1]
	switch {
	case !known || p.left:
		x.Worker, x.Since, x.Evidence = string(c.worker), max(x.Since, p.on), append(x.Evidence, p.seq)
		d.addNamed(id, x, "the lead has left")
		return
	case c.enrolled && p.agency != c.agency:
		x.Worker, x.Since, x.Evidence = string(c.worker), max(x.Since, intake.on, p.on), append(x.Evidence, intake.seq)
		d.addNamed("R28.lead-agency", x, "the lead works for %s", p.agency)
	}
	if c.enrolled {
		d.tallyLoad(c)
	}
}

func (d *desk) tallyLoad(c *caseOn) {
	l := d.loads[string(c.worker)]
	if l == nil {
		l = &load{}
		d.loads[string(c.worker)] = l
	}
	l.weight += c.intensity
	l.since = max(l.since, c.lead.on)
	l.cases = append(l.cases, loaded{c.intensity, c.lead.seq})
}

// judgeLoads finds workers who carry more than their capacity (R28).
func (d *desk) judgeLoads() {
	for id, l := range d.loads {
		p := d.workers[id]
		if l.weight*100 <= policy.FullTimeCapacity*p.capacity {
			continue
		}
		slices.SortFunc(l.cases, func(a, b loaded) int {
			return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.seq, b.seq))
		})
		x := Exception{Agency: p.agency, Worker: id, Since: max(l.since, p.on), Evidence: []uint64{p.seq}}
		for _, c := range l.cases[:min(len(l.cases), maxEvidence-1)] {
			x.Evidence = append(x.Evidence, c.seq)
		}
		d.addNamed("R28.caseload", x, "%d cases of weight %d at %d %% capacity", len(l.cases), l.weight, p.capacity)
	}
}

// judgeTalk finds clients who were last spoken to in a language that is not theirs
// (R28).
func (d *desk) judgeTalk(client string, c *caseOn) {
	if !c.enrolled || c.kind == understood || c.talk.seq == 0 {
		return
	}
	x := Exception{Agency: c.agency, Client: client, Since: c.talk.on, Evidence: []uint64{c.talk.seq}}
	if c.kind == foreign {
		d.addNamed("R28.interpreter", x, "another language than %s, without an interpreter", c.language)
		return
	}
	p := d.workers[string(c.speaker)]
	if slices.ContainsFunc(p.languages, func(l string) bool { return sameLanguage(l, string(c.language)) }) {
		return
	}
	x.Worker, x.Evidence = string(c.speaker), append(x.Evidence, p.seq)
	d.addNamed("R28.interpreter", x, "the worker does not speak %s, and there was no interpreter", c.language)
}

// judgeIntake finds clients who came to an agency that could not take them (R27).
func (d *desk) judgeIntake(client string, c *caseOn) {
	in := c.stays[len(c.stays)-1]
	if d.on > yearLong(in.on) {
		return
	}
	x := Exception{Agency: in.agency, Client: client, Since: in.on, Evidence: []uint64{in.seq}}
	a := d.agencies[in.agency]
	if a == nil {
		d.addNamed("R27.standing", x, "agency %s never signed a subcontract", in.agency)
		return
	}
	on := func(s standing) bool { return s.From <= in.on && in.on <= s.To }
	if i := slices.IndexFunc(a.suspended, on); i >= 0 {
		x.Evidence = append(x.Evidence, a.suspended[i].seq)
		d.addNamed("R27.standing", x, "the agency was suspended on %s", in.on)
		return
	}
	if !slices.ContainsFunc(a.contracts, on) {
		d.addNamed("R27.standing", x, "the agency was not under subcontract on %s", in.on)
	}
}

// tallyBilling notes the client's funded days that the agencies should have billed
// by now.
func (d *desk) tallyBilling(c *caseOn) {
	due := d.on - invoiceDays - 1
	if due.LastOfMonth() != due {
		due = due.FirstOfMonth() - 1
	}
	for i, in := range c.stays {
		a := d.agencies[in.agency]
		if a == nil {
			continue
		}
		from, to := max(in.on, a.billed+1), due
		if i+1 < len(c.stays) {
			to = min(to, c.stays[i+1].on-1)
		}
		for _, f := range c.funded {
			if first := max(f.From, from); first <= min(f.To, to) {
				if a.unbilled == 0 || first < a.unbilled {
					a.unbilled = first
				}
				a.unserved = append(a.unserved, in.seq)
				break
			}
		}
	}
}

// judgeBilling finds agencies that have not billed a month in time.
func (d *desk) judgeBilling() {
	for _, id := range d.order {
		a := d.agencies[id]
		if a.unbilled == 0 {
			continue
		}
		slices.Sort(a.unserved)
		x := Exception{Agency: id, Since: a.unbilled.LastOfMonth() + invoiceDays + 1, Evidence: a.unserved[:min(len(a.unserved), maxEvidence-1)]}
		if a.invoice != 0 {
			x.Evidence = append([]uint64{a.invoice}, x.Evidence...)
		}
		d.addNamed("R17.invoice", x, "%s is not billed; clients served since: %d", a.unbilled.String()[:7], len(a.unserved))
	}
}

// readTrainings finds who missed the core training of last month, and whether there
// was one (R28).
func (d *desk) readTrainings(s *projections.Snapshot) error {
	last := span{from: (d.on.FirstOfMonth() - 1).FirstOfMonth(), to: d.on.FirstOfMonth() - 1}
	var before mark
	err := s.Rows(viewName, events.KindTraining, func(id, b []byte) error {
		r := row.Read(b)
		held, core := mark{r.Date(), r.Uint()}, r.Bool()
		if !core || held.on > last.to {
			return r.Err()
		}
		if held.on < last.from {
			if held.on > before.on {
				before = held
			}
			return r.Err()
		}
		last.evidence = append(last.evidence, held.seq)
		for range r.Len() {
			on := r.Date()
			for range r.Len() {
				if a := d.agencies[string(r.Bytes())]; a != nil && on <= d.on {
					a.attended = true
				}
			}
		}
		return r.Err()
	})
	if err != nil {
		return fmt.Errorf("read trainings: %w", err)
	}
	d.judgeTraining(last, before)
	return nil
}

func (d *desk) judgeTraining(last span, before mark) {
	month := last.from.String()[:7]
	obliged := slices.ContainsFunc(d.order, func(id string) bool { return d.agencies[id].wholeLast })
	if len(last.evidence) == 0 {
		if obliged {
			x := Exception{Since: last.to + 1}
			if before.seq != 0 {
				x.Evidence = []uint64{before.seq}
			}
			d.addNamed("R28.training-held", x, "no core training in %s", month)
		}
		return
	}
	for _, id := range d.order {
		if a := d.agencies[id]; a.wholeLast && !a.attended {
			d.addNamed("R28.training", Exception{Agency: id, Since: last.to + 1, Evidence: slices.Clone(last.evidence)}, "nobody attended in %s", month)
		}
	}
}
