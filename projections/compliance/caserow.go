package compliance

import (
	"strings"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/row"
)

// deriveCase appends the row of a case:
//
//	agencies: number, and of each first day, position, id
//	days enrolled, with an open component, and funded: number of spans, and of each
//	first and last day
//	leads: number, and of each first day, position, worker, whether interim
//	intensities: number, and of each first day and value
//	language of choice; how it was spoken: number, and of each change first day,
//	position, kind of talk, worker
//	letters on file: number, and of each date, day of receipt, position, kind
//	certification ended: day and position (0: not)
//	spans
func deriveCase(s *projections.Subject, b []byte) ([]byte, error) {
	c, err := foldCase(s)
	if err != nil || c == nil {
		return b, err
	}
	b = row.Len(b, len(c.stays))
	for _, x := range c.stays {
		b = row.String(row.Uint(row.Date(b, x.on), x.seq), x.agency)
	}
	b = appendDays(appendDays(appendDays(b, c.enrolled), c.open), c.funded())
	b = row.Len(b, len(c.leads))
	for _, x := range c.leads {
		b = row.Bool(row.String(row.Uint(row.Date(b, x.on), x.seq), x.worker), x.interim)
	}
	b = row.Len(b, len(c.intensities))
	for _, x := range c.intensities {
		b = row.Len(row.Date(b, x.on), x.value)
	}
	b = row.String(b, c.language)
	talks := c.talks()
	b = row.Len(b, len(talks))
	for _, x := range talks {
		b = row.String(append(row.Uint(row.Date(b, x.on), x.seq), byte(x.kind)), x.worker)
	}
	b = c.appendLetters(b)
	return appendSpans(b, spansOf(c, func(r *rule) finder[*caseFile] { return r.file })), nil
}

func appendDays(b []byte, spans []policy.Span) []byte {
	b = row.Len(b, len(spans))
	for _, s := range spans {
		b = row.Date(row.Date(b, s.From), min(s.To, events.MaxDate))
	}
	return b
}

// funded returns the enrolled days within a service period: those that an agency
// bills.
func (c *caseFile) funded() (spans []policy.Span) {
	for i := range c.entitlement.Clocks {
		for _, p := range c.entitlement.Clocks[i].Periods {
			spans = append(spans, policy.Span{From: p.Start, To: p.End})
		}
	}
	unfunded := minus([]policy.Span{{From: 0, To: events.MaxDate}}, union(spans))
	return minus(minus(c.enrolled, unfunded), c.placed())
}

// placed returns the days in a placement, which are not paid for (R11).
func (c *caseFile) placed() []policy.Span {
	var starts, ends []events.Date
	for _, p := range c.facts.Placements {
		if p.Started {
			starts = append(starts, p.OccurredOn)
		} else {
			ends = append(ends, p.OccurredOn-1)
		}
	}
	return runs(starts, ends)
}

func (c *caseFile) appendLetters(b []byte) []byte {
	n := 0
	for _, l := range c.facts.Letters {
		if l.Kind != events.Interim {
			n++
		}
	}
	b = row.Len(b, n)
	for _, l := range c.facts.Letters {
		if l.Kind != events.Interim {
			b = row.Uint(row.Date(row.Date(b, l.LetterDate), l.ReceivedOn), l.Sequence)
			b = row.Len(b, kindIndex(l.Kind))
		}
	}
	var ended mark
	for _, e := range c.facts.Endings {
		if e.Cause == "certification_ended" {
			ended = mark{e.OccurredOn, e.Sequence}
		}
	}
	return row.Uint(row.Date(b, ended.on), ended.seq)
}

// A talkKind says how the client was spoken to.
type talkKind byte

const (
	understood   talkKind = iota // in the language of choice, or with an interpreter
	foreign                      // in another language without an interpreter
	withinWorker                 // by a worker without an interpreter: does the worker speak it?
)

type spoken struct {
	mark
	kind   talkKind
	worker string
}

