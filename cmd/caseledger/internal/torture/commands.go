package torture

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/go-json-experiment/json"
)

// A command is a line of a file that record reads.
type command struct {
	Command    string         `json:"command"`
	ID         string         `json:"id"`
	OccurredOn string         `json:"occurred_on,omitzero"`
	RecordedAt string         `json:"recordedat,omitzero"`
	Fields     map[string]any `json:"fields"`
}

func (c command) line() []byte {
	b, err := json.Marshal(c, json.Deterministic(true))
	if err != nil {
		panic("torture: " + err.Error()) // texts and numbers only
	}
	return append(b, '\n')
}

func (c command) client() string {
	s, _ := c.Fields["client"].(string)
	return s
}

const (
	agency = "A-1"
	shared = "A-2" // every writer opens locations of it
)

// opening is how every ledger begins.
func opening() []command {
	return []command{
		{Command: "sign-subcontract", ID: "a1", OccurredOn: "2008-01-01", Fields: map[string]any{"agency": agency, "name": "Casa", "state": "TX"}},
		{Command: "sign-subcontract", ID: "a2", OccurredOn: "2008-01-01", Fields: map[string]any{"agency": shared, "name": "Puerta", "state": "TX"}},
		{Command: "open-location", ID: "l1", OccurredOn: "2008-01-01", Fields: map[string]any{"agency": agency, "location": "L1", "city": "Austin", "state": "TX"}},
		{Command: "engage-worker", ID: "w1", OccurredOn: "2008-01-01", Fields: map[string]any{"worker": "W-1", "agency": agency, "capacity_percent": 100, "languages": []string{"es"}}},
	}
}

// A hand makes commands that no rule refuses, for clients of its own and for a
// subject that it shares with others.
type hand struct {
	name    string // unique in a ledger; part of ids
	rng     *rand.Rand
	n       int
	clients []string
	clear   bool // nothing that is sealed
	padding int  // bytes that make expenses longer
}

// next makes a new command.
func (h *hand) next() command {
	h.n++
	id := fmt.Sprintf("%s-%d", h.name, h.n)
	pick := h.rng.IntN(10)
	switch {
	case h.clear || pick < 2:
		where := shared
		if h.clear && pick < 5 {
			where = "A-" + h.name
		}
		return command{Command: "open-location", ID: id, Fields: map[string]any{
			"agency": where, "location": fmt.Sprintf("L-%s-%d", h.name, h.n), "city": "Laredo", "state": "TX"}}
	case len(h.clients) == 0 || pick < 5:
		client := fmt.Sprintf("C-%s-%d", h.name, h.n)
		h.clients = append(h.clients, client)
		return command{Command: "enroll-client", ID: id, OccurredOn: "2009-01-05", Fields: map[string]any{
			"client": client, "agency": agency, "location": "L1", "sex": "female", "age_group": "adult",
			"victim_of_severe_trafficking": "yes", "removed_from_situation": "yes", "present_in_us": "yes",
			"immigration_status": "undocumented", "requires_case_management": "yes", "determined_by": "W-1",
			"evidence": "interview", "name": "name of " + client}}
	}
	client := h.clients[h.rng.IntN(len(h.clients))]
	if pick < 7 {
		return command{Command: "book-expense", ID: id, OccurredOn: "2009-01-08", Fields: map[string]any{
			"client": client, "category": "food", "amount_cents": 100 + h.rng.IntN(5000), "note": "receipt of " + client + strings.Repeat(".", h.padding)}}
	}
	return command{Command: "deliver-service", ID: id, OccurredOn: "2009-01-07", Fields: map[string]any{"client": client, "category": "housing"}}
}
