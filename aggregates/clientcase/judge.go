package clientcase

import (
	"fmt"

	"caseledger/aggregates"
	"caseledger/aggregates/policy"
	"caseledger/events"
)

// What a case asks of the programme.
type rulebook interface{ Book() *policy.Book }

// book returns the policies in force; the defaults for a programme without records.
func book(ctx *aggregates.Context) *policy.Book {
	if st := ctx.Basis[events.ProgrammeSubject]; st.Exists() {
		return st.State.(rulebook).Book()
	}
	return policy.NewBook()
}

// removalAskedOfDerivatives reads the policy of the first enrolled day (R01).
func removalAskedOfDerivatives(ctx *aggregates.Context) bool {
	return book(ctx).On(ctx.OccurredOn).RemovedForDerivatives == policy.Asked
}

// judged adds the verdict of R18 to the booking of an expense.
func judged(spec aggregates.Spec) aggregates.Spec {
	spec.Judge = func(state aggregates.State, record *events.Record, ctx *aggregates.Context) *aggregates.Refusal {
		return state.(*State).judgeExpense(record, ctx)
	}
	return spec
}

// judgeExpense says why a booked expense is not reimbursed as the case is known
// now, nil when its day is funded. How much of it is paid, and when, is a matter
// of the budget (R16, R17) and not judged here.
func (s *State) judgeExpense(record *events.Record, ctx *aggregates.Context) *aggregates.Refusal {
	var principal *policy.Facts
	if p, ok := ctx.Basis[events.SubjectOf(events.KindCase, s.money.Principal())].State.(*State); ok {
		principal = &p.money
	}
	entitlement, err := policy.Evaluate(&s.money, book(ctx), principal)
	if err != nil {
		return aggregates.Refuse("R18", "not_judged", "the expense cannot be judged: %v", err).Citing(record.ID)
	}
	funded, reason, rule := entitlement.Funding(record.OccurredOn)
	if funded {
		return nil
	}
	return aggregates.Refuse(rule, reason, "not reimbursable: %s", s.sentence(reason, record.OccurredOn, entitlement)).Citing(record.ID)
}

// sentence explains a reason of R18 to a case manager.
func (s *State) sentence(reason string, day events.Date, e *policy.Entitlement) string {
	switch spells := s.course().spells; {
	case reason == policy.BeforeEnrollment && len(spells) > 0:
		return fmt.Sprintf("%s lies before the first enrolled day, %s", day, spells[0].first)
	case reason == policy.AfterClosure && len(spells) > 0:
		return fmt.Sprintf("the client was not enrolled on %s, after the service had been closed", day)
	case reason == policy.AfterServicePeriod && e.LastFundedDay() != 0:
		return fmt.Sprintf("%s lies after the last service period, which ended on %s", day, e.LastFundedDay())
	case reason == policy.UnfundedGap:
		return fmt.Sprintf("%s lies in a gap that no service period covers", day)
	case reason == policy.Ineligible:
		return fmt.Sprintf("the client is not eligible on %s", day)
	}
	return fmt.Sprintf("no service period covers %s", day)
}
