package cli

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"caseledger/aggregates"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
)

// envelopeFlags are the flags that say who records a command, and when.
type envelopeFlags struct {
	id, occurredOn, recordedAt, correlation string
	defaults                                app.Defaults
}

func (p *Program) addDefaults(flags *pflag.FlagSet, d *app.Defaults) {
	flags.StringVar(&d.Actor, "actor", p.defaultActor(), "who gives the command ($CASELEDGER_ACTOR)")
	flags.StringVar(&d.Role, "role", cmp.Or(p.Getenv("CASELEDGER_ROLE"), app.DefaultRole), "in what role ($CASELEDGER_ROLE)")
	flags.StringVar(&d.Agency, "actor-agency", p.Getenv("CASELEDGER_AGENCY"), "for which agency ($CASELEDGER_AGENCY)")
}

func (p *Program) defaultActor() string {
	return cmp.Or(p.Getenv("CASELEDGER_ACTOR"), p.User)
}

func (p *Program) recordCommand() *cobra.Command {
	var file string
	var keepGoing bool
	var d app.Defaults
	cmd := &cobra.Command{
		Use:   "record COMMAND --field VALUE… | record --file COMMANDS.jsonl",
		Short: "Record one command, or a file of commands",
		Long: `Record one command, or a file of commands, one JSON object per line:

  {"command":"enroll-client","id":"…","occurred_on":"2009-01-05","actor":"…","fields":{…}}

Each command is one fact. The same command under the same id is recorded once, for ever: running a
file again records what is missing and nothing twice. A line that is refused ends the run; what
stands before it is recorded.`,
		Example: `  caseledger record enroll-client --help
  caseledger record book-expense --client C-17 --category food --amount 12.50 --occurred-on 2009-05-14
  caseledger record --file commands.jsonl`,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) > 0:
				_, err := p.catalogue().Lookup(args[0])
				return err
			case file == "":
				return &UsageError{"which command is to be recorded", "caseledger record"}
			}
			return p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error {
				return p.recordFile(ctx, l, file, keepGoing, d)
			})(cmd, args)
		},
	}
	cmd.Flags().StringVar(&file, "file", "", "record the commands of a `file` of JSON lines, - for the standard input")
	cmd.Flags().BoolVar(&keepGoing, "keep-going", false, "go on after a line that is refused")
	p.addDefaults(cmd.Flags(), &d)
	for _, command := range p.catalogue().Commands() {
		cmd.AddCommand(p.recordOneCommand(command))
	}
	return cmd
}

// recordOneCommand makes the command that records one command of the catalogue;
// its flags are the command's fields.
func (p *Program) recordOneCommand(command *app.Command) *cobra.Command {
	var e envelopeFlags
	texts := map[string]*fieldFlag{}
	cmd := &cobra.Command{
		Use:   command.Name,
		Short: command.Summary,
		Long:  strings.ToUpper(command.Summary[:1]) + command.Summary[1:] + ruleSuffix(command.Rule) + ".",
		Args:  noArgs,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	addFields(flags, command, texts)
	p.addEnvelope(flags, &e)
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error {
		return p.recordTexts(ctx, l, command, texts, e)
	})
	return cmd
}

// addFields adds a flag for each field of a command, but for those that are given
// in another way.
func addFields(flags *pflag.FlagSet, command *app.Command, texts map[string]*fieldFlag, but ...string) {
	for _, f := range command.Fields {
		for _, name := range command.Texts(f) {
			texts[name] = newFieldFlag(f, name)
			if !slices.Contains(but, name) {
				flags.Var(texts[name], strings.ReplaceAll(name, "_", "-"), describeField(f, name))
			}
		}
	}
}

// addEnvelope adds the flags that say who records a command, and when.
func (p *Program) addEnvelope(flags *pflag.FlagSet, e *envelopeFlags) {
	flags.StringVar(&e.occurredOn, "occurred-on", "", "the day on which it happened or takes effect, `YYYY-MM-DD` (default today)")
	flags.StringVar(&e.id, "id", "", "the command's id (default a new one)")
	flags.StringVar(&e.recordedAt, "recordedat", "", "when it was recorded; only for a ledger with a simulated clock")
	flags.StringVar(&e.correlation, "correlation-id", "", "an id that ties commands together")
	p.addDefaults(flags, &e.defaults)
}

// recordTexts records one command of the flags that were given.
func (p *Program) recordTexts(ctx context.Context, l *app.Ledger, command *app.Command, texts map[string]*fieldFlag, e envelopeFlags) error {
	req, err := p.request(command, texts, e)
	if err != nil {
		return err
	}
	receipt, err := l.Execute(ctx, req)
	if err != nil {
		return err
	}
	if err := p.printReceipt(receipt); err != nil || receipt.Ruling == nil {
		return err
	}
	return p.rulingError(receipt)
}

func ruleSuffix(rule string) string {
	if rule == "" {
		return ""
	}
	return " (" + rule + ")"
}

