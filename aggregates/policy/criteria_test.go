package policy_test

import (
	"testing"

	"caseledger/aggregates/policy"
	"caseledger/events"
)

// complete returns every document that an agency needs, on file from a day to
// another one where it expires.
func complete(from, through events.Date) (c policy.Credentials) {
	for _, criterion := range policy.Criteria() {
		for _, r := range criterion.Requirements {
			to := events.Date(0)
			if r.Expires {
				to = through
			}
			c.File(r.Documents[0], from, to, 0)
		}
	}
	return c
}

func notMet(c policy.Credentials, day events.Date) (names []string) {
	for _, s := range c.CriteriaOn(day) {
		if !s.Met {
			names = append(names, s.Name)
		}
	}
	return names
}

func TestCriteria(t *testing.T) {
	first, last := events.MustDate("2008-04-01"), events.MustDate("2009-03-31")
	if n := len(policy.Criteria()); n != 9 {
		t.Fatalf("there are %d criteria, want nine (R27)", n)
	}
	seen := map[string]bool{}
	for i, c := range policy.Criteria() {
		if c.Number != i+1 || len(c.Requirements) == 0 || seen[c.Name] {
			t.Errorf("criterion %d is %+v", i+1, c)
		}
		seen[c.Name] = true
	}
	for _, name := range policy.Documents() {
		if seen[name] {
			t.Errorf("document %s stands twice", name)
		}
		seen[name] = true
		if _, r, found := policy.CriterionOf(name); !found || len(r.Documents) == 0 {
			t.Errorf("document %s shows no criterion", name)
		}
	}
	all := complete(first, last)
	for _, tc := range []struct {
		name   string
		change func(*policy.Credentials)
		day    events.Date
		want   []string
	}{
		{"complete on the first day", nil, first, nil},
		{"complete on the last day", nil, last, nil},
		{"nothing the day before", nil, first - 1, []string{"relevant_history", "on_site_capacity", "qualified_staff", "safe_environment",
			"community_partners", "other_services", "subcontract_terms", "registration", "audit"}},
		{"what expires has lapsed the day after", nil, last + 1, []string{"qualified_staff", "safe_environment", "community_partners",
			"subcontract_terms", "registration", "audit"}},
		{"revoked", func(c *policy.Credentials) { c.Revoke("ein", first+10) }, first + 10, []string{"registration"}},
		{"revoked later", func(c *policy.Credentials) { c.Revoke("ein", first+10) }, first + 9, nil},
		{"revoked and filed again", func(c *policy.Credentials) {
			c.Revoke("ein", first+10)
			c.File("ein", first+20, 0, 0)
		}, first + 20, nil},
		{"statements instead of the report", func(c *policy.Credentials) {
			c.Revoke("a133_report", first+10)
			c.File("audited_statements", first+5, last, 0)
		}, first + 30, nil},
		{"one of two requirements", func(c *policy.Credentials) { c.Revoke("after_hours_number", first+1) }, first + 1, []string{"safe_environment"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := append(policy.Credentials(nil), all...)
			if tc.change != nil {
				tc.change(&c)
			}
			got := notMet(c, tc.day)
			if len(got) != len(tc.want) {
				t.Fatalf("not met: %v, want %v", got, tc.want)
			}
			for i := range got {
				if got[i] != tc.want[i] {
					t.Errorf("not met: %v, want %v", got, tc.want)
				}
			}
		})
	}
}

// Given documents that overlap, when a criterion is asked about, then it holds to the
// end of the one that holds longest; and a lapsed one names the document that lapsed.
func TestCriterionThrough(t *testing.T) {
	first, last := events.MustDate("2008-04-01"), events.MustDate("2009-03-31")
	c := complete(first, last)
	c.File("audited_statements", first+100, last+60, 7)
	audit := c.CriteriaOn(first + 100)[8]
	if audit.Through != last+60 || audit.Shown[0].Credential.Document != "audited_statements" || audit.Shown[0].Credential.Record != 7 {
		t.Errorf("the audit criterion is %+v", audit)
	}
	if s := c.CriteriaOn(first)[0]; s.Through != 0 || !s.Met {
		t.Errorf("what does not expire is met through %s", s.Through)
	}
	lapsed := c.CriteriaOn(last + 61)[8]
	if lapsed.Met || lapsed.Through != 0 || lapsed.Shown[0].Credential.To != last+60 {
		t.Errorf("the lapsed audit criterion is %+v", lapsed)
	}
}
