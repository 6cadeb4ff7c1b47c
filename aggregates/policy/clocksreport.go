package policy

import "caseledger/events"

// A ClocksReport is the answer to the query for a client's clocks on a day.
type ClocksReport struct {
	Client        string        `json:"client"`
	On            events.Date   `json:"on"`
	LastFundedDay events.Date   `json:"last_funded_day"` // empty when nothing is funded
	Clocks        []ClockReport `json:"clocks"`
	Assistance    Assistance    `json:"assistance"` // R26
}

// A ClockReport is one service clock on a day.
type ClockReport struct {
	// Status is the status on that day, or on the clock's first or last day
	// when the day lies before or after it: it changes at 18 (R10).
	Status      Status         `json:"status"`
	Start       events.Date    `json:"start"`
	End         events.Date    `json:"end"`
	DaysUsed    int            `json:"days_used"`        // up to and including the day
	DaysLeft    int            `json:"days_left"`        // of the clock's length, whether or not it can still run
	BudgetCents events.Cents   `json:"budget_cents"`     // overall, for client expenses
	Policy      string         `json:"policy,omitempty"` // ULID of the adopting record; empty for the defaults
	Periods     []PeriodReport `json:"periods"`
}

// A PeriodReport is one service period as a whole, begun or still to come.
type PeriodReport struct {
	Number              int          `json:"number"`
	Start               events.Date  `json:"start"`
	End                 events.Date  `json:"end"`
	Days                int          `json:"days"` // paid days
	AdministrativeCents events.Cents `json:"administrative_cents"`
	Extension           bool         `json:"extension,omitempty"`
	Unapproved          bool         `json:"unapproved,omitempty"` // awaits the decision of R22
	Shares              []Share      `json:"shares"`
}

// On returns the clocks as of a day: days used and left count it.
func (e *Entitlement) On(day events.Date) ClocksReport {
	r := ClocksReport{
		Client: e.Client, On: day, LastFundedDay: e.LastFundedDay(),
		Clocks: make([]ClockReport, 0, len(e.Clocks)), Assistance: e.RCA,
	}
	for i := range e.Clocks {
		c := &e.Clocks[i]
		used := c.Used(day)
		report := ClockReport{
			Status: c.StatusOn(day), Start: c.Start, End: c.End, DaysUsed: used, DaysLeft: c.LimitDays - used,
			BudgetCents: c.BudgetCents, Policy: c.Policy.Record, Periods: make([]PeriodReport, 0, len(c.Periods)),
		}
		for _, p := range c.Periods {
			report.Periods = append(report.Periods, PeriodReport{
				p.Number, p.Start, p.End, p.Days, p.AdministrativeCents, p.Extension, p.Unapproved, p.Shares,
			})
		}
		r.Clocks = append(r.Clocks, report)
	}
	return r
}

// StatusOn returns the clock's status on a day within it, or on its first or last
// day when the day lies before or after it. Only the pre-certified line changes
// its name, at 18, and goes on as the same clock (R10).
func (c *Clock) StatusOn(day events.Date) Status {
	if !c.pre {
		return c.Status
	}
	return c.of.withoutLetter(min(max(day, c.Start), c.End))
}
