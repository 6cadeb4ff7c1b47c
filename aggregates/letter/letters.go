package letter

import (
	"caseledger/aggregates"
	"caseledger/aggregates/policy"
	"caseledger/events"
)

// What a letter asks of the person's case, when there is one.
type caseStanding interface {
	IsAdultOn(day events.Date) bool
	IsMinorOn(day events.Date) bool
	IsDerivative() bool
}

func caseSubject(client string) events.Subject { return events.SubjectOf(events.KindCase, client) }

// Dates of R09 and R10.
var (
	interimFrom     = events.MustDate("2008-12-23") // interim assistance exists from here on
	requestSuffices = events.MustDate("2016-05-11") // a request before 18 suffices from here on
)

// personRefusal says why a letter of a kind cannot go to the person, as far as
// the case tells: children get no certification (R08), adults no child letter
// (R10), and derivatives none at all (R06).
func (s *State) personRefusal(kind events.LetterKind, ctx *aggregates.Context) *aggregates.Refusal {
	st := ctx.Basis[caseSubject(s.client)]
	if !st.Exists() {
		return nil
	}
	c, day := st.State.(caseStanding), ctx.OccurredOn
	switch {
	case c.IsDerivative():
		return aggregates.Refuse("R06", "letter_of_derivative", "client %s is a derivative, who gets no letter", s.client).On("client")
	case kind == events.Certification && c.IsMinorOn(day):
		return aggregates.Refuse("R08", "certification_of_minor", "client %s is a minor on %s, and minors get eligibility letters", s.client, day).On("kind")
	case kind != events.Certification && c.IsAdultOn(day) && !s.requestedInTime(kind, c, day):
		return aggregates.Refuse("R10", "child_letter_of_adult", "client %s is an adult on %s, and %s letters go to minors", s.client, day, kind).On("kind")
	}
	return nil
}

// requestedInTime reports whether an eligibility letter may follow the 18th
// birthday because it was requested before (R10).
func (s *State) requestedInTime(kind events.LetterKind, c caseStanding, day events.Date) bool {
	if kind != events.Eligibility || day < requestSuffices {
		return false
	}
	for f, e := range aggregates.Of[*events.LetterRequested](&s.history) {
		if e.Kind != events.Certification && !c.IsAdultOn(f.On) {
			return true
		}
	}
	return false
}

// IssueInterimAssistance records an interim assistance letter to a minor, for up
// to 90 days, the first one counted (R09).
type IssueInterimAssistance struct {
	Client string `json:"client" doc:"coded id of the minor" required:"true" format:"id" example:"C-7QK2M4"`
	Number string `json:"number" doc:"HHS's number of the letter; sealed" secret:"identity"`
}

// Target implements [aggregates.Command].
func (c *IssueInterimAssistance) Target(string) (events.Subject, error) { return target(c.Client) }

// Needs implements [aggregates.Dependent].
func (c *IssueInterimAssistance) Needs(aggregates.State) []events.Subject {
	return []events.Subject{caseSubject(c.Client)}
}

func decideIssueInterim(s *State, c *IssueInterimAssistance, ctx *aggregates.Context) (events.Event, error) {
	if ctx.OccurredOn < interimFrom {
		return nil, aggregates.Refuse("R09", "interim_too_early", "interim assistance exists from %s on", interimFrom)
	}
	for f := range aggregates.Of[*events.InterimAssistanceIssued](&s.history) {
		if f.On == ctx.OccurredOn {
			return nil, nil
		}
		return nil, aggregates.Refuse("R09", "interim_issued", "interim assistance was issued on %s", f.On).
			WithHint("extend-interim-assistance extends it by 30 days").Citing(f.ID)
	}
	if refusal := s.personRefusal(events.Interim, ctx); refusal != nil {
		return nil, refusal
	}
	return &events.InterimAssistanceIssued{Number: events.Plain(c.Number)}, nil
}

// ExtendInterimAssistance extends interim assistance once, by 30 days; occurred_on
// is the day of the decision, while the 90 days run (R09).
type ExtendInterimAssistance struct {
	Client string `json:"client" doc:"coded id of the minor" required:"true" format:"id" example:"C-7QK2M4"`
	Reason string `json:"reason" doc:"why; sealed" required:"true" secret:"identity" example:"consultation goes on"`
}

// Target implements [aggregates.Command].
func (c *ExtendInterimAssistance) Target(string) (events.Subject, error) { return target(c.Client) }

