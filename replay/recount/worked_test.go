package recount_test

import "testing"

const (
	longAfter = "2012-12-31"
	w08       = "2009-01-05 enrolled adult A1\n"
	w11       = w08 + "2009-02-19 letter certification\n"
)

// The worked examples of the programme that concern one client's entitlement,
// and their alternatives.
var worked = []struct {
	name, given, settings, principal, closing, want string
}{
	{"W01 each of two clients, one period", "2009-03-01 enrolled adult A1", "", "", "2009-03-30", "admin=700.00 used(1)=30"},
	{"W02 one full certified period", "2009-03-01 letter certification\n2009-03-01 enrolled adult A1\n2009-03-10 expense A1 400", "", "",
		"2009-03-30", "admin=500.00 paid=400.00"},
	{"W03 actual spending", "2009-03-01 letter certification\n2009-03-01 enrolled adult A1\n2009-03-10 expense A1 250", "", "",
		"2009-03-30", "admin=500.00 paid=250.00"},
	{"W04 maximum", w08 + w04Pre + "2009-10-02 letter certification\n" + w04Certified, "", "", longAfter,
		"admin=8300.00 paid=7000.00 disallowed=0.00 used(1)=270 used(2)=120 last=2010-01-29"},
	{"W04 remaining of nine", w08 + w04Pre + "2009-10-02 letter certification\n" + w04Certified, "transition_rule=remaining_of_nine", "", longAfter,
		"admin=6300.00 paid=5400.00 refused=1600.00 last=2009-10-01"},

	{"W05 front-loading", w08 + "2009-01-20 expense A1 1000", "", "", "2009-02-03", "admin=700.00 paid=1000.00 held=0.00 budget(1)=5400.00"},
	{"W05 monthly cap", w08 + "2009-01-20 expense A1 1000", "client_ceiling=monthly_cap", "", "2009-02-03", "paid=600.00 disallowed=400.00"},
	{"W05 overall budget", w08 + "2009-01-20 expense A1 1000", "client_ceiling=overall_budget", "", "2009-02-03", "paid=1000.00"},

	{"W07 overall budget exhausted", w08 + w07, "", "", "2009-10-01", "paid=5400.00 disallowed=100.00 c1p9=700.00 e(9)=600.00/0.00/100.00/0.00:over_budget"},
	{"W07 with an extension before", w08 + "2009-08-20 extended\n" + w07, "", "", "2009-10-01", "paid=5500.00 disallowed=0.00"},

	{"W08 nine-month end", w08, "", "", longAfter, "last=2009-10-01 ends(1)=2009-10-01"},
	{"W08 calendar month", w08, "period_unit=calendar_month", "", longAfter, "last=2009-10-04 admin=6300.00"},

	{"W09 last day and next day", w08 + "2009-10-01 expense A1 80\n2009-10-02 expense A1 80", "", "", longAfter,
		"paid=80.00 refused=80.00 e(2)=0.00/0.00/0.00/80.00:after_service_period"},
	{"W09 calendar month", w08 + "2009-10-01 expense A1 80\n2009-10-02 expense A1 80", "period_unit=calendar_month", "", longAfter, "paid=160.00"},

	{"W10 before enrollment", w08 + "2009-01-04 expense A1 120", "", "", longAfter,
		"paid=0.00 e(1)=0.00/0.00/0.00/120.00:before_enrollment budget(1)=5400.00"},

	{"W11 transition mid-period", w11, "", "", longAfter, "admin=3050.00 c1p1=700.00 c1p2=350.00 c2p4=500.00 last=2009-06-18"},
	{"W11 completed only", w11, "partial_period_admin=completed_only", "", longAfter, "admin=2700.00"},
	{"W11 begun full", w11, "partial_period_admin=begun_full", "", longAfter, "admin=3400.00"},
	{"W11 next period boundary", w11, "transition_rule=next_period_boundary", "", longAfter, "admin=3400.00 last=2009-07-03"},

	{"W14 on the first day", w14, "", "", "2009-03-01", "advance=600.00"},
	{"W14 no advances", w14, "cash_advance=none", "", "2009-03-01", "advance=0.00"},
	{"W14 first period", w14, "", "", "2009-03-30", "paid=450.00"},
	{"W14 second period", w14, "", "", "2009-04-29", "paid=1150.00"},

	{"W15 derivative", w15, "", "", longAfter, "admin=2000.00 budget(1)=1600.00 last=2009-10-12 rca=2010-02-09 status(2009-06-15)=derivative"},
	{"W15 no rate", w15 + "2009-07-01 expense A1 10", "derivative_rate=none", "", longAfter, "admin=0.00 e(1)=0.00/0.00/0.00/10.00:ineligible"},

	{"W16 closure", w16, "", "", longAfter, "admin=1166.67 c1p2=466.67 last=2009-04-19"},
	{"W16 completed only", w16, "partial_period_admin=completed_only", "", longAfter, "admin=700.00"},
	{"W16 begun full", w16, "partial_period_admin=begun_full", "", longAfter, "admin=1400.00"},

	{"W19 leap year", "2008-01-31 enrolled adult A1", "", "", longAfter, "last=2008-10-26"},
	{"W19 common year", "2009-01-31 enrolled adult A1", "", "", longAfter, "last=2009-10-27"},
	{"W19 calendar month is counted from the start", "2009-01-31 enrolled adult A1", "period_unit=calendar_month", "", longAfter, "last=2009-10-30"},

	{"W20 as booked", w20, "", "", "2009-02-03", "paid=1200.00 held=100.00"},
	{"W20 corrected", w20 + w20Correction, "", "", "2009-03-05", "paid=1030.00 held=0.00"},
	{"W20 as booked, overall budget", w20, "client_ceiling=overall_budget", "", "2009-02-03", "paid=1300.00"},
	{"W20 corrected, overall budget", w20 + w20Correction, "client_ceiling=overall_budget", "", "2009-03-05", "paid=1030.00"},

	{"W21 before the letter is known", w08, "", "", "2009-04-04", "admin=2100.00"},
	{"W21 back-dated letter", w21, "", "", "2009-04-19", "admin=2050.00"},
	{"W21 completed only", w21, "partial_period_admin=completed_only", "", "2009-04-19", "admin=1700.00"},
	{"W21 notice date", w21, "retro_certification_effect=notice_date", "", "2009-04-19", "c1p3=700.00 c1p4=116.67 c2p1=166.67 admin=2383.34"},

	{"W23 turning 18 without a letter", "2009-02-10 enrolled minor A1\n2009-03-05 turned18", "", "", longAfter,
		"status(2009-03-04)=pre_eligible status(2009-03-05)=pre_certified last=2009-11-06 c1p1=700.00 c1p2=700.00 clocks=1"},
	{"W24 turning 18 with a letter", "2009-02-10 enrolled minor A1\n2009-02-10 letter eligibility\n2009-03-05 turned18", "", "", longAfter,
		"status(2009-03-05)=eligible admin=2000.00 last=2009-06-09"},

	{"W26 eight months", w08 + "2009-02-19 letter certification", "", "", longAfter, "rca=2009-10-18"},
	{"W26 month counting", w08 + "2009-02-19 letter certification", "rca_month_counting=calendar_month_first_counts", "", longAfter, "rca=2009-09-30"},
	{"W26 last day of eight", "2021-09-01 enrolled adult A1\n2021-09-30 letter certification", "", "", longAfter, "rca=2022-05-29"},
	{"W26 twelve", "2021-09-01 enrolled adult A1\n2021-10-01 letter certification", "", "", longAfter, "rca=2022-09-30"},
	{"W26 four", "2025-05-01 enrolled adult A1\n2025-05-05 letter certification", "", "", longAfter, "rca=2025-09-04"},

	{"W27 extension", w27, "", "", longAfter, "c1p10=700.00 admin=7000.00 budget(1)=6000.00 last=2009-10-31"},
	{"W27 administrative only", w27, "extension_grants=admin_only", "", longAfter, "c1p10=700.00 budget(1)=5400.00"},
	{"W27 client only", w27, "extension_grants=client_only", "", longAfter, "c1p10=0.00 budget(1)=6000.00"},

	{"W29 letter before enrollment", w29, "", "", longAfter, "last=2009-06-29 admin=2000.00"},
	{"W29 from the letter", w29, "clock_start=letter_date", "", longAfter, "last=2009-05-19 c1p1=0.00 c1p2=316.67 begins(1)=2009-01-20"},
}

