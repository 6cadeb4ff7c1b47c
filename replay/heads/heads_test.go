package heads_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"caseledger/events"
	"caseledger/replay/heads"
)

// naive is the root by the definition in the package comment, from a plain map.
func naive(all map[events.Subject]heads.Head, depth int) tlog.Hash {
	if len(all) == 0 {
		return tlog.Hash{}
	}
	left, right := map[events.Subject]heads.Head{}, map[events.Subject]heads.Head{}
	for s, h := range all {
		k := sha256.Sum256([]byte(s))
		if len(all) == 1 {
			b := append([]byte{0}, k[:]...)
			b = binary.BigEndian.AppendUint64(b, h.Version)
			return sha256.Sum256(append(b, h.Hash[:]...))
		}
		if k[depth/8]&(0x80>>(depth%8)) == 0 {
			left[s] = h
		} else {
			right[s] = h
		}
	}
	l, r := naive(left, depth+1), naive(right, depth+1)
	return sha256.Sum256(append(append([]byte{1}, l[:]...), r[:]...))
}

func subject(n int) events.Subject { return events.SubjectOf(events.KindCase, fmt.Sprintf("C-%d", n)) }

func head(n uint64) heads.Head {
	return heads.Head{Version: n, Hash: events.HashOf(fmt.Appendf(nil, "record %d", n))}
}

// tree returns a tree of n subjects.
func tree(t testing.TB, n int) *heads.Tree {
	tr := heads.New()
	for i := range n {
		if err := tr.Set(subject(i), head(uint64(i)+1)); err != nil {
			t.Fatal(err)
		}
	}
	return tr
}

// Given any sets in any order, stored and loaded in between, then root and proofs
// are those of the naive model.
func TestModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		tr, model := heads.New(), map[events.Subject]heads.Head{}
		for range rapid.IntRange(0, 60).Draw(rt, "steps") {
			s := subject(rapid.IntRange(0, 40).Draw(rt, "subject"))
			h := head(rapid.Uint64Range(1, 9).Draw(rt, "version"))
			if err := tr.Set(s, h); err != nil {
				rt.Fatal(err)
			}
			model[s] = h
			if rapid.IntRange(0, 9).Draw(rt, "load") == 0 {
				var err error
				if tr, err = heads.Unmarshal(tr.Marshal(), naive(model, 0)); err != nil {
					rt.Fatal(err)
				}
			}
		}
		root := tr.Root()
		if root != naive(model, 0) || tr.Len() != len(model) {
			rt.Fatalf("root %s of %d subjects, want %s of %d", root, tr.Len(), naive(model, 0), len(model))
		}
		for i := range 45 {
			checkOne(rt, tr, root, model, subject(i))
		}
	})
}

func checkOne(rt *rapid.T, tr *heads.Tree, root tlog.Hash, model map[events.Subject]heads.Head, s events.Subject) {
	p, err := tr.Prove(s)
	if err != nil {
		rt.Fatal(err)
	}
	want, stands := model[s]
	got, has, err := tr.Head(s)
	if err != nil || has != stands || got != want {
		rt.Fatalf("head of %s is %v, %v, %v", s, got, has, err)
	}
	truth, lie := &want, []*heads.Head{nil, {Version: want.Version + 1, Hash: want.Hash}, {Version: want.Version, Hash: events.HashOf(nil)}}
	if !stands {
		truth, lie = nil, lie[1:]
	}
	if err := p.Check(root, s, truth); err != nil {
		rt.Fatalf("proof of %s: %v", s, err)
	}
	for _, l := range lie {
		if p.Check(root, s, l) == nil {
			rt.Fatalf("%s: %v was proven", s, l)
		}
	}
}

