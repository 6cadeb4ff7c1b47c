package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func (p *Program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			if p.flags.format == formatJSON {
				return p.printJSON(map[string]string{"version": p.Version})
			}
			return p.printf("caseledger %s\n", p.Version)
		},
	}
}

// docsCommand writes the man pages, for releases.
func (p *Program) docsCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "docs DIRECTORY",
		Short:  "Write the man pages into a directory",
		Hidden: true,
		Args:   oneArg("the directory"),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := p.path(args[0])
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return err
			}
			if err := doc.GenManTree(cmd.Root(), &doc.GenManHeader{Title: "CASELEDGER", Section: "1", Source: "caseledger " + p.Version}, dir); err != nil {
				return fmt.Errorf("write the man pages: %w", err)
			}
			return nil
		},
	}
}
