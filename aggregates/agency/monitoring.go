package agency

import (
	"cmp"
	"slices"

	"caseledger/aggregates"
	"caseledger/events"
)

func caseSubject(client string) events.Subject { return events.SubjectOf(events.KindCase, client) }

// unknownClient refuses the first client without a case.
func unknownClient(ctx *aggregates.Context, field string, clients ...string) *aggregates.Refusal {
	for _, c := range clients {
		if c != "" && !ctx.Basis[caseSubject(c)].Exists() {
			return aggregates.Refuse("", "unknown_client", "client %s is unknown", c).On(field)
		}
	}
	return nil
}

func caseSubjects(clients ...string) (subjects []events.Subject) {
	for _, c := range clients {
		if c != "" {
			subjects = append(subjects, caseSubject(c))
		}
	}
	return subjects
}

// HoldReview records a monitor's review of an agency. The id of a review is derived
// from the command's when it is not given.
type HoldReview struct {
	Agency  string   `json:"agency" doc:"id of the agency" required:"true" format:"id" example:"A-017"`
	Review  string   `json:"review" doc:"id of the review within the agency; derived from the command's id when empty" format:"id" example:"V-2009-1"`
	Manner  string   `json:"manner" doc:"what kind of review" required:"true" enum:"site_visit,desk_review,file_review" example:"site_visit"`
	Clients []string `json:"clients" doc:"coded ids of the clients whose files were read" format:"id" example:"C-7QK2M4,C-8RT3N5"`
	Met     []string `json:"met" doc:"criteria found met" enum:"relevant_history,on_site_capacity,qualified_staff,safe_environment,community_partners,other_services,subcontract_terms,registration,audit" example:"qualified_staff,audit"`
}

// Target implements [aggregates.Command].
func (c *HoldReview) Target(string) (events.Subject, error) { return target(c.Agency) }

// Needs implements [aggregates.Dependent].
func (c *HoldReview) Needs(aggregates.State) []events.Subject { return caseSubjects(c.Clients...) }

func decideHoldReview(s *State, c *HoldReview, ctx *aggregates.Context) (events.Event, error) {
	if refusal := unknownClient(ctx, "clients", c.Clients...); refusal != nil {
		return nil, refusal
	}
	e := &events.ReviewHeld{Review: cmp.Or(c.Review, aggregates.NewID("V", ctx.CommandID)), Manner: c.Manner, Clients: c.Clients, Met: c.Met}
	if f, before := s.review(e.Review); before != nil {
		if f.On == ctx.OccurredOn && before.Manner == e.Manner && slices.Equal(before.Clients, e.Clients) && slices.Equal(before.Met, e.Met) {
			return nil, nil
		}
		return nil, aggregates.Refuse("", "review_known", "review %s was held on %s", e.Review, f.On).On("review").
			WithHint("another review has another id").Citing(f.ID)
	}
	return e, nil
}

func (s *State) review(id string) (fact aggregates.Fact, review *events.ReviewHeld) {
	for f, e := range aggregates.Of[*events.ReviewHeld](&s.history) {
		if e.Review == id {
			return f, e
		}
	}
	return fact, nil
}

// RaiseFinding records something that a review, or a look at the ledger, found out
// of line. The id of a finding is derived from the command's when it is not given.
type RaiseFinding struct {
	Agency    string      `json:"agency" doc:"id of the agency" required:"true" format:"id" example:"A-017"`
	Finding   string      `json:"finding" doc:"id of the finding within the agency; derived from the command's id when empty" format:"id" example:"F-2009-1"`
	Review    string      `json:"review" doc:"id of the review that found it" format:"id" example:"V-2009-1"`
	Rule      string      `json:"rule" doc:"number of the rule" required:"true" enum:"R01,R02,R03,R04,R05,R06,R07,R08,R09,R10,R11,R12,R13,R14,R15,R16,R17,R18,R19,R20,R21,R22,R23,R24,R25,R26,R27,R28,R29,R30,R31,R32" example:"R27"`
	Criterion string      `json:"criterion" doc:"criterion of R27 that is not met" enum:"relevant_history,on_site_capacity,qualified_staff,safe_environment,community_partners,other_services,subcontract_terms,registration,audit" example:"audit"`
	Client    string      `json:"client" doc:"coded id of the client whose file it is about" format:"id" example:"C-7QK2M4"`
	Severity  string      `json:"severity" doc:"how grave it is" required:"true" enum:"minor,major,critical" example:"major"`
	DueOn     events.Date `json:"due_on" doc:"day by which it must be corrected" required:"true" example:"2009-06-30"`
	Text      string      `json:"text" doc:"what was found; no names" required:"true" example:"no audit report on file"`
}

