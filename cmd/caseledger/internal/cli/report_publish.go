package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"caseledger/aggregates"
	"caseledger/aggregates/publication"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/statistics"
)

type publishOptions struct {
	envelopeFlags
	reportOptions
	publication, title, file string
}

func (p *Program) reportPublishCommand() *cobra.Command {
	var o publishOptions
	cmd := &cobra.Command{
		Use:   "publish REPORT --title TITLE",
		Short: "Record figures as they are published, and keep the bytes",
		Long: `Record a report's figures as they leave the programme: the CSV bytes, their digest, and the position of the
ledger that they were counted at, so that report restate can say later what changed and why.

With --file, record a table that was published elsewhere, such as an older document's.`,
		Example: `  caseledger report publish letters-by-fiscal-year --from 2001 --to 2008 --title 'Annual report, 2008'
  caseledger report publish letters-by-fiscal-year --from 2001 --to 2001 --file old.csv --title 'Annual report, 2001'`,
		Args: oneArg("the report"),
	}
	flags := cmd.Flags()
	flags.StringVar(&o.title, "title", "", "`publication` in which they stand (required)")
	flags.StringVar(&o.publication, "publication", "", "`id` to give it (default derived)")
	flags.StringVar(&o.file, "file", "", "a CSV `file` that was published elsewhere, - for the standard input")
	o.rangeFlags(cmd)
	o.question.flags(cmd)
	p.addEnvelope(flags, &o.envelopeFlags)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if o.title == "" {
			return &UsageError{"--title is missing: in which publication do the figures stand", cmd.CommandPath()}
		}
		if err := o.check(cmd, args); err != nil {
			return err
		}
		return p.onLedger(func(ctx context.Context, l *app.Ledger, args []string) error { return p.publish(ctx, l, args[0], o) })(cmd, args)
	}
	return cmd
}

// arguments are what makes the same query of a report again.
func (o *reportOptions) arguments(q statistics.Query) map[string]string {
	a := map[string]string{"first": q.First.String(), "last": q.Last.String()}
	if len(o.by) > 0 {
		a["by"] = strings.Join(o.by, ",")
	}
	if o.suppress > 0 {
		a["suppress_below"] = strconv.Itoa(o.suppress)
	}
	return a
}

// queryOf is the query of the arguments that a publication keeps.
func queryOf(p *statistics.Publication) (statistics.Query, error) {
	first, err := events.ParseDate(p.Arguments["first"])
	last, err2 := events.ParseDate(p.Arguments["last"])
	if _, known := statistics.Find(p.Report); !known || err != nil || err2 != nil {
		return statistics.Query{}, &RestatementError{p.ID, "it names no report of the catalogue with its days, so that nothing can be computed again"}
	}
	q := statistics.Days(p.Report, first, last)
	if by := p.Arguments["by"]; by != "" {
		q.By = strings.Split(by, ",")
	}
	q.SuppressBelow, _ = strconv.Atoi(p.Arguments["suppress_below"])
	return q, nil
}

// A RestatementError reports a publication that cannot be held against the ledger.
type RestatementError struct{ Publication, Reason string }

func (e *RestatementError) Error() string {
	return fmt.Sprintf("restate %s: %s", e.Publication, e.Reason)
}

// Hint says what a person can do about it.
func (e *RestatementError) Hint() string {
	return "caseledger report publications lists what was published"
}

func (p *Program) publish(ctx context.Context, l *app.Ledger, name string, o publishOptions) error {
	c := &publication.PublishFigures{Publication: o.publication, Title: o.title, Report: name}
	_, err := p.askAll(ctx, l, o.question, func(s *projections.Snapshot, at standpoint) error {
		q, err := o.query(name, at.on)
		if err != nil {
			return usage("--from and --to: %v", err)
		}
		c.Arguments = o.arguments(q)
		if o.file != "" {
			return nil
		}
		r, err := statistics.Run(s, q)
		if err != nil {
			return err
		}
		v := provenanceOf(l, s, at)
		c.Position, c.Head, c.Definitions = int(v.Position), v.Hash, v.Definitions
		c.Table, err = p.csvOf(reportSheet(r))
		return err
	})
	if err == nil && o.file != "" {
		c.Table, err = p.readTable(o.file)
	}
	if err != nil {
		return err
	}
	return p.recordOne(ctx, l, "publish-figures", c, o.envelopeFlags)
}

