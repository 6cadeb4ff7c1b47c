package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"

	"caseledger/aggregates"
	"caseledger/aggregates/roster"
	"caseledger/events"
	"caseledger/events/seal"
)

// maxAttempts bounds how often a command is decided when others write first.
const maxAttempts = 3

// Bounds of a command's envelope, in bytes.
const (
	maxCommandID = 128
	maxName      = 64
)

// A Receipt says what became of a command that was not refused.
type Receipt struct {
	Command   string
	CommandID string
	Subject   events.Subject
	// Record is the command's record. It is nil when the command was fulfilled
	// before it was given, so that there was nothing to record.
	Record *events.Record
	// Appended says that Record was written now, not when the same command was
	// given before.
	Appended bool
	// Ruling, when not nil, denies the recorded fact its effect: an expense
	// that cannot be reimbursed (R18).
	Ruling *aggregates.Refusal
}

// Execute records a command: at most one event, durable when it returns.
//
// A command that was recorded before, with the same id and the same body, is not
// recorded again, however long ago that was; the same id with another body is a
// [*CommandReusedError]. A command that a rule does not allow is an
// [*aggregates.Refusal], malformed input an [*InputError].
//
// An invoice that is too large for one record is recorded in parts first, see
// package invoice.
func (a *App) Execute(ctx context.Context, req Request) (Receipt, error) {
	for attempt := 1; ; attempt++ {
		receipt, err := a.execute(ctx, req)
		if err == nil {
			return receipt, nil
		}
		again, err := a.prepareParts(ctx, req, err)
		if !again || attempt == maxAttempts {
			return receipt, err
		}
	}
}

func (a *App) execute(ctx context.Context, req Request) (Receipt, error) {
	giver, err := a.identify(ctx, &req, a.loadBasis)
	if err != nil {
		return Receipt{}, err
	}
	w, err := a.prepare(&req)
	if err != nil {
		return Receipt{}, err
	}
	w.principal = giver
	// In this order always: the id first, then the subject.
	defer a.ids.lock(req.ID)()
	defer a.subjects.lock(w.subject)()
	for attempt := 1; ; attempt++ {
		receipt, err := a.attempt(ctx, w)
		if err == nil || !isRace(err) && !a.mayPass(ctx, err) {
			return a.carryOut(receipt, err)
		}
		a.cache.drop(w.subject)
		if receipt, err := a.readBack(ctx, w); err != nil && !a.mayPass(ctx, err) || receipt.Record != nil {
			return a.carryOut(receipt, err)
		}
		if attempt == maxAttempts {
			return Receipt{}, &ContentionError{Subject: w.subject, Attempts: attempt, Err: err}
		}
	}
}

// carryOut does what a record orders to be done outside the ledger: keys are
// destroyed. A destruction that failed is carried out when the command is given
// again, and when the ledger is opened.
func (a *App) carryOut(r Receipt, err error) (Receipt, error) {
	if err != nil || r.Record == nil || r.Record.Type != typeIdentityDestroyed {
		return r, err
	}
	if a.custody == nil {
		return r, fmt.Errorf("recorded #%d; this process has no keys: they are destroyed where the ledger is opened with them", r.Record.Sequence)
	}
	if err := a.custody.Destroy(seal.Order{Subject: r.Subject, RecordID: r.Record.ID}); err != nil {
		return r, fmt.Errorf("recorded #%d, but: %w", r.Record.Sequence, err)
	}
	return r, nil
}

const typeIdentityDestroyed = "identity.destroyed.v1"

// isRace reports that an append failed, or may have failed, because of others.
func isRace(err error) bool {
	var conflict *events.ConflictError
	return errors.As(err, &conflict) || errors.Is(err, events.ErrUncertain)
}

// mayPass waits when an error may pass: of several servers, one that led until it was
// paused or cut off answers for a moment from what it knew, and what came later seems to be lost.
func (a *App) mayPass(ctx context.Context, err error) bool {
	var damage *events.DamageError
	if !a.shared || !errors.As(err, &damage) {
		return false
	}
	select {
	case <-ctx.Done():
	case <-time.After(staleLeader):
	}
	return true
}

// staleLeader is about how long a server needs to find out that it leads no more.
const staleLeader = 2 * time.Second

// work is one command on its way.
type work struct {
	command   *Command
	req       *Request
	principal *roster.Principal // nil: the ledger has none
	subject   events.Subject
	context   aggregates.Context
	tried     []string // ids of the records that an append was tried with
}

// DefaultRole is the role of an actor who gives none.
const DefaultRole = "operator"

