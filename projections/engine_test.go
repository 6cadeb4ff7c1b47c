package projections_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/projtest"
)

// A countView counts a case's records, its principal's and the programme's; a
// case that was closed has no row.
type countView struct{ version int }

func (countView) Name() string         { return "count" }
func (v countView) Version() int       { return v.version }
func (countView) Ignores() []string    { return nil }
func (countView) Kinds() []events.Kind { return []events.Kind{events.KindCase, events.KindAgency} }

func (countView) Derive(s *projections.Subject, row []byte) ([]byte, error) {
	row = binary.AppendUvarint(row, uint64(len(s.Records)))
	programme, err := s.Programme()
	if err != nil {
		return row, err
	}
	if s.Name.Kind() == events.KindCase {
		row = binary.AppendUvarint(row, uint64(len(programme.Records)))
	}
	for _, r := range s.Records {
		e, err := r.Event()
		if err != nil {
			return row, err
		}
		switch e := e.(type) {
		case *events.DerivativeLinked:
			p, err := s.Principal(e.Link.Principal)
			if err != nil {
				return row, err
			}
			row = binary.AppendUvarint(row, uint64(len(p.Records)))
		case *events.ServiceClosed:
			return nil, nil
		}
	}
	return row, nil
}

// lastView holds the last record's position and type.
type lastView struct{}

func (lastView) Name() string         { return "last" }
func (lastView) Version() int         { return 1 }
func (lastView) Ignores() []string    { return nil }
func (lastView) Kinds() []events.Kind { return events.Kinds() }
func (lastView) Derive(s *projections.Subject, row []byte) ([]byte, error) {
	r := s.Records[len(s.Records)-1]
	return fmt.Appendf(row, "%d %s", r.Sequence, r.Type), nil
}

var testViews = []projections.View{countView{1}, lastView{}}

