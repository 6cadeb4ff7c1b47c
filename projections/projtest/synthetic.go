package projtest

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"caseledger/events"
)

// Synthetic is a plausible programme of about n records, always the same, for
// measurements: agencies, workers, and clients with letters, services, expenses
// and hand-offs, some 2,000 of them active at any time, 25 records each. The
// client [LongClient] has 400 records spread over the whole stream.
//
// The records lie in a file, so that reading them costs no memory.
type Synthetic struct {
	path  string
	count uint64
}

// LongClient is the coded id of a client with 400 records.
const LongClient = "C-LONG"

const (
	agencies      = 80
	workersEach   = 5
	activeClients = 2000
	perClient     = 25
	longRecords   = 400
)

var firstDay = events.MustDate("2006-04-01")

// NewSynthetic writes the stream into the test's temporary directory.
func NewSynthetic(t testing.TB, n int) *Synthetic {
	t.Helper()
	s := &Synthetic{path: filepath.Join(t.TempDir(), "records")}
	f, err := os.Create(s.path)
	if err != nil {
		t.Fatal(err)
	}
	g := &generator{
		t: t, out: bufio.NewWriterSize(f, 1<<20), total: n,
		rand: rand.New(rand.NewPCG(1, 2)), heads: map[events.Subject]head{},
	}
	g.run()
	if err := errors.Join(g.out.Flush(), f.Close()); err != nil {
		t.Fatal(err)
	}
	s.count = g.sequence
	return s
}

// Head returns the number of records.
func (s *Synthetic) Head(context.Context) (uint64, error) { return s.count, nil }

// Read calls f with batches of 512 records. It reads from the start of the file.
func (s *Synthetic) Read(ctx context.Context, from, to uint64, f func([]events.Message) error) error {
	file, err := os.Open(s.path)
	if err != nil {
		return err
	}
	defer file.Close()
	in := bufio.NewReaderSize(file, 1<<20)
	var batch []events.Message
	for sequence := uint64(1); sequence <= to; sequence++ {
		var length [4]byte
		if _, err := io.ReadFull(in, length[:]); err != nil {
			return err
		}
		data := make([]byte, binary.BigEndian.Uint32(length[:]))
		if _, err := io.ReadFull(in, data); err != nil {
			return err
		}
		if sequence < from {
			continue
		}
		if batch = append(batch, events.Message{Sequence: sequence, Data: data}); len(batch) == 512 || sequence == to {
			if err := f(batch); err != nil {
				return err
			}
			batch = nil
		}
	}
	return ctx.Err()
}

type head struct {
	version uint64
	hash    events.Hash
}

type generator struct {
	t        testing.TB
	out      *bufio.Writer
	rand     *rand.Rand
	total    int
	sequence uint64
	heads    map[events.Subject]head
	clients  int
	victim   string // the last one, principal of the next derivatives
}

// client is a case in progress.
type client struct {
	id         string
	step       int
	derivative bool
	lead       string
	agency     string
	principal  string
}

func (g *generator) today() events.Date {
	return firstDay + events.Date(g.sequence*16*365/uint64(max(g.total, 1_000_000)))
}

func (g *generator) run() {
	g.add(events.ProgrammeSubject, &events.PolicyAdopted{Authority: "contract"})
	for a := range agencies {
		agency := fmt.Sprintf("A-%03d", a)
		g.add(events.SubjectOf(events.KindAgency, agency), &events.SubcontractSigned{Name: agency, State: "NY"})
		g.add(events.SubjectOf(events.KindAgency, agency), &events.LocationOpened{Location: "L-1", City: "Albany", State: "NY"})
		for w := range workersEach {
			g.add(events.SubjectOf(events.KindWorker, fmt.Sprintf("W-%03d-%d", a, w)),
				&events.WorkerEngaged{Agency: agency, CapacityPercent: 100, Languages: []string{"es"}})
		}
	}
	active := make([]*client, activeClients)
	for i := range active {
		active[i] = g.newClient()
	}
	long := &client{id: LongClient, agency: "A-001", lead: "W-001-1"}
	every := max(1, g.total/longRecords)
	for i := 0; int(g.sequence) < g.total; i++ {
		if i%every == 0 {
			g.long(long)
			continue
		}
		at := g.rand.IntN(len(active))
		if g.step(active[at]); active[at].step >= perClient {
			active[at] = g.newClient()
		}
	}
}

