// Package statistics answers one question: how many clients, victims and letters
// were there, by the programme's own tables (R30, S1)?
//
// A client counts once. Served days are enrolled days, funded or not, and the
// status on one is that of the letter date, so no setting about money moves a
// count. Facts that were withdrawn do not count. Every cell names the people and
// the records behind it: see [Explain].
package statistics

import (
	"cmp"
	"fmt"
	"slices"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/row"
)

const viewName = "statistics"

// View is the view behind the reports. Its rows:
//
//	case    class, sex, age group, form, then the spans: number, and of each the
//	        first day, the last day (0: none is known) and the status
//	letter  letters issued that stand: number, and of each position, kind, date,
//	        sex, form, country and State
//	agency  spans under subcontract: number, and of each the first and last day;
//	        spans of locations in the same way
//
// Words of the programme stand as one byte, see codes.
type View struct{}

// Name implements [projections.View].
func (View) Name() string { return viewName }

// Version implements [projections.View].
func (View) Version() int { return 1 }

// Kinds implements [projections.View].
func (View) Kinds() []events.Kind {
	return []events.Kind{events.KindCase, events.KindLetter, events.KindAgency}
}

// Ignores implements [projections.View].
func (View) Ignores() []string { return projections.NoFacts() }

// Derive implements [projections.View].
func (View) Derive(s *projections.Subject, b []byte) ([]byte, error) {
	switch s.Name.Kind() {
	case events.KindCase:
		f, err := s.Facts()
		if err != nil {
			return b, err
		}
		return personOf(f).append(b), nil
	case events.KindLetter:
		letters, err := lettersOf(s)
		if err != nil {
			return b, err
		}
		return appendLetters(b, letters), nil
	default:
		a, err := agencyOf(s.Records)
		if err != nil {
			return b, err
		}
		return a.append(b), nil
	}
}

// codes lists the programme's words by their byte in a row; 0 is anything else.
var codes = [...]string{
	1: string(events.Victim), 2: string(events.Derivative),
	3: string(events.Male), 4: string(events.Female),
	5: string(events.Adult), 6: string(events.Minor),
	7: string(events.FormSex), 8: string(events.FormLabor), 9: string(events.FormBoth),
	10: string(policy.PreCertified), 11: string(policy.Certified), 12: string(policy.PreEligible),
	13: string(policy.Eligible), 14: string(policy.Derivative),
	15: string(events.Certification), 16: string(events.Eligibility),
}

// codeOf looks in codes[from:to], since "derivative" is a class and a status.
func codeOf[S ~string](s S, from, to int) byte {
	for i := from; i < to; i++ {
		if codes[i] == string(s) {
			return byte(i)
		}
	}
	return 0
}

func wordOf[S ~string](r *row.Reader) S {
	if n := r.Uint(); n < uint64(len(codes)) {
		return S(codes[n])
	}
	return ""
}

// A person is a client as the tables see one.
type person struct {
	class events.ClientClass
	sex   events.Sex
	age   events.AgeGroup
	form  events.Form
	spans []policy.StatusSpan
}

func personOf(f *policy.Facts) *person {
	e, enrolled := f.Enrollment()
	if !enrolled {
		return nil
	}
	return &person{e.Class, e.Sex, e.AgeGroup, e.Form, policy.StatusSpans(f)}
}

func (p *person) append(b []byte) []byte {
	if p == nil {
		return b
	}
	b = append(b, codeOf(p.class, 1, 3), codeOf(p.sex, 3, 5), codeOf(p.age, 5, 7), codeOf(p.form, 7, 10))
	b = row.Len(b, len(p.spans))
	for _, s := range p.spans {
		to := s.To
		if to > events.MaxDate {
			to = 0
		}
		b = append(row.Date(row.Date(b, s.From), to), codeOf(s.Status, 10, 15))
	}
	return b
}

// read reads a person's row; the spans' memory is used again.
func (p *person) read(b []byte) error {
	r := row.Read(b)
	p.class, p.sex = wordOf[events.ClientClass](&r), wordOf[events.Sex](&r)
	p.age, p.form = wordOf[events.AgeGroup](&r), wordOf[events.Form](&r)
	p.spans = p.spans[:0]
	for range r.Len() {
		s := policy.StatusSpan{Span: policy.Span{From: r.Date(), To: r.Date()}, Status: wordOf[policy.Status](&r)}
		if s.To == 0 {
			s.To = events.MaxDate
		}
		p.spans = append(p.spans, s)
	}
	return r.Err()
}

