package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"caseledger/aggregates"
	"caseledger/aggregates/roster"
	"caseledger/cmd/caseledger/internal/auth"
	"caseledger/events"
	"caseledger/events/seal"
)

// Custody is what holds the keys that unseal.
type Custody interface {
	// Unseal returns the text of a secret; see [seal.Keyring.Unseal].
	Unseal(subject events.Subject, recordID string, class events.KeyClass, index int, sealed string) (string, error)
	// Destroy destroys the keys of persons for ever.
	Destroy(orders ...seal.Order) error
}

// Purposes are what a look may be for.
var Purposes = []string{"casework", "emergency", "client_request", "correction", "legal_proceeding", "monitoring", "audit"}

// MaxBreakGlass bounds how long a glass stays broken.
const MaxBreakGlass = 72 * time.Hour

// A Look is a request to see what identifies a client.
type Look struct {
	Client string
	Class  events.KeyClass // identity or expense
	// Who looks; the ledger says so when it has principals.
	Key, Actor, Role, Agency string
	Purpose                  string // one of Purposes
	Note                     string // why, in words; sealed. Required to break the glass
	// BreakGlass opens the client's text without a release for so long; 0: it
	// does not.
	BreakGlass time.Duration
}

// A Revealed is one text that was sealed.
type Revealed struct {
	Record *events.Record
	Field  string // such as "identity", or "criteria[0].evidence"
	Text   string
	Err    error // why it cannot be read, in place of Text
}

// Reveal unseals what identifies a client for somebody who may see it (R31). The
// look is on the stream ACCESS before the first key is asked for; without that
// record nothing is unsealed. A look that is not allowed is an
// [*aggregates.Refusal]; a client whose keys were destroyed is a
// [*seal.DestroyedError].
func (a *App) Reveal(ctx context.Context, look Look) (shown []Revealed, recorded *events.Record, err error) {
	if err := look.check(); err != nil {
		return nil, nil, err
	}
	who, err := a.looker(ctx, look)
	if err != nil {
		return nil, nil, err
	}
	if a.access == nil || a.custody == nil {
		return nil, nil, errors.New("reveal: this process has no access to the stream of looks, or no keys")
	}
	log, err := a.access(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("reveal: the look cannot be recorded: %w", err)
	}
	secrets, err := a.sealedOf(ctx, look)
	if err != nil {
		return nil, nil, err
	}
	subject := events.SubjectOf(events.KindLook, look.Client)
	defer a.subjects.lock(subject)()
	for attempt := 1; ; attempt++ {
		recorded, err = a.recordLook(ctx, log, subject, who, look, len(secrets))
		if !isRace(err) || attempt == maxAttempts {
			break
		}
	}
	var refusal *aggregates.Refusal
	switch {
	case errors.As(err, &refusal):
		return nil, nil, err
	case err != nil:
		return nil, nil, fmt.Errorf("reveal: the look is not recorded, so nothing is shown: %w", err)
	}
	for _, s := range secrets {
		text, err := a.custody.Unseal(s.record.Subject, s.record.ID, look.Class, s.index, s.sealed)
		shown = append(shown, Revealed{s.record, s.field, text, err})
	}
	return shown, recorded, nil
}

func (l *Look) check() error {
	var faults []error
	fault := func(field, problem string) {
		faults = append(faults, &InputError{Field: field, Problem: problem})
	}
	if !slices.Contains(Purposes, l.Purpose) {
		fault("reason", fmt.Sprintf("%q is not one of %s", l.Purpose, strings.Join(Purposes, ", ")))
	}
	if l.BreakGlass < 0 || l.BreakGlass > MaxBreakGlass {
		fault("break_glass", fmt.Sprintf("the glass is broken for at most %s", MaxBreakGlass))
	}
	if l.BreakGlass > 0 && strings.TrimSpace(l.Note) == "" {
		fault("note", "who breaks the glass says why")
	}
	if len(l.Note) > maxNote {
		fault("note", fmt.Sprintf("it has %d bytes, more than %d", len(l.Note), maxNote))
	}
	if err := events.CheckID(l.Client); err != nil {
		fault("client", err.Error())
	}
	return errors.Join(faults...)
}

// maxNote bounds a note, in bytes.
const maxNote = 2000

// looker is the principal who looks; in a ledger without principals, who they say
// they are.
func (a *App) looker(ctx context.Context, look Look) (*roster.Principal, error) {
	p, err := a.Principal(ctx, look.Key)
	if err != nil || p != nil {
		return p, err
	}
	if look.Actor == "" || len(look.Actor) > maxName || !isPrintable(look.Actor) {
		return nil, &InputError{Field: "actor", Problem: "it is missing, too long or cannot be printed"}
	}
	return &roster.Principal{ID: look.Actor, Role: cmp.Or(look.Role, DefaultRole), Agency: look.Agency}, nil
}

// destroyable is what a case says of the destruction of its keys.
type destroyable interface {
	Destroyed() (events.Date, bool)
}

type sealedText struct {
	record *events.Record
	field  string
	index  int
	sealed string
}

