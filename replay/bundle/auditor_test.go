package bundle_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"caseledger/events"
	"caseledger/projections/projtest"
	"caseledger/replay/bundle"
	"caseledger/replay/checkpoint"
	"caseledger/replay/prooftest"
)

// billed is a ledger in which D-1, a derivative of C-1, was with, of which only
// A-1 ever billed.
func billed(t testing.TB) (*prooftest.Ledger, *checkpoint.State) {
	t.Helper()
	l := prooftest.New(t)
	l.Grow(t, 10)
	l.Add(t, projtest.Entry{Subject: "case/D-1", On: "2008-02-01", Event: &events.ClientEnrolled{
		Agency: "A-1", Class: "derivative", AgeGroup: "adult", Sex: "unknown", Form: "unknown", Derivative: &events.DerivativeLink{Principal: "C-1"}}})
	l.Add(t, projtest.Entry{Subject: "billing/A-1", On: "2008-03-05", Event: &events.InvoiceGenerated{
		Number: 1, Month: "2008-02", Closing: events.MustDate("2008-02-29"), Made: events.LedgerPosition{Sequence: 3},
		Lines: []events.InvoiceLine{
			{BilledKey: events.BilledKey{Kind: "client", Client: "D-1", Expense: projtest.ID(9)}, Start: events.MustDate("2008-02-02"), End: events.MustDate("2008-02-02"), Cents: 100, Rule: "R17"},
			{BilledKey: events.BilledKey{Kind: "client", Client: "C-5", Expense: projtest.ID(8)}, Start: events.MustDate("2008-02-02"), End: events.MustDate("2008-02-02"), Cents: 200, Rule: "R17"},
		},
		Totals: events.InvoiceTotals{Lines: 2, ClientCents: 300, TotalCents: 300},
	}})
	l.Add(t, projtest.Entry{Subject: "billing/A-9", On: "2008-03-05", Event: &events.AdvanceIssued{Client: "C-5", AmountCents: 1}})
	l.Add(t, projtest.Entry{Subject: "case/D-1", On: "2008-03-06", Event: &events.TransferAccepted{From: "A-1", To: "A-2"}})
	s := l.Issue(t)
	l.Add(t, projtest.Entry{Subject: "case/D-1", On: "2008-03-07", Event: &events.TransferAccepted{From: "A-2", To: "A-9"}}) // later
	return l, s
}

func auditors(t testing.TB, l *prooftest.Ledger, s *checkpoint.State, client string) []byte {
	t.Helper()
	b, err := bundle.MakeForAuditor(client, s, l.Archive, l.History, l.Key)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Given an auditor's bundle, then it proves the whole billing of the agencies that the case
// names, the principal's case, and that the other agency billed nothing; and a line that the
// records do not bear out is found, although the ledger signed it.
func TestAuditorsBundle(t *testing.T) {
	l, s := billed(t)
	p, err := bundle.Check(auditors(t, l, s, "D-1"), l.Key)
	if err != nil {
		t.Fatal(err)
	}
	if !p.Auditor || len(p.Billing) != 1 || len(p.Records) != 2 || p.Billing[0].Subject != "billing/A-1" {
		t.Errorf("%+v", p)
	}
	r, err := p.Trace(t.Context())
	if err != nil || r.Invoices != 1 || len(r.Lines) != 1 || len(r.Differences) == 0 || r.Differences[0].Client != "D-1" {
		t.Errorf("%+v, %v", r, err)
	}
	b := string(auditors(t, l, s, "D-1"))
	for text, want := range map[string]bool{
		"subject case/C-1 ": true, "subject billing/A-1 1 ": true, "subject billing/A-2 0 ": true, "billing/A-9": false, "case/C-5": false, `"client":"C-5"`: true,
	} {
		if strings.Contains(b, text) != want {
			t.Errorf("it holds %q: %v", text, !want)
		}
	}
	own := string(build(t, l, s, "D-1"))
	for _, text := range []string{"C-5", "billing", "case/C-1"} {
		if strings.Contains(own, text) {
			t.Errorf("the client's own bundle holds %q", text)
		}
	}
}

// Given an auditor's bundle, then every byte of it matters. (A third of them, unless the long tests run.)
func TestEveryByteOfAnAuditorsBundle(t *testing.T) {
	l, s := billed(t)
	b := auditors(t, l, s, "D-1")
	end := bytes.LastIndex(b, []byte("end "))
	dice := rand.New(rand.NewPCG(9, 10))
	mutations, step := 0, 3
	if os.Getenv("CASELEDGER_LONG") != "" {
		step = 1
	}
	for i := dice.IntN(step); i < len(b); i += step {
		m := bytes.Clone(b)
		m[i] ^= 1 << dice.IntN(8)
		mutations++
		if i >= end {
			refused(t, m, l.Key, fmt.Sprintf("byte %d flipped", i))
		} else {
			refused(t, sealed(m), l.Key, fmt.Sprintf("byte %d flipped, digest made to fit", i))
		}
	}
	t.Logf("%d mutations, 0 accepted", mutations)
	if mutations < 2_000 {
		t.Errorf("only %d mutations", mutations)
	}
}

// Given somebody who knows the format and leaves out an agency's billing, the principal, or
// says that it is the other kind of bundle, then it is refused.
func TestForgedForAnAuditor(t *testing.T) {
	l, s := billed(t)
	text := string(auditors(t, l, s, "D-1"))
	without := func(text, name string) string {
		at := strings.Index(text, "\nsubject "+name) + 1
		next := at + 1 + strings.Index(text[at+1:], "\nsubject ") + 1
		if rest := text[at+1:]; !strings.Contains(rest, "\nsubject ") {
			next = at + 1 + strings.Index(rest, "\nrecords ") + 1
		}
		return text[:at] + text[next:]
	}
	for _, name := range []string{"case/C-1 ", "billing/A-1 ", "billing/A-2 "} {
		m := without(text, name)
		if m == text || strings.Contains(m, "subject "+name) {
			t.Fatalf("%s was not left out", name)
		}
		refused(t, sealed([]byte(m)), l.Key, "without "+name)
	}
	refused(t, sealed([]byte(strings.Replace(text, "caseledger auditor's bundle 1", "caseledger bundle 1", 1))), l.Key, "as a client's bundle")
	own := string(build(t, l, s, "D-1"))
	refused(t, sealed([]byte(strings.Replace(own, "caseledger bundle 1", "caseledger auditor's bundle 1", 1))), l.Key, "a client's bundle as an auditor's")
	short := func(s events.Subject) ([]*events.Record, error) {
		all, err := l.History(s)
		if s.Kind() == events.KindBilling {
			all = slices.Delete(slices.Clone(all), 0, len(all))
		}
		return all, err
	}
	if _, err := bundle.MakeForAuditor("D-1", s, l.Archive, short, l.Key); err == nil {
		t.Error("a bundle was made without the invoices")
	}
}
