package simulate

import (
	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
)

// A Result sets what is due under the policies adopted (before) beside what
// would have been due under the supposition (after). The lines of each dimension
// sum to Total exactly. Amounts are entitlements up to the closing date, whatever
// was billed.
type Result struct {
	Overlay  policy.Overlay       `json:"supposed"`
	Closing  events.Date          `json:"closing"`
	Position projections.Position `json:"at"` // the last record that counts

	Clients     int `json:"clients"`      // with an enrollment or an expense
	ClientsMore int `json:"clients_more"` // for whom more would have been due
	ClientsLess int `json:"clients_less"`

	Total        Comparison        `json:"total"`
	Expenses     ExpenseComparison `json:"expenses"`
	ByAgency     []AgencyLine      `json:"by_agency"`      // in order of id
	ByStatus     []StatusLine      `json:"by_status"`      // always all three
	ByFiscalYear []YearLine        `json:"by_fiscal_year"` // in order (R29)
	Clocks       []ClockChange     `json:"clocks"`         // in order of client
	Rulings      []RulingChange    `json:"rulings"`        // in order of what they were and would be
}

// Amounts are what is due, in cents.
type Amounts struct {
	AdministrativeCents events.Cents `json:"administrative_cents"`
	ClientCents         events.Cents `json:"client_cents"` // paid of client expenses
	DueCents            events.Cents `json:"due_cents"`    // both
}

// A Comparison sets amounts side by side; Difference is After less Before.
type Comparison struct {
	Before     Amounts `json:"before"`
	After      Amounts `json:"after"`
	Difference Amounts `json:"difference"`
}

// An AgencyLine is one agency's part (R21).
type AgencyLine struct {
	Agency string `json:"agency"`
	Comparison
}

// A StatusLine is the part of one line of the rate chart, or of derivatives: see
// [policy.StatusAmount].
type StatusLine struct {
	Status policy.Status `json:"status"`
	Comparison
}

// A YearLine is one fiscal year's part (R29).
type YearLine struct {
	FiscalYear int `json:"fiscal_year"`
	Comparison
}

// Expenses is what becomes of the client expenses dated by the closing date and
// not reversed; the four add up to what was booked (R16–R18).
type Expenses struct {
	PaidCents       events.Cents `json:"paid_cents"`
	HeldCents       events.Cents `json:"held_cents"`
	DisallowedCents events.Cents `json:"disallowed_cents"`
	RefusedCents    events.Cents `json:"refused_cents"`
}

// An ExpenseComparison sets what becomes of expenses side by side.
type ExpenseComparison struct {
	Before     Expenses `json:"before"`
	After      Expenses `json:"after"`
	Difference Expenses `json:"difference"`
}

// A ClockChange is a client whose last funded day, or number of service periods,
// would have been another. Both are as far as the facts go, beyond the closing
// date too.
type ClockChange struct {
	Client              string       `json:"client"`
	Agencies            []string     `json:"agencies"` // with a part of the client's amounts or expenses, in order of id
	LastFundedDayBefore events.Date  `json:"last_funded_day_before"`
	LastFundedDayAfter  events.Date  `json:"last_funded_day_after"` // empty when nothing would be funded
	PeriodsBefore       int          `json:"periods_before"`
	PeriodsAfter        int          `json:"periods_after"`
	DifferenceCents     events.Cents `json:"difference_cents"` // due at the closing date
}

// A Standing says what becomes of an expense.
type Standing string

// The standings. A reason says more: see the reasons of package policy.
const (
	Paid       Standing = "paid"
	PaidInPart Standing = "paid_in_part"
	Held       Standing = "held"
	Disallowed Standing = "disallowed"
	Refused    Standing = "refused"
)

// A Ruling is what becomes of an expense, and why when it is not paid in full.
type Ruling struct {
	Standing Standing `json:"standing"`
	Reason   string   `json:"reason,omitempty"`
}

func (r Ruling) String() string {
	if r.Reason == "" {
		return string(r.Standing)
	}
	return string(r.Standing) + " (" + r.Reason + ")"
}

// A RulingChange counts the expenses of which something else would have become.
// Before and After are equal when only amounts differ. The differences of all
// changes sum to that of Total's client expenses.
type RulingChange struct {
	Before              Ruling       `json:"before"`
	After               Ruling       `json:"after"`
	Expenses            int          `json:"expenses"`
	BookedCents         events.Cents `json:"booked_cents"`
	PaidDifferenceCents events.Cents `json:"paid_difference_cents"`
}
