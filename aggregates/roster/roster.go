// Package roster decides who may act on the ledger: principals, each with a key
// of its own, registered in one role and revoked for ever.
//
// All of them stand on one subject, so that one append expects the last: the last
// operator cannot be revoked by two commands at once.
package roster

import (
	"crypto/sha256"
	"encoding/base32"
	"slices"

	"github.com/nats-io/nkeys"

	"caseledger/aggregates"
	"caseledger/events"
)

// Aggregate returns the roster's stream and its commands.
func Aggregate() aggregates.Aggregate {
	return aggregates.Aggregate{
		Kind: events.KindRoster,
		New:  func(events.Subject) aggregates.State { return &State{} },
		Commands: []aggregates.Spec{
			aggregates.Define(events.KindRoster, "register-principal", "R31", "let the holder of a key act on the ledger in one role", decideRegister),
			aggregates.Define(events.KindRoster, "revoke-principal", "R31", "end what a principal may do", decideRevoke),
		},
	}
}

// Operator is the role of whoever runs the ledger. It is the role of the first
// principal, and one operator always remains: without one nobody could register
// anybody any more.
const Operator = "operator"

// atAgency are the roles that mean nothing without an agency.
var atAgency = []string{"case_manager", "supervisor"}

// PrincipalID is the id of the principal who holds a public key: one key is one
// principal, for ever. It is P- and 80 bits of the key's SHA-256.
func PrincipalID(publicKey string) string {
	sum := sha256.Sum256([]byte(publicKey))
	return "P-" + base32.StdEncoding.EncodeToString(sum[:10])
}

// publicKeyLength is that of every public key: a longer text could be another
// spelling of the same key.
const publicKeyLength = 56

// A Principal is someone who may act on the ledger.
type Principal struct {
	ID, PublicKey        string
	Role, Agency, Worker string // agency and worker may be empty
	Revoked              bool
}

// A State is the folded history of the roster.
type State struct {
	principals []Principal // in order of registration
	facts      []string    // ids of their registrations
}

// Apply implements [aggregates.State].
func (s *State) Apply(r *events.Record) error {
	event, err := r.Event()
	if err != nil {
		return err
	}
	switch e := event.(type) {
	case *events.PrincipalRegistered:
		s.principals = append(s.principals, Principal{e.Principal, e.PublicKey, e.Role, e.Agency, e.Worker, false})
		s.facts = append(s.facts, r.ID)
	case *events.PrincipalRevoked:
		if i := s.index(e.Principal); i >= 0 {
			s.principals[i].Revoked = true
		}
	}
	return nil
}

func (s *State) index(id string) int {
	return slices.IndexFunc(s.principals, func(p Principal) bool { return p.ID == id })
}

// Principals returns everyone who was ever registered, in that order. They must
// not be changed.
func (s *State) Principals() []Principal { return s.principals }

// Find returns the principal of an id, also one who was revoked.
func (s *State) Find(id string) (Principal, bool) {
	if i := s.index(id); i >= 0 {
		return s.principals[i], true
	}
	return Principal{}, false
}

// SamePerson reports whether two actors are one person as far as the roster
// knows: the same principal, or two principals of one worker.
func (s *State) SamePerson(a, b string) bool {
	if a == b {
		return true
	}
	pa, _ := s.Find(a)
	pb, _ := s.Find(b)
	return pa.Worker != "" && pa.Worker == pb.Worker
}

// RegisterPrincipal lets the holder of a key act in one role. The key is the
// public part that "caseledger identity new" prints; its holder keeps the other.
type RegisterPrincipal struct {
	PublicKey string `json:"public_key" doc:"public key of the identity: U and 55 letters and digits" required:"true" example:"UAYXNG5BRCUM7CQICADYSBD2J3P47O45KI5AV6ABQPA7D56FE2NLD56I"`
	AsRole    string `json:"as_role" doc:"in what role" required:"true" enum:"case_manager,supervisor,prime_contractor,monitor,auditor,federal_reporter,operator,hhs" example:"operator"`
	Agency    string `json:"agency" doc:"agency that the principal works for; required for case managers and supervisors" format:"id" example:"A-017"`
	Worker    string `json:"worker" doc:"coded id of the worker; two principals of one worker are one person" format:"id" example:"W-1B2"`
}

