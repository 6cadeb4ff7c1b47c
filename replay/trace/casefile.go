package trace

import (
	"fmt"
	"slices"
	"sort"

	"caseledger/events"
	"caseledger/replay/recount"
)

// A caseFile is one client's records and what the recount made of their prefixes.
type caseFile struct {
	ledger     Ledger
	client     string
	own        []*events.Record
	moving     []*events.Record // those of them that money can depend on
	programme  []*events.Record
	principals map[string][]*events.Record
	named      map[string]uint64 // agency: position of the first record of the case that names it
	counted    map[prefix]*known
}

// A prefix is what a recount rests on: so many moving records of the case, and so on.
type prefix struct {
	own, principal, programme int
	of                        string // the principal
	closing                   events.Date
}

func openCase(l Ledger, client string, programme []*events.Record) (*caseFile, error) {
	own, err := l.History(events.SubjectOf(events.KindCase, client))
	if err != nil {
		return nil, err
	}
	f := &caseFile{ledger: l, client: client, own: own, programme: programme, named: map[string]uint64{}, counted: map[prefix]*known{}}
	for _, r := range own {
		agency, err := agencyOf(r)
		if err != nil {
			return nil, err
		}
		if _, found := f.named[agency]; !found && agency != "" {
			f.named[agency] = r.Sequence
		}
		if moves[r.Type] {
			f.moving = append(f.moving, r)
		}
	}
	return f, nil
}

// agencyOf returns the agency that a record of a case puts the client with, or that
// it says spent.
func agencyOf(r *events.Record) (string, error) {
	switch r.Type {
	case "client.enrolled.v1", "transfer.accepted.v1", "service.reopened.v1", "expense.booked.v1":
	default:
		return "", nil
	}
	event, err := r.Event()
	if err != nil {
		return "", err
	}
	switch e := event.(type) {
	case *events.ClientEnrolled:
		return e.Agency, nil
	case *events.TransferAccepted:
		return e.To, nil
	case *events.ServiceReopened:
		return e.Agency, nil
	case *events.ExpenseBooked:
		return e.Agency, nil
	}
	return "", nil
}

// upTo returns the records at a position or before it.
func upTo(records []*events.Record, position uint64) []*events.Record {
	return records[:sort.Search(len(records), func(i int) bool { return records[i].Sequence > position })]
}

// prefix says what the recount of a closing date at a position rests on.
func (f *caseFile) prefix(position uint64, closing events.Date) (p prefix, err error) {
	own := upTo(f.moving, position)
	p = prefix{own: len(own), programme: len(upTo(f.programme, position)), closing: closing}
	if p.of, err = principalOf(own); err != nil || p.of == "" {
		return p, err
	}
	records, loaded := f.principals[p.of]
	if !loaded {
		if records, err = f.ledger.History(events.SubjectOf(events.KindCase, p.of)); err != nil {
			return p, err
		}
		if f.principals == nil {
			f.principals = map[string][]*events.Record{}
		}
		f.principals[p.of] = records
	}
	p.principal = len(upTo(records, position))
	return p, nil
}

// at recounts the client as known at a position.
func (f *caseFile) at(position uint64, closing events.Date) (*known, prefix, error) {
	p, err := f.prefix(position, closing)
	if err != nil {
		return nil, p, err
	}
	if k := f.counted[p]; k != nil {
		return k, p, nil
	}
	r, err := recount.Client(f.moving[:p.own], f.programme[:p.programme], f.principals[p.of][:p.principal], closing)
	if err != nil {
		return nil, p, fmt.Errorf("%s: %w", f.client, err)
	}
	k := newKnown(r)
	f.counted[p] = k
	return k, p, nil
}

// principalOf returns the principal that the case is linked to, empty for none.
func principalOf(own []*events.Record) (id string, err error) {
	var withdrawn []string
	for _, r := range slices.Backward(own) {
		switch r.Type {
		case "case-fact.withdrawn.v1", "derivative.linked.v1", "client.enrolled.v1":
		default:
			continue
		}
		event, err := r.Event()
		if err != nil {
			return "", err
		}
		if slices.Contains(withdrawn, r.ID) {
			continue
		}
		switch e := event.(type) {
		case *events.CaseFactWithdrawn:
			withdrawn = append(withdrawn, e.Record)
		case *events.DerivativeLinked:
			return e.Link.Principal, nil
		case *events.ClientEnrolled:
			if e.Derivative == nil {
				return "", nil
			}
			return e.Derivative.Principal, nil
		}
	}
	return "", nil
}

// find returns the record at a position among those that the case rests on, or nil.
func (f *caseFile) find(position uint64, of string) *events.Record {
	for _, records := range [][]*events.Record{f.own, f.programme, f.principals[of]} {
		if in := upTo(records, position); len(in) > 0 && in[len(in)-1].Sequence == position {
			return in[len(in)-1]
		}
	}
	return nil
}

// sequence returns the position of a record of the case or the programme, 0 when
// there is none.
func (f *caseFile) sequence(id string) uint64 {
	for _, records := range [][]*events.Record{f.own, f.programme} {
		if i := slices.IndexFunc(records, func(r *events.Record) bool { return r.ID == id }); i >= 0 {
			return records[i].Sequence
		}
	}
	return 0
}

// enrollment returns the position of the record that enrolled the client last.
func (f *caseFile) enrollment(own int) uint64 {
	for _, r := range slices.Backward(f.moving[:own]) {
		if r.Type == "client.enrolled.v1" {
			return r.Sequence
		}
	}
	return 0
}
