package agency

import (
	"caseledger/aggregates"
	"caseledger/aggregates/policy"
	"caseledger/events"
)

// RecordCredential files a document that shows one of the nine criteria of a
// subcontractor (R27), from occurred_on on. A renewal is filed likewise.
type RecordCredential struct {
	Agency      string      `json:"agency" doc:"id of the agency" required:"true" format:"id" example:"A-017"`
	Document    string      `json:"document" doc:"which document" required:"true" enum:"experience_statement,program_description,staff_qualifications,supervision_plan,facility_inspection,emergency_procedure,after_hours_number,partner_list,service_list,signed_assurances,financial_report,duns,ein,a133_report,audited_statements" example:"a133_report"`
	ThroughDate events.Date `json:"through_date" doc:"last day on which it holds; required for a document that expires" example:"2010-03-31"`
	Hash        string      `json:"hash" doc:"the document's SHA-256" format:"sha256"`
}

// Target implements [aggregates.Command].
func (c *RecordCredential) Target(string) (events.Subject, error) { return target(c.Agency) }

func decideRecordCredential(s *State, c *RecordCredential, ctx *aggregates.Context) (events.Event, error) {
	criterion, requirement, _ := policy.CriterionOf(c.Document)
	switch {
	case requirement.Expires && c.ThroughDate == 0:
		return nil, aggregates.Refuse("R27", "no_through_date", "a document %s expires", c.Document).On("through_date").
			WithHint("give the last day on which it holds")
	case c.ThroughDate != 0 && c.ThroughDate < ctx.OccurredOn:
		return nil, aggregates.Refuse("R27", "ends_before_start", "the document would hold until %s, before %s", c.ThroughDate, ctx.OccurredOn).
			On("through_date")
	}
	e := &events.CredentialRecorded{Criterion: criterion.Name, Document: c.Document, ThroughDate: c.ThroughDate, Hash: c.Hash}
	if x, held := s.credentials().On(c.Document, ctx.OccurredOn); held && x.From == ctx.OccurredOn && alike(s, ctx.OccurredOn, e) {
		return nil, nil
	}
	return e, nil
}

// RevokeCredential ends what a document shows; occurred_on is the first day without
// it. It comes before the expiry, as when an insurer or an auditor takes it back.
type RevokeCredential struct {
	Agency   string `json:"agency" doc:"id of the agency" required:"true" format:"id" example:"A-017"`
	Document string `json:"document" doc:"which document" required:"true" enum:"experience_statement,program_description,staff_qualifications,supervision_plan,facility_inspection,emergency_procedure,after_hours_number,partner_list,service_list,signed_assurances,financial_report,duns,ein,a133_report,audited_statements" example:"a133_report"`
	Reason   string `json:"reason" doc:"why; no names" required:"true" example:"withdrawn by the auditor"`
}

// Target implements [aggregates.Command].
func (c *RevokeCredential) Target(string) (events.Subject, error) { return target(c.Agency) }

func decideRevokeCredential(s *State, c *RevokeCredential, ctx *aggregates.Context) (events.Event, error) {
	criterion, _, _ := policy.CriterionOf(c.Document)
	if _, held := s.credentials().On(c.Document, ctx.OccurredOn); held {
		return &events.CredentialRevoked{Criterion: criterion.Name, Document: c.Document, Reason: c.Reason}, nil
	}
	for f, e := range aggregates.Of[*events.CredentialRevoked](&s.history) {
		if f.On == ctx.OccurredOn && e.Document == c.Document {
			return nil, nil
		}
	}
	return nil, aggregates.Refuse("R27", "credential_not_held", "agency %s has no %s that holds on %s", s.agency, c.Document, ctx.OccurredOn).
		On("document")
}

// credentials returns every document that was ever filed.
func (s *State) credentials() (c policy.Credentials) {
	for _, f := range s.history.ByDate() {
		switch e := f.Event.(type) {
		case *events.CredentialRecorded:
			c.File(e.Document, f.On, e.ThroughDate, 0)
		case *events.CredentialRevoked:
			c.Revoke(e.Document, f.On)
		}
	}
	return c
}

// alike reports whether a fact of a day says the same as an event.
func alike[E comparable, P interface {
	*E
	events.Event
}](s *State, day events.Date, e P) bool {
	for f, before := range aggregates.Of[P](&s.history) {
		if f.On == day && *before == *e {
			return true
		}
	}
	return false
}
