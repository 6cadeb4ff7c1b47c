package clientcase

import (
	"reflect"
	"slices"
	"strings"

	"caseledger/aggregates"
	"caseledger/events"
)

// The criteria of enrollment (R01), as [events.Criterion] names them. Either of
// the first two suffices; removal is asked of derivatives only if the programme's
// policy says so.
const (
	CriterionVictim     = "victim_of_severe_trafficking"
	CriterionDerivative = "derivative_t_status"
	CriterionRemoved    = "removed_from_situation"
	CriterionPresent    = "present_in_us"
	CriterionStatus     = "neither_citizen_nor_lpr"
	CriterionNeed       = "requires_case_management"
)

// ScreenClient records a screening that does not go straight into an enrollment:
// a person found eligible or not, or a person in need who is referred (R01, R03, R04).
type ScreenClient struct {
	Client                    string `json:"client" doc:"coded id of the person; derived from the command's id when empty" format:"id" example:"C-7QK2M4"`
	Agency                    string `json:"agency" doc:"agency that screened" required:"true" format:"id" example:"A-017"`
	VictimOfSevereTrafficking string `json:"victim_of_severe_trafficking" doc:"whether the person meets the federal definition of a victim of a severe form of trafficking" required:"true" enum:"yes,no,unknown" example:"yes"`
	RemovedFromSituation      string `json:"removed_from_situation" doc:"whether the person is removed from the trafficking situation" required:"true" enum:"yes,no,unknown" example:"yes"`
	PresentInUS               string `json:"present_in_us" doc:"whether the person is present in the United States" required:"true" enum:"yes,no,unknown" example:"yes"`
	ImmigrationStatus         string `json:"immigration_status" doc:"immigration status" required:"true" enum:"undocumented,nonimmigrant,continued_presence,t_visa,lpr,citizen,unknown" example:"undocumented"`
	RequiresCaseManagement    string `json:"requires_case_management" doc:"whether the person requires case management around the situation" required:"true" enum:"yes,no,unknown" example:"yes"`
	DeterminedBy              string `json:"determined_by" doc:"who determined it: a worker's id or an organisation, never a person's name" required:"true" example:"W-1B2"`
	Evidence                  string `json:"evidence" doc:"on what evidence; sealed" secret:"identity" example:"interview and referral letter"`
	ReferredTo                string `json:"referred_to" doc:"organisation that the person was referred to" example:"child welfare"`
}

// Target implements [aggregates.Command].
func (c *ScreenClient) Target(commandID string) (events.Subject, error) {
	return opening(c.Client, commandID)
}

// Needs implements [aggregates.Dependent].
func (c *ScreenClient) Needs(aggregates.State) []events.Subject {
	return []events.Subject{agencySubject(c.Agency)}
}

func decideScreen(s *State, c *ScreenClient, ctx *aggregates.Context) (events.Event, error) {
	if f, _, ok := aggregates.Last[*events.ClientEnrolled](&s.history); ok {
		return nil, aggregates.Refuse("R01", "already_enrolled", "client %s is enrolled since %s", s.client, f.On).
			On("client").Citing(f.ID)
	}
	if _, refusal := knownAgency(ctx, c.Agency, "agency"); refusal != nil {
		return nil, refusal
	}
	criteria := c.answers().criteria()
	missing, unmet := weigh(criteria, neededOfVictim)
	e := &events.ClientScreened{
		Agency: c.Agency, Criteria: criteria, Eligible: len(missing)+len(unmet) == 0,
		ImmigrationStatus: c.ImmigrationStatus, ReferredTo: c.ReferredTo,
		Basis: ctx.Basis.References(agencySubject(c.Agency)),
	}
	if f, last, ok := aggregates.Last[*events.ClientScreened](&s.history); ok && f.On == ctx.OccurredOn && sameScreening(last, e) {
		return nil, nil
	}
	return e, nil
}

