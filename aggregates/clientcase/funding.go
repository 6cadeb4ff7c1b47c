package clientcase

import (
	"caseledger/aggregates"
	"caseledger/events"
)

// RecordOtherFunding records a cost of the client, incurred on occurred_on, that
// another funder bears: it may not be claimed here as well (S1).
type RecordOtherFunding struct {
	Client      string       `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Funder      string       `json:"funder" doc:"who bears it: the Department of Justice, its victim compensation, the Department of Homeland Security, another programme of HHS, legal aid and so on" required:"true" enum:"doj,crime_victims_fund,dhs,other_hhs,legal_aid,state,local,foundation,unrestricted,other" example:"doj"`
	Award       string       `json:"award" doc:"number of the award" example:"2008-VT-BX-0001"`
	Category    string       `json:"category" doc:"need that it serves" required:"true" enum:"case_management,housing,food,clothing,medical,dental,mental_health,legal,immigration,education,employment,income,transportation,safety,life_skills,family_reunification,interpretation,general_support" example:"legal"`
	AmountCents events.Cents `json:"amount_cents" doc:"amount in cents" required:"true" min:"1" max:"1000000000" example:"45000"`
	ReceiptHash string       `json:"receipt_hash" doc:"SHA-256 of the receipt" format:"sha256"`
}

// Target implements [aggregates.Command].
func (c *RecordOtherFunding) Target(string) (events.Subject, error) { return target(c.Client) }

// Without a receipt two costs alike on one day are two.
func decideRecordOtherFunding(s *State, c *RecordOtherFunding, _ *aggregates.Context) (events.Event, error) {
	e := events.OtherFundingRecorded{
		Funder: c.Funder, Award: c.Award, Category: c.Category, AmountCents: c.AmountCents, ReceiptHash: c.ReceiptHash,
	}
	if f, old, borne := s.borneBy(c.ReceiptHash); borne {
		if *old == e {
			return nil, nil
		}
		return nil, aggregates.Refuse("R16", "claimed_twice", "%s bears the cost of this receipt since %s", old.Funder, f.On).On("receipt_hash").
			WithHint("withdraw-case-fact takes that back if it is wrong").Citing(f.ID)
	}
	if f, booked := s.bookedHere(c.ReceiptHash); booked {
		return nil, aggregates.Refuse("R16", "claimed_twice", "this receipt is booked here as an expense of %s", f.On).On("receipt_hash").
			WithHint("reverse-expense takes it back first; where two funders share a cost, each part needs a receipt of its own").Citing(f.ID)
	}
	return &e, nil
}

// borneBy returns the fact that another funder bears the cost of a receipt.
func (s *State) borneBy(receipt string) (aggregates.Fact, *events.OtherFundingRecorded, bool) {
	for f, e := range aggregates.Of[*events.OtherFundingRecorded](&s.history) {
		if receipt != "" && e.ReceiptHash == receipt {
			return f, e, true
		}
	}
	return aggregates.Fact{}, nil, false
}

// bookedHere returns the expense with a receipt that stands, not reversed.
func (s *State) bookedHere(receipt string) (booked aggregates.Fact, found bool) {
	if receipt == "" {
		return booked, false
	}
	for f, e := range aggregates.Of[*events.ExpenseBooked](&s.history) {
		if e.ReceiptHash == receipt && !s.reversed(f.ID) {
			return f, true
		}
	}
	return booked, false
}

// reversed reports whether the expense of a record id was taken back (R24).
func (s *State) reversed(expense string) bool {
	for _, e := range aggregates.Of[*events.ExpenseReversed](&s.history) {
		if e.Expense == expense {
			return true
		}
	}
	return false
}

// doubleClaim refuses to book a cost that another funder bears. It is not an expense
// of this programme (R16: actual costs), and what R18 refuses it refuses by its day
// alone: recorded as an expense it would be paid.
func (s *State) doubleClaim(receipt string) *aggregates.Refusal {
	f, e, borne := s.borneBy(receipt)
	if !borne {
		return nil
	}
	return aggregates.Refuse("R16", "claimed_twice", "%s bears the cost of this receipt since %s", e.Funder, f.On).On("receipt_hash").
		WithHint("withdraw-case-fact takes that back if it is wrong; where two funders share a cost, each part needs a receipt of its own").Citing(f.ID)
}
