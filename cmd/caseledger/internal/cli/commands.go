package cli

import (
	"github.com/spf13/cobra"

	"caseledger/cmd/caseledger/internal/app"
)

func (p *Program) commandsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "commands",
		Short: "List the commands that can be recorded",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			s := sheet{columns: left("command", "on", "rule", "what it records")}
			type entry struct {
				Name    string `json:"name"`
				Kind    string `json:"kind"`
				Rule    string `json:"rule,omitzero"`
				Summary string `json:"summary"`
			}
			var list []entry
			for _, c := range p.catalogue().Commands() {
				s.add(c.Name, string(c.Kind), c.Rule, c.Summary)
				list = append(list, entry{c.Name, string(c.Kind), c.Rule, c.Summary})
			}
			s.notes = []string{"fields of one: caseledger record COMMAND --help"}
			switch p.flags.format {
			case formatJSON:
				return p.printJSON(list)
			case formatCSV:
				return p.printCSV(s)
			}
			return p.printSheet(s)
		},
	}
}

func (p *Program) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema [COMMAND]",
		Short: "Print the JSON Schema of a command, or of all",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return oneArg("the command")(cmd, args)
			}
			if len(args) == 1 {
				command, err := p.catalogue().Lookup(args[0])
				if err != nil {
					return err
				}
				return p.printJSON(command.Schema())
			}
			return p.printJSON(allSchemas(p.catalogue()))
		},
	}
}

// allSchemas describes a line that gives any command.
func allSchemas(c *app.Catalogue) any {
	var all []any
	for _, command := range c.Commands() {
		all = append(all, command.Schema())
	}
	return map[string]any{"$schema": app.SchemaDraft, "title": "a command of caseledger", "oneOf": all}
}
