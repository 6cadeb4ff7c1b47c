package main

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"caseledger/cmd/caseledger/internal/cli"
)

// The worked examples run twice: through the pure policy (package policy) and,
// here, through the whole program: recorded with record --file into a ledger with
// a simulated clock, and read back as JSON.

type workedCase struct {
	ID           string           `json:"id"`
	Commands     []map[string]any `json:"commands"`
	Population   []population     `json:"population"`
	Queries      []workedQuery    `json:"queries"`
	Alternatives []alternative    `json:"alternatives"`
}

// A population repeats commands for clients PREFIX-1, PREFIX-2, …
type population struct {
	Count    int              `json:"count"`
	Client   string           `json:"client"`
	Commands []map[string]any `json:"commands"`
}

// An alternative is the same case under other settings.
type alternative struct {
	Name     string            `json:"name"`
	Settings map[string]string `json:"settings"`
	Commands []map[string]any  `json:"commands"`
	Queries  []workedQuery     `json:"queries"`
}

type workedQuery struct {
	Query   string `json:"query"`
	Client  string `json:"client"`
	Agency  string `json:"agency"`
	On      string `json:"on"`
	Closing string `json:"closing"`
	From    string `json:"from"`
	To      string `json:"to"`
	Through string `json:"through"` // as known after this command
	Expect  any    `json:"expect"`

	// Of due and advance: see worked_invoice_test.go.
	Before []struct {
		Closing string `json:"closing"`
		Expect  any    `json:"expect"`
	} `json:"before"`
	Advances []struct {
		Agency   string `json:"agency"`
		IssuedOn string `json:"issued_on"`
		Cents    int    `json:"cents"`
	} `json:"advances"`
	Outstanding int `json:"outstanding_cents"`
}

const workedDir = "../../testdata/worked"

func TestWorkedThroughTheProgram(t *testing.T) {
	f, err := os.Open(filepath.Join(workedDir, "worked-examples.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) < 2 {
		t.Fatalf("worked-examples.csv has %d rows: %v", len(rows), err)
	}
	for _, row := range rows[1:] {
		t.Run(row[0], func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(filepath.Join(workedDir, row[0]+".json"))
			if err != nil {
				t.Fatal(err)
			}
			var c workedCase
			if err := json.Unmarshal(data, &c); err != nil {
				t.Fatal(err)
			}
			runWorked(t, c, alternative{Queries: c.Queries})
			for _, a := range c.Alternatives {
				t.Run(strings.ReplaceAll(a.Name, " ", "_"), func(t *testing.T) { runWorked(t, c, a) })
			}
		})
	}
}

// lines returns the commands of a case as a file for record --file, and their
// positions by id: the genesis is record 1, and each command is one record.
func (c workedCase) lines(t *testing.T, a alternative) (file []byte, positions map[string]int) {
	commands := slices.Concat(c.Commands, a.Commands)
	for _, p := range c.Population {
		for i := range p.Count {
			for _, template := range p.Commands {
				text, err := json.Marshal(template)
				if err != nil {
					t.Fatal(err)
				}
				var command map[string]any
				one := bytes.ReplaceAll(text, []byte("{client}"), fmt.Appendf(nil, "%s-%d", p.Client, i+1))
				if err := json.Unmarshal(one, &command); err != nil {
					t.Fatal(err)
				}
				commands = append(commands, command)
			}
		}
	}
	slices.SortStableFunc(commands, func(x, y map[string]any) int {
		return cmp.Compare(x["recordedat"].(string), y["recordedat"].(string))
	})
	if len(a.Settings) > 0 {
		adopt := map[string]any{
			"command": "adopt-policy", "id": "adopt", "occurred_on": "2001-01-01", "recordedat": "2001-01-01T15:00:00Z",
			"actor": "worked-example", "fields": map[string]any{"settings": a.Settings, "authority": "worked example"},
		}
		commands = slices.Insert(commands, 0, adopt)
	}
	positions = map[string]int{}
	for i, command := range commands {
		line, err := json.Marshal(command)
		if err != nil {
			t.Fatal(err)
		}
		file = append(append(file, line...), '\n')
		positions[command["id"].(string)] = i + 2
	}
	return file, positions
}

