package cli

import (
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/projections"
	"caseledger/projections/compliance"
	"caseledger/projections/history"
)

type monitorOptions struct {
	question
	agency, client, rule, severity string
	summary                        bool
}

func (p *Program) monitorCommand() *cobra.Command {
	var o monitorOptions
	cmd := &cobra.Command{
		Use:   "monitor",
		Short: "List the agencies and cases that are out of line, worst first, with the evidence",
		Long: `List the agencies and cases that are out of line on a day: the nine criteria of subcontractors (R27), the
rules of practice (R28), letters, clocks and money. The worst come first; the records that show an exception
stand beside it. What happened once and cannot be put right is shown for a year.

caseledger monitor rules prints the table of rules; monitor agency A the review sheet of a site visit;
monitor sample draws the files that are to be read there.`,
		Example: `  caseledger monitor
  caseledger monitor --agency A-017 --on 2009-03-31
  caseledger monitor --rule R28.contact --as-of 2009-05-15
  caseledger monitor --severity critical --format json
  caseledger monitor --summary`,
		Args: noArgs,
	}
	cmd.Flags().StringVar(&o.agency, "agency", "", "only one agency, by coded `id`")
	cmd.Flags().StringVar(&o.client, "client", "", "only one client's case, by coded `id`")
	cmd.Flags().StringVar(&o.rule, "rule", "", "only one `rule`, such as R28.contact, or all of R28")
	cmd.Flags().StringVar(&o.severity, "severity", "", "this `severity` and worse: critical, major or minor")
	cmd.Flags().BoolVar(&o.summary, "summary", false, "only how often each rule is broken, and what to do")
	o.flags(cmd)
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error { return p.monitor(ctx, l, o) })
	cmd.AddCommand(p.monitorAgencyCommand(), p.monitorRulesCommand(), p.monitorSampleCommand())
	return cmd
}

// filter returns what the options select on a day.
func (o *monitorOptions) filter(s *projections.Snapshot, at standpoint) (f compliance.Filter, err error) {
	f = compliance.Filter{On: at.on, Agency: o.agency, Rule: o.rule, Severity: compliance.Severity(o.severity)}
	if err := knownAgency(s, o.agency); err != nil {
		return f, err
	}
	if o.client != "" {
		f.Client, err = history.Resolve(s, o.client)
	}
	return f, err
}

// check reports an option that says nothing sensible.
func (o *monitorOptions) check() error {
	if o.rule != "" && len(compliance.Matching(o.rule)) == 0 {
		return &UsageError{"--rule " + o.rule + ": there is no such rule", "caseledger monitor rules"}
	}
	switch compliance.Severity(o.severity) {
	case "", compliance.Critical, compliance.Major, compliance.Minor:
		return nil
	}
	return usage("--severity %s: it is critical, major or minor", o.severity)
}

func (p *Program) monitor(ctx context.Context, l *app.Ledger, o monitorOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	var r *compliance.Report
	v, err := p.askAll(ctx, l, o.question, func(s *projections.Snapshot, at standpoint) error {
		f, err := o.filter(s, at)
		if err != nil {
			return err
		}
		r, err = compliance.On(s, f)
		return err
	})
	if err != nil {
		return err
	}
	s := exceptionsSheet(r, o)
	if o.summary {
		s, r.Exceptions = summarySheet(r, s), []compliance.Exception{}
	}
	return p.answer(s, struct {
		*compliance.Report
		Provenance provenance `json:"provenance"`
	}{r, v}, v)
}

func exceptionsSheet(r *compliance.Report, o monitorOptions) sheet {
	s := sheet{
		title:   "exceptions on " + r.On.String(),
		columns: left("severity", "rule", "agency", "client", "worker", "since", "what", "records"),
	}
	if o.agency != "" {
		s.title += " at " + o.agency
	}
	for _, x := range r.Exceptions {
		s.add(string(x.Severity), x.Rule, x.Agency, x.Client, x.Worker, x.Since.String(), x.Sentence, positions(x.Evidence))
	}
	for _, c := range r.Summary {
		s.notes = append(s.notes, strconv.Itoa(c.Count)+" × "+c.Rule+", "+string(c.Severity)+": "+c.Sentence+"; do: "+c.Hint)
	}
	s.notes = append(s.notes, plural(len(r.Exceptions), "exception")+" among "+plural(r.Cases, "case")+" in service and "+
		agencies(r.Agencies)+" under subcontract")
	return s
}

// summarySheet has a row for each rule that is broken.
func summarySheet(r *compliance.Report, all sheet) sheet {
	s := sheet{title: all.title, columns: append(append(left("severity", "rule"), right("times")), left("what is out of line", "what to do")...)}
	for _, c := range r.Summary {
		s.add(string(c.Severity), c.Rule, strconv.Itoa(c.Count), c.Sentence, c.Hint)
	}
	s.notes = all.notes[len(all.notes)-1:]
	return s
}

// positions writes positions of records as history takes them.
func positions(list []uint64) string {
	var b strings.Builder
	for i, n := range list {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString("#" + strconv.FormatUint(n, 10))
	}
	return b.String()
}

func (p *Program) monitorRulesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "Print the table of rules: what each looks at, what it shows, and what to do",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			rules := compliance.Rules()
			s := sheet{columns: left("rule", "severity", "source", "what is out of line", "looks at", "evidence", "what to do")}
			for _, r := range rules {
				s.add(r.ID, string(r.Severity), r.Source, r.Sentence, r.LooksAt, r.Shows, r.Hint)
			}
			switch p.flags.format {
			case formatJSON:
				return p.printJSON(struct {
					Rules []compliance.Rule `json:"rules"`
				}{rules})
			case formatCSV:
				return p.printCSV(s)
			}
			s.notes = []string{plural(len(rules), "rule")}
			return p.printSheet(s)
		},
	}
	return cmd
}

// plainWord writes a word of a closed list as people do.
func plainWord(word string) string { return strings.ReplaceAll(word, "_", " ") }
