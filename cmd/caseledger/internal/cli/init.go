package cli

import (
	"cmp"
	"time"

	"github.com/spf13/cobra"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
)

// simulatedBegins is when the genesis of a simulated clock lies unless --created
// says otherwise: before any history of the programme, since a question --as-of an
// earlier moment than the first record has no answer.
const simulatedBegins = "2000-01-01T05:00:00.000Z"

func (p *Program) initCommand() *cobra.Command {
	var o app.InitOptions
	var created string
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Make a new ledger in an empty directory",
		Long: `Make a new ledger in a directory that is empty or does not exist yet.

The directory holds the records, the views and the keys. Whoever loses the keys, or the master key
that wraps them, loses every identity in the ledger; whoever has both can read them. Keep
master.key apart from the rest with --master-key.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			place := p.place()
			o.Actor = cmp.Or(p.defaultActor(), app.DefaultRole)
			var err error
			if o.Now, err = p.genesisTime(o.SimulatedClock, created); err != nil {
				return err
			}
			if err := app.Init(cmd.Context(), place, o); err != nil {
				return err
			}
			clock := ""
			if o.SimulatedClock {
				clock = " with a simulated clock"
			}
			return p.printf("made a ledger%s in %s\n", clock, place.Dir)
		},
	}
	cmd.Flags().StringVar(&o.Name, "name", "caseledger", "the ledger's `name`, which stands in every record")
	cmd.Flags().BoolVar(&o.SimulatedClock, "simulated-clock", false, "let commands say when they were recorded: for samples and worked examples only")
	cmd.Flags().StringVar(&created, "created", "", "when the ledger was made by its simulated clock: a `time` before all others (default "+simulatedBegins+")")
	return cmd
}

// genesisTime is when the first record is recorded.
func (p *Program) genesisTime(simulated bool, created string) (time.Time, error) {
	if !simulated {
		if created != "" {
			return time.Time{}, usage("--created goes with --simulated-clock")
		}
		return p.Now(), nil
	}
	at, err := events.ParseInstant(cmp.Or(created, simulatedBegins))
	if err != nil {
		return time.Time{}, usage("--created: %v", err)
	}
	return at.Time(), nil
}
