package policy_test

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

	"caseledger/aggregates/policy"
	"caseledger/events"
)

const workedDir = "../../testdata/worked"

// A worked case is one row of worked-examples.csv: commands, and what the
// queries must answer afterwards, by hand. An alternative is the same case with
// settings adopted from 2001-01-01 on, before everything else, and with its own
// commands after the case's. A population repeats commands for many clients,
// "{client}" standing for PREFIX-1, PREFIX-2, …; all commands are fed in order
// of recordedat.
type workedCase struct {
	ID           string        `json:"id"`
	Title        string        `json:"title"`
	Commands     []command     `json:"commands"`
	Population   []population  `json:"population"`
	Queries      []query       `json:"queries"`
	Alternatives []alternative `json:"alternatives"`
}

type population struct {
	Count    int       `json:"count"`
	Client   string    `json:"client"`
	Commands []command `json:"commands"`
}

type alternative struct {
	Name     string            `json:"name"`
	Settings map[string]string `json:"settings"`
	Commands []command         `json:"commands"`
	Queries  []query           `json:"queries"`
}

// A query names what is asked and the members that the answer must have: clocks
// and reimbursement in their published shapes; agency: the client's amounts of
// one agency over all clients; due: what an invoice comes to after those before
// it; advance: what may be advanced; count: clients by category (R30).
type query struct {
	Query       string           `json:"query"`
	Client      string           `json:"client"`
	Agency      string           `json:"agency"`
	On          events.Date      `json:"on"`
	Closing     events.Date      `json:"closing"`
	From        events.Date      `json:"from"`
	To          events.Date      `json:"to"`
	Through     string           `json:"through"` // as known after this command; empty: after all
	Outstanding events.Cents     `json:"outstanding_cents"`
	Before      []issued         `json:"before"`
	Advances    []policy.Advance `json:"advances"`
	Expect      map[string]any   `json:"expect"`
}

// An issued invoice was made at a closing date when the ledger held the commands
// through one of them.
type issued struct {
	Closing events.Date    `json:"closing"`
	Through string         `json:"through"`
	Expect  map[string]any `json:"expect"`
}

func TestWorked(t *testing.T) {
	ids := workedIDs(t)
	files, err := filepath.Glob(filepath.Join(workedDir, "W*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if id := strings.TrimSuffix(filepath.Base(file), ".json"); !slices.Contains(ids, id) {
			t.Errorf("%s is a case without a row in worked-examples.csv", file)
		}
	}
	for _, id := range ids {
		t.Run(id, func(t *testing.T) {
			c := readWorked(t, id)
			runWorked(t, c, alternative{Queries: c.Queries})
			for _, a := range c.Alternatives {
				t.Run(strings.ReplaceAll(a.Name, " ", "_"), func(t *testing.T) { runWorked(t, c, a) })
			}
		})
	}
}

func workedIDs(t *testing.T) []string {
	f, err := os.Open(filepath.Join(workedDir, "worked-examples.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) < 2 || rows[0][0] != "id" {
		t.Fatalf("worked-examples.csv: %d rows, %v", len(rows), err)
	}
	ids := make([]string, 0, len(rows))
	for _, row := range rows[1:] {
		ids = append(ids, row[0])
	}
	return ids
}

func readWorked(t *testing.T, id string) workedCase {
	data, err := os.ReadFile(filepath.Join(workedDir, id+".json"))
	if err != nil {
		t.Fatalf("row %s of worked-examples.csv has no case: %v", id, err)
	}
	var c workedCase
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		t.Fatalf("%s.json: %v", id, err)
	}
	if c.ID != id || len(c.Queries) == 0 {
		t.Fatalf("%s.json: id %q with %d queries", id, c.ID, len(c.Queries))
	}
	return c
}

// commands returns everything that is recorded for a case, in order.
func (c workedCase) commands(a alternative) []command {
	all := slices.Concat(c.Commands, a.Commands)
	for _, p := range c.Population {
		for i := range p.Count {
			for _, cmd := range p.Commands {
				all = append(all, cmd.replace("{client}", fmt.Sprintf("%s-%d", p.Client, i+1)))
			}
		}
	}
	slices.SortStableFunc(all, func(x, y command) int { return cmp.Compare(x.RecordedAt, y.RecordedAt) })
	return all
}

func runWorked(t *testing.T, c workedCase, a alternative) {
	t.Helper()
	commands := c.commands(a)
	if len(a.Queries) == 0 {
		t.Fatal("no queries")
	}
	for _, q := range a.Queries {
		got := ask(t, commands, a.Settings, q)
		if err := subset(q.Query, generic(t, q.Expect), generic(t, got)); err != nil {
			t.Error(err)
		}
	}
}

// known returns the world after the commands through one of them.
func known(t *testing.T, commands []command, settings map[string]string, through string) *world {
	w := newWorld(t)
	w.adopt("2001-01-01", settings)
	for _, c := range commands {
		w.run(c)
		if c.ID == through {
			return w
		}
	}
	if through != "" {
		t.Fatalf("no command %s", through)
	}
	return w
}

func ask(t *testing.T, commands []command, settings map[string]string, q query) any {
	w := known(t, commands, settings, q.Through)
	switch q.Query {
	case "clocks":
		return w.evaluate(q.Client).On(q.On)
	case "reimbursement":
		return w.evaluate(q.Client).At(q.Closing)
	case "agency":
		sum := policy.AgencyAmount{Agency: q.Agency}
		for _, client := range w.clients {
			r := w.evaluate(client).At(q.Closing)
			part := r.Agency(q.Agency)
			sum.AdministrativeCents += part.AdministrativeCents
			sum.ClientCents += part.ClientCents
		}
		return sum
	case "due":
		return askDue(t, w, commands, settings, q)
	case "advance":
		allowed, reason := w.evaluate(q.Client).AdvanceAllowed(q.On, q.Outstanding)
		return map[string]any{"allowed_cents": allowed, "reason": reason}
	case "count":
		return count(w, q.From, q.To)
	}
	t.Fatalf("query %q is not known to this test", q.Query)
	return nil
}

func askDue(t *testing.T, w *world, commands []command, settings map[string]string, q query) any {
	account := policy.Account{Advances: q.Advances}
	for _, b := range q.Before {
		then := known(t, commands, settings, b.Through)
		s := then.evaluate(q.Client).Due(q.Agency, b.Closing, account)
		if err := subset("invoice of "+b.Closing.String(), generic(t, b.Expect), generic(t, s)); err != nil {
			t.Error(err)
		}
		account = bill(account, s, then.sequence)
	}
	return w.evaluate(q.Client).Due(q.Agency, q.Closing, account)
}

// bill enters a statement into an account, as an invoice made at a position does.
func bill(account policy.Account, s policy.Statement, position uint64) policy.Account {
	account.Closing, account.Position = max(account.Closing, s.Closing), position
	account.Lines = slices.Clone(account.Lines)
	for _, l := range s.Lines {
		account.Lines = append(account.Lines, policy.Billed{LineKey: l.LineKey, Start: l.Start, End: l.End, Cents: l.Cents, Position: position})
	}
	return account
}

func count(w *world, from, to events.Date) map[string]int {
	n := map[string]int{}
	for _, f := range w.facts {
		c := policy.CategoryIn(f, from, to)
		if c == policy.NotServed {
			continue
		}
		n[string(c)]++
		n["served"]++
		for name, is := range map[string]bool{
			"pre_certified_ever": c.PreCertifiedEver(), "certified_ever": c.CertifiedEver(), "victims": c.IsVictim(),
		} {
			if is {
				n[name]++
			}
		}
	}
	return n
}
