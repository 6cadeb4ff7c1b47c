package compliance

import (
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