const (
	w04Pre = `
		2009-01-10 expense A1 600
		2009-02-10 expense A1 600
		2009-03-10 expense A1 600
		2009-04-10 expense A1 600
		2009-05-10 expense A1 600
		2009-06-10 expense A1 600
		2009-07-10 expense A1 600
		2009-08-10 expense A1 600
		2009-09-10 expense A1 600
`
	w04Certified = `
		2009-10-10 expense A1 400
		2009-11-10 expense A1 400
		2009-12-10 expense A1 400
		2010-01-10 expense A1 400
`
	w07 = `
		2009-01-10 expense A1 600
		2009-02-10 expense A1 600
		2009-03-10 expense A1 600
		2009-04-10 expense A1 600
		2009-05-10 expense A1 600
		2009-06-10 expense A1 600
		2009-07-10 expense A1 600
		2009-08-10 expense A1 600
		2009-09-10 expense A1 700
`
	w14           = "2009-03-01 enrolled adult A1\n2009-03-10 expense A1 450\n2009-04-10 expense A1 700\n"
	w15           = "2009-06-15 derivative A1 entry 2009-06-10\n"
	w16           = "2009-03-01 enrolled adult A1\n2009-04-19 closed\n"
	w20           = w08 + "2009-01-10 expense A1 1000\n2009-01-20 expense A1 300 as slip\n"
	w20Correction = "2009-02-20 reversed slip 300\n2009-01-20 expense A1 30\n"
	w21           = w08 + "2009-02-19 letter certification received 2009-04-10\n"
	w27           = w08 + "2009-10-02 extended\n"
	w29           = "2009-01-20 letter certification\n2009-03-02 enrolled adult A1\n"
)

func TestWorked(t *testing.T) {
	for _, w := range worked {
		t.Run(w.name, func(t *testing.T) {
			check(t, recountText(t, w.given, w.settings, w.principal, w.closing), w.want)
		})
	}
}
