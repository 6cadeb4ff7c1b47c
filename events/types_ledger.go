package events

var ledgerTypes = []Type{
	define[LedgerCreated](KindLedger),
}

// LedgerCreated is the genesis: record 1 of every ledger.
type LedgerCreated struct {
	Name        string `json:"name"`
	VerifierKey string `json:"verifier_key"` // public key of checkpoints, in the form of a C2SP signed note
	// SimulatedClock marks a ledger of samples, worked examples or benchmarks:
	// only there may a command say when it was recorded.
	SimulatedClock bool   `json:"simulated_clock,omitzero"`
	TimeZone       string `json:"time_zone"` // the programme's day, such as America/New_York
}

// EventType implements [Event].
func (*LedgerCreated) EventType() string { return "ledger.created.v1" }
