package policy

import (
	"cmp"
	"fmt"
	"slices"

	"caseledger/events"
)

// A Policy is the settings in force on a day and the record that adopted the
// last change to them; the record's fields are zero while the defaults stand.
type Policy struct {
	Settings
	Effective events.Date // first day in force
	Record    string      // ULID of the adopting record
	Sequence  uint64
	Hash      events.Hash
}

// A Book holds the policies of a programme by effective date. A clock keeps the
// policy in force on its first enrolled day (ours), so adopting one never moves
// a clock that runs. A Book is safe for concurrent use once no Apply runs.
type Book struct {
	defaults Policy
	adopted  []adoption
	policies []Policy // by effective date, each the sum of all adoptions up to it
}

type adoption struct {
	Policy
	changes map[string]string
	rates   *events.RateChart
}

// NewBook returns a book in which the defaults are in force.
func NewBook() *Book { return &Book{defaults: Policy{Settings: Default()}} }

// Apply folds one record; a record of another type than policy.adopted.v1 is
// passed over. An adoption changes the settings it names from its effective
// date on and leaves the others as they were on that day. Where two adoptions
// share an effective date and a setting, the one recorded later holds (the
// decider refuses such an adoption; the fold must still be total).
func (b *Book) Apply(r *events.Record) error {
	if r.Type != "policy.adopted.v1" {
		return nil
	}
	e, err := r.Event()
	if err != nil {
		return err
	}
	p := e.(*events.PolicyAdopted)
	if _, err := Default().With(p.Settings, p.Rates); err != nil {
		return fmt.Errorf("adopt policy of record #%d: %w", r.Sequence, err)
	}
	b.adopted = append(b.adopted, adoption{
		Policy:  Policy{Effective: r.OccurredOn, Record: r.ID, Sequence: r.Sequence, Hash: r.Hash()},
		changes: p.Settings, rates: p.Rates,
	})
	slices.SortStableFunc(b.adopted, func(x, y adoption) int {
		return cmp.Or(cmp.Compare(x.Effective, y.Effective), cmp.Compare(x.Sequence, y.Sequence))
	})
	return b.rebuild()
}

func (b *Book) rebuild() error {
	settings := b.defaults.Settings
	b.policies = make([]Policy, 0, len(b.adopted))
	for _, a := range b.adopted {
		s, err := settings.With(a.changes, a.rates)
		if err != nil {
			return err
		}
		settings = s
		a.Settings = s
		b.policies = append(b.policies, a.Policy)
	}
	return nil
}

// On returns the policy in force on a day. It must not be changed.
func (b *Book) On(day events.Date) *Policy {
	for i := len(b.policies) - 1; i >= 0; i-- {
		if b.policies[i].Effective <= day {
			return &b.policies[i]
		}
	}
	return &b.defaults
}

// Policies lists the adopted policies by effective date.
func (b *Book) Policies() []Policy { return slices.Clone(b.policies) }
