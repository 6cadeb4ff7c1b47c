package statement

import (
	"slices"
	"strings"
)

// rules says of each rule that money can rest on what it does, in one sentence.
var rules = map[string]string{
	"R01": "Only days are paid on which the client was enrolled, in the United States and neither a citizen nor a lawful permanent resident.",
	"R06": "A derivative is paid for from the benefit date on, in the way that the adopted policy gives.",
	"R07": "A certification that rests on continued presence is paid for only until it ends.",
	"R11": "Days in an Unaccompanied Refugee Minor placement are paid for or not, as the adopted policy says.",
	"R12": "The rate chart gives the administrative amount, the cap of client expenses and the most periods, before and after certification.",
	"R13": "A service period is 30 days, or a month where the adopted policy says so; the first enrolled day is day 1.",
	"R14": "The certified clock starts at the letter or the enrollment, as the adopted policy says.",
	"R15": "A period pays its fixed administrative amount; of a partial period it pays the part that the adopted policy gives, by default by day.",
	"R16": "Client expenses are actual spending, up to the overall budget: the monthly cap times the most periods.",
	"R17": "Client expenses are paid up to the ceiling at the closing date; what is above it is held until periods begin.",
	"R18": "A client expense must fall on an enrolled day within the clock.",
	"R19": "A cash advance is at most one monthly cap per client and is cleared against actual expenses, oldest first.",
	"R20": "At certification the pre-certified clock ends and the certified one begins, as the adopted policy says.",
	"R21": "Agencies that share a period divide it by days, and ceilings are used up in order of expense date.",
	"R22": "An extension that was granted lengthens the clock and the budget by one period.",
	"R23": "Closing the service component ends funding; a reopened case goes on as the adopted policy says.",
	"R24": "An issued invoice is never changed; the difference nets on the next one, with the records that caused it.",
	"R25": "A back-dated certification re-rates the days behind it; what was paid past the shortened clock is under review until decided.",
	"R26": "Refugee cash and medical assistance is counted in months from the letter date.",
	"R27": "An invoice is paid within the ceiling of the agency's subcontract.",
	"R29": "The fiscal year runs from 1 October to 30 September and is named by the year it ends in.",
}

// legend explains every rule that the statement names.
func (inv *Invoice) legend() []pair {
	used := map[string]bool{}
	for _, l := range inv.Lines {
		used[l.Rule] = true
		used["R12"] = used["R12"] || l.Rate != ""
		used["R24"] = used["R24"] || l.Adjustment
	}
	for _, s := range inv.Standings {
		used["R19"] = used["R19"] || s.AdvanceOutstandingCents != 0
		used["R25"] = used["R25"] || s.UnderReviewCents != 0 || s.LeftPaidCents != 0
	}
	used["R27"] = used["R27"] || inv.Ceiling.CeilingCents != 0
	var pairs []pair
	for rule, is := range used {
		if is {
			pairs = append(pairs, pair{rule, sentence(rule)})
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int { return strings.Compare(a.label, b.label) })
	for i, policy := range inv.policies() {
		pairs = append(pairs, pair{"[" + letter(i) + "]", "By the policy that record " + policy + " adopted."})
	}
	return pairs
}

func sentence(rule string) string {
	if s := rules[rule]; s != "" {
		return s
	}
	return "See the rulebook."
}

// policies lists the adopted policies of the lines, in order of appearance.
func (inv *Invoice) policies() []string {
	var policies []string
	for _, l := range inv.Lines {
		if l.Policy != "" && !slices.Contains(policies, l.Policy) {
			policies = append(policies, l.Policy)
		}
	}
	return policies
}

// ruleMark returns a line's rule with the letter of its policy, as in "R15 [a]".
func ruleMark(l *Line, policies []string) string {
	if i := slices.Index(policies, l.Policy); i >= 0 {
		return l.Rule + " [" + letter(i) + "]"
	}
	return l.Rule
}

// letter numbers policies a, b, … z, aa, ab, …
func letter(i int) string {
	s := string(rune('a' + i%26))
	if i >= 26 {
		return letter(i/26-1) + s
	}
	return s
}
