package cli

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/cmd/caseledger/internal/prose"
	"caseledger/replay/backup"
)

type backupOptions struct {
	to                string
	recipients        []string
	recipientsFile    string
	withoutSigningKey bool
}

func (p *Program) backupCommand() *cobra.Command {
	var o backupOptions
	cmd := &cobra.Command{
		Use:   "backup",
		Short: "Write an encrypted backup of the ledger, and read it back",
		Long: `Write both streams, the last checkpoint and the key that signs checkpoints to one file, encrypted by age
for the public keys of those who may restore it, and read all of it back: a backup that does not hold is
not left there. It may run at any time, also while caseledger serve does.

Keys that unseal identities are never in it: caseledger keys backup makes a backup of them that expires.
What is destroyed in the ledger by caseledger keys destroy can be read from no backup either, however
old: it holds sealed text only. See also: caseledger keys --help.`,
		Example: `  caseledger backup new-key backup.key > backup.recipient
  caseledger backup --to /mnt/backups --recipients-file backup.recipient
  caseledger restore /mnt/backups/caseledger-20130501T020000Z-20123.backup.age --identity-file backup.key --into restored`,
		Args: noArgs,
	}
	cmd.Flags().StringVar(&o.to, "to", "", "new `file`, or a directory in which one is made (required)")
	cmd.Flags().StringArrayVar(&o.recipients, "recipient", nil, "public `key` of age that the backup is encrypted for; may be repeated")
	cmd.Flags().StringVar(&o.recipientsFile, "recipients-file", "", "`file` with such keys, one per line")
	cmd.Flags().BoolVar(&o.withoutSigningKey, "without-signing-key", false, "leave out the key that signs checkpoints")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case o.to == "":
			return &UsageError{"--to is needed: the file to write", cmd.CommandPath()}
		case len(o.recipients) == 0 && o.recipientsFile == "":
			return &UsageError{"a backup is always encrypted: give --recipient or --recipients-file", cmd.CommandPath()}
		}
		return p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error {
			return p.backup(ctx, l, o)
		})(cmd, args)
	}
	cmd.AddCommand(p.backupNewKeyCommand())
	return cmd
}

func (p *Program) backup(ctx context.Context, l *app.Ledger, o backupOptions) error {
	if o.recipientsFile != "" {
		b, err := os.ReadFile(p.path(o.recipientsFile))
		if err != nil {
			return fmt.Errorf("read the recipients: %w", err)
		}
		o.recipients = append(o.recipients, string(b))
	}
	show := p.progress()
	made, err := l.Backup(ctx, app.BackupOptions{
		To: p.path(o.to), Recipients: o.recipients, WithoutSigningKey: o.withoutSigningKey, Progress: show.count,
	})
	show.done()
	if err != nil {
		return err
	}
	if p.flags.format == formatJSON {
		return p.printJSON(struct {
			File  string `json:"file"`
			Bytes int64  `json:"bytes"`
			backedUp
		}{made.Path, made.Bytes, contentOf(made.Verified)})
	}
	return p.printf("backed up %s to %s, %s bytes, read back and verified\n%s",
		heldText(made.Verified), made.Path, prose.Thousands(made.Bytes), keyText(made.Verified))
}

// backedUp is what a backup holds, for programs.
type backedUp struct {
	Ledger     string `json:"ledger"`
	Key        string `json:"verifier_key"`
	Created    string `json:"created"`
	Records    uint64 `json:"records"`
	Looks      uint64 `json:"looks"`
	Root       string `json:"root"`
	Checkpoint uint64 `json:"checkpoint,omitzero"`
	SigningKey bool   `json:"signing_key"`
}

func contentOf(v *backup.Verified) backedUp {
	b := backedUp{
		Ledger: v.Ledger, Key: v.VerifierKey, Created: v.Created.String(), Records: v.Report.Records, Looks: v.Report.Looks.Records,
		Root: v.Report.Root.String(), SigningKey: v.Has(backup.SigningKey),
	}
	if v.Checkpoint != nil {
		b.Checkpoint = v.Checkpoint.Size
	}
	return b
}

func heldText(v *backup.Verified) string {
	s := fmt.Sprintf("%s and %s of the ledger %s", plural(int(v.Report.Records), "record"), plural(int(v.Report.Looks.Records), "look"), v.Ledger)
	if v.Checkpoint != nil {
		s += fmt.Sprintf(" with its checkpoint at #%d", v.Checkpoint.Size)
	}
	return s
}

