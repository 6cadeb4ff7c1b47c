package app

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"caseledger/aggregates"
	"caseledger/aggregates/roster"
	"caseledger/cmd/caseledger/internal/auth"
	"caseledger/events"
)

// Principal returns who holds a public key that a caller has proved to hold, or
// nil for a ledger without principals: there, a command says itself who gives it.
// In any other ledger whoever is not registered, or was revoked, is refused (R31).
func (a *App) Principal(ctx context.Context, key string) (*roster.Principal, error) {
	return a.principal(ctx, key, a.loadBasis)
}

func (a *App) principal(ctx context.Context, key string, load loader) (*roster.Principal, error) {
	if _, has := a.catalogue.aggregates[events.KindRoster]; !has {
		return nil, nil
	}
	f, err := load(ctx, events.RosterSubject)
	if err != nil {
		return nil, err
	}
	a.cache.mu.RLock()
	defer a.cache.mu.RUnlock()
	known := f.state.(*roster.State)
	if len(known.Principals()) == 0 {
		return nil, nil
	}
	if key == "" {
		return nil, aggregates.Refuse("R31", "no_identity", "this ledger knows its principals: who are you").
			WithHint("give the file of your key with --identity, or name it in $CASELEDGER_IDENTITY")
	}
	p, found := known.Find(roster.PrincipalID(key))
	switch {
	case !found || p.PublicKey != key:
		return nil, aggregates.Refuse("R31", "unknown_identity", "nobody is registered with the key %.8s…", key).
			WithHint("an operator registers you with: caseledger record register-principal --public-key %s --as-role …", key)
	case p.Revoked:
		return nil, aggregates.Refuse("R31", "revoked", "principal %s was revoked", p.ID)
	}
	return &p, nil
}

// Principals returns everyone who was ever registered, in that order.
func (a *App) Principals(ctx context.Context) ([]roster.Principal, error) {
	f, err := a.loadBasis(ctx, events.RosterSubject)
	if err != nil {
		return nil, err
	}
	a.cache.mu.RLock()
	defer a.cache.mu.RUnlock()
	return slices.Clone(f.state.(*roster.State).Principals()), nil
}

// identify fills in who gives a command: in a ledger with principals the ledger
// says so, whatever the command says.
func (a *App) identify(ctx context.Context, req *Request, load loader) (*roster.Principal, error) {
	p, err := a.principal(ctx, req.Key, load)
	switch {
	case err != nil:
		return nil, err
	case p != nil:
		req.Actor, req.Role, req.Agency = p.ID, p.Role, p.Agency
	case req.Role == "":
		req.Role = DefaultRole
	}
	return p, nil
}

// permit refuses a command that its giver's role does not allow. target is the
// folded history of its subject.
func (a *App) permit(ctx context.Context, w *work, target *folded, load loader) error {
	if w.principal == nil {
		return nil
	}
	relation, known, err := a.relation(ctx, w.principal, target.subject, []events.Date{w.context.Today, w.context.OccurredOn}, load)
	if err != nil {
		return err
	}
	if agency := w.agencyField(); !known && agency != "" { // a client or worker who is new here
		relation = auth.RelationTo(w.principal.Agency, []string{agency}, false)
	}
	for _, class := range w.classes() {
		if !auth.Allow(auth.Role(w.principal.Role), relation, auth.Action(w.req.Name), class) {
			return notAllowed(w.principal, auth.Action(w.req.Name), relation, string(target.subject))
		}
	}
	return nil
}

func notAllowed(p *roster.Principal, action auth.Action, relation auth.Relation, about string) error {
	r := aggregates.Refuse("R31", "not_allowed", "the role %s does not allow %s", p.Role, action)
	if about != "" {
		r.Sentence += " on " + about
	}
	if relation == auth.Stranger && p.Agency != "" && auth.Allow(auth.Role(p.Role), auth.Own, action, auth.ClearFields) {
		r = r.WithHint("only on what agency %s has to do with", p.Agency)
	}
	return r
}

