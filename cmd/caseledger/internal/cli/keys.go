package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"caseledger/aggregates/clientcase"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/events/seal"
	"caseledger/projections"
	"caseledger/projections/retention"
)

func (p *Program) keysCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Keep, rotate, back up and destroy the keys that seal identities",
		Long: `Keep, rotate, back up and destroy the keys that seal identities (R32).

Keys are in keys.db, wrapped by the master key, and nowhere else: not in the records, views, exports or
backups of the ledger. A backup of keys is made apart, and expires: destroyed keys live on in it.

When keys are destroyed: let the backups made before expire, or destroy them; rotate the master key and
destroy the old one and its copies. A backup that is restored meanwhile gives back nothing that the
ledger says was destroyed.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.keysStatusCommand(), p.keysRotateCommand(), p.keysDestroyCommand(), p.keysBackupCommand(),
		p.keysRestoreCommand(), p.keysLostCommand(), p.keysRecoveryKeyCommand(), p.keysRecoverCommand())
	return cmd
}

func (p *Program) keysStatusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show whether a recovery key is set, and how many identities were destroyed",
		Args:  noArgs,
		RunE: p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error {
			recovery, err := l.HasRecovery()
			if err != nil {
				return err
			}
			destroyed := 0
			err = l.Views.Read(func(s *projections.Snapshot) error {
				orders, err := retention.Orders(s)
				destroyed = len(orders)
				return err
			})
			if err != nil {
				return err
			}
			s := sheet{columns: left("recovery_key", "identities_destroyed")}
			s.add(map[bool]string{true: "set", false: "not set"}[recovery], fmt.Sprint(destroyed))
			return p.print(s, map[string]any{"recovery_key": recovery, "identities_destroyed": destroyed})
		}),
	}
}

func (p *Program) keysRotateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "rotate [CLIENT]",
		Short: "Make a new master key, or new keys for one client",
		Long: `Make a new master key that wraps every key, in the place of the old one; or, for one client, new keys
that seal from now on. What was sealed before stays readable.`,
		Args: cobra.MaximumNArgs(1),
		RunE: p.onLedger(func(ctx context.Context, l *app.Ledger, args []string) error {
			if len(args) == 0 {
				if err := l.RotateMaster(); err != nil {
					return err
				}
				return p.printf("every key is wrapped by a new master key; backups of keys made before need the old one\n")
			}
			client, err := p.resolve(ctx, l, args[0])
			if err != nil {
				return err
			}
			generation, err := l.RotateClient(client)
			if err != nil {
				return err
			}
			return p.printf("client %s has keys of generation %d\n", client, generation)
		}),
	}
}

func (p *Program) keysDestroyCommand() *cobra.Command {
	var reason string
	var confirm bool
	var d app.Defaults
	cmd := &cobra.Command{
		Use:   "destroy CLIENT",
		Short: "Request, or as another principal confirm, that a client's keys are destroyed",
		Long: `Request that a client's keys be destroyed, or confirm what another principal requested (R32). When it is
confirmed, nobody can read any more who the client is, in any copy of any record, and nothing more can
be sealed for the client. Counts, money and proofs stay as they are. It cannot be undone.

