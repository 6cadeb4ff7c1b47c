package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/history"
	"caseledger/replay/bundle"
	"caseledger/replay/durable"
	"caseledger/replay/trace"
)

func (p *Program) auditBundleCommand() *cobra.Command {
	var out string
	var absent, auditor bool
	cmd := &cobra.Command{
		Use:   "bundle CLIENT",
		Short: "Write one client's records with the proof that they are all, unaltered",
		Long: `Write the case and letter records of a client, as of the last checkpoint, with the proof that they
are all and unaltered, into one file: caseledger audit check verifies it anywhere, with the ledger's public
key and nothing else. Of other clients it holds hashes only. What identifies the client stays sealed in it.

With --auditor, add what was billed for the client: the whole billing of every agency that the case
names, so that audit check can compute each of the client's lines again and find any that is missing or was billed
twice. Invoices hold other clients' lines, with their coded ids: give it to auditors only.`,
		Example: `  caseledger audit bundle C-7QK2M4 --out C-7QK2M4.bundle
  caseledger audit bundle C-7QK2M4 --auditor --out C-7QK2M4.auditor`,
		Args: oneArg("the client's coded id"),
	}
	cmd.Flags().StringVar(&out, "out", "", "`file` to write")
	cmd.Flags().BoolVar(&absent, "absent", false, "prove that the ledger has no records of the client")
	cmd.Flags().BoolVar(&auditor, auditorFlag, false, "add what was billed for the client, and with it lines of others")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case out == "":
			return &UsageError{"--out is needed: the file to write", cmd.CommandPath()}
		case absent && auditor:
			return &UsageError{"give either --absent or --auditor", cmd.CommandPath()}
		}
		return p.onLedger(func(ctx context.Context, l *app.Ledger, args []string) error {
			return p.auditBundle(ctx, l, args[0], out, absent, auditor)
		})(cmd, args)
	}
	return cmd
}

func (p *Program) auditBundle(ctx context.Context, l *app.Ledger, client, out string, absent, auditor bool) error {
	if !absent {
		err := l.Views.Read(func(s *projections.Snapshot) (err error) {
			client, err = history.Resolve(s, client)
			return err
		})
		if err != nil {
			return err
		}
	}
	made, err := l.Bundle(ctx, client, absent, auditor)
	if err != nil {
		return err
	}
	if err := durable.Replace(p.path(out), made); err != nil {
		return fmt.Errorf("write the bundle: %w", err)
	}
	key, err := l.Key()
	if err != nil {
		return err
	}
	proven, err := bundle.Check(made, key)
	if err != nil {
		return err
	}
	if err := p.printProven(proven, fmt.Sprintf("wrote %s", out)); err != nil || p.flags.format == formatJSON {
		return err
	}
	return p.printf("anybody can check it: caseledger audit check %s --key '%s'\n", out, l.App.Ledger.VerifierKey)
}

func (p *Program) auditCheckCommand() *cobra.Command {
	var key string
	var witnesses []string
	var show shownOfBundle
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "Check a bundle, with no ledger at hand",
		Long: `Check a bundle that caseledger audit bundle wrote: that the ledger signed every record in it, and that
no record of the client up to the checkpoint is left out. No ledger is needed, only its public key from a
source that you trust. With --records, print the exact records, one per line.

Of an auditor's bundle every line that was billed for the client is computed again, from the records in it
and by a calculation that shares no code with the one that billed it; --lines prints each with what it rests on. When a
line differs, or one is missing, the exit code is 1.`,
		Example: `  caseledger audit check C-7QK2M4.bundle --key ledger.pub
  caseledger audit check C-7QK2M4.bundle --key ledger.pub --witness witness.pub`,
		Args: oneArg("the bundle's file"),
	}
	cmd.Flags().StringVar(&key, "key", "", "the ledger's public `key`, or a file with it")
	cmd.Flags().StringArrayVar(&witnesses, "witness", nil, "public `key` of a witness that must have cosigned, or a file with it; may be repeated")
	cmd.Flags().BoolVar(&show.records, "records", false, "print the client's records")
	cmd.Flags().BoolVar(&show.lines, "lines", false, "print the lines of an auditor's bundle, each with its recount")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if key == "" {
			return &UsageError{"--key is needed: the ledger's public key", cmd.CommandPath()}
		}
		return p.auditCheck(cmd.Context(), args[0], key, witnesses, show)
	}
	return cmd
}

// shownOfBundle says what is printed of a bundle beside what it proves.
type shownOfBundle struct{ records, lines bool }

// auditorFlag asks for a bundle that only auditors may have.
const auditorFlag = "auditor"

// A NotCosignedError reports a checkpoint that a witness should have cosigned.
type NotCosignedError struct{ Witness string }

func (e *NotCosignedError) Error() string {
	return fmt.Sprintf("check the bundle: its checkpoint is not cosigned by the witness %s", e.Witness)
}