func (g *generator) newClient() *client {
	g.clients++
	a := g.rand.IntN(agencies)
	hash := events.HashOf(fmt.Appendf(nil, "client %d", g.clients))
	c := &client{
		id:     "C-" + fmt.Sprintf("%X", hash[:6]),
		agency: fmt.Sprintf("A-%03d", a), lead: fmt.Sprintf("W-%03d-%d", a, g.rand.IntN(workersEach)),
	}
	if g.victim != "" && g.rand.IntN(5) == 0 {
		c.derivative, c.principal = true, g.victim
	} else {
		g.victim = c.id
	}
	return c
}

func (g *generator) long(c *client) {
	if c.step++; c.step == 1 {
		g.add("case/"+LongClient, g.enrolled(c))
		return
	}
	g.add("case/"+LongClient, g.service(c))
}

func (g *generator) step(c *client) {
	subject := events.SubjectOf(events.KindCase, c.id)
	c.step++
	switch {
	case c.step == 1 && !c.derivative:
		g.add(events.SubjectOf(events.KindLetter, c.id), &events.LetterRequested{Kind: events.Certification, Agency: c.agency})
	case c.step <= 2 && subjectNew(g, subject):
		g.add(subject, g.enrolled(c))
	case c.step == 3:
		g.add(subject, &events.LeadAssigned{Worker: c.lead})
	case c.step == 9 && !c.derivative:
		g.add(events.SubjectOf(events.KindLetter, c.id), &events.LetterIssued{
			Kind: events.Certification, Basis: "bona_fide", Sex: events.Female, Form: events.FormLabor, Country: "MX", State: "NY"})
	case c.step == 10 && !c.derivative:
		g.add(subject, &events.LetterReceived{Kind: events.Certification, LetterDate: g.today(), ReceivedOn: g.today()})
	case c.step == perClient:
		g.add(subject, &events.ServiceClosed{Reason: Sealed})
	case c.step%3 == 0:
		g.add(subject, &events.ExpenseBooked{Agency: c.agency, Category: "housing", AmountCents: events.Cents(1000 + g.rand.IntN(30000)), Note: Sealed})
	default:
		g.add(subject, g.service(c))
	}
}

func subjectNew(g *generator, s events.Subject) bool { return g.heads[s].version == 0 }

func (g *generator) service(c *client) events.Event {
	return &events.ServiceDelivered{Category: "housing", Worker: c.lead, Minutes: 30, Language: "es", Note: Sealed}
}

func (g *generator) enrolled(c *client) events.Event {
	e := &events.ClientEnrolled{
		Agency: c.agency, Location: "L-1", Class: events.Victim, Sex: events.Female, AgeGroup: events.Adult, AgeYears: 31,
		Form: events.FormLabor, Country: "MX", Language: "es", ImmigrationStatus: "undocumented", Identity: Sealed,
		Criteria: []events.Criterion{
			{Name: "victim_of_severe_trafficking", Met: true, DeterminedBy: c.agency, Evidence: Sealed},
			{Name: "removed_from_situation", Met: true, DeterminedBy: c.agency},
		},
	}
	if c.derivative {
		e.Class, e.Form = events.Derivative, ""
		e.Derivative = &events.DerivativeLink{Principal: c.principal, VisaClass: events.T3, EntryDate: g.today()}
	}
	return e
}

func (g *generator) add(subject events.Subject, e events.Event) {
	g.sequence++
	id := ID(g.sequence)
	h := g.heads[subject]
	day := g.today()
	r, err := events.Encode(events.Envelope{
		ID: id, Source: "synthetic", Subject: subject, Version: h.version + 1, Previous: h.hash,
		Time:       events.MustInstant(day.String()+"T12:00:00Z") + events.Instant(g.sequence%1000),
		OccurredOn: day, Actor: "W-001-1", Role: "case_manager", Agency: "A-001",
		CausationID: "cmd-" + id, CommandDigest: events.HashOf([]byte(id)),
	}, e)
	if err != nil {
		g.t.Fatal(err)
	}
	g.heads[subject] = head{r.Version, r.Hash()}
	var length [4]byte
	binary.BigEndian.PutUint32(length[:], uint32(len(r.Raw)))
	g.out.Write(length[:])
	g.out.Write(r.Raw) // a failure shows in Flush
}
