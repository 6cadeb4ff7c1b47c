package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/projections"
)

// A system is one row of the rulebook's section 4: something that the programme's
// sources describe, what records it, the facts that stand for it, and the question
// that answers it.
type system struct {
	name, source string
	commands     string // of the catalogue
	facts        string // types of events, without their version
	ask          string // the command line of the report; CLIENT is one who was transferred, PRINCIPAL has a family
	holds        string // what the row of its answer that is worth showing holds; empty: the first row
}

// systems lists the rulebook's section 4 in its order. A test holds that every command
// of the catalogue and every type of event that is about the programme stands here.
var systems = []system{
	{
		"Per-capita contract", "S1, S2",
		"screen-client enroll-client correct-client deliver-service book-expense reverse-expense close-service reopen-service end-eligibility withdraw-case-fact " +
			"adopt-policy submit-final-report prepare-invoice-part generate-invoice submit-invoice review-invoice return-invoice resubmit-invoice approve-invoice hold-invoice " +
			"release-invoice deny-invoice pay-invoice issue-advance decide-review settle-recoverable",
		"client.screened client.enrolled client.corrected service.delivered expense.booked expense.reversed service.closed service.reopened eligibility.ended case-fact.withdrawn " +
			"policy.adopted final-report.submitted invoice-part.prepared invoice.generated invoice.submitted invoice.reviewed invoice.returned invoice.resubmitted invoice.approved " +
			"invoice.held invoice.released invoice.denied invoice.paid advance.issued review.decided recoverable.settled",
		"reimbursement --contract --year 2008", "",
	},
	{
		"Certification", "S0–S2",
		"grant-continued-presence end-continued-presence apply-bona-fide determine-bona-fide approve-t-visa deny-t-visa issue-letter deny-letter receive-letter end-certification " +
			"withdraw-letter-fact file-lpr-application",
		"continued-presence.granted continued-presence.ended bona-fide.applied bona-fide.determined t-visa.approved t-visa.denied letter.issued letter.denied letter.received " +
			"certification.ended letter-fact.withdrawn lpr-application.filed",
		"pipeline --year 2008", "",
	},
	{
		"Requests for Assistance, child letters", "S0–S2",
		"request-letter report-minor notify-departments hold-consultation issue-interim-assistance extend-interim-assistance record-turned-18",
		"letter.requested minor.discovered departments.notified consultation.held interim-assistance.issued interim-assistance.extended client.turned-18",
		"requests", "",
	},
	{"Derivatives", "S2", "link-derivative", "derivative.linked", "family PRINCIPAL", ""},
	{
		"Unaccompanied Refugee Minors", "S1", "refer-placement start-placement establish-guardianship end-placement adopt-placement-age",
		"placement.referred placement.started guardianship.established placement.ended placement-age.adopted", "placements", "",
	},
	{
		"Case management", "S2, S4",
		"assign-lead lead-left propose-hand-off accept-hand-off decline-hand-off withdraw-hand-off set-intensity engage-worker change-worker worker-left " +
			"assess-need set-goal agree-plan record-progress make-contact use-interpreter inform-client file-document name-emergency-contact",
		"lead.assigned lead.left hand-off.proposed hand-off.accepted hand-off.declined hand-off.withdrawn intensity.set worker.engaged worker.changed worker.left " +
			"need.assessed goal.set plan.agreed progress.recorded contact.made interpreter.used client.informed document.filed emergency-contact.named",
		"due --within 7d", "",
	},
	{
		"Case components", "S4", "reach-milestone set-court-date end-court-date close-component reopen-component",
		"milestone.reached court-date.set court-date.ended component.closed component.reopened", "dates --within 60d", "",
	},
	{"Extensions", "S4", "request-extension decide-extension approve-period", "extension.requested extension.decided period.approved", "decisions", ""},
	{
		"Transfers between agencies", "S2", "propose-transfer accept-transfer decline-transfer", "transfer.proposed transfer.accepted transfer.declined",
		"clocks --client CLIENT --on 2009-06-30", "",
	},
	{
		"Subcontractor network", "S1, S2",
		"sign-subcontract end-subcontract suspend-agency reinstate-agency open-location close-location record-credential revoke-credential name-point-of-contact assign-on-call",
		"subcontract.signed subcontract.ended agency.suspended agency.reinstated location.opened location.closed credential.recorded credential.revoked point-of-contact.named on-call.assigned",
		"credentials --expiring-within 60d", "",
	},
	{
		"Monitoring", "S2", "hold-review raise-finding agree-corrective-action close-finding",
		"review.held finding.raised corrective-action.agreed finding.closed", "findings --open", "",
	},
	{
		"Training and technical assistance", "S2", "hold-training add-attendance give-consultation",
		"training.held training.attended consultation.given", "training --year 2008", "",
	},
	{
		"Benefits access", "S1, S4", "refer-benefit approve-benefit deny-benefit renew-benefit end-benefit",
		"benefit.referred benefit.approved benefit.denied benefit.renewed benefit.ended", "benefits --within 45d", "",
	},
	{
		"PART assessment and improvement plan", "S3", "agree-goal record-best-practice allocate-funds",
		"goal.agreed best-practice.recorded funds.allocated", "report performance --year 2008", "",
	},
	{"Outreach, grants, intermediaries", "S0, S1", "record-award log-outreach refer-lead", "award.recorded outreach.logged lead.referred", "awards", ""},
	{"Other funders", "S1", "record-other-funding", "other-funding.recorded", "funding", ""},
	{
		"Other referring programmes and countries", "S0", "receive-inbound-referral record-cooperation forward-referral enroll-referral close-referral withdraw-referral-fact",
		"inbound-referral.received cooperation.recorded referral.forwarded referral.enrolled referral.closed referral-fact.withdrawn", "referrals", "",
	},
	{
		"Partner directory", "S2, S4", "list-partner vet-partner change-partner-availability delist-partner refer-service answer-service-referral",
		"partner.listed partner.vetted partner.availability.changed partner.delisted service.referred service-referral.answered", "partners --service legal --language es", "",
	},
	{"Hotline", "S0", "receive-signal", "signal.received", "referrals --source hotline", ""},
	{"Domestic paths", "S1, S4", "make-domestic-referral", "domestic-referral.made", "referrals --source domestic", ""},
	{"Alternatives to certification", "S1", "record-alternative-relief", "alternative-relief.recorded", "report alternative-relief", ""},
	{"Emergency coordination", "S0, S2", "handle-emergency", "emergency.handled", "emergencies", ""},
	{
		"Information sharing", "S4", "give-consent withdraw-consent sign-memorandum end-memorandum",
		"consent.given consent.withdrawn memorandum.signed memorandum.ended", "releases", "",
	},
	{"Staff support", "S4", "offer-support start-leave end-leave", "support.offered leave.started leave.ended", "staff", ""},
	{"Benefits of case management", "S4", "record-outcome", "outcome.recorded", "report dollars-by-outcome", ""},
	{"Public statistics", "S1", "publish-figures restate-figures", "figures.published figures.restated", "report publications", ""},
}