// describeField is a flag's help: what pflag takes from back quotes is the value.
func describeField(f aggregates.Field, name string) string {
	var b strings.Builder
	b.WriteString(strings.ReplaceAll(f.Doc, "`", "'"))
	if name != f.Name {
		return strings.NewReplacer(", in cents", "", " in cents", "").Replace(b.String()) + ", in dollars such as 12.50"
	}
	if len(f.Enum) > 4 {
		fmt.Fprintf(&b, ": %s", strings.Join(f.Enum, ", "))
	}
	if f.Example != "" && f.Enum == nil && !strings.Contains(f.Doc, f.Example) {
		fmt.Fprintf(&b, ", such as %s", f.Example)
	}
	if f.Required {
		b.WriteString(" (required)")
	}
	return b.String()
}

// request makes a request of the flags that were given.
func (p *Program) request(command *app.Command, texts map[string]*fieldFlag, e envelopeFlags) (app.Request, error) {
	req, err := p.envelope(e)
	given := map[string]string{}
	for name, flag := range texts {
		given[name] = flag.String()
	}
	req.Name = command.Name
	var fault error
	req.Command, fault = p.catalogue().ParseTexts(command.Name, given)
	return req, errors.Join(err, fault)
}

// envelope makes a request without its command.
func (p *Program) envelope(e envelopeFlags) (app.Request, error) {
	req := app.Request{
		ID: e.id, Actor: e.defaults.Actor, Role: e.defaults.Role,
		Agency: e.defaults.Agency, CorrelationID: e.correlation,
	}
	var faults []error
	if e.occurredOn != "" {
		var err error
		if req.OccurredOn, err = events.ParseDate(e.occurredOn); err != nil {
			faults = append(faults, &app.InputError{Field: "occurred_on", Problem: err.Error()})
		}
	}
	if e.recordedAt != "" {
		var err error
		if req.RecordedAt, err = events.ParseInstant(e.recordedAt); err != nil {
			faults = append(faults, &app.InputError{Field: "recordedat", Problem: err.Error()})
		}
	}
	if req.ID == "" {
		var err error
		req.ID, err = app.NewCommandID(p.Now())
		faults = append(faults, err)
	}
	return req, errors.Join(faults...)
}

// A RulingError reports a fact that was recorded and that a rule denies its
// effect: an expense that is not reimbursed.
type RulingError struct {
	Sequence uint64
	Rule     string // of the command, such as R18
	Ruling   *aggregates.Refusal
}

func (p *Program) rulingError(r app.Receipt) error {
	e := &RulingError{Sequence: r.Record.Sequence, Ruling: r.Ruling}
	if command, err := p.catalogue().Lookup(r.Command); err == nil {
		e.Rule = command.Rule
	}
	return e
}

// noteRuling says of a line of a file that it is recorded and denied its effect:
// no reason to stop, nor to say nothing.
func (p *Program) noteRuling(show *progress, line int, r app.Receipt) {
	show.clear()
	fmt.Fprintf(p.Err, "caseledger: note: line %d: %s\n", line, oneLine(p.rulingError(r).Error()))
}

func (e *RulingError) Error() string {
	s := fmt.Sprintf("recorded as #%d, but refused by %s, %s: %s", e.Sequence, e.Rule, e.Ruling.Code, e.Ruling.Sentence)
	if e.Ruling.Rule != "" && e.Ruling.Rule != e.Rule {
		s += " (" + e.Ruling.Rule + ")"
	}
	return s
}

func (e *RulingError) Unwrap() error { return e.Ruling }

// Hint says what a person can do about it.
func (e *RulingError) Hint() string {
	return cmp.Or(e.Ruling.Hint, "the expense stands in the history; if it was booked in error, reverse it with: caseledger record reverse-expense")
}

// recordFile records a file of JSON lines.
func (p *Program) recordFile(ctx context.Context, l *app.Ledger, name string, keepGoing bool, d app.Defaults) error {
	in, closeFile, err := p.open(name)
	if err != nil {
		return err
	}
	defer closeFile() //nolint:errcheck // it was only read
	r := fileRun{p: p, l: l, defaults: d, keepGoing: keepGoing, show: p.progress()}
	defer r.show.done()
	lines := bufio.NewReaderSize(in, 1<<16)
	for number := 1; ; number++ {
		line, err := readLine(lines)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("read %s: line %d: %w", name, number, err)
		}
		if number == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff")) // some editors begin a file so
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if err := r.line(ctx, number, line); err != nil {
			r.show.done()
			return errors.Join(err, r.summary())
		}
	}
	r.show.done()
	return errors.Join(errors.Join(r.refused...), r.summary())
}

// maxLine bounds what is read before a line is given up, in bytes.
const maxLine = 1 << 20

// readLine reads the next line, without its end.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxLine:
			return nil, &app.InputError{Problem: fmt.Sprintf("it is longer than %d bytes", maxLine)}
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(line) > 0, err == nil:
			return line, nil
		}
		return nil, err
	}
}

