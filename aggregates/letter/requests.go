package letter

import (
	"slices"

	"caseledger/aggregates"
	"caseledger/aggregates/policy"
	"caseledger/events"
)

// childRequest returns the first request for a minor's letter or assistance, or
// ok false (R09).
func (s *State) childRequest() (fact aggregates.Fact, ok bool) {
	for _, f := range s.history.ByDate() {
		if e, is := f.Event.(*events.LetterRequested); is && e.Kind != events.Certification {
			return *f, true
		}
	}
	return fact, false
}

// childRefusal says why a step of a Request for Assistance cannot be taken on the
// effective date: nobody asked by then, or for no minor.
func (s *State) childRefusal(ctx *aggregates.Context) *aggregates.Refusal {
	switch f, asked := s.childRequest(); {
	case !asked:
		return aggregates.Refuse("R09", "no_request", "there is no request for a minor's letter or assistance").
			WithHint("request-letter of kind eligibility or interim comes first")
	case ctx.OccurredOn < f.On:
		return aggregates.Refuse("R09", "before_request", "the request was made on %s only", f.On).On("occurred_on").Citing(f.ID)
	}
	return nil
}

// ReportMinor records an official's notice to HHS of a minor discovered on
// occurred_on; 24 hours are allowed (R09). A notice that took longer is a fact too:
// it is listed as late.
type ReportMinor struct {
	Client        string `json:"client" doc:"coded id of the minor" required:"true" format:"id" example:"C-7QK2M4"`
	By            string `json:"by" doc:"who discovered the minor" required:"true" enum:"federal,state,local,tribal,other" example:"local"`
	HoursToNotice int    `json:"hours_to_notice" doc:"hours from the discovery to the notice, rounded up" required:"true" min:"1" max:"87600" example:"6"`
	AgeYears      int    `json:"age_years" doc:"completed years of age on the day of discovery, when known" min:"1" max:"17" example:"16"`
}

// Target implements [aggregates.Command].
func (c *ReportMinor) Target(string) (events.Subject, error) { return target(c.Client) }

// Needs implements [aggregates.Dependent].
func (c *ReportMinor) Needs(aggregates.State) []events.Subject {
	return []events.Subject{caseSubject(c.Client)}
}

func decideReportMinor(s *State, c *ReportMinor, ctx *aggregates.Context) (events.Event, error) {
	e := &events.MinorDiscovered{By: c.By, HoursToNotice: c.HoursToNotice, AgeYears: c.AgeYears}
	for f, earlier := range aggregates.Of[*events.MinorDiscovered](&s.history) {
		if f.On == ctx.OccurredOn && *earlier == *e {
			return nil, nil
		}
		return nil, aggregates.Refuse("R09", "reported_already", "the discovery of %s is on record", f.On).
			WithHint("withdraw-letter-fact takes a wrong one back").Citing(f.ID)
	}
	if f, asked := s.childRequest(); asked && f.On < ctx.OccurredOn {
		return nil, aggregates.Refuse("R09", "discovered_after_request", "the minor cannot be discovered on %s, after the request of %s", ctx.OccurredOn, f.On).
			On("occurred_on").Citing(f.ID)
	}
	if st := ctx.Basis[caseSubject(s.client)]; st.Exists() && st.State.(caseStanding).IsAdultOn(ctx.OccurredOn) {
		return nil, aggregates.Refuse("R09", "report_of_adult", "client %s is an adult on %s, and only minors are reported", s.client, ctx.OccurredOn).On("client")
	}
	return e, nil
}

// NotifyDepartments records HHS's notice of a request to Justice and Homeland
// Security; 24 hours are allowed (R09). Each may be told on a day of its own.
type NotifyDepartments struct {
	Client        string   `json:"client" doc:"coded id of the minor" required:"true" format:"id" example:"C-7QK2M4"`
	Departments   []string `json:"departments" doc:"departments that were notified" required:"true" enum:"justice,homeland_security" example:"justice,homeland_security"`
	HoursToNotice int      `json:"hours_to_notice" doc:"hours from the request to the notice, rounded up" required:"true" min:"1" max:"87600" example:"4"`
}

// Target implements [aggregates.Command].
func (c *NotifyDepartments) Target(string) (events.Subject, error) { return target(c.Client) }

