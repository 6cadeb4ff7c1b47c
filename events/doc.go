// Package events holds the facts of the ledger: what an event is, how it is
// written as a record, which event types exist, and what a [Log] of records
// must guarantee.
//
// A record is the exact byte string of one CloudEvents 1.0 JSON document. It is
// hashed, shown, exported and archived as it is and never encoded again. The
// format is described in FORMAT.md.
//
// The package imports the standard library, a ULID and a JSON codec, and
// nothing of the project. Everything else in the project may import it.
package events
