// Package network answers what stands around the cases: which agencies meet the nine
// criteria on a day and what monitors found (R27), who answers at night, how staff
// are supported, which partner takes whom (R28), who was trained, and what came of
// other awards (S0, S1).
//
// Everything is shown from the facts that are effective by the day.
package network

import (
	"fmt"
	"slices"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/row"
)

const viewName = "network"

// View is the view behind the queries of this package. Its rows are lists of what was
// recorded, each entry with the day from which it holds and, of an agency, with the
// position of its record, in order of that day and then of recording:
//
//	agency    documents filed and revoked; points of contact; assignments on call;
//	          memoranda; reviews; findings; consultations
//	worker    leaves; support offered; none without either
//	partner   entries of the directory; examinations; answers about its room
//	training  course, day, topic, minutes; who attended, and for which agency
//	award     what it is; outreach
//	referral  of a lead: its award, when it came and when the person was enrolled
type View struct{}

// Name implements [projections.View].
func (View) Name() string { return viewName }

// Version implements [projections.View].
func (View) Version() int { return 1 }

// Kinds implements [projections.View].
func (View) Kinds() []events.Kind {
	return []events.Kind{
		events.KindAgency, events.KindWorker, events.KindPartner, events.KindTraining, events.KindAward, events.KindReferral,
	}
}

// Ignores implements [projections.View]: no case has a row here.
func (View) Ignores() []string { return projections.NoFacts() }

// Derive implements [projections.View].
func (View) Derive(s *projections.Subject, b []byte) ([]byte, error) {
	var r interface {
		apply(*events.Record, events.Event)
		code(*codec)
		empty() bool
	}
	switch s.Name.Kind() {
	case events.KindAgency:
		r = &agencyRow{}
	case events.KindWorker:
		r = &workerRow{}
	case events.KindPartner:
		r = &partnerRow{}
	case events.KindTraining:
		r = &trainingRow{}
	case events.KindAward:
		r = &awardRow{}
	default:
		r = &leadRow{}
	}
	err := s.Standing(func(t string) bool { return concerns[t] }, func(record *events.Record, e events.Event) error {
		r.apply(record, e)
		return nil
	})
	if err != nil || r.empty() {
		return b, err
	}
	c := codec{out: b}
	r.code(&c)
	return c.out, nil
}

// concerns are the event types that rows are made of.
var concerns = func() map[string]bool {
	types := map[string]bool{}
	for _, e := range []events.Event{
		&events.CredentialRecorded{}, &events.CredentialRevoked{}, &events.PointOfContactNamed{}, &events.OnCallAssigned{},
		&events.MemorandumSigned{}, &events.MemorandumEnded{}, &events.ReviewHeld{}, &events.FindingRaised{},
		&events.CorrectiveActionAgreed{}, &events.FindingClosed{}, &events.ConsultationGiven{},
		&events.LeaveStarted{}, &events.LeaveEnded{}, &events.SupportOffered{},
		&events.PartnerListed{}, &events.PartnerVetted{}, &events.PartnerAvailabilityChanged{}, &events.PartnerDelisted{},
		&events.TrainingHeld{}, &events.TrainingAttended{}, &events.AwardRecorded{}, &events.OutreachLogged{},
		&events.LeadReferred{}, &events.ReferralEnrolled{},
	} {
		types[e.EventType()] = true
	}
	return types
}()

// A codec writes the fields of a row, or reads them: one function names the fields
// of a row in their order for both.
type codec struct {
	out     []byte
	in      row.Reader
	reading bool
}

// read reads a row into what code fills.
func read(b []byte, r interface{ code(*codec) }) error {
	c := codec{in: row.Read(b), reading: true}
	r.code(&c)
	return c.in.Err()
}

// fields codes fields in their order.
func (c *codec) fields(fields ...any) {
	for _, f := range fields {
		switch f := f.(type) {
		case *events.Date:
			code(c, f, (*row.Reader).Date, row.Date)
		case *string:
			code(c, f, (*row.Reader).String, row.String)
		case *uint64:
			code(c, f, (*row.Reader).Uint, row.Uint)
		case *int:
			code(c, f, func(r *row.Reader) int { return int(r.Uint()) }, row.Len)
		case *bool:
			code(c, f, (*row.Reader).Bool, row.Bool)
		case *events.Cents:
			code(c, f, (*row.Reader).Cents, row.Cents)
		case *[]string:
			codeList(c, f, func(s *string) { c.fields(s) })
		case *[]uint64:
			codeList(c, f, func(n *uint64) { c.fields(n) })
		default:
			panic(fmt.Sprintf("network: a row has no fields of %T", f))
		}
	}
}

func code[T any](c *codec, v *T, read func(*row.Reader) T, write func([]byte, T) []byte) {
	if c.reading {
		*v = read(&c.in)
		return
	}
	c.out = write(c.out, *v)
}

// codeList codes a list, element by element.
func codeList[T any](c *codec, list *[]T, element func(*T)) {
	if c.reading {
		*list = nil
		if n := c.in.Len(); n > 0 {
			*list = make([]T, n)
		}
	} else {
		c.out = row.Len(c.out, len(*list))
	}
	for i := range *list {
		element(&(*list)[i])
	}
}

// insert keeps a list in order of days, the entries of one day in order of recording.
func insert[T any](list []T, v T, day func(*T) events.Date) []T {
	i := len(list)
	for i > 0 && day(&list[i-1]) > day(&v) {
		i--
	}
	return slices.Insert(list, i, v)
}
