package compliance

import (
	"fmt"
	"slices"
	"strings"

	"caseledger/aggregates/policy"
	"caseledger/events"
)

// A Rule is one entry of the table of rules.
type Rule struct {
	ID       string   `json:"rule"`   // number of the rulebook's rule, a dot, and a word or the number of a criterion
	Source   string   `json:"source"` // S0 to S4, law, or ours
	Severity Severity `json:"severity"`
	Sentence string   `json:"sentence"` // what is out of line
	LooksAt  string   `json:"looks_at"` // which facts it takes
	Shows    string   `json:"shows"`    // which records are the evidence
	Hint     string   `json:"hint"`     // what to do
}

// A rule is an entry with the function that finds its exceptions in one subject, as
// a finder of days; rules without one hold subjects against each other, see desk.
type rule struct {
	Rule
	file    finder[*caseFile]
	agency  finder[*agencyFile]
	request finder[*requestFile]
	say     func(*span) string
}

// Rules returns the table, in the order of the rulebook.
func Rules() []Rule {
	list := make([]Rule, len(rules))
	for i := range rules {
		list[i] = rules[i].Rule
	}
	return list
}

// rules is the table. Rows name a rule by its place in it: a change of the table is
// another version of the view.
var rules = slices.Concat(letterRules(), moneyRules(), criteriaRules(), agencyRules(), leadRules(), practiceRules(), otherRules())

// Find returns the entry of a rule, and false when there is none.
func Find(id string) (Rule, bool) {
	if i := indexOf(id); i >= 0 {
		return rules[i].Rule, true
	}
	return Rule{}, false
}