func runWorked(t *testing.T, c workedCase, a alternative) {
	t.Helper()
	w := &worked{t: t, dir: t.TempDir()}
	w.run("init", "--simulated-clock")
	file, positions := c.lines(t, a)
	if err := os.WriteFile(filepath.Join(w.dir, "commands.jsonl"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	w.run("record", "--file", "commands.jsonl")
	for _, q := range a.Queries {
		got, ok := w.ask(q, positions)
		if !ok {
			continue
		}
		if err := subset(q.Query, q.Expect, got); err != nil {
			t.Error(err)
		}
	}
}

// worked is one ledger.
type worked struct {
	t   *testing.T
	dir string
}

// run runs the program and returns what it printed.
func (w *worked) run(args ...string) []byte {
	w.t.Helper()
	out, err := w.try(args...)
	if err != nil {
		w.t.Fatalf("caseledger %s: %v", strings.Join(args, " "), err)
	}
	return out
}

// try runs the program and returns what it printed, and its error.
func (w *worked) try(args ...string) ([]byte, error) {
	var out, errs bytes.Buffer
	p := &cli.Program{
		Args: args, Dir: w.dir, In: strings.NewReader(""), Out: &out, Err: &errs, User: "test",
		Getenv: func(string) string { return "" }, Now: time.Now, Version: "test", ExitCode: exitCode,
	}
	err := p.Run(w.t.Context())
	return out.Bytes(), err
}

func (w *worked) json(args ...string) (value map[string]any) {
	w.t.Helper()
	out := w.run(append(args, "--format", "json")...)
	if err := json.Unmarshal(out, &value); err != nil {
		w.t.Fatalf("caseledger %s: %v in %s", strings.Join(args, " "), err, out)
	}
	return value
}

// ask answers a query by the command line. What only invoices answer (due,
// advance) is asked by TestWorkedInvoices.
func (w *worked) ask(q workedQuery, positions map[string]int) (got any, ok bool) {
	w.t.Helper()
	var at []string
	if q.Through != "" {
		at = []string{"--as-of", fmt.Sprintf("#%d", positions[q.Through])}
	}
	switch q.Query {
	case "clocks":
		return w.json(append(at, "clocks", "--client", q.Client, "--on", q.On)...), true
	case "reimbursement":
		return w.json(append(at, "reimbursement", "--client", q.Client, "--closing", q.Closing)...), true
	case "agency":
		return w.agency(q), true
	case "count":
		return w.count(q), true
	case "due", "advance":
		return nil, false
	}
	w.t.Fatalf("query %q is not known to this test", q.Query)
	return nil, false
}

// agency adds up one agency's part of every client's reimbursement.
func (w *worked) agency(q workedQuery) any {
	sum := map[string]any{"agency": q.Agency, "administrative_cents": 0.0, "client_cents": 0.0}
	clocks := w.json("clocks", "--agency", q.Agency, "--on", q.Closing)["clocks"].([]any)
	for _, c := range clocks {
		client := c.(map[string]any)["client"].(string)
		r := w.json("reimbursement", "--client", client, "--closing", q.Closing)
		for _, part := range r["by_agency"].([]any) {
			if part := part.(map[string]any); part["agency"] == q.Agency {
				sum["administrative_cents"] = sum["administrative_cents"].(float64) + part["administrative_cents"].(float64)
				sum["client_cents"] = sum["client_cents"].(float64) + part["client_cents"].(float64)
			}
		}
	}
	return sum
}

// count reads the table of clients enrolled (R30).
func (w *worked) count(q workedQuery) any {
	r := w.json("report", "clients-enrolled", "--from", q.From[:7], "--to", q.To[:7])
	total := map[string]float64{}
	for _, row := range r["rows"].([]any) {
		var n float64
		if _, err := fmt.Sscan(row.([]any)[1].(string), &n); err != nil {
			w.t.Fatal(err)
		}
		total[row.([]any)[0].(string)] = n
	}
	before, after := total["Pre-certified only"], total["Certified only"]
	moved := total["Clients originally enrolled as pre-certified who became certified"]
	return map[string]any{
		"pre_certified_only": before, "certified_only": after, "moved": moved, "derivative": total["Family derivative"],
		"pre_certified_ever": before + moved, "certified_ever": after + moved,
		"victims": total["Total victims enrolled"], "served": total["Total clients served"],
	}
}

// subset reports where got lacks something of want. Lists must have the length
// that is wanted.
func subset(at string, want, got any) error {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			return fmt.Errorf("%s: got %v, want an object", at, got)
		}
		for name, v := range want {
			if err := subset(at+"."+name, v, object[name]); err != nil {
				return err
			}
		}
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return fmt.Errorf("%s: got %v, want %v", at, got, want)
		}
		for i, v := range want {
			if err := subset(fmt.Sprintf("%s[%d]", at, i), v, list[i]); err != nil {
				return err
			}
		}
	default:
		if want != got {
			return fmt.Errorf("%s: got %v, want %v", at, got, want)
		}
	}
	return nil
}