The reason is retention_ended, three years after the final financial report, or court_order.`,
		Example: `  caseledger keys destroy C-7QK2M4 --reason retention_ended --identity amy.nk
  caseledger keys destroy C-7QK2M4 --confirm --identity bob.nk`,
		Args: oneArg("the client's coded id"),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "retention_ended or court_order")
	cmd.Flags().BoolVar(&confirm, "confirm", false, "confirm what another principal requested")
	p.addDefaults(cmd.Flags(), &d)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if confirm == (reason != "") {
			return &UsageError{"give either --reason, to request it, or --confirm", cmd.CommandPath()}
		}
		return p.onLedger(func(ctx context.Context, l *app.Ledger, args []string) error {
			client, err := p.resolve(ctx, l, args[0])
			if err != nil {
				return err
			}
			return p.destroyKeys(ctx, l, client, reason, d)
		})(cmd, args)
	}
	return cmd
}

// destroyKeys requests the destruction, or without a reason confirms it.
func (p *Program) destroyKeys(ctx context.Context, l *app.Ledger, client, reason string, d app.Defaults) error {
	req := app.Request{Name: "confirm-destruction", Actor: d.Actor, Role: d.Role, Agency: d.Agency, Command: &clientcase.ConfirmDestruction{Client: client}}
	if reason != "" {
		if reason != "retention_ended" && reason != "court_order" {
			return usage("--reason %s: it is retention_ended or court_order", reason)
		}
		req.Name, req.Command = "request-destruction", &clientcase.RequestDestruction{Client: client, Grounds: reason}
	}
	var err error
	if req.ID, err = app.NewCommandID(p.Now()); err != nil {
		return err
	}
	if req.Key, err = p.key(); err != nil {
		return err
	}
	receipt, err := l.Execute(ctx, req)
	if err != nil {
		return err
	}
	if err := p.printReceipt(receipt); err != nil || p.flags.format != formatText || receipt.Record == nil {
		return err
	}
	if reason != "" {
		return p.printf("another principal has to confirm it: caseledger keys destroy %s --confirm\n", client)
	}
	return p.printf("the keys of client %s are destroyed\n", client)
}

func (p *Program) keysBackupCommand() *cobra.Command {
	var expires string
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Write a backup of the keys that expires",
		Long: `Write a backup of the keys, as they are at one moment, to a new file. It is sealed by the master key
of that moment, without which it is worth nothing, and is refused once it has expired.`,
		Example: "  caseledger keys backup keys-2013-01.backup --expires 2013-04-30",
		Args:    oneArg("the file"),
	}
	cmd.Flags().StringVar(&expires, "expires", "", "the last `day` on which it may be restored (required)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		day, err := events.ParseDate(expires)
		if err != nil {
			return &UsageError{"--expires: " + err.Error(), cmd.CommandPath()}
		}
		return p.onLedger(func(_ context.Context, l *app.Ledger, args []string) error {
			if err := l.BackupKeys(p.path(args[0]), l.EndOf(day)); err != nil {
				return err
			}
			return p.printf("backed the keys up to %s; it expires after %s\n", args[0], day)
		})(cmd, args)
	}
	return cmd
}

// offline makes the run function of a command that works on the files of a ledger
// that nobody holds.
func (p *Program) offline(run func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if p.held != nil {
			return usage("%s works on a ledger that is not served", cmd.CommandPath())
		}
		return run(cmd.Context(), args)
	}
}

func (p *Program) keysRestoreCommand() *cobra.Command {
	var acceptLoss bool
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Make the key file from a backup",
		Long: `Make the key file of a ledger that lost it from a backup of keys: every destruction on record is carried
out again before anything can be read. A key file that is still there is not replaced: move it away.

Texts that were sealed for clients who came after the backup, or under keys that were rotated after it,
cannot be read any more. Where there are any, nothing is restored and they are named; --accept-loss goes on without
them, and gives these clients new keys for what comes.`,
		Args: oneArg("the file"),
	}
	cmd.Flags().BoolVar(&acceptLoss, "accept-loss", false, "go on although identities are lost")
	cmd.RunE = p.offline(func(ctx context.Context, args []string) error {
		accepted, err := app.RestoreKeys(ctx, p.place(), p.path(args[0]), p.Now(), acceptLoss)
		var lost *seal.LostKeysError
		if errors.As(err, &lost) {
			return &helpError{err, "restore a younger backup of keys; if there is none, these identities are lost, and --accept-loss goes on without them"}
		}
		if err != nil {
			return err
		}
		_, release, err := p.ledger(ctx)
		if err != nil {
			return err
		}
		if err := release(); err != nil {
			return err
		}
		if err := p.printLost(accepted); err != nil {
			return err
		}
		return p.printf("restored the keys; what the ledger says was destroyed is destroyed\n")
	})
	return cmd
}

// printLost names those whose identities were lost.
func (p *Program) printLost(accepted []events.Subject) error {
	for _, s := range accepted {
		if err := p.printf("%s: what was sealed is lost; new keys seal what comes\n", s); err != nil {
			return err
		}
	}
	return nil
}

func (p *Program) keysLostCommand() *cobra.Command {
	var accept bool
	cmd := &cobra.Command{
		Use:   "lost",
		Short: "Find texts whose keys are not in the key file",
		Long: `Read every record and look for texts that are sealed under keys that are not in the key file and were not
