package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"caseledger/aggregates"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/history"
	"caseledger/projections/network"
)

type partnersOptions struct {
	question
	network.PartnerFilter
	client   string
	thisWeek bool
}

func (p *Program) partnersCommand() *cobra.Command {
	var o partnersOptions
	cmd := &cobra.Command{
		Use:   "partners",
		Short: "Show which providers take whom, in which language, this week",
		Long: `Show the providers of the partner directory (R28): first those who said in the last thirty days that they
take somebody within seven, then those who have to be asked again; of them the nearest, then those found
fit for the cultures they serve, then by waiting time.

With --client the client's language, sex, age group and place select them; flags that are given as well
say otherwise.`,
		Example: `  caseledger partners --client C-7QK2M4 --service housing
  caseledger partners --service housing --language es --takes men --this-week`,
		Args: noArgs,
	}
	f := cmd.Flags()
	f.StringVar(&o.client, "client", "", "providers who take this client, by coded `id`")
	f.StringVar(&o.Service, "service", "", "`need` that it serves, such as housing, mental_health or dental")
	f.StringVar(&o.Language, "language", "", "`language` that it speaks, such as es")
	f.StringVar(&o.Takes, "takes", "", "`whom` it takes: women, men, children or families")
	f.StringVar(&o.State, "state", "", "only in a State, such as `TX`")
	f.StringVar(&o.City, "city", "", "those in a `city` first")
	f.BoolVar(&o.thisWeek, "this-week", false, "only those who take somebody within seven days")
	o.flags(cmd)
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error { return p.partners(ctx, l, o) })
	return cmd
}

// check holds the flags against what the directory can hold.
func (o *partnersOptions) check() error {
	for flag, value := range map[string]string{"language": o.Language, "state": o.State} {
		if value == "" {
			continue
		}
		if err := aggregates.CheckFormat(flag, value); err != nil {
			return usage("--%s: %v", flag, err)
		}
	}
	return errors.Join(oneOf("service", o.Service, "list-partner", "services"), oneOf("takes", o.Takes, "list-partner", "takes"))
}

// oneOf reports a flag's value that is none of those that a field of a command takes.
func oneOf(flag, value, command, field string) error {
	c, err := app.Commands().Lookup(command)
	if err != nil || value == "" {
		return err
	}
	for _, f := range c.Fields {
		if f.Name == field && !slices.Contains(f.Enum, value) {
			return usage("--%s %s: it is one of %s", flag, value, strings.Join(f.Enum, ", "))
		}
	}
	return nil
}

func (p *Program) partners(ctx context.Context, l *app.Ledger, o partnersOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	if o.client != "" {
		// The directory is everybody's; a client's language, sex and age are not.
		if err := p.permittedAs(ctx, l, "caseload", o.client); err != nil {
			return err
		}
	}
	var all []network.Partner
	v, err := p.askAll(ctx, l, o.question, func(s *projections.Snapshot, at standpoint) (err error) {
		o.On = at.on
		if o.client != "" {
			if err := o.suit(s); err != nil {
				return err
			}
		}
		all, err = network.Partners(s, o.PartnerFilter)
		return err
	})
	if err != nil {
		return err
	}
	if o.thisWeek {
		all = slices.DeleteFunc(all, func(x network.Partner) bool { return x.ThisWeek != network.HasRoom })
	}
	return p.answer(o.sheet(all), struct {
		On         events.Date       `json:"on"`
		Client     string            `json:"client,omitzero"`
		Service    string            `json:"service,omitzero"`
		Language   string            `json:"language,omitzero"`
		Takes      string            `json:"takes,omitzero"`
		State      string            `json:"state,omitzero"`
		Partners   []network.Partner `json:"partners"`
		Provenance provenance        `json:"provenance"`
	}{o.On, o.client, o.Service, o.Language, o.Takes, o.State, all, v}, v)
}

// suit selects by what is known of a client, where no flag does.
func (o *partnersOptions) suit(s *projections.Snapshot) error {
	id, err := history.Resolve(s, o.client)
	if err != nil {
		return err
	}
	subject, err := s.Client(id)
	if err != nil {
		return err
	}
	known, enrolled, err := network.FilterFor(s, subject, o.On)
	switch {
	case err != nil:
		return err
	case !enrolled:
		return fmt.Errorf("client %s is not enrolled on %s: choose by --language, --takes and --state", id, o.On)
	}
	o.client, o.Language, o.Takes = id, cmp.Or(o.Language, known.Language), cmp.Or(o.Takes, known.Takes)
	if o.State == "" {
		o.State, o.City = known.State, cmp.Or(o.City, known.City)
	}
	return nil
}

func (o *partnersOptions) sheet(all []network.Partner) sheet {
	s := sheet{
		title: fmt.Sprintf("partners on %s", o.On),
		columns: append(left("partner", "name", "city", "state", "services", "languages", "takes", "cost", "vetting", "this_week"),
			right("openings"), right("waiting_days"), column{name: "asked_on"}),
	}
	for _, part := range []struct{ word, value string }{
		{"for", o.client}, {"serving", o.Service}, {"speaking", o.Language}, {"taking", o.Takes}, {"in", o.State},
	} {
		if part.value != "" {
			s.title += " " + part.word + " " + part.value
		}
	}
	soon, ask := 0, 0
	for _, x := range all {
		switch x.ThisWeek {
		case network.HasRoom:
			soon++
		case network.AskAgain:
			ask++
		}
		s.add(x.Partner, x.Name, x.City, x.State, strings.Join(x.Services, " "), strings.Join(x.Languages, " "), strings.Join(x.Takes, " "),
			x.Cost, string(x.Vetting), string(x.ThisWeek), strconv.Itoa(x.Openings), strconv.Itoa(x.WaitingDays), x.AskedOn.String())
	}
	s.notes = []string{fmt.Sprintf("%s: %d take somebody this week, %d have not answered for %d days: ask them", plural(len(all), "partner"), soon, ask, network.FreshDays)}
	return s
}
