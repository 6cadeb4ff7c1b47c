package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/cmd/caseledger/internal/witnesshttp"
	"caseledger/projections"
	"caseledger/replay/audit"
	"caseledger/replay/checkpoint"
)

func (p *Program) auditCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Prove what the ledger says, and mend what was damaged",
		Long: `Prove that no record was altered or withheld, trace money to records, and mend what was damaged.

A checkpoint is the ledger's signed promise of all records up to some position. Keep checkpoints where
the ledger's owner cannot reach them: whoever has one can show later that the records are still the same.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.auditCheckpointCommand(), p.auditVerifyCommand(), p.auditBundleCommand(), p.auditCheckCommand(),
		p.auditKeyCommand(), p.auditWitnessCommand(), p.auditRepairCommand(), p.auditTraceCommand(), p.auditAccessCommand())
	return cmd
}

func (p *Program) auditKeyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "key",
		Short: "Print the public key that checkpoints and bundles are checked by",
		Args:  noArgs,
		RunE: p.onLedger(func(_ context.Context, l *app.Ledger, _ []string) error {
			return p.printf("%s\n", l.App.Ledger.VerifierKey)
		}),
	}
}

type checkpointOptions struct {
	signingKey, out string
	witnesses       []string
}

func (p *Program) auditCheckpointCommand() *cobra.Command {
	var o checkpointOptions
	cmd := &cobra.Command{
		Use:   "checkpoint",
		Short: "Bring the archive up to the streams and sign all of it",
		Long: `Bring the archive, the second copy of all records and of all looks, up to the streams, and sign a checkpoint of it: only
after it is on the disk, every earlier checkpoint was found consistent with it and every new record
was found to continue its subject. Witnesses on other hosts are asked to cosign it.`,
		Example: `  caseledger audit checkpoint --archive /mnt/second/archive
  caseledger audit checkpoint --witness https://witness.example/w1#KEY --out checkpoint.txt`,
		Args: noArgs,
	}
	cmd.Flags().StringVar(&o.signingKey, "signing-key", "", "`file` of the key (default signing.key in the directory)")
	cmd.Flags().StringArrayVar(&o.witnesses, "witness", nil, "a witness as `URL#KEY`, its key as text or in a file; may be repeated")
	cmd.Flags().StringVar(&o.out, "out", "", "write the checkpoint to a `file` too")
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error {
		return p.auditCheckpoint(ctx, l, o)
	})
	return cmd
}

func (p *Program) auditCheckpoint(ctx context.Context, l *app.Ledger, o checkpointOptions) error {
	witnesses, err := p.witnessClients(o.witnesses)
	if err != nil {
		return err
	}
	path := l.Place.SigningKey()
	if o.signingKey != "" {
		path = p.path(o.signingKey)
	}
	signer, err := app.ReadSigner(path)
	if err != nil {
		return err
	}
	show := p.progress()
	s, asked := l.Checkpoint(ctx, signer, witnesses, func(done, total uint64) { show.count("archiving and checking:", done, total) })
	show.done()
	if s == nil {
		return asked
	}
	if o.out != "" {
		if err := os.WriteFile(p.path(o.out), s.Signed.Note, 0o644); err != nil {
			return errors.Join(asked, err)
		}
	}
	if p.flags.format != formatJSON {
		return errors.Join(p.printf("signed %s and the last records of %s\n\n%s", plural(int(s.Signed.Size), "record"),
			plural(s.Heads.Len(), "subject"), s.Signed.Note), asked)
	}
	return errors.Join(p.printJSON(struct {
		Size     uint64    `json:"size"`
		Root     tlog.Hash `json:"root"`
		Heads    tlog.Hash `json:"heads"`
		Subjects int       `json:"subjects"`
		Cosigned []string  `json:"cosigned"`
		Note     string    `json:"note"`
	}{s.Signed.Size, s.Signed.Root, s.Heads.Root(), s.Heads.Len(), s.Signed.Cosigned, string(s.Signed.Note)}), asked)
}

// Where records are verified or replayed from.
const fromArchive = "archive"

type verifyOptions struct {
	from, key   string
	checkpoints []string
	deep        bool
}

