package casework

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/benefits"
	"caseledger/projections/caseload"
)

// A Task is a kind of thing that is due.
type Task string

// The tasks, the more pressing ones first.
const (
	CourtDateTask Task = "court_date"     // an appointment
	ResultTask    Task = "court_result"   // an appointment whose day has passed: what became of it
	ContactTask   Task = "contact"        // with a client who is served
	PlanTask      Task = "plan"           // there is none
	InformTask    Task = "inform"         // the client was not told of a process
	ReviewTask    Task = "plan_review"    // of the plan in force
	RenewTask     Task = "renew_benefit"  // a benefit ends
	AssistTask    Task = "assistance_end" // refugee cash and medical assistance ends (R26)
	RequestTask   Task = "request_extension"
	ClockTask     Task = "clock_end"   // funding ends
	ConsentTask   Task = "consent_end" // a release ends
	GoalTask      Task = "goal"        // of the plan in force
	AnswerTask    Task = "referral_answer"
	DecisionTask  Task = "benefit_answer"
	HandOffTask   Task = "answer_hand_off" // of the worker to whom the case was proposed
)

var tasks = []Task{
	CourtDateTask, ResultTask, HandOffTask, ContactTask, PlanTask, InformTask, ReviewTask, RenewTask, AssistTask, RequestTask,
	ClockTask, ConsentTask, GoalTask, AnswerTask, DecisionTask,
}

// An Item is one thing to do for one client.
type Item struct {
	Due    events.Date `json:"due"`
	Days   int         `json:"days"` // until then; below zero: overdue
	Client string      `json:"client"`
	Worker string      `json:"worker"` // the lead; empty for none
	Agency string      `json:"agency"`
	Task   Task        `json:"task"`
	What   string      `json:"what"`
}

// A Day is what is due on a day.
type Day struct {
	On      events.Date          `json:"on"`
	Through events.Date          `json:"through"` // last day looked ahead to
	Items   []Item               `json:"items"`   // by day, the more pressing first
	Cases   int                  `json:"cases"`   // open ones that were looked at
	At      projections.Position `json:"position"`
}

// Due returns what is due by some days after a day in the open cases of a filter:
// one worker's, one agency's, or all. A case whose service is closed has appointments
// and releases only. Cost: about fifteen
// microseconds for each open case.
func Due(s *projections.Snapshot, f caseload.Filter, within int) (*Day, error) {
	load, err := caseload.On(s, caseload.Filter{On: f.On, Agency: f.Agency})
	if err != nil {
		return nil, err
	}
	d := &Day{On: f.On, Through: f.On + events.Date(within), At: s.Position()}
	for _, x := range load.Cases {
		l := list{Day: d, of: x}
		if x.ProposedTo != "" && (f.Worker == "" || x.ProposedTo == f.Worker) {
			l.answer()
		}
		if f.Worker != "" && x.Lead != f.Worker {
			continue
		}
		d.Cases++
		c, err := Read(s, x.Client)
		if err != nil {
			return nil, err
		}
		b, err := benefits.Read(s, x.Client)
		if err != nil {
			return nil, err
		}
		l.law(c)
		l.releases(c)
		if since, served := c.ServedSince(f.On); served {
			l.practice(c, since)
			l.funding(c)
			l.partners(b)
		}
	}
	slices.SortStableFunc(d.Items, func(a, b Item) int {
		return cmp.Or(cmp.Compare(a.Due, b.Due), cmp.Compare(slices.Index(tasks, a.Task), slices.Index(tasks, b.Task)), strings.Compare(a.Client, b.Client))
	})
	return d, nil
}

// list adds the items of one case.
type list struct {
	*Day
	of caseload.Case
}

// add adds an item that is due by the last day looked ahead to.
func (l *list) add(due events.Date, task Task, what string, args ...any) {
	if due > l.Through {
		return
	}
	l.Items = append(l.Items, Item{
		Due: due, Days: int(due - l.On), Client: l.of.Client, Worker: l.of.Lead, Agency: l.of.Agency,
		Task: task, What: fmt.Sprintf(what, args...),
	})
}

// answer adds the hand-off that waits for the worker to whom it was proposed.
func (l *list) answer() {
	before := len(l.Items)
	l.add(l.of.ProposedOn+caseload.StalledAfter, HandOffTask, "accept or decline the case: proposed on %s", l.of.ProposedOn)
	for i := before; i < len(l.Items); i++ {
		l.Items[i].Worker = l.of.ProposedTo
	}
}

