package bundle_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"caseledger/events"
	"caseledger/replay/bundle"
	"caseledger/replay/checkpoint"
	"caseledger/replay/prooftest"
)

func refused(t testing.TB, b []byte, key note.Verifier, what string) {
	t.Helper()
	var r *bundle.RefusedError
	if _, err := bundle.Check(b, key); !errors.As(err, &r) {
		t.Errorf("%s: %v, want it refused", what, err)
	}
}

func build(t testing.TB, l *prooftest.Ledger, s *checkpoint.State, client string) []byte {
	t.Helper()
	b, err := bundle.Make(client, s, l.Archive, l.History, l.Key)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Given ledgers of many sizes, then a bundle proves exactly the records that the
// client had at the checkpoint, for clients with and without a letter, and for an unknown one.
func TestProves(t *testing.T) {
	l := prooftest.New(t)
	for _, grow := range []int{0, 1, 2, 9, 20, 200, 280} {
		l.Grow(t, grow)
		s := l.Issue(t)
		l.Grow(t, 5) // what comes later is not part of it
		for _, client := range []string{"C-0", "C-1", "C-6", "UNKNOWN"} {
			p, err := bundle.Check(build(t, l, s, client), l.Key)
			if err != nil {
				t.Fatal(err)
			}
			var want []events.Message
			for _, m := range l.Messages[:s.Signed.Size] {
				if m.Subject.ID() == client {
					want = append(want, m)
				}
			}
			if len(p.Records) != len(want) || len(p.Policies) != 1 || p.Ledger.Name != prooftest.Name || p.Checkpoint.Size != s.Signed.Size {
				t.Fatalf("%s at #%d: %d records, want %d; %+v", client, s.Signed.Size, len(p.Records), len(want), p)
			}
			for i, r := range p.Records {
				if r.Sequence != want[i].Sequence || !bytes.Equal(r.Raw, want[i].Data) {
					t.Errorf("%s at #%d: record %d is #%d", client, s.Signed.Size, i, r.Sequence)
				}
			}
		}
	}
}

// Given a bundle, then every byte of it matters: whatever single byte is changed, left out or doubled,
// it is refused, also when the digest at its end is made to fit again.
func TestEveryByte(t *testing.T) {
	l := prooftest.New(t)
	l.Grow(t, 25)
	s := l.Issue(t)
	dice := mathrand.New(mathrand.NewPCG(5, 6))
	mutations := 0
	for _, client := range []string{"C-1", "UNKNOWN"} {
		b := build(t, l, s, client)
		end := bytes.LastIndex(b, []byte("end "))
		for i := range b {
			flipped, another := bytes.Clone(b), bytes.Clone(b)
			flipped[i] ^= 1 << dice.IntN(8)
			another[i] += byte(1 + dice.IntN(255))
			for what, m := range map[string][]byte{
				"flipped": flipped, "changed": another,
				"left out": slices.Delete(bytes.Clone(b), i, i+1),
				"doubled":  slices.Insert(bytes.Clone(b), i, b[i]),
			} {
				mutations++
				refused(t, m, l.Key, fmt.Sprintf("byte %d of %s %s", i, client, what))
				if i < end {
					mutations++
					refused(t, sealed(m), l.Key, fmt.Sprintf("byte %d of %s %s, digest made to fit", i, client, what))
				}
			}
			mutations++
			refused(t, b[:i], l.Key, fmt.Sprintf("%s cut after %d bytes", client, i))
		}
	}
	t.Logf("%d mutations, 0 accepted", mutations)
	if mutations < 10_000 {
		t.Errorf("only %d mutations", mutations)
	}
}

// sealed makes the digest at the end fit.
func sealed(b []byte) []byte {
	end := bytes.LastIndex(b, []byte("end "))
	hash := events.HashOf(b[:end])
	return fmt.Appendf(bytes.Clone(b[:end]), "end %s\n", hex.EncodeToString(hash[:]))
}

// Given cosignatures of witnesses in the checkpoint, then those of the given
// witnesses are verified, and a byte changed in them is refused even by who knows no witness.
func TestWitnessed(t *testing.T) {
	l := prooftest.New(t)
	l.Grow(t, 20)
	s := l.Issue(t)
	private, public, err := checkpoint.GenerateWitnessKey(rand.Reader, "witness.example/w1")
	if err != nil {
		t.Fatal(err)
	}
	w, err := checkpoint.NewWitnessVerifier(public)
	if err != nil {
		t.Fatal(err)
	}
	c, err := checkpoint.NewCosigner(private)
	if err != nil {
		t.Fatal(err)
	}
	if s.Signed, err = checkpoint.AddCosignatures(s.Signed, c.Cosign(s.Signed.Text(), 1234567890), l.Key, w); err != nil {
		t.Fatal(err)
	}
	b := build(t, l, s, "C-1")
	p, err := bundle.Check(b, l.Key, w)
	if err != nil || !slices.Equal(p.Checkpoint.Cosigned, []string{"witness.example/w1"}) {
		t.Errorf("%+v, %v", p.Checkpoint, err)
	}
	p, err = bundle.Check(b, l.Key)
	if err != nil || p.Checkpoint.Unchecked != 1 || len(p.Checkpoint.Cosigned) != 0 {
		t.Errorf("%+v, %v", p.Checkpoint, err)
	}
	at := bytes.Index(b, []byte("witness.example"))
	for i := at; i < at+120; i++ {
		m := bytes.Clone(b)
		m[i] ^= 1
		refused(t, m, l.Key, "a cosignature that nobody checks")
	}
}

// Given a bundle out of which somebody who knows the format took or exchanged records, heads or keys, then
// it is refused.
func TestForged(t *testing.T) {
	l := prooftest.New(t)
	l.Grow(t, 40)
	old := l.Issue(t)
	oldBundle := build(t, l, old, "C-1")
	l.Grow(t, 40)
	s := l.Issue(t)
	b := build(t, l, s, "C-1")
	text := string(b)

	_, _, another := prooftest.Keys(t)
	refused(t, b, another, "another key of the same name")

	// The old checkpoint with the new heads, and the other way round.
	section := func(b, name string) string {
		at := strings.Index(b, "\n"+name+" ") + 1
		var n int
		fmt.Sscanf(b[at:], name+" %d\n", &n)
		start := at + strings.IndexByte(b[at:], '\n') + 1
		return b[at : start+n]
	}
	for _, name := range []string{"checkpoint", "heads"} {
		m := strings.Replace(text, section(text, name), section(string(oldBundle), name), 1)
		refused(t, sealed([]byte(m)), l.Key, "an older "+name)
	}
	// The last record of the client left out, with the counts made to fit: its
	// hash may even be moved into the proof.
	records := strings.Split(text, "\nrecord ")
	m := strings.Join(records[:len(records)-1], "\nrecord ") + "\n" + text[strings.LastIndex(text, "\nproof ")+1:]
	refused(t, sealed([]byte(m)), l.Key, "a record left out")
	var count int
	fmt.Sscanf(text[strings.Index(text, "\nrecords ")+1:], "records %d", &count)
	m = strings.Replace(m, fmt.Sprintf("\nrecords %d\n", count), fmt.Sprintf("\nrecords %d\n", count-1), 1)
	refused(t, sealed([]byte(m)), l.Key, "a record left out and not counted")
	// Another client's bundle under this one's name.
	m = strings.Replace(string(build(t, l, s, "C-3")), "client C-3\n", "client C-1\n", 1)
	refused(t, sealed([]byte(m)), l.Key, "another client's bundle")
}

// Given a ledger whose owner keeps a record back from the heads, then no bundle
// can be made.
func TestMakeRefuses(t *testing.T) {
	l := prooftest.New(t)
	l.Grow(t, 40)
	s := l.Issue(t)
	short := func(s events.Subject) ([]*events.Record, error) {
		all, err := l.History(s)
		return all[:max(0, len(all)-1)], err
	}
	if _, err := bundle.Make("C-1", s, l.Archive, short, l.Key); err == nil {
		t.Error("a bundle was made without the last record")
	}
	if _, err := bundle.Make("no id", s, l.Archive, l.History, l.Key); err == nil {
		t.Error("a bundle was made for an id that is none")
	}
}

// Nothing but hashes of other clients stands in a bundle.
func TestHidesOthers(t *testing.T) {
	l := prooftest.New(t)
	l.Grow(t, 100)
	b := string(build(t, l, l.Issue(t), "C-1"))
	for i := range prooftest.Clients {
		if id := fmt.Sprintf("/C-%d", i); strings.Contains(b, id) != (i == 1) {
			t.Errorf("the bundle of C-1 and %s: contained %v", id, i != 1)
		}
	}
	lines := 0
	for line := range strings.Lines(b[strings.Index(b, "\nproof ")+1:]) {
		if _, err := tlog.ParseHash(strings.TrimSuffix(line, "\n")); err == nil {
			lines++
		}
	}
	if lines == 0 {
		t.Error("the proof has no hashes")
	}
}

func FuzzCheck(f *testing.F) {
	l := prooftest.New(f)
	l.Grow(f, 30)
	s := l.Issue(f)
	good := build(f, l, s, "C-1")
	f.Add(good)
	f.Add(build(f, l, s, "UNKNOWN"))
	f.Add([]byte("caseledger bundle 1\nclient C-1\ncheckpoint 9999999999\n"))
	f.Add([]byte("caseledger bundle 1\nclient C-1\ncheckpoint 0\nheads 0\nsubject a 0 256\n"))
	all := [][]byte{good}
	for _, c := range []string{"C-0", "C-2", "C-3", "C-4", "C-5", "C-6", "UNKNOWN"} {
		all = append(all, build(f, l, s, c))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, m := range [][]byte{b, resealed(b)} {
			if _, err := bundle.Check(m, l.Key); err == nil && !slices.ContainsFunc(all, func(g []byte) bool { return bytes.Equal(g, m) }) {
				t.Errorf("accepted: %q", m)
			}
		}
	})
}

func resealed(b []byte) []byte {
	if bytes.LastIndex(b, []byte("end ")) < 0 {
		return b
	}
	return sealed(b)
}
