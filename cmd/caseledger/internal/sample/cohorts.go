package sample

import "caseledger/events"

// The published tables fix how many people of each kind there are. What they
// leave open is how these people spread over the years; the cohorts below settle
// it once, so that every table comes out exactly whatever the seed:
//
//   - Table 3 (April 2006 – May 2009) fixes, for victims who were pre-certified
//     only, certified only, or moved from one to the other, the sums over the
//     cohorts by sex, by age and by form.
//   - The figures for 2008 (fiscal year: 1 October 2007 – 30 September 2008) fix
//     215 = pre-2 + moved-4 pre-certified, 270 = certified-2 and -3 + moved-2 +
//     moved-3 certified, of whom the 16 of moved-3 moved within the year.
//   - The letters of each fiscal year leave room for every cohort's letters; the
//     rest went to people outside the per-capita programme.

// standing is a victim's way through the programme's statuses.
type standing uint8

const (
	preOnly standing = iota
	certifiedOnly
	moved
	derivative
)

// tally counts people of one sex by form: sex, labor, both, unknown.
type tally [4]int

func (t tally) sum() int { return t[0] + t[1] + t[2] + t[3] }

var formOf = [4]events.Form{events.FormSex, events.FormLabor, events.FormBoth, events.FormUnknown}

// counts is a joint count of people by sex and form.
type counts struct{ male, female tally }

func (c counts) sum() int { return c.male.sum() + c.female.sum() }

// A span is a range of days, both included. The zero span is no restriction.
type span struct{ first, last events.Date }

func days(first, last string) span {
	return span{events.MustDate(first), events.MustDate(last)}
}

// fiscalYear returns the days of a fiscal year (R29).
func fiscalYear(year int) span {
	last := events.MustDate("2000-09-30").AddMonths(12 * (year - 2000))
	return span{last.AddMonths(-12) + 1, last}
}

// clamp returns the part of a that lies in s.
func (s span) clamp(a span) span {
	if s.first != 0 {
		a.first = max(a.first, s.first)
	}
	if s.last != 0 {
		a.last = min(a.last, s.last)
	}
	return a
}

// A cohort is a group of victims whom no published table tells apart by time.
type cohort struct {
	name       string
	standing   standing
	adults     counts
	minors     counts
	letterYear int  // fiscal year of the letter; 0 for none
	enroll     span // of the first enrolled day
	letter     span // of the letter date, narrower than the fiscal year
	last       span // of the last enrolled day
	stay       [2]int
	reach      int // how many days a letter may precede the enrollment
}

// enrollBefore returns the first enrolled days of somebody who moved with a letter.
func (c *cohort) enrollBefore(letter events.Date) span {
	return c.enroll.clamp(span{letter - 255, letter - 25})
}

// lastAfterLetter returns the last enrolled days of somebody who moved.
func (c *cohort) lastAfterLetter(letter events.Date) span {
	return c.last.clamp(span{letter + 25, letter + 150})
}

// lastAfterEnrollment returns the last enrolled days of somebody who did not move.
func (c *cohort) lastAfterEnrollment(enroll events.Date) span {
	return c.last.clamp(span{enroll + events.Date(c.stay[0]), enroll + events.Date(c.stay[1])})
}

// letterBefore returns the letter dates of somebody certified from enrollment on.
func (c *cohort) letterBefore(enroll events.Date) span {
	return fiscalYear(c.letterYear).clamp(span{enroll - events.Date(c.reach), enroll})
}