func decideExtendInterim(s *State, c *ExtendInterimAssistance, ctx *aggregates.Context) (events.Event, error) {
	issued, _, ok := aggregates.Last[*events.InterimAssistanceIssued](&s.history)
	if !ok {
		return nil, aggregates.Refuse("R09", "no_interim", "no interim assistance was issued").WithHint("issue-interim-assistance comes first")
	}
	if f, _, extended := aggregates.Last[*events.InterimAssistanceExtended](&s.history); extended {
		if f.On == ctx.OccurredOn {
			return nil, nil
		}
		return nil, aggregates.Refuse("R09", "extended_already", "interim assistance is extended once, and was on %s", f.On).Citing(f.ID)
	}
	if last := policy.InterimLastDay(issued.On, 0); ctx.OccurredOn < issued.On || ctx.OccurredOn > last {
		return nil, aggregates.Refuse("R09", "outside_interim", "interim assistance runs from %s to %s", issued.On, last).Citing(issued.ID)
	}
	return &events.InterimAssistanceExtended{Reason: events.Plain(c.Reason)}, nil
}

// IssueLetter records HHS's certification letter to an adult or eligibility letter
// to a minor, dated occurred_on (R05, R08). That an agency received it is another
// fact: receive-letter. The way that led to it may be unknown.
type IssueLetter struct {
	Client  string `json:"client" doc:"coded id of the person" required:"true" format:"id" example:"C-7QK2M4"`
	Kind    string `json:"kind" doc:"kind of letter" required:"true" enum:"certification,eligibility" example:"certification"`
	Number  string `json:"number" doc:"HHS's number of the letter; sealed" secret:"identity"`
	Basis   string `json:"basis" doc:"what it rests on; minor for an eligibility letter" required:"true" enum:"continued_presence,bona_fide,t_visa,minor" example:"continued_presence"`
	Sex     string `json:"sex" doc:"sex" required:"true" enum:"male,female,unknown" example:"female"`
	Form    string `json:"form" doc:"form of trafficking" required:"true" enum:"sex,labor,both,unknown" example:"labor"`
	Country string `json:"country" doc:"country of origin, ISO 3166-1 alpha-2" format:"country" example:"MX"`
	State   string `json:"state" doc:"State or territory to which the letter went" format:"state" example:"TX"`
}

// Target implements [aggregates.Command].
func (c *IssueLetter) Target(string) (events.Subject, error) { return target(c.Client) }

// Needs implements [aggregates.Dependent].
func (c *IssueLetter) Needs(aggregates.State) []events.Subject {
	return []events.Subject{caseSubject(c.Client)}
}

func decideIssueLetter(s *State, c *IssueLetter, ctx *aggregates.Context) (events.Event, error) {
	kind := events.LetterKind(c.Kind)
	if f, ok := s.letter(kind); ok {
		if f.On == ctx.OccurredOn {
			return nil, nil
		}
		return nil, aggregates.Refuse("R05", "letter_issued", "a letter of kind %s was issued on %s", kind, f.On).
			WithHint("withdraw-letter-fact takes a wrong one back").Citing(f.ID)
	}
	if (kind == events.Eligibility) != (c.Basis == "minor") {
		return nil, aggregates.Refuse("R08", "basis_of_kind", "an eligibility letter rests on being a minor, a certification letter does not").On("basis")
	}
	if refusal := s.basisRefusal(c.Basis, ctx.OccurredOn); refusal != nil {
		return nil, refusal
	}
	if refusal := s.personRefusal(kind, ctx); refusal != nil {
		return nil, refusal
	}
	return &events.LetterIssued{
		Kind: kind, Number: events.Plain(c.Number), Basis: c.Basis,
		Sex: events.Sex(c.Sex), Form: events.Form(c.Form), Country: c.Country, State: c.State,
	}, nil
}

// letter returns the issued letter of a kind; a certification that ended counts
// no more.
func (s *State) letter(kind events.LetterKind) (fact aggregates.Fact, ok bool) {
	for f := range s.history.Standing() {
		switch e := f.Event.(type) {
		case *events.LetterIssued:
			if e.Kind == kind {
				fact, ok = f, true
			}
		case *events.CertificationEnded:
			ok = ok && kind != events.Certification
		}
	}
	return fact, ok
}

