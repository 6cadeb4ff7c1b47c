package billing

import (
	"cmp"
	"slices"

	"github.com/go-json-experiment/json"

	"caseledger/events"
	"caseledger/projections"
)

// A term is one signing of an agency's subcontract.
type term struct {
	Name    string       `json:"name"`
	From    events.Date  `json:"from"`
	Through events.Date  `json:"through,omitzero"` // last day; zero: open-ended
	Ceiling events.Cents `json:"ceiling_cents,omitzero"`
}

// foldTerms lists the subcontracts by effective date, then by recording.
func foldTerms(records []*events.Record) ([]term, error) {
	byDate := slices.Clone(records)
	slices.SortStableFunc(byDate, func(a, b *events.Record) int { return cmp.Compare(a.OccurredOn, b.OccurredOn) })
	var terms []term
	for _, r := range byDate {
		if r.Type != "subcontract.signed.v1" && r.Type != "subcontract.ended.v1" {
			continue
		}
		e, err := r.Event()
		if err != nil {
			return nil, err
		}
		switch e := e.(type) {
		case *events.SubcontractSigned:
			terms = append(terms, term{e.Name, r.OccurredOn, e.ThroughDate, e.CeilingCents})
		case *events.SubcontractEnded:
			if n := len(terms); n > 0 {
				terms[n-1].Through = r.OccurredOn
			}
		}
	}
	return terms, nil
}

// on returns the term that is in force on a day or was the last before it.
func on(terms []term, day events.Date) (t term, inForce bool) {
	for _, t := range slices.Backward(terms) {
		if t.From <= day {
			return t, t.Through == 0 || day <= t.Through
		}
	}
	return term{}, false
}

// A ContractYear sets what an agency was billed in a contract year against its
// ceiling. Contract years are counted from the signing in force (ours).
type ContractYear struct {
	Agency        string       `json:"agency"`
	Start         events.Date  `json:"start"`
	End           events.Date  `json:"end"`
	CeilingCents  events.Cents `json:"ceiling_cents"`  // 0: none
	BilledCents   events.Cents `json:"billed_cents"`   // invoices that were not denied
	ApprovedCents events.Cents `json:"approved_cents"` // of them approved, paid included
	PaidCents     events.Cents `json:"paid_cents"`     // of them paid
	AdvancedCents events.Cents `json:"advanced_cents"` // advances of the year, less what was paid back
	// CommittedCents is billed and advanced; LeftCents what the ceiling leaves.
	CommittedCents events.Cents `json:"committed_cents"`
	LeftCents      events.Cents `json:"left_cents"`
	ElapsedDays    int          `json:"elapsed_days"`
	Days           int          `json:"days"`
	// BurnCents is what was committed per 30 days so far, ForecastCents what the
	// whole year comes to at that rate, both rounded half up.
	BurnCents     events.Cents `json:"burn_cents"`
	ForecastCents events.Cents `json:"forecast_cents"`
	Exceeded      bool         `json:"exceeded"`     // the ceiling is below what is committed
	WillExceed    bool         `json:"will_exceed"`  // the forecast is above the ceiling
	ExhaustedOn   events.Date  `json:"exhausted_on"` // first day on which the forecast passes the ceiling; zero: not in the year
}

// ContractYears returns the contract years of an agency, of all agencies for "",
// that began by a day, as billed by then: in order of agency and start.
func ContractYears(s *projections.Snapshot, agency string, day events.Date) ([]ContractYear, error) {
	var years []ContractYear
	err := each(s, events.KindAgency, agency, func(id string, b []byte) error {
		var terms []term
		if err := json.Unmarshal(b, &terms); err != nil {
			return err
		}
		account, err := Of(s, id)
		if err != nil {
			return err
		}
		years = append(years, contractYears(account, terms, day)...)
		return nil
	})
	return years, err
}

func contractYears(a Account, terms []term, day events.Date) []ContractYear {
	var years []ContractYear
	for n, t := range terms {
		if t.From > day {
			break
		}
		last := day
		if t.Through != 0 {
			last = min(last, t.Through)
		}
		if n+1 < len(terms) {
			last = min(last, terms[n+1].From-1)
		}
		for start := t.From; start <= last; start = start.AddMonths(12) {
			y := ContractYear{Agency: a.Agency, Start: start, End: start.AddMonths(12) - 1, CeilingCents: t.Ceiling}
			y.fill(a, day)
			years = append(years, y)
		}
	}
	return years
}

func (y *ContractYear) fill(a Account, day events.Date) {
	for _, i := range a.Invoices {
		if i.Contract.Year != y.Start || i.State == "denied" || i.Closing > day {
			continue
		}
		y.BilledCents += i.Totals.TotalCents
		if _, approved := i.Step("approved"); approved {
			y.ApprovedCents += i.Totals.TotalCents
		}
		if i.State == "paid" {
			y.PaidCents += i.Totals.TotalCents
		}
	}
	for _, d := range a.Advances {
		if d.IssuedOn >= y.Start && d.IssuedOn <= min(y.End, day) {
			y.AdvancedCents += d.Cents - d.SettledCents
		}
	}
	y.CommittedCents = y.BilledCents + y.AdvancedCents
	y.Days = int(y.End-y.Start) + 1
	y.ElapsedDays = int(min(day, y.End)-y.Start) + 1
	y.BurnCents = scale(y.CommittedCents, 30, y.ElapsedDays)
	y.ForecastCents = scale(y.CommittedCents, y.Days, y.ElapsedDays)
	if y.CeilingCents == 0 {
		return
	}
	y.LeftCents = y.CeilingCents - y.CommittedCents
	y.Exceeded, y.WillExceed = y.LeftCents < 0, y.ForecastCents > y.CeilingCents
	if y.WillExceed {
		// The first day d with committed × d > ceiling × elapsed.
		d := y.CeilingCents*events.Cents(y.ElapsedDays)/y.CommittedCents + 1
		y.ExhaustedOn = y.Start + events.Date(d) - 1
	}
}

// scale returns amount × days / of, rounded half away from zero. Amounts are far
// below the 2⁶³/732 that it can take.
func scale(amount events.Cents, days, of int) events.Cents {
	n, d := 2*amount*events.Cents(days), 2*events.Cents(of)
	if n < 0 {
		return (n - d/2) / d
	}
	return (n + d/2) / d
}
