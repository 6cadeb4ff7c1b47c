package projections_test

import (
	"reflect"
	"testing"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
)

// Given the types that views leave out, then the policy folds none of them.
func TestNoFacts(t *testing.T) {
	for _, name := range projections.NoFacts() {
		typ, found := events.LookupType(name)
		if !found {
			t.Errorf("%s is not an event type", name)
			continue
		}
		f := &policy.Facts{}
		r := &events.Record{Envelope: events.Envelope{Type: name, Subject: events.SubjectOf(typ.Kind, "C-1"), Version: 1}}
		if err := f.Apply(r); err != nil || !reflect.DeepEqual(f, &policy.Facts{}) {
			t.Errorf("the policy folds %s: %+v, %v", name, f, err)
		}
	}
}
