package compliance

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/row"
)

// A Stratum is where a case stands when files are drawn.
type Stratum string

// The strata, in the order in which they are drawn.
const (
	NewCase    Stratum = "new"        // service began within 90 days
	Continuing Stratum = "continuing" // service is open for longer
	ClosedCase Stratum = "closed"     // service was closed within a year
)

func strata() []Stratum { return []Stratum{NewCase, Continuing, ClosedCase} }

// newDays is how long a case is a new one.
const newDays = 90

// A Draw is a sample of an agency's files for a review.
type Draw struct {
	Agency string               `json:"agency"`
	On     events.Date          `json:"on"`
	Seed   string               `json:"seed"`
	Cases  int                  `json:"cases"` // asked for
	Frame  map[Stratum]int      `json:"frame"` // cases that could be drawn
	Files  []File               `json:"files"` // by stratum, in the order of the draw
	At     projections.Position `json:"position"`
}

// A File is one case that was drawn, and what to look for in it.
type File struct {
	Client     string      `json:"client"`
	Stratum    Stratum     `json:"stratum"`
	Enrolled   events.Date `json:"enrolled"`        // first day of service
	Closed     events.Date `json:"closed,omitzero"` // last day of service
	LookFor    []Look      `json:"look_for"`        //
	Exceptions []Exception `json:"exceptions"`      // that stand on the day
	digest     [sha256.Size]byte
}

// A Look is one thing to look for in a file, with the records that claim it.
type Look struct {
	What     string   `json:"what"`
	Evidence []uint64 `json:"evidence,omitempty"`
}

// DrawFiles draws a number of an agency's files, or all when there are not so many.
//
// The frame is the cases that the agency has on the day, with open service or with
// service closed within the year before. It is divided into three strata: new,
// continuing and closed. One after the other, a place goes to the stratum that is
// furthest behind its proportion, ties to the earlier one; but first to each that has
// a case and no place yet. Within a stratum the cases are in the order of
//
//	SHA-256("caseledger file review 1", newline, seed, newline, agency, newline, client)
//
// and the first ones are drawn. So the same seed draws the same files from the same
// frame for ever, whoever asks; and one more case in the frame leaves the order of the
// others as it was.
func DrawFiles(s *projections.Snapshot, agency string, on events.Date, cases int, seed string) (*Draw, error) {
	d := &Draw{Agency: agency, On: on, Seed: seed, Cases: cases, Frame: map[Stratum]int{}, At: s.Position(), Files: []File{}}
	byStratum := map[Stratum][]File{}
	var c caseOn
	names := row.Names{}
	err := s.Rows(viewName, events.KindCase, func(id, b []byte) error {
		if err := c.read(b, on, names); err != nil {
			return fmt.Errorf("read case %s: %w", id, err)
		}
		f := File{Client: string(id), Stratum: c.stratum(on), Enrolled: c.since, LookFor: []Look{}, Exceptions: []Exception{}}
		if c.agency != agency || c.first > on || f.Stratum == "" {
			return nil
		}
		if f.Stratum == ClosedCase {
			f.Closed = c.last
		}
		f.digest = sha256.Sum256([]byte("caseledger file review 1\n" + seed + "\n" + agency + "\n" + f.Client))
		byStratum[f.Stratum] = append(byStratum[f.Stratum], f)
		return nil
	})
	if err != nil {
		return nil, err
	}
	var sizes []int
	for _, x := range strata() {
		d.Frame[x] = len(byStratum[x])
		sizes = append(sizes, len(byStratum[x]))
	}
	for i, n := range allot(sizes, cases) {
		files := byStratum[strata()[i]]
		slices.SortFunc(files, func(a, b File) int { return bytes.Compare(a.digest[:], b.digest[:]) })
		d.Files = append(d.Files, files[:n]...)
	}
	return d, d.describe(s)
}

// stratum returns the stratum of a case, "" when it is in none.
func (c *caseOn) stratum(on events.Date) Stratum {
	switch {
	case c.enrolled && c.since+newDays > on:
		return NewCase
	case c.enrolled:
		return Continuing
	case c.last != 0 && c.last >= on-365:
		return ClosedCase
	}
	return ""
}

// allot divides n over strata of the given sizes, each of which gets no more than it
// has, and one if it has any and n allows it.
func allot(sizes []int, n int) []int {
	total := 0
	for _, size := range sizes {
		total += size
	}
	n = min(n, total)
	shares := make([]int, len(sizes))
	for left := n; left > 0; left-- {
		// The stratum that is furthest behind its proportion; an empty share first.
		best := -1
		for i, size := range sizes {
			if shares[i] == size {
				continue
			}
			if best < 0 || shares[i] == 0 && shares[best] != 0 ||
				(shares[i] == 0) == (shares[best] == 0) && n*size-shares[i]*total > n*sizes[best]-shares[best]*total {
				best = i
			}
		}
		shares[best]++
	}
	return shares
}