// Target implements [aggregates.Command].
func (c *RaiseFinding) Target(string) (events.Subject, error) { return target(c.Agency) }

// Needs implements [aggregates.Dependent].
func (c *RaiseFinding) Needs(aggregates.State) []events.Subject { return caseSubjects(c.Client) }

func decideRaiseFinding(s *State, c *RaiseFinding, ctx *aggregates.Context) (events.Event, error) {
	e := &events.FindingRaised{
		Finding: cmp.Or(c.Finding, aggregates.NewID("F", ctx.CommandID)), Review: c.Review, Rule: c.Rule, Criterion: c.Criterion,
		Client: c.Client, Severity: c.Severity, DueOn: c.DueOn, Text: c.Text,
	}
	if known := s.finding(e.Finding); known.event != nil {
		if *known.event == *e && known.fact.On == ctx.OccurredOn {
			return nil, nil
		}
		return nil, aggregates.Refuse("", "finding_known", "finding %s was raised on %s", e.Finding, known.fact.On).On("finding").
			WithHint("another finding has another id").Citing(known.fact.ID)
	}
	review, held := s.review(c.Review)
	switch {
	case c.Review != "" && held == nil:
		return nil, aggregates.Refuse("", "unknown_review", "agency %s has no review %s", s.agency, c.Review).On("review").
			WithHint("hold-review comes first")
	case held != nil && ctx.OccurredOn < review.On:
		return nil, aggregates.Refuse("", "before_review", "review %s was held on %s only", c.Review, review.On).On("review").Citing(review.ID)
	case c.DueOn < ctx.OccurredOn:
		return nil, aggregates.Refuse("", "due_before_start", "it cannot be due on %s, before %s", c.DueOn, ctx.OccurredOn).On("due_on")
	}
	if refusal := unknownClient(ctx, "client", c.Client); refusal != nil {
		return nil, refusal
	}
	return e, nil
}

// A finding is what is known of one; event is nil when it is unknown.
type finding struct {
	fact   aggregates.Fact
	event  *events.FindingRaised
	closed aggregates.Fact // zero while it is open
}

func (s *State) finding(id string) (found finding) {
	for f := range s.history.Standing() {
		switch e := f.Event.(type) {
		case *events.FindingRaised:
			if e.Finding == id {
				found.fact, found.event = f, e
			}
		case *events.FindingClosed:
			if e.Finding == id {
				found.closed = f
			}
		}
	}
	return found
}

// openFinding refuses a finding that is unknown, was raised later, or is closed.
func (s *State) openFinding(ctx *aggregates.Context, id string) *aggregates.Refusal {
	found := s.finding(id)
	switch {
	case found.event == nil:
		return aggregates.Refuse("", "unknown_finding", "agency %s has no finding %s", s.agency, id).On("finding").
			WithHint("raise-finding comes first")
	case ctx.OccurredOn < found.fact.On:
		return aggregates.Refuse("", "before_finding", "finding %s was raised on %s only", id, found.fact.On).On("finding").Citing(found.fact.ID)
	case found.closed.ID != "":
		return aggregates.Refuse("", "finding_closed", "finding %s was closed on %s", id, found.closed.On).On("finding").
			WithHint("raise-finding records that it came back").Citing(found.closed.ID)
	}
	return nil
}

