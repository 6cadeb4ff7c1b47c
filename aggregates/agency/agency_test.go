package agency_test

import (
	"slices"
	"testing"

	"caseledger/aggregates"
	"caseledger/aggregates/agency"
	"caseledger/aggregates/policy"
)

// TestListsOfThePolicy holds the lists of the commands' fields, which stand in tags,
// against the policy's.
func TestListsOfThePolicy(t *testing.T) {
	var criteria []string
	for _, c := range policy.Criteria() {
		criteria = append(criteria, c.Name)
	}
	lists := map[string][]string{
		"record-credential document": policy.Documents(), "revoke-credential document": policy.Documents(),
		"hold-review met": criteria, "raise-finding criterion": criteria,
	}
	found := 0
	for _, spec := range agency.Aggregate().Commands {
		for _, f := range aggregates.Fields(spec.New()) {
			want, listed := lists[spec.Name+" "+f.Name]
			if !listed {
				continue
			}
			if found++; !slices.Equal(f.Enum, want) {
				t.Errorf("%s: field %s takes %v, the policy has %v", spec.Name, f.Name, f.Enum, want)
			}
		}
	}
	if found != len(lists) {
		t.Errorf("found %d of %d lists", found, len(lists))
	}
}
