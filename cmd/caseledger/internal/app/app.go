package app

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"time"
	_ "time/tzdata" // the programme's time zone must exist on every machine

	"github.com/oklog/ulid/v2"

	"caseledger/aggregates"
	"caseledger/events"
)

// Keys seals identifying text under the keys of the subject that it belongs to.
type Keys interface {
	// Seal seals every secret of event in place, for the record of a ULID.
	Seal(subject events.Subject, recordID string, event events.Event) error
	// MAC returns a digest of a text under a key of the subject's own.
	MAC(subject events.Subject, class events.KeyClass, text []byte) (events.Hash, error)
}

// An Index knows the log up to a position. The views are one.
type Index interface {
	// Command returns the sequence of the record that a command id led to, 0
	// when there is none.
	Command(ctx context.Context, id string) (sequence uint64, err error)
	// History returns the records of a subject that the index knows, in order.
	History(ctx context.Context, subject events.Subject) ([]events.Message, error)
	// CatchUp brings the index up to the log's head and returns its position.
	CatchUp(ctx context.Context) (position uint64, err error)
}

// A Config says what an [App] works on.
type Config struct {
	Log       events.Log
	Catalogue *Catalogue
	Keys      Keys
	Custody   Custody // nil: nothing is unsealed or destroyed
	Index     Index   // nil: only what this App appended, and each subject's own history
	Now       func() time.Time
	// Access returns the log of looks at identifying data, opened when it is
	// first asked for: who cannot write it cannot look. nil: nobody can.
	Access func(context.Context) (events.Log, error)
	// Drafter computes what commands of billing need; nil: they are not carried out.
	Drafter *Drafter
	// CacheSize bounds the number of folded aggregates that are kept; 0 means 60,000.
	// One of 40 records takes about 12 kB, and a miss costs the processor as much as three commands.
	CacheSize int
	// Shared says that others may write to the log: what a decision rests on
	// is then read from the log each time.
	Shared bool
}

// An App carries out commands on one ledger. It is safe for concurrent use.
type App struct {
	Ledger    events.LedgerCreated // the genesis
	log       events.Log
	catalogue *Catalogue
	keys      Keys
	custody   Custody
	now       func() time.Time
	access    func(context.Context) (events.Log, error)
	shared    bool
	zone      *time.Location
	index     Index
	drafter   *Drafter
	cache     *cache
	appended  *appended
	subjects  lockers[events.Subject]
	ids       lockers[string]
}

// New returns an App on a log that holds a genesis record.
func New(ctx context.Context, c Config) (*App, error) {
	genesis, err := ReadGenesis(ctx, c.Log)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(genesis.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("open the ledger %s: time zone of the genesis: %w", genesis.Name, err)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.CacheSize == 0 {
		c.CacheSize = 60_000
	}
	return &App{
		Ledger: *genesis, log: c.Log, catalogue: c.Catalogue, keys: c.Keys, custody: c.Custody, now: c.Now, access: c.Access,
		shared: c.Shared, zone: zone, index: c.Index, drafter: c.Drafter, cache: newCache(c.CacheSize), appended: newAppended(c.Index),
	}, nil
}

// TimeZone is the programme's: its day begins at midnight in New York.
const TimeZone = "America/New_York"

// newYork is known to every build: the time zones are part of the program.
func newYork() *time.Location {
	zone, err := time.LoadLocation(TimeZone)
	if err != nil {
		panic("app: " + err.Error())
	}
	return zone
}

// Catalogue returns the commands that the App carries out.
func (a *App) Catalogue() *Catalogue { return a.catalogue }

// Now returns the present moment and the programme's day of it.
func (a *App) Now() (events.Instant, events.Date) {
	now := events.InstantOf(a.now())
	return now, now.DayIn(a.zone)
}

// DayOf returns the programme's day of a moment.
func (a *App) DayOf(i events.Instant) events.Date { return i.DayIn(a.zone) }

// newID returns a fresh ULID of a moment of the ledger's clock. Its random part
// comes from the operating system, whose generator serves one caller at a time;
// nothing may rely on the order of ULIDs.
func newID(at events.Instant) (string, error) {
	id, err := ulid.New(uint64(at), rand.Reader)
	if err != nil {
		return "", fmt.Errorf("make a record id: %w", err)
	}
	return id.String(), nil
}

// EndOf returns the last moment of a day of the programme.
func (a *App) EndOf(day events.Date) events.Instant {
	y, m, d := (day + 1).Civil()
	return events.InstantOf(time.Date(y, m, d, 0, 0, 0, 0, a.zone)) - 1
}

// Local writes a moment in the programme's time zone, for people.
func (a *App) Local(i events.Instant) string {
	return i.Time().In(a.zone).Format("2006-01-02 15:04:05 MST")
}

// NewCommandID returns an id for a command that comes without one.
func NewCommandID(now time.Time) (string, error) { return newID(events.InstantOf(now)) }

// basis looks up the subjects that a decision rests on.
func (a *App) basis(ctx context.Context, command aggregates.Command, state *folded, load loader) (aggregates.Basis, error) {
	dependent, depends := command.(aggregates.Dependent)
	if !depends {
		return nil, nil
	}
	a.cache.mu.RLock()
	needs := dependent.Needs(state.state)
	a.cache.mu.RUnlock()
	basis := make(aggregates.Basis, len(needs))
	for _, subject := range needs {
		f := state
		if subject != state.subject {
			var err error
			if f, err = load(ctx, subject); err != nil {
				return nil, err
			}
		}
		a.cache.mu.RLock()
		basis[subject] = aggregates.Standing{State: f.state, Reference: f.reference()}
		a.cache.mu.RUnlock()
	}
	return basis, nil
}

// A loader returns the folded history of a subject.
type loader func(context.Context, events.Subject) (*folded, error)

// load returns the folded history of a subject, from the cache, the index or the
// log. It is stale when other writers' records may be missing from it.
func (a *App) load(ctx context.Context, subject events.Subject) (f *folded, stale bool, err error) {
	if f := a.cache.get(subject); f != nil {
		return f, a.shared, nil
	}
	if f, stale, err = a.foldIndexed(ctx, subject); err != nil {
		return nil, false, err
	}
	return a.cache.add(f), stale, nil
}

// loadBasis returns the folded history of a subject that a decision rests on.
func (a *App) loadBasis(ctx context.Context, subject events.Subject) (*folded, error) {
	if a.shared {
		return a.fold(ctx, subject)
	}
	f, _, err := a.load(ctx, subject)
	return f, err
}

// lockers is a set of locks by key, each there only while it is held or awaited.
type lockers[K comparable] struct {
	mu    sync.Mutex
	locks map[K]*locker
	spare []*locker // used before, of no key now
}

type locker struct {
	sync.Mutex
	users int
}

// lock takes the lock of key and returns what releases it.
func (l *lockers[K]) lock(key K) (unlock func()) {
	l.mu.Lock()
	if l.locks == nil {
		l.locks = map[K]*locker{}
	}
	k := l.locks[key]
	if last := len(l.spare) - 1; k == nil && last >= 0 {
		k, l.spare = l.spare[last], l.spare[:last]
		l.locks[key] = k
	} else if k == nil {
		k = &locker{}
		l.locks[key] = k
	}
	k.users++
	l.mu.Unlock()
	k.Lock()
	return func() {
		k.Unlock()
		l.mu.Lock()
		defer l.mu.Unlock()
		if k.users--; k.users == 0 {
			delete(l.locks, key)
			l.spare = append(l.spare, k)
		}
	}
}