func decideNotify(s *State, c *NotifyDepartments, ctx *aggregates.Context) (events.Event, error) {
	if refusal := s.childRefusal(ctx); refusal != nil {
		return nil, refusal
	}
	told := s.told()
	again := aggregates.Fact{}
	for _, d := range c.Departments {
		if f, already := told[d]; already {
			again = f
		}
	}
	switch {
	case again.ID == "":
		return &events.DepartmentsNotified{Departments: slices.Sorted(slices.Values(c.Departments)), HoursToNotice: c.HoursToNotice}, nil
	case again.On == ctx.OccurredOn && again.Event.(*events.DepartmentsNotified).HoursToNotice == c.HoursToNotice &&
		slices.Equal(again.Event.(*events.DepartmentsNotified).Departments, slices.Sorted(slices.Values(c.Departments))):
		return nil, nil
	}
	return nil, aggregates.Refuse("R09", "notified_already", "a notice of %s to one of them is on record", again.On).On("departments").
		WithHint("withdraw-letter-fact takes a wrong one back").Citing(again.ID)
}

// told returns the notice to each department.
func (s *State) told() map[string]aggregates.Fact {
	told := map[string]aggregates.Fact{}
	for f, e := range aggregates.Of[*events.DepartmentsNotified](&s.history) {
		for _, d := range e.Departments {
			told[d] = f
		}
	}
	return told
}

// HoldConsultation records HHS's consultation on a child's eligibility (R09).
type HoldConsultation struct {
	Client string   `json:"client" doc:"coded id of the minor" required:"true" format:"id" example:"C-7QK2M4"`
	With   []string `json:"with" doc:"who was consulted" required:"true" enum:"justice,homeland_security,ngo" example:"justice,homeland_security,ngo"`
}

// Target implements [aggregates.Command].
func (c *HoldConsultation) Target(string) (events.Subject, error) { return target(c.Client) }

func decideConsult(s *State, c *HoldConsultation, ctx *aggregates.Context) (events.Event, error) {
	if refusal := s.childRefusal(ctx); refusal != nil {
		return nil, refusal
	}
	with := slices.Sorted(slices.Values(c.With))
	for f, e := range aggregates.Of[*events.ConsultationHeld](&s.history) {
		if f.On == ctx.OccurredOn && slices.Equal(e.With, with) {
			return nil, nil
		}
	}
	return &events.ConsultationHeld{With: with}, nil
}

// FileLprApplication records the application for permanent residence, possible
// after three years of T status and while it lasts (R07).
type FileLprApplication struct {
	Client string `json:"client" doc:"coded id of the person" required:"true" format:"id" example:"C-7QK2M4"`
}

// Target implements [aggregates.Command].
func (c *FileLprApplication) Target(string) (events.Subject, error) { return target(c.Client) }

func decideFileLPR(s *State, _ *FileLprApplication, ctx *aggregates.Context) (events.Event, error) {
	if _, ok := recordedOn[*events.LPRApplicationFiled](s, ctx.OccurredOn); ok {
		return nil, nil
	}
	if f, _, filed := aggregates.Last[*events.LPRApplicationFiled](&s.history); filed {
		return nil, aggregates.Refuse("R07", "filed_already", "the application was filed on %s", f.On).
			WithHint("withdraw-letter-fact takes a wrong date back").Citing(f.ID)
	}
	approved, e, ok := s.status(ctx.OccurredOn)
	if !ok {
		return nil, aggregates.Refuse("R07", "no_t_status", "no T status is approved by %s", ctx.OccurredOn).
			WithHint("approve-t-visa comes first")
	}
	possible, last := policy.TVisaWatch(approved.On)
	if e.ThroughDate != 0 {
		last = e.ThroughDate
	}
	switch {
	case ctx.OccurredOn < possible:
		return nil, aggregates.Refuse("R07", "too_early", "the application is possible after three years of T status, from %s on", possible).Citing(approved.ID)
	case ctx.OccurredOn > last:
		return nil, aggregates.Refuse("R07", "status_ended", "T status ended on %s", last).Citing(approved.ID)
	}
	return &events.LPRApplicationFiled{}, nil
}

// status returns the T status approved last by a day.
func (s *State) status(day events.Date) (fact aggregates.Fact, approved *events.TVisaApproved, ok bool) {
	for _, f := range s.history.ByDate() {
		if e, is := f.Event.(*events.TVisaApproved); is && f.On <= day {
			fact, approved, ok = *f, e, true
		}
	}
	return fact, approved, ok
}
