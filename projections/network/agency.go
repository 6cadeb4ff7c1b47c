package network

import (
	"caseledger/aggregates/policy"
	"caseledger/events"
)

// An agencyRow is what the view keeps of an agency.
type agencyRow struct {
	documents     []document
	contacts      []contact
	calls         []call
	memoranda     []Memorandum
	reviews       []Review
	findings      []findingRow
	consultations []Consultation
}

// A document is one that was filed on a day, or revoked then.
type document struct {
	on      events.Date
	name    string
	through events.Date
	revoked bool
	record  uint64
}

type contact struct {
	on     events.Date
	worker string
	record uint64
}

// A call is an assignment to the after-hours number.
type call struct {
	on, through events.Date
	worker      string
	record      uint64
}

// A Memorandum is a memorandum of understanding of an agency (S4).
type Memorandum struct {
	Partner string      `json:"partner"` // id in the directory, or an organisation in words
	Scope   string      `json:"scope"`
	From    events.Date `json:"from"`
	Through events.Date `json:"through,omitzero"` // last day; empty when it is open-ended
	Record  uint64      `json:"record"`
}

// A Review is a monitor's review.
type Review struct {
	Review  string      `json:"review"`
	On      events.Date `json:"on"`
	Manner  string      `json:"manner"`
	Clients []string    `json:"clients"` // coded ids of the files that were read
	Met     []string    `json:"met"`     // criteria found met
	Record  uint64      `json:"record"`
}

// A Consultation is help of the prime contractor to an agency (S2).
type Consultation struct {
	On      events.Date `json:"on"`
	Manner  string      `json:"manner"`
	Topic   string      `json:"topic"`
	Client  string      `json:"client,omitzero"`
	Minutes int         `json:"minutes"`
	Record  uint64      `json:"record"`
}

// A findingRow is a finding with what followed.
type findingRow struct {
	Finding
	actions []action
	closed  events.Date // zero while it is open
	record  uint64      // of the closing
}

type action struct {
	on, due events.Date
	record  uint64
}

func (a *agencyRow) empty() bool {
	return len(a.documents)+len(a.contacts)+len(a.calls)+len(a.memoranda)+len(a.reviews)+len(a.findings)+len(a.consultations) == 0
}

func (a *agencyRow) apply(r *events.Record, e events.Event) {
	on, record := r.OccurredOn, r.Sequence
	switch e := e.(type) {
	case *events.CredentialRecorded:
		a.file(document{on, e.Document, e.ThroughDate, false, record})
	case *events.CredentialRevoked:
		a.file(document{on, e.Document, 0, true, record})
	case *events.PointOfContactNamed:
		a.contacts = insert(a.contacts, contact{on, e.Worker, record}, func(c *contact) events.Date { return c.on })
	case *events.OnCallAssigned:
		a.calls = insert(a.calls, call{on, e.ThroughDate, e.Worker, record}, func(c *call) events.Date { return c.on })
	case *events.MemorandumSigned:
		a.memoranda = insert(a.memoranda, Memorandum{e.Partner, e.Scope, on, e.ThroughDate, record}, func(m *Memorandum) events.Date { return m.From })
	case *events.MemorandumEnded:
		a.endMemorandum(e, on)
	case *events.ReviewHeld:
		a.reviews = insert(a.reviews, Review{e.Review, on, e.Manner, e.Clients, e.Met, record}, func(v *Review) events.Date { return v.On })
	case *events.ConsultationGiven:
		a.consultations = insert(a.consultations, Consultation{on, e.Manner, e.Topic, e.Client, e.Minutes, record},
			func(c *Consultation) events.Date { return c.On })
	default:
		a.applyFinding(r, e)
	}
}

func (a *agencyRow) applyFinding(r *events.Record, e events.Event) {
	find := func(id string) *findingRow {
		for i := range a.findings {
			if a.findings[i].Finding.Finding == id {
				return &a.findings[i]
			}
		}
		return &findingRow{}
	}
	switch e := e.(type) {
	case *events.FindingRaised:
		a.findings = insert(a.findings, findingRow{Finding: Finding{
			Finding: e.Finding, Review: e.Review, Rule: e.Rule, Criterion: e.Criterion, Client: e.Client, Severity: e.Severity,
			Raised: r.OccurredOn, Due: e.DueOn, Records: []uint64{r.Sequence},
		}}, func(f *findingRow) events.Date { return f.Raised })
	case *events.CorrectiveActionAgreed:
		f := find(e.Finding)
		f.actions = insert(f.actions, action{r.OccurredOn, e.DueOn, r.Sequence}, func(x *action) events.Date { return x.on })
	case *events.FindingClosed:
		f := find(e.Finding)
		f.closed, f.record = r.OccurredOn, r.Sequence
	}
}

func (a *agencyRow) file(d document) {
	a.documents = insert(a.documents, d, func(d *document) events.Date { return d.on })
}

// endMemorandum shortens the memorandum that is in force on its last day.
func (a *agencyRow) endMemorandum(e *events.MemorandumEnded, last events.Date) {
	for i := range a.memoranda {
		if m := &a.memoranda[i]; m.Partner == e.Partner && m.Scope == e.Scope && m.inForce(last) {
			m.Through = last
		}
	}
}

func (m *Memorandum) inForce(day events.Date) bool {
	return m.From <= day && (m.Through == 0 || day <= m.Through)
}

func (a *agencyRow) code(c *codec) {
	codeList(c, &a.documents, func(d *document) { c.fields(&d.on, &d.name, &d.through, &d.revoked, &d.record) })
	codeList(c, &a.contacts, func(x *contact) { c.fields(&x.on, &x.worker, &x.record) })
	codeList(c, &a.calls, func(x *call) { c.fields(&x.on, &x.through, &x.worker, &x.record) })
	codeList(c, &a.memoranda, func(m *Memorandum) { c.fields(&m.Partner, &m.Scope, &m.From, &m.Through, &m.Record) })
	codeList(c, &a.reviews, func(v *Review) { c.fields(&v.Review, &v.On, &v.Manner, &v.Clients, &v.Met, &v.Record) })
	codeList(c, &a.findings, func(f *findingRow) {
		c.fields(&f.Finding.Finding, &f.Review, &f.Rule, &f.Criterion, &f.Client, &f.Severity, &f.Raised, &f.Due, &f.Records)
		codeList(c, &f.actions, func(x *action) { c.fields(&x.on, &x.due, &x.record) })
		c.fields(&f.closed, &f.record)
	})
	codeList(c, &a.consultations, func(x *Consultation) { c.fields(&x.On, &x.Manner, &x.Topic, &x.Client, &x.Minutes, &x.Record) })
}

// credentials returns the documents filed and revoked by a day.
func (a *agencyRow) credentials(day events.Date) (c policy.Credentials) {
	for _, d := range a.documents {
		switch {
		case d.on > day:
			return c
		case d.revoked:
			c.Revoke(d.name, d.on)
		default:
			c.File(d.name, d.on, d.through, d.record)
		}
	}
	return c
}

// onCall returns the assignment that holds in the night of a day.
func (a *agencyRow) onCall(day events.Date) (holds call, found bool) {
	for _, x := range a.calls {
		if x.on <= day && day <= x.through {
			holds, found = x, true
		}
	}
	return holds, found
}

func (a *agencyRow) contactOn(day events.Date) (named contact) {
	for _, x := range a.contacts {
		if x.on <= day {
			named = x
		}
	}
	return named
}