// Given many subjects, then the root is the model's, and a changed bit anywhere
// in a proof, a longer or a shorter way proves nothing.
func TestForgedProofs(t *testing.T) {
	const n = 20_000
	tr := tree(t, n)
	model := map[events.Subject]heads.Head{}
	for i := range n {
		model[subject(i)] = head(uint64(i) + 1)
	}
	root := tr.Root()
	if root != naive(model, 0) {
		t.Fatal("the root is not the model's")
	}
	others := 0
	for _, i := range []int{0, 7, 19_999, n, n + 1, n + 2, n + 3} {
		p, err := tr.Prove(subject(i))
		if err != nil {
			t.Fatal(err)
		}
		var truth *heads.Head
		if h, stands := model[subject(i)]; stands {
			truth = &h
		}
		if p.Other != nil {
			others++
		}
		if err := p.Check(root, subject(i), truth); err != nil {
			t.Fatal(err)
		}
		refused := func(what string, p heads.Proof) {
			if p.Check(root, subject(i), truth) == nil {
				t.Errorf("subject %d: a proof with %s holds", i, what)
			}
		}
		for bit := range len(p.Beside) * 256 {
			p.Beside[bit/256][bit/8%32] ^= 1 << (bit % 8)
			refused("a flipped bit", p)
			p.Beside[bit/256][bit/8%32] ^= 1 << (bit % 8)
		}
		for bit := range len(p.Other) * 8 {
			p.Other[bit/8] ^= 1 << (bit % 8)
			refused("a flipped bit of the other subject", p)
			p.Other[bit/8] ^= 1 << (bit % 8)
		}
		refused("a step less", heads.Proof{Beside: p.Beside[1:], Other: p.Other})
		refused("a step more", heads.Proof{Beside: append([]tlog.Hash{{}}, p.Beside...), Other: p.Other})
		refused("far too many steps", heads.Proof{Beside: make([]tlog.Hash, 257)})
	}
	if others == 0 {
		t.Error("no proof ended at another subject")
	}
}

// Given a stored tree in which any bit has changed, then loading it, or the first
// use of what changed, finds it.
func TestDamagedFile(t *testing.T) {
	const n = 3000
	tr := tree(t, n)
	root, b := tr.Root(), tr.Marshal()
	dice := rand.New(rand.NewPCG(1, 2))
	for range 400 {
		at := dice.IntN(len(b))
		damaged := bytes.Clone(b)
		damaged[at] ^= 1 << dice.IntN(8)
		loaded, err := heads.Unmarshal(damaged, root)
		var found *heads.DamageError
		if err != nil {
			if !errors.As(err, &found) {
				t.Fatal(err)
			}
			continue
		}
		for i := 0; i < n && found == nil; i++ {
			h, _, err := loaded.Head(subject(i))
			if err != nil && !errors.As(err, &found) || err == nil && h != head(uint64(i)+1) {
				t.Fatalf("flipped a bit of byte %d: head of subject %d is %v, %v", at, i, h, err)
			}
		}
		if found == nil {
			t.Errorf("flipped a bit of byte %d: not found", at)
		}
	}
	for _, cut := range [][]byte{nil, b[:100], b[:len(b)-1], append(bytes.Clone(b), 0)} {
		if _, err := heads.Unmarshal(cut, root); err == nil {
			t.Errorf("%d bytes of %d were loaded", len(cut), len(b))
		}
	}
}

func BenchmarkUpdate(b *testing.B) {
	tr := tree(b, 80_000)
	i := 0
	for b.Loop() {
		if err := tr.Set(subject(i%80_000), head(uint64(i)+2)); err != nil {
			b.Fatal(err)
		}
		tr.Root()
		i++
	}
}

func BenchmarkLoadAndProve(b *testing.B) {
	tr := tree(b, 80_000)
	root, file := tr.Root(), tr.Marshal()
	for b.Loop() {
		tr, err := heads.Unmarshal(file, root)
		if err != nil {
			b.Fatal(err)
		}
		for i := range 4 {
			if _, err := tr.Prove(subject(i)); err != nil {
				b.Fatal(err)
			}
		}
	}
}
