package archive_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"caseledger/events"
	"caseledger/replay/archive"
)

// A model is the records that an archive must hold, hashed the simple way.
type model struct {
	records [][]byte
	hashes  []tlog.Hash
}

func (m *model) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = m.hashes[x]
	}
	return out, nil
}

// grow adds n records of a few bytes and returns them.
func (m *model) grow(t testing.TB, n int) [][]byte {
	t.Helper()
	first := len(m.records)
	for i := range n {
		r := fmt.Appendf(nil, "%d:%s", first+i, strings.Repeat("x", (first+i)%13))
		hashes, err := tlog.StoredHashes(int64(first+i), r, m)
		if err != nil {
			t.Fatal(err)
		}
		m.records, m.hashes = append(m.records, r), append(m.hashes, hashes...)
	}
	return m.records[first:]
}

func (m *model) root(t testing.TB, size int) tlog.Hash {
	t.Helper()
	h, err := tlog.TreeHash(int64(size), m)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (m *model) Head(context.Context) (uint64, error) { return uint64(len(m.records)), nil }

func (m *model) Read(_ context.Context, from, to uint64, f func([]events.Message) error) error {
	for from <= to {
		end := min(to, from+99)
		var batch []events.Message
		for s := from; s <= end; s++ {
			batch = append(batch, events.Message{Sequence: s, Data: m.records[s-1]})
		}
		if err := f(batch); err != nil {
			return err
		}
		from = end + 1
	}
	return nil
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// holds demands that an archive holds exactly the model's first records, and that every way of
// reading says so.
func (m *model) holds(t testing.TB, a *archive.Archive, size int) {
	t.Helper()
	if got := a.Tree(); got.N != int64(size) || got.Hash != m.root(t, size) {
		t.Fatalf("tree %d %s, want %d %s", got.N, got.Hash, size, m.root(t, size))
	}
	if err := a.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if size == 0 {
		return
	}
	next := uint64(1)
	err := a.Read(t.Context(), 1, uint64(size), func(batch []events.Message) error {
		for _, got := range batch {
			if got.Sequence != next || !bytes.Equal(got.Data, m.records[next-1]) {
				t.Fatalf("record #%d is %q, want #%d %q", got.Sequence, got.Data, next, m.records[next-1])
			}
			next++
		}
		return nil
	})
	if err != nil || next != uint64(size)+1 {
		t.Fatalf("read %d of %d records: %v", next-1, size, err)
	}
}

// Given any appends, with a new opening between some of them, then the archive is the model:
// its records, its root now and at any earlier size, and its proofs.
func TestModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir := filepath.Join(t.TempDir(), rapid.StringMatching(`[a-z]{12}`).Draw(rt, "dir"))
		a := must[*archive.Archive](t)(archive.Create(dir))
		m := &model{}
		for range rapid.IntRange(1, 6).Draw(rt, "appends") {
			if err := a.Append(m.grow(t, rapid.IntRange(0, 600).Draw(rt, "records"))); err != nil {
				rt.Fatal(err)
			}
			if rapid.Bool().Draw(rt, "open") {
				a = must[*archive.Archive](t)(archive.Open(dir))
			}
		}
		size := len(m.records)
		m.holds(t, a, size)
		if size == 0 {
			return
		}
		n := rapid.IntRange(0, size-1).Draw(rt, "n")
		if got := must[[]byte](t)(a.Get(uint64(n) + 1)); !bytes.Equal(got, m.records[n]) {
			rt.Fatalf("record #%d is %q", n+1, got)
		}
		if got := must[tlog.Hash](t)(a.RootAt(uint64(n))); got != m.root(t, n) {
			rt.Fatalf("root at %d is %s", n, got)
		}
		p := must[tlog.RecordProof](t)(tlog.ProveRecord(int64(size), int64(n), a))
		if err := tlog.CheckRecord(p, int64(size), a.Tree().Hash, int64(n), tlog.RecordHash(m.records[n])); err != nil {
			rt.Fatal(err)
		}
		tp := must[tlog.TreeProof](t)(tlog.ProveTree(int64(size), int64(n)+1, a))
		if err := tlog.CheckTree(tp, int64(size), a.Tree().Hash, int64(n)+1, m.root(t, n+1)); err != nil {
			rt.Fatal(err)
		}
		to := rapid.IntRange(n, size-1).Draw(rt, "to")
		count := 0
		err := a.Read(t.Context(), uint64(n)+1, uint64(to)+1, func(b []events.Message) error {
			if b[0].Sequence != uint64(n+count)+1 {
				rt.Fatalf("batch starts at #%d, want #%d", b[0].Sequence, n+count+1)
			}
			count += len(b)
			return nil
		})
		if err != nil || count != to-n+1 {
			rt.Fatalf("read %d records of %d: %v", count, to-n+1, err)
		}
	})
}

