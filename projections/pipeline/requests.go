package pipeline

import (
	"cmp"
	"slices"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
)

// A List is one of the lists of Requests for Assistance (R09).
type List string

// The lists. The first four are of what was not done in time, the others of where
// the children stand on the day.
const (
	ReportedLate List = "minor_reported_late"       // the official's notice to HHS took more than 24 hours
	NotNotified  List = "departments_not_notified"  // Justice or Homeland Security is not, and 24 hours are over
	NotifiedLate List = "departments_notified_late" // HHS's notice took more than 24 hours
	NotConsulted List = "decided_without_consulting"
	InterimEnded List = "interim_ended"   // without a letter: the child is Pre-Eligible and due for a decision
	Day90        List = "interim_day_90"  // interim assistance runs, up to its 90th day
	Day120       List = "interim_day_120" // extended, up to its 120th
	Pending      List = "pending"         // neither interim assistance nor a decision
)

// Lists lists them in the order of a report.
func Lists() []List {
	return []List{ReportedLate, NotNotified, NotifiedLate, NotConsulted, InterimEnded, Day90, Day120, Pending}
}

// assistanceFrom is the first day of interim assistance and of the 24-hour notices
// (22 USC 7105(b)(1)(G)).
var assistanceFrom = events.MustDate("2008-12-23")

// noticeHours is how long a notice may take (R09).
const noticeHours = 24

// A Request is one child on one list.
type Request struct {
	List      List        `json:"list"`
	Client    string      `json:"client"`
	Agency    string      `json:"agency,omitzero"`
	Requested events.Date `json:"requested,omitzero"`
	Since     events.Date `json:"since"`        // day of the discovery, request, interim letter or decision that put the child on the list
	Due       events.Date `json:"due,omitzero"` // last day for what the list asks
	Day       int         `json:"day,omitzero"` // of interim assistance, the first one counted
	Hours     int         `json:"hours,omitzero"`
	Missing   []string    `json:"missing,omitempty"` // whom HHS has not notified or consulted
	Record    uint64      `json:"record"`            // position of the record behind it
}

// A RequestFilter selects requests.
type RequestFilter struct {
	Query
	List List // one list; empty for all
	// Since leaves out of the first four lists what happened before it.
	Since events.Date
}

// Requests returns the lists of Requests for Assistance on a day: list by list, what
// is due first on top. A child may stand on several. Cost: about a microsecond for
// each person.
func Requests(s *projections.Snapshot, q RequestFilter) ([]Request, error) {
	found := []Request{}
	err := eachFile(s, q.On, func(f *file) error {
		agency := f.agencyOn(q.On)
		if len(f.letter.facts) == 0 || f.enrolled.derivative || q.Agency != "" && agency != q.Agency {
			return nil
		}
		for _, r := range f.requests(q.On) {
			if (q.List == "" || r.List == q.List) && (r.Since >= q.Since || slices.Index(Lists(), r.List) >= slices.Index(Lists(), InterimEnded)) {
				r.Client, r.Agency = f.id, agency
				found = append(found, r)
			}
		}
		return nil
	})
	slices.SortStableFunc(found, func(a, b Request) int {
		return cmp.Or(cmp.Compare(slices.Index(Lists(), a.List), slices.Index(Lists(), b.List)), cmp.Compare(a.Due, b.Due), cmp.Compare(a.Since, b.Since), cmp.Compare(a.Client, b.Client))
	})
	return found, err
}

// requests returns the lists that one child stands on.
func (f *file) requests(on events.Date) (list []Request) {
	asked := f.letter.childRequest()
	if late, is := f.reportedLate(asked); is {
		list = append(list, late)
	}
	if asked == nil {
		return list
	}
	first := len(list)
	list = append(list, f.notices(asked, on)...)
	if r, is := f.unconsulted(asked); is {
		list = append(list, r)
	}
	if r, is := f.stands(asked, on); is {
		list = append(list, r)
	}
	for i := range list[first:] {
		list[first+i].Requested = asked.on
	}
	return list
}