// recordOne records a command that is complete but for its envelope.
func (p *Program) recordOne(ctx context.Context, l *app.Ledger, name string, c aggregates.Command, e envelopeFlags) error {
	req, err := p.envelope(e)
	if err != nil {
		return err
	}
	req.Name, req.Command = name, c
	receipt, err := l.Execute(ctx, req)
	if err != nil {
		return err
	}
	return p.printReceipt(receipt)
}

func (p *Program) readTable(name string) (string, error) {
	in, done, err := p.open(name)
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(io.LimitReader(in, 1<<20))
	return string(b), errors.Join(err, done())
}

// csvOf returns the bytes that --format csv prints.
func (p *Program) csvOf(s sheet) (string, error) {
	var b bytes.Buffer
	to := *p
	to.Out = &b
	err := to.printCSV(s)
	return b.String(), err
}

func (p *Program) reportPublicationsCommand() *cobra.Command {
	var q question
	cmd := &cobra.Command{
		Use:   "publications [ID]",
		Short: "List what was published, or print one table, byte for byte as it was",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return &UsageError{"publications takes at most one argument: the id of a publication", cmd.CommandPath()}
			}
			return nil
		},
	}
	q.flags(cmd)
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, args []string) error {
		var all []statistics.Publication
		v, err := p.askAll(ctx, l, q, func(s *projections.Snapshot, at standpoint) (err error) {
			if len(args) == 0 {
				all, err = statistics.Publications(s)
				return err
			}
			one, err := statistics.Published(s, args[0])
			if err == nil {
				all = []statistics.Publication{*one}
			}
			return err
		})
		switch {
		case err != nil:
			return err
		case len(args) == 1 && p.flags.format != formatJSON:
			return p.printf("%s", all[0].Table)
		case len(args) == 1:
			return p.printJSON(all[0])
		}
		s := sheet{columns: append(left("publication", "on", "title", "report"), right("as of record"), right("restated"), column{name: "digest"})}
		for _, one := range all {
			at := "elsewhere"
			if one.Position > 0 {
				at = "#" + strconv.FormatUint(one.Position, 10)
			}
			s.add(one.ID, one.On.String(), one.Title, one.Report, at, strconv.Itoa(len(one.Restatements)), one.Digest[:12])
		}
		return p.answer(s, all, v)
	})
	return cmd
}

type restateOptions struct {
	envelopeFlags
	question
	record bool
	reason string
}

func (p *Program) reportRestateCommand() *cobra.Command {
	var o restateOptions
	cmd := &cobra.Command{
		Use:   "restate PUBLICATION",
		Short: "Show what a later run changes in published figures, and the records behind each change",
		Long: `Run the report of a publication again, now or at --as-of, and list every figure that differs, with the
people who are counted otherwise (coded ids) and the records since the publication that did it.

With --record and a --reason, keep the new figures beside the published ones.`,
		Args: oneArg("the id of a publication"),
	}
	cmd.Flags().BoolVar(&o.record, "record", false, "keep the new figures as a restatement")
	cmd.Flags().StringVar(&o.reason, "reason", "", "why they differ, for --record; no names")
	o.question.flags(cmd)
	p.addEnvelope(cmd.Flags(), &o.envelopeFlags)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if o.record != (o.reason != "") {
			return &UsageError{"--record and --reason go together", cmd.CommandPath()}
		}
		return p.onLedger(func(ctx context.Context, l *app.Ledger, args []string) error { return p.restate(ctx, l, args[0], o) })(cmd, args)
	}
	return cmd
}

// A restated is a publication with what a later run changes in it.
type restated struct {
	Publication string              `json:"publication"`
	Title       string              `json:"title"`
	Published   events.Date         `json:"published"`
	Report      string              `json:"report"`
	Position    uint64              `json:"position"`     // of the published figures; 0: made elsewhere
	NowAt       uint64              `json:"now_position"` // of these
	Reproduced  bool                `json:"reproduced"`   // the published bytes came out again at their position
	Changes     []statistics.Change `json:"changes"`
}

