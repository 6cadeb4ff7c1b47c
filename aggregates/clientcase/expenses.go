package clientcase

import (
	"caseledger/aggregates"
	"caseledger/events"
)

const (
	typeExpenseBooked   = "expense.booked.v1"
	typeExpenseReversed = "expense.reversed.v1"
)

// BookExpense books an actual client expense of occurred_on (R16). It is a fact
// even when it cannot be reimbursed: the verdict of R18 follows, and is made anew
// as more becomes known. A cost that another funder bears is no expense of this
// programme, and refused.
type BookExpense struct {
	Client      string       `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Agency      string       `json:"agency" doc:"agency that spent; the client's agency on that day when empty" format:"id" example:"A-017"`
	Category    string       `json:"category" doc:"need that it serves" required:"true" enum:"housing,food,clothing,medical,dental,mental_health,legal,immigration,education,employment,income,transportation,safety,life_skills,family_reunification,interpretation,general_support" example:"housing"`
	AmountCents events.Cents `json:"amount_cents" doc:"amount in cents" required:"true" min:"1" max:"1000000000" example:"25000"`
	ReceiptHash string       `json:"receipt_hash" doc:"SHA-256 of the receipt" format:"sha256"`
	Note        string       `json:"note" doc:"what was bought; sealed" secret:"expense" example:"security deposit"`
}

// Target implements [aggregates.Command].
func (c *BookExpense) Target(string) (events.Subject, error) { return target(c.Client) }

// Needs implements [aggregates.Dependent].
func (c *BookExpense) Needs(state aggregates.State) []events.Subject {
	needs := []events.Subject{events.ProgrammeSubject}
	if principal := state.(*State).money.Principal(); principal != "" {
		needs = append(needs, events.SubjectOf(events.KindCase, principal)) // R06 follows_principal
	}
	if c.Agency != "" {
		needs = append(needs, agencySubject(c.Agency))
	}
	return needs
}

// Two expenses alike on one day are two expenses: none is taken for the other.
func decideBookExpense(s *State, c *BookExpense, ctx *aggregates.Context) (events.Event, error) {
	if refusal := s.doubleClaim(c.ReceiptHash); refusal != nil {
		return nil, refusal
	}
	agency := c.Agency
	if agency != "" {
		if _, refusal := knownAgency(ctx, agency, "agency"); refusal != nil {
			return nil, refusal
		}
	} else if agency = s.AgencyOn(ctx.OccurredOn); agency == "" {
		return nil, aggregates.Refuse("R18", "agency_missing", "client %s has no agency on %s", s.client, ctx.OccurredOn).
			On("agency").WithHint("say which agency spent")
	}
	return &events.ExpenseBooked{
		Agency: agency, Category: c.Category, AmountCents: c.AmountCents,
		ReceiptHash: c.ReceiptHash, Note: events.Plain(c.Note),
	}, nil
}

// ReverseExpense takes an expense back wholly; book the right one anew (R24).
type ReverseExpense struct {
	Client  string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Expense string `json:"expense" doc:"id of the expense's record, or of the command that booked it" required:"true" example:"01HZX0000000000000000000AB"`
	Reason  string `json:"reason" doc:"why; sealed" required:"true" secret:"expense" example:"booked $300 instead of $30"`
}

// Target implements [aggregates.Command].
func (c *ReverseExpense) Target(string) (events.Subject, error) { return target(c.Client) }

func decideReverseExpense(s *State, c *ReverseExpense, _ *aggregates.Context) (events.Event, error) {
	f, found := s.history.Find(c.Expense)
	expense, isExpense := f.Event.(*events.ExpenseBooked)
	switch {
	case !found:
		return nil, aggregates.Refuse("R24", "unknown_expense", "client %s has no expense %q", s.client, c.Expense).On("expense").
			WithHint("give the record id or the command id as the history shows it")
	case f.Type == typeExpenseReversed:
		return nil, aggregates.Refuse("R24", "reversal_of_reversal", "%s is a reversal, and a reversal is not reversed", c.Expense).On("expense").
			WithHint("book-expense books the expense anew").Citing(f.ID)
	case !isExpense:
		return nil, aggregates.Refuse("R24", "not_an_expense", "%s is no expense but a %s", c.Expense, f.Type).On("expense").
			WithHint("withdraw-case-fact takes other facts back").Citing(f.ID)
	}
	for r, e := range aggregates.Of[*events.ExpenseReversed](&s.history) {
		if e.Expense == f.ID {
			return nil, aggregates.Refuse("R24", "already_reversed", "expense %s was reversed on %s", c.Expense, r.On).On("expense").Citing(f.ID, r.ID)
		}
	}
	return &events.ExpenseReversed{Expense: f.ID, AmountCents: -expense.AmountCents, Reason: events.Plain(c.Reason)}, nil
}
