// Package agency decides what may be recorded of a subcontracted agency: its
// subcontract, its locations and suspensions, the documents that show the nine
// criteria, who answers for it, and what monitors find (R27, R28).
package agency

import (
	"caseledger/aggregates"
	"caseledger/events"
)

// Aggregate returns the agency streams and their commands.
func Aggregate() aggregates.Aggregate {
	return aggregates.Aggregate{
		Kind: events.KindAgency,
		New:  func(s events.Subject) aggregates.State { return &State{agency: s.ID()} },
		Commands: []aggregates.Spec{
			aggregates.Define(events.KindAgency, "sign-subcontract", "R27", "sign or renew the subcontract of an agency", decideSign),
			known("end-subcontract", "R27", "end the subcontract of an agency", decideEnd),
			known("suspend-agency", "R27", "stop new enrollments at an agency", decideSuspend),
			known("reinstate-agency", "R27", "lift the suspension of an agency", decideReinstate),
			known("open-location", "", "add a place at which an agency serves clients", decideOpenLocation),
			known("close-location", "", "end a place at which an agency serves clients", decideCloseLocation),
			known("record-credential", "R27", "file a document that shows one of the nine criteria", decideRecordCredential),
			known("revoke-credential", "R27", "end what a document shows before it expires", decideRevokeCredential),
			known("name-point-of-contact", "R28", "name an agency's single point of contact", decidePointOfContact),
			known("assign-on-call", "R27", "say who answers the after-hours number", decideOnCall),
			known("sign-memorandum", "", "record a memorandum of understanding with a partner", decideSignMemorandum),
			known("end-memorandum", "", "end a memorandum of understanding", decideEndMemorandum),
			known("hold-review", "R28", "record a monitor's review of an agency", decideHoldReview),
			known("raise-finding", "", "record something that is out of line at an agency", decideRaiseFinding),
			known("agree-corrective-action", "", "record what an agency will do about a finding", decideCorrectiveAction),
			known("close-finding", "", "record that a finding was corrected", decideCloseFinding),
			known("give-consultation", "R28", "record technical assistance or a consultation on a case", decideConsultation),
		},
	}
}

// known defines a command that only an agency with records can take.
func known[C any, P interface {
	*C
	aggregates.Command
}](name, rule, summary string, decide func(*State, P, *aggregates.Context) (events.Event, error)) aggregates.Spec {
	return aggregates.Define(events.KindAgency, name, rule, summary,
		func(s *State, c P, ctx *aggregates.Context) (events.Event, error) {
			if s.history.Len() == 0 {
				return nil, aggregates.Unknown("", events.KindAgency, s.agency)
			}
			return decide(s, c, ctx)
		})
}

func target(agency string) (events.Subject, error) {
	return events.NewSubject(events.KindAgency, agency)
}