// open opens a file that the user named, - being the standard input.
func (p *Program) open(name string) (io.Reader, func() error, error) {
	if name == "-" {
		return p.In, func() error { return nil }, nil
	}
	f, err := os.Open(p.path(name))
	if err != nil {
		return nil, nil, err
	}
	return f, f.Close, nil
}

// A fileRun is the recording of one file.
type fileRun struct {
	p         *Program
	l         *app.Ledger
	defaults  app.Defaults
	keepGoing bool
	show      *progress

	recorded, before, nothing int
	refused                   []error
}

// line records one line. The error ends the run.
func (r *fileRun) line(ctx context.Context, number int, line []byte) error {
	receipt, err := r.execute(ctx, number, line)
	if err != nil && (!r.keepGoing || !isAboutTheLine(err)) {
		return err
	}
	if err != nil {
		r.refused = append(r.refused, err)
		return nil
	}
	switch {
	case receipt.Appended:
		r.recorded++
	case receipt.Record != nil:
		r.before++
	default:
		r.nothing++
	}
	r.show.count("recorded", uint64(r.recorded+r.before+r.nothing), 0)
	if receipt.Ruling != nil {
		r.p.noteRuling(r.show, number, receipt)
	}
	if r.p.flags.format != formatText {
		return r.p.printReceipt(receipt)
	}
	return nil
}

func (r *fileRun) execute(ctx context.Context, number int, line []byte) (app.Receipt, error) {
	req, err := r.l.Catalogue().ParseLine(number, line, r.defaults)
	if err != nil {
		return app.Receipt{}, err
	}
	receipt, err := r.l.Execute(ctx, req)
	if err != nil {
		return receipt, fmt.Errorf("line %d: %w", number, err)
	}
	return receipt, nil
}

// isAboutTheLine reports an error that says nothing about the next line.
func isAboutTheLine(err error) bool {
	var (
		input   *app.InputError
		refusal *aggregates.Refusal
		reused  *app.CommandReusedError
	)
	return errors.As(err, &input) || errors.As(err, &refusal) || errors.As(err, &reused)
}

// summary says what was recorded; where a program reads the output, on Err.
func (r *fileRun) summary() error {
	w := r.p.Out
	if r.p.flags.format != formatText {
		w = r.p.Err
	}
	s := fmt.Sprintf("recorded %s", plural(r.recorded, "command"))
	if r.before > 0 {
		s += fmt.Sprintf("; %d had been recorded before", r.before)
	}
	if r.nothing > 0 {
		s += fmt.Sprintf("; %d had nothing to record", r.nothing)
	}
	if n := len(r.refused); n > 0 {
		s += fmt.Sprintf("; %s refused", plural(n, "line"))
	}
	_, err := fmt.Fprintln(w, s)
	return err
}

// printReceipt says what became of a command.
func (p *Program) printReceipt(r app.Receipt) error {
	switch {
	case p.flags.format != formatText:
		return p.printJSONLine(receiptJSON(r))
	case r.Record == nil:
		return p.printf("nothing to record: %s is fulfilled already on %s\n", r.Command, r.Subject)
	case !r.Appended:
		return p.printf("recorded before as #%d: %s on %s, version %d, occurred on %s\n",
			r.Record.Sequence, r.Command, r.Subject, r.Record.Version, r.Record.OccurredOn)
	}
	return p.printf("recorded #%d: %s on %s, version %d, occurred on %s\n  command %s, record %s, hash %s\n",
		r.Record.Sequence, r.Command, r.Subject, r.Record.Version, r.Record.OccurredOn,
		r.CommandID, r.Record.ID, r.Record.Hash().Short())
}

// A rulingJSON is a refusal as programs read it.
type rulingJSON struct {
	Rule     string   `json:"rule,omitzero"`
	Code     string   `json:"code"`
	Field    string   `json:"field,omitzero"`
	Sentence string   `json:"sentence"`
	Hint     string   `json:"hint,omitzero"`
	Facts    []string `json:"facts,omitempty"`
}

func receiptJSON(r app.Receipt) any {
	out := struct {
		Status   string         `json:"status"` // recorded, recorded_before or nothing_to_record
		Command  string         `json:"command"`
		ID       string         `json:"id"`
		Subject  events.Subject `json:"subject"`
		Sequence uint64         `json:"sequence,omitzero"`
		Version  uint64         `json:"version,omitzero"`
		Record   string         `json:"record,omitzero"`
		Hash     events.Hash    `json:"hash,omitzero"`
		Ruling   *rulingJSON    `json:"ruling,omitempty"`
	}{Status: "nothing_to_record", Command: r.Command, ID: r.CommandID, Subject: r.Subject}
	if r.Record != nil {
		out.Status = "recorded_before"
		if r.Appended {
			out.Status = "recorded"
		}
		out.Sequence, out.Version, out.Record, out.Hash = r.Record.Sequence, r.Record.Version, r.Record.ID, r.Record.Hash()
	}
	if x := r.Ruling; x != nil {
		out.Ruling = &rulingJSON{x.Rule, x.Code, x.Field, x.Sentence, x.Hint, x.Facts}
	}
	return out
}
