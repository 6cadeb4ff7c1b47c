package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"caseledger/cmd/caseledger/internal/witnesshttp"
	"caseledger/events/natsserver"
	"caseledger/replay/checkpoint"
	"caseledger/replay/witness"
)

type witnessOptions struct {
	dir, name, listen string
	ledgers           []string
}

func (p *Program) auditWitnessCommand() *cobra.Command {
	var o witnessOptions
	cmd := &cobra.Command{
		Use:   "witness",
		Short: "Cosign checkpoints of ledgers on other hosts, each only if it continues the one before",
		Long: `Run a witness: it remembers the latest checkpoint of each ledger that it knows, and cosigns another one
only with the proof that nothing before it was changed. Run it where the ledger's owner has no access.

It needs no ledger. Its key is made at the first start, which needs --name. It speaks C2SP's tlog-witness.
SIGINT or SIGTERM ends it.`,
		Example: `  caseledger audit witness --state w1 --name witness.example/w1 --ledger ledger.pub --listen 10.0.0.7:7401`,
		Args:    noArgs,
	}
	cmd.Flags().StringVar(&o.dir, "state", "witness", "`directory` of its key and of what it has seen")
	cmd.Flags().StringVar(&o.name, "name", "", "`name` of a new witness, best a URL without its scheme")
	cmd.Flags().StringVar(&o.listen, "listen", "127.0.0.1:7401", "`address` to listen on")
	cmd.Flags().StringArrayVar(&o.ledgers, "ledger", nil, "public `key` of a ledger, or a file with it; may be repeated")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if len(o.ledgers) == 0 {
			return &UsageError{"--ledger is needed: the public key of a ledger", cmd.CommandPath()}
		}
		return p.auditWitness(cmd.Context(), o)
	}
	return cmd
}

func (p *Program) auditWitness(ctx context.Context, o witnessOptions) (err error) {
	var keys []note.Verifier
	for _, text := range o.ledgers {
		key, err := p.publicKey(text, note.NewVerifier)
		if err != nil {
			return err
		}
		keys = append(keys, key)
	}
	dir := p.path(o.dir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	// Two witnesses on one state could cosign two histories.
	unlock, err := natsserver.LockDir(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	cosigner, err := witnessKey(dir, o.name)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	server := &http.Server{
		Handler: witnesshttp.Handler(witness.New(dir, cosigner, keys...), p.Now, func(s string) {
			fmt.Fprintf(p.Err, "caseledger: note: %s\n", oneLine(s))
		}),
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second, MaxHeaderBytes: 16 << 10,
	}
	if err := p.printf("witness %s\nask it with: caseledger audit checkpoint --witness 'http://%s#%s'\nend with SIGINT (Ctrl-C) or SIGTERM\n",
		cosigner.Name(), listener.Addr(), cosigner.Public()); err != nil {
		return errors.Join(err, listener.Close())
	}
	stop := context.AfterFunc(ctx, func() {
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		_ = server.Shutdown(within) // what still runs after that is cut off
	})
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// witnessKey reads the key of a witness, or makes it.
func witnessKey(dir, name string) (*checkpoint.Cosigner, error) {
	path := filepath.Join(dir, "witness.key")
	b, err := os.ReadFile(path)
	if err == nil {
		c, err := checkpoint.NewCosigner(string(b))
		if err == nil && name != "" && name != c.Name() {
			err = usage("--name %s: the witness in %s is %s", name, dir, c.Name())
		}
		return c, err
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the witness's key: %w", err)
	}
	if name == "" {
		return nil, usage("--name is needed for a new witness")
	}
	private, public, err := checkpoint.GenerateWitnessKey(rand.Reader, name)
	if err != nil {
		return nil, usage("--name: %v", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("write the witness's key: %w", err)
	}
	_, err = f.WriteString(private + "\n")
	err = errors.Join(err, f.Sync(), f.Close(), os.WriteFile(filepath.Join(dir, "witness.pub"), []byte(public+"\n"), 0o644))
	if err != nil {
		return nil, fmt.Errorf("write the witness's key: %w", err)
	}
	return checkpoint.NewCosigner(private)
}