// prepare checks what can be checked without the ledger's history.
func (a *App) prepare(req *Request) (*work, error) {
	command, err := a.catalogue.Lookup(req.Name)
	if err != nil {
		return nil, err
	}
	if err := checkEnvelope(req); err != nil {
		return nil, err
	}
	now, _ := a.Now()
	if !req.RecordedAt.IsZero() {
		if !a.Ledger.SimulatedClock {
			return nil, &InputError{Field: "recordedat", Problem: "this ledger's clock is real: it says itself when it recorded",
				Hint: "leave recordedat out, or make a ledger for samples with: caseledger init --simulated-clock"}
		}
		now = req.RecordedAt
	}
	w := &work{command: command, req: req, context: aggregates.Context{
		CommandID: req.ID, RecordedAt: now, Today: a.DayOf(now), OccurredOn: req.OccurredOn,
		Actor: req.Actor, Role: req.Role, Agency: req.Agency,
	}}
	if w.context.OccurredOn.IsZero() {
		w.context.OccurredOn = w.context.Today
	}
	// Tomorrow is today already in Saipan, fifteen hours ahead of New York.
	if w.context.OccurredOn > w.context.Today+1 {
		return nil, aggregates.Refuse("", "future_date", "%s is later than tomorrow, the programme's today being %s",
			w.context.OccurredOn, w.context.Today).On("occurred_on").WithHint("record it when it has happened")
	}
	if w.subject, err = req.Command.Target(req.ID); err != nil {
		return nil, &InputError{Problem: err.Error()}
	}
	if w.subject.Kind() != command.Kind {
		return nil, fmt.Errorf("record %s: its subject %s is not of kind %q", req.Name, w.subject, command.Kind)
	}
	return w, nil
}

func checkEnvelope(req *Request) error {
	for _, text := range []struct {
		field, value string
		max          int
		required     bool
	}{
		{"id", req.ID, maxCommandID, true},
		{"actor", req.Actor, maxName, true},
		{"role", req.Role, maxName, true},
		{"correlation_id", req.CorrelationID, maxCommandID, false},
	} {
		if text.value == "" && text.required {
			return &InputError{Field: text.field, Problem: "it is missing"}
		}
		if len(text.value) > text.max {
			return &InputError{Field: text.field, Problem: fmt.Sprintf("it has %d bytes, more than %d", len(text.value), text.max)}
		}
		if !isPrintable(text.value) {
			return &InputError{Field: text.field, Problem: "it holds characters that cannot be printed"}
		}
	}
	if req.Agency != "" {
		if err := events.CheckID(req.Agency); err != nil {
			return &InputError{Field: "agency", Problem: err.Error()}
		}
	}
	if req.Command == nil {
		return &InputError{Field: "fields", Problem: "they are missing"}
	}
	return nil
}

func isPrintable(s string) bool {
	for _, r := range s {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return false
		}
	}
	return true
}

// attempt decides a command once and appends what was decided.
func (a *App) attempt(ctx context.Context, w *work) (Receipt, error) {
	target, stale, err := a.load(ctx, w.subject)
	if err != nil {
		return Receipt{}, err
	}
	return a.attemptOn(ctx, w, target, stale)
}

// attemptOn decides on a folded history, which is stale when other writers'
// records may be missing from it.
func (a *App) attemptOn(ctx context.Context, w *work, target *folded, stale bool) (Receipt, error) {
	if err := a.permit(ctx, w, target, a.loadBasis); err != nil {
		return Receipt{}, err
	}
	if before, found := target.commands[w.req.ID]; found {
		return a.again(ctx, w, target, before)
	}
	if err := a.checkUnused(ctx, w); err != nil {
		return Receipt{}, err
	}
	event, err := a.decide(ctx, w, target, a.loadBasis)
	if stale && (err != nil || event == nil) {
		a.cache.drop(w.subject)
		if target, err = a.fold(ctx, w.subject); err != nil {
			return Receipt{}, err
		}
		return a.attemptOn(ctx, w, a.cache.add(target), false)
	}
	if err != nil {
		return Receipt{}, err
	}
	receipt := Receipt{Command: w.command.Name, CommandID: w.req.ID, Subject: w.subject}
	if event == nil {
		return receipt, nil
	}
	record, err := a.record(w, target, event)
	if err != nil {
		return Receipt{}, err
	}
	w.tried = append(w.tried, record.ID)
	a.appended.touch(w.subject)
	record.Sequence, err = a.log.Append(ctx, w.subject, target.sequence, record.ID, record.Raw)
	if err != nil {
		return Receipt{}, err
	}
	// The record stands: what follows must not make the command look failed
	// for want of time.
	ctx = context.WithoutCancel(ctx)
	if err := a.cache.apply(target, record); err != nil {
		return Receipt{}, err
	}
	if err := a.appended.add(ctx, w.req.ID, w.subject, record.Sequence); err != nil {
		return Receipt{}, fmt.Errorf("recorded #%d, but: %w", record.Sequence, err)
	}
	receipt.Record, receipt.Appended = record, true
	receipt.Ruling = a.judge(w, target, record)
	return receipt, nil
}

