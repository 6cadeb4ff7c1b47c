package compliance

import (
	"bytes"
	"fmt"
	"slices"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/row"
)

// The bounds of the rules that hold subjects against each other (ours).
const (
	invoiceDays = 30 // after the end of a month
	endedDays   = 30 // from HHS's word that a certification is over
)

// A Filter selects exceptions. Empty fields select all.
type Filter struct {
	On       events.Date
	Agency   string   // that has the client on that day, or that the exception is about
	Client   string   // one case
	Rule     string   // one rule; with "R28" all of R28
	Severity Severity // this one and worse
}

// A Report is the exceptions of a day.
type Report struct {
	On         events.Date          `json:"on"`
	Exceptions []Exception          `json:"exceptions"` // the worst first
	Summary    []Count              `json:"summary"`    // of each rule that is broken, in the same order
	Agencies   int                  `json:"agencies"`   // under subcontract that day
	Cases      int                  `json:"cases"`      // with the service component open that day
	At         projections.Position `json:"position"`
}

// A Count is how often a rule is broken.
type Count struct {
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	Count    int      `json:"count"`
	Sentence string   `json:"sentence"`
	Hint     string   `json:"hint"`
}

// On returns the exceptions of a day. Cost: about a microsecond and a half for each
// case and letter.
func On(s *projections.Snapshot, f Filter) (*Report, error) {
	d := &desk{filter: f, on: f.On, names: row.Names{}, workers: map[string]post{}, agencies: map[string]*agencyOn{}, loads: map[string]*load{}}
	d.wanted = make([]bool, len(rules))
	for i := range rules {
		r := &rules[i]
		d.wanted[i] = r.matches(f.Rule) && (f.Severity == "" || r.Severity.rank() <= f.Severity.rank())
	}
	for _, step := range []func(*projections.Snapshot) error{
		d.readWorkers, d.readAgencies, d.readBilling, d.readLetters, d.readCases, d.judgeLetters, d.readTrainings,
	} {
		if err := step(s); err != nil {
			return nil, err
		}
	}
	d.judgeLoads()
	d.judgeBilling()
	return d.report(s.Position()), nil
}

// A desk gathers the exceptions of one day.
type desk struct {
	filter     Filter
	on         events.Date
	wanted     []bool // by rule
	names      row.Names
	workers    map[string]post
	agencies   map[string]*agencyOn
	order      []string // of agencies
	letters    []letterRow
	done       int // letters whose own exceptions are judged
	loads      map[string]*load
	cases      int
	exceptions []Exception
}

// add notes an exception if it is asked for; sentence is made only then.
func (d *desk) add(rule int, x Exception, sentence func() string) {
	if !d.wanted[rule] || d.filter.Agency != "" && x.Agency != d.filter.Agency || d.filter.Client != "" && x.Client != d.filter.Client {
		return
	}
	x.Rule, x.Severity, x.Sentence = rules[rule].ID, rules[rule].Severity, sentence()
	x.Evidence = slices.DeleteFunc(x.Evidence, func(seq uint64) bool { return seq == 0 })
	slices.Sort(x.Evidence)
	x.Evidence = slices.Compact(x.Evidence)
	d.exceptions = append(d.exceptions, x)
}

func (d *desk) addSpan(s *span, agency, client string) {
	d.add(s.rule, Exception{Agency: agency, Client: client, Since: s.from, Evidence: s.evidence}, func() string { return rules[s.rule].say(s) })
}

func (d *desk) addNamed(id string, x Exception, format string, args ...any) {
	d.add(indexOf(id), x, func() string { return fmt.Sprintf(format, args...) })
}

func (d *desk) report(at projections.Position) *Report {
	slices.SortFunc(d.exceptions, func(a, b Exception) int { return worse(&a, &b) })
	r := &Report{On: d.on, Exceptions: d.exceptions, Cases: d.cases, At: at, Summary: []Count{}}
	if r.Exceptions == nil {
		r.Exceptions = []Exception{}
	}
	for _, a := range d.agencies {
		if a.inForce && (d.filter.Agency == "" || d.filter.Agency == a.id) {
			r.Agencies++
		}
	}
	for i := range r.Exceptions {
		x := &r.Exceptions[i]
		if n := len(r.Summary); n == 0 || r.Summary[n-1].Rule != x.Rule {
			entry, _ := Find(x.Rule)
			r.Summary = append(r.Summary, Count{x.Rule, x.Severity, 0, entry.Sentence, entry.Hint})
		}
		r.Summary[len(r.Summary)-1].Count++
	}
	return r
}

func (d *desk) readWorkers(s *projections.Snapshot) error {
	return s.Rows(viewName, events.KindWorker, func(id, b []byte) error {
		p, err := readPost(b, d.on, d.names)
		if err != nil {
			return fmt.Errorf("read worker %s: %w", id, err)
		}
		if p.seq != 0 {
			d.workers[string(id)] = p
		}
		return nil
	})
}

// A load is the cases in service that a worker leads.
type load struct {
	weight int
	since  events.Date // of the last assignment
	cases  []loaded
}

type loaded struct {
	weight int
	seq    uint64
}

// An agencyOn is what an agency's row says of a day.
type agencyOn struct {
	id        string
	contracts []standing
	suspended []standing
	inForce   bool
	attended  bool

	billed    events.Date // closing date of the last invoice
	invoice   uint64
	unbilled  events.Date // first funded day that is overdue; 0 for none
	unserved  []uint64    // intakes of clients of those days
	contract  uint64      // position of the subcontract in force
	wholeLast bool        // under subcontract for the whole of last month
}