// practice adds what R28 asks for while the client is served, since a day.
func (l *list) practice(c *Case, since events.Date) {
	if last, ok := c.LastContact(l.On); ok && last.On >= since {
		l.add(last.On+ContactDays, ContactTask, "last contact %s, %s", last.On, spaced(last.Manner))
	} else {
		l.add(since+ContactDays, ContactTask, "no contact since service began on %s", since)
	}
	plan, agreed := c.Plan(l.On)
	if agreed {
		l.add(plan.ReviewOn, ReviewTask, "review the plan of %s", plan.On)
	} else {
		l.add(since+PlanDays, PlanTask, "no service plan since %s", since)
	}
	for _, topic := range []string{"criminal_justice", "immigration"} {
		if _, told := c.Told(topic, l.On); !told {
			l.add(since+InformDays, InformTask, "not told about %s", spaced(topic))
		}
	}
	for _, g := range c.Goals(l.On) {
		if g.InPlan && g.Open() && g.ByDate != 0 {
			l.add(g.ByDate, GoalTask, "goal %s, %s, stands at %s", g.Goal, spaced(g.Need), spaced(g.Progress))
		}
	}
}

// law adds appointments, and those that have passed without a result.
func (l *list) law(c *Case) {
	for _, d := range c.CourtDates(l.On) {
		switch {
		case d.Result != "":
		case d.Day < l.On:
			l.add(d.Day, ResultTask, "what became of the %s, %s", spaced(d.Occasion), spaced(string(d.Component)))
		default:
			l.add(d.Day, CourtDateTask, "%s, %s", spaced(d.Occasion), spaced(string(d.Component)))
		}
	}
}

// funding adds the end of the clock, and the request for more.
func (l *list) funding(c *Case) {
	if !l.of.Funded {
		return
	}
	if asked, ok := c.Requested(l.On); !ok || asked.On < l.of.ClockEnd-2*ContactDays {
		l.add(l.of.ClockEnd-RequestDays, RequestTask, "the clock ends on %s: ask for an extension, or close", l.of.ClockEnd)
	}
	l.add(l.of.ClockEnd, ClockTask, "last funded day of the clock, %s", spaced(string(l.of.Status)))
}

// releases adds the releases that end.
func (l *list) releases(c *Case) {
	for _, r := range lasting(c.Releases(l.On)) {
		l.add(r.Through, ConsentTask, "release to %s, %s", r.Recipient, spaced(r.Scope))
	}
}

// lasting leaves out a release that another one to the same recipient, of the same
// scope, outlasts.
func lasting(held []Release) (last []Release) {
	for i, r := range held {
		outlasted := slices.ContainsFunc(held, func(o Release) bool {
			return o.Recipient == r.Recipient && o.Scope == r.Scope && o.Through > r.Through
		})
		again := slices.ContainsFunc(held[:i], func(o Release) bool {
			return o.Recipient == r.Recipient && o.Scope == r.Scope && o.Through == r.Through
		})
		if !outlasted && !again {
			last = append(last, r)
		}
	}
	return last
}

// partners adds benefits to renew, the end of assistance, and answers that are
// awaited.
func (l *list) partners(c *benefits.Case) {
	assistance, entitled := c.Assistance(l.On)
	for _, b := range c.Benefits(l.On) {
		switch b.Standing {
		case benefits.Approved:
			if b.Through != 0 {
				l.add(b.Through-RenewDays, RenewTask, "%s ends on %s", spaced(b.Benefit), b.Through)
			}
			if entitled && assisted(b.Benefit) && assistance.To >= l.On {
				l.add(assistance.To, AssistTask, "%d months of %s end", assistance.Months, spaced(b.Benefit))
			}
		case benefits.Lapsed:
			l.add(b.Through, RenewTask, "%s ended on %s: renew it, or record its end", spaced(b.Benefit), b.Through)
		case benefits.Referred:
			l.add(b.Since+DecisionDays, DecisionTask, "no answer about %s since %s", spaced(b.Benefit), b.Since)
		}
	}
	for _, r := range c.Referrals(l.On) {
		if r.Answer == "" || r.Answer == "no_answer" {
			l.add(r.On+AnswerDays, AnswerTask, "referral %s to %s, %s, has no answer", r.Referral, r.Partner, spaced(r.Category))
		}
	}
}

// assisted reports whether a benefit is refugee cash or medical assistance (R26).
func assisted(benefit string) bool { return benefit == "rca" || benefit == "rma" }

func spaced(word string) string { return strings.ReplaceAll(word, "_", " ") }
