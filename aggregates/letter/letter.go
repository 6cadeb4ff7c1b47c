// Package letter decides what may be recorded of one person's way to an HHS
// letter: a minor's discovery, request, notices and consultation, continued
// presence, bona fide dates, T status, interim assistance, the letter itself and
// its end, the application for permanent residence (R05–R10). Many of these may be
// the first that the ledger learns of a person.
package letter

import (
	"caseledger/aggregates"
	"caseledger/events"
)

// Aggregate returns the letter streams and their commands.
func Aggregate() aggregates.Aggregate {
	return aggregates.Aggregate{
		Kind: events.KindLetter,
		New:  func(s events.Subject) aggregates.State { return &State{client: s.ID()} },
		Commands: []aggregates.Spec{
			aggregates.Define(events.KindLetter, "request-letter", "R05", "record a request to HHS for a letter", decideRequest),
			aggregates.Define(events.KindLetter, "grant-continued-presence", "R05", "record that continued presence was granted", decideGrantPresence),
			aggregates.Define(events.KindLetter, "end-continued-presence", "R05", "record that continued presence ended", decideEndPresence),
			aggregates.Define(events.KindLetter, "apply-bona-fide", "R05", "record a bona fide T-visa application", decideApplyBonaFide),
			aggregates.Define(events.KindLetter, "determine-bona-fide", "R05", "record the bona fide determination", decideDetermineBonaFide),
			aggregates.Define(events.KindLetter, "approve-t-visa", "R07", "record that T nonimmigrant status was approved", decideApproveTVisa),
			aggregates.Define(events.KindLetter, "deny-t-visa", "R05", "record that the T-visa application was denied", decideDenyTVisa),
			aggregates.Define(events.KindLetter, "issue-interim-assistance", "R09", "record an interim assistance letter to a minor", decideIssueInterim),
			aggregates.Define(events.KindLetter, "extend-interim-assistance", "R09", "extend interim assistance by 30 days", decideExtendInterim),
			aggregates.Define(events.KindLetter, "issue-letter", "R05", "record that HHS issued a certification or eligibility letter", decideIssueLetter),
			aggregates.Define(events.KindLetter, "deny-letter", "R05", "record that HHS denied a request for a letter", decideDenyLetter),
			aggregates.Define(events.KindLetter, "end-certification", "R07", "record that a certification on continued presence ended", decideEndCertification),
			aggregates.Define(events.KindLetter, "report-minor", "R09", "record an official's notice to HHS of a minor who was discovered", decideReportMinor),
			aggregates.Define(events.KindLetter, "notify-departments", "R09", "record HHS's notice of a minor's request to Justice and Homeland Security", decideNotify),
			aggregates.Define(events.KindLetter, "hold-consultation", "R09", "record HHS's consultation on a child's eligibility", decideConsult),
			aggregates.Define(events.KindLetter, "file-lpr-application", "R07", "record that the holder of T status applied for permanent residence", decideFileLPR),
			aggregates.Define(events.KindLetter, "withdraw-letter-fact", "R24", "take back a record that was made in error", decideWithdrawFact),
		},
	}
}

// A State is the folded history of one person's way to a letter.
type State struct {
	client  string
	history aggregates.History
}

// Apply implements [aggregates.State].
func (s *State) Apply(r *events.Record) error { return s.history.Add(r, true) }

func target(client string) (events.Subject, error) {
	return events.NewSubject(events.KindLetter, client)
}

// recordedOn returns the standing fact of type E with a date, if there is one: the
// same thing said again.
func recordedOn[E events.Event](s *State, day events.Date) (e E, ok bool) {
	for f, e := range aggregates.Of[E](&s.history) {
		if f.On == day {
			return e, true
		}
	}
	return e, false
}

// WithdrawLetterFact takes back a record of this person that was made in error: it
// counts as if it had never been. Record the right fact anew (R24).
type WithdrawLetterFact struct {
	Client string `json:"client" doc:"coded id of the person" required:"true" format:"id" example:"C-7QK2M4"`
	Record string `json:"record" doc:"the record's id, or the id of the command that recorded it" required:"true" example:"01HZX0000000000000000000AB"`
	Reason string `json:"reason" doc:"why; sealed" required:"true" secret:"identity" example:"wrong person"`
}

// Target implements [aggregates.Command].
func (c *WithdrawLetterFact) Target(string) (events.Subject, error) { return target(c.Client) }

func decideWithdrawFact(s *State, c *WithdrawLetterFact, _ *aggregates.Context) (events.Event, error) {
	id, refusal := s.history.Withdrawal(c.Record, map[string]string{"letter-fact.withdrawn.v1": "record the fact anew"})
	if refusal != nil {
		return nil, refusal
	}
	if id == "" {
		return nil, nil
	}
	return &events.LetterFactWithdrawn{Record: id, Reason: events.Plain(c.Reason)}, nil
}