func (p *Program) systemsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "systems",
		Short: "Show every system that the sources describe, and a line of the report that answers it",
		Long: `Show the systems of the rulebook's section 4: the commands that record each, how many facts of it the ledger
holds, the report that answers it, and one line of what that report says now. It fails when a system has no
facts, or its report says nothing: it is for the sample programme.`,
		Args: noArgs,
		RunE: p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error { return p.systems(ctx, l) }),
	}
}

// A systemLine is a system as the ledger holds it.
type systemLine struct {
	System   string   `json:"system"`
	Source   string   `json:"source"`
	Commands []string `json:"commands"`
	Events   int      `json:"events"`
	Report   string   `json:"report"`
	Says     string   `json:"says"`
}

// An EmptySystemError reports systems without facts, or whose report says nothing.
type EmptySystemError struct{ Systems []string }

func (e *EmptySystemError) Error() string {
	return "show systems: the ledger has no facts, or the report says nothing, of " + strings.Join(e.Systems, ", ")
}

func (p *Program) systems(ctx context.Context, l *app.Ledger) error {
	counts := map[string]int{}
	examples := map[string]string{}
	v, err := p.askOne(ctx, l, question{}, func(s *projections.Snapshot, at standpoint) error {
		for n := uint64(1); n <= at.sequence; n++ {
			r, err := s.Record(n)
			if err != nil {
				return err
			}
			counts[strings.TrimSuffix(r.Type, ".v1")]++
			if err := exampleOf(r, examples); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	var lines []systemLine
	var empty []string
	for _, one := range systems {
		line := systemLine{
			System: one.name, Source: one.source, Commands: strings.Fields(one.commands), Report: strings.NewReplacer("CLIENT", examples["CLIENT"], "PRINCIPAL", examples["PRINCIPAL"]).Replace(one.ask),
		}
		for _, fact := range strings.Fields(one.facts) {
			line.Events += counts[fact]
		}
		if line.Events > 0 { // else there may be nobody to ask about
			if line.Says, err = p.says(ctx, l, line.Report, one.holds); err != nil {
				return fmt.Errorf("ask %s: %w", line.Report, err)
			}
		}
		if lines = append(lines, line); line.Events == 0 || line.Says == "" {
			empty = append(empty, one.name)
		}
	}
	if err := p.answer(systemsSheet(lines, p.flags.format == formatText), lines, v); err != nil {
		return err
	}
	if len(empty) > 0 {
		return &EmptySystemError{empty}
	}
	return nil
}

// exampleOf keeps the clients whom questions about one client are asked about.
func exampleOf(r *events.Record, examples map[string]string) error {
	switch r.Type {
	case "transfer.accepted.v1":
		examples["CLIENT"] = r.Subject.ID()
	case "derivative.linked.v1":
		e, err := r.Event()
		if err != nil {
			return err
		}
		if linked, ok := e.(*events.DerivativeLinked); ok {
			examples["PRINCIPAL"] = linked.Link.Principal
		}
	}
	return nil
}

// says asks the ledger at hand a question, as a command line, and returns the first
// row of its answer that holds a text.
func (p *Program) says(ctx context.Context, l *app.Ledger, line, holds string) (string, error) {
	var out bytes.Buffer
	quiet := *p
	quiet.Err, quiet.Terminal, quiet.Watched = io.Discard, false, false
	if err := quiet.runOn(ctx, l, &out, append(strings.Fields(line), "--format", formatCSV)...); err != nil {
		return "", err
	}
	_, rows, _ := strings.Cut(out.String(), "\n")
	for row := range strings.Lines(rows) {
		if strings.Contains(row, holds) {
			return strings.TrimSpace(row), nil
		}
	}
	return "", nil
}

// runOn runs a command line on a ledger that is open already.
func (p *Program) runOn(ctx context.Context, l *app.Ledger, out io.Writer, args ...string) error {
	one := *p
	one.Args, one.Out, one.held, one.flags = args, out, l, globalFlags{}
	return one.Run(ctx)
}

// systemsSheet lays the lines out, for people with long cells cut and folded.
func systemsSheet(lines []systemLine, folded bool) sheet {
	s := sheet{columns: []column{{name: "system"}, {name: "source"}, {name: "commands"}, {"events", true}, {name: "report"}, {name: "a line of it"}}}
	for _, l := range lines {
		commands, says := []string{strings.Join(l.Commands, ", ")}, l.Says
		if folded {
			commands, says = wrap(commands[0], 52), cut(says, 64)
		}
		s.add(l.System, l.Source, commands[0], strconv.Itoa(l.Events), l.Report, says)
		for _, more := range commands[1:] {
			s.add("", "", more, "", "", "")
		}
	}
	s.notes = []string{plural(len(lines), "system") + " of the rulebook's section 4"}
	return s
}

// cut shortens a text for a table.
func cut(s string, n int) string {
	if runes := []rune(s); len(runes) > n {
		return string(runes[:n-1]) + "…"
	}
	return s
}
