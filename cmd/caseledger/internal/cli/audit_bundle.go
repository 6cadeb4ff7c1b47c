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
)

func (p *Program) auditBundleCommand() *cobra.Command {
	var out string
	var absent bool
	cmd := &cobra.Command{
		Use:   "bundle CLIENT",
		Short: "Write one client's records with the proof that they are all, unaltered",
		Long: `Write the case and letter records of a client, as of the last checkpoint, with the proof that they
are all and unaltered, into one file: caseledger audit check verifies it anywhere, with the ledger's public
key and nothing else. Of other clients it holds hashes only. What identifies the client stays sealed in it.`,
		Example: `  caseledger audit bundle C-7QK2M4 --out C-7QK2M4.bundle`,
		Args:    oneArg("the client's coded id"),
	}
	cmd.Flags().StringVar(&out, "out", "", "`file` to write")
	cmd.Flags().BoolVar(&absent, "absent", false, "prove that the ledger has no records of the client")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if out == "" {
			return &UsageError{"--out is needed: the file to write", cmd.CommandPath()}
		}
		return p.onLedger(func(ctx context.Context, l *app.Ledger, args []string) error {
			return p.auditBundle(ctx, l, args[0], out, absent)
		})(cmd, args)
	}
	return cmd
}

func (p *Program) auditBundle(ctx context.Context, l *app.Ledger, client, out string, absent bool) error {
	if !absent {
		err := l.Views.Read(func(s *projections.Snapshot) (err error) {
			client, err = history.Resolve(s, client)
			return err
		})
		if err != nil {
			return err
		}
	}
	made, err := l.Bundle(ctx, client, absent)
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
	var records bool
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "Check a bundle, with no ledger at hand",
		Long: `Check a bundle that caseledger audit bundle wrote: that the ledger signed every record in it, and that
no record of the client up to the checkpoint is left out. No ledger is needed, only its public key from a
source that you trust. With --records, print the exact records, one per line.`,
		Example: `  caseledger audit check C-7QK2M4.bundle --key ledger.pub
  caseledger audit check C-7QK2M4.bundle --key ledger.pub --witness witness.pub`,
		Args: oneArg("the bundle's file"),
	}
	cmd.Flags().StringVar(&key, "key", "", "the ledger's public `key`, or a file with it")
	cmd.Flags().StringArrayVar(&witnesses, "witness", nil, "public `key` of a witness that must have cosigned, or a file with it; may be repeated")
	cmd.Flags().BoolVar(&records, "records", false, "print the client's records")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if key == "" {
			return &UsageError{"--key is needed: the ledger's public key", cmd.CommandPath()}
		}
		return p.auditCheck(args[0], key, witnesses, records)
	}
	return cmd
}

// A NotCosignedError reports a checkpoint that a witness should have cosigned.
type NotCosignedError struct{ Witness string }

func (e *NotCosignedError) Error() string {
	return fmt.Sprintf("check the bundle: its checkpoint is not cosigned by the witness %s", e.Witness)
}

func (p *Program) auditCheck(file, keyText string, witnessTexts []string, records bool) error {
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
	if !records {
		return p.printProven(proven, "the bundle holds")
	}
	for _, r := range proven.Records {
		if err := p.printf("%s\n", r.Raw); err != nil {
			return err
		}
	}
	return nil
}

// printProven says what a bundle proves.
func (p *Program) printProven(b *bundle.Proven, title string) error {
	if p.flags.format == formatJSON {
		type line struct {
			Sequence uint64      `json:"sequence"`
			Subject  string      `json:"subject"`
			Version  uint64      `json:"version"`
			Type     string      `json:"type"`
			Hash     events.Hash `json:"hash"`
		}
		list := []line{}
		for _, r := range b.Records {
			list = append(list, line{r.Sequence, string(r.Subject), r.Version, r.Type, r.Hash()})
		}
		return p.printJSON(struct {
			Client   string               `json:"client"`
			Ledger   events.LedgerCreated `json:"ledger"`
			Size     uint64               `json:"size"`
			Root     string               `json:"root"`
			Cosigned []string             `json:"cosigned"`
			Policies int                  `json:"policies"`
			Records  []line               `json:"records"`
		}{b.Client, b.Ledger, b.Checkpoint.Size, b.Checkpoint.Root.String(), b.Checkpoint.Cosigned, len(b.Policies), list})
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
	for _, w := range b.Checkpoint.Cosigned {
		s += fmt.Sprintf("cosigned by the witness %s\n", w)
	}
	if n := b.Checkpoint.Unchecked; n > 0 {
		s += fmt.Sprintf("%s of witnesses that were not named are not checked\n", plural(n, "cosignature"))
	}
	return p.printf("%s", s)
}
