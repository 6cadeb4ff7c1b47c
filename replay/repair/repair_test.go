package repair_test

import (
	"bytes"
	"slices"
	"testing"

	"caseledger/events"
	"caseledger/events/memlog"
	"caseledger/projections/projtest"
	"caseledger/replay/prooftest"
	"caseledger/replay/repair"
)

// Given an archive that is behind, views that end in the middle and a damaged
// stream, then the log is what it was up to the first record that nobody has.
func TestFill(t *testing.T) {
	l := prooftest.New(t)
	l.Grow(t, 300)
	l.Issue(t)
	l.Grow(t, 60)
	all := l.Messages
	other := prooftest.New(t)
	other.Actor = "another"
	other.Grow(t, 400)
	forged := slices.Clone(all)
	forged[340].Data = other.Messages[340].Data
	archived := repair.Source{Name: "archive", Read: l.Archive, Proven: true}
	for name, test := range map[string]struct {
		sources []repair.Source
		parts   []uint64
	}{
		"archive alone":           {[]repair.Source{archived}, []uint64{302}},
		"views behind it":         {[]repair.Source{archived, {Name: "views", Read: l.Until(200)}}, []uint64{302, 0}},
		"views, then the stream":  {[]repair.Source{archived, {Name: "views", Read: l.Until(320)}, {Name: "stream", Read: l}}, []uint64{302, 18, 42}},
		"a record that is forged": {[]repair.Source{archived, {Name: "stream", Read: &projtest.Stream{Messages: forged}}}, []uint64{302, 38}},
		"a forged one, then none": {[]repair.Source{archived, {Name: "stream", Read: &projtest.Stream{Messages: forged}}, {Name: "views", Read: l.Until(350)}}, []uint64{302, 38, 10}},
		"another ledger's stream": {[]repair.Source{archived, {Name: "stream", Read: other}}, []uint64{302, 0}},
		"no archive, whole views": {[]repair.Source{{Name: "views", Read: l}}, []uint64{362}},
	} {
		t.Run(name, func(t *testing.T) {
			log := memlog.New()
			parts, err := repair.Fill(t.Context(), log, test.sources, nil)
			if err != nil {
				t.Fatal(err)
			}
			var got []uint64
			total := uint64(0)
			for _, p := range parts {
				got, total = append(got, p.Records), total+p.Records
			}
			if !slices.Equal(got, test.parts) {
				t.Errorf("%+v, want %v", parts, test.parts)
			}
			n := 0
			err = log.Read(t.Context(), 1, total, func(batch []events.Message) error {
				for _, m := range batch {
					if !bytes.Equal(m.Data, all[n].Data) || m.Subject != all[n].Subject {
						t.Errorf("record #%d is not what it was", m.Sequence)
					}
					n++
				}
				return nil
			})
			if err != nil || n != int(total) {
				t.Errorf("%d records of %d: %v", n, total, err)
			}
			if _, err := repair.Fill(t.Context(), log, test.sources, nil); err == nil {
				t.Error("a log with records was filled")
			}
		})
	}
}