func (p *Program) auditCheck(ctx context.Context, file, keyText string, witnessTexts []string, show shownOfBundle) error {
	key, err := p.publicKey(keyText, note.NewVerifier)
	if err != nil {
		return err
	}
	witnesses, err := p.witnessKeys(witnessTexts)
	if err != nil {
		return err
	}
	info, err := os.Stat(p.path(file))
	if err != nil {
		return fmt.Errorf("read the bundle: %w", err)
	}
	if info.Size() > bundle.MaxSize {
		return &bundle.RefusedError{Reason: errors.New("the file is too large for a bundle")}
	}
	b, err := os.ReadFile(p.path(file))
	if err != nil {
		return fmt.Errorf("read the bundle: %w", err)
	}
	proven, err := bundle.Check(b, key, witnesses...)
	if err != nil {
		return err
	}
	for _, w := range witnesses {
		if !slices.Contains(proven.Checkpoint.Cosigned, w.Name()) {
			return &NotCosignedError{w.Name()}
		}
	}
	if !show.records {
		return p.printChecked(ctx, proven, show)
	}
	for _, r := range proven.Records {
		if err := p.printf("%s\n", r.Raw); err != nil {
			return err
		}
	}
	return nil
}

// printChecked says what a bundle proves, and what the recount of its lines comes to.
func (p *Program) printChecked(ctx context.Context, b *bundle.Proven, show shownOfBundle) error {
	if !b.Auditor {
		if show.lines {
			return usage("--lines: it is not an auditor's bundle")
		}
		return p.printProven(b, "the bundle holds")
	}
	r, err := b.Trace(ctx)
	if err != nil {
		return err
	}
	switch p.flags.format {
	case formatJSON:
		err = p.printJSON(struct {
			provenBundle
			Trace *trace.ClientReport `json:"trace"`
		}{proofOf(b), r})
	case formatCSV:
		err = p.printCSV(tracedSheet(r.Lines))
	default:
		err = p.printRecounted(b, r, show)
	}
	if err == nil && len(r.Differences) > 0 {
		return &TraceError{len(r.Differences)}
	}
	return err
}

func (p *Program) printRecounted(b *bundle.Proven, r *trace.ClientReport, show shownOfBundle) error {
	if err := p.printProven(b, "the auditor's bundle holds"); err != nil {
		return err
	}
	if show.lines {
		for _, l := range r.Lines {
			if err := p.printf("%s\n", tracedText(l)); err != nil {
				return err
			}
		}
	}
	for _, d := range r.Differences {
		if err := p.printf("DIFFERENT  %s\n", d); err != nil {
			return err
		}
	}
	return p.printf("%s for the client on %s of %s, %s: each computed again from the records in the bundle, %s\n",
		plural(len(r.Lines), "line"), plural(r.Invoices, "invoice"), agencies(len(r.Agencies)), r.TotalCents, differences(len(r.Differences)))
}

// A provenBundle is what a bundle proves, for programs.
type provenBundle struct {
	Client   string               `json:"client"`
	Ledger   events.LedgerCreated `json:"ledger"`
	Size     uint64               `json:"size"`
	Root     string               `json:"root"`
	Cosigned []string             `json:"cosigned"`
	Policies int                  `json:"policies"`
	Billing  int                  `json:"billing,omitzero"` // records of billing in an auditor's bundle
	Records  []provenRecord       `json:"records"`
}

type provenRecord struct {
	Sequence uint64      `json:"sequence"`
	Subject  string      `json:"subject"`
	Version  uint64      `json:"version"`
	Type     string      `json:"type"`
	Hash     events.Hash `json:"hash"`
}

func proofOf(b *bundle.Proven) provenBundle {
	list := []provenRecord{}
	for _, r := range b.Records {
		list = append(list, provenRecord{r.Sequence, string(r.Subject), r.Version, r.Type, r.Hash()})
	}
	return provenBundle{b.Client, b.Ledger, b.Checkpoint.Size, b.Checkpoint.Root.String(), b.Checkpoint.Cosigned, len(b.Policies), len(b.Billing), list}
}

// printProven says what a bundle proves.
func (p *Program) printProven(b *bundle.Proven, title string) error {
	if p.flags.format == formatJSON {
		return p.printJSON(proofOf(b))
	}
	simulated := ""
	if b.Ledger.SimulatedClock {
		simulated = ", a sample with a simulated clock"
	}
	s := fmt.Sprintf("%s: ledger %s%s, client %s\n", title, b.Ledger.Name, simulated, b.Client)
	if len(b.Records) == 0 {
		s += fmt.Sprintf("among the first %s of the ledger there is none of this client\n", plural(int(b.Checkpoint.Size), "record"))
	} else {
		first, last := b.Records[0], b.Records[len(b.Records)-1]
		s += fmt.Sprintf("%s, #%d to #%d, are all that the ledger has of this client among its first %s, unaltered\n",
			plural(len(b.Records), "record"), first.Sequence, last.Sequence, plural(int(b.Checkpoint.Size), "record"))
	}
	s += fmt.Sprintf("with %s of the programme\n", plural(len(b.Policies), "policy record"))
	if b.Auditor {
		s += fmt.Sprintf("and %s, all that there are of the agencies that the case names\n", plural(len(b.Billing), "billing record"))
	}
	for _, w := range b.Checkpoint.Cosigned {
		s += fmt.Sprintf("cosigned by the witness %s\n", w)
	}
	if n := b.Checkpoint.Unchecked; n > 0 {
		s += fmt.Sprintf("%s of witnesses that were not named are not checked\n", plural(n, "cosignature"))
	}
	return p.printf("%s", s)
}
