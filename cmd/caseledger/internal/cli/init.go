package cli

import (
	"cmp"
	"github.com/spf13/cobra"

	"caseledger/cmd/caseledger/internal/app"
)

func (p *Program) initCommand() *cobra.Command {
	var o app.InitOptions
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
			o.Actor, o.Now = cmp.Or(p.defaultActor(), app.DefaultRole), p.Now()
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
	return cmd
}
