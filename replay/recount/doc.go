// Package recount answers one question: what would a careful auditor with a
// calendar say that one client is entitled to on a closing date?
//
// It walks from the first enrolled day one day at a time, holding explicit
// counters, so that it can be read beside the rulebook. It shares no code with
// the package that the ledger itself calculates with: the two were written
// apart, from the rulebook's text, and are compared on random histories. Where
// the text can be read in more than one way, READINGS.md says what was chosen.
package recount