// sameScreening compares what two screenings found; their sealed evidence cannot
// be compared.
func sameScreening(a, b *events.ClientScreened) bool {
	return a.Agency == b.Agency && a.ImmigrationStatus == b.ImmigrationStatus && a.ReferredTo == b.ReferredTo &&
		reflect.DeepEqual(withoutEvidence(a.Criteria), withoutEvidence(b.Criteria))
}

// withoutEvidence copies criteria. Sealed text is bound to the record that holds
// it, so it never moves to another one.
func withoutEvidence(criteria []events.Criterion) []events.Criterion {
	criteria = slices.Clone(criteria)
	for i := range criteria {
		criteria[i].Evidence = events.Secret{}
	}
	return criteria
}

func (c *ScreenClient) answers() answers {
	return answers{
		c.VictimOfSevereTrafficking, c.RemovedFromSituation, c.PresentInUS, c.ImmigrationStatus,
		c.RequiresCaseManagement, c.DeterminedBy, c.Evidence,
	}
}

// answers are what a command says of the criteria: yes, no, unknown or nothing.
type answers struct {
	victim, removed, present, status, need string
	determinedBy, evidence                 string
}

// criteria returns the criteria that were determined; what is unknown is not.
func (a answers) criteria() []events.Criterion {
	status := a.status
	switch status {
	case "", "unknown":
	case "citizen", "lpr":
		status = "no"
	default:
		status = "yes"
	}
	var list []events.Criterion
	for _, x := range [...]struct{ name, answer string }{
		{CriterionVictim, a.victim}, {CriterionRemoved, a.removed}, {CriterionPresent, a.present},
		{CriterionStatus, status}, {CriterionNeed, a.need},
	} {
		if x.answer == "yes" || x.answer == "no" {
			list = append(list, events.Criterion{
				Name: x.name, Met: x.answer == "yes", DeterminedBy: a.determinedBy, Evidence: events.Plain(a.evidence),
			})
		}
	}
	return list
}

var (
	neededOfVictim     = []string{CriterionVictim, CriterionRemoved, CriterionPresent, CriterionStatus, CriterionNeed}
	neededOfDerivative = []string{CriterionDerivative, CriterionPresent, CriterionStatus, CriterionNeed}
)

// weigh names the needed criteria that were not determined and those not met.
func weigh(criteria []events.Criterion, needed []string) (missing, unmet []string) {
	for _, name := range needed {
		i := slices.IndexFunc(criteria, func(c events.Criterion) bool { return c.Name == name })
		switch {
		case i < 0:
			missing = append(missing, name)
		case !criteria[i].Met:
			unmet = append(unmet, name)
		}
	}
	return missing, unmet
}

// criteriaRefusal says which needed criteria stand against an enrollment, nil for none.
func criteriaRefusal(criteria []events.Criterion, needed []string, status string) *aggregates.Refusal {
	missing, unmet := weigh(criteria, needed)
	if slices.Contains(unmet, CriterionStatus) {
		noun := map[string]string{"citizen": "a U.S. citizen", "lpr": "a lawful permanent resident"}[status]
		return aggregates.Refuse("R03", "domestic_victim", "%s is not enrollable and needs no certification", noun).
			On("immigration_status").WithHint("record the referral elsewhere: screen-client with referred_to")
	}
	var faults []string
	if len(unmet) > 0 {
		faults = append(faults, "not met: "+strings.Join(unmet, ", "))
	}
	if len(missing) > 0 {
		faults = append(faults, "not determined: "+strings.Join(missing, ", "))
	}
	if faults == nil {
		return nil
	}
	return aggregates.Refuse("R01", "criteria", "the criteria of enrollment are %s", strings.Join(faults, "; ")).
		On(fieldOf(append(unmet, missing...)[0])).
		WithHint("screen-client records a person who is not enrolled")
}

// fieldOf names the command's field behind a criterion.
func fieldOf(criterion string) string {
	if criterion == CriterionStatus {
		return "immigration_status"
	}
	return criterion
}
