// Package app holds the use cases of the ledger: it gives decisions a clock,
// looks up what they rest on, seals what identifies a person, and appends.
package app

import (
	"caseledger/aggregates"
	"caseledger/events"
)

// A Request is one command as it was given, whatever interface it came through.
type Request struct {
	Name          string         // of the command, such as "enroll-client"
	ID            string         // the same id with the same body is the same command, for ever
	OccurredOn    events.Date    // effective date; zero means the programme's today
	RecordedAt    events.Instant // only for ledgers with a simulated clock; zero means now
	Key           string         // public key that the giver proved to hold; see [App.Principal]
	Actor         string
	Role          string
	Agency        string // of the actor; may be empty
	CorrelationID string
	Command       aggregates.Command
}
