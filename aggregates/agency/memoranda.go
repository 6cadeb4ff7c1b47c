package agency

import (
	"caseledger/aggregates"
	"caseledger/events"
)

// directory is what an agency asks of a provider in the partner directory.
type directory interface {
	Listed(day events.Date) bool
}

// partnerSubject returns the subject of a provider, and false for an organisation
// outside the directory, which is named in words.
func partnerSubject(partner string) (events.Subject, bool) {
	subject, err := events.NewSubject(events.KindPartner, partner)
	return subject, err == nil
}

// SignMemorandum records a memorandum of understanding with a provider of the
// partner directory, or with an organisation outside it (S4).
type SignMemorandum struct {
	Agency      string      `json:"agency" doc:"id of the agency" required:"true" format:"id" example:"A-017"`
	Partner     string      `json:"partner" doc:"id in the partner directory, or the name of an organisation outside it" required:"true" example:"county task force"`
	Scope       string      `json:"scope" doc:"what it is about" required:"true" enum:"information_sharing,referral,joint_casework,facilities" example:"information_sharing"`
	ThroughDate events.Date `json:"through_date" doc:"last day; open-ended when empty" example:"2010-03-31"`
}

// Target implements [aggregates.Command].
func (c *SignMemorandum) Target(string) (events.Subject, error) { return target(c.Agency) }

// Needs implements [aggregates.Dependent].
func (c *SignMemorandum) Needs(aggregates.State) []events.Subject {
	if subject, listed := partnerSubject(c.Partner); listed {
		return []events.Subject{subject}
	}
	return nil
}

func decideSignMemorandum(s *State, c *SignMemorandum, ctx *aggregates.Context) (events.Event, error) {
	if subject, listed := partnerSubject(c.Partner); listed {
		st := ctx.Basis[subject]
		switch d, _ := st.State.(directory); {
		case !st.Exists():
			return nil, aggregates.Unknown("", events.KindPartner, c.Partner).
				WithHint("list-partner makes one known; write out the name of an organisation outside the directory, such as county task force")
		case !d.Listed(ctx.OccurredOn):
			return nil, aggregates.Refuse("R28", "partner_not_listed", "partner %s is not in the directory on %s", c.Partner, ctx.OccurredOn).On("partner")
		}
	}
	if c.ThroughDate != 0 && c.ThroughDate < ctx.OccurredOn {
		return nil, ctx.EndsBeforeStart("", "the memorandum", c.ThroughDate)
	}
	e := &events.MemorandumSigned{Partner: c.Partner, Scope: c.Scope, ThroughDate: c.ThroughDate}
	if alike(s, ctx.OccurredOn, e) {
		return nil, nil
	}
	return e, nil
}

// EndMemorandum ends a memorandum; occurred_on is its last day.
type EndMemorandum struct {
	Agency  string `json:"agency" doc:"id of the agency" required:"true" format:"id" example:"A-017"`
	Partner string `json:"partner" doc:"as the memorandum names it" required:"true" example:"county task force"`
	Scope   string `json:"scope" doc:"what it is about" required:"true" enum:"information_sharing,referral,joint_casework,facilities" example:"information_sharing"`
}

// Target implements [aggregates.Command].
func (c *EndMemorandum) Target(string) (events.Subject, error) { return target(c.Agency) }

func decideEndMemorandum(s *State, c *EndMemorandum, ctx *aggregates.Context) (events.Event, error) {
	e := &events.MemorandumEnded{Partner: c.Partner, Scope: c.Scope}
	switch {
	case alike(s, ctx.OccurredOn, e):
		return nil, nil
	case !s.hasMemorandum(c.Partner, c.Scope, ctx.OccurredOn):
		return nil, aggregates.Refuse("", "no_memorandum", "agency %s has no memorandum on %s with %s on %s", s.agency, c.Scope, c.Partner, ctx.OccurredOn).
			On("partner")
	}
	return e, nil
}

// hasMemorandum reports whether a memorandum is in force on a day.
func (s *State) hasMemorandum(partner, scope string, day events.Date) bool {
	var through events.Date // last day of the one signed last
	for _, f := range s.history.ByDate("memorandum.ended.v1") {
		if f.On > day {
			break
		}
		switch e := f.Event.(type) {
		case *events.MemorandumSigned:
			if e.Partner == partner && e.Scope == scope {
				through = e.ThroughDate
				if through == 0 {
					through = events.MaxDate
				}
			}
		case *events.MemorandumEnded:
			if e.Partner == partner && e.Scope == scope {
				through = min(through, f.On)
			}
		}
	}
	return through >= day
}