// A standing is days under subcontract, or suspended, and the record behind them.
type standing struct {
	policy.Span
	seq uint64
}

func (d *desk) readAgencies(s *projections.Snapshot) error {
	last := d.on.FirstOfMonth() - 1
	return s.Rows(viewName, events.KindAgency, func(id, b []byte) error {
		r := row.Read(b)
		a := &agencyOn{id: string(id), contracts: readStandings(&r), suspended: readStandings(&r)}
		for _, c := range a.contracts {
			if c.From <= d.on && d.on <= c.To {
				a.inForce, a.contract = true, c.seq
				a.wholeLast = c.From <= last.FirstOfMonth()
			}
		}
		d.agencies[a.id], d.order = a, append(d.order, a.id)
		d.judgeContact(a, &r)
		d.judgeCoverage(a, &r)
		readSpans(&r, d.on, func(x *span) { d.addSpan(x, a.id, "") })
		if err := r.Err(); err != nil {
			return fmt.Errorf("read agency %s: %w", id, err)
		}
		return nil
	})
}

func readStandings(r *row.Reader) (list []standing) {
	for range r.Len() {
		list = append(list, standing{policy.Span{From: r.Date(), To: r.Date()}, r.Uint()})
	}
	return list
}

// judgeContact holds the single point of contact against who works there (R28).
func (d *desk) judgeContact(a *agencyOn, r *row.Reader) {
	var last mark
	var worker []byte
	for range r.Len() {
		m, w := mark{r.Date(), r.Uint()}, r.Bytes()
		if m.on <= d.on {
			last, worker = m, w
		}
	}
	if !a.inForce {
		return
	}
	if last.seq == 0 {
		d.addNamed("R28.point-of-contact", Exception{Agency: a.id, Since: a.contractStart(d.on), Evidence: []uint64{a.contract}}, "nobody is named")
		return
	}
	if p, known := d.workers[string(worker)]; !known || p.left || p.agency != a.id {
		since := last.on
		if p.left {
			since = max(since, p.on)
		}
		d.addNamed("R28.point-of-contact", Exception{Agency: a.id, Worker: string(worker), Since: since, Evidence: []uint64{last.seq, p.seq}}, "the worker who is named does not work there")
	}
}

func (a *agencyOn) contractStart(on events.Date) events.Date {
	for _, c := range a.contracts {
		if c.From <= on && on <= c.To {
			return c.From
		}
	}
	return on
}

// judgeCoverage finds a worker on call tonight who has left or is on leave (R27);
// nights without anybody are spans. The last assignment of a night holds.
func (d *desk) judgeCoverage(a *agencyOn, r *row.Reader) {
	var tonight mark
	var worker []byte
	for range r.Len() {
		on, to, seq, w := r.Date(), r.Date(), r.Uint(), r.Bytes()
		if on <= d.on && d.on <= to {
			tonight, worker = mark{on, seq}, w
		}
	}
	if tonight.seq == 0 || !a.inForce {
		return
	}
	p := d.workers[string(worker)]
	x := Exception{Agency: a.id, Worker: string(worker), Since: max(tonight.on, p.on), Evidence: []uint64{tonight.seq, p.seq}}
	switch {
	case p.left || p.agency != a.id:
		d.addNamed("R27.coverage", x, "the worker on call does not work there")
	case p.leave.seq != 0:
		x.Since, x.Evidence = max(tonight.on, p.leave.on), []uint64{tonight.seq, p.leave.seq}
		d.addNamed("R27.coverage", x, "the worker on call is on leave")
	}
}

func (d *desk) readBilling(s *projections.Snapshot) error {
	return s.Rows(viewName, events.KindBilling, func(id, b []byte) (err error) {
		a := d.agencies[string(id)]
		if a == nil {
			return nil
		}
		if a.billed, a.invoice, err = readBilled(b, d.on); err != nil {
			return fmt.Errorf("read billing of %s: %w", id, err)
		}
		return nil
	})
}

// A letterRow is the row of a person's way to a letter, kept until the case with the
// same id comes.
type letterRow struct{ id, row []byte }

func (d *desk) readLetters(s *projections.Snapshot) error {
	return s.Rows(viewName, events.KindLetter, func(id, b []byte) error {
		d.letters = append(d.letters, letterRow{id, b})
		return nil
	})
}

func (d *desk) readCases(s *projections.Snapshot) error {
	var c caseOn
	var h hhsOn
	return s.Rows(viewName, events.KindCase, func(id, b []byte) error {
		// Both kinds come in order of the coded id.
		for d.done < len(d.letters) && bytes.Compare(d.letters[d.done].id, id) < 0 {
			if err := d.judgeRequest(&d.letters[d.done], &h, nil); err != nil {
				return err
			}
			d.done++
		}
		if err := c.read(b, d.on, d.names); err != nil {
			return fmt.Errorf("read case %s: %w", id, err)
		}
		h = hhsOn{letters: h.letters[:0]}
		if d.done < len(d.letters) && bytes.Equal(d.letters[d.done].id, id) {
			if err := d.judgeRequest(&d.letters[d.done], &h, &c); err != nil {
				return err
			}
			d.done++
		}
		if c.first > d.on {
			return nil
		}
		d.judgeCase(string(id), &c, &h)
		return c.spans.Err()
	})
}

// judgeLetters judges the requests behind the last case.
func (d *desk) judgeLetters(*projections.Snapshot) error {
	var h hhsOn
	for ; d.done < len(d.letters); d.done++ {
		if err := d.judgeRequest(&d.letters[d.done], &h, nil); err != nil {
			return err
		}
	}
	return nil
}
