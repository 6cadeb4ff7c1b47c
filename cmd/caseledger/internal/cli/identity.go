package cli

import (
	"context"
	"crypto/rand"
	"strings"

	"github.com/spf13/cobra"

	"caseledger/aggregates/roster"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/cmd/caseledger/internal/auth"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/history"
	"caseledger/projections/statistics"
)

func (p *Program) identityCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "identity",
		Short: "Make or show the key that says who you are",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	make := &cobra.Command{
		Use:   "new FILE",
		Short: "Make a new key in a file that only you can read",
		Long: `Make a new key in a file that only you can read, and print its public part. An operator registers you
with it: caseledger record register-principal --public-key … --as-role …

Whoever has the file is you. A key that is lost or known to others is revoked, and a new one made.`,
		Args: oneArg("the file"),
		RunE: func(_ *cobra.Command, args []string) error {
			identity, err := auth.NewIdentity(p.path(args[0]))
			if err != nil {
				return err
			}
			return p.printIdentity(identity)
		},
	}
	show := &cobra.Command{
		Use:   "show [FILE]",
		Short: "Show the public part of a key, and the id of its principal",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			path := p.identityPath()
			if len(args) == 1 {
				path = p.path(args[0])
			}
			if path == "" {
				return usage("name the file, or give it with --identity")
			}
			identity, err := auth.ReadIdentity(path)
			if err != nil {
				return err
			}
			return p.printIdentity(identity)
		},
	}
	cmd.AddCommand(make, show)
	return cmd
}

func (p *Program) printIdentity(i *auth.Identity) error {
	id := roster.PrincipalID(i.PublicKey())
	switch p.flags.format {
	case formatJSON:
		return p.printJSON(struct {
			PublicKey string `json:"public_key"`
			Principal string `json:"principal"`
		}{i.PublicKey(), id})
	case formatCSV:
		s := sheet{columns: left("public_key", "principal")}
		s.add(i.PublicKey(), id)
		return p.printCSV(s)
	}
	return p.printf("public key  %s\nprincipal   %s\n", i.PublicKey(), id)
}

// identityPath is the file with the caller's key; empty when none was given.
func (p *Program) identityPath() string {
	if p.flags.identity != "" {
		return p.path(p.flags.identity)
	}
	return p.path(p.Getenv("CASELEDGER_IDENTITY"))
}

// identity returns the caller's key, nil when none was given.
func (p *Program) identity() (*auth.Identity, error) {
	path := p.identityPath()
	if path == "" {
		return nil, nil
	}
	return auth.ReadIdentity(path)
}

// key returns the public key that the caller has proved to hold; empty for none.
// Whoever handed the command over has proved it to serve.
func (p *Program) key() (string, error) {
	if p.held != nil {
		return p.proven, nil
	}
	identity, err := p.identity()
	if err != nil || identity == nil {
		return "", err
	}
	challenge := newChallenge()
	proof, err := identity.Prove(challenge, nil)
	if err != nil {
		return "", err
	}
	return proof.PublicKey, proof.Verify(challenge, nil)
}

// challengeSize is that of a nonce that no caller can have seen before.
const challengeSize = 32

func newChallenge() []byte {
	challenge := make([]byte, challengeSize)
	rand.Read(challenge)
	return challenge
}

// checkedInside are the commands whose permission the application looks into
// itself: each command of a file is asked about, and each look.
var checkedInside = []auth.Action{
	"record", "import", "reveal", "keys destroy", "advance issue",
	"invoice approve", "invoice deny", "invoice generate", "invoice hold", "invoice pay", "invoice release",
	"invoice resubmit", "invoice return", "invoice review", "invoice submit",
}

// showsMoney are the questions whose answers hold amounts.
var showsMoney = map[auth.Action]bool{
	"history": true, "clocks": true, "reimbursement": true, "simulate": true, "audit bundle": true, "audit bundle auditor": true,
	"audit trace": true, "invoice list": true, "invoice show": true, "recoverables": true, "signals": true,
	"monitor": true, "monitor agency": true, "monitor sample": true,
	"plan": true, "funding": true, "awards": true,
}

// reportShowsMoney reports whether a report of the catalogue holds amounts.
func reportShowsMoney(args []string) bool {
	if len(args) == 0 {
		return false
	}
	d, _ := statistics.Find(args[0])
	return d.Money
}

// actionOf names a command of the command line as the table of roles does.
func actionOf(cmd *cobra.Command) auth.Action {
	_, path, _ := strings.Cut(cmd.CommandPath(), " ")
	if f := cmd.Flags().Lookup(auditorFlag); f != nil && f.Changed {
		path += " " + auditorFlag
	}
	if first, _, _ := strings.Cut(path, " "); first == "record" {
		return "record"
	}
	if explain := cmd.Flags().Lookup("explain"); explain != nil && explain.Value.String() == "true" {
		path += " explain"
	}
	return auth.Action(path)
}

