package app

import (
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"caseledger/aggregates"
	"caseledger/events"
)

type everyType struct {
	Text   string            `json:"text" doc:"x"`
	Flag   bool              `json:"flag" doc:"x"`
	Count  int               `json:"count" doc:"x"`
	Amount events.Cents      `json:"amount_cents" doc:"x"`
	Day    events.Date       `json:"day" doc:"x"`
	List   []string          `json:"list" doc:"x"`
	Map    map[string]string `json:"map" doc:"x"`
	Name   string            `json:"name" doc:"x" secret:"identity"`
	Born   events.Date       `json:"born" doc:"x" secret:"identity"`
	Notes  []string          `json:"notes" doc:"x" secret:"identity"`
}

func (*everyType) Target(string) (events.Subject, error) { return "worker/W-1", nil }

// plainKeys gives a text for its own MAC, so that a test can see what was hashed.
type plainKeys struct{ Keys }

func (plainKeys) MAC(_ events.Subject, _ events.KeyClass, text []byte) (h events.Hash, _ error) {
	copy(h[:], text)
	return h, nil
}

func TestBodyIsCanonicalJSON(t *testing.T) {
	full := &everyType{
		Text: "é \"<\u2028", Flag: true, Count: 3, Amount: 1250, Day: events.MustDate("2009-01-05"),
		List: []string{"es", "en"}, Map: map[string]string{"b": "2", "a": "1"},
		Name: "Ana", Born: events.MustDate("1980-02-03"), Notes: []string{"x", "y"},
	}
	a := &App{keys: plainKeys{}}
	c, err := NewCatalogue(aggregates.Aggregate{Kind: events.KindWorker, Commands: []aggregates.Spec{{
		Name: "all", Kind: events.KindWorker, New: func() aggregates.Command { return &everyType{} },
	}}})
	if err != nil {
		t.Fatal(err)
	}
	command, err := c.Lookup("all")
	if err != nil {
		t.Fatal(err)
	}
	bodies := map[string]bool{}
	for _, req := range []Request{
		{Name: "all", Actor: "amy", Role: "r", OccurredOn: full.Day, Command: full},
		{Name: "all", Actor: "amy", Role: "r", Command: full},
		{Name: "all", Actor: "amy", Role: "r", Agency: "A-1", Command: full},
		{Name: "all", Actor: "bo", Role: "r", Command: full},
		{Name: "all", Actor: "amy", Role: "s", Command: full},
		{Name: "all", Actor: "amy", Role: "r", Command: &everyType{}},
		{Name: "all", Actor: "amy", Role: "r", Command: &everyType{Name: "Ana"}},
		{Name: "all", Actor: "amy", Role: "r", Command: &everyType{Name: "Eva"}},
		{Name: "all", Actor: "amy", Role: "r", Command: &everyType{Born: full.Born}},
		{Name: "all", Actor: "amy", Role: "r", Command: &everyType{Born: full.Born + 1}},
		{Name: "all", Actor: "amy", Role: "r", Command: &everyType{Notes: []string{"x"}}},
		{Name: "all", Actor: "amy", Role: "r", Command: &everyType{Notes: []string{"y"}}},
		{Name: "all", Actor: "amy", Role: "r", Command: &everyType{List: []string{"x"}}},
		{Name: "all", Actor: "amy", Role: "r", Command: &everyType{Text: "x"}},
	} {
		body, err := a.appendBody(nil, "worker/W-1", command, &req)
		if err != nil {
			t.Fatal(err)
		}
		canonical := jsontext.Value(append([]byte(nil), body...))
		if err := canonical.Canonicalize(); err != nil || string(canonical) != string(body) {
			t.Errorf("%s is not canonical: %s, error %v", body, canonical, err)
		}
		bodies[string(body)] = true
	}
	if len(bodies) != 14 {
		t.Errorf("14 commands have %d bodies", len(bodies))
	}
}
