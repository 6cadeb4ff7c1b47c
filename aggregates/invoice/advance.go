package invoice

import (
	"fmt"
	"slices"

	"caseledger/aggregates"
	"caseledger/events"
)

// IssueAdvance records cash for a client's expenses ahead of actual spending. One
// is outstanding at a time per client, whichever agency has it, and it is at most
// one monthly cap (R19).
type IssueAdvance struct {
	Agency      string       `json:"agency" doc:"id of the agency" required:"true" format:"id" example:"A-017"`
	Client      string       `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	AmountCents events.Cents `json:"amount_cents" doc:"the advance, in cents" required:"true" min:"1" max:"1000000000" example:"60000"`
	Reference   string       `json:"reference" doc:"number of the payment" format:"id" example:"CHK-20090"`

	Allowance *Allowance `json:"-"` // the application's
}

// An Allowance is what R19 says about an advance, as computed from the ledger.
type Allowance struct {
	Made      events.LedgerPosition
	At        string       // agency that the client is with on the day
	Cents     events.Cents // most that may be advanced
	Reason    string       // why nothing may be, when Cents is 0
	Elsewhere events.Cents // outstanding of advances to other agencies for the client
}

// Target implements [aggregates.Command].
func (c *IssueAdvance) Target(string) (events.Subject, error) { return target(c.Agency) }

// Needs implements [aggregates.Dependent].
func (c *IssueAdvance) Needs(aggregates.State) []events.Subject {
	return []events.Subject{agencySubject(c.Agency), events.SubjectOf(events.KindCase, c.Client)}
}

func decideAdvance(s *State, c *IssueAdvance, ctx *aggregates.Context) (events.Event, error) {
	contract := contractOf(ctx, s.agency)
	a := c.Allowance
	clientCase := events.SubjectOf(events.KindCase, c.Client)
	switch outstanding := s.Outstanding(c.Client); {
	case contract == nil || !contract.UnderSubcontract(ctx.OccurredOn):
		return nil, aggregates.Refuse("R27", "agency_not_under_subcontract", "agency %s is not under subcontract on %s", s.agency, ctx.OccurredOn).On("agency")
	case !ctx.Basis[clientCase].Exists():
		return nil, aggregates.Refuse("", "unknown_client", "client %s is unknown", c.Client).On("client")
	case a == nil:
		return nil, fmt.Errorf("issue advance for %s: what R19 allows was not computed", c.Client)
	case a.At != s.agency:
		return nil, aggregates.Refuse("R21", "foreign_client", "client %s is not with agency %s on %s", c.Client, s.agency, ctx.OccurredOn).On("client")
	case outstanding+a.Elsewhere > 0:
		return nil, aggregates.Refuse("R19", "advance_outstanding", "%s of an advance for client %s is outstanding", outstanding+a.Elsewhere, c.Client).
			On("client").WithHint("it is cleared by the client expenses of the next invoices")
	case a.Cents == 0:
		return nil, aggregates.Refuse("R19", "no_advance", "no advance can be issued for client %s: %s", c.Client, a.Reason).On("client")
	case c.AmountCents > a.Cents:
		return nil, aggregates.Refuse("R19", "above_allowance", "%s is more than the %s that may be advanced for client %s", c.AmountCents, a.Cents, c.Client).
			On("amount_cents")
	}
	standing := s.contractStanding(contract, ctx.OccurredOn, c.AmountCents, func(i *Invoice) bool { return i.Status == Approved || i.Status == Paid })
	if standing.ExceededCents > 0 {
		return nil, aggregates.Refuse("R27", "above_ceiling", "with this advance the contract year from %s comes to %s, above its ceiling of %s",
			standing.Year, standing.CommittedCents, standing.CeilingCents).On("amount_cents")
	}
	return &events.AdvanceIssued{
		Client: c.Client, AmountCents: c.AmountCents, AllowedCents: a.Cents, Made: a.Made, Reference: c.Reference,
		Basis: ctx.Basis.References(agencySubject(s.agency), clientCase),
	}, nil
}

// DecideReview decides on what was paid for days past a clock's end that a late
// letter shortened: all of a client's, or one service period's, or one expense's.
type DecideReview struct {
	Agency   string      `json:"agency" doc:"id of the agency" required:"true" format:"id" example:"A-017"`
	Client   string      `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Decision string      `json:"decision" doc:"recover takes the amounts back on the next invoice, leave lets them stay paid" required:"true" enum:"recover,leave" example:"leave"`
	Clock    events.Date `json:"clock" doc:"first day of the clock, to decide on one period only" example:"2009-01-05"`
	Period   int         `json:"period" doc:"number of the service period, to decide on it only" min:"1" example:"3"`
	Expense  string      `json:"expense" doc:"record of an expense, to decide on it only" example:"01ARZ3NDEKTSV4RRFFQ69G5FAV"`

	Open *OpenReview `json:"-"` // the application's
}

