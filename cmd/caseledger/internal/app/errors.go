package app

import (
	"fmt"
	"strings"

	"caseledger/events"
)

// An InputError reports input that is not a well-formed command, whatever the
// ledger holds.
type InputError struct {
	Line    int    // of the file, from 1; 0 when it did not come from a file
	Field   string // at fault; may be empty
	Problem string // lower case, no full stop
	Hint    string // may be empty
}

func (e *InputError) Error() string {
	var b strings.Builder
	if e.Line > 0 {
		fmt.Fprintf(&b, "line %d: ", e.Line)
	}
	if e.Field != "" {
		fmt.Fprintf(&b, "%s: ", e.Field)
	}
	b.WriteString(e.Problem)
	return b.String()
}

// A CommandReusedError reports a command id that belongs to another command:
// the same id with another body is never recorded.
type CommandReusedError struct {
	ID       string
	Sequence uint64         // of the record that the id belongs to
	Subject  events.Subject // of that record; empty when it was not read
}

func (e *CommandReusedError) Error() string {
	s := fmt.Sprintf("id: %q was already used by record #%d", e.ID, e.Sequence)
	if e.Subject != "" {
		s += " of " + string(e.Subject)
	}
	return s + ", with another body"
}

// A ContentionError reports a command that lost against other writers, or got no
// acknowledgement, as often as it may be tried. Whether it stands is known: it
// does not, unless Err is [events.ErrUncertain].
type ContentionError struct {
	Subject  events.Subject
	Attempts int
	Err      error // of the last attempt
}

func (e *ContentionError) Error() string {
	return fmt.Sprintf("record on %s: gave up after %d attempts: %v", e.Subject, e.Attempts, e.Err)
}

func (e *ContentionError) Unwrap() error { return e.Err }

// Faults takes joined errors apart, so that each can be shown on its own.
func Faults(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var texts []string
	var all []error
	for _, e := range joined.Unwrap() {
		texts = append(texts, e.Error())
		all = append(all, Faults(e)...)
	}
	if err.Error() != strings.Join(texts, "\n") {
		return []error{err} // it says something of its own, and wraps
	}
	return all
}
