package events

var rosterTypes = []Type{
	define[PrincipalRegistered](KindRoster),
	define[PrincipalRevoked](KindRoster),
}

var lookTypes = []Type{
	define[IdentityRevealed](KindLook),
}

// PrincipalRegistered lets the holder of a key act on the ledger in one role.
// From the first one on the ledger says who gives a command, and no flag does.
type PrincipalRegistered struct {
	Principal string `json:"principal"`       // id, derived from the public key: the actor of its records
	PublicKey string `json:"public_key"`      // nkey of a user: U and 55 characters of base32
	Role      string `json:"role"`            // see package roster for the list
	Agency    string `json:"agency,omitzero"` // that the principal works for
	Worker    string `json:"worker,omitzero"` // coded id: two principals of one worker are one person
}

// EventType implements [Event].
func (*PrincipalRegistered) EventType() string { return "principal.registered.v1" }

// PrincipalRevoked ends what a principal may do, for ever: a new key is a new
// principal.
type PrincipalRevoked struct {
	Principal string `json:"principal"`
	Cause     string `json:"cause"` // left, role_changed, key_lost, key_compromised
}

// EventType implements [Event].
func (*PrincipalRevoked) EventType() string { return "principal.revoked.v1" }

// DestructionRequested asks that the keys of a client be destroyed, and with them
// everything that identifies the person (R32). Another principal confirms it.
type DestructionRequested struct {
	Grounds string      `json:"grounds"` // retention_ended, court_order
	Basis   []Reference `json:"basis,omitempty"`
}

// EventType implements [Event].
func (*DestructionRequested) EventType() string { return "destruction.requested.v1" }

// IdentityDestroyed orders the destruction of the client's keys: from this record
// on nothing unseals what was sealed, and nothing more is sealed (R32).
type IdentityDestroyed struct {
	Request string      `json:"request"` // ULID of the record that asked for it
	Basis   []Reference `json:"basis,omitempty"`
}

// EventType implements [Event].
func (*IdentityDestroyed) EventType() string { return "identity.destroyed.v1" }

// IdentityRevealed is a look at a person's identifying data, recorded on the
// stream ACCESS before the data is shown (R31).
type IdentityRevealed struct {
	Class   KeyClass `json:"class"`          // identity, or expense: the key that was used
	Grounds string   `json:"grounds"`        // role, agency, release or break_glass: what allowed it
	Purpose string   `json:"purpose"`        // see package auth for the list
	Until   Instant  `json:"until,omitzero"` // of break-glass: when it ends
	Shown   int      `json:"shown"`          // how many texts were to be shown
	Note    Secret   `json:"note,omitzero"`  // why, in words
}

// EventType implements [Event].
func (*IdentityRevealed) EventType() string { return "identity.revealed.v1" }

// Secrets implements [Confidential].
func (e *IdentityRevealed) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Note}}
}