// sealedOf lists what was sealed about a client, case and letters, in order.
func (a *App) sealedOf(ctx context.Context, look Look) (all []sealedText, err error) {
	subject := events.SubjectOf(events.KindCase, look.Client)
	f, err := a.loadBasis(ctx, subject)
	if err != nil {
		return nil, err
	}
	if s, ok := f.state.(destroyable); ok {
		a.cache.mu.RLock()
		_, destroyed := s.Destroyed()
		a.cache.mu.RUnlock()
		if destroyed {
			return nil, &seal.DestroyedError{Subject: subject, RecordID: a.destroyedBy(ctx, subject)}
		}
	}
	var records []*events.Record
	for _, kind := range []events.Kind{events.KindCase, events.KindLetter} {
		part, err := a.records(ctx, events.SubjectOf(kind, look.Client))
		if err != nil {
			return nil, err
		}
		records = append(records, part...)
	}
	if len(records) == 0 {
		return nil, aggregates.Refuse("", "unknown_client", "client %s is unknown", look.Client).On("client")
	}
	slices.SortFunc(records, func(x, y *events.Record) int { return cmp.Compare(x.Sequence, y.Sequence) })
	for _, r := range records {
		event, err := r.Event()
		if err != nil {
			return nil, err
		}
		confidential, ok := event.(events.Confidential)
		if !ok {
			continue
		}
		for i, s := range confidential.Secrets() {
			if s.Class == look.Class && !s.Secret.IsZero() {
				all = append(all, sealedText{r, fieldOf(reflect.ValueOf(event).Elem(), "", s.Secret), i, s.Secret.Sealed()})
			}
		}
	}
	return all, nil
}

// destroyedBy names the record that ordered the destruction, as far as it is found.
func (a *App) destroyedBy(ctx context.Context, subject events.Subject) string {
	records, err := a.records(ctx, subject)
	if err != nil {
		return ""
	}
	for _, r := range records {
		if r.Type == typeIdentityDestroyed {
			return r.ID
		}
	}
	return ""
}

// fieldOf names the field of an event that a secret is.
func fieldOf(v reflect.Value, path string, secret *events.Secret) string {
	if v.CanAddr() && v.Addr().Interface() == any(secret) {
		return path
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if !field.IsExported() {
				continue
			}
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if found := fieldOf(v.Field(i), strings.TrimPrefix(path+"."+name, "."), secret); found != "" {
				return found
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if found := fieldOf(v.Index(i), fmt.Sprintf("%s[%d]", path, i), secret); found != "" {
				return found
			}
		}
	}
	return ""
}

// recordLook decides whether a look is allowed, and appends it to the client's.
func (a *App) recordLook(ctx context.Context, log events.Log, subject events.Subject, who *roster.Principal, look Look, shown int) (*events.Record, error) {
	before, err := looks(ctx, log, subject)
	if err != nil {
		return nil, err
	}
	now, today := a.Now()
	event := &events.IdentityRevealed{Class: look.Class, Purpose: look.Purpose, Shown: shown, Note: events.Plain(look.Note)}
	if event.Grounds, event.Until, err = a.grounds(ctx, who, look, before, now, today); err != nil {
		return nil, err
	}
	id, err := newID(now)
	if err != nil {
		return nil, err
	}
	// The look is not a command that could be given again: each is its own.
	env := events.Envelope{
		ID: id, Source: a.Ledger.Name, Subject: subject, Time: now, Version: uint64(len(before)) + 1,
		OccurredOn: today, Actor: who.ID, Role: who.Role, Agency: who.Agency,
		CausationID: id, CommandDigest: events.HashOf([]byte("reveal " + id)),
	}
	expected := uint64(0)
	if n := len(before); n > 0 {
		env.Previous, expected = before[n-1].Hash(), before[n-1].Sequence
	}
	if err := a.keys.Seal(subject, id, event); err != nil {
		return nil, err
	}
	record, err := events.Encode(env, event)
	if err != nil {
		return nil, err
	}
	record.Sequence, err = log.Append(ctx, subject, expected, record.ID, record.Raw)
	return record, err
}

// Why a look was allowed.
const (
	groundsRole    = "role"        // the role sees this class of fields of every client
	groundsAgency  = "agency"      // it is the agency's own client
	groundsRelease = "release"     // the client's release names the agency, or the role
	groundsGlass   = "break_glass" // none of these, for a time
)

// grounds says why a look is allowed, and of break-glass until when.
func (a *App) grounds(ctx context.Context, who *roster.Principal, look Look, before []*events.Record, now events.Instant, today events.Date) (string, events.Instant, error) {
	role, class := auth.Role(who.Role), classOf(look.Class)
	relation, _, err := a.relation(ctx, who, events.SubjectOf(events.KindCase, look.Client), []events.Date{today}, a.loadBasis)
	if err != nil {
		return "", 0, err
	}
	if look.BreakGlass == 0 && auth.Allow(role, relation, auth.Reveal, class) {
		switch {
		case auth.Allow(role, auth.Stranger, auth.Reveal, class):
			return groundsRole, 0, nil
		case relation == auth.Own:
			return groundsAgency, 0, nil
		}
		return groundsRelease, 0, nil
	}
	mayBreak := auth.Allow(role, relation, auth.BreakGlass, auth.ClearFields) && auth.Allow(role, auth.Released, auth.Reveal, class)
	if until := brokenUntil(before, who.ID, look.Class); look.BreakGlass == 0 && mayBreak && until > now {
		return groundsGlass, until, nil
	}
	if look.BreakGlass > 0 && mayBreak {
		return groundsGlass, now + events.Instant(look.BreakGlass.Milliseconds()), nil
	}
	refusal := aggregates.Refuse("R31", "not_released", "the role %s may not see %s text of client %s", who.Role, look.Class, look.Client)
	if mayBreak {
		refusal = refusal.WithHint("the client releases it with give-consent, scope identity or whole_case; in an emergency: --break-glass with --note, which is reviewed")
	}
	return "", 0, refusal
}

// brokenUntil returns until when an actor broke the glass for a class of text; 0
// for never.
func brokenUntil(before []*events.Record, actor string, class events.KeyClass) (until events.Instant) {
	for _, r := range before {
		if e, err := r.Event(); err == nil && r.Actor == actor {
			if look, ok := e.(*events.IdentityRevealed); ok && look.Class == class {
				until = max(until, look.Until)
			}
		}
	}
	return until
}
