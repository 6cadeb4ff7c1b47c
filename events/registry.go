package events

import (
	"fmt"
	"math/bits"
	"reflect"
	"slices"

	"github.com/go-json-experiment/json"
)

// An Event is a fact, in the past tense: a pointer to one exported struct per
// type and version. A type that was ever recorded is never changed; a new
// version is a new type, with an upcaster from the old one.
type Event interface {
	// EventType is the type's name and version, such as "client.enrolled.v1".
	EventType() string
}

// A Withdrawal takes back a record of its subject that was made in error (R24). Its
// type ends in "-fact.withdrawn.v1".
type Withdrawal interface {
	// TakesBack returns the ULID of that record.
	TakesBack() string
}

// A Type describes one registered event type.
type Type struct {
	Name string // such as "client.enrolled.v1"
	Kind Kind   // the kind of subject that may hold it
	New  func() Event

	decode func(data []byte) (Event, error)
	form   *form             // of canonical data; nil when it has none
	upcast func(Event) Event // to the newest version; nil when this is it
}

func define[E any, P interface {
	*E
	Event
}](kind Kind) Type {
	return Type{
		Name: P(new(E)).EventType(),
		Kind: kind,
		New:  func() Event { return P(new(E)) },
		decode: func(data []byte) (Event, error) {
			e := P(new(E))
			if err := json.Unmarshal(data, e, strict); err != nil {
				return nil, explain("member", err)
			}
			return e, nil
		},
		form: formOf(reflect.TypeFor[E]()),
	}
}

// Types lists every registered event type, in the order of the documentation.
func Types() []Type {
	return slices.Concat(
		ledgerTypes, caseTypes, casePlanTypes, caseBenefitTypes, letterTypes, requestTypes,
		agencyTypes, agencyNetworkTypes, workerTypes, workerStaffTypes, billingTypes, rosterTypes, lookTypes,
		programmeTypes, programmePerformanceTypes, partnerTypes, referralTypes, trainingTypes, awardTypes, publicationTypes,
	)
}

var typesByName = func() map[string]*Type {
	m := map[string]*Type{}
	for _, t := range Types() {
		if m[t.Name] != nil {
			panic("events: type registered twice: " + t.Name)
		}
		m[t.Name] = &t
	}
	return m
}()

// typesByHash finds types by name in a third of the time that a map takes: there is
// one for every record that is read.
var typesByHash = func() (t nameTable) {
	for name, typ := range typesByName {
		at := t.place(name)
		for t[at] != nil {
			at = (at + 1) % len(t)
		}
		t[at] = typ
	}
	return t
}()

// A nameTable holds each type at the first free place from that of its name on.
type nameTable [1024]*Type

// place is where the search for a name begins. It depends on the first and the last
// eight bytes.
func (t *nameTable) place(name string) int {
	if len(name) < 8 {
		return 0
	}
	x := load8(name) ^ bits.RotateLeft64(load8(name[len(name)-8:]), 24) ^ uint64(len(name))
	return int(x * 0x9e3779b97f4a7c15 >> 54)
}

// find returns the type of a name, nil when there is none.
func (t *nameTable) find(name string) *Type {
	for at := t.place(name); t[at] != nil; at = (at + 1) % len(t) {
		if t[at].Name == name {
			return t[at]
		}
	}
	return nil
}

// LookupType returns the registered type of a name.
func LookupType(name string) (Type, bool) {
	t := typesByName[name]
	if t == nil {
		return Type{}, false
	}
	return *t, true
}

// typeOn returns the type of a name, which must belong to subjects of kind.
func typeOn(name string, kind Kind) (*Type, error) {
	t := typesByName[name]
	switch {
	case t == nil:
		return nil, fmt.Errorf("unknown event type %q", name)
	case t.Kind != kind:
		return nil, fmt.Errorf("event type %q does not belong to a subject of kind %q", name, kind)
	}
	return t, nil
}

// event decodes the data of a record of type t. The event's text may be part of
// data when the event is not kept.
func (t *Type) event(data []byte, aliased bool) (Event, error) {
	if len(data) == 0 || data[0] != '{' {
		return nil, fmt.Errorf("data of %s: not a JSON object", t.Name)
	}
	e, ok := t.canonical(data, aliased)
	if !ok {
		var err error
		if e, err = t.decode(data); err != nil {
			return nil, fmt.Errorf("data of %s: %w", t.Name, err)
		}
	}
	if t.upcast != nil {
		e = t.upcast(e)
	}
	return e, nil
}
