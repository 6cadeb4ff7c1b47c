package clientcase

import (
	"slices"

	"caseledger/aggregates"
	"caseledger/events"

	"github.com/go-json-experiment/json"
)

// EnrollClient opens a client's case at an agency; occurred_on is the first
// enrolled day. The criteria of R01 need not be repeated for a person whose last
// screening was eligible.
type EnrollClient struct {
	Client   string `json:"client" doc:"coded id of the client; derived from the command's id when empty" format:"id" example:"C-7QK2M4"`
	Agency   string `json:"agency" doc:"agency that enrolls" required:"true" format:"id" example:"A-017"`
	Location string `json:"location" doc:"location of the agency" format:"id" example:"L1"`
	Class    string `json:"class" doc:"victim, or derivative of one; victim when empty" enum:"victim,derivative" example:"victim"`
	Sex      string `json:"sex" doc:"sex" required:"true" enum:"male,female,unknown" example:"female"`
	AgeGroup string `json:"age_group" doc:"age group on the first enrolled day" required:"true" enum:"adult,minor,unknown" example:"adult"`
	AgeYears int    `json:"age_years" doc:"age in years on the first enrolled day" min:"1" max:"120" example:"24"`
	Form     string `json:"form" doc:"form of trafficking; unknown when empty, none for a derivative" enum:"sex,labor,both,unknown" example:"labor"`
	Country  string `json:"country" doc:"country of origin, ISO 3166-1 alpha-2" format:"country" example:"MX"`
	Language string `json:"language" doc:"language of choice, BCP 47" format:"language" example:"es"`

	VictimOfSevereTrafficking string `json:"victim_of_severe_trafficking" doc:"whether the person meets the federal definition of a victim of a severe form of trafficking" enum:"yes,no,unknown" example:"yes"`
	RemovedFromSituation      string `json:"removed_from_situation" doc:"whether the person is removed from the trafficking situation" enum:"yes,no,unknown" example:"yes"`
	PresentInUS               string `json:"present_in_us" doc:"whether the person is present in the United States" enum:"yes,no,unknown" example:"yes"`
	ImmigrationStatus         string `json:"immigration_status" doc:"immigration status" enum:"undocumented,nonimmigrant,continued_presence,t_visa,lpr,citizen,unknown" example:"undocumented"`
	RequiresCaseManagement    string `json:"requires_case_management" doc:"whether the person requires case management around the situation" enum:"yes,no,unknown" example:"yes"`
	DeterminedBy              string `json:"determined_by" doc:"who determined the criteria: a worker's id or an organisation, never a person's name" example:"W-1B2"`
	Evidence                  string `json:"evidence" doc:"on what evidence; sealed" secret:"identity" example:"interview and referral letter"`

	Principal  string      `json:"principal" doc:"derivative: coded id of the principal" format:"id" example:"C-2X9PRT"`
	VisaClass  string      `json:"visa_class" doc:"derivative: T visa class" enum:"T-2,T-3,T-4,T-5,T-6" example:"T-3"`
	NoticeDate events.Date `json:"notice_date" doc:"derivative in the U.S.: date of the visa approval notice" example:"2009-05-20"`
	EntryDate  events.Date `json:"entry_date" doc:"derivative from abroad: date of the entry stamp" example:"2009-06-10"`

	Name      string      `json:"name" doc:"name of the client; sealed" secret:"identity"`
	BirthDate events.Date `json:"birth_date" doc:"birth date of the client; sealed" secret:"identity"`
	Contact   string      `json:"contact" doc:"how to reach the client safely; sealed" secret:"identity"`
}

// Target implements [aggregates.Command].
func (c *EnrollClient) Target(commandID string) (events.Subject, error) {
	return opening(c.Client, commandID)
}

// Needs implements [aggregates.Dependent].
func (c *EnrollClient) Needs(aggregates.State) []events.Subject {
	needs := []events.Subject{agencySubject(c.Agency)}
	if c.Principal != "" {
		needs = append(needs, events.ProgrammeSubject)
		needs = append(needs, principalSubjects(c.Principal)...)
	}
	return needs
}

func decideEnroll(s *State, c *EnrollClient, ctx *aggregates.Context) (events.Event, error) {
	if f, _, ok := aggregates.Last[*events.ClientEnrolled](&s.history); ok {
		return nil, aggregates.Refuse("R01", "already_enrolled", "client %s is enrolled since %s", s.client, f.On).On("client").
			WithHint("reopen-service enrolls a former client again; propose-transfer moves one to another agency").Citing(f.ID)
	}
	link, refusal := c.link(s, ctx)
	if refusal != nil {
		return nil, refusal
	}
	if refusal := openAgency(ctx, c.Agency, "agency", c.Location); refusal != nil {
		return nil, refusal
	}
	criteria, status, refusal := s.enrollmentCriteria(c, ctx)
	if refusal != nil {
		return nil, refusal
	}
	if refusal := checkAge(c.AgeGroup, c.AgeYears, c.BirthDate, ctx.OccurredOn); refusal != nil {
		return nil, refusal
	}
	identity, err := c.identity()
	if err != nil {
		return nil, err
	}
	return &events.ClientEnrolled{
		Agency: c.Agency, Location: c.Location, Class: c.class(), Sex: events.Sex(c.Sex),
		AgeGroup: events.AgeGroup(c.AgeGroup), AgeYears: c.AgeYears, Form: c.form(),
		Country: c.Country, Language: c.Language, ImmigrationStatus: status,
		Criteria: criteria, Derivative: link, Identity: identity, Basis: ctx.Basis.References(c.Needs(s)...),
	}, nil
}

