package pipeline

import (
	"cmp"
	"slices"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/row"
)

// A spell is a stretch of enrolled days; last is zero while none is known, and
// reason says why it ended.
type spell struct {
	first, last events.Date
	reason      string
}

type stay struct {
	from   events.Date
	agency string
}

type received struct {
	kind           byte // index in letterKinds
	letter, onDesk events.Date
}

type ending struct {
	on    events.Date
	cause string
}

// A caseFile is a case as the way to a letter sees it.
type caseFile struct {
	screened   events.Date
	screenedBy string
	whyNot     string // a screened person was not found eligible
	minor      bool
	years      int // on the first enrolled day; 0 when unknown
	turned18   events.Date
	derivative bool
	spells     []spell
	stays      []stay
	letters    []received
	endings    []ending
}

// The reasons for which somebody leaves who was screened only.
const (
	reasonDomestic = "citizen_or_lpr" // needs no certification (R03)
	reasonSentOn   = "referred_elsewhere"
	reasonNotFound = "not_eligible"
)

// reasonClosed is given where a closure names no outcome that says why.
const reasonClosed = "service_closed"

// leavingOutcomes are those of a closure that say why somebody left.
var leavingOutcomes = []string{"lost_contact", "left_country", "moved_away", "declined_services", "referred_elsewhere"}

func deriveCase(s *projections.Subject, b []byte) ([]byte, error) {
	f, err := s.Facts()
	if err != nil {
		return b, err
	}
	c := &caseFile{}
	if err := c.fold(s, f); err != nil {
		return b, err
	}
	if c.screened == 0 && len(c.spells) == 0 {
		return b, nil
	}
	return c.append(b), nil
}

// fold takes from the records what the policy's facts do not hold, and decodes no
// others.
func (c *caseFile) fold(s *projections.Subject, f *policy.Facts) error {
	if e, enrolled := f.Enrollment(); enrolled {
		c.minor, c.derivative = e.AgeGroup == events.Minor, e.Class == events.Derivative
		for _, s := range f.EnrolledSpans() {
			sp := spell{first: s.From, last: s.To}
			if s.To > events.MaxDate {
				sp.last = 0
			}
			c.spells = append(c.spells, sp)
		}
		for _, s := range f.Agencies() {
			c.stays = append(c.stays, stay{s.OccurredOn, s.Agency})
		}
	}
	for _, l := range f.Letters {
		c.letters = append(c.letters, received{byte(kindNumber(l.Kind)), l.LetterDate, l.ReceivedOn})
	}
	for _, e := range f.Endings {
		c.endings = append(c.endings, ending{e.OccurredOn, e.Cause})
	}
	if len(f.Turned18) > 0 {
		c.turned18 = f.Turned18[0].OccurredOn
	}
	return s.Standing(asked, c.add)
}

func asked(eventType string) bool {
	switch eventType {
	case "client.enrolled.v1", "client.corrected.v1", "service.closed.v1", "client.screened.v1":
		return true
	}
	return false
}

// add takes the age of a minor, the first screening and why a case was closed that
// had no letter.
func (c *caseFile) add(r *events.Record, event events.Event) error {
	switch e := event.(type) {
	case *events.ClientEnrolled:
		if c.minor {
			c.years = e.AgeYears
		}
	case *events.ClientCorrected:
		if c.minor {
			c.years = cmp.Or(e.AgeYears, c.years)
		}
	case *events.ServiceClosed:
		if len(c.letters) == 0 || c.letters[0].letter > r.OccurredOn {
			c.close(r.OccurredOn, e.Outcomes)
		}
	case *events.ClientScreened:
		if c.screened == 0 {
			c.screened, c.screenedBy, c.whyNot = r.OccurredOn, e.Agency, whyNot(e)
		}
	}
	return nil
}

func (c *caseFile) close(on events.Date, outcomes []string) {
	reason := reasonClosed
	for _, o := range outcomes {
		if slices.Contains(leavingOutcomes, o) {
			reason = o
			break
		}
	}
	for i := range c.spells {
		if c.spells[i].last == on {
			c.spells[i].reason = reason
		}
	}
}

func whyNot(e *events.ClientScreened) string {
	switch {
	case e.Eligible:
		return ""
	case e.ImmigrationStatus == "citizen" || e.ImmigrationStatus == "lpr":
		return reasonDomestic
	case e.ReferredTo != "":
		return reasonSentOn
	}
	return reasonNotFound
}

func (c *caseFile) append(b []byte) []byte {
	b = row.String(row.String(row.Date(b, c.screened), c.screenedBy), c.whyNot)
	b = row.Bool(row.Date(row.Len(row.Bool(b, c.minor), c.years), c.turned18), c.derivative)
	b = row.Len(b, len(c.spells))
	for _, s := range c.spells {
		b = row.String(row.Date(row.Date(b, s.first), s.last), s.reason)
	}
	b = row.Len(b, len(c.stays))
	for _, s := range c.stays {
		b = row.String(row.Date(b, s.from), s.agency)
	}
	b = row.Len(b, len(c.letters))
	for _, l := range c.letters {
		b = row.Date(row.Date(append(b, l.kind), l.letter), l.onDesk)
	}
	b = row.Len(b, len(c.endings))
	for _, e := range c.endings {
		b = row.String(row.Date(b, e.on), e.cause)
	}
	return b
}

// clear makes c that of somebody without a case, and keeps the lists' memory.
func (c *caseFile) clear() {
	*c = caseFile{spells: c.spells[:0], stays: c.stays[:0], letters: c.letters[:0], endings: c.endings[:0]}
}

// read reads a row; the lists' memory is used again.
func (c *caseFile) read(b []byte, names row.Names) error {
	r := row.Read(b)
	*c = caseFile{
		screened: r.Date(), screenedBy: r.Name(names), whyNot: r.Name(names), minor: r.Bool(), years: int(r.Uint()), turned18: r.Date(), derivative: r.Bool(),
		spells: c.spells[:0], stays: c.stays[:0], letters: c.letters[:0], endings: c.endings[:0],
	}
	for range r.Len() {
		c.spells = append(c.spells, spell{r.Date(), r.Date(), r.Name(names)})
	}
	for range r.Len() {
		c.stays = append(c.stays, stay{r.Date(), r.Name(names)})
	}
	for range r.Len() {
		c.letters = append(c.letters, received{byte(r.Uint()), r.Date(), r.Date()})
	}
	for range r.Len() {
		c.endings = append(c.endings, ending{r.Date(), r.Name(names)})
	}
	return r.Err()
}

// agencyOn returns the client's agency on a day, or the one that screened.
func (c *caseFile) agencyOn(day events.Date) string {
	agency := c.screenedBy
	for _, s := range c.stays {
		if s.from <= day {
			agency = s.agency
		}
	}
	return agency
}

// spellOn returns the last spell that began by a day, nil for none.
func (c *caseFile) spellOn(day events.Date) (found *spell) {
	for i := range c.spells {
		if c.spells[i].first <= day {
			found = &c.spells[i]
		}
	}
	return found
}

// openOn reports whether a day is an enrolled day.
func (c *caseFile) openOn(day events.Date) bool {
	s := c.spellOn(day)
	return s != nil && (s.last == 0 || day <= s.last)
}
