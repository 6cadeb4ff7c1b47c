// Command caseledger is an event-sourced case ledger.
//
// Exit codes:
//
//	0  done
//	1  it failed
//	2  the command line, or a file's line, does not say anything sensible
//	3  a rule refuses it; for book-expense: it is recorded, and not reimbursed
//	4  the ledger is not there, held by another process, or cannot be reached
//	5  the ledger or its archive is damaged, has lost records, or its stream was
//	   reconfigured; or a checkpoint, bundle or cosignature does not hold
//	6  the disk, or a limit, is full
//	7  some rows of an import were left out
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"os/user"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/term"

	"caseledger/aggregates"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/cmd/caseledger/internal/auth"
	"caseledger/cmd/caseledger/internal/cli"
	"caseledger/events"
	"caseledger/events/jetstream"
	"caseledger/events/natsserver"
	"caseledger/events/seal"
	"caseledger/projections"
	"caseledger/projections/history"
	"caseledger/projections/statistics"
	"caseledger/replay/archive"
	"caseledger/replay/audit"
	"caseledger/replay/backup"
	"caseledger/replay/bundle"
	"caseledger/replay/checkpoint"
	"caseledger/replay/heads"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	dir, err := os.Getwd()
	if err != nil {
		fmt.Fprintln(os.Stderr, "caseledger: error: find the working directory:", err)
		return 1
	}
	width, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		width = 0 // not a terminal
	}
	p := &cli.Program{
		Args: os.Args[1:], Dir: dir, In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		Terminal: width > 0, Watched: term.IsTerminal(int(os.Stderr.Fd())), Width: width,
		User: userName(), Getenv: os.Getenv, Now: time.Now, Version: version(), ExitCode: exitCode,
	}
	err = p.Run(ctx)
	cli.Report(os.Stderr, err)
	return exitCode(err)
}

// userName is who runs the program, as far as the system knows.
func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return os.Getenv("USER")
}

// release is set by the linker in releases.
var release string

func version() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// exitCode is the one place that decides how the program ends. Where several
// errors are joined, the one that speaks against the ledger itself wins.
func exitCode(err error) int {
	var (
		status   *cli.ExitStatus
		usage    *cli.UsageError
		input    *app.InputError
		refusal  *aggregates.Refusal
		reused   *app.CommandReusedError
		rejected *cli.RejectedError
		cell     *statistics.CellError
		several  *history.AmbiguousError
		noLedger *app.NoLedgerError
		locked   *natsserver.LockedError
		viewsIn  *projections.LockedError
		contend  *app.ContentionError
		serve    *cli.ServeError
		version  *cli.VersionError
		damage   *events.DamageError
		floor    *jetstream.FloorError
		drift    *jetstream.DriftError
		diverged *projections.DivergedError
		chain    *projections.ChainError
		doubted  *projections.DoubtError
		differ   *cli.DifferentViewsError
		master   *seal.MasterKeyError
		noMaster *seal.MasterFileError
		keysFile *seal.KeysFileError
		unwell   *natsserver.UnwellError
		connect  *jetstream.ConnectError
		tampered *seal.TamperedError
		shredded *seal.DestroyedError
		expired  *seal.ExpiredError
		unproven *auth.ProofError
		noSigner *app.SigningKeyError
		archived *archive.DamageError
		forked   *archive.DivergedError
		broken   *checkpoint.ForkError
		refused  *checkpoint.RefusedError
		heading  *heads.ChainError
		headless *heads.DamageError
		mismatch *audit.MismatchError
		bundled  *bundle.RefusedError
		alone    *cli.NotCosignedError
		gone     *app.NoArchiveError
		saved    *backup.RefusedError
		opener   *backup.IdentityError
		partial  *app.UnfinishedError
		lostKeys *seal.LostKeysError
	)
	switch {
	case err == nil:
		return 0
	case errors.As(err, &status):
		return status.Code
	case errors.As(err, &noLedger) && noLedger.Remains, errors.As(err, &damage), errors.As(err, &floor), errors.As(err, &drift),
		errors.As(err, &diverged), errors.As(err, &chain), errors.As(err, &tampered), errors.As(err, &keysFile), errors.As(err, &unwell),
		errors.As(err, &archived), errors.As(err, &forked), errors.As(err, &broken), errors.As(err, &refused), errors.As(err, &heading),
		errors.As(err, &mismatch), errors.As(err, &bundled), errors.As(err, &alone), errors.As(err, &saved), errors.As(err, &lostKeys),
		errors.As(err, &doubted), errors.As(err, &differ), errors.As(err, &headless):
		return 5
	case cli.IsFull(err):
		return 6
	case errors.As(err, &noLedger), errors.As(err, &locked), errors.As(err, &viewsIn), errors.As(err, &master), errors.As(err, &noMaster), errors.As(err, &noSigner), errors.As(err, &connect),
		errors.As(err, &contend), errors.As(err, &serve), errors.As(err, &version), errors.Is(err, events.ErrUncertain),
		errors.Is(err, jetstream.ErrNotFound), errors.Is(err, app.ErrNoGenesis),
		errors.As(err, &gone), errors.As(err, &opener), errors.As(err, &partial), errors.Is(err, archive.ErrNotFound), errors.Is(err, checkpoint.ErrNone):
		return 4
	case errors.As(err, &usage), errors.As(err, &input), errors.As(err, &cell), errors.As(err, &several):
		return 2
	case errors.As(err, &refusal), errors.As(err, &reused), errors.As(err, &shredded), errors.As(err, &expired), errors.As(err, &unproven):
		return 3
	case errors.As(err, &rejected):
		return 7
	default:
		return 1
	}
}
