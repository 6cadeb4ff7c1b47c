package recount

import (
	"cmp"
	"fmt"
	"slices"

	"caseledger/events"
)

// rules are the settings and rates in force on some day. Every setting holds one
// of the readings that the rulebook names.
type rules struct {
	from    events.Date
	rates   events.RateChart
	records []string // the adoptions that made these rules what they are

	removedForDerivatives string // R01
	derivativeRate        string // R06
	urmPlacement          string // R11
	periodUnit            string // R13
	clockStart            string // R14
	partialPeriod         string // R15
	clientCeiling         string // R17
	heldAtClockEnd        string // R17
	cashAdvance           string // R19
	transition            string // R20
	unusedBudget          string // R20
	transferSplit         string // R21
	approval              string // R22
	extensionGrants       string // R22
	reenrollment          string // R23
	retroEffect           string // R25
	retroPastEnd          string // R25
	rcaMonths             string // R26
	fyAttribution         string // R29
}

// settings lists every setting with its readings, the default first.
var settings = []struct {
	name     string
	value    func(*rules) *string
	readings []string
}{
	{"removed_for_derivatives", func(r *rules) *string { return &r.removedForDerivatives }, []string{"not_asked", "asked"}},
	{"derivative_rate", func(r *rules) *string { return &r.derivativeRate }, []string{"certified_own_clock", "follows_principal", "none"}},
	{"urm_placement_payment", func(r *rules) *string { return &r.urmPlacement }, []string{"excluded", "included"}},
	{"period_unit", func(r *rules) *string { return &r.periodUnit }, []string{"days30", "calendar_month"}},
	{"clock_start", func(r *rules) *string { return &r.clockStart }, []string{"later_of_letter_or_enrollment", "letter_date"}},
	{"partial_period_admin", func(r *rules) *string { return &r.partialPeriod }, []string{"prorata", "completed_only", "begun_full"}},
	{"client_ceiling", func(r *rules) *string { return &r.clientCeiling }, []string{"accrued_plus_one_month", "overall_budget", "monthly_cap"}},
	{"held_at_clock_end", func(r *rules) *string { return &r.heldAtClockEnd }, []string{"disallowed", "payable_to_overall_budget"}},
	{"cash_advance", func(r *rules) *string { return &r.cashAdvance }, []string{"one_month", "none"}},
	{"transition_rule", func(r *rules) *string { return &r.transition }, []string{"new_clock_at_letter", "next_period_boundary", "remaining_of_nine"}},
	{"unused_budget_at_transition", func(r *rules) *string { return &r.unusedBudget }, []string{"lapse", "carry"}},
	{"transfer_split", func(r *rules) *string { return &r.transferSplit }, []string{"by_days", "period_start_agency"}},
	{"month_to_month_approval", func(r *rules) *string { return &r.approval }, []string{"extensions_only", "none", "certified_and_extensions"}},
	{"extension_grants", func(r *rules) *string { return &r.extensionGrants }, []string{"admin_and_client", "admin_only", "client_only"}},
	{"reenrollment_clock", func(r *rules) *string { return &r.reenrollment }, []string{"resume", "restart", "elapsed"}},
	{"retro_certification_effect", func(r *rules) *string { return &r.retroEffect }, []string{"letter_date", "notice_date"}},
	{"retro_days_past_new_end", func(r *rules) *string { return &r.retroPastEnd }, []string{"under_review", "automatic", "harmless"}},
	{"rca_month_counting", func(r *rules) *string { return &r.rcaMonths }, []string{"actual_date", "calendar_month_first_counts"}},
	{"fy_attribution_of_straddling_period", func(r *rules) *string { return &r.fyAttribution }, []string{"by_days", "period_end"}},
}

// defaults are the rulebook's bold readings and the rates of R12.
func defaults() rules {
	r := rules{rates: events.RateChart{
		PreCertified: events.Rate{AdministrativeCents: 700_00, ClientCents: 600_00, MaximumPeriods: 9},
		Certified:    events.Rate{AdministrativeCents: 500_00, ClientCents: 400_00, MaximumPeriods: 4},
	}}
	for _, s := range settings {
		*s.value(&r) = s.readings[0]
	}
	return r
}

// set gives a setting one of its readings.
func (r *rules) set(name, reading string) error {
	for _, s := range settings {
		if s.name != name {
			continue
		}
		if !slices.Contains(s.readings, reading) {
			return fmt.Errorf("setting %s has no reading %q", name, reading)
		}
		*s.value(r) = reading
		return nil
	}
	return fmt.Errorf("no setting %q in the rulebook", name)
}

// A rulebook is what was in force when: each entry from its day on, in order of
// the effective date, then of recording.
type rulebook []rules

// readProgramme folds the adoptions among the programme's records.
func readProgramme(records []*events.Record) (rulebook, error) {
	type adoption struct {
		record *events.Record
		event  *events.PolicyAdopted
	}
	var adoptions []adoption
	for _, r := range records {
		e, err := r.Event()
		if err != nil {
			return nil, err
		}
		if a, is := e.(*events.PolicyAdopted); is {
			adoptions = append(adoptions, adoption{r, a})
		}
	}
	slices.SortStableFunc(adoptions, func(a, b adoption) int {
		return cmp.Compare(a.record.OccurredOn, b.record.OccurredOn)
	})

	book := rulebook{defaults()}
	for _, a := range adoptions {
		next := book[len(book)-1] // what is not named stays as it was
		next.from = a.record.OccurredOn
		next.records = append(slices.Clip(next.records), a.record.ID)
		if a.event.Rates != nil {
			next.rates = *a.event.Rates
		}
		for name, reading := range a.event.Settings {
			if err := next.set(name, reading); err != nil {
				return nil, fmt.Errorf("read policy %s: %w", a.record.ID, err)
			}
		}
		book = append(book, next)
	}
	return book, nil
}

// on returns the rules in force on a day.
func (b rulebook) on(d events.Date) *rules {
	in := &b[0]
	for i := range b {
		if b[i].from <= d {
			in = &b[i]
		}
	}
	return in
}
