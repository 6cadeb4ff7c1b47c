// Package cli is the command line: one file per command, each of which turns
// flags into a use case and its result into text, CSV or JSON.
//
// Nothing in it touches the process it runs in. What a command needs comes from
// a [Program], so that serve can run the commands of other processes and tests
// can run any number of them at once.
package cli

import (
	"context"
	"io"
	"path/filepath"
	"time"

	"caseledger/cmd/caseledger/internal/app"
)

// A Program is one run of the command line and the outside that it sees.
type Program struct {
	Args     []string // without the program's name
	Dir      string   // working directory; relative paths start here
	In       io.Reader
	Out      io.Writer
	Err      io.Writer
	Terminal bool   // Out is a terminal
	Watched  bool   // Err is a terminal: long work shows its progress there
	Width    int    // of the terminal, in columns; 0 when there is none
	User     string // of the operating system: the actor when none is given
	Getenv   func(string) string
	Now      func() time.Time
	Version  string
	ExitCode func(error) int // the one that main uses; serve answers with it

	held  *app.Ledger // by serve, which runs this program for another process
	flags globalFlags
}

// globalFlags are the flags of every command.
type globalFlags struct {
	place  app.Place
	format string
}

// Run carries out the command line. What it returns has not been printed yet:
// see [Report].
func (p *Program) Run(ctx context.Context) error {
	root := p.rootCommand()
	root.SetArgs(p.Args)
	root.SetIn(p.In)
	root.SetOut(p.Out)
	root.SetErr(p.Err)
	cmd, err := root.ExecuteContextC(ctx)
	if err != nil {
		return withHelp(err, cmd.CommandPath())
	}
	return nil
}

// path returns a path that the user gave as seen from here.
func (p *Program) path(name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(p.Dir, name)
}

// place returns where the ledger is, with every path absolute.
func (p *Program) place() app.Place {
	place := p.flags.place
	if place.Dir == "" {
		place.Dir = p.Getenv("CASELEDGER_DATA")
	}
	if place.Dir == "" {
		place.Dir = "ledger"
	}
	for _, path := range []*string{&place.Dir, &place.MasterKey, &place.Archive, &place.CredsFile, &place.TokenFile} {
		*path = p.path(*path)
	}
	return place
}
