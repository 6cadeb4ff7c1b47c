package torture

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"caseledger/events"
)

// A model is what the program was told and what it answered.
type model struct {
	mu       sync.Mutex
	sent     map[string]bool    // ids of all commands that may be recorded
	acked    map[string]receipt // by command id
	enrolled []string           // clients whose enrollment was acknowledged
}

// A receipt is what record prints for a line.
type receipt struct {
	Status   string      `json:"status"`
	ID       string      `json:"id"`
	Sequence uint64      `json:"sequence"`
	Hash     events.Hash `json:"hash"`
}

func newModel() *model { return &model{sent: map[string]bool{}, acked: map[string]receipt{}} }

func (m *model) send(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sent[id] = true
}

// acknowledge notes a receipt. A command that was acknowledged before must be so
// again with the same record.
func (m *model) acknowledge(c command, r receipt) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r.ID != c.ID || r.Sequence == 0 || r.Hash.IsZero() {
		return fmt.Errorf("command %s was acknowledged with %+v", c.ID, r)
	}
	if before, found := m.acked[c.ID]; found && (before.Sequence != r.Sequence || before.Hash != r.Hash) {
		return fmt.Errorf("command %s was acknowledged as #%d and now as #%d", c.ID, before.Sequence, r.Sequence)
	}
	if _, found := m.acked[c.ID]; !found && c.Command == "enroll-client" {
		m.enrolled = append(m.enrolled, c.client())
	}
	m.acked[c.ID] = r
	return nil
}

// forget takes the acknowledgement of a command for nothing.
func (m *model) forget(c command) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.acked, c.ID)
	if c.Command == "enroll-client" {
		m.enrolled = slices.DeleteFunc(m.enrolled, func(client string) bool { return client == c.client() })
	}
}

// promised returns all receipts by their commands' ids.
func (m *model) promised() map[string]receipt {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.acked)
}

func (m *model) given(id string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sent[id]
}

func (m *model) acknowledged() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.acked)
}

// someone returns one of the clients that are enrolled, and when there are none "".
func (m *model) someone(n int) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.enrolled) == 0 {
		return ""
	}
	return m.enrolled[n%len(m.enrolled)]
}

// A source is where the records of a ledger are read from.
type source interface {
	Read(ctx context.Context, from, to uint64, f func([]events.Message) error) error
	Head(ctx context.Context) (uint64, error)
}

// A verdict is what a reading of all records came to.
type verdict struct {
	records int
	lost    []string // acknowledged, and not where they were acknowledged
	wrong   []string // what must never be: a command twice, a hole, a fork
}

// check reads every record and holds it against the model: every acknowledged
// command stands exactly where it was acknowledged and nowhere else, no command
// stands twice, none was never given, and each record continues its subject, so
// that no two of them followed the same one.
func (m *model) check(ctx context.Context, src source) (verdict, error) {
	var v verdict
	waiting := m.promised() // before the head is read: writers may go on
	head, err := src.Head(ctx)
	if err != nil {
		return v, err
	}
	c := chains{seen: map[string]uint64{}, last: map[events.Subject]*events.Record{}}
	err = src.Read(ctx, 1, head, func(batch []events.Message) error {
		for _, message := range batch {
			r, err := c.next(message)
			if err != nil {
				return err
			}
			if r.Sequence > 1 && !m.given(r.CausationID) {
				v.wrong = append(v.wrong, fmt.Sprintf("#%d is of command %q, which was never given", r.Sequence, r.CausationID))
			}
			if a, found := waiting[r.CausationID]; found && a.Sequence == r.Sequence && a.Hash == r.Hash() {
				delete(waiting, r.CausationID)
			}
		}
		return nil
	})
	v.records, v.wrong = int(c.sequence), append(v.wrong, c.wrong...)
	for _, id := range slices.Sorted(maps.Keys(waiting)) {
		v.lost = append(v.lost, fmt.Sprintf("command %s, acknowledged as #%d", id, waiting[id].Sequence))
	}
	return v, err
}

// chains follows the records of all subjects.
type chains struct {
	sequence uint64
	seen     map[string]uint64 // positions of commands
	last     map[events.Subject]*events.Record
	wrong    []string
}

func (c *chains) next(m events.Message) (*events.Record, error) {
	r, err := events.DecodeStrict(m.Sequence, m.Data)
	if err != nil {
		return nil, err
	}
	note := func(format string, args ...any) { c.wrong = append(c.wrong, fmt.Sprintf(format, args...)) }
	if r.Sequence != c.sequence+1 {
		note("#%d stands after #%d", r.Sequence, c.sequence)
	}
	if before := c.seen[r.CausationID]; before > 0 {
		note("command %s stands at #%d and at #%d", r.CausationID, before, r.Sequence)
	}
	var version uint64
	var previous events.Hash
	if last := c.last[r.Subject]; last != nil {
		version, previous = last.Version, last.Hash()
	}
	if r.Version != version+1 || r.Previous != previous {
		note("#%d of %s has version %d after version %d, or another record before it", r.Sequence, r.Subject, r.Version, version)
	}
	c.sequence, c.seen[r.CausationID], c.last[r.Subject] = r.Sequence, r.Sequence, r
	return r, nil
}