// victimCohorts returns the cohorts of the victims, 1,037 together.
func victimCohorts() []cohort {
	return []cohort{
		{name: "pre-1", standing: preOnly, stay: [2]int{45, 290},
			adults: counts{tally{1, 35, 1}, tally{17, 36, 3}}, minors: counts{tally{0, 1, 0}, tally{1, 1, 0}},
			enroll: days("2006-04-03", "2007-08-01"), last: span{last: day("2007-09-30")}},
		{name: "pre-2", standing: preOnly, stay: [2]int{45, 290},
			adults: counts{tally{2, 62, 2}, tally{30, 61, 6}}, minors: counts{tally{0, 1, 0}, tally{2, 1, 0}},
			enroll: days("2007-03-15", "2008-09-20"), last: span{first: day("2007-10-04")}},
		{name: "pre-3", standing: preOnly, stay: [2]int{45, 290},
			adults: counts{tally{0, 15, 0}, tally{7, 15, 2}}, minors: counts{tally{}, tally{1, 0, 0}},
			enroll: days("2008-10-02", "2009-05-20")},

		{name: "moved-1a", standing: moved, letterYear: 2006,
			adults: counts{tally{0, 9, 0}, tally{2, 7, 0}},
			enroll: span{first: day("2006-04-03")}, letter: days("2006-05-10", "2006-09-30"), last: span{last: day("2007-09-30")}},
		{name: "moved-1b", standing: moved, letterYear: 2007,
			adults: counts{tally{0, 30, 1}, tally{5, 22, 2}}, minors: counts{tally{0, 1, 0}, tally{1, 0, 0}},
			enroll: span{first: day("2006-04-03")}, letter: days("2006-10-02", "2007-08-20"), last: span{last: day("2007-09-30")}},
		{name: "moved-2", standing: moved, letterYear: 2007,
			adults: counts{tally{0, 12, 0}, tally{2, 9, 1}}, minors: counts{tally{}, tally{1, 0, 0}},
			letter: days("2007-06-15", "2007-09-27"), last: span{first: day("2007-10-05")}},
		{name: "moved-3", standing: moved, letterYear: 2008,
			adults: counts{tally{0, 8, 0}, tally{1, 6, 1}},
			letter: days("2007-11-15", "2008-09-10")},
		{name: "moved-4", standing: moved, letterYear: 2009,
			adults: counts{tally{1, 25, 1}, tally{3, 16, 1}}, minors: counts{tally{}, tally{0, 1, 0}},
			enroll: span{last: day("2008-09-24")}, letter: days("2008-10-06", "2009-02-25")},
		{name: "moved-5", standing: moved, letterYear: 2009,
			adults: counts{tally{0, 15, 0}, tally{2, 11, 1}}, minors: counts{tally{}, tally{1, 0, 0}},
			enroll: span{first: day("2008-10-03")}, letter: days("2008-11-20", "2009-05-05")},

		{name: "certified-0", standing: certifiedOnly, letterYear: 2005, stay: [2]int{45, 150}, reach: 262,
			adults: counts{tally{}, tally{2, 2, 0}},
			enroll: days("2006-04-03", "2006-05-12")},
		{name: "certified-1a", standing: certifiedOnly, letterYear: 2006, stay: [2]int{45, 150}, reach: 150,
			adults: counts{tally{1, 13, 1}, tally{34, 28, 11}}, minors: counts{tally{0, 1, 0}, tally{1, 1, 0}},
			enroll: days("2006-04-03", "2006-12-01"), last: span{last: day("2007-09-30")}},
		{name: "certified-1b", standing: certifiedOnly, letterYear: 2007, stay: [2]int{45, 150}, reach: 150,
			adults: counts{tally{0, 13, 2}, tally{35, 31, 11}}, minors: counts{tally{1, 0, 0}, tally{2, 0, 0}},
			enroll: days("2006-10-03", "2007-08-10"), last: span{last: day("2007-09-30")}},
		{name: "certified-2a", standing: certifiedOnly, letterYear: 2007, stay: [2]int{45, 150}, reach: 150,
			adults: counts{tally{0, 9, 1}, tally{23, 19, 7}}, minors: counts{tally{}, tally{1, 0, 0}},
			enroll: days("2007-06-10", "2008-01-10"), last: span{first: day("2007-10-04")}},
		{name: "certified-2b", standing: certifiedOnly, letterYear: 2008, stay: [2]int{45, 150}, reach: 150,
			adults: counts{tally{1, 45, 1}, tally{41, 68, 10}}, minors: counts{tally{0, 1, 0}, tally{1, 0, 1}},
			enroll: days("2007-10-03", "2008-09-26")},
		{name: "certified-3a", standing: certifiedOnly, letterYear: 2008, stay: [2]int{45, 150}, reach: 150,
			adults: counts{tally{0, 2, 0}, tally{1, 3, 0}},
			enroll: days("2008-10-02", "2008-12-20")},
		{name: "certified-3b", standing: certifiedOnly, letterYear: 2009, stay: [2]int{45, 150}, reach: 150,
			adults: counts{tally{1, 15, 1}, tally{41, 37, 12}}, minors: counts{tally{}, tally{2, 1, 0}},
			enroll: days("2008-10-06", "2009-05-22")},
	}
}

