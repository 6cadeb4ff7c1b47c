// Package programme decides what may be recorded of the programme as a whole: which
// readings of the rulebook are in force from when on, final reports, goals and
// the money set aside for them.
package programme

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"caseledger/aggregates"
	"caseledger/aggregates/policy"
	"caseledger/events"
)

// Aggregate returns the programme's stream and its commands.
func Aggregate() aggregates.Aggregate {
	return aggregates.Aggregate{
		Kind: events.KindProgramme,
		New:  func(events.Subject) aggregates.State { return &State{book: policy.NewBook()} },
		Commands: []aggregates.Spec{
			aggregates.Define(events.KindProgramme, "adopt-policy", "", "put settings or rates of the rulebook in force from a date on", decideAdopt),
			aggregates.Define(events.KindProgramme, "submit-final-report", "R32", "record that the final financial report of an award was submitted", decideSubmit),
			aggregates.Define(events.KindProgramme, "adopt-placement-age", "R11", "record up to what age a State keeps minors in the Unaccompanied Refugee Minor programme", decidePlacementAge),
			aggregates.Define(events.KindProgramme, "agree-goal", "", "set a target for one measure and fiscal year", decideGoal),
			aggregates.Define(events.KindProgramme, "record-best-practice", "", "keep a practice that works", decideBestPractice),
			aggregates.Define(events.KindProgramme, "allocate-funds", "", "set money of a fiscal year aside for a purpose", decideAllocate),
		},
	}
}

// A State is the folded history of the programme.
type State struct {
	history aggregates.History
	book    *policy.Book
}

// Apply implements [aggregates.State].
func (s *State) Apply(r *events.Record) error {
	if err := s.history.Add(r, true); err != nil {
		return err
	}
	return s.book.Apply(r)
}

// Book returns the policies that were adopted, by effective date. It must not be
// changed, and grows as the state does.
func (s *State) Book() *policy.Book { return s.book }

// AdoptPolicy puts settings, rates or both in force from occurred_on on; what it
// does not name stays as it was. The date may lie in the past: that a reading was
// adopted for a past day is a fact, and clocks that began since then follow it.
// One date has one adoption.
type AdoptPolicy struct {
	Settings  map[string]string `json:"settings" doc:"readings by setting, such as period_unit=calendar_month" example:"period_unit=calendar_month"`
	Authority string            `json:"authority" doc:"document that the adoption rests on" required:"true" example:"Contract modification 4"`

	PreCertifiedAdministrativeCents events.Cents `json:"pre_certified_administrative_cents" doc:"administrative rate of a pre-certified period, in cents; the six rate fields go together" min:"1" max:"1000000000" example:"70000"`
	PreCertifiedClientCents         events.Cents `json:"pre_certified_client_cents" doc:"client expense cap of a pre-certified period, in cents" min:"1" max:"1000000000" example:"60000"`
	PreCertifiedMaximumPeriods      int          `json:"pre_certified_maximum_periods" doc:"length of the pre-certified clock in periods" min:"1" max:"120" example:"9"`
	CertifiedAdministrativeCents    events.Cents `json:"certified_administrative_cents" doc:"administrative rate of a certified period, in cents" min:"1" max:"1000000000" example:"50000"`
	CertifiedClientCents            events.Cents `json:"certified_client_cents" doc:"client expense cap of a certified period, in cents" min:"1" max:"1000000000" example:"40000"`
	CertifiedMaximumPeriods         int          `json:"certified_maximum_periods" doc:"length of the certified clock in periods" min:"1" max:"120" example:"4"`
}

// Target implements [aggregates.Command].
func (c *AdoptPolicy) Target(string) (events.Subject, error) { return events.ProgrammeSubject, nil }

// rates returns the chart that the command gives, nil for none.
func (c *AdoptPolicy) rates() (*events.RateChart, *aggregates.Refusal) {
	chart := &events.RateChart{
		PreCertified: events.Rate{
			AdministrativeCents: c.PreCertifiedAdministrativeCents, ClientCents: c.PreCertifiedClientCents,
			MaximumPeriods: c.PreCertifiedMaximumPeriods,
		},
		Certified: events.Rate{
			AdministrativeCents: c.CertifiedAdministrativeCents, ClientCents: c.CertifiedClientCents,
			MaximumPeriods: c.CertifiedMaximumPeriods,
		},
	}
	if *chart == (events.RateChart{}) {
		return nil, nil
	}
	for _, r := range []events.Rate{chart.PreCertified, chart.Certified} {
		if r.AdministrativeCents == 0 || r.ClientCents == 0 || r.MaximumPeriods == 0 {
			return nil, aggregates.Refuse("R12", "incomplete_rates", "rates are replaced as a whole: give all six rate fields or none")
		}
	}
	return chart, nil
}

func decideAdopt(s *State, c *AdoptPolicy, ctx *aggregates.Context) (events.Event, error) {
	rates, refusal := c.rates()
	if refusal != nil {
		return nil, refusal
	}
	if rates == nil && len(c.Settings) == 0 {
		return nil, aggregates.Refuse("", "nothing_adopted", "an adoption names a setting or gives rates").On("settings")
	}
	if _, err := policy.Default().With(c.Settings, rates); err != nil {
		return nil, unknownSetting(err)
	}
	e := &events.PolicyAdopted{Settings: maps.Clone(c.Settings), Rates: rates, Authority: c.Authority}
	for f, earlier := range aggregates.Of[*events.PolicyAdopted](&s.history) {
		if f.On != ctx.OccurredOn {
			continue
		}
		if same(earlier, e) {
			return nil, nil
		}
		return nil, aggregates.Refuse("", "date_taken", "an adoption with effect from %s is on record", f.On).
			WithHint("give another effective date").Citing(f.ID)
	}
	return e, nil
}

// unknownSetting refuses what the rulebook does not know, naming what it knows.
func unknownSetting(err error) *aggregates.Refusal {
	refusal := aggregates.Refuse("", "unknown_setting", "%v", err).On("settings")
	var fault *policy.SettingError
	if errors.As(err, &fault) {
		refusal.Sentence = fmt.Sprintf("%q is not a setting of the rulebook", fault.Value)
		if fault.Setting != "" {
			refusal.Code = "unknown_reading"
			refusal.Sentence = fmt.Sprintf("setting %s has no reading %q", fault.Setting, fault.Value)
		}
		refusal = refusal.WithHint("choose one of %s", strings.Join(fault.Permitted, ", "))
	}
	return refusal
}

func same(a, b *events.PolicyAdopted) bool {
	return maps.Equal(a.Settings, b.Settings) && a.Authority == b.Authority &&
		(a.Rates == nil) == (b.Rates == nil) && (a.Rates == nil || *a.Rates == *b.Rates)
}