// basisRefusal says what is on record against the ground of a certification on a
// day; a ground of which nothing is recorded is HHS's word.
func (s *State) basisRefusal(basis string, day events.Date) *aggregates.Refusal {
	for f := range s.history.Standing() {
		if f.On > day {
			continue
		}
		switch e := f.Event.(type) {
		case *events.BonaFideDetermined:
			if basis == "bona_fide" && !e.Granted && !s.grantedAfter(f, day) {
				return aggregates.Refuse("R05", "not_bona_fide", "the application was found not bona fide on %s", f.On).On("basis").Citing(f.ID)
			}
		case *events.TVisaDenied:
			if basis != "continued_presence" && basis != "minor" && !s.grantedAfter(f, day) {
				return aggregates.Refuse("R05", "t_visa_denied", "the T-visa application was denied on %s", f.On).On("basis").Citing(f.ID)
			}
		}
	}
	if _, held := s.presence(day); basis == "continued_presence" && held == nil && s.hadPresence(day) {
		return aggregates.Refuse("R05", "no_continued_presence", "continued presence had ended by %s", day).On("basis")
	}
	return nil
}

// grantedAfter reports whether a denial was followed, by a day, by a new
// application or a grant.
func (s *State) grantedAfter(denial aggregates.Fact, day events.Date) bool {
	for f := range s.history.Standing() {
		if f.On < denial.On || f.On > day || f.ID == denial.ID {
			continue
		}
		switch e := f.Event.(type) {
		case *events.TVisaApproved:
			return true
		case *events.BonaFideDetermined:
			if e.Granted {
				return true
			}
		case *events.BonaFideApplied:
			if f.On > denial.On {
				return true
			}
		}
	}
	return false
}

func (s *State) hadPresence(day events.Date) bool {
	for f := range aggregates.Of[*events.ContinuedPresenceGranted](&s.history) {
		if f.On <= day {
			return true
		}
	}
	return false
}

// DenyLetter records HHS's refusal of a request (R05).
type DenyLetter struct {
	Client string `json:"client" doc:"coded id of the person" required:"true" format:"id" example:"C-7QK2M4"`
	Kind   string `json:"kind" doc:"kind of letter" required:"true" enum:"certification,eligibility,interim" example:"certification"`
	Reason string `json:"reason" doc:"why; sealed" required:"true" secret:"identity" example:"evidence is insufficient"`
}

// Target implements [aggregates.Command].
func (c *DenyLetter) Target(string) (events.Subject, error) { return target(c.Client) }

func decideDenyLetter(s *State, c *DenyLetter, ctx *aggregates.Context) (events.Event, error) {
	kind := events.LetterKind(c.Kind)
	for f, e := range aggregates.Of[*events.LetterDenied](&s.history) {
		if e.Kind == kind && f.On == ctx.OccurredOn {
			return nil, nil
		}
	}
	if f, ok := s.letter(kind); ok && f.On <= ctx.OccurredOn {
		return nil, aggregates.Refuse("R05", "letter_issued", "a letter of kind %s was issued on %s", kind, f.On).
			On("kind").Citing(f.ID)
	}
	return &events.LetterDenied{Kind: kind, Reason: events.Plain(c.Reason)}, nil
}

// EndCertification is HHS's word that a certification resting on continued
// presence is over; occurred_on is the first day without it (R07). What it means
// for the money is another fact: end-eligibility.
type EndCertification struct {
	Client string `json:"client" doc:"coded id of the person" required:"true" format:"id" example:"C-7QK2M4"`
	Reason string `json:"reason" doc:"why; sealed" required:"true" secret:"identity" example:"continued presence ended"`
}

// Target implements [aggregates.Command].
func (c *EndCertification) Target(string) (events.Subject, error) { return target(c.Client) }

func decideEndCertification(s *State, c *EndCertification, ctx *aggregates.Context) (events.Event, error) {
	f, ok := s.letter(events.Certification)
	if !ok {
		if _, same := recordedOn[*events.CertificationEnded](s, ctx.OccurredOn); same {
			return nil, nil
		}
		return nil, aggregates.Refuse("R07", "no_certification", "no certification is in force").WithHint("issue-letter comes first")
	}
	switch basis := f.Event.(*events.LetterIssued).Basis; {
	case basis != "continued_presence":
		return nil, aggregates.Refuse("R07", "does_not_end", "only a certification on continued presence ends, and this one rests on %s", basis).Citing(f.ID)
	case ctx.OccurredOn <= f.On:
		return nil, aggregates.Refuse("R07", "ends_before_start", "the certification is dated %s and ends after that day", f.On).Citing(f.ID)
	}
	return &events.CertificationEnded{Reason: events.Plain(c.Reason)}, nil
}
