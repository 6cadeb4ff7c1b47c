package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/events/seal"
)

type revealOptions struct {
	reason, note, fields string
	glass                time.Duration
	defaults             app.Defaults
}

func (p *Program) revealCommand() *cobra.Command {
	var o revealOptions
	cmd := &cobra.Command{
		Use:   "reveal CLIENT --reason REASON",
		Short: "Show what identifies a client, to who may see it; the look is recorded first",
		Long: `Show what identifies a client (R31): to the client's own agency, and to those whom the client's release
names, with scope identity or whole_case. Auditors see the text of expenses only.

Every look is recorded before anything is shown, and stays on record: caseledger audit access CLIENT.
In an emergency --break-glass opens it without a release, for a time, to who says why; that is reviewed.`,
		Example: `  caseledger reveal C-7QK2M4 --reason casework
  caseledger reveal C-7QK2M4 --reason emergency --break-glass 8h --note "hospital asks for an allergy"
  caseledger reveal C-7QK2M4 --reason audit --fields expense`,
		Args: oneArg("the client's coded id"),
	}
	cmd.Flags().StringVar(&o.reason, "reason", "", "what for: "+strings.Join(app.Purposes, ", "))
	cmd.Flags().StringVar(&o.note, "note", "", "why, in words; sealed")
	cmd.Flags().StringVar(&o.fields, "fields", string(events.IdentityKey), "identity, or expense: the free text of expenses")
	cmd.Flags().DurationVar(&o.glass, "break-glass", 0, "see it without a release for some `time`, at most "+app.MaxBreakGlass.String())
	p.addDefaults(cmd.Flags(), &o.defaults)
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, args []string) error {
		return p.reveal(ctx, l, args[0], o)
	})
	return cmd
}

func (p *Program) reveal(ctx context.Context, l *app.Ledger, name string, o revealOptions) error {
	class := events.KeyClass(o.fields)
	if class != events.IdentityKey && class != events.ExpenseKey {
		return usage("--fields %s: it is identity or expense", o.fields)
	}
	client, err := p.resolve(ctx, l, name)
	if err != nil {
		return err
	}
	key, err := p.key()
	if err != nil {
		return err
	}
	shown, look, err := l.Reveal(ctx, app.Look{
		Client: client, Class: class, Key: key, Actor: o.defaults.Actor, Role: o.defaults.Role, Agency: o.defaults.Agency,
		Purpose: o.reason, Note: o.note, BreakGlass: o.glass,
	})
	if err != nil {
		return err
	}
	type line struct {
		Sequence   uint64         `json:"sequence"`
		Subject    events.Subject `json:"subject"`
		OccurredOn events.Date    `json:"occurred_on"`
		Type       string         `json:"type"`
		Field      string         `json:"field"`
		Text       string         `json:"text,omitzero"`
		Fault      string         `json:"fault,omitzero"`
	}
	s := sheet{title: "client " + client, columns: append(left("occurred_on", "record"), left("type", "field", "text")...)}
	lines := []line{}
	var faults []error
	for _, x := range shown {
		r := x.Record
		fault := ""
		if x.Err != nil {
			fault = x.Err.Error()
			var missing *seal.MissingKeyError
			if !errors.As(x.Err, &missing) {
				faults = append(faults, x.Err)
			}
		}
		lines = append(lines, line{r.Sequence, r.Subject, r.OccurredOn, r.Type, x.Field, x.Text, fault})
		text := oneLine(x.Text)
		if fault != "" {
			text = "[" + fault + "]"
		}
		s.add(r.OccurredOn.String(), fmt.Sprintf("#%d", r.Sequence), r.Type, x.Field, text)
	}
	note := fmt.Sprintf("recorded as look %d at client %s, by %s, hash %s", look.Version, client, oneLine(look.Actor), look.Hash().Short())
	s.notes = []string{note}
	if p.flags.format == formatCSV {
		fmt.Fprintln(p.Err, "caseledger: note: "+note)
	}
	err = p.print(s, struct {
		Client string      `json:"client"`
		Look   uint64      `json:"look"`
		Hash   events.Hash `json:"hash"`
		Texts  []line      `json:"texts"`
	}{client, look.Version, look.Hash(), lines})
	return errors.Join(append(faults, err)...)
}

func (p *Program) auditAccessCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "access CLIENT",
		Short: "List who looked at what identifies a client, when and why",
		Long: `List every look at what identifies a client: when, who, in what role, for what, and what allowed it. The
list stays when the client's keys are destroyed; the words of a note do not.`,
		Args: oneArg("the client's coded id"),
		RunE: p.onLedger(func(ctx context.Context, l *app.Ledger, args []string) error {
			return p.auditAccess(ctx, l, args[0])
		}),
	}
}

func (p *Program) auditAccess(ctx context.Context, l *app.Ledger, name string) error {
	client, err := p.resolve(ctx, l, name)
	if err != nil {
		return err
	}
	records, err := l.Looks(ctx, client)
	if err != nil {
		return err
	}
	type line struct {
		Look    uint64          `json:"look"`
		Time    events.Instant  `json:"time"`
		Actor   string          `json:"actor"`
		Role    string          `json:"role"`
		Agency  string          `json:"agency,omitzero"`
		Fields  events.KeyClass `json:"fields"`
		Reason  string          `json:"reason"`
		Grounds string          `json:"grounds"`
		Until   events.Instant  `json:"until,omitzero"`
		Texts   int             `json:"texts"`
		Hash    events.Hash     `json:"hash"`
	}
	s := sheet{
		title:   fmt.Sprintf("client %s: %s, chain verified", client, plural(len(records), "look")),
		columns: append(left("look", "time", "actor", "role", "agency", "fields", "reason", "grounds", "until"), right("texts"), column{name: "hash"}),
	}
	lines := []line{}
	for _, r := range records {
		event, err := r.Event()
		if err != nil {
			return err
		}
		e, ok := event.(*events.IdentityRevealed)
		if !ok {
			continue
		}
		lines = append(lines, line{r.Version, r.Time, r.Actor, r.Role, r.Agency, e.Class, e.Purpose, e.Grounds, e.Until, e.Shown, r.Hash()})
		until := ""
		if !e.Until.IsZero() {
			until = l.Local(e.Until)
		}
		s.add(fmt.Sprint(r.Version), l.Local(r.Time), oneLine(r.Actor), oneLine(r.Role), r.Agency, string(e.Class), e.Purpose, e.Grounds, until, fmt.Sprint(e.Shown), r.Hash().Short())
	}
	return p.print(s, lines)
}