// agencyField returns the command's own field "agency", if it has one.
func (w *work) agencyField() string {
	if f, has := w.command.field("agency"); has && f.Secret == "" {
		return fmt.Sprint(reflect.ValueOf(w.req.Command).Elem().Field(f.Index).Interface())
	}
	return ""
}

// classes lists the classes of the fields that the command gives.
func (w *work) classes() []auth.Class {
	classes := []auth.Class{auth.ClearFields}
	v := reflect.ValueOf(w.req.Command).Elem()
	for _, f := range w.command.Fields {
		class := auth.ClearFields
		switch {
		case isAbsent(v.Field(f.Index)):
		case f.Secret != "":
			class = classOf(f.Secret)
		case f.Type == typeCents:
			class = auth.MoneyFields
		}
		if !slices.Contains(classes, class) {
			classes = append(classes, class)
		}
	}
	return classes
}

func classOf(key events.KeyClass) auth.Class {
	if key == events.ExpenseKey {
		return auth.ExpenseFields
	}
	return auth.IdentityFields
}

// What an aggregate says of the agencies that it has to do with on a day, and a
// case of its client's releases.
type (
	atAgencies interface {
		Agencies(day events.Date) []string
	}
	releasing interface {
		Released(recipient string, day events.Date) bool
	}
)

// relation returns what a principal's agency has to do with a subject on any of
// some days, and whether any agency is known to have to do with it. A release
// names the agency, or the role of whoever works for none.
func (a *App) relation(ctx context.Context, p *roster.Principal, subject events.Subject, days []events.Date, load loader) (_ auth.Relation, known bool, _ error) {
	switch subject.Kind() {
	case events.KindLetter, events.KindLook:
		subject = events.SubjectOf(events.KindCase, subject.ID())
	case events.KindCase, events.KindWorker, events.KindReferral:
	case events.KindProgramme, events.KindRoster, events.KindLedger, events.KindPartner, events.KindTraining, events.KindAward:
		return auth.Stranger, false, nil
	default: // an agency, and what has its id
		return auth.RelationTo(p.Agency, []string{subject.ID()}, false), true, nil
	}
	f, err := load(ctx, subject)
	if err != nil {
		return auth.Stranger, false, err
	}
	a.cache.mu.RLock()
	defer a.cache.mu.RUnlock()
	var agencies []string
	if s, ok := f.state.(atAgencies); ok {
		for _, day := range days {
			agencies = append(agencies, s.Agencies(day)...)
		}
	}
	s, ok := f.state.(releasing)
	held := ok && (s.Released(p.Role, days[0]) || p.Agency != "" && s.Released(p.Agency, days[0]))
	return auth.RelationTo(p.Agency, agencies, held), len(agencies) > 0, nil
}

// About says what a question is about: a subject, an agency, or neither, which is
// the programme as a whole.
type About struct {
	Subject events.Subject
	Agency  string
}

// Permit refuses a question that the asker's role does not allow. A nil principal
// may ask anything: the ledger has none.
func (a *App) Permit(ctx context.Context, p *roster.Principal, action auth.Action, about About, classes ...auth.Class) error {
	if p == nil {
		return nil
	}
	relation, name := auth.RelationTo(p.Agency, []string{about.Agency}, false), ""
	if about.Subject != "" {
		_, today := a.Now()
		var err error
		if relation, _, err = a.relation(ctx, p, about.Subject, []events.Date{today}, a.loadBasis); err != nil {
			return err
		}
		name = string(about.Subject)
	} else if about.Agency != "" {
		name = "agency " + about.Agency
	}
	for _, class := range append(classes, auth.ClearFields) {
		if !auth.Allow(auth.Role(p.Role), relation, action, class) {
			return notAllowed(p, action, relation, name)
		}
	}
	return nil
}