// category is [policy.CategoryIn] for a row.
func (p *person) category(first, last events.Date) policy.Category {
	before, after := false, false
	for _, s := range p.spans {
		if s.From > last || s.To < first {
			continue
		}
		switch {
		case s.Status == policy.Derivative:
			return policy.FamilyDerivative
		case s.Status.HasLetter():
			after = true
		default:
			before = true
		}
	}
	switch {
	case before && after:
		return policy.Moved
	case before:
		return policy.PreCertifiedOnly
	case after:
		return policy.CertifiedOnly
	}
	return policy.NotServed
}

// lastStatus returns the status on the last day served from first to last, ""
// when none was.
func (p *person) lastStatus(first, last events.Date) (status policy.Status) {
	for _, s := range p.spans {
		if s.From <= last && s.To >= first {
			status = s.Status
		}
	}
	return status
}

// A letter is one HHS letter as the tables see it.
type letter struct {
	sequence uint64
	kind     events.LetterKind
	date     events.Date
	sex      events.Sex
	form     events.Form
	country  string
	state    string
}

func lettersOf(s *projections.Subject) (letters []letter, err error) {
	issued := func(t string) bool { return t == "letter.issued.v1" }
	err = s.Standing(issued, func(r *events.Record, event events.Event) error {
		e := event.(*events.LetterIssued)
		letters = append(letters, letter{r.Sequence, e.Kind, r.OccurredOn, e.Sex, e.Form, e.Country, e.State})
		return nil
	})
	return letters, err
}

func appendLetters(b []byte, letters []letter) []byte {
	if len(letters) == 0 {
		return b
	}
	b = row.Len(b, len(letters))
	for _, l := range letters {
		b = append(row.Uint(b, l.sequence), codeOf(l.kind, 15, 17))
		b = append(row.Date(b, l.date), codeOf(l.sex, 3, 5), codeOf(l.form, 7, 10))
		b = row.String(row.String(b, l.country), l.state)
	}
	return b
}

// eachLetter calls f with the letters of a row.
func eachLetter(b []byte, f func(letter)) error {
	r := row.Read(b)
	for range r.Len() {
		l := letter{sequence: r.Uint(), kind: wordOf[events.LetterKind](&r), date: r.Date(),
			sex: wordOf[events.Sex](&r), form: wordOf[events.Form](&r)}
		l.country, l.state = r.String(), r.String()
		if r.Err() == nil {
			f(l)
		}
	}
	return r.Err()
}

// An agency is a subcontractor with its locations as the tables see them.
type agency struct{ contracts, locations []policy.Span }

// agencyOf folds the days under subcontract: from the signature to the day
// through which it was signed or the day on which it ended.
func agencyOf(records []*events.Record) (agency, error) {
	var a agency
	open := map[string]int{} // location → index of its open span
	for _, r := range byDate(records) {
		e, err := r.Event()
		if err != nil {
			return a, err
		}
		switch e := e.(type) {
		case *events.SubcontractSigned:
			through := cmp.Or(e.ThroughDate, events.MaxDate)
			a.contracts = append(a.contracts, policy.Span{From: r.OccurredOn, To: through})
		case *events.SubcontractEnded:
			for i := range a.contracts {
				a.contracts[i].To = min(a.contracts[i].To, r.OccurredOn)
			}
		case *events.LocationOpened:
			if _, is := open[e.Location]; !is {
				open[e.Location] = len(a.locations)
				a.locations = append(a.locations, policy.Span{From: r.OccurredOn, To: events.MaxDate})
			}
		case *events.LocationClosed:
			if i, is := open[e.Location]; is {
				a.locations[i].To = r.OccurredOn
				delete(open, e.Location)
			}
		}
	}
	return a, nil
}

// byDate returns records in order of effective date, then of recording.
func byDate(records []*events.Record) []*events.Record {
	sorted := slices.Clone(records)
	slices.SortStableFunc(sorted, func(a, b *events.Record) int { return cmp.Compare(a.OccurredOn, b.OccurredOn) })
	return sorted
}

func (a agency) append(b []byte) []byte { return appendSpans(appendSpans(b, a.contracts), a.locations) }

func appendSpans(b []byte, spans []policy.Span) []byte {
	b = row.Len(b, len(spans))
	for _, s := range spans {
		b = row.Date(row.Date(b, s.From), s.To)
	}
	return b
}

func (a *agency) read(b []byte) error {
	r := row.Read(b)
	for _, spans := range []*[]policy.Span{&a.contracts, &a.locations} {
		*spans = (*spans)[:0]
		for range r.Len() {
			*spans = append(*spans, policy.Span{From: r.Date(), To: r.Date()})
		}
	}
	return r.Err()
}

// overlap reports whether a span has a day from first to last.
func overlap(s policy.Span, first, last events.Date) bool {
	return s.From <= last && s.To >= first && s.From <= s.To
}

func malformed(id []byte, err error) error { return fmt.Errorf("read statistics of %s: %w", id, err) }