// describe says for each file what to look for, and what is out of line in it.
func (d *Draw) describe(s *projections.Snapshot) error {
	report, err := On(s, Filter{On: d.On, Agency: d.Agency})
	if err != nil {
		return err
	}
	for i := range d.Files {
		f := &d.Files[i]
		for _, x := range report.Exceptions {
			if x.Client == f.Client {
				f.Exceptions = append(f.Exceptions, x)
			}
		}
		subject, err := s.Client(f.Client)
		if err != nil {
			return err
		}
		c, err := foldCase(subject)
		if err != nil {
			return err
		}
		f.LookFor = c.lookFor(d.On, f.Stratum)
	}
	return nil
}

// lookFor lists what a monitor should find in the file, from what the ledger claims.
func (c *caseFile) lookFor(on events.Date, stratum Stratum) (list []Look) {
	look := func(evidence []uint64, format string, args ...any) {
		list = append(list, Look{fmt.Sprintf(format, args...), evidence[:min(len(evidence), maxEvidence)]})
	}
	look([]uint64{c.enrollment.Sequence}, "intake form of %s, and what shows each criterion of enrollment (R01)", c.enrollment.OccurredOn)
	for _, l := range c.facts.Letters {
		if l.ReceivedOn <= on {
			look([]uint64{l.Sequence}, "HHS's %s letter dated %s, received %s (R05)", l.Kind, l.LetterDate, l.ReceivedOn)
		}
	}
	for _, r := range c.releases {
		if r.on <= on {
			look([]uint64{r.seq}, "release to %s through %s, signed by the client (R31)", r.recipient, r.through)
		}
	}
	if plans := upTo(c.plans, on, func(p plan) mark { return p.mark }); len(plans) > 0 {
		look([]uint64{plans[len(plans)-1].seq}, "service plan of %s, agreed with the client; to be reviewed on %s (R28)",
			plans[len(plans)-1].on, plans[len(plans)-1].reviewOn)
	}
	if told := upTo(c.informed, on, func(t topic) mark { return t.mark }); len(told) > 0 {
		look(sequences(told, func(t topic) mark { return t.mark }), "that the client was told of the legal processes, in %s (R28)", c.language)
	}
	if contacts := upTo(c.contacts, on, func(m mark) mark { return m }); len(contacts) > 0 {
		recent := contacts[max(0, len(contacts)-maxEvidence):]
		look(sequences(recent, func(m mark) mark { return m }), "notes of contacts, %d in all; the last ones from %s to %s (R28)", len(contacts), recent[0].on, recent[len(recent)-1].on)
	}
	list = append(list, c.receipts(on)...)
	if stratum == ClosedCase {
		look(c.closures(on), "closing summary, outcomes, and where the client was referred (R23)")
	}
	return list
}

// receipts asks for the receipts of the year's largest expenses.
func (c *caseFile) receipts(on events.Date) []Look {
	var expenses []uint64
	total, n := events.Cents(0), 0
	facts := slices.Clone(c.facts.Expenses)
	slices.SortStableFunc(facts, func(a, b policy.Expense) int { return cmp.Compare(b.Cents, a.Cents) })
	for _, x := range facts {
		if !x.Reversed() && x.OccurredOn <= on && x.OccurredOn > on-365 {
			expenses, total, n = append(expenses, x.Sequence), total+x.Cents, n+1
		}
	}
	if n == 0 {
		return nil
	}
	return []Look{{fmt.Sprintf("receipts of the year's expenses, %d of %s in all; the largest first (R16)", n, total), expenses[:min(n, maxEvidence)]}}
}

func (c *caseFile) closures(on events.Date) (evidence []uint64) {
	for _, x := range c.facts.Closures {
		if x.OccurredOn <= on {
			evidence = []uint64{x.Sequence}
		}
	}
	return evidence
}

func upTo[T any](list []T, on events.Date, of func(T) mark) []T {
	n := 0
	for n < len(list) && of(list[n]).on <= on {
		n++
	}
	return list[:n]
}

func sequences[T any](list []T, of func(T) mark) (evidence []uint64) {
	for _, x := range list {
		evidence = append(evidence, of(x).seq)
	}
	return evidence
}
