// Package partner decides what may be recorded of a provider in the partner
// directory: what it offers, to whom and in which languages, whether it is fit for
// whom it serves, and whether it has room (R28).
package partner

import (
	"slices"

	"caseledger/aggregates"
	"caseledger/events"
)

// Aggregate returns the partner streams and their commands.
func Aggregate() aggregates.Aggregate {
	return aggregates.Aggregate{
		Kind: events.KindPartner,
		New:  func(s events.Subject) aggregates.State { return &State{partner: s.ID()} },
		Commands: []aggregates.Spec{
			aggregates.Define(events.KindPartner, "list-partner", "R28", "put a provider into the partner directory, or change what it says", decideList),
			aggregates.Define(events.KindPartner, "vet-partner", "R28", "say whether a provider is fit for the cultures it serves", decideVet),
			aggregates.Define(events.KindPartner, "change-partner-availability", "R28", "say how many a provider can take, and how soon", decideAvailability),
			aggregates.Define(events.KindPartner, "delist-partner", "R28", "take a provider out of the partner directory", decideDelist),
		},
	}
}

// A State is the folded history of one provider.
type State struct {
	partner string
	history aggregates.History
}

// Apply implements [aggregates.State].
func (s *State) Apply(r *events.Record) error { return s.history.Add(r, true) }

const typeDelisted = "partner.delisted.v1"

// listing returns the entry of the directory on a day, or the last day of one
// that was taken out before.
func (s *State) listing(day events.Date) (listed *events.PartnerListed, since, delisted events.Date) {
	for _, f := range s.history.ByDate(typeDelisted) {
		if f.On > day {
			break
		}
		switch e := f.Event.(type) {
		case *events.PartnerListed:
			listed, since, delisted = e, f.On, 0
		case *events.PartnerDelisted:
			if f.On < day { // its date is the last day
				listed, delisted = nil, f.On
			}
		}
	}
	return listed, since, delisted
}

// Listed reports whether the provider stands in the directory on a day.
func (s *State) Listed(day events.Date) bool {
	listed, _, _ := s.listing(day)
	return listed != nil
}

// Serves reports whether the provider stands in the directory on a day as one that
// serves a need.
func (s *State) Serves(need string, day events.Date) bool {
	listed, _, _ := s.listing(day)
	return listed != nil && slices.Contains(listed.Services, need)
}

// refusal says why nothing can be said of the provider on a day, nil when it
// stands in the directory.
func (s *State) refusal(day events.Date) *aggregates.Refusal {
	listed, _, delisted := s.listing(day)
	switch {
	case s.history.Len() == 0:
		return aggregates.Unknown("", events.KindPartner, s.partner)
	case delisted != 0:
		return aggregates.Refuse("R28", "partner_delisted", "partner %s was taken out of the directory on %s", s.partner, delisted).On("partner").
			WithHint("list-partner puts it back")
	case listed == nil:
		return aggregates.Refuse("R28", "partner_not_listed", "partner %s is not in the directory on %s", s.partner, day).On("partner")
	}
	return nil
}

func target(partner string) (events.Subject, error) {
	return events.NewSubject(events.KindPartner, partner)
}

// same reports whether the last fact of one kind dated a day says the same.
func same[E events.Event](s *State, day events.Date, equal func(E) bool) bool {
	var last E
	found := false
	for f, e := range aggregates.Of[E](&s.history) {
		if f.On == day {
			last, found = e, true
		}
	}
	return found && equal(last)
}
