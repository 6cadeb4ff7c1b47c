package app

import (
	"context"
	"fmt"

	"caseledger/events"
)

// An overlay tries commands without recording them: each is decided against the
// ledger plus the commands tried before it. It writes nothing anywhere, makes no
// keys, and belongs to one goroutine.
type overlay struct {
	app      *App
	subjects map[events.Subject]*folded
	ids      map[string]events.Subject // commands tried so far
}

func (a *App) newOverlay() *overlay {
	return &overlay{app: a, subjects: map[events.Subject]*folded{}, ids: map[string]events.Subject{}}
}

// load folds a subject into the overlay: never into the cache, whose states are
// the ledger's own.
func (o *overlay) load(ctx context.Context, subject events.Subject) (*folded, error) {
	if f := o.subjects[subject]; f != nil {
		return f, nil
	}
	f, stale, err := o.app.foldIndexed(ctx, subject)
	if err == nil && stale {
		f, err = o.app.fold(ctx, subject)
	}
	if err != nil {
		return nil, err
	}
	o.subjects[subject] = f
	return f, nil
}

// An outcome says what would become of a command.
type outcome int

const (
	wouldRecord    outcome = iota
	wouldDoNothing         // it is fulfilled already
	wasRecorded            // it was recorded before
)

// try decides a command and folds its event into the overlay.
func (o *overlay) try(ctx context.Context, req Request) (outcome, error) {
	giver, err := o.app.identify(ctx, &req, o.load)
	if err != nil {
		return 0, err
	}
	w, err := o.app.prepare(&req)
	if err != nil {
		return 0, err
	}
	w.principal = giver
	target, err := o.load(ctx, w.subject)
	if err != nil {
		return 0, err
	}
	if err := o.app.permit(ctx, w, target, o.load); err != nil {
		return 0, err
	}
	if before, found := target.commands[req.ID]; found && o.ids[req.ID] == "" {
		_, err := o.app.again(ctx, w, target, before)
		return wasRecorded, err
	}
	if _, twice := o.ids[req.ID]; twice {
		return 0, &InputError{Field: "id", Problem: fmt.Sprintf("%q stands twice", req.ID)}
	}
	if err := o.app.checkUnused(ctx, w); err != nil {
		return 0, err
	}
	event, err := o.app.decide(ctx, w, target, o.load)
	if err != nil {
		return 0, err
	}
	o.ids[req.ID] = w.subject
	if event == nil {
		return wouldDoNothing, nil
	}
	record, err := o.tentative(w, target, event)
	if err != nil {
		return 0, err
	}
	return wouldRecord, target.apply(record)
}

// tentative makes the record that the event would become, but for what only keys
// and the log can give.
func (o *overlay) tentative(w *work, target *folded, event events.Event) (*events.Record, error) {
	if err := withhold(event); err != nil {
		return nil, err
	}
	id, err := newID(w.context.RecordedAt)
	if err != nil {
		return nil, err
	}
	record, err := events.Encode(o.app.envelope(w, target, id, events.HashOf([]byte(w.req.ID))), event)
	if err != nil {
		return nil, err
	}
	record.Sequence = target.sequence + 1
	return record, nil
}

// withhold puts a form without content in the place of every secret.
func withhold(event events.Event) error {
	confidential, ok := event.(events.Confidential)
	if !ok {
		return nil
	}
	for _, f := range confidential.Secrets() {
		if err := f.Secret.Seal(func(string) (string, error) { return "s1.0.AA", nil }); err != nil {
			return err
		}
	}
	return nil
}
