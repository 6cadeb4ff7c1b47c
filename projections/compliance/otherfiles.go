package compliance

import (
	"slices"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/row"
)

// deriveWorker appends the row of a worker:
//
//	posts: number, and of each first day, position, agency, capacity, whether the
//	worker has left, languages; leaves: number, and of each first and last day and
//	position
func deriveWorker(s *projections.Subject, b []byte) ([]byte, error) {
	var posts []post
	var leaves []standing
	last := func(day events.Date) (p post) {
		for _, x := range posts {
			if x.on <= day {
				p = x
			}
		}
		return p
	}
	add := func(p post) {
		posts = append(posts, p)
		byDay(posts, func(x post) events.Date { return x.on })
	}
	for _, r := range s.Records {
		switch r.Type {
		case "worker.engaged.v1", "worker.changed.v1", "worker.left.v1", "leave.started.v1", "leave.ended.v1":
		default:
			continue
		}
		event, err := r.Event()
		if err != nil {
			return b, err
		}
		p := last(r.OccurredOn)
		p.mark = mark{r.OccurredOn, r.Sequence}
		switch e := event.(type) {
		case *events.WorkerEngaged:
			p.agency, p.capacity, p.languages, p.left = e.Agency, e.CapacityPercent, e.Languages, false
		case *events.WorkerChanged:
			p.capacity, p.languages = e.CapacityPercent, e.Languages
		case *events.WorkerLeft: // the last day
			p.on, p.left = r.OccurredOn+1, true
		case *events.LeaveStarted:
			leaves = append(leaves, standing{policy.Span{From: r.OccurredOn, To: e.ThroughDate}, r.Sequence})
			continue
		case *events.LeaveEnded: // the first day back
			for i := range leaves {
				if l := &leaves[i]; l.From < r.OccurredOn && r.OccurredOn <= l.To {
					l.To = r.OccurredOn - 1
				}
			}
			continue
		}
		add(p)
	}
	b = row.Len(b, len(posts))
	for _, p := range posts {
		b = row.Bool(row.Len(row.String(row.Uint(row.Date(b, p.on), p.seq), p.agency), p.capacity), p.left)
		b = row.Len(b, len(p.languages))
		for _, l := range p.languages {
			b = row.String(b, l)
		}
	}
	b = row.Len(b, len(leaves))
	for _, l := range leaves {
		b = row.Uint(row.Date(row.Date(b, l.From), max(l.To, l.From-1)), l.seq)
	}
	return b, nil
}

// A post is where and how a worker works from a day on.
type post struct {
	mark
	agency    string
	capacity  int
	left      bool
	languages []string
	leave     mark // that the worker is on; zero for none
}

// readPost reads the post that a worker has on a day.
func readPost(b []byte, on events.Date, names row.Names) (p post, err error) {
	r := row.Read(b)
	for range r.Len() {
		x := post{mark: mark{r.Date(), r.Uint()}, agency: r.Name(names), capacity: int(r.Uint()), left: r.Bool()}
		for range r.Len() {
			x.languages = append(x.languages, r.Name(names))
		}
		if x.on <= on {
			p = x
		}
	}
	for range r.Len() {
		from, to, seq := r.Date(), r.Date(), r.Uint()
		if from <= on && on <= to {
			p.leave = mark{from, seq}
		}
	}
	return p, r.Err()
}

// deriveBilling appends the row of an agency's billing:
//
//	invoices: number, and of each day, closing date, position, day of its denial
//	(0: it stands)
func deriveBilling(s *projections.Subject, b []byte) ([]byte, error) {
	type invoice struct {
		mark
		closing, denied events.Date
	}
	var invoices []invoice
	numbers := map[int]int{}
	for _, r := range s.Records {
		if r.Type != "invoice.generated.v1" && r.Type != "invoice.denied.v1" {
			continue
		}
		event, err := r.Event()
		if err != nil {
			return b, err
		}
		switch e := event.(type) {
		case *events.InvoiceGenerated:
			numbers[e.Number] = len(invoices)
			invoices = append(invoices, invoice{mark{r.OccurredOn, r.Sequence}, e.Closing, 0})
		case *events.InvoiceDenied:
			if i, known := numbers[e.Number]; known {
				invoices[i].denied = r.OccurredOn
			}
		}
	}
	b = row.Len(b, len(invoices))
	for _, i := range invoices {
		b = row.Date(row.Uint(row.Date(row.Date(b, i.on), i.closing), i.seq), i.denied)
	}
	return b, nil
}

// readBilled returns the closing date up to which an agency has billed by a day, and
// the record of that invoice.
func readBilled(b []byte, on events.Date) (closing events.Date, seq uint64, err error) {
	r := row.Read(b)
	for range r.Len() {
		day, c, s, denied := r.Date(), r.Date(), r.Uint(), r.Date()
		if day <= on && (denied == 0 || denied > on) && c > closing {
			closing, seq = c, s
		}
	}
	return closing, seq, r.Err()
}

// deriveTraining appends the row of a training:
//
//	day, position, whether it is a core training, lists of attendance: number, and
//	of each its day and agencies
func deriveTraining(s *projections.Subject, b []byte) ([]byte, error) {
	var held mark
	var core bool
	var lists []attendance
	for _, r := range s.Records {
		event, err := r.Event()
		if err != nil {
			return b, err
		}
		switch e := event.(type) {
		case *events.TrainingHeld:
			held, core = mark{r.OccurredOn, r.Sequence}, e.Course == "core"
			lists = append(lists, attendance{r.OccurredOn, e.Agencies})
		case *events.TrainingAttended:
			lists = append(lists, attendance{r.OccurredOn, e.Agencies})
		}
	}
	b = row.Len(row.Bool(row.Uint(row.Date(b, held.on), held.seq), core), len(lists))
	for _, l := range lists {
		b = row.Len(row.Date(b, l.on), len(l.agencies))
		for _, a := range l.agencies {
			b = row.String(b, a)
		}
	}
	return b, nil
}

type attendance struct {
	on       events.Date
	agencies []string
}

// A request is a person's way to a letter as the rules see it (R09).
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

func withdrawnIn(records []*events.Record) (ids map[string]bool, err error) {
	for _, r := range records {
		if r.Type != "letter-fact.withdrawn.v1" {
			continue
		}
		e, err := r.Event()
		if err != nil {
			return nil, err
		}
		if ids == nil {
			ids = map[string]bool{}
		}
		ids[e.(*events.LetterFactWithdrawn).Record] = true
	}
	return ids, nil
}

func foldRequest(records []*events.Record) (*requestFile, error) {
	f := &requestFile{}
	withdrawn, err := withdrawnIn(records)
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		if withdrawn[r.ID] {
			continue
		}
		event, err := r.Event()
		if err != nil {
			return nil, err
		}
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
	}
	return f, nil
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
	f, err := foldRequest(s.Records)
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
