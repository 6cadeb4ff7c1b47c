package bench

import (
	"errors"
	"fmt"
	"hash/maphash"
	"sync"
	"time"

	"caseledger/aggregates"
	"caseledger/aggregates/clientcase"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/cmd/caseledger/internal/sample"
	"caseledger/events"
)

const (
	loadWriters = 16
	loadChunk   = 4096 // commands whose persons' keys are made in one write
)

// longRecords is how many records one client has, spread over the stream from its
// enrollment on.
const longRecords = 400

// load makes the ledger and records the sample in it through the same path as any
// command, by several writers and without syncing.
func (r *run) load(place app.Place) (err error) {
	if err := app.Init(r.ctx, place, app.InitOptions{Name: "bench", SimulatedClock: true, Actor: "bench", Now: sampleBegins.Time()}); err != nil {
		return err
	}
	l, err := open(r.ctx, place, r.Now, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	// At twice what lives the heap would hold the stream, which the server keeps in memory
	// for as long as it is written so fast, once more in garbage.
	defer app.CollectLate()()
	expected := r.scale() * perCopy
	r.Say("recording about %d commands with %d writers; the disk is not synced meanwhile, since they can be made again", expected, loadWriters)
	pace := newPace(r)
	loader := newLoader(r, l)
	chunk := make([]app.Request, 0, loadChunk)
	flush := func() error {
		if err := l.PrepareKeys(chunk); err != nil {
			return err
		}
		err := loader.record(chunk)
		pace.add(len(chunk))
		chunk = chunk[:0]
		return err
	}
	long := newLong(expected)
	for req := range sample.Requests(r.sample()) {
		chunk = append(chunk, req)
		if extra, due := long.next(req); due {
			chunk = append(chunk, extra)
		}
		if len(chunk) >= loadChunk {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	r.add(Figure{Name: "loading the sample, not synced", Unit: "commands/s", Ours: pace.average()})
	return nil
}

// A pace says how loading gets on: whatever costs more the larger the ledger is shows
// as a rate that falls.
type pace struct {
	run         *run
	begin, last time.Time
	done, said  int // commands
}

const saidEvery = 250_000 // commands

func newPace(r *run) *pace { return &pace{run: r, begin: r.Now(), last: r.Now()} }

func (p *pace) add(n int) {
	p.done += n
	if p.done/saidEvery == p.said/saidEvery {
		return
	}
	now := p.run.Now()
	p.run.Say("recorded %d commands, %.0f a second since the last such line", p.done, float64(p.done-p.said)/now.Sub(p.last).Seconds())
	p.said, p.last = p.done, now
}

// average returns the commands of a second.
func (p *pace) average() float64 { return float64(p.done) / p.run.Now().Sub(p.begin).Seconds() }

// sampleBegins lies before the first command of the sample.
var sampleBegins = events.MustInstant("2000-10-27T14:00:00Z")

// A loader records commands by several writers. All commands about one person
// stay in order, and a command on which other persons' may rest waits for those
// before it and holds up those behind it.
type loader struct {
	run    *run
	ledger *app.Ledger
	seed   maphash.Seed
}

func newLoader(r *run, l *app.Ledger) *loader { return &loader{r, l, maphash.MakeSeed()} }

func (l *loader) record(requests []app.Request) error {
	var shares [loadWriters][]app.Request
	flush := func() error {
		var group sync.WaitGroup
		faults := make([]error, len(shares))
		for i := range shares {
			if len(shares[i]) == 0 {
				continue
			}
			group.Go(func() { faults[i] = l.recordInOrder(shares[i]) })
		}
		group.Wait()
		for i := range shares {
			shares[i] = shares[i][:0]
		}
		return errors.Join(faults...)
	}
	for _, req := range requests {
		subject, err := req.Command.Target(req.ID)
		if err != nil {
			return err
		}
		if !concernsOthers(subject, req.Command) {
			i := maphash.String(l.seed, subject.ID()) % loadWriters
			shares[i] = append(shares[i], req)
			continue
		}
		if err := errors.Join(flush(), l.recordInOrder([]app.Request{req})); err != nil {
			return err
		}
	}
	return flush()
}

// concernsOthers reports whether a command is about more than one person.
func concernsOthers(subject events.Subject, command aggregates.Command) bool {
	if kind := subject.Kind(); kind != events.KindCase && kind != events.KindLetter {
		return true
	}
	switch c := command.(type) {
	case *clientcase.EnrollClient:
		return c.Principal != ""
	case *clientcase.LinkDerivative:
		return true
	}
	return false
}

func (l *loader) recordInOrder(requests []app.Request) error {
	for _, req := range requests {
		if _, err := l.ledger.Execute(l.run.ctx, req); err != nil {
			return fmt.Errorf("%s %s: %w", req.Name, req.ID, err)
		}
	}
	return nil
}

// long makes the commands of the client with a long history.
type long struct {
	every  int // commands of the sample between two of the client's
	since  int
	made   int
	target string
}

// longFrom is the sample's command from which on the client's history can begin:
// agencies are under contract then.
var longFrom = events.MustInstant("2006-06-01T12:00:00Z")

func newLong(commands int) *long { return &long{every: commands / 2 / longRecords} }

// next returns the client's next command, if one is due behind a command of the
// sample.
func (l *long) next(after app.Request) (app.Request, bool) {
	if after.RecordedAt < longFrom || l.made == longRecords {
		return app.Request{}, false
	}
	if l.since++; l.since < l.every && l.made > 0 {
		return app.Request{}, false
	}
	enroll, enrolls := after.Command.(*clientcase.EnrollClient)
	if l.made == 0 && (!enrolls || enroll.Client != "" || enroll.Principal != "") {
		return app.Request{}, false
	}
	l.since = 0
	l.made++
	req := app.Request{
		ID: fmt.Sprintf("bench-long-%d", l.made), OccurredOn: after.OccurredOn, RecordedAt: after.RecordedAt,
		Actor: after.Actor, Role: after.Role, Agency: after.Agency,
	}
	if l.made == 1 {
		same := *enroll
		req.Name, req.Command = "enroll-client", &same
		subject, err := same.Target(req.ID)
		if err == nil {
			l.target = subject.ID()
		}
		return req, err == nil
	}
	req.Name, req.Command = "deliver-service", &clientcase.DeliverService{Client: l.target, Category: "case_management", Minutes: 30, Note: "met the client"}
	return req, true
}
