package compliance

import (
	"slices"
	"strings"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/row"
)

// An agencyFile is an agency as the rules see it.
type agencyFile struct {
	inForce     []policy.Span // days under subcontract
	suspended   []policy.Span
	signed      []mark
	suspensions []mark
	credentials []credential
	onCall      []shift
	contacts    []named // single points of contact
	reviews     []mark
	findings    []finding
}

// A credential is a document that shows one of the nine criteria (R27).
type credential struct {
	mark
	document string
	to       events.Date // last day on which it holds
}

type shift struct {
	mark
	to     events.Date // last night
	worker string
}

type named struct {
	mark
	worker string
}

type finding struct {
	mark
	id, rule, severity string
	dueOn              events.Date
	actions            []action
	closed             events.Date // 0 while it is open
}

// An action is a corrective action and the day by which it is due.
type action struct {
	mark
	due events.Date
}

func foldAgency(s *projections.Subject) (*agencyFile, error) {
	a := &agencyFile{}
	var opens, closes, stops, resumes []events.Date
	err := s.Standing(nil, func(r *events.Record, event events.Event) error {
		m := mark{r.OccurredOn, r.Sequence}
		switch e := event.(type) {
		case *events.SubcontractSigned:
			// A renewal takes back the end that was foreseen after its first day.
			closes = slices.DeleteFunc(closes, func(d events.Date) bool { return d >= m.on })
			opens, a.signed = append(opens, m.on), append(a.signed, m)
			if e.ThroughDate != 0 {
				closes = append(closes, e.ThroughDate)
			}
		case *events.SubcontractEnded:
			closes = append(closes, m.on)
		case *events.AgencySuspended:
			stops, a.suspensions = append(stops, m.on), append(a.suspensions, m)
		case *events.AgencyReinstated:
			resumes = append(resumes, m.on-1)
		default:
			a.fold(m, event)
		}
		return nil
	})
	a.inForce, a.suspended = runs(opens, closes), runs(stops, resumes)
	byDay(a.credentials, func(x credential) events.Date { return x.on })
	byDay(a.onCall, func(x shift) events.Date { return x.on })
	byDay(a.contacts, func(x named) events.Date { return x.on })
	byDay(a.reviews, func(x mark) events.Date { return x.on })
	return a, err
}

// runs joins each opening to the first closing on or after it.
func runs(opens, closes []events.Date) (spans []policy.Span) {
	slices.Sort(opens)
	slices.Sort(closes)
	for _, from := range opens {
		if n := len(spans); n == 0 || from > spans[n-1].To {
			spans = append(spans, policy.Span{From: from, To: endOf(from, closes)})
		}
	}
	return union(spans)
}

func endOf(from events.Date, closes []events.Date) events.Date {
	for _, to := range closes {
		if to >= from {
			return to
		}
	}
	return events.MaxDate
}

func (a *agencyFile) fold(m mark, event events.Event) {
	switch e := event.(type) {
	case *events.CredentialRecorded:
		to := e.ThroughDate
		if to == 0 {
			to = events.MaxDate
		}
		a.credentials = append(a.credentials, credential{m, e.Document, to})
	case *events.CredentialRevoked:
		for i := range a.credentials {
			if x := &a.credentials[i]; x.document == e.Document && x.on <= m.on {
				x.to = min(x.to, m.on-1)
			}
		}
	case *events.OnCallAssigned:
		a.onCall = append(a.onCall, shift{m, e.ThroughDate, e.Worker})
	case *events.PointOfContactNamed:
		a.contacts = append(a.contacts, named{m, e.Worker})
	case *events.ReviewHeld:
		a.reviews = append(a.reviews, m)
	case *events.FindingRaised:
		a.findings = append(a.findings, finding{mark: m, id: e.Finding, rule: e.Rule, severity: e.Severity, dueOn: e.DueOn})
	case *events.CorrectiveActionAgreed:
		if f := a.finding(e.Finding); f != nil {
			f.actions = append(f.actions, action{m, e.DueOn})
			byDay(f.actions, func(x action) events.Date { return x.on })
		}
	case *events.FindingClosed:
		if f := a.finding(e.Finding); f != nil {
			f.closed = m.on
		}
	}
}

func (a *agencyFile) finding(id string) *finding {
	for i := range a.findings {
		if a.findings[i].id == id {
			return &a.findings[i]
		}
	}
	return nil
}

// lacksCriterion returns the finder of a criterion that is not shown (R27): each of
// its requirements takes one of its documents.
func lacksCriterion(criterion policy.Criterion) finder[*agencyFile] {
	return func(a *agencyFile, add func(span)) {
		for _, need := range criterion.Requirements {
			var shown []policy.Span
			var held []credential
			for _, c := range a.credentials {
				if slices.Contains(need.Documents, c.document) && c.on <= c.to {
					shown, held = append(shown, policy.Span{From: c.on, To: c.to}), append(held, c)
				}
			}
			for _, bare := range minus(a.inForce, union(shown)) {
				s := span{from: bare.From, to: bare.To, what: strings.Join(need.Documents, " or ")}
				for _, c := range held {
					if c.to < bare.From {
						s.day, s.evidence = c.to, []uint64{c.seq}
					}
				}
				if s.evidence == nil {
					s.evidence = a.contractEvidence(bare.From)
				}
				add(s)
			}
		}
	}
}

