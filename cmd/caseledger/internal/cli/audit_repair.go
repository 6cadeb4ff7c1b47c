package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/replay"
)

type repairOptions struct {
	archive    bool
	signingKey string
}

func (p *Program) auditRepairCommand() *cobra.Command {
	var o repairOptions
	cmd := &cobra.Command{
		Use:   "repair",
		Short: "Write a damaged stream again from the archive, or the archive from the stream",
		Long: `Write the stream again in a fresh store, from the archive, and beyond its end from the views and from what
can still be read of the damaged stream. A record is taken only if it continues its subject; the new
stream is verified before it takes its place, and the damaged one is set aside, untouched.

With --archive-from-stream, write the archive again from the stream, after every record was verified
against the last checkpoint.`,
		Args: noArgs,
	}
	cmd.Flags().BoolVar(&o.archive, "archive-from-stream", false, "write the archive again")
	cmd.Flags().StringVar(&o.signingKey, "signing-key", "", "`file` of the key that signs the new archive (default signing.key in the directory)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if p.held != nil {
			return usage("end caseledger serve first: a repair needs the directory for itself")
		}
		if handed, err := p.handOver(cmd.Context()); handed || err != nil {
			return err
		}
		if o.archive {
			return p.repairArchive(cmd.Context(), o)
		}
		show := p.progress()
		r, err := app.RepairStream(cmd.Context(), p.place(), p.repairing(show))
		show.done()
		if err != nil {
			return err
		}
		return p.printRepaired("stream", r)
	}
	return cmd
}

func (p *Program) repairing(show *progress) app.RepairOptions {
	return app.RepairOptions{Views: replay.Views(), Now: p.Now, Progress: func(done, total uint64) { show.count("writing and verifying records:", done, total) }}
}

func (p *Program) repairArchive(ctx context.Context, o repairOptions) (err error) {
	show := p.progress()
	l, err := app.Open(ctx, p.place(), app.OpenOptions{
		Catalogue: p.catalogue(), Views: replay.Views(), Now: p.Now, Progress: show.views, IgnoreArchive: true,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	path := l.Place.SigningKey()
	if o.signingKey != "" {
		path = p.path(o.signingKey)
	}
	signer, err := app.ReadSigner(path)
	if err != nil {
		return err
	}
	r, err := l.RepairArchive(ctx, signer, p.repairing(show))
	show.done()
	if err != nil {
		return err
	}
	return p.printRepaired("archive", r)
}

func (p *Program) printRepaired(what string, r *app.Repaired) error {
	if p.flags.format == formatJSON {
		return p.printJSON(r)
	}
	looks := ""
	if r.Looks > 0 {
		looks = " and " + plural(int(r.Looks), "look")
	}
	err := p.printf("wrote the %s again: %s%s, verified\n", what, plural(int(r.Records), "record"), looks)
	for _, part := range r.Parts {
		ended := ""
		if part.Ended != "" {
			ended = "; it ended with: " + part.Ended
		}
		if part.Records == 0 && ended == "" {
			continue
		}
		err = errors.Join(err, p.printf("from the %s: %s%s\n", part.Source, plural(int(part.Records), "record"), ended))
	}
	if r.LooksLost > 0 {
		err = errors.Join(err, p.printf("%s at identities lost: neither the archive nor what is left of the stream has them\n", plural(int(r.LooksLost), "look")))
	}
	if r.SetAside != "" {
		err = errors.Join(err, p.printf("the damaged one is set aside, untouched: %s\n", r.SetAside))
	}
	return err
}
