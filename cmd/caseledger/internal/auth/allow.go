// Package auth answers who may do what: roles as one pure function, and
// principals who prove by a key of their own who they are (R31).
package auth

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// A Role is what a principal may be on the ledger.
type Role string

// The roles. Every one that is not listed may do nothing.
const (
	CaseManager     Role = "case_manager"     // works with an agency's clients
	Supervisor      Role = "supervisor"       // of an agency's case managers
	PrimeContractor Role = "prime_contractor" // programme staff
	Monitor         Role = "monitor"          // reviews agencies and cases
	Auditor         Role = "auditor"          // follows the money
	FederalReporter Role = "federal_reporter" // aggregates; needs no key at all
	Operator        Role = "operator"         // runs the ledger, sees no client
	HHS             Role = "hhs"              // issues letters
)

// Roles lists them in the order of the table's columns.
func Roles() []Role {
	return []Role{CaseManager, Supervisor, PrimeContractor, Monitor, Auditor, FederalReporter, Operator, HHS}
}

// An Action is a command of the catalogue, such as "enroll-client", or a question
// or task of the command line, such as "history" or "keys rotate".
type Action string

// Actions that stand for themselves.
const (
	Reveal     Action = "reveal"      // unseal a client's identifying text
	BreakGlass Action = "break-glass" // reveal without a release, for a reason that is recorded
)

// A Class is the kind of field that an action reads or gives.
type Class string

// The classes of fields.
const (
	ClearFields    Class = "clear"    // codes, coded ids, dates, counts
	MoneyFields    Class = "money"    // amounts
	IdentityFields Class = "identity" // what identifies a person
	ExpenseFields  Class = "expense"  // the free text of expenses
)

// Classes lists them.
func Classes() []Class { return []Class{ClearFields, MoneyFields, IdentityFields, ExpenseFields} }

// A Relation is what a principal's agency has to do with what an action is about.
type Relation int

// The relations, each of which includes the ones before it.
const (
	Stranger Relation = iota // another agency's client, or the programme as a whole
	Released                 // the client's release names the principal's agency or role
	Own                      // the agency's own client, worker or self
)

// Relations lists them.
func Relations() []Relation { return []Relation{Stranger, Released, Own} }

// RelationTo returns the relation of a principal's agency to the agencies that
// have to do with something, where released says that its client's release holds.
func RelationTo(agency string, agencies []string, released bool) Relation {
	switch {
	case agency != "" && slices.Contains(agencies, agency):
		return Own
	case released:
		return Released
	}
	return Stranger
}

// Allow reports whether a role may do an action on fields of a class, in a
// relation: what roles.txt says of the action and of the class must both hold.
// Whatever it does not name is denied.
func Allow(role Role, relation Relation, action Action, class Class) bool {
	t := table()
	column := slices.Index(Roles(), role)
	cells, known := t.actions[action]
	if column < 0 || !known {
		return false
	}
	fields, known := t.classes[cells.section+" "+string(class)]
	return known && cells.cells[column].holds(relation) && fields[column].holds(relation)
}

// Known reports whether an action stands in the table.
func Known(action Action) bool {
	_, known := table().actions[action]
	return known
}

// A cell says in which relation something is allowed.
type cell string

const (
	never    cell = "-"
	own      cell = "own"
	released cell = "released" // or own
	always   cell = "all"
)

func (c cell) holds(r Relation) bool {
	switch c {
	case always:
		return true
	case released:
		return r >= Released
	case own:
		return r >= Own
	}
	return false
}

type row struct {
	section string
	cells   []cell
}

type roleTable struct {
	classes map[string][]cell // by "section class"
	actions map[Action]row
}

//go:embed roles.txt
var rolesText string

var table = sync.OnceValue(func() *roleTable {
	t, err := parseTable(rolesText)
	if err != nil {
		panic("auth: " + err.Error())
	}
	return t
})

// parseTable reads the form of roles.txt, and takes nothing that it does not
// understand: a line that is passed over could be a prohibition.
func parseTable(text string) (*roleTable, error) {
	t := &roleTable{classes: map[string][]cell{}, actions: map[Action]row{}}
	section := ""
	for i, line := range strings.Split(text, "\n") {
		fail := func(format string, args ...any) (*roleTable, error) {
			return nil, fmt.Errorf("roles.txt: line %d: "+format, append([]any{i + 1}, args...)...)
		}
		if strings.TrimSpace(line) == "" || line[0] == '#' {
			continue
		}
		name, rest := line[:min(nameWidth, len(line))], line[min(nameWidth, len(line)):]
		name = strings.TrimSpace(name)
		words := strings.Fields(rest)
		if heading, found := strings.CutPrefix(name, "["); found {
			if section = strings.TrimSuffix(heading, "]"); section != "record" && section != "ask" || !slices.Equal(words, columns()) {
				return fail("section %q or its columns %q are not known", section, words)
			}
			continue
		}
		if section == "" || len(words) != len(Roles()) {
			return fail("%q has %d cells in section %q", name, len(words), section)
		}
		cells := make([]cell, len(words))
		for j, w := range words {
			if cells[j] = cell(w); !slices.Contains([]cell{never, own, released, always}, cells[j]) {
				return fail("%q has the cell %q", name, w)
			}
		}
		if class, isClass := strings.CutPrefix(name, "fields: "); isClass {
			if !slices.Contains(Classes(), Class(class)) || t.classes[section+" "+class] != nil {
				return fail("class %q is not known, or stands twice", class)
			}
			t.classes[section+" "+class] = cells
			continue
		}
		if _, twice := t.actions[Action(name)]; twice {
			return fail("%q stands twice", name)
		}
		t.actions[Action(name)] = row{section, cells}
	}
	return t, nil
}

// nameWidth is how wide the first column of roles.txt is, in bytes.
const nameWidth = 28

func columns() []string {
	names := make([]string, len(Roles()))
	for i, r := range Roles() {
		names[i] = string(r)
	}
	return names
}
