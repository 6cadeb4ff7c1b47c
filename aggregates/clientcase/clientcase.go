// Package clientcase decides what may be recorded of one client's case, from
// screening to closure: who is enrolled where and when, who leads the case, what
// was delivered and spent, and what has to be taken back.
package clientcase

import (
	"caseledger/aggregates"
	"caseledger/events"
)

// Aggregate returns the case streams and their commands, in the order of a case.
func Aggregate() aggregates.Aggregate {
	return aggregates.Aggregate{
		Kind:     events.KindCase,
		New:      func(s events.Subject) aggregates.State { return newState(s.ID()) },
		Commands: commands(),
	}
}

func commands() []aggregates.Spec {
	return []aggregates.Spec{
		aggregates.Define(events.KindCase, "screen-client", "R01", "record a screening that does not go straight into an enrollment", decideScreen),
		aggregates.Define(events.KindCase, "enroll-client", "R01", "enroll a client at an agency", decideEnroll),
		enrolled("link-derivative", "R06", "set or replace a derivative's link to the principal", decideLinkDerivative),
		known("receive-letter", "R05", "record that the agency received an HHS letter", decideReceiveLetter),
		enrolled("end-eligibility", "R01", "record that funding ends for a reason in the client's status", decideEndEligibility),
		enrolled("record-turned-18", "R10", "record that a minor turned 18", decideTurned18),
		enrolled("correct-client", "R24", "correct facts of the enrollment", decideCorrect),
		known("give-consent", "R31", "record a client's release of information", decideGiveConsent),
		known("withdraw-consent", "R31", "end a client's release of information", decideWithdrawConsent),
		known("deliver-service", "R28", "record one service to the client", decideDeliverService),
		judged(known("book-expense", "R18", "book an actual client expense", decideBookExpense)),
		known("reverse-expense", "R24", "take an expense back wholly", decideReverseExpense),
		known("assign-lead", "R28", "make a worker the lead case manager of a case without one", decideAssignLead),
		known("lead-left", "R28", "record that the lead left and the supervisor is interim lead", decideLeadLeft),
		known("propose-hand-off", "R28", "propose another lead case manager", decideProposeHandOff),
		known("accept-hand-off", "R28", "accept the hand-off that was proposed", decideAcceptHandOff),
		known("decline-hand-off", "R28", "decline the hand-off that was proposed", decideDeclineHandOff),
		known("withdraw-hand-off", "R28", "take the proposed hand-off back", decideWithdrawHandOff),
		enrolled("propose-transfer", "R21", "propose that another agency takes the client", decideProposeTransfer),
		enrolled("accept-transfer", "R21", "take over the client from another agency", decideAcceptTransfer),
		enrolled("decline-transfer", "R21", "decline to take over the client", decideDeclineTransfer),
		enrolled("request-extension", "R22", "ask for one more service period", decideRequestExtension),
		enrolled("decide-extension", "R22", "decide the extension that was requested", decideDecideExtension),
		enrolled("approve-period", "R22", "approve one service period for payment", decideApprovePeriod),
		enrolled("start-placement", "R11", "place a minor in the Unaccompanied Refugee Minor programme", decideStartPlacement),
		enrolled("end-placement", "R11", "end a placement in the Unaccompanied Refugee Minor programme", decideEndPlacement),
		known("set-intensity", "R28", "say how much work the case is", decideSetIntensity),
		enrolled("close-service", "R23", "close the service component, which ends enrollment and funding", decideCloseService),
		enrolled("reopen-service", "R23", "enroll a former client again", decideReopenService),
		enrolled("close-component", "R28", "close the immigration or criminal-prosecution component", decideCloseComponent),
		enrolled("reopen-component", "R28", "reopen the immigration or criminal-prosecution component", decideReopenComponent),
		known("withdraw-case-fact", "R24", "take back a record that was made in error", decideWithdrawFact),
		known("request-destruction", "R32", "ask that the keys of a client be destroyed", decideRequestDestruction),
		known("confirm-destruction", "R32", "destroy the keys of a client as another principal requested", decideConfirmDestruction),
	}
}

type decider[P any] func(*State, P, *aggregates.Context) (events.Event, error)

// known defines a command for a case that has records.
func known[C any, P interface {
	*C
	aggregates.Command
}](name, rule, summary string, decide decider[P]) aggregates.Spec {
	return aggregates.Define(events.KindCase, name, rule, summary,
		func(s *State, c P, ctx *aggregates.Context) (events.Event, error) {
			if s.history.Len() == 0 {
				return nil, aggregates.Refuse("", "unknown_client", "client %s is unknown", s.client).On("client").
					WithHint("screen-client or enroll-client comes first")
			}
			return decide(s, c, ctx)
		})
}

// enrolled defines a command for a case with an enrollment, whether or not it is
// open on the effective date.
func enrolled[C any, P interface {
	*C
	aggregates.Command
}](name, rule, summary string, decide decider[P]) aggregates.Spec {
	return known(name, rule, summary, func(s *State, c P, ctx *aggregates.Context) (events.Event, error) {
		if len(s.course().spells) == 0 {
			return nil, aggregates.Refuse("R01", "never_enrolled", "client %s was never enrolled", s.client).On("client").
				WithHint("enroll-client comes first")
		}
		return decide(s, c, ctx)
	})
}

func target(client string) (events.Subject, error) {
	return events.NewSubject(events.KindCase, client)
}

// opening is the target of a command that may open a case.
func opening(client, commandID string) (events.Subject, error) {
	if client == "" {
		client = aggregates.NewID("C", commandID)
	}
	return target(client)
}