func (c *EnrollClient) class() events.ClientClass {
	if c.Class == "" {
		return events.Victim
	}
	return events.ClientClass(c.Class)
}

func (c *EnrollClient) form() events.Form {
	if c.Form == "" && c.class() == events.Victim {
		return events.FormUnknown
	}
	return events.Form(c.Form)
}

// link returns the derivative link that the command gives, nil for a victim.
func (c *EnrollClient) link(s *State, ctx *aggregates.Context) (*events.DerivativeLink, *aggregates.Refusal) {
	if c.class() == events.Derivative {
		if c.Form != "" {
			return nil, aggregates.Refuse("R30", "form_of_derivative", "a derivative has no form of trafficking").On("form")
		}
		link := &events.DerivativeLink{
			Principal: c.Principal, VisaClass: events.VisaClass(c.VisaClass), NoticeDate: c.NoticeDate, EntryDate: c.EntryDate,
		}
		return link, checkLink(s.client, link, ctx)
	}
	if c.Principal != "" || c.VisaClass != "" || c.NoticeDate != 0 || c.EntryDate != 0 {
		return nil, aggregates.Refuse("R06", "not_a_derivative", "a victim has no principal, derivative visa class, notice date or entry date").
			On("class").WithHint("give class derivative")
	}
	return nil, nil
}

// enrollmentCriteria returns the criteria of the command, completed from an
// eligible screening, and the immigration status; or what stands against them.
func (s *State) enrollmentCriteria(c *EnrollClient, ctx *aggregates.Context) ([]events.Criterion, string, *aggregates.Refusal) {
	a := answers{
		c.VictimOfSevereTrafficking, c.RemovedFromSituation, c.PresentInUS, c.ImmigrationStatus,
		c.RequiresCaseManagement, c.DeterminedBy, c.Evidence,
	}
	needed := neededOfVictim
	var criteria []events.Criterion
	if c.class() == events.Derivative {
		needed = neededOfDerivative
		if removalAskedOfDerivatives(ctx) {
			needed = append(slices.Clone(needed), CriterionRemoved)
		}
		criteria = append(criteria, events.Criterion{Name: CriterionDerivative, Met: true, DeterminedBy: c.DeterminedBy})
	}
	criteria = append(criteria, a.criteria()...)
	status := c.ImmigrationStatus
	if _, screened, ok := aggregates.Last[*events.ClientScreened](&s.history); ok && screened.Eligible {
		criteria = complete(criteria, a, screened.Criteria)
		if status == "" {
			status = screened.ImmigrationStatus
		}
	}
	if refusal := criteriaRefusal(criteria, needed, status); refusal != nil {
		return nil, "", refusal
	}
	for _, x := range criteria {
		if x.DeterminedBy == "" {
			return nil, "", aggregates.Refuse("R01", "determined_by", "who determined the criteria must be given").
				On("determined_by").WithHint("a worker's id or an organisation, never a person's name")
		}
	}
	return criteria, status, nil
}

// complete adds the screened criteria that the command says nothing of; what it
// calls unknown stays undetermined.
func complete(criteria []events.Criterion, a answers, screened []events.Criterion) []events.Criterion {
	said := map[string]string{
		CriterionVictim: a.victim, CriterionRemoved: a.removed, CriterionPresent: a.present,
		CriterionStatus: a.status, CriterionNeed: a.need,
	}
	for _, x := range withoutEvidence(screened) {
		if said[x.Name] == "" {
			criteria = append(criteria, x)
		}
	}
	return criteria
}

// checkAge holds age group, age and birth date against each other. Its refusals
// never repeat the birth date.
func checkAge(group string, years int, birth, on events.Date) *aggregates.Refusal {
	adult := events.AgeGroup(group) == events.Adult
	known := adult || events.AgeGroup(group) == events.Minor
	if years != 0 && known && adult != (years >= 18) {
		return aggregates.Refuse("R10", "age_group", "an age of %d years is not that of age group %s", years, group).
			On("age_years")
	}
	if birth == 0 {
		return nil
	}
	age := ageOn(birth, on)
	if age < 0 || years != 0 && age != years || known && adult != (age >= 18) {
		return aggregates.Refuse("R10", "birth_date", "the birth date does not agree with the age on %s", on).On("birth_date")
	}
	return nil
}

// ageOn returns the completed years on a day; somebody born on 29 February
// completes them on 1 March in other years (R10).
func ageOn(birth, day events.Date) int {
	by, bm, bd := birth.Civil()
	y, m, d := day.Civil()
	age := y - by
	if m < bm || m == bm && d < bd {
		age--
	}
	return age
}

// identity returns the identifying fields as one secret, zero when none is given.
func (c *EnrollClient) identity() (events.Secret, error) {
	if c.Name == "" && c.BirthDate == 0 && c.Contact == "" {
		return events.Secret{}, nil
	}
	text, err := json.Marshal(struct {
		Name      string      `json:"name,omitzero"`
		BirthDate events.Date `json:"birth_date,omitzero"`
		Contact   string      `json:"contact,omitzero"`
	}{c.Name, c.BirthDate, c.Contact}, json.Deterministic(true))
	return events.Plain(string(text)), err
}