destroyed: the key file is older than the records. For whom there are any, nothing is sealed until a younger
backup of keys is restored, or the loss is accepted with --accept: then they get new keys for what comes.`,
		Args: noArgs,
	}
	cmd.Flags().BoolVar(&accept, "accept", false, "go on without what is lost")
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error {
		if !accept {
			if err := l.LostKeys(ctx); err != nil {
				return err
			}
			return p.printf("no key is missing\n")
		}
		accepted, err := l.AcceptLostKeys(ctx)
		if err != nil {
			return err
		}
		if len(accepted) == 0 {
			return p.printf("no key is missing\n")
		}
		return p.printLost(accepted)
	})
	return cmd
}

func (p *Program) keysRecoveryKeyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "recovery-key FILE",
		Short: "Make a recovery key, for the day when the master key is lost",
		Long: `Make a recovery key. Its private part is written to a new file: take it offline, to another place than
the ledger. Its public part stays with the keys and wraps every master key from now on.`,
		Args: oneArg("the file"),
		RunE: p.onLedger(func(_ context.Context, l *app.Ledger, args []string) error {
			if err := l.SetRecovery(p.path(args[0])); err != nil {
				return err
			}
			return p.printf("the private recovery key is in %s: take it offline, away from the ledger\n", args[0])
		}),
	}
}

func (p *Program) keysRecoverCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "recover FILE",
		Short: "Write a lost master key anew, from the private recovery key",
		Args:  oneArg("the file with the private recovery key"),
		RunE: p.offline(func(_ context.Context, args []string) error {
			if err := app.RecoverMaster(p.place(), p.path(args[0])); err != nil {
				return err
			}
			return p.printf("recovered the master key; put %s away again\n", args[0])
		}),
	}
}

func (p *Program) retentionCommand() *cobra.Command {
	var q question
	var due bool
	cmd := &cobra.Command{
		Use:   "retention",
		Short: "Show how long identities are kept, and which are due for destruction",
		Long: `Show how every client's identity stands (R32): records are kept for three years after the final financial
report that covers the client's last served day, while the case is open, and until two principals
have destroyed the keys.`,
		Args: noArgs,
	}
	q.flags(cmd)
	cmd.Flags().BoolVar(&due, "due", false, "only what is due for destruction, or waits for a confirmation")
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error {
		return p.retention(ctx, l, q, due)
	})
	return cmd
}

func (p *Program) retention(ctx context.Context, l *app.Ledger, q question, due bool) error {
	var clients []retention.Client
	v, err := p.askAll(ctx, l, q, func(s *projections.Snapshot, at standpoint) (err error) {
		clients, err = retention.On(s, at.on)
		return err
	})
	if err != nil {
		return err
	}
	counts := map[retention.Standing]int{}
	listed := []retention.Client{}
	s := sheet{columns: left("client", "agency", "standing", "last_served", "due_on", "destroyed")}
	for _, c := range clients {
		counts[c.Standing]++
		if due && c.Standing != retention.Due && c.Standing != retention.Requested {
			continue
		}
		listed = append(listed, c)
		s.add(c.Client, c.Agency, string(c.Standing), c.LastServed.String(), c.DueOn.String(), c.Destroyed.String())
	}
	var parts []string
	for _, standing := range retention.Standings() {
		parts = append(parts, fmt.Sprintf("%s %d", standing, counts[standing]))
	}
	s.notes = []string{strings.Join(parts, ", ")}
	return p.answer(s, struct {
		provenance
		Counts  map[retention.Standing]int `json:"counts"`
		Clients []retention.Client         `json:"clients"`
	}{v, counts, listed}, v)
}
