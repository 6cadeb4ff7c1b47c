package statistics

import (
	"caseledger/aggregates/policy"
	"caseledger/events"
)

// Count returns how a case's row counts over a range of days.
func Count(b []byte, first, last events.Date) (policy.Category, policy.Status, error) {
	var p person
	err := p.read(b)
	return p.category(first, last), p.lastStatus(first, last), err
}