// checkUnused refuses a command id that led to a record of another subject.
func (a *App) checkUnused(ctx context.Context, w *work) error {
	sequence, used, err := a.appended.find(ctx, w.req.ID)
	if err != nil {
		return fmt.Errorf("look up command %s: %w", w.req.ID, err)
	}
	if used {
		return &CommandReusedError{ID: w.req.ID, Sequence: sequence}
	}
	return nil
}

// decide asks the command's aggregate; it returns no event for a command that is
// fulfilled already.
func (a *App) decide(ctx context.Context, w *work, target *folded, load loader) (events.Event, error) {
	basis, err := a.basis(ctx, w.req.Command, target, load)
	if err != nil {
		return nil, err
	}
	w.context.Basis = basis
	// Only commands on this subject change its state, and this one holds its lock.
	if err := a.drafter.draft(ctx, w.req.Command, target.state, &w.context); err != nil {
		return nil, err
	}
	a.cache.mu.RLock()
	defer a.cache.mu.RUnlock()
	return w.command.Decide(target.state, w.req.Command, &w.context)
}

// judge asks whether a rule denies a recorded fact its effect.
func (a *App) judge(w *work, target *folded, record *events.Record) *aggregates.Refusal {
	if w.command.Judge == nil {
		return nil
	}
	a.cache.mu.RLock()
	defer a.cache.mu.RUnlock()
	return w.command.Judge(target.state, record, &w.context)
}

// record seals and encodes an event as the next record of its subject.
func (a *App) record(w *work, target *folded, event events.Event) (*events.Record, error) {
	digest, err := a.digest(w.subject, w.command, w.req)
	if err != nil {
		return nil, err
	}
	id, err := newID(w.context.RecordedAt)
	if err != nil {
		return nil, err
	}
	if err := a.keys.Seal(w.subject, id, event); err != nil {
		return nil, fmt.Errorf("seal %s: %w", event.EventType(), err)
	}
	return events.Encode(a.envelope(w, target, id, digest), event)
}

func (a *App) envelope(w *work, target *folded, id string, digest events.Hash) events.Envelope {
	return events.Envelope{
		ID: id, Source: a.Ledger.Name, Subject: w.subject, Time: w.context.RecordedAt,
		Version: target.version + 1, Previous: target.last, OccurredOn: w.context.OccurredOn,
		Actor: w.req.Actor, Role: w.req.Role, Agency: w.req.Agency,
		CausationID: w.req.ID, CommandDigest: digest, CorrelationID: w.req.CorrelationID,
	}
}

// readBack looks for the command among its subject's records, after an append
// whose outcome is not known.
func (a *App) readBack(ctx context.Context, w *work) (Receipt, error) {
	target, _, err := a.load(ctx, w.subject)
	if err != nil {
		return Receipt{}, err
	}
	before, found := target.commands[w.req.ID]
	if !found {
		return Receipt{}, nil
	}
	if err := a.appended.add(ctx, w.req.ID, w.subject, before.sequence); err != nil {
		return Receipt{}, err
	}
	return a.again(ctx, w, target, before)
}

// again answers a command that was recorded before.
func (a *App) again(ctx context.Context, w *work, target *folded, before mark) (Receipt, error) {
	digest, err := a.digest(w.subject, w.command, w.req)
	if err != nil {
		return Receipt{}, err
	}
	if digest != before.digest {
		return Receipt{}, &CommandReusedError{ID: w.req.ID, Sequence: before.sequence, Subject: w.subject}
	}
	records, err := a.records(ctx, w.subject)
	if err != nil {
		return Receipt{}, err
	}
	for _, r := range records {
		if r.Sequence != before.sequence {
			continue
		}
		if w.context.Basis, err = a.basis(ctx, w.req.Command, target, a.loadBasis); err != nil {
			return Receipt{}, err
		}
		return Receipt{
			Command: w.command.Name, CommandID: w.req.ID, Subject: w.subject,
			Record: r, Appended: slices.Contains(w.tried, r.ID), Ruling: a.judge(w, target, r),
		}, nil
	}
	return Receipt{}, &events.DamageError{Sequence: before.sequence, Detail: "it was there before"}
}