// The paths, and which files there are, are those of C2SP's tlog-tiles.
func TestLayout(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a")
	a, m := must[*archive.Archive](t)(archive.Create(dir)), &model{}
	// The example of the specification, with a smaller step before it.
	for _, n := range []int{300, 69_700} {
		if err := a.Append(m.grow(t, n)); err != nil {
			t.Fatal(err)
		}
		a.Close()
	}
	var partial []string
	full := map[string]int{}
	for name := range files(t, dir) {
		switch level, _, _ := strings.Cut(strings.TrimPrefix(name, "tile/"), "/"); {
		case strings.Contains(name, ".p/"):
			partial = append(partial, name)
		default:
			full[level]++
		}
	}
	slices.Sort(partial)
	want := []string{"tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1", "tile/entries/273.p/112"}
	if !slices.Equal(partial, want) {
		t.Errorf("partial tiles %v, want %v", partial, want)
	}
	if full["0"] != 273 || full["entries"] != 273 || full["1"] != 1 || full["2"] != 0 {
		t.Errorf("complete tiles %v", full)
	}
}

// Given a signed checkpoint, then the partial tiles of its size stay as long as
// they are partial.
func TestPartialTilesOfTheCheckpoint(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a")
	a, m := must[*archive.Archive](t)(archive.Create(dir)), &model{}
	steps := []struct {
		grow int
		want []string
	}{
		{10, []string{"tile/0/000.p/10", "tile/entries/000.p/10"}},
		{1, []string{"tile/0/000.p/10", "tile/0/000.p/11", "tile/entries/000.p/10", "tile/entries/000.p/11"}},
		{1, []string{"tile/0/000.p/10", "tile/0/000.p/12", "tile/entries/000.p/10", "tile/entries/000.p/12"}},
		{244, []string{"tile/0/000", "tile/1/000.p/1", "tile/entries/000"}},
	}
	for i, step := range steps {
		if err := a.Append(m.grow(t, step.grow)); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			if err := a.PutFile(archive.CheckpointFile, []byte("origin\n10\nroot\n")); err != nil {
				t.Fatal(err)
			}
		}
		a.Close()
		var got []string
		for name := range files(t, dir) {
			if strings.HasPrefix(name, "tile/") {
				got = append(got, name)
			}
		}
		if slices.Sort(got); !slices.Equal(got, step.want) {
			t.Errorf("after step %d: %v, want %v", i, got, step.want)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	if _, err := archive.Open(filepath.Join(dir, "none")); !errors.Is(err, archive.ErrNotFound) {
		t.Errorf("open what is not there: %v", err)
	}
	if _, err := archive.Open(dir); !errors.Is(err, archive.ErrNotFound) {
		t.Errorf("open an empty directory: %v", err)
	}
	// What a power cut leaves of a first Create is no archive, and no obstacle.
	put(t, dir, map[string][]byte{"head.new": []byte("caseledger archive")})
	must[*archive.Archive](t)(archive.Create(dir))
	if _, err := archive.Create(dir); err == nil {
		t.Error("an archive was made over another one")
	}
	a := must[*archive.Archive](t)(archive.Open(dir))
	if err := a.Append([][]byte{make([]byte, 1<<16)}); err == nil {
		t.Error("a record was appended whose length does not fit")
	}
	(&model{}).holds(t, a, 0)
}

// files reads all files below dir.
func files(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		all[name], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func put(t testing.TB, dir string, all map[string][]byte) {
	t.Helper()
	for name, data := range all {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, data, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}

// Given an append, then no file that the archive rested on before was touched: a power
// cut would leave it empty.
func TestAppendLeavesCommittedFilesAlone(t *testing.T) {
	dir := t.TempDir()
	a := must[*archive.Archive](t)(archive.Create(dir))
	m := &model{}
	long := time.Date(2008, 1, 1, 0, 0, 0, 0, time.UTC)
	seen := 0
	for _, n := range []int{300, 1, 5, 206, 1, 255, 65536, 3} {
		a.Close()
		before := files(t, dir)
		for name := range before {
			if err := os.Chtimes(filepath.Join(dir, name), long, long); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.Append(m.grow(t, n)); err != nil {
			t.Fatal(err)
		}
		for name := range before {
			info, err := os.Stat(filepath.Join(dir, name))
			if errors.Is(err, fs.ErrNotExist) || name == "head" {
				continue // pruned after the commit, or replaced at once
			}
			if err != nil || !info.ModTime().Equal(long) {
				t.Errorf("appending %d records wrote %s again: %v", n, name, err)
			}
			seen++
		}
	}
	if seen < 100 {
		t.Errorf("looked at %d files", seen)
	}
}

// Given a power cut anywhere in an append, with any part of what it wrote on the
// disk, then the archive is what it was, and the same records can be appended again.
func TestPowerCut(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir := filepath.Join(t.TempDir(), rapid.StringMatching(`[a-z]{12}`).Draw(rt, "dir"))
		a := must[*archive.Archive](t)(archive.Create(dir))
		m := &model{}
		if err := a.Append(m.grow(t, rapid.IntRange(0, 600).Draw(rt, "before"))); err != nil {
			rt.Fatal(err)
		}
		a.Close()
		size, before := len(m.records), files(t, dir)
		if err := a.Append(m.grow(t, rapid.IntRange(1, 600).Draw(rt, "lost"))); err != nil {
			rt.Fatal(err)
		}
		a.Close()
		after := files(t, dir)
		if err := os.RemoveAll(dir); err != nil {
			rt.Fatal(err)
		}
		put(t, dir, before)
		var names []string
		for name := range after {
			if _, old := before[name]; !old {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		for _, name := range names {
			if rapid.Bool().Draw(rt, "written") {
				put(t, dir, map[string][]byte{name: after[name][:rapid.IntRange(0, len(after[name])).Draw(rt, "bytes")]})
			}
		}
		a, err := archive.Open(dir)
		if err != nil {
			rt.Fatal(err)
		}
		m.holds(t, a, size)
		if _, err := a.CatchUp(t.Context(), m, nil); err != nil {
			rt.Fatal(err)
		}
		m.holds(t, a, len(m.records))
	})
}

// Given a stream that lost records, or another ledger's, then nothing is appended.
func TestCatchUpDiverged(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a")
	a, m := must[*archive.Archive](t)(archive.Create(dir)), &model{}
	m.grow(t, 1000)
	if added := must[uint64](t)(a.CatchUp(t.Context(), m, nil)); added != 1000 {
		t.Errorf("added %d records", added)
	}
	var diverged *archive.DivergedError
	short := &model{records: m.records[:999]}
	if _, err := a.CatchUp(t.Context(), short, nil); !errors.As(err, &diverged) {
		t.Errorf("a stream that is shorter: %v", err)
	}
	other := &model{slices.Clone(m.records), slices.Clone(m.hashes)}
	other.records[999] = []byte("another")
	other.grow(t, 5)
	if _, err := a.CatchUp(t.Context(), other, nil); !errors.As(err, &diverged) {
		t.Errorf("another stream: %v", err)
	}
	m.holds(t, a, 1000)
}

// Given any one fault in any file of the archive, then opening or checking finds
// it, and reading gives what was written or nothing.
func TestFaults(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a")
	a, m := must[*archive.Archive](t)(archive.Create(dir)), &model{}
	for range 3 {
		if err := a.Append(m.grow(t, 22_100)); err != nil {
			t.Fatal(err)
		}
	}
	a.Close()
	good := files(t, dir)
	names := make([]string, 0, len(good))
	for name := range good {
		names = append(names, name)
	}
	slices.Sort(names)
	dice := rand.New(rand.NewPCG(3, 4))
	faults, detected := 0, 0
	for i, name := range names {
		data := good[name]
		other := names[(i+1)%len(names)]
		flipped := bytes.Clone(data)
		flipped[dice.IntN(len(data))] ^= 1 << dice.IntN(8)
		for kind, change := range map[string]map[string][]byte{
			"a flipped bit":  {name: flipped},
			"cut short":      {name: data[:dice.IntN(len(data))]},
			"made longer":    {name: append(bytes.Clone(data), 0)},
			"swapped":        {name: good[other], other: data},
			"deleted":        {name: nil},
			"emptied":        {name: {}},
			"of its brother": {name: good[other]},
		} {
			if len(names) > 400 && dice.IntN(40) > 0 && !strings.Contains(name, ".p/") && name != "head" {
				continue // every kind of fault, on some of the many files that are alike
			}
			faults++
			put(t, dir, change)
			if change[name] == nil {
				os.Remove(filepath.Join(dir, name))
			}
			if found(t, m, dir) {
				detected++
			} else {
				t.Errorf("%s %s: not detected", name, kind)
			}
			put(t, dir, map[string][]byte{name: data, other: good[other]})
		}
	}
	t.Logf("%d faults, %d detected, 0 served", faults, detected)
	if faults < 80 {
		t.Errorf("only %d faults", faults)
	}
	m.holds(t, must[*archive.Archive](t)(archive.Open(dir)), len(m.records))
}

// found reports whether a fault is detected, and fails when anything wrong is
// handed out.
func found(t *testing.T, m *model, dir string) bool {
	t.Helper()
	var damaged *archive.DamageError
	a, err := archive.Open(dir)
	if err != nil {
		return errors.As(err, &damaged)
	}
	_ = a.Read(t.Context(), 1, a.Size(), func(batch []events.Message) error {
		for _, got := range batch {
			if !bytes.Equal(got.Data, m.records[got.Sequence-1]) {
				t.Fatalf("record #%d was served as %q", got.Sequence, got.Data)
			}
		}
		return nil
	})
	return errors.As(a.Check(t.Context()), &damaged)
}
