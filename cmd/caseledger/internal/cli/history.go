package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/history"
)

func (p *Program) historyCommand() *cobra.Command {
	var o historyOptions
	cmd := &cobra.Command{
		Use:   "history CLIENT",
		Short: "Show everything that was recorded about a client",
		Long: `Show everything that was recorded about a client, in order: when it occurred, when the ledger
learned it, who said so, and the record's hash. The beginning of the coded id is enough. Another
subject is named with its kind, such as agency/A-017. With --on, only what is effective by that day.

With --format json each line is one exact record: its SHA-256, without the line end, is the hash.`,
		Example: `  caseledger history C-7QK2M4
  caseledger history C-7QK2M4 --as-of 2008-05-15
  caseledger history C-7QK2M4 --on 2008-05-15 --details
  caseledger history agency/A-017 --format json`,
		Args: oneArg("the client's coded id"),
	}
	o.flags(cmd)
	// Elsewhere --on is today when it is not given; here it then leaves nothing out.
	cmd.Flags().Lookup("on").Usage = "only what is effective by a `day`, YYYY-MM-DD (default everything)"
	cmd.Flags().BoolVar(&o.details, "details", false, "add to each record its id, its subject and its version")
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, args []string) error {
		return p.history(ctx, l, args[0], o)
	})
	return cmd
}

type historyOptions struct {
	question
	details bool
}

func (p *Program) history(ctx context.Context, l *app.Ledger, name string, o historyOptions) error {
	var records []*events.Record
	title := ""
	v, err := p.askOne(ctx, l, o.question, func(s *projections.Snapshot, at standpoint) (err error) {
		if records, title, err = findHistory(s, name); err != nil {
			return err
		}
		if err := history.Verify(records); err != nil {
			return err
		}
		title += ": " + plural(len(records), "record") + ", hashes verified"
		if o.on != "" {
			records = effectiveBy(records, at.on)
			title += fmt.Sprintf("; %d effective by %s", len(records), at.on)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if o.on == "" {
		v.On = ""
	}
	switch p.flags.format {
	case formatJSON:
		for _, r := range records {
			if err := p.printf("%s\n", r.Raw); err != nil {
				return err
			}
		}
		fmt.Fprintln(p.Err, "caseledger: note: "+v.String())
		return nil
	case formatCSV:
		return p.answer(historySheet(records), nil, v)
	}
	if o.details {
		return p.printRecords(l, title, records, v)
	}
	return p.printHistory(l, title, records, v)
}

// effectiveBy returns the records whose effective date is not later than day.
func effectiveBy(records []*events.Record, day events.Date) []*events.Record {
	return slices.DeleteFunc(records, func(r *events.Record) bool { return r.OccurredOn > day })
}

// findHistory returns the records of a client, or of a subject named by its kind.
func findHistory(s *projections.Snapshot, name string) ([]*events.Record, string, error) {
	if strings.Contains(name, "/") {
		subject, err := events.ParseSubject(name)
		if err != nil {
			return nil, "", &UsageError{Problem: err.Error()}
		}
		records, err := history.Subjects(s, subject)
		return records, string(subject), err
	}
	id, err := history.Resolve(s, name)
	if err != nil {
		return nil, "", err
	}
	records, err := history.Client(s, id)
	return records, "client " + id, err
}

func historySheet(records []*events.Record) sheet {
	s := sheet{columns: left("sequence", "subject", "version", "occurred_on", "recorded_at", "type", "rule",
		"actor", "role", "agency", "command", "record", "hash", "data")}
	for _, r := range records {
		s.add(fmt.Sprint(r.Sequence), string(r.Subject), fmt.Sprint(r.Version), r.OccurredOn.String(), r.Time.String(),
			r.Type, ruleOf(r.Type), r.Actor, r.Role, r.Agency, r.CausationID, r.ID, r.Hash().String(), string(r.Data()))
	}
	return s
}

// ruleOf returns the rule of the rulebook that a type of event belongs to.
func ruleOf(eventType string) string {
	i := slices.IndexFunc(rulesOfEvents, func(r ruleOfEvents) bool {
		return slices.Contains(strings.Fields(r.types), strings.TrimSuffix(eventType, ".v1"))
	})
	if i < 0 {
		return ""
	}
	return rulesOfEvents[i].rule
}

type ruleOfEvents struct{ rule, types string }

// rulesOfEvents says which rule each type of event belongs to.
var rulesOfEvents = []ruleOfEvents{
	{"R01", "client.screened client.enrolled eligibility.ended"},
	{"R03", "domestic-referral.made"},
	{"R05", "letter.received letter.issued letter.denied letter.requested continued-presence.granted bona-fide.applied bona-fide.determined t-visa.approved t-visa.denied alternative-relief.recorded"},
	{"R06", "derivative.linked"},
	{"R07", "continued-presence.ended certification.ended lpr-application.filed"},
	{"R09", "interim-assistance.issued interim-assistance.extended minor.discovered departments.notified consultation.held"},
	{"R10", "client.turned-18"},
	{"R11", "placement.referred placement.started placement.ended guardianship.established placement-age.adopted"},
	{"R16", "other-funding.recorded"},
	{"R17", "invoice-part.prepared invoice.generated invoice.submitted invoice.reviewed invoice.approved invoice.held invoice.released invoice.paid"},
	{"R18", "expense.booked"},
	{"R19", "advance.issued"},
	{"R21", "transfer.proposed transfer.accepted transfer.declined"},
	{"R22", "extension.requested extension.decided period.approved"},
	{"R23", "service.closed service.reopened"},
	{"R24", "client.corrected expense.reversed case-fact.withdrawn letter-fact.withdrawn referral-fact.withdrawn invoice.returned invoice.resubmitted invoice.denied recoverable.settled"},
	{"R25", "review.decided"},
	{"R27", "subcontract.signed location.opened location.closed agency.suspended agency.reinstated subcontract.ended credential.recorded credential.revoked on-call.assigned"},
	{"R28", "service.delivered lead.assigned lead.left hand-off.proposed hand-off.accepted hand-off.declined hand-off.withdrawn intensity.set component.closed component.reopened worker.engaged worker.changed worker.left " +
		"need.assessed goal.set plan.agreed progress.recorded contact.made interpreter.used client.informed emergency-contact.named emergency.handled " +
		"document.filed milestone.reached court-date.set court-date.ended outcome.recorded " +
		"benefit.referred benefit.approved benefit.denied benefit.renewed benefit.ended service-referral.answered " +
		"point-of-contact.named leave.started leave.ended review.held consultation.given training.held training.attended " +
		"partner.listed partner.vetted partner.availability.changed partner.delisted"},
	{"R30", "figures.published figures.restated"},
	{"S0", "signal.received lead.referred inbound-referral.received referral.forwarded referral.enrolled referral.closed cooperation.recorded award.recorded outreach.logged"},
	{"S2", "finding.raised corrective-action.agreed finding.closed"},
	{"S4", "memorandum.signed memorandum.ended support.offered"},
	{"S3", "goal.agreed best-practice.recorded funds.allocated"},
	{"R31", "consent.given consent.withdrawn principal.registered principal.revoked identity.revealed service.referred"},
	{"R32", "destruction.requested identity.destroyed final-report.submitted"},
}
