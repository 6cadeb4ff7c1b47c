package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"syscall"

	"caseledger/aggregates"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/events/jetstream"
	"caseledger/events/natsserver"
	"caseledger/projections"
	"caseledger/replay/archive"
	"caseledger/replay/audit"
	"caseledger/replay/backup"
	"caseledger/replay/bundle"
	"caseledger/replay/checkpoint"
	"caseledger/replay/heads"
	"caseledger/replay/trace"
)

// ErrInterrupted reports a command that was broken off.
var ErrInterrupted = errors.New("interrupted: what was recorded before stands, and everything else is as it was")

// Report prints an error for a person: each fault on a line of its own, and then
// what to do about it.
func Report(w io.Writer, err error) {
	var status *ExitStatus
	if err == nil || errors.As(err, &status) {
		return // a handed-over command has printed its own
	}
	if errors.Is(err, context.Canceled) {
		err = ErrInterrupted
	}
	var hints []string
	for _, fault := range app.Faults(err) {
		fmt.Fprintf(w, "caseledger: error: %s\n", oneLine(fault.Error()))
		if h := hint(fault); h != "" && (len(hints) == 0 || hints[len(hints)-1] != h) {
			hints = append(hints, h)
		}
	}
	for _, h := range hints {
		fmt.Fprintf(w, "caseledger: hint: %s\n", oneLine(h))
	}
}

// oneLine keeps control characters of what was typed, or of a damaged file, off
// the terminal.
func oneLine(s string) string {
	return strings.TrimSuffix(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0:
			return '\ufffd'
		}
		return r
	}, s), ".")
}

// A helpError is a fault of what was typed that has no better hint than where to
// read what may be typed.
type helpError struct {
	error
	see string
}

func (e *helpError) Unwrap() error { return e.error }

// Hint says what a person can do about it.
func (e *helpError) Hint() string { return e.see }

// withHelp gives each fault of the command line, or of a file's line, a hint.
func withHelp(err error, command string) error {
	faults := app.Faults(err)
	for i, fault := range faults {
		var (
			typed *UsageError
			input *app.InputError
		)
		switch {
		case hint(fault) != "":
		case errors.As(fault, &input) && input.Line > 0:
			faults[i] = &helpError{fault, "what a command takes: caseledger schema COMMAND"}
		case errors.As(fault, &typed), errors.As(fault, &input):
			faults[i] = &helpError{fault, "see: " + command + " --help"}
		}
	}
	if len(faults) == 1 {
		return faults[0]
	}
	return errors.Join(faults...)
}

// IsFull reports whether an error says that a disk, or a limit on it, is full.
func IsFull(err error) bool {
	return errors.Is(err, events.ErrFull) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}

// hint says what a person can do about an error, if that can be said.
func hint(err error) string {
	var (
		usage    *UsageError
		input    *app.InputError
		refusal  *aggregates.Refusal
		noLedger *app.NoLedgerError
		notEmpty *app.NotEmptyError
		locked   *natsserver.LockedError
		viewsIn  *projections.LockedError
		damage   *events.DamageError
		floor    *jetstream.FloorError
		drift    *jetstream.DriftError
		diverged *projections.DivergedError
		chain    *projections.ChainError
		reused   *app.CommandReusedError
		contend  *app.ContentionError
		notFound *projections.NotFoundError
		archived *archive.DamageError
		headless *heads.DamageError
		forked   *archive.DivergedError
		broken   *checkpoint.ForkError
		mismatch *audit.MismatchError
		bundled  *bundle.RefusedError
		saved    *backup.RefusedError
		untraced *trace.NotFoundError
		doubt    *projections.DoubtError
		unwell   *natsserver.UnwellError
		connect  *jetstream.ConnectError
		hinted   interface{ Hint() string }
	)
	switch {
	case errors.As(err, &hinted):
		return hinted.Hint()
	case errors.As(err, &usage):
		if usage.Help != "" {
			return "see: " + usage.Help + " --help"
		}
	case errors.As(err, &input):
		return input.Hint
	case errors.As(err, &refusal):
		return refusal.Hint
	case errors.As(err, &noLedger) && noLedger.Remains:
		return "part of the ledger is lost: keep a copy of the directory as it is, and restore what is missing from a backup"
	case errors.As(err, &noLedger):
		return "make one with: caseledger init --data " + noLedger.Dir + ", or name another directory with --data"
	case errors.As(err, &notEmpty):
		return "name a new or empty directory with --data"
	case errors.As(err, &locked), errors.As(err, &viewsIn):
		return "wait until that command has ended; while caseledger serve runs, commands on this machine go through it"
	case errors.As(err, &floor), errors.As(err, &diverged), errors.As(err, &forked):
		return "the stream has lost records that were read before: write it again with caseledger audit repair, or restore it from a backup, and do not record anything until then"
	case errors.As(err, &saved):
		return "restore another backup; this one is evidence of what happened to it: keep it"
	case errors.As(err, &bundled):
		return "the file is not what the ledger signed, or --key is not the ledger's: trust nothing in it"
	case errors.As(err, &archived), errors.As(err, &headless):
		return "if the stream is well, write the archive again: caseledger audit repair --archive-from-stream"
	case errors.As(err, &broken), errors.As(err, &mismatch):
		return "do not record anything more: keep a copy of everything as it is; both copies and the checkpoint are evidence"
	case errors.As(err, &damage), errors.As(err, &chain), errors.As(err, &unwell):
		return "do not record anything more: keep a copy of the directory as it is, and write its stream again with caseledger audit repair, or restore it from a backup"
	case errors.Is(err, archive.ErrNotFound), errors.Is(err, checkpoint.ErrNone):
		return "make it with: caseledger audit checkpoint"
	case errors.As(err, &drift):
		return "have the operator of the NATS server put the stream's settings back"
	case errors.As(err, &reused):
		return "a new command needs a new id; only the very same command may be sent again under its id"
	case errors.As(err, &untraced):
		return "the invoices that there are: caseledger invoice list"
	case errors.As(err, &notFound):
		if _, list := aggregates.Known(events.Subject(notFound.Name).Kind()); list != "" {
			return "the ids that there are: " + list
		}
		return "the ids that there are: caseledger caseload, caseledger clocks; history names what is no client with its kind, such as agency/A-017"
	case errors.As(err, &connect):
		return "is --nats right, and does the server run; what it asks for is given with --creds or --token-file"
	case errors.Is(err, jetstream.ErrForbidden):
		return "record on the machine of caseledger serve, or connect with the credentials of a writer"
	case errors.As(err, &doubt):
		return "no record is lost: build the views again with: caseledger replay"
	case errors.Is(err, ErrInterrupted):
		return "record --file and import can be run again: they go on where they were, and record nothing twice"
	case errors.As(err, &contend):
		return "give the same command again under the same id: it cannot be recorded twice"
	case errors.Is(err, events.ErrUncertain):
		return "give the same command again under the same id: it cannot be recorded twice"
	case IsFull(err):
		return "nothing that was acknowledged is lost: make room on the disk and run the command again"
	case errors.Is(err, fs.ErrPermission):
		return "a ledger can be used only by the user who owns its directory and the files in it"
	case errors.Is(err, fs.ErrNotExist):
		return "is the path right; a relative one starts in the working directory"
	case errors.Is(err, jetstream.ErrExists):
		return "another ledger is on that server, or what a broken-off init or restore left there: then its operator deletes the streams LEDGER and ACCESS first"
	case errors.Is(err, jetstream.ErrNotFound):
		return "is --data or --nats right; a ledger that was here has lost its stream: restore it from a backup, for init makes only new ones"
	}
	return ""
}
