package app_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"caseledger/aggregates"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/events/memlog"
)

func TestExecuteRecordsOneFact(t *testing.T) {
	a, log := given(t, false)

	r := must(t, a, sign("c1", "A-1"))

	if !r.Appended || r.Record.Sequence != 2 || r.Record.Version != 1 || r.Subject != "agency/A-1" {
		t.Errorf("got %+v", r)
	}
	e := r.Record.Envelope
	if e.OccurredOn.String() != "2009-05-15" || e.CausationID != "c1" || e.Actor != "amy" || e.Source != "test" {
		t.Errorf("got envelope %+v", e)
	}
	if head(t, log) != 2 {
		t.Errorf("the log has %d records, want 2", head(t, log))
	}
}

func TestSameCommandIsRecordedOnce(t *testing.T) {
	a, log := given(t, false)
	first := must(t, a, sign("c1", "A-1"))
	must(t, a, sign("c2", "A-1"))

	for name, again := range map[string]*app.App{"same process": a, "after a restart": open(t, log)} {
		r := must(t, again, sign("c1", "A-1"))
		if r.Appended || r.Record.ID != first.Record.ID {
			t.Errorf("%s: got %+v, want the first record %s", name, r, first.Record.ID)
		}
		changed := sign("c1", "A-1")
		changed.Command.(*signOffice).Name = "Other"
		_, err := again.Execute(t.Context(), changed)
		if e := asError[*app.CommandReusedError](t, err); e.Sequence != 2 {
			t.Errorf("%s: got %+v, want the first record named", name, e)
		}
	}
	if head(t, log) != 3 {
		t.Errorf("the log has %d records, want 3", head(t, log))
	}
}

func TestSameCommandIDOnAnotherSubjectIsRefused(t *testing.T) {
	a, log := given(t, false)
	must(t, a, sign("c1", "A-1"))

	_, err := a.Execute(t.Context(), sign("c1", "A-2"))
	asError[*app.CommandReusedError](t, err)

	restarted := open(t, log, func(c *app.Config) { c.Index = index{map[string]uint64{"c1": 2}, log} })
	_, err = restarted.Execute(t.Context(), sign("c1", "A-2"))
	asError[*app.CommandReusedError](t, err)
	if head(t, log) != 2 {
		t.Errorf("the log has %d records, want 2", head(t, log))
	}
}

// An index knows all of a log, as the views do once they have caught up.
type index struct {
	commands map[string]uint64
	log      events.Log
}

func (i index) Command(_ context.Context, id string) (uint64, error) { return i.commands[id], nil }
func (i index) History(ctx context.Context, s events.Subject) ([]events.Message, error) {
	return i.log.History(ctx, s)
}
func (i index) CatchUp(ctx context.Context) (uint64, error) { return i.log.Head(ctx) }

func TestVanishedLastRecordIsNotForked(t *testing.T) {
	for _, shared := range []bool{false, true} {
		a, whole := given(t, false)
		must(t, a, sign("c1", "A-1"))
		damaged := copyOf(t, whole)
		must(t, a, app.Request{Name: "suspend-office", ID: "c2", Actor: "amy", Command: &suspendOffice{Agency: "A-1"}})

		knowsMore := open(t, damaged, func(c *app.Config) { c.Index, c.Shared = index{log: whole}, shared })
		_, err := knowsMore.Execute(t.Context(), sign("c3", "A-1"))

		asError[*events.DamageError](t, err)
		if head(t, damaged) != 2 {
			t.Errorf("the log has %d records, want 2", head(t, damaged))
		}
	}
}

