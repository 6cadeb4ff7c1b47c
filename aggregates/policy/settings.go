// Package policy answers one question: what do the facts of a case come to
// under the rulebook, which status, which service periods, how many cents?
//
// Everything in it is a pure function. The facts of one client are folded into
// [Facts], the adopted settings into a [Book]; [Evaluate] turns both into an
// [Entitlement], whose methods answer for a date: [Entitlement.On] the clocks,
// [Entitlement.At] the reimbursement, [Entitlement.Due] what is still to be
// billed. Counting (R30) rests on enrolled days and letters alone, so that no
// setting about money moves a statistic.
//
// Rule numbers (R15) are those of the rulebook.
package policy

import (
	"fmt"
	"slices"
	"strings"

	"caseledger/events"
)

// A Reading is one way to read a rule that the sources leave open.
type Reading string

// The readings. A reading that occurs under several settings has one constant.
const (
	None        Reading = "none"         // derivative_rate, cash_advance, month_to_month_approval
	ByDays      Reading = "by_days"      // transfer_split, fy_attribution_of_straddling_period
	LetterDate  Reading = "letter_date"  // clock_start, retro_certification_effect
	Disallowed  Reading = "disallowed"   // held_at_clock_end
	NotAsked    Reading = "not_asked"    // removed_for_derivatives
	Asked       Reading = "asked"        // removed_for_derivatives
	Excluded    Reading = "excluded"     // urm_placement_payment
	Included    Reading = "included"     // urm_placement_payment
	Days30      Reading = "days30"       // period_unit
	OneMonth    Reading = "one_month"    // cash_advance
	Lapse       Reading = "lapse"        // unused_budget_at_transition
	Carry       Reading = "carry"        // unused_budget_at_transition
	Resume      Reading = "resume"       // reenrollment_clock
	Restart     Reading = "restart"      // reenrollment_clock
	Elapsed     Reading = "elapsed"      // reenrollment_clock
	NoticeDate  Reading = "notice_date"  // retro_certification_effect
	Automatic   Reading = "automatic"    // retro_days_past_new_end
	UnderReview Reading = "under_review" // retro_days_past_new_end
	Harmless    Reading = "harmless"     // retro_days_past_new_end
	ActualDate  Reading = "actual_date"  // rca_month_counting
	PeriodEnd   Reading = "period_end"   // fy_attribution_of_straddling_period

	CertifiedOwnClock         Reading = "certified_own_clock"           // derivative_rate
	FollowsPrincipal          Reading = "follows_principal"             // derivative_rate
	CalendarMonth             Reading = "calendar_month"                // period_unit
	LaterOfLetterOrEnrollment Reading = "later_of_letter_or_enrollment" // clock_start
	Prorata                   Reading = "prorata"                       // partial_period_admin
	CompletedOnly             Reading = "completed_only"                // partial_period_admin
	BegunFull                 Reading = "begun_full"                    // partial_period_admin
	AccruedPlusOneMonth       Reading = "accrued_plus_one_month"        // client_ceiling
	OverallBudget             Reading = "overall_budget"                // client_ceiling
	MonthlyCap                Reading = "monthly_cap"                   // client_ceiling
	PayableToOverallBudget    Reading = "payable_to_overall_budget"     // held_at_clock_end
	NewClockAtLetter          Reading = "new_clock_at_letter"           // transition_rule
	NextPeriodBoundary        Reading = "next_period_boundary"          // transition_rule
	RemainingOfNine           Reading = "remaining_of_nine"             // transition_rule
	PeriodStartAgency         Reading = "period_start_agency"           // transfer_split
	ExtensionsOnly            Reading = "extensions_only"               // month_to_month_approval
	CertifiedAndExtensions    Reading = "certified_and_extensions"      // month_to_month_approval
	AdminAndClient            Reading = "admin_and_client"              // extension_grants
	AdminOnly                 Reading = "admin_only"                    // extension_grants
	ClientOnly                Reading = "client_only"                   // extension_grants
	CalendarMonthFirstCounts  Reading = "calendar_month_first_counts"   // rca_month_counting
)

