package cli

import "github.com/spf13/cobra"

func (p *Program) auditCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Show who looked at what identifies a client",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.auditAccessCommand())
	return cmd
}
