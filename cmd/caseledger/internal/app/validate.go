package app

import "caseledger/aggregates"

// validate checks a command against the constraints of its fields.
func (c *Command) validate(cmd aggregates.Command) error {
	return nil
}