// familyCohorts returns the cohorts of the derivatives, 272 together. They have
// no form; the counts by form are empty but for the first place, which stands
// for all.
func familyCohorts() []cohort {
	of := func(male, female int) counts { return counts{tally{male}, tally{female}} }
	return []cohort{
		{name: "family-1", standing: derivative, stay: [2]int{45, 150},
			adults: of(10, 16), minors: of(15, 14),
			enroll: days("2006-07-15", "2007-07-31"), last: span{last: day("2007-09-30")}},
		{name: "family-2", standing: derivative, stay: [2]int{45, 150},
			adults: of(29, 48), minors: of(44, 38),
			enroll: days("2007-06-15", "2008-09-25"), last: span{first: day("2007-10-04")}},
		{name: "family-3", standing: derivative, stay: [2]int{45, 150},
			adults: of(11, 17), minors: of(16, 14),
			enroll: days("2008-10-02", "2009-05-18")},
	}
}

func day(s string) events.Date { return events.MustDate(s) }

// A letterQuota is how many letters HHS issued in a fiscal year.
type letterQuota struct{ year, adults, children int }

// letterQuotas returns the letters by fiscal year as published for 2001–2008.
// For 2009, up to the sample's end in June, nothing is published; the numbers are
// the sample's own.
func letterQuotas() []letterQuota {
	return []letterQuota{
		{2001, 194, 4}, {2002, 81, 18}, {2003, 145, 6}, {2004, 147, 26},
		{2005, 197, 34}, {2006, 214, 20}, {2007, 270, 33}, {2008, 286, 31},
		{2009, 247, 37},
	}
}

// The letters of fiscal year 2008 by sex and form. Of the adults, the published
// whole percentages are met by 129 men, 217 labor, 49 sex, 14 both and 6 unknown
// of 286; the children solve to one answer: 24 girls, 17 sex, 8 labor, 2 both and
// 4 unknown of 31. What the clients of the programme leave over is below.
func outsiders2008() (adults, children counts) {
	return counts{tally{0, 67, 0, 5}, tally{5, 18, 2, 1}},
		counts{tally{1, 4, 0, 1}, tally{15, 3, 1, 3}}
}

// profiledYear is the year whose letters are published by sex, form and country.
const profiledYear = 2008

// countryQuota is how many of the adults of the profiled year came from a country.
type countryQuota struct {
	country string
	letters int
}

// countries2008 returns 40 countries with 286 letters; the top four are in the
// published order.
func countries2008() []countryQuota {
	return []countryQuota{
		{"MX", 62}, {"TH", 48}, {"PH", 41}, {"KR", 27},
		{"GT", 12}, {"IN", 11}, {"SV", 10}, {"HN", 9}, {"PE", 7}, {"ID", 6},
		{"CN", 5}, {"DO", 4}, {"HT", 4}, {"BR", 3}, {"CO", 3}, {"VN", 3},
		{"KE", 2}, {"ET", 2}, {"NG", 2}, {"CM", 2}, {"RU", 2}, {"UA", 2}, {"JM", 2},
		{"BO", 1}, {"EC", 1}, {"PY", 1}, {"AR", 1}, {"MD", 1}, {"RO", 1}, {"PL", 1},
		{"TG", 1}, {"GH", 1}, {"ML", 1}, {"UG", 1}, {"ZM", 1}, {"LK", 1}, {"NP", 1},
		{"BD", 1}, {"MN", 1}, {"KH", 1},
	}
}

// childPlaces2008 returns where the 31 letters to children of the profiled year
// went: 28 States, the District of Columbia and Saipan; one State had two. The
// first three are the clients' of the programme, who live there.
func childPlaces2008() []string {
	return []string{
		"CA", "TX", "FL",
		"TX", "NY", "AZ", "CO", "GA", "IL", "IN", "KY", "LA", "MA", "MD", "MI", "MN", "MO",
		"NC", "NE", "NJ", "NM", "NV", "OH", "OK", "OR", "PA", "TN", "VA", "WA", "DC", "MP",
	}
}