// An OpenReview is what is under review of a client, as computed from the ledger.
type OpenReview struct {
	Made  events.LedgerPosition
	Lines []events.ReviewedLine
}

// Target implements [aggregates.Command].
func (c *DecideReview) Target(string) (events.Subject, error) { return target(c.Agency) }

func decideReview(s *State, c *DecideReview, _ *aggregates.Context) (events.Event, error) {
	switch {
	case c.Open == nil:
		return nil, fmt.Errorf("decide review of %s: what is under review was not computed", c.Client)
	case s.clients[c.Client] == nil:
		return nil, aggregates.Refuse("R25", "never_billed", "agency %s never billed anything for client %s", s.agency, c.Client).On("client")
	case (c.Clock == 0) != (c.Period == 0):
		return nil, aggregates.Refuse("R25", "clock_and_period", "a service period is named by its clock and its number").On("period")
	}
	e := &events.ReviewDecided{Client: c.Client, Recover: c.Decision == "recover", Made: c.Open.Made}
	for _, l := range c.Open.Lines {
		if (c.Period == 0 || l.Clock == c.Clock && l.Period == c.Period) && (c.Expense == "" || l.Expense == c.Expense) {
			e.Lines = append(e.Lines, l)
		}
	}
	if len(e.Lines) == 0 {
		return nil, aggregates.Refuse("R25", "nothing_under_review", "nothing that agency %s was paid for client %s is under review", s.agency, c.Client).On("client")
	}
	return e, nil
}

// SettleRecoverable records what an agency that has left paid back of an invoice
// below zero, or of an advance that can no longer be cleared.
type SettleRecoverable struct {
	Agency      string       `json:"agency" doc:"id of the agency" required:"true" format:"id" example:"A-017"`
	Number      int          `json:"number" doc:"number of an invoice below zero; or give advance" min:"1" example:"12"`
	Advance     string       `json:"advance" doc:"record of an advance; or give number" example:"01ARZ3NDEKTSV4RRFFQ69G5FAV"`
	AmountCents events.Cents `json:"amount_cents" doc:"what was paid back, in cents" required:"true" min:"1" max:"1000000000" example:"5000"`
	Reference   string       `json:"reference" doc:"number of the payment" required:"true" format:"id" example:"DEP-311"`
}

// Target implements [aggregates.Command].
func (c *SettleRecoverable) Target(string) (events.Subject, error) { return target(c.Agency) }

// Needs implements [aggregates.Dependent].
func (c *SettleRecoverable) Needs(aggregates.State) []events.Subject {
	return []events.Subject{agencySubject(c.Agency)}
}

func decideSettle(s *State, c *SettleRecoverable, ctx *aggregates.Context) (events.Event, error) {
	if contract := contractOf(ctx, s.agency); contract == nil || contract.UnderSubcontract(ctx.OccurredOn) {
		return nil, aggregates.Refuse("R24", "agency_has_not_left", "agency %s is under subcontract on %s or unknown", s.agency, ctx.OccurredOn).
			On("agency").WithHint("its credits are set off by pay-invoice, its advances cleared by the next invoices")
	}
	owed, err := s.owed(c)
	if err != nil {
		return nil, err
	}
	if c.AmountCents > owed {
		return nil, aggregates.Refuse("R24", "above_recoverable", "%s is owed, less than %s", owed, c.AmountCents).On("amount_cents")
	}
	return &events.RecoverableSettled{Number: c.Number, Advance: c.Advance, AmountCents: c.AmountCents, Reference: c.Reference}, nil
}

// owed returns what an agency still owes of an invoice or an advance.
func (s *State) owed(c *SettleRecoverable) (events.Cents, error) {
	if (c.Number == 0) == (c.Advance == "") {
		return 0, aggregates.Refuse("", "number_or_advance", "give either the number of an invoice or the record of an advance").On("number")
	}
	if c.Number != 0 {
		i, err := s.in(c.Number, "settled", Generated, Submitted, Reviewed, Returned, Approved)
		if err != nil {
			return 0, err
		}
		return max(0, -i.Totals.TotalCents-i.Settled), nil
	}
	n := slices.IndexFunc(s.advances, func(d *advance) bool { return d.ID == c.Advance })
	if n < 0 {
		return 0, aggregates.Refuse("", "unknown_advance", "agency %s had no advance %s", s.agency, c.Advance).On("advance")
	}
	return s.left(s.advances[n]), nil
}