// permitted refuses what the caller's role does not allow, in a ledger that has
// principals. What a command is about is what its argument CLIENT, AGENCY or INVOICE and
// its flags --client, --agency and --worker name; each must be allowed.
func (p *Program) permitted(ctx context.Context, l *app.Ledger, cmd *cobra.Command, args []string) error {
	action := actionOf(cmd)
	key, err := p.key()
	if err != nil {
		return err
	}
	who, err := l.Principal(ctx, key)
	if err != nil || who == nil {
		return err
	}
	for _, inside := range checkedInside {
		if action == inside {
			return nil
		}
	}
	abouts, err := p.abouts(ctx, l, cmd, args)
	if err != nil {
		return err
	}
	class := auth.ClearFields
	if showsMoney[action] || action == "report" && reportShowsMoney(args) {
		class = auth.MoneyFields
	}
	for _, about := range abouts {
		if err := l.Permit(ctx, who, action, about, class); err != nil {
			return err
		}
	}
	return nil
}

// permittedAs refuses to look at a client who is named where the caller's role does
// not allow an action on that client.
func (p *Program) permittedAs(ctx context.Context, l *app.Ledger, action auth.Action, client string) error {
	key, err := p.key()
	if err != nil {
		return err
	}
	who, err := l.Principal(ctx, key)
	if err != nil || who == nil {
		return err
	}
	subject, err := p.subjectNamed(ctx, l, client)
	if err != nil {
		return err
	}
	return l.Permit(ctx, who, action, app.About{Subject: subject})
}

func (p *Program) abouts(ctx context.Context, l *app.Ledger, cmd *cobra.Command, args []string) (abouts []app.About, err error) {
	flag := func(name string) string {
		if f := cmd.Flags().Lookup(name); f != nil {
			return f.Value.String()
		}
		return ""
	}
	name := flag("client")
	if strings.HasSuffix(cmd.Use, " CLIENT") && len(args) == 1 {
		name = args[0]
	}
	if name != "" {
		subject, err := p.subjectNamed(ctx, l, name)
		if err != nil {
			return nil, err
		}
		abouts = append(abouts, app.About{Subject: subject})
	}
	if worker := flag("worker"); worker != "" {
		subject, err := events.NewSubject(events.KindWorker, worker)
		if err != nil {
			return nil, &UsageError{Problem: "--worker: " + err.Error()}
		}
		abouts = append(abouts, app.About{Subject: subject})
	}
	agency := flag("agency")
	if strings.HasSuffix(cmd.Use, " AGENCY") && len(args) == 1 {
		agency = args[0]
	}
	if agency != "" {
		abouts = append(abouts, app.About{Agency: agency})
	}
	if strings.Contains(cmd.Use, " INVOICE") && len(args) > 0 {
		agency, _, err := parseInvoice(args[0])
		if err != nil {
			return nil, err
		}
		abouts = append(abouts, app.About{Agency: agency})
	}
	if len(abouts) == 0 {
		abouts = []app.About{{}}
	}
	return abouts, nil
}

// subjectNamed returns the case of a client whose id begins with name, or the
// subject that name is.
func (p *Program) subjectNamed(ctx context.Context, l *app.Ledger, name string) (events.Subject, error) {
	if strings.Contains(name, "/") {
		subject, err := events.ParseSubject(name)
		if err != nil {
			return "", &UsageError{Problem: err.Error()}
		}
		return subject, nil
	}
	client, err := p.resolve(ctx, l, name)
	return events.SubjectOf(events.KindCase, client), err
}

// resolve returns the coded id of the client whose id begins with name.
func (p *Program) resolve(ctx context.Context, l *app.Ledger, name string) (client string, err error) {
	if _, err := l.CatchUp(ctx); err != nil {
		return "", err
	}
	err = l.Views.Read(func(s *projections.Snapshot) error {
		client, err = history.Resolve(s, name)
		return err
	})
	return client, err
}

func (p *Program) principalsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "principals",
		Short: "List who may act on the ledger, and in what role",
		Args:  noArgs,
	}
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error {
		all, err := l.Principals(ctx)
		if err != nil {
			return err
		}
		s := sheet{columns: left("principal", "role", "agency", "worker", "standing", "public_key")}
		type entry struct {
			Principal string `json:"principal"`
			Role      string `json:"role"`
			Agency    string `json:"agency,omitzero"`
			Worker    string `json:"worker,omitzero"`
			Revoked   bool   `json:"revoked"`
			PublicKey string `json:"public_key"`
		}
		list := []entry{}
		for _, x := range all {
			standing := "active"
			if x.Revoked {
				standing = "revoked"
			}
			s.add(x.ID, x.Role, x.Agency, x.Worker, standing, x.PublicKey)
			list = append(list, entry{x.ID, x.Role, x.Agency, x.Worker, x.Revoked, x.PublicKey})
		}
		if len(list) == 0 {
			s.notes = []string{"without principals, commands say themselves who gives them"}
		}
		return p.print(s, list)
	})
	return cmd
}

// print prints a table, or as JSON what it says.
func (p *Program) print(s sheet, value any) error {
	switch p.flags.format {
	case formatJSON:
		return p.printJSON(value)
	case formatCSV:
		return p.printCSV(s)
	}
	return p.printSheet(s)
}

// frame kinds of the proof of a caller's identity.
const (
	frameChallenge frameKind = 'n' // from serve: prove that you hold the key that the call names
	frameProof     frameKind = 'p' // to serve: the answer, as JSON
)