// talks returns how the client was spoken to, from day to day, without repetitions.
// On a day with an interpreter everything is understood.
func (c *caseFile) talks() (list []spoken) {
	if c.language == "" {
		return nil
	}
	for i := 0; i < len(c.spoken); {
		j, day := i, c.spoken[i].on
		var last spoken
		helped := false
		for ; j < len(c.spoken) && c.spoken[j].on == day; j++ {
			t := c.spoken[j]
			helped = helped || t.interpreter
			switch {
			case t.worker != "":
				last = spoken{t.mark, withinWorker, t.worker}
			case t.language != "" && !sameLanguage(t.language, c.language):
				last = spoken{t.mark, foreign, ""}
			case last.seq == 0:
				last = spoken{t.mark, understood, ""}
			}
		}
		if helped {
			last = spoken{c.spoken[i].mark, understood, ""}
		}
		if n := len(list); n == 0 || list[n-1].kind != last.kind || list[n-1].worker != last.worker {
			list = append(list, last)
		}
		i = j
	}
	return list
}

// sameLanguage compares the language itself, without script or region.
func sameLanguage(a, b string) bool {
	a, _, _ = strings.Cut(a, "-")
	b, _, _ = strings.Cut(b, "-")
	return strings.EqualFold(a, b)
}

// A caseOn is what a case's row says of a day.
type caseOn struct {
	stays     []stayOn    // those that began by the day, or the first
	agency    string      // that has the client
	first     events.Date // first enrolled day
	since     events.Date // first day of the last service by the day
	last      events.Date // last day of that service
	enrolled  bool
	open      bool
	funded    []policy.Span
	lead      mark
	worker    []byte
	intensity int
	language  []byte
	talk      mark
	kind      talkKind
	speaker   []byte
	letters   []onFile
	ended     mark
	spans     row.Reader
}

type stayOn struct {
	mark
	agency string
}

// An onFile is a letter as the agency received it.
type onFile struct {
	date, received events.Date
	seq            uint64
	kind           events.LetterKind
}

// read reads a row as of a day; the lists' memory is used again.
func (c *caseOn) read(b []byte, on events.Date, names row.Names) error {
	*c = caseOn{stays: c.stays[:0], funded: c.funded[:0], letters: c.letters[:0], intensity: 1}
	r := row.Read(b)
	for range r.Len() {
		x := stayOn{mark{r.Date(), r.Uint()}, r.Name(names)}
		if x.on <= on || len(c.stays) == 0 {
			c.stays, c.agency = append(c.stays, x), x.agency
		}
	}
	for i := range r.Len() {
		from, to := r.Date(), r.Date()
		if i == 0 {
			c.first = from
		}
		if from <= on {
			c.since, c.last = from, to
		}
		c.enrolled = c.enrolled || from <= on && on <= to
	}
	for range r.Len() {
		from, to := r.Date(), r.Date()
		c.open = c.open || from <= on && on <= to
	}
	for range r.Len() {
		c.funded = append(c.funded, policy.Span{From: r.Date(), To: r.Date()})
	}
	for range r.Len() {
		day, seq, worker, _ := r.Date(), r.Uint(), r.Bytes(), r.Bool()
		if day <= on {
			c.lead, c.worker = mark{day, seq}, worker
		}
	}
	for range r.Len() {
		if day, value := r.Date(), int(r.Uint()); day <= on {
			c.intensity = value
		}
	}
	c.readRest(&r, on)
	c.spans = r
	return r.Err()
}

func (c *caseOn) readRest(r *row.Reader, on events.Date) {
	c.language = r.Bytes()
	for range r.Len() {
		day, seq, kind, worker := r.Date(), r.Uint(), talkKind(r.Uint()), r.Bytes()
		if day <= on {
			c.talk, c.kind, c.speaker = mark{day, seq}, kind, worker
		}
	}
	for range r.Len() {
		c.letters = append(c.letters, onFile{r.Date(), r.Date(), r.Uint(), readKind(r)})
	}
	c.ended = mark{r.Date(), r.Uint()}
}
