package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"caseledger/aggregates"
)

// What invoices and advances answer (due, advance) is asked of the whole program:
// commands, advances and invoices are recorded in the order of time, and every line
// is traced back to its records.

// TestWorkedInvoices runs W14, W20, W21 and W27, and every other case that asks
// what is due.
func TestWorkedInvoices(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(workedDir, "W*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no worked examples: %v", err)
	}
	asked := map[string]bool{}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var c workedCase
		if err := json.Unmarshal(data, &c); err != nil {
			t.Fatal(err)
		}
		for _, a := range append([]alternative{{Name: "default", Queries: c.Queries}}, c.Alternatives...) {
			for i, q := range a.Queries {
				if q.Query != "due" && q.Query != "advance" {
					continue
				}
				asked[c.ID] = true
				t.Run(strings.ReplaceAll(fmt.Sprintf("%s/%s/%s_%d", c.ID, a.Name, q.Query, i), " ", "_"), func(t *testing.T) {
					t.Parallel()
					if q.Query == "due" {
						askDue(t, c, a, q)
					} else {
						askAdvance(t, c, a, q)
					}
				})
			}
		}
	}
	for _, id := range []string{"W14", "W20", "W21", "W27"} {
		if !asked[id] {
			t.Errorf("%s asks nothing of invoices", id)
		}
	}
}

// A moment is something that happens at a time.
type moment struct {
	at string
	do func()
}

// timeline records a case up to a time, with the advances and the earlier invoices
// of a question.
func timeline(t *testing.T, c workedCase, a alternative, q workedQuery, until string) *worked {
	w := &worked{t: t, dir: t.TempDir()}
	w.run("init", "--simulated-clock")
	var moments []moment
	file, _ := c.lines(t, a)
	for line := range strings.SplitSeq(strings.TrimSpace(string(file)), "\n") {
		var command struct {
			RecordedAt string `json:"recordedat"`
		}
		if err := json.Unmarshal([]byte(line), &command); err != nil {
			t.Fatal(err)
		}
		moments = append(moments, moment{command.RecordedAt, func() {
			if err := os.WriteFile(filepath.Join(w.dir, "one.jsonl"), []byte(line), 0o600); err != nil {
				t.Fatal(err)
			}
			w.run("record", "--file", "one.jsonl")
		}})
	}
	for _, d := range q.Advances {
		moments = append(moments, moment{d.IssuedOn + "T16:00:00Z", func() {
			w.run("advance", "issue", "--agency", d.Agency, "--client", q.Client, "--amount-cents", strconv.Itoa(d.Cents),
				"--occurred-on", d.IssuedOn, "--recordedat", d.IssuedOn+"T16:00:00Z")
		}})
	}
	for _, b := range q.Before {
		moments = append(moments, moment{b.Closing + "T20:00:00Z", func() {
			if err := subset("invoice of "+b.Closing, b.Expect, w.bill(q.Agency, b.Closing)); err != nil {
				t.Error(err)
			}
		}})
	}
	slices.SortStableFunc(moments, func(a, b moment) int { return cmp.Compare(a.at, b.at) })
	for _, m := range moments {
		if m.at <= until {
			m.do()
		}
	}
	return w
}

func askDue(t *testing.T, c workedCase, a alternative, q workedQuery) {
	w := timeline(t, c, a, q, q.Closing+"T20:30:00Z")
	if err := subset("due", q.Expect, w.bill(q.Agency, q.Closing)); err != nil {
		t.Error(err)
	}
	r := w.json("audit", "trace", "--all")
	if d := r["differences"].([]any); len(d) != 0 {
		t.Errorf("the trace differs: %v", d)
	}
}

// bill generates an invoice and returns what a statement says of it: an agency for
// which nothing is due gets none.
func (w *worked) bill(agency, closing string) map[string]any {
	w.t.Helper()
	statement := map[string]any{"administrative_cents": 0.0, "client_cents": 0.0, "cleared_cents": 0.0, "total_cents": 0.0,
		"under_review_cents": 0.0, "advance_outstanding_cents": 0.0, "lines": []any{}}
	var invoiced []map[string]any
	out := w.run("invoice", "generate", "--agency", agency, "--closing", closing, "--recordedat", closing+"T21:00:00Z", "--format", "json")
	if err := json.Unmarshal(out, &invoiced); err != nil || len(invoiced) != 1 {
		w.t.Fatalf("invoice of %s: %v in %s", closing, err, out)
	}
	if invoiced[0]["nothing_due"] == true {
		return statement
	}
	name := fmt.Sprintf("%s/%v", agency, invoiced[0]["number"])
	for key, value := range w.json("invoice", "show", name)["totals"].(map[string]any) {
		statement[key] = value
	}
	standings, _ := w.json("invoice", "show", name)["standings"].([]any)
	for _, s := range standings {
		for key, value := range s.(map[string]any) {
			statement[key] = value
		}
	}
	lines := []any{}
	for _, l := range w.json("audit", "trace", name)["lines"].([]any) {
		line := l.(map[string]any)
		if _, adjusts := line["adjustment"]; !adjusts {
			line["adjustment"] = false
		}
		line["causes"] = line["caused"]
		lines = append(lines, line)
	}
	statement["lines"] = lines
	return statement
}

// askAdvance tries a cent more than may be advanced, and then what may.
func askAdvance(t *testing.T, c workedCase, a alternative, q workedQuery) {
	context := workedQuery{}
	for _, due := range a.Queries {
		if due.Query == "due" && due.Client == q.Client {
			context = due
		}
	}
	if q.Outstanding == 0 {
		context.Advances = nil
	}
	w := timeline(t, c, a, context, q.On+"T15:30:00Z")
	allowed := int(q.Expect.(map[string]any)["allowed_cents"].(float64))
	issue := func(cents int) error {
		_, err := w.try("advance", "issue", "--agency", context.Agency, "--client", q.Client, "--amount-cents", strconv.Itoa(cents),
			"--occurred-on", q.On, "--recordedat", q.On+"T16:00:00Z")
		return err
	}
	var refusal *aggregates.Refusal
	if err := issue(allowed + 1); !errors.As(err, &refusal) || refusal.Rule != "R19" {
		t.Errorf("%d cents on %s: got %v, want a refusal by R19", allowed+1, q.On, err)
	}
	if allowed > 0 {
		if err := issue(allowed); err != nil {
			t.Errorf("%d cents on %s: %v", allowed, q.On, err)
		}
	}
}