// Settings are the readings in force, one field for each setting of the
// rulebook, and the rate chart of R12. See [Catalogue] for what each means.
type Settings struct {
	RemovedForDerivatives Reading // R01
	DerivativeRate        Reading // R06
	URMPlacementPayment   Reading // R11
	Rates                 events.RateChart
	PeriodUnit            Reading // R13
	ClockStart            Reading // R14
	PartialPeriodAdmin    Reading // R15
	ClientCeiling         Reading // R17
	HeldAtClockEnd        Reading // R17
	CashAdvance           Reading // R19
	TransitionRule        Reading // R20
	UnusedBudget          Reading // R20
	TransferSplit         Reading // R21
	MonthToMonthApproval  Reading // R22
	ExtensionGrants       Reading // R22
	ReenrollmentClock     Reading // R23
	RetroCertification    Reading // R25
	RetroDaysPastNewEnd   Reading // R25
	RCAMonthCounting      Reading // R26
	FYOfStraddlingPeriod  Reading // R29
}

// A Setting describes one setting of the rulebook.
type Setting struct {
	Name     string    // as it is written in a policy event
	Rule     string    // such as "R13"
	Readings []Reading // what it may be; the default first
	Doc      string    // one sentence

	field func(*Settings) *Reading
}

// Value returns what s says about the setting.
func (d Setting) Value(s Settings) Reading { return *d.field(&s) }

// Catalogue lists every setting in the order of the rulebook.
func Catalogue() []Setting {
	return []Setting{
		{"removed_for_derivatives", "R01", []Reading{NotAsked, Asked},
			"Whether a derivative, too, must have been removed from the trafficking situation to be enrolled.",
			func(s *Settings) *Reading { return &s.RemovedForDerivatives }},
		{"derivative_rate", "R06", []Reading{CertifiedOwnClock, FollowsPrincipal, None},
			"Whether a derivative is paid at the certified rate on a clock of its own, with the principal's status, periods and end, or not at all.",
			func(s *Settings) *Reading { return &s.DerivativeRate }},
		{"urm_placement_payment", "R11", []Reading{Excluded, Included},
			"Whether days in a URM placement are excluded from per-capita payment; the clock runs on either way.",
			func(s *Settings) *Reading { return &s.URMPlacementPayment }},
		{"period_unit", "R13", []Reading{Days30, CalendarMonth},
			"Whether a service period has 30 days, or ends the day before the same day of the next month.",
			func(s *Settings) *Reading { return &s.PeriodUnit }},
		{"clock_start", "R14", []Reading{LaterOfLetterOrEnrollment, LetterDate},
			"Whether a certified clock starts on the letter date or, when that is later, on the first enrolled day.",
			func(s *Settings) *Reading { return &s.ClockStart }},
		{"partial_period_admin", "R15", []Reading{Prorata, CompletedOnly, BegunFull},
			"Whether a period cut short pays its administrative amount by days, not at all, or in full.",
			func(s *Settings) *Reading { return &s.PartialPeriodAdmin }},
		{"client_ceiling", "R17", []Reading{AccruedPlusOneMonth, OverallBudget, MonthlyCap},
			"Whether client expenses are reimbursed up to one cap more than the periods begun, up to the overall budget at once, or up to each period's cap.",
			func(s *Settings) *Reading { return &s.ClientCeiling }},
		{"held_at_clock_end", "R17", []Reading{Disallowed, PayableToOverallBudget},
			"Whether what is still held when its clock ends is disallowed or becomes payable up to the overall budget.",
			func(s *Settings) *Reading { return &s.HeldAtClockEnd }},
		{"cash_advance", "R19", []Reading{OneMonth, None},
			"Whether an agency may have one monthly cap per client in advance.",
			func(s *Settings) *Reading { return &s.CashAdvance }},
		{"transition_rule", "R20", []Reading{NewClockAtLetter, NextPeriodBoundary, RemainingOfNine},
			"Whether the certified clock starts at the letter, when the running period ends, or at the letter and within what is left of the nine months.",
			func(s *Settings) *Reading { return &s.TransitionRule }},
		{"unused_budget_at_transition", "R20", []Reading{Lapse, Carry},
			"Whether what is unused of the pre-certified overall budget lapses or is added to the certified one.",
			func(s *Settings) *Reading { return &s.UnusedBudget }},
		{"transfer_split", "R21", []Reading{ByDays, PeriodStartAgency},
			"Whether agencies share a period's administrative amount by days or the agency of its first day has it all.",
			func(s *Settings) *Reading { return &s.TransferSplit }},
		{"month_to_month_approval", "R22", []Reading{ExtensionsOnly, None, CertifiedAndExtensions},
			"Which periods need a decision before they are payable: extensions, none, or certified periods as well.",
			func(s *Settings) *Reading { return &s.MonthToMonthApproval }},
		{"extension_grants", "R22", []Reading{AdminAndClient, AdminOnly, ClientOnly},
			"Whether an extension grants both kinds of money, the administrative amount only, or client budget only.",
			func(s *Settings) *Reading { return &s.ExtensionGrants }},
		{"reenrollment_clock", "R23", []Reading{Resume, Restart, Elapsed},
			"Whether a reopened service resumes the interrupted period, starts a new clock, or has used up the days outside.",
			func(s *Settings) *Reading { return &s.ReenrollmentClock }},
		{"retro_certification_effect", "R25", []Reading{LetterDate, NoticeDate},
			"Whether a letter that becomes known late takes effect on its date or on the day of the notice.",
			func(s *Settings) *Reading { return &s.RetroCertification }},
		{"retro_days_past_new_end", "R25", []Reading{UnderReview, Automatic, Harmless},
			"Whether days already paid past the new end of a clock that a late letter shortened are reviewed, taken back, or left paid.",
			func(s *Settings) *Reading { return &s.RetroDaysPastNewEnd }},
		{"rca_month_counting", "R26", []Reading{ActualDate, CalendarMonthFirstCounts},
			"Whether months of refugee cash and medical assistance run from date to date or count the letter's calendar month as the first.",
			func(s *Settings) *Reading { return &s.RCAMonthCounting }},
		{"fy_attribution_of_straddling_period", "R29", []Reading{ByDays, PeriodEnd},
			"Whether a period over 30 September splits its administrative amount by days or belongs to the year it ends in.",
			func(s *Settings) *Reading { return &s.FYOfStraddlingPeriod }},
	}
}

