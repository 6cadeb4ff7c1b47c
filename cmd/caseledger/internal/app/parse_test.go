package app_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/cmd/caseledger/internal/sample"
	"caseledger/events"
)

// schemas compiles the schema of every command.
func schemas(t *testing.T) map[string]*jsonschema.Schema {
	t.Helper()
	compiled := map[string]*jsonschema.Schema{}
	for _, c := range app.Commands().Commands() {
		text, err := json.Marshal(c.Schema())
		if err != nil {
			t.Fatal(err)
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		compiler := jsonschema.NewCompiler()
		compiler.DefaultDraft(jsonschema.Draft2020)
		compiler.AssertFormat()
		if err := compiler.AddResource("command.json", document); err != nil {
			t.Fatal(err)
		}
		if compiled[c.Name], err = compiler.Compile("command.json"); err != nil {
			t.Fatalf("schema of %s: %v", c.Name, err)
		}
	}
	return compiled
}

// TestEveryInterfaceMeansTheSameCommand writes the sample's commands as lines:
// they come back as they were, and the schemas accept them.
func TestEveryInterfaceMeansTheSameCommand(t *testing.T) {
	compiled := schemas(t)
	seen := map[string]int{}
	n := 0
	for req := range sample.Requests(sample.Config{}) {
		if seen[req.Name]++; seen[req.Name] > 50 {
			continue
		}
		n++
		line, err := app.FormatLine(req)
		if err != nil {
			t.Fatal(err)
		}
		again, err := app.Commands().ParseLine(n, line, app.Defaults{})
		if err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if !reflect.DeepEqual(req, again) {
			t.Fatalf("got %+v\nwant %+v\nfrom %s", again, req, line)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
		if err != nil {
			t.Fatal(err)
		}
		if err := compiled[req.Name].Validate(value); err != nil {
			t.Fatalf("schema of %s: %v in %s", req.Name, err, line)
		}
		value.(map[string]any)["fields"].(map[string]any)["colour"] = "red"
		if compiled[req.Name].Validate(value) == nil {
			t.Fatalf("schema of %s accepts an unknown field", req.Name)
		}
	}
	if n < 500 || len(seen) < 25 {
		t.Errorf("only %d commands of %d kinds were tried", n, len(seen))
	}
}

func TestEveryFaultOfTextsIsNamed(t *testing.T) {
	_, err := app.Commands().ParseTexts("book-expense", map[string]string{
		"client": "c 1", "category": "cars", "amount": "12.5", "colour": "red",
	})

	var fields []string
	for _, fault := range app.Faults(err) {
		fields = append(fields, asError[*app.InputError](t, fault).Field)
	}
	if got := strings.Join(fields, " "); got != "amount colour client category" {
		t.Errorf("got faults in %s: %v", got, err)
	}
}

func TestParseDollars(t *testing.T) {
	for text, want := range map[string]events.Cents{
		"12.50": 1250, "12": 1200, "$1,166.67": 116667, "0.01": 1, "1,000,000": 100000000,
	} {
		if got, err := app.ParseDollars(text); err != nil || got != want {
			t.Errorf("%q: got %d and error %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "12.5", "-1.00", "1e3", ".50", "1,00.00", "12.345", "twelve", "1,0000.00", "99999999999999999999.00", "12.", "$"} {
		if got, err := app.ParseDollars(text); err == nil {
			t.Errorf("%q: got %d, want an error", text, got)
		}
	}
}

func FuzzParseLine(f *testing.F) {
	f.Add([]byte(`{"command":"book-expense","id":"x","occurred_on":"2009-01-05","actor":"a","fields":{"client":"C-1","category":"food","amount_cents":1250,"note":"é"}}`))
	f.Add([]byte(`{"command":"adopt-policy","id":"x","recordedat":"2009-01-05T10:00:00Z","fields":{"settings":{"period_unit":"days30"},"authority":"x"}}`))
	f.Add([]byte(`{"command":"engage-worker","id":"x","fields":{"agency":"A-1","capacity_percent":60,"languages":["en","es"],"supervisor":true}}`))
	f.Add([]byte(`{"command":"x","command":"y"}`))
	f.Add([]byte(`{"command":"book-expense","actor":"","fields":{"client":"0","category":"food","amount_cents":1}}`))
	f.Add([]byte(`{"command":"adopt-policy","fields":{"settings":{},"authority":"x"}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		req, err := app.Commands().ParseLine(7, line, app.Defaults{Actor: "amy"})
		if err != nil {
			for _, fault := range app.Faults(err) {
				var input *app.InputError
				if !errors.As(fault, &input) || input.Line != 7 {
					t.Fatalf("%v does not name the line", fault)
				}
			}
			return
		}
		again, err := app.FormatLine(req)
		if err != nil {
			t.Fatal(err)
		}
		back, err := app.Commands().ParseLine(7, again, app.Defaults{Actor: "amy"})
		if err != nil || !reflect.DeepEqual(req, back) {
			t.Fatalf("%s came back as %+v with error %v", again, back, err)
		}
	})
}

func FuzzReadImport(f *testing.F) {
	f.Add([]byte("client,category,amount,occurred_on\nC-1,food,12.50,2009-01-05\n"), "book-expense")
	f.Add([]byte("\ufeffagency,location,city,state\nA-1,L1,\"Aus\ntin\",TX\nA-1,L1\n"), "open-location")
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		file, err := app.Commands().ReadImport(bytes.NewReader(data), name, app.Defaults{Actor: "amy"})
		if err != nil {
			return
		}
		ids := map[string]bool{}
		line := 1
		for _, row := range file.Rows {
			if row.Line <= line {
				t.Fatalf("line %d after line %d", row.Line, line)
			}
			line = row.Line
			if row.Err == nil && row.Request.Command == nil {
				t.Fatal("a row without faults has no command")
			}
			if id := row.Request.ID; strings.HasPrefix(id, "row-") {
				if ids[id] {
					t.Fatalf("two rows have the id %s", id)
				}
				ids[id] = true
			}
		}
	})
}

func TestRowIDsDoNotDependOnSecrets(t *testing.T) {
	read := func(name string) string {
		const header = "agency,name,occurred_on\n"
		file, err := catalogue(t).ReadImport(strings.NewReader(header+"A-1,"+name+",2009-01-05\n"), "engage-person", app.Defaults{})
		if err != nil {
			t.Fatal(err)
		}
		return file.Rows[0].Request.ID
	}
	if read("Ana") != read("Eva") {
		t.Error("the id of a row tells names apart: names could be tried against it")
	}
}

func TestImportTriesRowsInOrderAndRecordsNothing(t *testing.T) {
	a, log := given(t, false)
	const rows = "agency,name,occurred_on\nA-1,Ana,2009-01-05\n"
	read := func(name, text string) *app.Import {
		file, err := a.Catalogue().ReadImport(strings.NewReader(text), name, app.Defaults{Actor: "amy"})
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Check(t.Context(), file, func(int) {}); err != nil {
			t.Fatal(err)
		}
		return file
	}

	// Given no agency, when a person is to be engaged there, then the row is bad.
	if bad := read("engage-person", rows).Bad(); len(bad) != 1 {
		t.Fatalf("got %d bad rows, want 1", len(bad))
	}
	// A row may rest on one before it: two suspensions, the second fulfilled by the first.
	must(t, a, sign("c1", "A-1"))
	if bad := read("suspend-office", "agency,reason\nA-1,audit\nA-1,audit\n").Bad(); len(bad) != 0 {
		t.Errorf("got %v", bad[0].Err)
	}
	if head(t, log) != 2 {
		t.Fatalf("trying recorded something: the log has %d records", head(t, log))
	}
	// What was tried did not touch the states that decide.
	file := read("engage-person", rows)
	if n, err := a.Record(t.Context(), file, func(int) {}, func(int, app.Receipt) {}); err != nil || n != 1 {
		t.Errorf("recorded %d rows with error %v, want 1", n, err)
	}
	if again := read("engage-person", rows); !again.Rows[0].Done || again.Rows[0].Err != nil {
		t.Errorf("imported again: got %+v, want it done", again.Rows[0])
	}
}
