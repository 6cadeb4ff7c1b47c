package audit_test

import (
	"testing"

	"pgregory.net/rapid"

	"caseledger/events"
	"caseledger/projections/projtest"
	"caseledger/replay/audit"
	"caseledger/replay/prooftest"
)

var ledger = events.LedgerCreated{Name: prooftest.Name}

// Given looks, then they are what was promised; given none, then that is right too.
func TestVerifyLooks(t *testing.T) {
	l := prooftest.New(t)
	l.Looked(t, 300)
	of, _ := l.Issue(t).Signed.Looks()
	for what, src := range map[string]audit.Source{"stream": &l.Looks, "archive": l.LooksArchive} {
		r, err := audit.VerifyLooks(t.Context(), src, ledger, []audit.Expectation{audit.Expect("the checkpoint", of, nil)}, nil)
		if err != nil || r.Records != 303 || len(r.Held) != 1 || r.Subjects != 2 {
			t.Errorf("%s: %+v, %v", what, r, err)
		}
	}
	if r, err := audit.VerifyLooks(t.Context(), &projtest.Stream{}, ledger, nil, nil); err != nil || r.Records != 0 {
		t.Errorf("none: %+v, %v", r, err)
	}
	if _, err := audit.VerifyLooks(t.Context(), &l.Looks, events.LedgerCreated{Name: "another"}, nil, nil); err == nil {
		t.Error("another ledger's looks were taken")
	}
	if _, err := audit.VerifyLooks(t.Context(), l, ledger, nil, nil); err == nil {
		t.Error("records of cases were taken for looks")
	}
}

// Given any one look that was changed, left out, doubled or moved, then verifying
// against the last checkpoint finds it.
func TestVerifyLooksFinds(t *testing.T) {
	l := prooftest.New(t)
	l.Looked(t, 40)
	of, _ := l.Issue(t).Signed.Looks()
	expect := []audit.Expectation{audit.Expect("the checkpoint", of, nil)}
	rapid.Check(t, func(rt *rapid.T) {
		m := altered(rt, l.Looks.Messages)
		if _, err := audit.VerifyLooks(t.Context(), &projtest.Stream{Messages: m}, ledger, expect, nil); err == nil {
			rt.Fatal("nothing was found")
		}
	})
}
