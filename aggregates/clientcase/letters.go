package clientcase

import (
	"caseledger/aggregates"
	"caseledger/events"
)

// ReceiveLetter records that the agency received an HHS letter: the fact that
// money follows (R05, R20, R25). What HHS itself recorded of the letter is cited;
// where it differs, that is a finding and no refusal.
type ReceiveLetter struct {
	Client     string      `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Kind       string      `json:"kind" doc:"kind of letter" required:"true" enum:"certification,eligibility,interim" example:"certification"`
	LetterDate events.Date `json:"letter_date" doc:"date on the letter; occurred_on when empty" example:"2009-02-19"`
	ReceivedOn events.Date `json:"received_on" doc:"day of receipt; when empty, occurred_on if that is later than the letter date, else the day of recording" example:"2009-04-10"`
	Number     string      `json:"number" doc:"HHS's number of the letter; sealed" secret:"identity"`
}

// Target implements [aggregates.Command].
func (c *ReceiveLetter) Target(string) (events.Subject, error) { return target(c.Client) }

// Needs implements [aggregates.Dependent].
func (c *ReceiveLetter) Needs(aggregates.State) []events.Subject {
	return []events.Subject{events.SubjectOf(events.KindLetter, c.Client)}
}

// dates returns the letter date and the day of receipt, with their defaults.
func (c *ReceiveLetter) dates(ctx *aggregates.Context) (letter, received events.Date) {
	letter, received = c.LetterDate, c.ReceivedOn
	if letter == 0 {
		letter = ctx.OccurredOn
	}
	if received == 0 {
		received = max(ctx.Today, letter)
		if ctx.OccurredOn > letter {
			received = ctx.OccurredOn
		}
	}
	return letter, received
}

func decideReceiveLetter(s *State, c *ReceiveLetter, ctx *aggregates.Context) (events.Event, error) {
	kind := events.LetterKind(c.Kind)
	letter, received := c.dates(ctx)
	switch {
	case letter > ctx.Today+1:
		return nil, aggregates.Refuse("R05", "future_date", "a letter dated %s lies in the future", letter).On("letter_date")
	case received > ctx.Today+1:
		return nil, aggregates.Refuse("R05", "future_date", "a receipt on %s lies in the future", received).On("received_on")
	case received < letter:
		return nil, aggregates.Refuse("R05", "received_before_letter", "a letter dated %s cannot be received on %s", letter, received).On("received_on")
	}
	if fulfilled, err := s.sameLetter(kind, letter); fulfilled || err != nil {
		return nil, err
	}
	if refusal := s.letterRefusal(kind, letter); refusal != nil {
		return nil, refusal
	}
	return &events.LetterReceived{
		Kind: kind, LetterDate: letter, ReceivedOn: received, Number: events.Plain(c.Number),
		Basis: ctx.Basis.References(c.Needs(s)...),
	}, nil
}

// sameLetter says whether the letter is on record already, and refuses a second
// one of its kind, unless eligibility ended in between: two dates for one letter
// would move money.
func (s *State) sameLetter(kind events.LetterKind, letter events.Date) (bool, error) {
	for f, e := range aggregates.Of[*events.LetterReceived](&s.history) {
		if e.Kind != kind {
			continue
		}
		if e.LetterDate == letter {
			return true, nil
		}
		if end := s.eligibilityEnd(); end == 0 || letter < end || end < e.LetterDate {
			return false, aggregates.Refuse("R24", "letter_on_record", "the %s letter on record is dated %s", kind, e.LetterDate).
				On("letter_date").WithHint("if that date is wrong, take it back with withdraw-case-fact and record the letter anew").Citing(f.ID)
		}
	}
	return false, nil
}

// interimFrom is the first day of interim assistance (R09).
var interimFrom = events.MustDate("2008-12-23")

// requestSuffices is the first day on which a child letter may follow a request
// made before 18, where before the letter itself had to (R10).
var requestSuffices = events.MustDate("2016-05-11")

// letterRefusal says why a letter of a kind cannot be the client's, nil when it can:
// children get no certification (R08), adults no child letter (R10), and a
// derivative's benefit date stands in for a letter (R06).
func (s *State) letterRefusal(kind events.LetterKind, letter events.Date) *aggregates.Refusal {
	p, ok := s.person()
	child := kind != events.Certification
	switch {
	case kind == events.Interim && letter < interimFrom:
		return aggregates.Refuse("R09", "interim_too_early", "interim assistance exists from %s on", interimFrom).On("letter_date")
	case !ok:
		return nil
	case p.class == events.Derivative:
		return aggregates.Refuse("R06", "letter_of_derivative", "a derivative gets no letter: the benefit date stands in for it").On("client").
			WithHint("link-derivative records the benefit date")
	case !child && p.isMinorOn(letter):
		return aggregates.Refuse("R08", "certification_of_minor", "client %s is a minor on %s, and minors get eligibility letters", s.client, letter).On("kind").
			WithHint("record-turned-18 or correct-client first, if the client is an adult")
	case child && p.isAdultOn(letter) && !(kind == events.Eligibility && letter >= requestSuffices && p.AgeGroup == events.Minor):
		return aggregates.Refuse("R10", "child_letter_of_adult", "client %s is an adult on %s, and %s letters go to minors", s.client, letter, kind).On("kind").
			WithHint("adults get certification letters")
	}
	return nil
}

// eligibilityEnd returns the first unfunded day of an ended eligibility, zero for none.
func (s *State) eligibilityEnd() events.Date {
	var end events.Date
	for f := range aggregates.Of[*events.EligibilityEnded](&s.history) {
		if end == 0 || f.On < end {
			end = f.On
		}
	}
	return end
}

// EndEligibility records that funding ends for a reason in the client's status;
// occurred_on is the first unfunded day (R01, R07).
type EndEligibility struct {
	Client string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Cause  string `json:"cause" doc:"what ended it" required:"true" enum:"departed,adjusted_to_lpr,became_citizen,certification_ended" example:"departed"`
}

// Target implements [aggregates.Command].
func (c *EndEligibility) Target(string) (events.Subject, error) { return target(c.Client) }

func decideEndEligibility(s *State, c *EndEligibility, ctx *aggregates.Context) (events.Event, error) {
	for f, e := range aggregates.Of[*events.EligibilityEnded](&s.history) {
		if e.Cause == c.Cause && f.On == ctx.OccurredOn {
			return nil, nil
		}
		if f.On <= ctx.OccurredOn {
			return nil, aggregates.Refuse("R01", "eligibility_ended", "eligibility ended on %s already: %s", f.On, e.Cause).
				WithHint("if that is wrong, take it back with withdraw-case-fact").Citing(f.ID)
		}
	}
	if c.Cause == "certification_ended" && !s.hasLetterBy(events.Certification, ctx.OccurredOn) {
		return nil, aggregates.Refuse("R07", "no_certification", "client %s has no certification letter of that day or before", s.client).
			On("cause").WithHint("receive-letter comes first")
	}
	return &events.EligibilityEnded{Cause: c.Cause}, nil
}

func (s *State) hasLetterBy(kind events.LetterKind, day events.Date) bool {
	for _, e := range aggregates.Of[*events.LetterReceived](&s.history) {
		if e.Kind == kind && e.LetterDate <= day {
			return true
		}
	}
	return false
}