func keyText(v *backup.Verified) string {
	if v.Has(backup.SigningKey) {
		return "the key that signs checkpoints is in it; no key that unseals is\n"
	}
	return "it holds no key\n"
}

func (p *Program) backupNewKeyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "new-key FILE",
		Short: "Make a private key that opens backups, and print its recipient",
		Long: `Make a private key that opens backups, in a new file that only its owner can read, and print the
public key to give to caseledger backup. Take the file to another place than the ledger and its backups:
whoever has it can open them, and without it they are worth nothing.`,
		Args: oneArg("the file"),
		RunE: func(_ *cobra.Command, args []string) error {
			recipient, err := app.NewBackupIdentity(p.path(args[0]))
			if err != nil {
				return err
			}
			return p.printf("%s\n", recipient)
		},
	}
}

type restoreOptions struct {
	identityFile, into, key string
	check                   bool
}

func (p *Program) restoreCommand() *cobra.Command {
	var o restoreOptions
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Make a ledger of a backup, in an empty directory or on a cluster",
		Long: `Make a ledger of a backup, in a directory that is empty or does not exist yet: the archive, both streams, and
the views, each verified. With --nats, the streams are made on that server or cluster, where there must be
none yet.

Identities stay sealed until their keys are there too: caseledger keys restore, or the key file and the
master key of the lost ledger, if those outlived it. What was destroyed after the backup was made is not known to it: use the key file of
today, or a backup of keys made after the last destruction, never an older one.`,
		Example: `  caseledger restore 2013-05.backup.age --identity-file backup.key --into restored
  caseledger restore 2013-05.backup.age --identity-file backup.key --into here --nats nats://HOST:4222 --creds FILE --replicas 3
  caseledger restore 2013-05.backup.age --identity-file backup.key --check`,
		Args: oneArg("the backup's file"),
	}
	cmd.Flags().StringVar(&o.identityFile, "identity-file", "", "`file` with the private key that opens the backup (required)")
	cmd.Flags().StringVar(&o.into, "into", "", "the new ledger's `directory`")
	cmd.Flags().StringVar(&o.key, "key", "", "the ledger's public key that somebody kept, or a `file` with it; another ledger's backup is refused")
	cmd.Flags().BoolVar(&o.check, "check", false, "read all of it and verify it, and make nothing")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case p.held != nil:
			return usage("caseledger restore makes a ledger that is not served yet")
		case o.identityFile == "":
			return &UsageError{"--identity-file is needed: the private key that opens the backup", cmd.CommandPath()}
		case o.check == (o.into != ""):
			return &UsageError{"give either --into or --check", cmd.CommandPath()}
		}
		return p.restore(cmd.Context(), args[0], o)
	}
	return cmd
}

func (p *Program) restore(ctx context.Context, file string, o restoreOptions) (err error) {
	expect := backup.Expect{}
	if o.key != "" {
		if expect.Key, err = p.publicKey(o.key, note.NewVerifier); err != nil {
			return err
		}
	}
	show := p.progress()
	defer show.done()
	if o.check {
		v, err := app.CheckBackup(ctx, p.path(file), p.path(o.identityFile), expect, func(done, total uint64) { show.count("verifying:", done, total) })
		show.done()
		if err != nil {
			return err
		}
		return p.printBackup("the backup holds "+heldText(v)+", verified\n"+keyText(v), v)
	}
	p.flags.place.Dir = o.into
	v, err := app.Restore(ctx, p.place(), app.RestoreOptions{
		Backup: p.path(file), Identities: p.path(o.identityFile), Key: expect.Key, Progress: show.count,
	})
	show.done()
	if err != nil {
		return err
	}
	l, release, err := p.ledger(ctx) // builds the views
	if err != nil {
		return err
	}
	if err := release(); err != nil {
		return err
	}
	text := []string{
		fmt.Sprintf("restored %s in %s, verified; the views are built again", heldText(v), l.Place.Dir),
		"verify it against a checkpoint that you kept: caseledger audit verify --deep --checkpoint FILE --data " + o.into,
		"identities are sealed until their keys are there: caseledger keys restore FILE --data " + o.into,
	}
	return p.printBackup(strings.Join(text, "\n")+"\n", v)
}

func (p *Program) printBackup(text string, v *backup.Verified) error {
	if p.flags.format == formatJSON {
		return p.printJSON(contentOf(v))
	}
	return p.printf("%s", text)
}