// Matching returns the ids of the rules that a filter's rule selects: the one of that
// id, or for "R28" all of R28.
func Matching(selected string) (ids []string) {
	for _, r := range rules {
		if r.matches(selected) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

func (r *Rule) matches(selected string) bool {
	return selected == "" || r.ID == selected || strings.HasPrefix(r.ID, selected+".")
}

func indexOf(id string) int {
	return slices.IndexFunc(rules, func(r rule) bool { return r.ID == id })
}

func letterRules() []rule {
	return []rule{
		{Rule: Rule{"R05.missing", "S1, 22 USC 7105(b)", Major, "HHS issued a letter that is not on file a month later",
			"HHS's letters and the letters received in the case", "HHS's letter", "ask the client and HHS for the letter, then receive-letter"}},
		{Rule: Rule{"R05.mismatch", "S1, ours", Critical, "the letter on file differs from HHS's",
			"HHS's letters and the letters received in the case", "the receipt and HHS's letter", "compare the letters; withdraw-case-fact and receive-letter again"}},
		{Rule: Rule{"R05.unissued", "S1, ours", Critical, "a letter is on file that HHS did not issue",
			"HHS's letters and the letters received in the case", "the receipt", "ask HHS; withdraw-case-fact if it is another client's"}},
		{Rule: Rule{"R07.ended", "S1", Critical, "HHS ended the certification and the case goes on as certified",
			"HHS's word that a certification is over, and the case's eligibility", "HHS's record", "end-eligibility, and see what was paid since"}},
		{Rule: Rule{"R09.notice", "22 USC 7105(b)(1)(G)", Minor, "an official took more than 24 hours to tell HHS of a minor",
			"reports of minors and requests for assistance from 2008-12-23 on", "the report or the request", "remind the office; the day cannot be put right"},
			request: lateNotice, say: func(s *span) string {
				return fmt.Sprintf("HHS heard of the minor after %d hours; 24 are allowed", s.n)
			}},
		{Rule: Rule{"R09.departments", "22 USC 7105(b)(1)(G)", Minor, "Justice and Homeland Security were not told of a request within 24 hours",
			"requests for assistance of minors from 2008-12-23 on, and HHS's notices", "the request or the notice", "notify-departments"},
			request: lateDepartments, say: func(s *span) string {
				if s.n > 0 {
					return fmt.Sprintf("the departments were told after %d hours; 24 are allowed", s.n)
				}
				return fmt.Sprintf("the departments have not been told of the request of %s", s.day)
			}},
		{Rule: Rule{"R09.interim", "22 USC 7105(b)(1)(G)", Critical, "interim assistance ran out before HHS decided",
			"interim assistance letters, extensions, eligibility letters and denials", "the interim letter and its extension", "ask HHS to decide; the child stays pre-eligible meanwhile"},
			request: overdueInterim, say: func(s *span) string {
				return fmt.Sprintf("interim assistance ended on %s without a decision", s.day)
			}},
	}
}

func moneyRules() []rule {
	cents := func(s *span) events.Cents { return events.Cents(s.n) }
	return []rule{
		{Rule: Rule{"R13.ending", "S2", Minor, "a clock ends within ten days and nothing is settled",
			"service clocks, requests for an extension and closures", "the enrollment", "close-service, or request-extension before the last day"},
			file: endingClock, say: func(s *span) string {
				return fmt.Sprintf("the clock ends on %s without a closure or a request for an extension", s.day)
			}},
		{Rule: Rule{"R13.expired", "S2, S4", Minor, "the clock is used up and the service still open",
			"service clocks and closures", "the enrollment", "close-service, or find other funds and say so with record-other-funding"},
			file: expiredClock, say: func(s *span) string {
				return fmt.Sprintf("nothing is funded since the clock ended on %s", s.day)
			}},
		{Rule: Rule{"R16.budget", "S2", Major, "client expenses exceed the overall budget",
			"client expenses by service clock", "the expenses above it", "stop spending; what exceeds the budget is never reimbursed"},
			file: overBudget, say: func(s *span) string {
				return fmt.Sprintf("expenses exceed the overall budget of the clock from %s by %s", s.day, cents(s))
			}},
		{Rule: Rule{"R16.month", "S2, ours", Minor, "a service period's expenses are more than twice the monthly cap",
			"client expenses by service period", "the expenses", "look at the receipts; one month may exceed its cap, the budget may not"},
			file: overMonth, say: func(s *span) string {
				return fmt.Sprintf("%s in the service period from %s", cents(s), s.day)
			}},
		{Rule: Rule{"R17.invoice", "S2, ours", Major, "a month is not billed 30 days after its end",
			"invoices, and the days on which clients were served and funded", "the last invoice, and the stays not billed", "invoice generate --agency … --month …"}},
		{Rule: Rule{"R18.late", "S2", Major, "money was spent after the clock's end",
			"client expenses and service clocks", "the expense", "reverse-expense, and charge it to other funds"},
			file: lateExpense, say: func(s *span) string { return fmt.Sprintf("%s of %s after the end of the clock", cents(s), s.day) }},
		{Rule: Rule{"R18.refused", "S2", Minor, "an expense is booked that R18 refuses",
			"client expenses, enrollment and eligibility", "the expense", "reverse-expense, or correct its date"},
			file: refusedExpense, say: func(s *span) string { return fmt.Sprintf("%s of %s: %s", cents(s), s.day, s.what) }},
	}
}

func criteriaRules() (list []rule) {
	for _, c := range policy.Criteria() {
		list = append(list, rule{
			Rule: Rule{fmt.Sprintf("R27.%d", c.Number), "S2", Major, c.Text + ": not shown",
				"the agency's documents on " + strings.ReplaceAll(c.Name, "_", " "), "the document that lapsed, or the subcontract",
				"ask for the document, then record-credential"},
			agency: lacksCriterion(c), say: lapsed,
		})
	}
	return list
}

func lapsed(s *span) string {
	documents := strings.ReplaceAll(s.what, "_", " ")
	if s.day == 0 {
		return documents + " missing"
	}
	return fmt.Sprintf("%s lapsed after %s", documents, s.day)
}

func agencyRules() []rule {
	return []rule{
		{Rule: Rule{"R27.coverage", "S2", Critical, "nobody answers the after-hours number tonight",
			"assignments on call, and whether the worker is still there", "the last assignment, or the subcontract", "assign-on-call"},
			agency: uncovered, say: func(*span) string { return "nobody is on call" }},
		{Rule: Rule{"R27.standing", "S2, ours", Critical, "a client came to an agency that was suspended or not under subcontract",
			"enrollments, reopenings and transfers, and the agency's standing", "the intake and the agency's record", "transfer the client, or reinstate-agency"}},
		{Rule: Rule{"R27.review", "S2, ours", Major, "the agency was not reviewed for a year",
			"reviews of the agency", "the last review, or the subcontract", "hold-review; draw files with monitor sample"},
			agency: noReview, say: func(s *span) string { return fmt.Sprintf("not reviewed since %s", s.day) }},
		{Rule: Rule{"R27.finding", "S2", Major, "a finding is open after it was due",
			"findings, corrective actions and their due days", "the finding and the action", "see the correction, then close-finding"},
			agency: overdueFinding, say: func(s *span) string { return fmt.Sprintf("finding %s was due on %s", s.what, s.day) }},
		{Rule: Rule{"R27.action", "S2, ours", Minor, "a finding has no corrective action after a month",
			"findings that are not minor, and corrective actions", "the finding", "agree-corrective-action"},
			agency: noAction, say: func(s *span) string {
				return fmt.Sprintf("finding %s of %s has no corrective action", s.what, s.day)
			}},
		{Rule: Rule{"R28.point-of-contact", "S4", Minor, "the agency has no single point of contact",
			"who is named, and whether the worker is still there", "the last naming, or the subcontract", "name-point-of-contact"}},
		{Rule: Rule{"R28.training", "S2", Minor, "the agency missed last month's core training",
			"core trainings and who attended", "the trainings of the month", "add-attendance if the list is late; else attend the next"}},
		{Rule: Rule{"R28.training-held", "S2", Major, "no core training was held last month",
			"core trainings", "the last one", "hold-training"}},
		{Rule: Rule{"R28.caseload", "S4, ours", Minor, fmt.Sprintf("a case manager carries more than a weight of %d, in proportion to the capacity", policy.FullTimeCapacity),
			"leads of cases with open service, their intensity, and the worker's capacity", "the assignments of the heaviest cases", "hand off some cases: caseload --worker …"}},
	}
}

func leadRules() []rule {
	return []rule{
		{Rule: Rule{"R28.lead", "S4", Critical, "a case in service has no lead at work",
			"leads, and whether they still work there", "the assignment, or the enrollment; the worker's leaving", "assign-lead or propose-hand-off"}},
		{Rule: Rule{"R28.lead-legal", "S4", Minor, "a case with an open legal component has no lead at work",
			"leads of cases whose service is closed, and whether they still work there", "the assignment, or the enrollment; the worker's leaving", "assign-lead, or close-component"}},
		{Rule: Rule{"R28.lead-agency", "S4", Major, "the lead works for another agency than the one that has the case",
			"leads, transfers, and where the worker is engaged", "the assignment and the client's intake", "propose-hand-off to a worker of the agency"}},
		{Rule: Rule{"R28.gap", "S4", Major, "the lead left before a successor accepted",
			"leads who left, and hand-offs", "the record that the lead left", "propose-hand-off"},
			file: leadGap, say: func(s *span) string { return fmt.Sprintf("the supervisor leads since %s", s.day) }},
		{Rule: Rule{"R28.hand-off", "S4, ours", Major, "a proposed hand-off is not answered for a week",
			"hand-offs", "the proposal", "accept-hand-off, decline-hand-off or withdraw-hand-off"},
			file: stalledHandOff, say: func(s *span) string { return fmt.Sprintf("proposed on %s and not answered", s.day) }},
	}
}

func practiceRules() []rule {
	return []rule{
		{Rule: Rule{"R28.contact", "S4, ours", Major, "no contact with the client for 30 days",
			"contacts that were not missed", "the last contact, or the enrollment", "make-contact"},
			file: noContact, say: func(s *span) string { return fmt.Sprintf("no contact since %s", s.day) }},
		{Rule: Rule{"R28.plan", "S2, S4, ours", Major, "no service plan a month after enrollment",
			"service plans agreed with the client", "the enrollment", "set-goal and agree-plan"},
			file: noPlan, say: func(s *span) string { return fmt.Sprintf("enrolled on %s without a service plan", s.day) }},
		{Rule: Rule{"R28.plan-review", "S4", Minor, "the review of the service plan is overdue",
			"service plans and the days on which they are to be reviewed", "the plan", "record-progress and agree-plan again"},
			file: planReview, say: func(s *span) string { return fmt.Sprintf("the plan was to be reviewed on %s", s.day) }},
		{Rule: Rule{"R28.language", "S4", Minor, "the language of choice is not recorded",
			"enrollment and corrections", "the enrollment", "correct-client --language …"},
			file: noLanguage, say: func(*span) string { return "the language of choice is not recorded" }},
		{Rule: Rule{"R28.interpreter", "S4", Major, "the client was last spoken to in a language that is not the one of choice, without an interpreter",
			"contacts, plans and information; languages of client and worker", "the conversation", "use an interpreter, or hand off to who speaks it"}},
		{Rule: Rule{"R28.informed", "S4, ours", Major, "the client was not informed of a legal process within a month",
			"information on the criminal-justice and immigration processes", "the enrollment", "inform-client"},
			file: notInformed, say: func(s *span) string {
				return fmt.Sprintf("enrolled on %s and not informed: %s", s.day, strings.ReplaceAll(s.what, "_", " "))
			}},
		{Rule: Rule{"R28.documents", "S2, ours", Minor, "a document is missing from the file a month after enrollment",
			"documents in the client's file", "the enrollment", "file-document"},
			file: noDocument, say: func(s *span) string { return strings.ReplaceAll(s.what, "_", " ") + " missing" }},
		{Rule: Rule{"R28.emergency", "S2, ours", Major, "an emergency was answered after more than an hour",
			"emergencies and how soon they were answered", "the emergency", "see who was on call; agree a corrective action"},
			file: slowResponse, say: func(s *span) string { return fmt.Sprintf("answered after %d minutes on %s", s.n, s.day) }},
	}
}

func otherRules() []rule {
	return []rule{
		{Rule: Rule{"R31.release", "S4, 22 USC 7105(c)", Critical, "a referral goes on although the client's release is over",
			"referrals to partners, releases and withdrawals", "the release and the referral", "give-consent again, or end the referral"},
			file: expiredRelease, say: func(s *span) string {
				return fmt.Sprintf("the release to %s ended on %s", s.what, s.day)
			}},
		{Rule: Rule{"basis", "ours", Minor, "a decision rested on what another subject no longer was",
			"what decisions of the case cite, and what was recorded before them", "the decision", "look at both records; correct the case if the decision would be another"},
			file: staleBasis, say: func(s *span) string {
				return fmt.Sprintf("the decision of %s cites a version that was outdated when it was recorded", s.day)
			}},
	}
}
