package policy

import (
	"slices"

	"caseledger/events"
)

// A Criterion is one of the nine that a subcontractor meets (R27, S2), with what
// shows it: every one of its requirements.
type Criterion struct {
	Number       int    // 1 to 9, in the order of the source
	Name         string // such as "audit"
	Text         string // for people; lower case, no full stop
	Requirements []Requirement
}

// A Requirement of a criterion is met by any one of its documents.
type Requirement struct {
	Documents []string
	Expires   bool // they hold up to a day and have to be renewed
}

// Criteria returns the nine criteria. The documents that show them are ours but for
// those that the source names: the emergency number, DUNS and EIN, the A-133 report
// and the audited statements. The result may be changed.
func Criteria() []Criterion {
	need := func(documents ...string) Requirement { return Requirement{documents, false} }
	yearly := func(documents ...string) Requirement { return Requirement{documents, true} }
	return []Criterion{
		{1, "relevant_history", "history of working with survivors or populations with similar needs", []Requirement{need("experience_statement")}},
		{2, "on_site_capacity", "on-site capacity for comprehensive case management", []Requirement{need("program_description")}},
		{3, "qualified_staff", "qualified case management staff with professional oversight", []Requirement{yearly("staff_qualifications"), need("supervision_plan")}},
		{4, "safe_environment", "a safe environment, handling of emergencies, a number after business hours", []Requirement{
			yearly("facility_inspection"), need("emergency_procedure"), need("after_hours_number"),
		}},
		{5, "community_partners", "relationships with relevant community partners", []Requirement{yearly("partner_list")}},
		{6, "other_services", "other services provided by the agency", []Requirement{need("service_list")}},
		{7, "subcontract_terms", "compliance with the terms, including financial and reporting requirements", []Requirement{
			need("signed_assurances"), yearly("financial_report"),
		}},
		{8, "registration", "active DUNS and Employer Identification Number", []Requirement{yearly("duns"), need("ein")}},
		{9, "audit", "A-133 audit report or independently audited financial statements", []Requirement{yearly("a133_report", "audited_statements")}},
	}
}

// Documents returns every document that shows a criterion, in order of the criteria.
func Documents() (documents []string) {
	for _, c := range Criteria() {
		for _, r := range c.Requirements {
			documents = append(documents, r.Documents...)
		}
	}
	return documents
}

// CriterionOf returns the criterion and the requirement that a document shows, and
// false when there is no such document.
func CriterionOf(document string) (Criterion, Requirement, bool) {
	for _, c := range Criteria() {
		for _, r := range c.Requirements {
			if slices.Contains(r.Documents, document) {
				return c, r, true
			}
		}
	}
	return Criterion{}, Requirement{}, false
}

// A Credential is a document that an agency has on file, from its first to its last
// day, both included. One revoked on its first day holds on no day.
type Credential struct {
	Document string
	From, To events.Date // To is [events.MaxDate] for one that does not expire
	Record   uint64      // position of the record behind it; 0 when nobody asks
}

// Credentials are the documents that an agency ever had on file.
type Credentials []Credential

// File adds a document; a zero through means that it does not expire. Documents and
// revocations are added in order of their days.
func (c *Credentials) File(document string, from, through events.Date, record uint64) {
	if through == 0 {
		through = events.MaxDate
	}
	*c = append(*c, Credential{document, from, through, record})
}

// Revoke ends what a document shows: day is the first one without it.
func (c Credentials) Revoke(document string, day events.Date) {
	for i := range c {
		if c[i].Document == document && c[i].From <= day {
			c[i].To = min(c[i].To, day-1)
		}
	}
}

// On returns the credential of a document that holds longest among those that hold
// on a day, and false when none does.
func (c Credentials) On(document string, day events.Date) (best Credential, held bool) {
	for _, x := range c {
		if x.Document == document && x.From <= day && day <= x.To && (!held || x.To > best.To) {
			best, held = x, true
		}
	}
	return best, held
}

// last returns the credential of a document that ended last before a day, and false
// when there was none.
func (c Credentials) last(document string, day events.Date) (last Credential, found bool) {
	for _, x := range c {
		if x.Document == document && x.From <= x.To && x.To < day && (!found || x.To > last.To) {
			last, found = x, true
		}
	}
	return last, found
}

// A CriterionStanding says whether a criterion is met on a day, and until when.
type CriterionStanding struct {
	Criterion
	Met bool
	// Through is the last day on which it is met as things stand; zero when it is
	// not met, or when nothing of it expires.
	Through events.Date
	Shown   []RequirementStanding // one for each requirement
}

// A RequirementStanding says which document meets a requirement on a day.
type RequirementStanding struct {
	Requirement
	Met        bool
	Credential Credential // that meets it, or the last one that did; zero when none ever did
}

// CriteriaOn returns how the nine criteria stand on a day (R27).
func (c Credentials) CriteriaOn(day events.Date) []CriterionStanding {
	criteria := Criteria()
	standings := make([]CriterionStanding, len(criteria))
	for i, criterion := range criteria {
		s := CriterionStanding{Criterion: criterion, Met: true}
		through := events.MaxDate
		for _, r := range criterion.Requirements {
			shown := c.show(r, day)
			s.Shown = append(s.Shown, shown)
			s.Met = s.Met && shown.Met
			through = min(through, shown.Credential.To)
		}
		if s.Met && through < events.MaxDate {
			s.Through = through
		}
		standings[i] = s
	}
	return standings
}

// show finds the document that meets a requirement longest.
func (c Credentials) show(r Requirement, day events.Date) RequirementStanding {
	s := RequirementStanding{Requirement: r}
	for _, document := range r.Documents {
		if x, held := c.On(document, day); held && (!s.Met || x.To > s.Credential.To) {
			s.Met, s.Credential = true, x
		}
	}
	if s.Met {
		return s
	}
	for _, document := range r.Documents {
		if x, found := c.last(document, day); found && x.To > s.Credential.To {
			s.Credential = x
		}
	}
	return s
}