// copyOf returns a log with the records that another one has now.
func copyOf(t *testing.T, log events.Log) events.Log {
	t.Helper()
	to, last := memlog.New(), map[events.Subject]uint64{}
	err := log.Read(t.Context(), 1, head(t, log), func(batch []events.Message) error {
		for _, m := range batch {
			r, err := events.Decode(m.Sequence, m.Data)
			if err != nil {
				return err
			}
			if last[m.Subject], err = to.Append(t.Context(), m.Subject, last[m.Subject], r.ID, m.Data); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return to
}

func TestHistoryOutOfTheIndexMissesNothingOfThisProcess(t *testing.T) {
	_, log := given(t, false)
	suspend := func(id string) app.Request {
		return app.Request{Name: "suspend-office", ID: id, Actor: "amy", Command: &suspendOffice{Agency: "A-1"}}
	}
	behind := copyOf(t, log)
	// Nothing stays cached: every command folds its subject again.
	a := open(t, log, func(c *app.Config) { c.Index, c.CacheSize = index{log: behind}, 1 })
	must(t, a, sign("c1", "A-1"))
	must(t, a, sign("c2", "A-2"))
	must(t, a, suspend("c3"))
	must(t, a, sign("c4", "A-2"))

	if r := must(t, a, suspend("c5")); r.Record != nil {
		t.Errorf("got %+v, want nothing recorded: the office is suspended", r)
	}
}

// searched is a log that counts what it is asked for by subject and by position.
type searched struct {
	*memlog.Log
	searches, gets int
	gone           uint64 // not found any more
}

func (s *searched) History(ctx context.Context, subject events.Subject) ([]events.Message, error) {
	s.searches++
	return s.Log.History(ctx, subject)
}

func (s *searched) Get(ctx context.Context, sequences []uint64) (messages []events.Message, err error) {
	s.gets += len(sequences)
	for _, n := range sequences {
		if n == s.gone {
			return nil, &events.DamageError{Sequence: n}
		}
		err = errors.Join(err, s.Read(ctx, n, n, func(m []events.Message) error { messages = append(messages, m...); return nil }))
	}
	return messages, err
}

// A subject for which the cache has no room is folded again out of the index, and the
// log is asked only for what this process appended since, by position: a search of
// the log costs more the larger the ledger is.
func TestFoldingAgainDoesNotSearchTheLog(t *testing.T) {
	for _, test := range []struct {
		name           string
		known          int // offices that the index knows, each with a record
		searches, gets int
	}{
		// Each office is folded three times: once it is new, then with one and with two records.
		{"unknown to the index", 0, 0, 4 * (1 + 2)},
		{"known to it", 4, 0, 4 * (1 + 1 + 2)},
	} {
		t.Run(test.name, func(t *testing.T) {
			before, whole := given(t, false)
			for i := range test.known {
				must(t, before, sign(fmt.Sprint("before", i), fmt.Sprint("A-", i)))
			}
			log := &searched{Log: whole}
			a := open(t, log, func(c *app.Config) { c.Index, c.CacheSize = index{log: copyOf(t, whole)}, 1 })
			log.searches, log.gets = 0, 0 // of opening
			for i := range 12 {
				must(t, a, sign(fmt.Sprint("c", i), fmt.Sprint("A-", i%4)))
			}
			if log.searches != test.searches || log.gets != test.gets {
				t.Errorf("got %d searches and %d gets, want %d and %d", log.searches, log.gets, test.searches, test.gets)
			}
		})
	}
}

func TestFoldingOutOfTheIndexFindsWhatIsGone(t *testing.T) {
	before, whole := given(t, false)
	first := must(t, before, sign("c1", "A-1")).Record.Sequence
	log := &searched{Log: whole, gone: first}
	a := open(t, log, func(c *app.Config) { c.Index, c.CacheSize = index{log: copyOf(t, whole)}, 1 })

	_, err := a.Execute(t.Context(), sign("c2", "A-1"))

	asError[*events.DamageError](t, err)
}

func TestHistoryOutOfTheIndexMayMissOtherWritersRecords(t *testing.T) {
	a, log := given(t, false)
	suspend := func(id string) app.Request {
		return app.Request{Name: "suspend-office", ID: id, Actor: "amy", Command: &suspendOffice{Agency: "A-1"}}
	}
	empty := copyOf(t, log)
	must(t, a, sign("c1", "A-1"))
	signed := copyOf(t, log)
	shared := func(known events.Log) *app.App {
		return open(t, log, func(c *app.Config) { c.Index, c.Shared = index{log: known}, true })
	}

	if r := must(t, shared(empty), suspend("c2")); !r.Appended {
		t.Errorf("got %+v, want it recorded: the office is signed", r)
	}
	if r := must(t, shared(signed), suspend("c3")); r.Record != nil {
		t.Errorf("got %+v, want nothing recorded: the office is suspended", r)
	}
}

func TestRefusedAndFulfilledCommandsRecordNothing(t *testing.T) {
	a, log := given(t, false)
	suspend := func(id string) app.Request {
		return app.Request{Name: "suspend-office", ID: id, Actor: "amy", Command: &suspendOffice{Agency: "A-1"}}
	}

	_, err := a.Execute(t.Context(), suspend("c1"))
	if r := asError[*aggregates.Refusal](t, err); r.Rule != "R27" {
		t.Errorf("got %+v", r)
	}
	must(t, a, sign("c2", "A-1"))
	must(t, a, suspend("c3"))
	r := must(t, a, suspend("c4"))
	if r.Appended || r.Record != nil {
		t.Errorf("got %+v, want nothing recorded", r)
	}
	if head(t, log) != 3 {
		t.Errorf("the log has %d records, want 3", head(t, log))
	}
}

func TestBasisIsLookedUpAndCannotBeStale(t *testing.T) {
	a, _ := given(t, false)
	engage := func(id string) error {
		_, err := a.Execute(t.Context(), app.Request{Name: "engage-person", ID: id, Actor: "amy", Command: &engagePerson{Agency: "A-1"}})
		return err
	}

	asError[*aggregates.Refusal](t, engage("c1"))
	must(t, a, sign("c2", "A-1"))
	if err := engage("c3"); err != nil {
		t.Fatal(err)
	}
	must(t, a, app.Request{Name: "suspend-office", ID: "c4", Actor: "amy", Command: &suspendOffice{Agency: "A-1"}})
	asError[*aggregates.Refusal](t, engage("c5"))
}

func TestSharedLogIsReadAgainBeforeARefusal(t *testing.T) {
	log := memlog.New()
	genesis(t, log, false)
	shared := func(c *app.Config) { c.Shared = true }
	ours, theirs := open(t, log, shared), open(t, log, shared)
	suspend := app.Request{Name: "suspend-office", ID: "c2", Actor: "amy", Command: &suspendOffice{Agency: "A-1"}}
	_, err := ours.Execute(t.Context(), suspend)
	asError[*aggregates.Refusal](t, err)

	must(t, theirs, sign("c1", "A-1"))

	if r := must(t, ours, suspend); !r.Appended {
		t.Errorf("got %+v, want it recorded", r)
	}
}

func TestClock(t *testing.T) {
	for _, c := range []struct {
		name      string
		simulated bool
		occurred  string
		recorded  string
		wantField string // of the error; empty: recorded
	}{
		{"today by default", false, "", "", ""},
		{"long ago", false, "2006-04-01", "", ""},
		{"tomorrow", false, "2009-05-16", "", ""},
		{"the day after tomorrow", false, "2009-05-17", "", "occurred_on"},
		{"recordedat with a real clock", false, "", "2009-05-15T10:00:00Z", "recordedat"},
		{"recordedat with a simulated clock", true, "", "2007-03-01T10:00:00Z", ""},
		{"tomorrow of recordedat", true, "2007-03-02", "2007-03-01T10:00:00Z", ""},
		{"later than tomorrow of recordedat", true, "2007-03-03", "2007-03-01T10:00:00Z", "occurred_on"},
		{"the programme's day is New York's", true, "2007-03-02", "2007-03-01T04:30:00Z", "occurred_on"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, _ := given(t, c.simulated)
			req := sign("c1", "A-1")
			if c.occurred != "" {
				req.OccurredOn = events.MustDate(c.occurred)
			}
			if c.recorded != "" {
				req.RecordedAt = events.MustInstant(c.recorded)
			}
			r, err := a.Execute(t.Context(), req)
			if c.wantField != "" {
				if err == nil || !strings.HasPrefix(err.Error(), c.wantField+":") {
					t.Fatalf("got error %v, want one about %s", err, c.wantField)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if c.recorded != "" && r.Record.Time != req.RecordedAt {
				t.Errorf("recorded at %s, want %s", r.Record.Time, c.recorded)
			}
		})
	}
}

func TestBadEnvelope(t *testing.T) {
	for field, spoil := range map[string]func(*app.Request){
		"id":      func(r *app.Request) { r.ID = "" },
		"actor":   func(r *app.Request) { r.Actor = "a\nb" },
		"role":    func(r *app.Request) { r.Role = strings.Repeat("x", 65) },
		"agency":  func(r *app.Request) { r.Agency = "a b" },
		"command": func(r *app.Request) { r.Name = "sign-offcie" },
		"fields":  func(r *app.Request) { r.Command = nil },
	} {
		t.Run(field, func(t *testing.T) {
			a, log := given(t, false)
			req := sign("c1", "A-1")
			spoil(&req)
			_, err := a.Execute(t.Context(), req)
			if e := asError[*app.InputError](t, err); e.Field != field {
				t.Errorf("got field %q in %v", e.Field, err)
			}
			if head(t, log) != 1 {
				t.Error("something was recorded")
			}
		})
	}
}

func TestRaces(t *testing.T) {
	always := func(err error) memlog.Fault {
		return func(int, events.Subject) error { return err }
	}
	for _, c := range []struct {
		name    string
		fault   memlog.Fault
		want    error // nil: recorded
		records uint64
	}{
		{"one conflict", memlog.ConflictAt(1), nil, 2},
		{"acknowledgement lost, written", memlog.FailAt(1, events.ErrUncertain), nil, 2},
		{"acknowledgement lost, not written", memlog.FailAt(1, memlog.Lost), nil, 2},
		{"conflicts for ever", always(&events.ConflictError{}), &app.ContentionError{}, 1},
		{"never acknowledged, never written", always(memlog.Lost), events.ErrUncertain, 1},
		{"full", always(events.ErrFull), events.ErrFull, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, log := given(t, false)
			log.SetFault(c.fault)

			r, err := a.Execute(t.Context(), sign("c1", "A-1"))

			var contention *app.ContentionError
			switch {
			case c.want == nil && (err != nil || !r.Appended):
				t.Errorf("got %+v and error %v, want it recorded", r, err)
			case c.want == events.ErrUncertain || c.want == events.ErrFull:
				if !errors.Is(err, c.want) {
					t.Errorf("got error %v, want %v", err, c.want)
				}
			case c.want != nil && !errors.As(err, &contention):
				t.Errorf("got error %v, want contention", err)
			}
			log.SetFault(nil)
			if head(t, log) != c.records {
				t.Errorf("the log has %d records, want %d", head(t, log), c.records)
			}
			if r := must(t, a, sign("c1", "A-1")); head(t, log) != 2 || r.Record == nil {
				t.Errorf("given again: the log has %d records, want 2", head(t, log))
			}
		})
	}
}

func TestTwoWritersOnOneLog(t *testing.T) {
	log := memlog.New()
	genesis(t, log, false)
	ours, theirs := open(t, log), open(t, log)

	must(t, ours, sign("c1", "A-1"))
	must(t, theirs, sign("c2", "A-1"))
	r := must(t, ours, sign("c3", "A-1")) // its cache is stale

	if r.Record.Version != 3 {
		t.Errorf("got version %d, want 3", r.Record.Version)
	}
}

func TestConcurrentWriters(t *testing.T) {
	a, log := given(t, false)
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for i := range 20 {
				// Every command is given twice, by neighbours, and engaging reads
				// what signing changes.
				if _, err := a.Execute(t.Context(), sign(fmt.Sprintf("s%d-%d", w/2, i), fmt.Sprintf("A-%d", i%3))); err != nil {
					t.Error(err)
				}
				req := app.Request{Name: "engage-person", ID: fmt.Sprintf("e%d-%d", w/2, i), Actor: "amy", Command: &engagePerson{Agency: fmt.Sprintf("A-%d", i%3), Name: "Ana"}}
				if _, err := a.Execute(t.Context(), req); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := head(t, log); n != 1+8*20*2 {
		t.Errorf("the log has %d records, want %d", n, 1+8*20*2)
	}
}

func TestSmallCacheChangesNothing(t *testing.T) {
	log := memlog.New()
	genesis(t, log, false)
	a := open(t, log, func(c *app.Config) { c.CacheSize = 2 })
	for i := range 30 {
		must(t, a, sign(fmt.Sprint("c", i), fmt.Sprint("A-", i%5)))
	}
	if r := must(t, a, sign("c30", "A-0")); r.Record.Version != 7 {
		t.Errorf("got version %d, want 7", r.Record.Version)
	}
}

func TestRulingComesAfterTheFact(t *testing.T) {
	a, log := given(t, false)
	req := sign("c1", "A-1")
	req.Command.(*signOffice).Amount = 666

	for range 2 {
		r := must(t, a, req)
		if r.Ruling == nil || r.Ruling.Rule != "R18" || r.Ruling.Facts[0] != r.Record.ID {
			t.Errorf("got ruling %+v", r.Ruling)
		}
	}
	if head(t, log) != 2 {
		t.Errorf("the log has %d records, want 2", head(t, log))
	}
}

func TestSecretsAreSealedAndDigestedByMAC(t *testing.T) {
	a, _ := given(t, false)
	must(t, a, sign("c0", "A-1"))
	engage := func(name string) app.Request {
		return app.Request{Name: "engage-person", ID: "c1", Actor: "amy", Command: &engagePerson{Agency: "A-1", Name: name}}
	}

	r := must(t, a, engage("Ana Lucía"))
	if strings.Contains(string(r.Record.Raw), "Ana") {
		t.Errorf("the record shows the name: %s", r.Record.Raw)
	}
	if r := must(t, a, engage("Ana Lucía")); r.Appended {
		t.Error("the same command was recorded twice")
	}
	_, err := a.Execute(t.Context(), engage("Ana Maria"))
	asError[*app.CommandReusedError](t, err)
}

func TestHistoryThatDoesNotChainIsDamage(t *testing.T) {
	a, log := given(t, false)
	must(t, a, sign("c1", "A-1"))
	must(t, a, sign("c2", "A-1"))
	records, err := log.History(t.Context(), "agency/A-1")
	if err != nil {
		t.Fatal(err)
	}
	log.Damage(2, []byte(strings.Replace(string(records[0].Data), "Casa", "Caza", 1)))

	_, err = open(t, log).Execute(t.Context(), sign("c3", "A-1"))

	if e := asError[*events.DamageError](t, err); e.Sequence != 3 {
		t.Errorf("got damage at #%d, want #3", e.Sequence)
	}
}
