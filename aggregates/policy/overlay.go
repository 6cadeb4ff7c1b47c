package policy

import (
	"fmt"
	"maps"
	"slices"

	"caseledger/events"
)

// An Overlay is a supposition: readings and numbers that hold in the place of
// those adopted, without anybody having adopted them. The zero Overlay supposes
// nothing.
type Overlay struct {
	// Settings maps a setting's name to one of its readings, as a policy event does.
	Settings map[string]string `json:"settings,omitempty"`
	// Rates maps a number of the chart of R12, such as
	// "pre_certified.client_cents" or "certified.maximum_periods", to its value.
	// Numbers that it does not name stay as adopted, each chart its own.
	Rates map[string]int64 `json:"rates,omitempty"`
	// From is the first day on which it holds: a clock whose first enrolled day
	// lies before it keeps the policy adopted. The zero day is all days.
	From events.Date `json:"from,omitzero"`
}

// With returns a book in which an overlay holds from its day on, over whatever
// was adopted and will be; b is not changed. Each policy keeps the record that
// adopted it. A fault in the overlay is a [*SettingError].
func (b *Book) With(o Overlay) (*Book, error) {
	out := &Book{defaults: b.defaults}
	if o.From.IsZero() {
		var err error
		if out.defaults.Settings, err = o.over(b.defaults.Settings); err != nil {
			return nil, err
		}
	}
	split := o.From.IsZero() // once true, the overlay holds
	lay := func(p Policy) error {
		s, err := o.over(p.Settings)
		p.Settings = s
		out.policies = append(out.policies, p)
		return err
	}
	begin := func() error {
		p := *b.On(o.From)
		p.Effective, split = o.From, true
		return lay(p)
	}
	for _, p := range b.policies {
		if !split && p.Effective > o.From {
			if err := begin(); err != nil {
				return nil, err
			}
		}
		if !split {
			out.policies = append(out.policies, p)
		} else if err := lay(p); err != nil {
			return nil, err
		}
	}
	if !split {
		if err := begin(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// over returns the settings as the overlay has them.
func (o Overlay) over(s Settings) (Settings, error) {
	rates := s.Rates
	for _, name := range slices.Sorted(maps.Keys(o.Rates)) { // the same fault is reported every time
		if err := setRate(&rates, name, o.Rates[name]); err != nil {
			return Settings{}, err
		}
	}
	return s.With(o.Settings, &rates)
}

// A rateNumber is one number of the rate chart of R12.
type rateNumber struct {
	name  string // such as "pre_certified.client_cents"
	limit int64
	cents *events.Cents // or
	count *int
}

// rateNumbers names the numbers of a chart, in the order of the chart.
func rateNumbers(r *events.RateChart) []rateNumber {
	var numbers []rateNumber
	for _, line := range []struct {
		name string
		rate *events.Rate
	}{{"pre_certified", &r.PreCertified}, {"certified", &r.Certified}} {
		numbers = append(numbers,
			rateNumber{name: line.name + ".administrative_cents", limit: int64(events.MaxAmount), cents: &line.rate.AdministrativeCents},
			rateNumber{name: line.name + ".client_cents", limit: int64(events.MaxAmount), cents: &line.rate.ClientCents},
			rateNumber{name: line.name + ".maximum_periods", limit: MaxPeriods, count: &line.rate.MaximumPeriods},
		)
	}
	return numbers
}

func (n rateNumber) value() int64 {
	if n.cents != nil {
		return int64(*n.cents)
	}
	return int64(*n.count)
}

func (n rateNumber) check(v int64) error {
	if v < 0 || v > n.limit {
		return &SettingError{"rates." + n.name, fmt.Sprint(v), []string{fmt.Sprintf("0 to %d", n.limit)}}
	}
	return nil
}

// setRate sets the named number of a chart.
func setRate(r *events.RateChart, name string, v int64) error {
	e := &SettingError{Setting: "rates", Value: name}
	for _, n := range rateNumbers(r) {
		if e.Permitted = append(e.Permitted, n.name); n.name != name {
			continue
		}
		if err := n.check(v); err != nil {
			return err
		}
		if n.cents != nil {
			*n.cents = events.Cents(v)
		} else {
			*n.count = int(v)
		}
		return nil
	}
	return e
}