// AgreeCorrectiveAction records what the agency will do about a finding, and by when:
// from then on that day counts.
type AgreeCorrectiveAction struct {
	Agency  string      `json:"agency" doc:"id of the agency" required:"true" format:"id" example:"A-017"`
	Finding string      `json:"finding" doc:"id of the finding within the agency" required:"true" format:"id" example:"F-2009-1"`
	DueOn   events.Date `json:"due_on" doc:"day by which it will be done" required:"true" example:"2009-06-30"`
	Text    string      `json:"text" doc:"what will be done; no names" required:"true" example:"the auditor sends the report"`
}

// Target implements [aggregates.Command].
func (c *AgreeCorrectiveAction) Target(string) (events.Subject, error) { return target(c.Agency) }

func decideCorrectiveAction(s *State, c *AgreeCorrectiveAction, ctx *aggregates.Context) (events.Event, error) {
	e := &events.CorrectiveActionAgreed{Finding: c.Finding, DueOn: c.DueOn, Text: c.Text}
	if alike(s, ctx.OccurredOn, e) {
		return nil, nil
	}
	if refusal := s.openFinding(ctx, c.Finding); refusal != nil {
		return nil, refusal
	}
	if c.DueOn < ctx.OccurredOn {
		return nil, aggregates.Refuse("", "due_before_start", "it cannot be due on %s, before %s", c.DueOn, ctx.OccurredOn).On("due_on")
	}
	return e, nil
}

// CloseFinding records that a finding was corrected.
type CloseFinding struct {
	Agency  string `json:"agency" doc:"id of the agency" required:"true" format:"id" example:"A-017"`
	Finding string `json:"finding" doc:"id of the finding within the agency" required:"true" format:"id" example:"F-2009-1"`
	Text    string `json:"text" doc:"how it was corrected; no names" example:"report received"`
}

// Target implements [aggregates.Command].
func (c *CloseFinding) Target(string) (events.Subject, error) { return target(c.Agency) }

func decideCloseFinding(s *State, c *CloseFinding, ctx *aggregates.Context) (events.Event, error) {
	if closed := s.finding(c.Finding).closed; closed.ID != "" && closed.On == ctx.OccurredOn {
		return nil, nil
	}
	if refusal := s.openFinding(ctx, c.Finding); refusal != nil {
		return nil, refusal
	}
	return &events.FindingClosed{Finding: c.Finding, Text: c.Text}, nil
}

// GiveConsultation records technical assistance to an agency, or a consultation on a
// case, by the prime contractor or its experts (S2).
type GiveConsultation struct {
	Agency  string `json:"agency" doc:"id of the agency" required:"true" format:"id" example:"A-017"`
	Manner  string `json:"manner" doc:"what kind of help" required:"true" enum:"technical_assistance,case_consultation,legal_expert,mental_health_expert" example:"case_consultation"`
	Topic   string `json:"topic" doc:"what it was about" required:"true" enum:"enrollment,certification,benefits,housing,safety,legal,mental_health,minors,documentation,billing,staff_support,other" example:"housing"`
	Client  string `json:"client" doc:"coded id of the client, for a consultation on a case" format:"id" example:"C-7QK2M4"`
	Minutes int    `json:"minutes" doc:"how long it took" min:"1" max:"1440" example:"45"`
}

// Target implements [aggregates.Command].
func (c *GiveConsultation) Target(string) (events.Subject, error) { return target(c.Agency) }

// Needs implements [aggregates.Dependent].
func (c *GiveConsultation) Needs(aggregates.State) []events.Subject { return caseSubjects(c.Client) }

func decideConsultation(s *State, c *GiveConsultation, ctx *aggregates.Context) (events.Event, error) {
	if refusal := unknownClient(ctx, "client", c.Client); refusal != nil {
		return nil, refusal
	}
	e := &events.ConsultationGiven{Manner: c.Manner, Topic: c.Topic, Client: c.Client, Minutes: c.Minutes}
	if alike(s, ctx.OccurredOn, e) {
		return nil, nil
	}
	return e, nil
}
