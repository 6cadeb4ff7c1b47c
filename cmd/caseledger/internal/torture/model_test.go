package torture

import (
	"fmt"
	"slices"
	"testing"

	"caseledger/events"
	"caseledger/projections/projtest"
)

// told is a model of a stream whose commands were all given and acknowledged.
func told(t *testing.T, s *projtest.Stream) *model {
	t.Helper()
	m := newModel()
	for _, message := range s.Messages {
		r, err := events.Decode(message.Sequence, message.Data)
		if err != nil {
			t.Fatal(err)
		}
		c := command{ID: r.CausationID}
		m.send(c.ID)
		if err := m.acknowledge(c, receipt{ID: c.ID, Sequence: r.Sequence, Hash: r.Hash()}); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// Given a history and what was acknowledged of it, then every way in which the two do
// not fit is found: a check that finds nothing would make every figure 0.
func TestModelFindsWhatIsWrong(t *testing.T) {
	whole := &projtest.Stream{}
	for n := range 6 {
		whole.Add(t, projtest.Entry{On: "2009-01-05", Subject: events.SubjectOf(events.KindAgency, fmt.Sprintf("A-%d", n%2)), Event: &events.LocationOpened{Location: fmt.Sprintf("L%d", n), City: "Austin", State: "TX"}})
	}
	for _, c := range []struct {
		name        string
		stream      func() *projtest.Stream
		change      func(*model)
		lost, wrong int
	}{
		{"nothing", func() *projtest.Stream { return whole }, func(*model) {}, 0, 0},
		{"the last record is gone", func() *projtest.Stream { return whole.Until(5) }, func(*model) {}, 1, 0},
		{"all is gone", func() *projtest.Stream { return whole.Until(0) }, func(*model) {}, 6, 0},
		{"another record stands there", func() *projtest.Stream { return whole }, func(m *model) {
			for id, r := range m.acked {
				if r.Sequence == 3 {
					r.Hash[0] ^= 1
					m.acked[id] = r
				}
			}
		}, 1, 0},
		{"a command was never given", func() *projtest.Stream { return whole }, func(m *model) {
			for id, r := range m.acked {
				if r.Sequence == 3 {
					delete(m.sent, id)
				}
			}
		}, 0, 1},
		{"a record stands twice", func() *projtest.Stream {
			twice := &projtest.Stream{Messages: slices.Clone(whole.Messages)}
			last := twice.Messages[5]
			last.Sequence = 7
			twice.Messages = append(twice.Messages, last)
			return twice
		}, func(*model) {}, 0, 2}, // the command, and the chain of its subject
		{"a hole", func() *projtest.Stream {
			hole := &projtest.Stream{Messages: slices.Clone(whole.Messages)}
			hole.Messages = slices.Delete(hole.Messages, 2, 3)
			return hole
		}, func(*model) {}, 1, 2}, // the position, and the chain
	} {
		t.Run(c.name, func(t *testing.T) {
			m := told(t, whole)
			c.change(m)
			v, err := m.check(t.Context(), c.stream())
			if err != nil {
				t.Fatal(err)
			}
			if len(v.lost) != c.lost || len(v.wrong) != c.wrong {
				t.Errorf("lost %q, wrong %q; want %d and %d", v.lost, v.wrong, c.lost, c.wrong)
			}
		})
	}
}

func TestModelTakesOneReceiptForACommand(t *testing.T) {
	m := newModel()
	c, r := command{ID: "a"}, receipt{ID: "a", Sequence: 3, Hash: events.HashOf([]byte("x"))}
	if err := m.acknowledge(c, r); err != nil {
		t.Fatal(err)
	}
	if err := m.acknowledge(c, r); err != nil {
		t.Errorf("the same again: %v", err)
	}
	r.Sequence = 4
	if err := m.acknowledge(c, r); err == nil {
		t.Error("a command was acknowledged at two positions")
	}
	if err := m.acknowledge(c, receipt{ID: "a"}); err == nil {
		t.Error("a receipt without a record was taken")
	}
}