func open(t *rapid.T, path string) *projections.Views {
	v, err := projections.Open(path, testViews, projections.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func mustOpen(t testing.TB, path string) *projections.Views {
	t.Helper()
	v, err := projections.Open(path, testViews, projections.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v
}

func catchUp(t testing.TB, v *projections.Views, src projections.Source) {
	t.Helper()
	if err := v.CatchUp(t.Context(), src, nil); err != nil {
		t.Fatal(err)
	}
}

func digest(t interface{ Fatal(...any) }, v *projections.Views) events.Hash {
	d, err := v.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func caseSubject(n int) events.Subject {
	return events.SubjectOf(events.KindCase, fmt.Sprintf("C-%03d", n))
}

// grow adds a record that n chooses to the stream.
func grow(t testing.TB, s *projtest.Stream, n int) {
	t.Helper()
	at := fmt.Sprintf("2009-01-01T00:00:%02d.%03dZ", n%60, len(s.Messages)%1000)
	e := projtest.Entry{Subject: caseSubject(n % 17), At: at, On: "2009-01-01"}
	switch n % 23 {
	case 0:
		e.Subject, e.Event = events.ProgrammeSubject, &events.PolicyAdopted{Authority: "memo"}
	case 1, 2:
		e.Event = &events.DerivativeLinked{Link: events.DerivativeLink{
			Principal: caseSubject(n % 5).ID(), VisaClass: events.T3, EntryDate: events.MustDate("2009-01-01")}}
	case 3:
		e.Event = &events.ServiceClosed{Reason: projtest.Sealed}
	case 4:
		e.Subject, e.Event = "agency/A-1", &events.SubcontractSigned{Name: "North", State: "NY"}
	default:
		e.Event = &events.ServiceDelivered{Category: "housing", Minutes: n % 100}
	}
	s.Add(t, e)
}

func streamOf(t testing.TB, n int) *projtest.Stream {
	t.Helper()
	s := &projtest.Stream{}
	for i := range n {
		grow(t, s, i*7919%1009)
	}
	return s
}

// Given any history, when views follow it in batches of any size, also over a
// restart, then they equal views that are built at once.
func TestLiveEqualsRebuilt(t *testing.T) {
	directory := t.TempDir()
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		s := &projtest.Stream{}
		for _, n := range rapid.SliceOfN(rapid.IntRange(0, 5000), 1, 600).Draw(rt, "records") {
			grow(t, s, n)
		}
		path := filepath.Join(directory, fmt.Sprint("live-", round))
		live := open(rt, path)
		for at := 0; at < len(s.Messages); {
			at = min(len(s.Messages), at+rapid.IntRange(1, 300).Draw(rt, "batch"))
			if err := live.CatchUp(t.Context(), s.Until(at), nil); err != nil {
				rt.Fatal(err)
			}
			if rapid.Bool().Draw(rt, "restart") {
				live.Close()
				live = open(rt, path)
			}
		}
		built := filepath.Join(directory, fmt.Sprint("built-", round))
		if err := projections.Build(t.Context(), s, built, testViews, uint64(len(s.Messages)), nil); err != nil {
			rt.Fatal(err)
		}
		other := open(rt, built)
		if a, b := digest(rt, live), digest(rt, other); a != b {
			rt.Fatalf("live views have digest %s, rebuilt ones %s", a, b)
		}
		if err := errors.Join(live.Check(), other.Check(), live.Close(), other.Close()); err != nil {
			rt.Fatal(err)
		}
	})
}

// Given a stream longer than a run of command ids, then one record at a time,
// large batches and a rebuild still agree, and every command is found.
func TestLongStream(t *testing.T) {
	s := streamOf(t, 1<<16+700)
	live := mustOpen(t, filepath.Join(t.TempDir(), "live"))
	for _, n := range []uint64{1<<16 - 300, 1<<16 - 1, 1 << 16, 1<<16 + 700} { // built, then followed across the end of a run
		catchUp(t, live, s.Until(int(n)))
		for _, sequence := range []uint64{1, n - 299, n - 1, n} {
			if got, err := live.Command("cmd-" + projtest.ID(sequence)); got != sequence || err != nil {
				t.Errorf("of %d records, the command of #%d found at #%d, %v", n, sequence, got, err)
			}
		}
	}
	if err := live.Check(); err != nil {
		t.Fatal(err)
	}
	before := digest(t, live)
	if err := live.Rebuild(t.Context(), s, nil); err != nil {
		t.Fatal(err)
	}
	if after := digest(t, live); after != before {
		t.Errorf("rebuilt views have digest %s, live ones %s", after, before)
	}
	for sequence := uint64(1); sequence <= 1<<16+700; sequence += 97 {
		if got, err := live.Command("cmd-" + projtest.ID(sequence)); got != sequence || err != nil {
			t.Errorf("command of #%d found at #%d, %v", sequence, got, err)
		}
		if got, err := live.Command("new-" + projtest.ID(sequence)); got != 0 || err != nil {
			t.Errorf("a new command found at #%d, %v", got, err)
		}
	}
	err := live.Read(func(snap *projections.Snapshot) error {
		for _, sequence := range []uint64{1, 255, 256, 257, 1<<16 - 1, 1 << 16, 1<<16 + 1, 1<<16 + 700} {
			got, err := snap.Command("cmd-" + projtest.ID(sequence))
			if err != nil || got != sequence {
				t.Errorf("command of #%d found at #%d, %v", sequence, got, err)
			}
			raw, err := snap.Raw(sequence)
			if err != nil || string(raw) != string(s.Messages[sequence-1].Data) {
				t.Errorf("record #%d does not have its exact bytes, %v", sequence, err)
			}
		}
		if got, err := snap.Command("cmd-unknown"); got != 0 || err != nil {
			t.Errorf("an unknown command found at #%d, %v", got, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// asked notes from where on a stream is read.
type asked struct {
	projections.Source
	from []uint64
}

func (a *asked) Read(ctx context.Context, from, to uint64, f func([]events.Message) error) error {
	a.from = append(a.from, from)
	return a.Source.Read(ctx, from, to, f)
}

// Given views that are far behind, when they catch up, then they are built again, and
// the log is read only from their end on, or from its start when their own copy of a
// record is broken.
func TestFarBehind(t *testing.T) {
	s := streamOf(t, 12_000)
	whole := mustOpen(t, filepath.Join(t.TempDir(), "whole"))
	catchUp(t, whole, s)
	for _, test := range []struct {
		name   string
		broken bool
		from   uint64 // where the log is read last
	}{{"whole", false, 6001}, {"with a broken record", true, 1}} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "views")
			v := mustOpen(t, path)
			catchUp(t, v, s.Until(6000))
			if test.broken {
				v.Close()
				breakRecord(t, path, s.Messages[99].Data)
				v = mustOpen(t, path)
			}
			log := &asked{Source: s}
			catchUp(t, v, log)
			if got := log.from[len(log.from)-1]; got != test.from {
				t.Errorf("the log was read from %v, want the last time from #%d", log.from, test.from)
			}
			if digest(t, v) != digest(t, whole) {
				t.Error("the views are not those of the log")
			}
		})
	}
}

// breakRecord changes a byte of a record in a views file.
func breakRecord(t *testing.T, path string, record []byte) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(data, record)
	if at < 0 {
		t.Fatal("the record is not in the file")
	}
	data[at+len(record)/2] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Given one rebuild that merges many small runs and one with a single run, then
// they agree.
func TestRunsOfAnySize(t *testing.T) {
	s := streamOf(t, 1500)
	whole := mustOpen(t, filepath.Join(t.TempDir(), "whole"))
	catchUp(t, whole, s)
	for _, limit := range []int{1, 7, 256, 1499, 1500} {
		path := filepath.Join(t.TempDir(), "runs")
		if err := projections.BuildInRuns(t.Context(), s, path, testViews, 1500, limit); err != nil {
			t.Fatal(err)
		}
		if a, b := digest(t, mustOpen(t, path)), digest(t, whole); a != b {
			t.Errorf("runs of %d: digest %s, want %s", limit, a, b)
		}
	}
}

// Given times that go back, as of T is the longest prefix without a later time.
func TestPositionAt(t *testing.T) {
	s := &projtest.Stream{}
	minute := func(i int) int { return i / 2 % 600 }
	for i := range 1000 {
		m := minute(i)
		if i%100 == 50 {
			m = max(0, m-40) // a clock that was set back
		}
		s.Add(t, projtest.Entry{Subject: caseSubject(i % 9), On: "2009-01-01", At: fmt.Sprintf("2009-01-01T%02d:%02d:00Z", m/60, m%60),
			Event: &events.ServiceDelivered{Category: "housing"}})
	}
	v := mustOpen(t, filepath.Join(t.TempDir(), "views"))
	catchUp(t, v, s)
	for m := -1; m < 520; m++ {
		at := events.MustInstant("2009-01-01T00:00:00Z") + events.Instant(m)*60_000
		want := uint64(0)
		for i, message := range s.Messages {
			r, err := events.Decode(uint64(i+1), message.Data)
			if err != nil {
				t.Fatal(err)
			}
			if r.Time > at {
				break
			}
			want++
		}
		if got, err := v.PositionAt(at); err != nil || got != want {
			t.Fatalf("position at minute %d: #%d, %v, want #%d", m, got, err, want)
		}
	}
}

// Given views as of a position, then they equal the live views of that moment,
// and a single subject's past needs no such views.
func TestReadAsOf(t *testing.T) {
	s := streamOf(t, 900)
	v := mustOpen(t, filepath.Join(t.TempDir(), "views"))
	catchUp(t, v, s)
	for _, n := range []int{1, 255, 256, 300, 899, 900, 901} {
		then := mustOpen(t, filepath.Join(t.TempDir(), "then"))
		catchUp(t, then, s.Until(min(n, 900)))
		var now []string
		for range 2 { // built, then kept
			now = nil
			err := v.ReadAsOf(t.Context(), uint64(n), nil, func(snap *projections.Snapshot) error {
				now = rowsOf(t, snap)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		err := then.Read(func(snap *projections.Snapshot) error {
			if want := rowsOf(t, snap); fmt.Sprint(now) != fmt.Sprint(want) {
				t.Errorf("as of #%d:\n%v\nwant\n%v", n, now, want)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		err = v.Read(func(snap *projections.Snapshot) error {
			past, err := snap.AsOf(uint64(n))
			if err != nil {
				return err
			}
			records, err := past.History(caseSubject(7))
			for _, r := range records {
				if r.Sequence > uint64(n) {
					t.Errorf("as of #%d the history holds #%d", n, r.Sequence)
				}
			}
			if _, rowErr := past.Row("count", caseSubject(7)); n < 900 && rowErr == nil {
				t.Errorf("as of #%d rows of the present were read", n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func rowsOf(t testing.TB, s *projections.Snapshot) (rows []string) {
	for _, view := range testViews {
		for _, kind := range events.Kinds() {
			err := s.Rows(view.Name(), kind, func(id, row []byte) error {
				rows = append(rows, fmt.Sprintf("%s %s %q", view.Name(), id, row))
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return rows
}

func rowOf(t testing.TB, v *projections.Views, view string, subject events.Subject) (row string) {
	t.Helper()
	err := v.Read(func(s *projections.Snapshot) error {
		b, err := s.Row(view, subject)
		row = fmt.Sprint(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return row
}

// Given a row that the history no longer makes, a changed principal and an
// adopted policy, then the rows that depend on them follow.
func TestRowsFollow(t *testing.T) {
	s := &projtest.Stream{}
	v := mustOpen(t, filepath.Join(t.TempDir(), "views"))
	add := func(subject events.Subject, e events.Event) {
		t.Helper()
		s.Add(t, projtest.Entry{Subject: subject, On: "2009-01-01", Event: e})
		catchUp(t, v, s)
	}
	expect := func(subject events.Subject, want ...byte) {
		t.Helper()
		if got := rowOf(t, v, "count", subject); got != fmt.Sprint(want) {
			t.Errorf("row of %s: %s, want %v", subject, got, want)
		}
	}
	service := &events.ServiceDelivered{Category: "housing"}
	add("case/P", service)
	add("case/D", &events.DerivativeLinked{Link: events.DerivativeLink{Principal: "P", VisaClass: events.T3}})
	expect("case/D", 1, 0, 1)
	add("case/P", service)
	expect("case/D", 1, 0, 2) // the principal was touched
	add(events.ProgrammeSubject, &events.PolicyAdopted{Authority: "memo"})
	expect("case/D", 1, 1, 2) // every case was derived again
	expect("case/P", 2, 1)
	add("case/P", &events.ServiceClosed{Reason: projtest.Sealed})
	expect("case/P") // the stale row is gone
	expect("case/D", 1, 1, 3)
}

// Given a record that breaks its subject's chain or the order, then it is named
// and the views stay as they were, live and rebuilt.
func TestBrokenChain(t *testing.T) {
	tests := map[string]struct {
		damage func(s *projtest.Stream)
		at     uint64
	}{
		"a vanished record": {func(s *projtest.Stream) { s.Messages[298] = s.Messages[299] }, 300},
		"a forked history": {func(s *projtest.Stream) {
			s.Messages[299].Data = s.Messages[200].Data
			s.Messages[299].Subject = s.Messages[200].Subject
		}, 300},
		"a record under another subject": {func(s *projtest.Stream) { s.Messages[299].Subject = "case/OTHER" }, 300},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := streamOf(t, 400)
			v := mustOpen(t, filepath.Join(t.TempDir(), "views"))
			catchUp(t, v, s.Until(250))
			before := digest(t, v)
			test.damage(s)
			for path, err := range map[string]error{
				"live":    v.CatchUp(t.Context(), s, nil),
				"rebuilt": v.Rebuild(t.Context(), s, nil),
			} {
				var broken *projections.ChainError
				if !errors.As(err, &broken) || broken.Sequence != test.at {
					t.Errorf("%s: %v, want a chain error at #%d", path, err, test.at)
				}
			}
			if digest(t, v) != before {
				t.Error("the views changed")
			}
		})
	}
}

// Given a chain that breaks where one run of the rebuild ends, it is found too.
func TestBrokenChainBetweenRuns(t *testing.T) {
	s := &projtest.Stream{}
	other := &projtest.Stream{}
	for i := range 20 {
		e := projtest.Entry{Subject: "case/C", On: "2009-01-01", Event: &events.ServiceDelivered{Category: "housing", Minutes: i}}
		s.Add(t, e)
		e.Event = &events.ServiceDelivered{Category: "food", Minutes: i}
		other.Add(t, e)
	}
	copy(s.Messages[10:], other.Messages[10:])
	err := projections.BuildInRuns(t.Context(), s, filepath.Join(t.TempDir(), "views"), testViews, 20, 10)
	var broken *projections.ChainError
	if !errors.As(err, &broken) || broken.Sequence != 11 {
		t.Errorf("%v, want a chain error at #11", err)
	}
}

// Given a log that no longer holds what the views know, then it is refused.
func TestDivergedLog(t *testing.T) {
	s := streamOf(t, 300)
	path := filepath.Join(t.TempDir(), "views")
	v := mustOpen(t, path)
	catchUp(t, v, s)
	v.Close()
	altered := streamOf(t, 299)
	grow(t, altered, 12345)
	for name, src := range map[string]*projtest.Stream{"shortened": s.Until(299), "exchanged": altered} {
		v := mustOpen(t, path)
		var diverged *projections.DivergedError
		if err := v.CatchUp(t.Context(), src, nil); !errors.As(err, &diverged) {
			t.Errorf("%s: %v, want a diverged error", name, err)
		}
		if err := v.Rebuild(t.Context(), src, nil); !errors.As(err, &diverged) {
			t.Errorf("%s, rebuild: %v, want a diverged error", name, err)
		}
		v.Close()
	}
}

// Given a views file that cannot be trusted, then it is built again.
func TestDoubt(t *testing.T) {
	s := streamOf(t, 400)
	damages := map[string]func(path string) error{
		"not a database": func(path string) error { return os.WriteFile(path, []byte("nonsense"), 0o600) },
		"empty":          func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"cut short": func(path string) error {
			return os.Truncate(path, 20<<10)
		},
		"pages overwritten": func(path string) error {
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteAt(make([]byte, 1<<20), 8<<10)
			return errors.Join(err, f.Close())
		},
	}
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "views")
			v := mustOpen(t, path)
			catchUp(t, v, s.Until(399))
			v.Close()
			if err := damage(path); err != nil {
				t.Fatal(err)
			}
			v = mustOpen(t, path)
			catchUp(t, v, s)
			whole := mustOpen(t, filepath.Join(t.TempDir(), "whole"))
			catchUp(t, whole, s)
			if digest(t, v) != digest(t, whole) {
				t.Error("the views were not built again")
			}
		})
	}
}

// Given a page anywhere in the file that was overwritten, then the views never
// panic: they work, they say that they are in doubt, or they name what is missing.
func TestBrokenPages(t *testing.T) {
	s := streamOf(t, 700)
	path := filepath.Join(t.TempDir(), "views")
	v := mustOpen(t, path)
	catchUp(t, v, s.Until(699))
	v.Close()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		broken := bytes.Clone(whole)
		at := rapid.IntRange(0, len(broken)-64).Draw(rt, "at")
		copy(broken[at:], rapid.SliceOfN(rapid.Byte(), 1, 64).Draw(rt, "bytes"))
		if err := os.WriteFile(path, broken, 0o600); err != nil {
			rt.Fatal(err)
		}
		v := open(rt, path)
		defer v.Close()
		_ = v.Check()
		_, _ = v.Digest()
		if err := v.CatchUp(t.Context(), s, nil); err != nil {
			rt.Logf("catch up: %v", err)
			return
		}
		if p, err := v.Position(); err != nil || p.Sequence != 700 {
			rt.Fatalf("position %+v, %v", p, err)
		}
	})
}

// Given a view of a new version, then the file is built again.
func TestNewVersion(t *testing.T) {
	s := streamOf(t, 50)
	path := filepath.Join(t.TempDir(), "views")
	v := mustOpen(t, path)
	catchUp(t, v, s)
	v.Close()
	v, err := projections.Open(path, []projections.View{countView{2}, lastView{}}, projections.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if v.Doubt() == nil {
		t.Error("a file of another version was trusted")
	}
	catchUp(t, v, s)
	if p, err := v.Position(); err != nil || p.Sequence != 50 {
		t.Errorf("position %v, %v", p, err)
	}
}

// Given a rebuild that is killed anywhere, then the live views stay usable
// during it and after it, nothing is left over, and the next one succeeds.
func TestKilledRebuild(t *testing.T) {
	s := streamOf(t, 3000)
	path := filepath.Join(t.TempDir(), "views")
	v := mustOpen(t, path)
	catchUp(t, v, s)
	before := digest(t, v)
	steps := 0
	for kill := 1; ; kill++ {
		ctx, cancel := context.WithCancel(t.Context())
		steps = 0
		err := v.Rebuild(ctx, s, func(projections.Progress) {
			if steps++; steps == kill {
				cancel()
			}
			if _, err := v.Position(); err != nil {
				t.Errorf("step %d: the live views cannot be read: %v", steps, err)
			}
		})
		cancel()
		if err == nil && steps < kill {
			break
		}
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if digest(t, v) != before {
			t.Fatalf("killed at step %d: the views changed", kill)
		}
		files, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
		if err != nil || len(files) != 1 {
			t.Fatalf("killed at step %d: files %v, %v", kill, files, err)
		}
	}
	if steps < 5 {
		t.Errorf("only %d steps were tried", steps)
	}
	if digest(t, v) != before {
		t.Error("the rebuilt views differ")
	}
}

// Given what a killed build left, intact or broken, then the next one removes it;
// one that still runs is not disturbed.
func TestLeftover(t *testing.T) {
	s := streamOf(t, 300)
	path := filepath.Join(t.TempDir(), "views")
	for name, left := range map[string][]byte{"empty": nil, "broken": bytes.Repeat([]byte("x"), 1<<16)} {
		if err := os.WriteFile(path+".part", left, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := projections.Build(t.Context(), s, path, testViews, 300, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	tried := false
	err := projections.Build(t.Context(), s, path, testViews, 300, func(projections.Progress) {
		if tried {
			return
		}
		tried = true
		var locked *projections.LockedError
		if err := projections.Build(t.Context(), s, path, testViews, 300, nil); !errors.As(err, &locked) {
			t.Errorf("a second build beside it: %v, want a locked error", err)
		}
	})
	if err != nil || !tried {
		t.Error(err)
	}
}

// A log is a source.
var _ projections.Source = events.Log(nil)

// Given a file that another holder has open, then Open says so in time.
func TestLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "views")
	mustOpen(t, path)
	_, err := projections.Open(path, testViews, projections.Options{Timeout: 1})
	var locked *projections.LockedError
	if !errors.As(err, &locked) {
		t.Errorf("%v, want a locked error", err)
	}
}

// brokenView panics.
type brokenView struct{ lastView }

func (brokenView) Derive(*projections.Subject, []byte) ([]byte, error) { panic("out of order") }

// Given a view that panics, then the error names the line.
func TestPanickingView(t *testing.T) {
	s := streamOf(t, 10)
	err := projections.Build(t.Context(), s, filepath.Join(t.TempDir(), "views"), []projections.View{brokenView{}}, 10, nil)
	if err == nil || !strings.Contains(err.Error(), "out of order, at engine_test.go:") {
		t.Errorf("%v, want the line of the panic", err)
	}
}