// contractEvidence names the subcontract in force on a day.
func (a *agencyFile) contractEvidence(on events.Date) (evidence []uint64) {
	for _, m := range a.signed {
		if m.on <= on {
			evidence = []uint64{m.seq}
		}
	}
	return evidence
}

func uncovered(a *agencyFile, add func(span)) {
	var covered []policy.Span
	for _, s := range a.onCall {
		covered = append(covered, policy.Span{From: s.on, To: s.to})
	}
	for _, bare := range minus(a.inForce, union(covered)) {
		s := span{from: bare.From, to: bare.To, evidence: a.contractEvidence(bare.From)}
		for _, x := range a.onCall {
			if x.to < bare.From {
				s.evidence = []uint64{x.seq}
			}
		}
		add(s)
	}
}

func noReview(a *agencyFile, add func(span)) {
	for _, days := range a.inForce {
		last := mark{days.From, 0}
		if e := a.contractEvidence(days.From); len(e) > 0 {
			last.seq = e[0]
		}
		for _, m := range append(slices.Clone(a.reviews), mark{days.To + 1, 0}) {
			if m.on <= last.on {
				continue
			}
			if from, to := yearLong(last.on)+1, min(m.on-1, days.To); from <= to {
				add(span{from: from, to: to, day: last.on, evidence: []uint64{last.seq}})
			}
			last = m
		}
	}
}

// overdueFinding finds findings open after the day by which they, or the action
// that was agreed on last, were due.
func overdueFinding(a *agencyFile, add func(span)) {
	for _, f := range a.findings {
		to := f.last()
		s := span{from: f.dueOn + 1, what: f.id, day: f.dueOn, evidence: []uint64{f.seq}}
		for _, x := range f.actions {
			s.to = min(to, x.on-1)
			add(s)
			s.from, s.day, s.evidence = max(x.due+1, x.on), x.due, []uint64{f.seq, x.seq}
		}
		s.to = to
		add(s)
	}
}

// last returns the last day on which the finding is open.
func (f *finding) last() events.Date {
	if f.closed == 0 {
		return events.MaxDate
	}
	return f.closed - 1
}

// actionDays is how long a finding that is not minor may lack a corrective action (ours).
const actionDays = 30

func noAction(a *agencyFile, add func(span)) {
	for _, f := range a.findings {
		to := f.last()
		if len(f.actions) > 0 {
			to = min(to, f.actions[0].on-1)
		}
		if f.severity != "minor" {
			add(span{from: f.on + actionDays + 1, to: to, what: f.id, day: f.on, evidence: []uint64{f.seq}})
		}
	}
}

// deriveAgency appends the row of an agency:
//
//	subcontracts: number, and of each first and last day and the position of the
//	signature; suspensions: the same; points of contact: number, and of each first
//	day, position, worker; nights on call: the same with the last night; spans
func deriveAgency(s *projections.Subject, b []byte) ([]byte, error) {
	a, err := foldAgency(s)
	if err != nil {
		return b, err
	}
	b = appendStandings(b, a.inForce, a.signed)
	b = appendStandings(b, a.suspended, a.suspensions)
	b = row.Len(b, len(a.contacts))
	for _, c := range a.contacts {
		b = row.String(row.Uint(row.Date(b, c.on), c.seq), c.worker)
	}
	b = row.Len(b, len(a.onCall))
	for _, c := range a.onCall {
		b = row.String(row.Uint(row.Date(row.Date(b, c.on), c.to), c.seq), c.worker)
	}
	return appendSpans(b, spansOf(a, func(r *rule) finder[*agencyFile] { return r.agency })), nil
}

func appendStandings(b []byte, spans []policy.Span, records []mark) []byte {
	b = row.Len(b, len(spans))
	for _, s := range spans {
		seq := uint64(0)
		for _, m := range records {
			if m.on <= s.From {
				seq = m.seq
			}
		}
		b = row.Uint(row.Date(row.Date(b, s.From), min(s.To, events.MaxDate)), seq)
	}
	return b
}

// spansOf runs the finders of all rules that look at one kind of file.
func spansOf[F any](file F, of func(*rule) finder[F]) (spans []span) {
	for i := range rules {
		if find := of(&rules[i]); find != nil {
			find(file, func(s span) {
				if s.rule, s.to = i, min(s.to, events.MaxDate); s.from <= s.to {
					spans = append(spans, s)
				}
			})
		}
	}
	return spans
}
