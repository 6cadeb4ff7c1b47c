package clientcase

import (
	"caseledger/aggregates"
	"caseledger/events"
)

// What a case asks of an agency.
type agencyStanding interface {
	EnrollmentRefusal(day events.Date) *aggregates.Refusal
	HasLocation(location string, day events.Date) bool
}

// What a case asks of a worker.
type workerStanding interface {
	ServesAgency(agency string, day events.Date) bool
	IsEngaged(day events.Date) bool
	IsSupervisor(day events.Date) bool
	Speaks(language string, day events.Date) bool
	OnLeave(day events.Date) bool
}

func agencySubject(id string) events.Subject { return events.SubjectOf(events.KindAgency, id) }
func workerSubject(id string) events.Subject { return events.SubjectOf(events.KindWorker, id) }

// knownAgency refuses an agency without records.
func knownAgency(ctx *aggregates.Context, id, field string) (agencyStanding, *aggregates.Refusal) {
	st := ctx.Basis[agencySubject(id)]
	if !st.Exists() {
		return nil, aggregates.Unknown("", events.KindAgency, id).On(field)
	}
	return st.State.(agencyStanding), nil
}

// openAgency refuses an agency that takes no client on the effective date, or has
// no such location then (R27). An empty location is not asked for.
func openAgency(ctx *aggregates.Context, id, field, location string) *aggregates.Refusal {
	a, refusal := knownAgency(ctx, id, field)
	if refusal != nil {
		return refusal
	}
	if refusal := a.EnrollmentRefusal(ctx.OccurredOn); refusal != nil {
		return refusal.On(field)
	}
	if location != "" && !a.HasLocation(location, ctx.OccurredOn) {
		return aggregates.Refuse("", "unknown_location", "agency %s has no location %s on %s", id, location, ctx.OccurredOn).
			On("location").WithHint("open-location adds one")
	}
	return nil
}

// knownWorker refuses a worker without records, or not engaged on the effective date.
func knownWorker(ctx *aggregates.Context, id, field string) (workerStanding, *aggregates.Refusal) {
	st := ctx.Basis[workerSubject(id)]
	if !st.Exists() {
		return nil, aggregates.Unknown("R28", events.KindWorker, id).On(field)
	}
	w := st.State.(workerStanding)
	if !w.IsEngaged(ctx.OccurredOn) {
		return nil, aggregates.Refuse("R28", "worker_not_engaged", "worker %s is not engaged on %s", id, ctx.OccurredOn).On(field)
	}
	return w, nil
}

// workerAt refuses a worker who is not engaged at an agency on the effective date.
func workerAt(ctx *aggregates.Context, id, field, agency string) (workerStanding, *aggregates.Refusal) {
	w, refusal := knownWorker(ctx, id, field)
	if refusal != nil {
		return nil, refusal
	}
	if !w.ServesAgency(agency, ctx.OccurredOn) {
		return nil, aggregates.Refuse("R28", "worker_elsewhere", "worker %s does not work at agency %s on %s", id, agency, ctx.OccurredOn).On(field)
	}
	return w, nil
}