func (p *Program) auditVerifyCommand() *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Verify every record, and that the ledger kept its promises",
		Long: `Verify every record: well formed, its hash, no position left out, each the next of its subject. The
Merkle roots on the way must be those of the archive, of the last checkpoint, of the heads, and of every
checkpoint that is given. Looks at identifying data, on the stream ACCESS, are verified likewise, and
every file of the archive.`,
		Example: `  caseledger audit verify --checkpoint kept-in-2008.txt --checkpoint kept-in-2009.txt
  caseledger audit verify --from archive
  caseledger audit verify --deep`,
		Args: noArgs,
	}
	cmd.Flags().StringArrayVar(&o.checkpoints, "checkpoint", nil, "`file` with a signed checkpoint that somebody kept; may be repeated")
	cmd.Flags().StringVar(&o.from, "from", fromStream, "verify the records of the `stream`, or of the archive: archive")
	cmd.Flags().StringVar(&o.key, "key", "", "public key, or a `file` with it, that somebody kept (default the one in the ledger's first record)")
	cmd.Flags().BoolVar(&o.deep, "deep", false, "also build every view again and compare, and compute every line of every invoice again")
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error {
		return p.auditVerify(ctx, l, o)
	})
	return cmd
}

func (p *Program) auditVerify(ctx context.Context, l *app.Ledger, o verifyOptions) error {
	if o.from != fromStream && o.from != fromArchive {
		return usage("--from is stream or archive")
	}
	v := app.VerifyOptions{FromArchive: o.from == fromArchive, Checkpoints: map[string][]byte{}}
	if o.key != "" {
		key, err := p.publicKey(o.key, note.NewVerifier)
		if err != nil {
			return err
		}
		v.Key = key
	}
	for _, name := range o.checkpoints {
		b, err := os.ReadFile(p.path(name))
		if err != nil {
			return fmt.Errorf("read the checkpoint: %w", err)
		}
		v.Checkpoints[name] = b
	}
	show := p.progress()
	defer show.done()
	v.Progress = func(done, total uint64) { show.count("verifying records:", done, total) }
	begin := p.Now()
	r, err := l.Verify(ctx, v)
	show.done()
	if err != nil {
		return err
	}
	took := p.Now().Sub(begin)
	if p.flags.format == formatJSON {
		err = p.printJSON(r)
	} else {
		err = p.printf("verified %s of %s in %.2f s\nroot of the records  %s\nroot of the heads    %s\nlast record          #%d %s\n",
			plural(int(r.Records), "record"), plural(r.Subjects, "subject"), took.Seconds(), r.Root, r.Heads, r.Records, r.Last)
		for _, what := range r.Held {
			err = errors.Join(err, p.printf("they are what is said by %s\n", what))
		}
		if r.Looks != nil {
			err = errors.Join(err, p.printf("%s", looksVerified(r.Looks)))
		}
	}
	if err == nil && o.deep {
		var src projections.Source = l.Log
		if v.FromArchive {
			if src, err = l.Archive(false); err != nil {
				return err
			}
		}
		// What is wrong with the views does not hide what is wrong with an invoice.
		err = errors.Join(p.compareViews(ctx, l, src, show, p.Now()), p.traceAll(ctx, l))
	}
	return err
}

// looksVerified says what was verified of the stream ACCESS.
func looksVerified(r *audit.Report) string {
	s := fmt.Sprintf("verified %s at identifying data\nroot of the looks    %s\n", plural(int(r.Records), "look"), r.Root)
	for _, what := range r.Held {
		s += fmt.Sprintf("they are what is said by %s too\n", what)
	}
	return s
}

// publicKey reads a key that is given as text, or as the name of a file with it.
func (p *Program) publicKey(text string, parse func(string) (note.Verifier, error)) (note.Verifier, error) {
	v, err := parse(text)
	if err == nil {
		return v, nil
	}
	b, readErr := os.ReadFile(p.path(text))
	if readErr != nil {
		return nil, usage("%q is neither a public key nor a file with one", text)
	}
	if v, err = parse(strings.TrimSpace(string(b))); err != nil {
		return nil, usage("%s holds no public key: %v", text, err)
	}
	return v, nil
}

func (p *Program) witnessKeys(texts []string) (keys []note.Verifier, err error) {
	for _, text := range texts {
		key, err := p.publicKey(text, checkpoint.NewWitnessVerifier)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// witnessClients reads witnesses of the form URL#KEY.
func (p *Program) witnessClients(texts []string) (clients []app.Cosigner, err error) {
	for _, text := range texts {
		url, key, found := strings.Cut(text, "#")
		if !found {
			return nil, usage("--witness %s: it is not of the form URL#KEY", text)
		}
		verifier, err := p.publicKey(key, checkpoint.NewWitnessVerifier)
		if err != nil {
			return nil, err
		}
		c, err := witnesshttp.NewClient(url, verifier)
		if err != nil {
			return nil, usage("--witness: %v", err)
		}
		clients = append(clients, c)
	}
	return clients, nil
}
