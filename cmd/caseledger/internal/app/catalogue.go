package app

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"caseledger/aggregates"
	"caseledger/events"
)

// A Catalogue is every command of the ledger, in the order of its documentation.
type Catalogue struct {
	commands   []*Command
	byName     map[string]*Command
	aggregates map[events.Kind]aggregates.Aggregate
}

// A Command is one entry of the catalogue.
type Command struct {
	aggregates.Spec
	Fields []aggregates.Field

	byName []aggregates.Field // the same, in order of their names
}

// NewCatalogue lists the commands of aggregates. Every fault in them is named in
// one error.
func NewCatalogue(all ...aggregates.Aggregate) (*Catalogue, error) {
	c := &Catalogue{byName: map[string]*Command{}, aggregates: map[events.Kind]aggregates.Aggregate{}}
	var faults []error
	for _, a := range all {
		if _, twice := c.aggregates[a.Kind]; twice {
			faults = append(faults, fmt.Errorf("aggregate %q stands twice", a.Kind))
		}
		c.aggregates[a.Kind] = a
		for _, spec := range a.Commands {
			if c.byName[spec.Name] != nil {
				faults = append(faults, fmt.Errorf("command %q stands twice", spec.Name))
			}
			if spec.Kind != a.Kind {
				faults = append(faults, fmt.Errorf("command %q is of kind %q in an aggregate of kind %q", spec.Name, spec.Kind, a.Kind))
			}
			command := &Command{Spec: spec, Fields: aggregates.Fields(spec.New())}
			command.byName = slices.SortedFunc(slices.Values(command.Fields), func(x, y aggregates.Field) int { return cmp.Compare(x.Name, y.Name) })
			c.commands = append(c.commands, command)
			c.byName[spec.Name] = command
		}
	}
	return c, errors.Join(faults...)
}

// Commands returns every command in the order of the catalogue.
func (c *Catalogue) Commands() []*Command { return c.commands }

// Lookup returns the command of a name, or an [*InputError] that names one that
// is spelled alike.
func (c *Catalogue) Lookup(name string) (*Command, error) {
	if command := c.byName[name]; command != nil {
		return command, nil
	}
	e := &InputError{Field: "command", Problem: fmt.Sprintf("there is no command %q", name), Hint: "the commands that there are: caseledger commands"}
	if near := c.nearest(name); near != "" {
		e.Hint = fmt.Sprintf("did you mean %s", near)
	}
	return nil, e
}

// nearest returns the command within two typing errors of name, if any.
func (c *Catalogue) nearest(name string) string {
	best, distance := "", 3
	for _, command := range c.commands {
		if d := editDistance(name, command.Name); d < distance {
			best, distance = command.Name, d
		}
	}
	return best
}

// editDistance is Levenshtein's, over bytes: command names are ASCII.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			diagonal, row[j] = row[j], min(row[j]+1, row[j-1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

// field returns the command's field of a name.
func (c *Command) field(name string) (aggregates.Field, bool) {
	i := slices.IndexFunc(c.Fields, func(f aggregates.Field) bool { return f.Name == name })
	if i < 0 {
		return aggregates.Field{}, false
	}
	return c.Fields[i], true
}

func (c *Command) fieldNames() string {
	names := make([]string, len(c.Fields))
	for i, f := range c.Fields {
		names[i] = f.Name
	}
	return strings.Join(names, ", ")
}

// columnNames are the fields as flags and columns of CSV name them.
func (c *Command) columnNames() string {
	var names []string
	for _, f := range c.Fields {
		names = append(names, c.Texts(f)...)
	}
	return strings.Join(names, ", ")
}

// validate checks a command against the constraints of its fields and names
// every fault.
func (c *Command) validate(cmd aggregates.Command) error {
	var faults []error
	for _, fault := range aggregates.Validate(cmd) {
		var field *aggregates.FieldError
		if errors.As(fault, &field) {
			fault = &InputError{Field: field.Field, Problem: field.Err.Error()}
		}
		faults = append(faults, fault)
	}
	return errors.Join(faults...)
}