// Target implements [aggregates.Command].
func (c *RegisterPrincipal) Target(string) (events.Subject, error) { return events.RosterSubject, nil }

// Needs implements [aggregates.Dependent].
func (c *RegisterPrincipal) Needs(aggregates.State) (needs []events.Subject) {
	if c.Agency != "" {
		needs = append(needs, events.SubjectOf(events.KindAgency, c.Agency))
	}
	if c.Worker != "" {
		needs = append(needs, events.SubjectOf(events.KindWorker, c.Worker))
	}
	return needs
}

func decideRegister(s *State, c *RegisterPrincipal, ctx *aggregates.Context) (events.Event, error) {
	if len(c.PublicKey) != publicKeyLength || !nkeys.IsValidPublicUserKey(c.PublicKey) {
		return nil, aggregates.Refuse("", "malformed_key", "%q is not the public key of an identity", c.PublicKey).On("public_key").
			WithHint("caseledger identity show prints it")
	}
	if refusal := c.refusal(s, ctx.Basis); refusal != nil {
		return nil, refusal
	}
	id := PrincipalID(c.PublicKey)
	want := Principal{id, c.PublicKey, c.AsRole, c.Agency, c.Worker, false}
	if i := s.index(id); i >= 0 {
		switch {
		case s.principals[i] == want:
			return nil, nil
		case s.principals[i].Revoked:
			return nil, aggregates.Refuse("R31", "key_revoked", "principal %s was revoked for ever", id).On("public_key").
				WithHint("make a new identity").Citing(s.facts[i])
		}
		return nil, aggregates.Refuse("R31", "key_taken", "principal %s has this key, as %s", id, s.principals[i].Role).On("public_key").
			WithHint("one key is one principal in one role: make another identity").Citing(s.facts[i])
	}
	return &events.PrincipalRegistered{Principal: id, PublicKey: c.PublicKey, Role: c.AsRole, Agency: c.Agency, Worker: c.Worker}, nil
}

// refusal says what speaks against the role, the agency or the worker.
func (c *RegisterPrincipal) refusal(s *State, basis aggregates.Basis) *aggregates.Refusal {
	switch {
	case len(s.principals) == 0 && c.AsRole != Operator:
		return aggregates.Refuse("R31", "first_is_operator", "the first principal must be an operator: from then on only operators register others").On("as_role")
	case slices.Contains(atAgency, c.AsRole) && c.Agency == "":
		return aggregates.Refuse("R31", "no_agency", "a %s works for an agency", c.AsRole).On("agency")
	case c.Agency != "" && !basis[events.SubjectOf(events.KindAgency, c.Agency)].Exists():
		return aggregates.Unknown("", events.KindAgency, c.Agency)
	case c.Worker != "" && !basis[events.SubjectOf(events.KindWorker, c.Worker)].Exists():
		return aggregates.Unknown("", events.KindWorker, c.Worker)
	}
	return nil
}

// RevokePrincipal ends what a principal may do, from the moment it is recorded.
type RevokePrincipal struct {
	Principal string `json:"principal" doc:"id of the principal" required:"true" format:"id" example:"P-64LMDZTIMZGQNRWF"`
	Cause     string `json:"cause" doc:"why" required:"true" enum:"left,role_changed,key_lost,key_compromised" example:"left"`
}

// Target implements [aggregates.Command].
func (c *RevokePrincipal) Target(string) (events.Subject, error) { return events.RosterSubject, nil }

func decideRevoke(s *State, c *RevokePrincipal, _ *aggregates.Context) (events.Event, error) {
	i := s.index(c.Principal)
	switch {
	case i < 0:
		return nil, aggregates.Refuse("", "unknown_principal", "there is no principal %s", c.Principal).On("principal")
	case s.principals[i].Revoked:
		return nil, nil
	case s.principals[i].Role == Operator && s.operators() == 1:
		return nil, aggregates.Refuse("R31", "last_operator", "principal %s is the last operator", c.Principal).On("principal").
			WithHint("register another operator first")
	}
	return &events.PrincipalRevoked{Principal: c.Principal, Cause: c.Cause}, nil
}

func (s *State) operators() (n int) {
	for _, p := range s.principals {
		if p.Role == Operator && !p.Revoked {
			n++
		}
	}
	return n
}