// reportedLate holds the official's notice to 24 hours; where no report is on record,
// the request itself, which gives days only: the day after the discovery is in time.
func (f *file) reportedLate(asked *fact) (Request, bool) {
	if d := f.letter.first(discovered); d != nil {
		r := Request{List: ReportedLate, Since: d.on, Due: d.on + 1, Hours: d.n, Record: d.sequence}
		if asked != nil {
			r.Requested = asked.on
		}
		return r, d.n > noticeHours && d.on >= assistanceFrom
	}
	if asked == nil || asked.day == 0 || asked.day < assistanceFrom {
		return Request{}, false
	}
	return Request{List: ReportedLate, Requested: asked.on, Since: asked.day, Due: asked.day + 1, Record: asked.sequence}, asked.on > asked.day+1
}

// notices holds HHS's notices to Justice and Homeland Security to 24 hours.
func (f *file) notices(asked *fact, on events.Date) (list []Request) {
	if asked.on < assistanceFrom {
		return nil
	}
	var told byte
	for i := range f.letter.facts {
		x := &f.letter.facts[i]
		if x.step != notified {
			continue
		}
		told |= x.set
		if x.n > noticeHours {
			list = append(list, Request{List: NotifiedLate, Since: x.on, Due: asked.on + 1, Hours: x.n, Record: x.sequence})
		}
	}
	if absent := missing(told, bothDepartments); absent != nil && on > asked.on+1 {
		list = append(list, Request{List: NotNotified, Since: asked.on, Due: asked.on + 1, Missing: absent, Record: asked.sequence})
	}
	return list
}

// unconsulted finds an eligibility letter or a denial of one before which HHS did
// not consult everyone.
func (f *file) unconsulted(asked *fact) (Request, bool) {
	d := f.decision()
	if d == nil || asked.on < assistanceFrom {
		return Request{}, false
	}
	absent := missing(f.consulted(d.on), everyConsultant)
	return Request{List: NotConsulted, Since: d.on, Missing: absent, Record: d.sequence}, absent != nil
}

func (f *file) consulted(by events.Date) (with byte) {
	for i := range f.letter.facts {
		if x := &f.letter.facts[i]; x.step == consulted && x.on <= by {
			with |= x.set
		}
	}
	return with
}

// decision returns the first letter or denial that ended a child's request, nil while
// there is none. The denial of interim assistance alone does not end it.
func (f *file) decision() *fact {
	for i := range f.letter.facts {
		x := &f.letter.facts[i]
		if x.step == issued || x.step == denied && letterKinds[x.n] != events.Interim {
			return x
		}
	}
	return nil
}

// requestSuffices is the first day on which a letter may follow the 18th birthday
// because it was asked for before it (R10).
var requestSuffices = events.MustDate("2016-05-11")

// cameOfAge reports whether a recorded 18th birthday ended a child's request by a day.
func (f *file) cameOfAge(asked *fact, on events.Date) bool {
	t := f.enrolled.turned18
	return t != 0 && t <= on && (on < requestSuffices || asked.on >= t)
}

// stands says where a child without a decision stands. Who left the programme, or came
// of age too early for a letter, waits no more.
func (f *file) stands(asked *fact, on events.Date) (Request, bool) {
	gone := f.enrolled.spellOn(on) != nil && !f.enrolled.openOn(on)
	if f.decision() != nil || gone || f.cameOfAge(asked, on) {
		return Request{}, false
	}
	absent := missing(f.consulted(on), everyConsultant)
	x := f.letter.first(interim)
	if x == nil {
		return Request{List: Pending, Since: asked.on, Missing: absent, Record: asked.sequence}, true
	}
	extensions := 0
	if f.letter.first(interimLonger) != nil {
		extensions = 1
	}
	r := Request{List: Day90, Since: x.on, Due: policy.InterimLastDay(x.on, extensions), Day: int(on-x.on) + 1, Missing: absent, Record: x.sequence}
	switch {
	case on > r.Due:
		r.List, r.Day = InterimEnded, 0
	case extensions > 0:
		r.List = Day120
	}
	return r, true
}
