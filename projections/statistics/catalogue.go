package statistics

import (
	"slices"
	"strings"
)

// The names of the reports.
const (
	LettersByFiscalYear = "letters-by-fiscal-year"
	ClientsEnrolled     = "clients-enrolled"
	PerCapita           = "per-capita"
	LettersProfile      = "letters-profile"
	PerCapitaCumulative = "per-capita-cumulative"
	ClientsByFiscalYear = "clients-by-fiscal-year"
	Letters             = "letters"
	Clients             = "clients"
	CaseloadOverTime    = "caseload-over-time"
	ClocksEnding        = "clocks-ending"
	ServicesByCategory  = "services-by-category"
	DollarsByMonth      = "dollars-by-month"
	DollarsPerClient    = "dollars-per-client"
	DollarsByOutcome    = "dollars-by-outcome"
	Performance         = "performance"
	FundsAllocated      = "funds-allocated"
	AlternativeRelief   = "alternative-relief"
	TimeToLetter        = "time-to-letter"
)

// A Range says what the days of a report are.
type Range string

// The ranges of reports.
const (
	FiscalYearsRange Range = "fiscal years"  // some years, all of them by default
	FiscalYearRange  Range = "a fiscal year" // one year, the last that is over by default
	MonthsRange      Range = "months"        // the whole contract by default
	AheadRange       Range = "days ahead"    // from a day on
)

// A Drawing says how a report is drawn: the columns that are its series, over the
// first column.
type Drawing struct {
	Kind   string   `json:"kind"` // columns, stacked or lines
	Series []string `json:"series"`
	Unit   string   `json:"unit"` // what the numbers count
}

// A Definition is a report of the catalogue.
type Definition struct {
	Name    string   `json:"name"`
	Counts  string   `json:"counts"`          // what it counts, in a line
	Range   Range    `json:"range"`           // what its days are
	Since   int      `json:"since"`           // first fiscal year that it tells of
	By      []string `json:"by,omitempty"`    // dimensions to choose from
	Money   bool     `json:"money,omitzero"`  // whether it holds amounts
	Drawing *Drawing `json:"chart,omitempty"` // nil: as a table, since its figures are of different kinds

	usual []string // dimensions when none are chosen
	sheet func(Query) *sheet
}

// Catalogue lists the reports.
func Catalogue() []Definition {
	reports := []Definition{
		{Name: LettersByFiscalYear, Range: FiscalYearsRange, sheet: lettersByFiscalYear,
			Counts: "certification and eligibility letters", Drawing: &Drawing{"columns", []string{"adult_victims", "child_victims"}, "letters"}},
		{Name: ClientsEnrolled, Range: MonthsRange, sheet: clientsEnrolled,
			Counts: "clients served, by status, sex, age group and form", Drawing: &Drawing{"columns", []string{"male", "female"}, "clients"}},
		{Name: PerCapita, Range: FiscalYearRange, sheet: perCapita,
			Counts: "clients served in it, by the last status", Drawing: &Drawing{"columns", []string{"value"}, "clients"}},
		{Name: LettersProfile, Range: FiscalYearRange, sheet: lettersProfile,
			Counts: "letters of it, by sex, form, country and State"},
		{Name: PerCapitaCumulative, Range: MonthsRange, sheet: perCapitaCumulative,
			Counts: "victims, derivatives, subcontractors and locations", Drawing: &Drawing{"columns", []string{"value"}, "number"}},
		{Name: ClientsByFiscalYear, Range: FiscalYearsRange, sheet: clientsByFiscalYear,
			Counts: "new, continuing and reopened clients, and distinct persons", Drawing: &Drawing{"stacked", []string{"new", "continuing", "reopened"}, "clients"}},
		{Name: Letters, Range: FiscalYearsRange, sheet: lettersCube, By: letterDimensions.names(), usual: []string{"fiscal_year", "kind", "sex", "form"},
			Counts: "letters by any of year, kind, sex, age group, form, country, State", Drawing: &Drawing{"columns", []string{"letters"}, "letters"}},
		{Name: Clients, Range: MonthsRange, sheet: clientsCube, By: clientDimensions.names(), usual: []string{"class", "sex", "age_group", "form"},
			Counts: "clients served, by any of class, status, sex, age group, form", Drawing: &Drawing{"columns", []string{"clients"}, "clients"}},
		{Name: ServicesByCategory, Range: MonthsRange, sheet: servicesByCategory,
			Counts: "services, clients who had them, and time", Drawing: &Drawing{"columns", []string{"services"}, "services"}},
		{Name: CaseloadOverTime, Range: MonthsRange, sheet: caseloadOverTime,
			Counts: "clients enrolled on the last day of each month, by status", Drawing: &Drawing{"lines", []string{"without_letter", "with_letter", "derivative", "total"}, "clients"}},
		{Name: ClocksEnding, Range: AheadRange, sheet: clocksEnding,
			Counts: "clocks that end in each of the next 26 weeks", Drawing: &Drawing{"stacked", []string{"without_letter", "with_letter", "derivative"}, "clocks"}},
		{Name: DollarsByMonth, Money: true, Range: MonthsRange, sheet: dollarsByMonth,
			Counts: "entitlements as they accrue", Drawing: &Drawing{"stacked", []string{"administrative", "client_expenses"}, "dollars"}},
		{Name: DollarsPerClient, Money: true, Range: FiscalYearsRange, sheet: dollarsPerClient,
			Counts: "months of service and dollars, per client", Drawing: &Drawing{"columns", []string{"dollars_per_client"}, "dollars"}},
		{Name: DollarsByOutcome, Money: true, Range: FiscalYearsRange, sheet: dollarsByOutcome,
			Counts: "months of service and dollars of closed cases, by what was reached", Drawing: &Drawing{"columns", []string{"dollars_per_client"}, "dollars"}},
		{Name: TimeToLetter, Range: FiscalYearsRange, sheet: timeToLetter,
			Counts: "days from identification to a letter", Drawing: &Drawing{"columns", []string{"median_days", "p90_days"}, "days"}},
		{Name: AlternativeRelief, Range: MonthsRange, sheet: alternativeRelief,
			Counts: "clients on other paths than certification, by how each stands", Drawing: &Drawing{"stacked", []string{"applied", "granted", "denied", "withdrawn"}, "clients"}},
		{Name: Performance, Money: true, Range: FiscalYearRange, sheet: performance,
			Counts: "targets beside actuals, as the assessment of S3 asks"},
		{Name: FundsAllocated, Money: true, Range: FiscalYearRange, sheet: fundsAllocated,
			Counts: "money set aside and spent, by purpose", Drawing: &Drawing{"columns", []string{"allocated", "spent"}, "dollars"}},
	}
	for i, d := range reports {
		if reports[i].Since = 2006; slices.Contains([]string{LettersByFiscalYear, Letters, TimeToLetter}, d.Name) {
			reports[i].Since = 2001
		}
	}
	return reports
}

// Find returns the definition of a report.
func Find(name string) (Definition, bool) {
	for _, d := range Catalogue() {
		if d.Name == name {
			return d, true
		}
	}
	return Definition{}, false
}

// Names lists the reports.
func Names() (names []string) {
	for _, d := range Catalogue() {
		names = append(names, d.Name)
	}
	return names
}

// Similar returns the reports whose names hold a word of name, for a hint.
func Similar(name string) (near []string) {
	for _, word := range strings.Split(name, "-") {
		for _, n := range Names() {
			if len(word) > 2 && strings.Contains(n, word) && !slices.Contains(near, n) {
				near = append(near, n)
			}
		}
	}
	return near
}
