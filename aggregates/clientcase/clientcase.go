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
		enrolled("refer-placement", "R11", "ask a State's Unaccompanied Refugee Minor programme to take a minor", decideReferPlacement),
		enrolled("start-placement", "R11", "place a minor in the Unaccompanied Refugee Minor programme", decideStartPlacement),
		enrolled("end-placement", "R11", "end a placement in the Unaccompanied Refugee Minor programme", decideEndPlacement),
		enrolled("establish-guardianship", "R11", "record a court's order that gives a minor a legal guardian", decideGuardianship),
		known("set-intensity", "R28", "say how much work the case is", decideSetIntensity),
		enrolled("close-service", "R23", "close the service component, which ends enrollment and funding", decideCloseService),
		enrolled("reopen-service", "R23", "enroll a former client again", decideReopenService),
		enrolled("close-component", "R28", "close the immigration or criminal-prosecution component", decideCloseComponent),
		enrolled("reopen-component", "R28", "reopen the immigration or criminal-prosecution component", decideReopenComponent),
		known("assess-need", "R28", "record a need of the client, and strengths to build on", decideAssessNeed),
		known("set-goal", "R28", "record a goal that the client set", decideSetGoal),
		known("agree-plan", "R28", "record a service plan agreed with the client", decideAgreePlan),
		known("record-progress", "R28", "say where a goal stands", decideRecordProgress),
		known("make-contact", "R28", "record a contact with or for the client", decideMakeContact),
		known("use-interpreter", "R28", "record an interpreter or a translation", decideUseInterpreter),
		known("inform-client", "R28", "record that the client was told about a process", decideInformClient),
		known("name-emergency-contact", "R28", "record whom the client wants called in an emergency", decideNameEmergencyContact),
		known("handle-emergency", "R28", "record a call for help and how soon it was answered", decideHandleEmergency),
		known("file-document", "R28", "say that a document lies in the client's file", decideFileDocument),
		enrolled("reach-milestone", "R28", "record a step of the immigration or criminal-prosecution component", decideReachMilestone),
		enrolled("set-court-date", "R28", "record an appointment of the immigration or criminal-prosecution component", decideSetCourtDate),
		enrolled("end-court-date", "R28", "say what became of an appointment", decideEndCourtDate),
		enrolled("record-outcome", "R28", "record what the client reached", decideRecordOutcome),
		known("refer-benefit", "R28", "send the client to apply for a public benefit", decideReferBenefit),
		known("approve-benefit", "R28", "record that a public benefit was granted", decideApproveBenefit),
		known("deny-benefit", "R28", "record that a public benefit was refused", decideDenyBenefit),
		known("renew-benefit", "R28", "prolong a public benefit", decideRenewBenefit),
		known("end-benefit", "R28", "end a public benefit", decideEndBenefit),
		known("refer-service", "R31", "send the client to a provider of the partner directory", decideReferService),
		known("answer-service-referral", "R28", "record the provider's answer to a referral", decideAnswerServiceReferral),
		known("record-alternative-relief", "R05", "record a path other than certification", decideRecordAlternativeRelief),
		known("record-other-funding", "R16", "record a cost that another funder bears", decideRecordOtherFunding),
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