func (p *Program) restate(ctx context.Context, l *app.Ledger, id string, o restateOptions) error {
	var published *statistics.Publication
	var q statistics.Query
	var now *statistics.Report
	out := restated{Publication: id}
	v, err := p.askAll(ctx, l, o.question, func(s *projections.Snapshot, at standpoint) (err error) {
		if published, err = statistics.Published(s, id); err != nil {
			if missing := new(projections.NotFoundError); errors.As(err, &missing) {
				return &RestatementError{id, "no figures were published under this id"}
			}
			return err
		}
		if q, err = queryOf(published); err != nil {
			return err
		}
		if now, err = statistics.Run(s, q); err != nil {
			return err
		}
		out.Changes, err = statistics.Compare(published.Table, now)
		return err
	})
	if err != nil {
		return err
	}
	out.Title, out.Published, out.Report, out.Position, out.NowAt = published.Title, published.On, published.Report, published.Position, v.Position
	if published.Position > 0 {
		if err := p.causes(ctx, l, o.question, published, q, &out); err != nil {
			return err
		}
	}
	if err := p.answer(restatedSheet(out), out, v); err != nil || !o.record {
		return err
	}
	table, err := p.csvOf(reportSheet(now))
	if err != nil {
		return err
	}
	return p.recordOne(ctx, l, "restate-figures", &publication.RestateFigures{
		Publication: id, Table: table, Position: int(v.Position), Head: v.Hash, Definitions: v.Definitions, Reason: o.reason, Causes: out.positions(),
	}, o.envelopeFlags)
}

// explained bounds how many changes are explained one by one.
const explained = 200

// causes finds out who counts otherwise now, figure by figure.
func (p *Program) causes(ctx context.Context, l *app.Ledger, at question, published *statistics.Publication, q statistics.Query, out *restated) error {
	q.SuppressBelow = 0
	then := make([]*statistics.Explanation, min(len(out.Changes), explained))
	explain := func(to []*statistics.Explanation, s *projections.Snapshot) error {
		for i := range to {
			x, err := statistics.Explain(s, q, out.Changes[i].Row, out.Changes[i].Column)
			if wrong := new(statistics.CellError); errors.As(err, &wrong) {
				x, err = &statistics.Explanation{At: s.Position()}, nil // the row is new, or gone
			}
			if err != nil {
				return err
			}
			to[i] = x
		}
		return nil
	}
	_, err := p.askAll(ctx, l, question{asOf: "#" + strconv.FormatUint(published.Position, 10)}, func(s *projections.Snapshot, _ standpoint) error {
		again, err := statistics.Run(s, statistics.Query{Report: q.Report, First: q.First, Last: q.Last, By: q.By, SuppressBelow: suppressed(published)})
		if err != nil {
			return err
		}
		table, err := p.csvOf(reportSheet(again))
		out.Reproduced = table == published.Table
		return errors.Join(err, explain(then, s))
	})
	if err != nil {
		return err
	}
	_, err = p.askAll(ctx, l, at, func(s *projections.Snapshot, _ standpoint) error {
		since := make([]*statistics.Explanation, len(then))
		if err := explain(since, s); err != nil {
			return err
		}
		for i := range then {
			out.Changes[i].Causes = statistics.Causes(then[i], since[i])
		}
		return nil
	})
	return err
}

func suppressed(p *statistics.Publication) int {
	n, _ := strconv.Atoi(p.Arguments["suppress_below"])
	return n
}

// positions lists the records behind all changes, as many as a command may name.
func (r restated) positions() (all []string) {
	var numbers []uint64
	for _, c := range r.Changes {
		for _, cause := range c.Causes {
			for _, e := range cause.Events {
				numbers = append(numbers, e.Sequence)
			}
		}
	}
	slices.Sort(numbers)
	for _, n := range slices.Compact(numbers) {
		if len(all) < 50 {
			all = append(all, strconv.FormatUint(n, 10))
		}
	}
	return all
}

func restatedSheet(r restated) sheet {
	at := "elsewhere"
	if r.Position > 0 {
		at = fmt.Sprintf("as of record #%d", r.Position)
	}
	s := sheet{
		title:   fmt.Sprintf("%s, %q: %s, published %s %s", r.Publication, r.Title, r.Report, r.Published, at),
		columns: append(left("row", "column"), right("published"), right("now"), column{name: "because of"}),
	}
	for _, c := range r.Changes {
		because := ""
		for i, cause := range c.Causes {
			if i == 3 {
				because += fmt.Sprintf("; and %d more", len(c.Causes)-i)
				break
			}
			if i > 0 {
				because += "; "
			}
			because += cause.ID + " " + cause.What
			for _, e := range cause.Events {
				because += fmt.Sprintf(", #%d %s", e.Sequence, e.Type)
			}
		}
		s.add(c.Row, c.Column, c.Published, c.Now, because)
	}
	s.notes = []string{differences(len(r.Changes)) + " to the published figures"}
	switch {
	case r.Position == 0:
		s.notes = append(s.notes, "the figures were made elsewhere: nobody can say who was counted in them")
	case r.Reproduced:
		s.notes = append(s.notes, "the published bytes come out again at their position")
	default:
		s.notes = append(s.notes, "the published bytes do not come out again at their position: the definitions have changed since, or the table was altered before it was published")
	}
	return s
}
