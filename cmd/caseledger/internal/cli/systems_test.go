package cli

import (
	"slices"
	"strings"
	"testing"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
)

// Given the catalogue and the registered types of events, then each command and each
// fact about the programme stands in one of the rulebook's 26 systems, once.
func TestSystemsAreComplete(t *testing.T) {
	if len(systems) != 26 {
		t.Errorf("%d systems, the rulebook has 26", len(systems))
	}
	// Who may act, whose identity ends and who looked are the ledger's own affairs.
	own := []string{"register-principal", "revoke-principal", "request-destruction", "confirm-destruction",
		"ledger.created", "principal.registered", "principal.revoked", "destruction.requested", "identity.destroyed", "identity.revealed"}
	stands := map[string]int{}
	for _, s := range systems {
		for _, name := range strings.Fields(s.commands + " " + s.facts) {
			stands[name]++
		}
	}
	var all []string
	for _, c := range app.Commands().Commands() {
		all = append(all, c.Name)
	}
	for _, typ := range events.Types() {
		all = append(all, strings.TrimSuffix(typ.Name, ".v1"))
	}
	for _, name := range all {
		if n := stands[name]; n != 1 && !slices.Contains(own, name) {
			t.Errorf("%s stands in %d systems, not in one", name, n)
		}
	}
	for name := range stands {
		if !slices.Contains(all, name) {
			t.Errorf("%s is neither a command nor a fact", name)
		}
	}
}
