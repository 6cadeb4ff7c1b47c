// Package publication decides what may be recorded of figures that left the
// programme: they are kept as they were published, and only restated (R30).
package publication

import (
	"maps"
	"strconv"
	"strings"

	"caseledger/aggregates"
	"caseledger/events"
)

// Aggregate returns the publications and their commands.
func Aggregate() aggregates.Aggregate {
	return aggregates.Aggregate{
		Kind: events.KindPublication,
		New:  func(s events.Subject) aggregates.State { return &State{publication: s.ID()} },
		Commands: []aggregates.Spec{
			aggregates.Define(events.KindPublication, "publish-figures", "R30", "keep a table of figures as it was published", decidePublish),
			aggregates.Define(events.KindPublication, "restate-figures", "R30", "record what a later run says instead of published figures, and why", decideRestate),
		},
	}
}

// A State is the folded history of one publication of one table.
type State struct {
	publication string
	history     aggregates.History
}

// Apply implements [aggregates.State].
func (s *State) Apply(r *events.Record) error { return s.history.Add(r, true) }

// published returns the figures as published, nil when none were.
func (s *State) published() *events.FiguresPublished {
	for _, e := range aggregates.Of[*events.FiguresPublished](&s.history) {
		return e
	}
	return nil
}

// latest returns the digest of the figures that hold now.
func (s *State) latest() (digest string) {
	for f := range s.history.Standing() {
		switch e := f.Event.(type) {
		case *events.FiguresPublished:
			digest = e.Digest
		case *events.FiguresRestated:
			digest = e.Digest
		}
	}
	return digest
}

// PublishFigures keeps a table as it was published on occurred_on, byte for byte.
// Figures that the ledger made name the position they were made at, so that
// anyone can make them again; figures of other publications name none.
type PublishFigures struct {
	Publication string            `json:"publication" doc:"id; derived from the command's id when empty" format:"id" example:"P-2008-1"`
	Title       string            `json:"title" doc:"publication in which they stand" required:"true" example:"Annual report to Congress, fiscal year 2008"`
	Report      string            `json:"report" doc:"report of the catalogue that they can be held against" example:"letters-by-fiscal-year"`
	Arguments   map[string]string `json:"arguments" doc:"of the report: from, to, by" example:"from=2001,to=2008"`
	Table       string            `json:"table" doc:"the figures, CSV with a line of names" required:"true" format:"table" example:"fiscal_year,total\n2008,317\n"`
	Position    int               `json:"position" doc:"record of the ledger up to which they were counted; none for figures made elsewhere" min:"1" example:"4711"`
	Head        string            `json:"head" doc:"hash of that record" format:"sha256" example:"6f66f0ac939b6f66f0ac939b6f66f0ac939b6f66f0ac939b6f66f0ac939b6f66"`
	Definitions string            `json:"definitions" doc:"versions of the views that counted" example:"statistics=1"`
}

// Target implements [aggregates.Command].
func (c *PublishFigures) Target(commandID string) (events.Subject, error) {
	if c.Publication == "" {
		return events.NewSubject(events.KindPublication, aggregates.NewID("P", commandID))
	}
	return events.NewSubject(events.KindPublication, c.Publication)
}

func digest(table string) string { return events.HashOf([]byte(table)).String() }

// halfPosition refuses a position without its hash, or a hash without its position.
func halfPosition(position int, head string) error {
	if (position == 0) != (head == "") {
		return aggregates.Refuse("R30", "half_a_position", "a position and the hash of its record go together").On("head")
	}
	return nil
}

func decidePublish(s *State, c *PublishFigures, _ *aggregates.Context) (events.Event, error) {
	if err := halfPosition(c.Position, c.Head); err != nil {
		return nil, err
	}
	e := &events.FiguresPublished{
		Publication: c.Title, Report: c.Report, Arguments: c.Arguments, Table: c.Table, Digest: digest(c.Table),
		Position: uint64(c.Position), Head: c.Head, Definitions: c.Definitions,
	}
	earlier := s.published()
	switch {
	case earlier == nil:
		return e, nil
	case earlier.Digest == e.Digest && earlier.Publication == e.Publication && earlier.Report == e.Report &&
		maps.Equal(earlier.Arguments, e.Arguments) && earlier.Position == e.Position:
		return nil, nil
	}
	return nil, aggregates.Refuse("R30", "published_already", "publication %s is on record as %q", s.publication, earlier.Publication).
		On("publication").WithHint("published figures are never changed: restate them, or give another id")
}

// RestateFigures records what a later run of the same report says instead of
// published figures. The published ones stay.
type RestateFigures struct {
	Publication string   `json:"publication" doc:"id of the publication" required:"true" format:"id" example:"P-2008-1"`
	Table       string   `json:"table" doc:"the figures now, CSV with a line of names" required:"true" format:"table" example:"fiscal_year,total\n2008,317\n"`
	Position    int      `json:"position" doc:"record of the ledger up to which they were counted; none for figures made elsewhere" min:"1" example:"4711"`
	Head        string   `json:"head" doc:"hash of that record" format:"sha256" example:"6f66f0ac939b6f66f0ac939b6f66f0ac939b6f66f0ac939b6f66f0ac939b6f66"`
	Definitions string   `json:"definitions" doc:"versions of the views that counted" example:"statistics=1"`
	Reason      string   `json:"reason" doc:"why they differ; no names" required:"true" example:"two letters were received after publication"`
	Causes      []string `json:"causes" doc:"positions of records that changed them" example:"4711"`
}

// Target implements [aggregates.Command].
func (c *RestateFigures) Target(string) (events.Subject, error) {
	return events.NewSubject(events.KindPublication, c.Publication)
}

func decideRestate(s *State, c *RestateFigures, _ *aggregates.Context) (events.Event, error) {
	if err := halfPosition(c.Position, c.Head); err != nil {
		return nil, err
	}
	published := s.published()
	switch {
	case published == nil:
		return nil, aggregates.Refuse("R30", "never_published", "no figures were published as %s", c.Publication).
			On("publication").WithHint("report publications lists what was published")
	case s.latest() == digest(c.Table):
		return nil, nil
	case c.Position != 0 && uint64(c.Position) < published.Position:
		return nil, aggregates.Refuse("R30", "earlier_position", "the figures were published as of record #%d, after #%d", published.Position, c.Position).
			On("position")
	}
	causes, refusal := positions(c.Causes)
	if refusal != nil {
		return nil, refusal
	}
	return &events.FiguresRestated{
		Table: c.Table, Digest: digest(c.Table), Position: uint64(c.Position), Head: c.Head, Definitions: c.Definitions,
		Reason: c.Reason, Causes: causes,
	}, nil
}

func positions(texts []string) (all []uint64, _ *aggregates.Refusal) {
	for _, t := range texts {
		n, err := strconv.ParseUint(strings.TrimPrefix(t, "#"), 10, 64)
		if err != nil || n == 0 {
			return nil, aggregates.Refuse("R30", "not_a_position", "%q is not the position of a record", t).On("causes")
		}
		all = append(all, n)
	}
	return all, nil
}