// catalogue is built once: adopting a policy looks settings up by name.
var catalogue = Catalogue()

// DefaultRates is the chart of R12.
func DefaultRates() events.RateChart {
	return events.RateChart{
		PreCertified: events.Rate{AdministrativeCents: 700_00, ClientCents: 600_00, MaximumPeriods: 9},
		Certified:    events.Rate{AdministrativeCents: 500_00, ClientCents: 400_00, MaximumPeriods: 4},
	}
}

// Default returns the settings that the rulebook prints in bold, and the rates
// of R12. They are in force until a policy is adopted.
func Default() Settings {
	s := Settings{Rates: DefaultRates()}
	for _, d := range catalogue {
		*d.field(&s) = d.Readings[0]
	}
	return s
}

// MaxPeriods bounds the length of a service clock in a rate chart.
const MaxPeriods = 120

// A SettingError reports a setting that does not exist, a reading that a setting
// does not have, or a rate out of range.
type SettingError struct {
	Setting   string
	Value     string
	Permitted []string // the readings, or the names of all settings, or a range
}

func (e *SettingError) Error() string {
	what := fmt.Sprintf("setting %s: %q is not one of ", e.Setting, e.Value)
	if e.Setting == "" {
		what = fmt.Sprintf("%q is not a setting: the settings are ", e.Value)
	}
	return what + strings.Join(e.Permitted, ", ")
}

// With returns s with some settings changed, and with other rates when rates is
// not nil. A fault is a [*SettingError]; s itself is never changed.
func (s Settings) With(changes map[string]string, rates *events.RateChart) (Settings, error) {
	names := make([]string, 0, len(changes))
	for name := range changes {
		names = append(names, name)
	}
	slices.Sort(names) // the same fault is reported every time
	for _, name := range names {
		if err := s.change(name, Reading(changes[name])); err != nil {
			return Settings{}, err
		}
	}
	if rates != nil {
		if err := checkRates(rates); err != nil {
			return Settings{}, err
		}
		s.Rates = *rates
	}
	return s, nil
}

func (s *Settings) change(name string, value Reading) error {
	i := slices.IndexFunc(catalogue, func(d Setting) bool { return d.Name == name })
	if i < 0 {
		e := &SettingError{Value: name}
		for _, d := range catalogue {
			e.Permitted = append(e.Permitted, d.Name)
		}
		return e
	}
	d := catalogue[i]
	if !slices.Contains(d.Readings, value) {
		e := &SettingError{Setting: name, Value: string(value)}
		for _, r := range d.Readings {
			e.Permitted = append(e.Permitted, string(r))
		}
		return e
	}
	*d.field(s) = value
	return nil
}

func checkRates(r *events.RateChart) error {
	for _, n := range rateNumbers(r) {
		if err := n.check(n.value()); err != nil {
			return err
		}
	}
	return nil
}
