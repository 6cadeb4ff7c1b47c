package policy

import "caseledger/events"

// A Category is the line of S1 Table 3 that a client counts in (R30).
type Category string

// The categories of R30. Derivatives are clients, not victims.
const (
	NotServed        Category = ""
	PreCertifiedOnly Category = "pre_certified_only" // pre-eligible minors too
	CertifiedOnly    Category = "certified_only"     // eligible minors too
	Moved            Category = "moved"              // pre-certified first, then certified
	FamilyDerivative Category = "derivative"
)

// PreCertifiedEver reports whether the category counts among those who were ever
// pre-certified; with [Category.CertifiedEver] it counts a moved client twice,
// so the two are never added up.
func (c Category) PreCertifiedEver() bool { return c == PreCertifiedOnly || c == Moved }

// CertifiedEver reports whether the category counts among those ever certified.
func (c Category) CertifiedEver() bool { return c == CertifiedOnly || c == Moved }

// IsVictim reports whether the category counts among the victims.
func (c Category) IsVictim() bool { return c.PreCertifiedEver() || c.CertifiedEver() }

// A served day is an enrolled day, funded or not, and the status on it is that of
// the letter date: no setting about money moves a count (R30).

// ServedIn reports whether a day from first to last was served.
func ServedIn(f *Facts, first, last events.Date) bool {
	_, served := lastServed(f, first, last)
	return served
}

func lastServed(f *Facts, first, last events.Date) (day events.Date, served bool) {
	for _, s := range f.EnrolledSpans() {
		if s.From <= last && s.To >= first {
			day, served = min(s.To, last), true
		}
	}
	return day, served
}

// CategoryIn returns the category of a client over the days from first to last:
// each client counts once, by the statuses of the days served in that range.
func CategoryIn(f *Facts, first, last events.Date) Category {
	before, after := false, false
	for _, s := range StatusSpans(f) {
		if s.From > last || s.To < first {
			continue
		}
		switch {
		case s.Status == Derivative:
			return FamilyDerivative
		case s.Status.HasLetter():
			after = true
		default:
			before = true
		}
	}
	switch {
	case before && after:
		return Moved
	case before:
		return PreCertifiedOnly
	case after:
		return CertifiedOnly
	}
	return NotServed
}

// StatusInYear returns the status by which a client counts in the table of a
// fiscal year: the one on the last day served in it; "" when none was. moved
// says that the client went from pre-certified to certified within the year, and
// is inside that status' count (R30).
func StatusInYear(f *Facts, year int) (status Status, moved bool) {
	first, last := FiscalYearRange(year)
	day, served := lastServed(f, first, last)
	if !served {
		return "", false
	}
	return StatusOn(f, day), CategoryIn(f, first, last) == Moved
}
