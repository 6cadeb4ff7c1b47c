package clientcase

import (
	"caseledger/aggregates"
	"caseledger/events"
)

// FileDocument says that a document lies in the client's file from occurred_on on.
// The document itself stays where it is; its hash tells it from another.
type FileDocument struct {
	Client   string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Document string `json:"document" doc:"what it is" required:"true" enum:"intake_form,rights_statement,release,service_plan,hhs_letter,continued_presence,t_visa,law_enforcement,immigration_paper,court_paper,guardianship_order,identity_document,medical_record,benefit_notice,closing_summary,other" example:"hhs_letter"`
	Hash     string `json:"hash" doc:"hash of the document, SHA-256" format:"sha256"`
}

// Target implements [aggregates.Command].
func (c *FileDocument) Target(string) (events.Subject, error) { return target(c.Client) }

func decideFileDocument(s *State, c *FileDocument, ctx *aggregates.Context) (events.Event, error) {
	e := events.DocumentFiled{Document: c.Document, Hash: c.Hash}
	for f, old := range aggregates.Of[*events.DocumentFiled](&s.history) {
		if *old == e && (f.On == ctx.OccurredOn || e.Hash != "" && f.On <= ctx.OccurredOn) {
			return nil, nil
		}
	}
	return &e, nil
}
