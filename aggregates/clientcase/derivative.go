package clientcase

import (
	"caseledger/aggregates"
	"caseledger/aggregates/policy"
	"caseledger/events"
)

// LinkDerivative sets or replaces a derivative's link to the principal (R06).
type LinkDerivative struct {
	Client     string      `json:"client" doc:"coded id of the derivative" required:"true" format:"id" example:"C-7QK2M4"`
	Principal  string      `json:"principal" doc:"coded id of the principal" required:"true" format:"id" example:"C-2X9PRT"`
	VisaClass  string      `json:"visa_class" doc:"T visa class" required:"true" enum:"T-2,T-3,T-4,T-5,T-6" example:"T-3"`
	NoticeDate events.Date `json:"notice_date" doc:"if in the U.S.: date of the visa approval notice" example:"2009-05-20"`
	EntryDate  events.Date `json:"entry_date" doc:"if from abroad: date of the entry stamp" example:"2009-06-10"`
}

// Target implements [aggregates.Command].
func (c *LinkDerivative) Target(string) (events.Subject, error) { return target(c.Client) }

// Needs implements [aggregates.Dependent].
func (c *LinkDerivative) Needs(aggregates.State) []events.Subject {
	return principalSubjects(c.Principal)
}

func decideLinkDerivative(s *State, c *LinkDerivative, ctx *aggregates.Context) (events.Event, error) {
	_, enrollment, _ := aggregates.Last[*events.ClientEnrolled](&s.history)
	if enrollment.Class != events.Derivative {
		return nil, aggregates.Refuse("R06", "not_a_derivative", "client %s is enrolled as a victim", s.client).On("client").
			WithHint("withdraw-case-fact takes a wrong enrollment back")
	}
	link := events.DerivativeLink{
		Principal: c.Principal, VisaClass: events.VisaClass(c.VisaClass), NoticeDate: c.NoticeDate, EntryDate: c.EntryDate,
	}
	if refusal := checkLink(s.client, &link, ctx); refusal != nil {
		return nil, refusal
	}
	current := enrollment.Derivative
	for _, e := range aggregates.Of[*events.DerivativeLinked](&s.history) {
		current = &e.Link
	}
	if current != nil && *current == link {
		return nil, nil
	}
	return &events.DerivativeLinked{Link: link, Basis: ctx.Basis.References(principalSubjects(c.Principal)...)}, nil
}

// principalSubjects are the subjects that make a principal known.
func principalSubjects(id string) []events.Subject {
	return []events.Subject{events.SubjectOf(events.KindCase, id), events.SubjectOf(events.KindLetter, id)}
}

// checkLink says what stands against a link to a principal (R06): the principal
// needs a case or a letter of their own, and is no derivative.
func checkLink(client string, link *events.DerivativeLink, ctx *aggregates.Context) *aggregates.Refusal {
	subjects := principalSubjects(link.Principal)
	principal, _ := ctx.Basis[subjects[0]].State.(interface{ IsDerivative() bool })
	benefit := link.BenefitDate()
	if benefit == 0 {
		benefit = ctx.OccurredOn
	}
	switch {
	case link.Principal == "":
		return aggregates.Refuse("R06", "principal_missing", "a derivative needs a principal").On("principal").
			WithHint("give the coded id of the T-1 victim; class victim is for one who is a victim")
	case link.VisaClass == "":
		return aggregates.Refuse("R06", "visa_class_missing", "a derivative needs a visa class, T-2 to T-6").On("visa_class")
	case link.Principal == client:
		return aggregates.Refuse("R06", "own_principal", "a derivative is not their own principal").On("principal")
	case len(ctx.Basis.References(subjects...)) == 0:
		return aggregates.Refuse("R06", "unknown_principal", "principal %s has neither a case nor a letter", link.Principal).On("principal").
			WithHint("record the principal first, with enroll-client or a command on the letter")
	case principal != nil && principal.IsDerivative():
		return aggregates.Refuse("R06", "principal_is_derivative", "principal %s is a derivative", link.Principal).On("principal")
	case !policy.DerivativeClassOpen(link.VisaClass, benefit):
		return aggregates.Refuse("R06", "visa_class_not_open", "there is no class %s on %s, the benefit date", link.VisaClass, benefit).On("visa_class")
	}
	for _, d := range [...]struct {
		field string
		day   events.Date
	}{{"notice_date", link.NoticeDate}, {"entry_date", link.EntryDate}} {
		if d.day > ctx.Today+1 {
			return aggregates.Refuse("R06", "future_date", "%s lies in the future", d.day).On(d.field)
		}
	}
	return nil
}
