package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"caseledger/aggregates/policy"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/replay/simulate"
)

type simulateOptions struct {
	question
	settings, rates, periods []string
	from, closing, agency    string
	clients                  bool
}

func (p *Program) simulateCommand() *cobra.Command {
	var o simulateOptions
	cmd := &cobra.Command{
		Use:   "simulate --policy KEY=VALUE | --rate LINE.KIND=DOLLARS | --period LINE=NUMBER",
		Short: "Show what would have been due under other settings of the rulebook",
		Long: `Show what would have been due under other settings of the rulebook: every case is evaluated under the
policies adopted and under what is supposed, and both stand side by side by agency, status and fiscal
year, with the expenses that would be ruled otherwise and the clients whose clocks would change.
Nothing is recorded, and the views stay as they are.

What is supposed holds for every clock, or with --from for those whose first enrolled day is that day
or later. Amounts are what is due up to the closing date, whatever was billed. With --agency, only
that agency and its clients are listed; the totals stay those of the programme. CSV is the table of
amounts, or with --clients that of the clients.`,
		Example: `  caseledger simulate --period pre_certified=12
  caseledger simulate --period certified=6 --rate certified.client=450.00 --from 2008-10-01 --closing 2009-05-31
  caseledger simulate --policy period_unit=calendar_month --agency A-017`,
		Args: noArgs,
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&o.settings, "policy", nil, "suppose a `reading`, such as period_unit=calendar_month (see: caseledger policy); repeatable")
	flags.StringArrayVar(&o.rates, "rate", nil, "suppose a `rate` a period, such as pre_certified.client=700.00; repeatable")
	flags.StringArrayVar(&o.periods, "period", nil, "suppose a clock's `length` in periods, such as pre_certified=12; repeatable")
	flags.StringVar(&o.from, "from", "", "suppose it only for clocks that start on this `day` or later")
	flags.StringVar(&o.closing, "closing", "", "last `day` that counts (default the day of --as-of, or today)")
	flags.StringVar(&o.asOf, "as-of", "", "what the ledger knew at a `moment`: a day, a time such as 2009-05-15T09:00:00-04:00, or #N, a record")
	flags.StringVar(&o.agency, "agency", "", "list one agency and its clients, by coded `id`")
	flags.BoolVar(&o.clients, "clients", false, "list the clients whose clocks would change")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		overlay, err := o.overlay()
		if err != nil {
			return err
		}
		return p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error {
			return p.simulate(ctx, l, o, overlay)
		})(cmd, args)
	}
	return cmd
}

func (p *Program) simulate(ctx context.Context, l *app.Ledger, o simulateOptions, overlay policy.Overlay) error {
	run := simulate.Options{Overlay: overlay}
	v, err := p.askOne(ctx, l, o.question, func(s *projections.Snapshot, at standpoint) (err error) {
		run.Position, run.Closing = at.sequence, at.on
		if o.closing != "" {
			if run.Closing, err = events.ParseDate(o.closing); err != nil {
				return usage("--closing: %v", err)
			}
		}
		return knownAgency(s, o.agency)
	})
	if err != nil {
		return err
	}
	v.On = "" // every fact counts that is known
	show := p.progress()
	run.Progress = func(done uint64) { show.count("evaluating cases twice:", done, 0) }
	r, err := simulate.Run(ctx, l.Views, run)
	show.done()
	if err != nil {
		return err
	}
	words := inWords(r)
	if o.agency != "" {
		r.ByAgency = slices.DeleteFunc(r.ByAgency, func(a simulate.AgencyLine) bool { return a.Agency != o.agency })
		r.Clocks = slices.DeleteFunc(r.Clocks, func(c simulate.ClockChange) bool { return !slices.Contains(c.Agencies, o.agency) })
	}
	switch p.flags.format {
	case formatJSON:
		return p.printJSON(struct {
			*simulate.Result
			Provenance provenance `json:"provenance"`
		}{r, v})
	case formatCSV:
		s := simulationSheet(r)
		if o.clients {
			s = clockChangesSheet(r, events.Cents.String)
		}
		return p.answer(s, nil, v)
	}
	return p.showSimulation(r, o.clients || o.agency != "", words, v)
}

// overlay reads what is supposed. It is checked here, before any ledger is
// opened, so that a fault names its flag.
func (o *simulateOptions) overlay() (policy.Overlay, error) {
	if len(o.settings)+len(o.rates)+len(o.periods) == 0 {
		return policy.Overlay{}, &UsageError{"nothing is supposed: give --policy, --rate or --period", "caseledger simulate"}
	}
	overlay := policy.Overlay{Settings: map[string]string{}, Rates: map[string]int64{}}
	for _, text := range o.settings {
		if err := suppose(overlay.Settings, "policy", text, nil, parseReading); err != nil {
			return overlay, err
		}
	}
	for _, text := range o.rates {
		if err := suppose(overlay.Rates, "rate", text, rateNames, parseRate); err != nil {
			return overlay, err
		}
	}
	for _, text := range o.periods {
		if err := suppose(overlay.Rates, "period", text, periodNames, parsePeriods); err != nil {
			return overlay, err
		}
	}
	if o.from != "" {
		var err error
		if overlay.From, err = events.ParseDate(o.from); err != nil {
			return overlay, usage("--from: %v", err)
		}
	}
	_, err := policy.NewBook().With(overlay)
	var setting *policy.SettingError
	if errors.As(err, &setting) {
		return overlay, usage("--policy: %v", setting)
	}
	return overlay, err
}

// The numbers of the rate chart, by the names that they have on the command line.
var (
	rateNames = map[string]string{
		"pre_certified.administrative": "pre_certified.administrative_cents",
		"pre_certified.client":         "pre_certified.client_cents",
		"certified.administrative":     "certified.administrative_cents",
		"certified.client":             "certified.client_cents",
	}
	periodNames = map[string]string{
		"pre_certified": "pre_certified.maximum_periods",
		"certified":     "certified.maximum_periods",
	}
)

// suppose adds a KEY=VALUE of a flag; names, when not nil, holds the keys that
// there are.
func suppose[V any](to map[string]V, flag, text string, names map[string]string, parse func(string) (V, error)) error {
	key, value, found := strings.Cut(text, "=")
	if !found {
		return usage("--%s %s: it has the form KEY=VALUE", flag, text)
	}
	if names != nil {
		name, known := names[key]
		if !known {
			return usage("--%s %s: %q is not one of %s", flag, text, key, strings.Join(slices.Sorted(maps.Keys(names)), ", "))
		}
		key = name
	}
	if _, twice := to[key]; twice {
		return usage("--%s %s: it is given twice", flag, text)
	}
	v, err := parse(value)
	if err != nil {
		return usage("--%s %s: %v", flag, text, err)
	}
	to[key] = v
	return nil
}

func parseReading(text string) (string, error) { return text, nil }

func parseRate(text string) (int64, error) {
	c, err := app.ParseDollars(text)
	if err == nil && c > events.MaxAmount {
		err = fmt.Errorf("it is more than %s", events.MaxAmount)
	}
	return int64(c), err
}

func parsePeriods(text string) (int64, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > policy.MaxPeriods || strconv.Itoa(n) != text {
		return 0, fmt.Errorf("it is a number from 0 to %d", policy.MaxPeriods)
	}
	return int64(n), nil
}
