package compliance

import (
	"slices"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/row"
)

// A requestFile is a person's way to a letter as the rules see it (R09).
type requestFile struct {
	requested  []request
	discovered []late // notices of officials
	notified   []late // HHS's notices to the departments
	interim    []mark
	extended   []mark
	decided    []mark // eligibility letters and denials
	letters    []hhsLetter
	ended      []mark // certifications ended
}

type request struct {
	mark
	minor        bool
	discoveredOn events.Date
	agency       string
}

type late struct {
	mark
	hours int
}

// An hhsLetter is a letter as HHS recorded it.
type hhsLetter struct {
	mark
	kind events.LetterKind
}

func foldRequest(s *projections.Subject) (*requestFile, error) {
	f := &requestFile{}
	return f, s.Standing(nil, func(r *events.Record, event events.Event) error {
		m := mark{r.OccurredOn, r.Sequence}
		switch e := event.(type) {
		case *events.LetterRequested:
			f.requested = append(f.requested, request{m, e.Kind == events.Eligibility, e.DiscoveredOn, e.Agency})
		case *events.MinorDiscovered:
			f.discovered = append(f.discovered, late{m, e.HoursToNotice})
		case *events.DepartmentsNotified:
			f.notified = append(f.notified, late{m, e.HoursToNotice})
		case *events.InterimAssistanceIssued:
			f.interim = append(f.interim, m)
		case *events.InterimAssistanceExtended:
			f.extended = append(f.extended, m)
		case *events.LetterDenied:
			f.decided = append(f.decided, m)
		case *events.LetterIssued:
			f.decided = append(f.decided, m)
			f.letters = append(f.letters, hhsLetter{m, e.Kind})
		case *events.CertificationEnded:
			f.ended = append(f.ended, m)
		}
		return nil
	})
}

// interimStart is the first day of interim assistance and its 24-hour notices (R09).
var interimStart = events.MustDate("2008-12-23")

// lateNotice finds officials who took more than 24 hours to tell HHS of a minor.
func lateNotice(f *requestFile, add func(span)) {
	for _, d := range f.discovered {
		if d.hours > 24 && d.on >= interimStart {
			add(span{from: d.on, to: yearLong(d.on), n: d.hours, day: d.on, evidence: []uint64{d.seq}})
		}
	}
	for _, r := range f.requested {
		if len(f.discovered) == 0 && r.minor && r.discoveredOn >= interimStart && r.on > r.discoveredOn+1 {
			add(span{from: r.on, to: yearLong(r.on), n: 24 * int(r.on-r.discoveredOn), day: r.discoveredOn, evidence: []uint64{r.seq}})
		}
	}
}

// lateDepartments finds requests for minors of which Justice and Homeland Security
// heard after 24 hours, or not yet.
func lateDepartments(f *requestFile, add func(span)) {
	for _, n := range f.notified {
		if n.hours > 24 && n.on >= interimStart {
			add(span{from: n.on, to: yearLong(n.on), n: n.hours, day: n.on, evidence: []uint64{n.seq}})
		}
	}
	for _, r := range f.requested {
		if !r.minor || r.on < interimStart {
			continue
		}
		told := yearLong(r.on)
		for _, n := range f.notified {
			if n.on >= r.on {
				told = min(told, n.on-1)
			}
		}
		if from := r.on + 2; from <= told {
			add(span{from: from, to: told, day: r.on, evidence: []uint64{r.seq}})
		}
	}
}

// overdueInterim finds interim assistance that ran out, after 90 days or 120 with an
// extension, before anybody decided.
func overdueInterim(f *requestFile, add func(span)) {
	for i, m := range f.interim {
		end := m.on + 89
		next := events.MaxDate
		if i+1 < len(f.interim) {
			next = f.interim[i+1].on
		}
		evidence := []uint64{m.seq}
		for _, x := range f.extended {
			if x.on >= m.on && x.on < next && len(evidence) == 1 {
				end, evidence = end+30, append(evidence, x.seq)
			}
		}
		to := next
		for _, d := range f.decided {
			if d.on >= m.on {
				to = min(to, d.on-1)
			}
		}
		if end < to {
			add(span{from: end + 1, to: to, day: end, evidence: evidence})
		}
	}
}

// deriveRequest appends the row of a person's way to a letter:
//
//	agency that asked; HHS's letters: number, and of each day, position and kind;
//	certification ended: day and position (0: not); spans
func deriveRequest(s *projections.Subject, b []byte) ([]byte, error) {
	f, err := foldRequest(s)
	if err != nil {
		return b, err
	}
	agency := ""
	for _, r := range f.requested {
		agency = r.agency
	}
	b = row.Len(row.String(b, agency), len(f.letters))
	for _, l := range f.letters {
		b = row.Len(row.Uint(row.Date(b, l.on), l.seq), kindIndex(l.kind))
	}
	var ended mark
	if n := len(f.ended); n > 0 {
		ended = f.ended[n-1]
	}
	b = row.Uint(row.Date(b, ended.on), ended.seq)
	return appendSpans(b, spansOf(f, func(r *rule) finder[*requestFile] { return r.request })), nil
}

var letterKinds = [...]events.LetterKind{"", events.Certification, events.Eligibility, events.Interim}

func readKind(r *row.Reader) events.LetterKind { return letterKinds[r.Uint()%uint64(len(letterKinds))] }

func kindIndex(k events.LetterKind) int { return max(0, slices.Index(letterKinds[:], k)) }
