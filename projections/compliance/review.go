package compliance

import (
	"fmt"
	"slices"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/billing"
	"caseledger/projections/caseload"
	"caseledger/projections/network"
)

// A Review is what a monitor takes on a site visit of one agency.
type Review struct {
	On         events.Date          `json:"on"`
	Agency     network.Agency       `json:"agency"`
	Contract   Contract             `json:"contract"`
	Staff      []Colleague          `json:"staff"`
	InService  int                  `json:"cases_in_service"`
	OpenCases  int                  `json:"open_cases"` // any component
	Weight     int                  `json:"weight"`
	Trainings  []Month              `json:"trainings"` // of the twelve months before
	Invoices   []Invoice            `json:"invoices"`  // of the year before, the last one first
	Exceptions []Exception          `json:"exceptions"`
	Summary    []Count              `json:"summary"`
	At         projections.Position `json:"position"`
}

// A Contract is the subcontract and the money of its current year.
type Contract struct {
	Signed events.Date           `json:"signed"`         // first day in force
	Year   *billing.ContractYear `json:"year,omitempty"` // that runs on the day
}

// A Colleague is a worker with what is to be asked about.
type Colleague struct {
	caseload.Worker
	Leave events.Date `json:"leave_through,omitzero"` // last day of the leave that the worker is on
}

// A Month says who of the agency attended the core training (S2).
type Month struct {
	Month    string `json:"month"`
	Held     bool   `json:"held"`
	Attended int    `json:"attended"` // workers of the agency
}

// An Invoice is one as the agency's file should hold it.
type Invoice struct {
	Number     int          `json:"number"`
	Month      string       `json:"month"`
	Closing    events.Date  `json:"closing"`
	State      string       `json:"state"`
	TotalCents events.Cents `json:"total_cents"`
	Record     uint64       `json:"record"`
}

// ReviewOf gathers the review sheet of one agency on a day. The state of an invoice is
// the one that it reached by then.
func ReviewOf(s *projections.Snapshot, agency string, on events.Date) (*Review, error) {
	r := &Review{On: on, At: s.Position(), Invoices: []Invoice{}, Staff: []Colleague{}}
	n, err := network.On(s, on, agency)
	if err != nil {
		return nil, err
	}
	if len(n.Agencies) == 0 {
		return nil, fmt.Errorf("review agency %s: it was not under subcontract by %s", agency, on)
	}
	r.Agency = n.Agencies[0]
	for _, step := range []func(*projections.Snapshot, *network.Network) error{r.people, r.trained, r.money} {
		if err := step(s, n); err != nil {
			return nil, err
		}
	}
	report, err := On(s, Filter{On: on, Agency: agency})
	if err != nil {
		return nil, err
	}
	r.Exceptions, r.Summary, r.InService = report.Exceptions, report.Summary, report.Cases
	return r, nil
}

func (r *Review) people(s *projections.Snapshot, n *network.Network) error {
	load, err := caseload.On(s, caseload.Filter{On: r.On, Agency: r.Agency.Agency})
	if err != nil {
		return err
	}
	r.OpenCases = len(load.Cases)
	for _, c := range load.Cases {
		r.Weight += c.Intensity
	}
	for _, w := range load.Workers {
		c := Colleague{Worker: w}
		if i := slices.IndexFunc(n.Workers, func(x network.Worker) bool { return x.Worker == w.Worker }); i >= 0 && n.Workers[i].OnLeave() {
			c.Leave = n.Workers[i].LeaveThrough
		}
		r.Staff = append(r.Staff, c)
	}
	return nil
}

func (r *Review) trained(s *projections.Snapshot, _ *network.Network) error {
	first := r.On.FirstOfMonth().AddMonths(-12)
	attendance, err := network.CoreAttendance(s, first, r.On)
	if err != nil {
		return err
	}
	for month := first; month < r.On.FirstOfMonth(); month = month.AddMonths(1) {
		who, held := attendance[month]
		r.Trainings = append(r.Trainings, Month{month.String()[:7], held, who[r.Agency.Agency]})
	}
	return nil
}

func (r *Review) money(s *projections.Snapshot, _ *network.Network) error {
	years, err := billing.ContractYears(s, r.Agency.Agency, r.On)
	if err != nil {
		return err
	}
	for i, y := range years {
		if i == 0 {
			r.Contract.Signed = y.Start
		}
		if y.Start <= r.On && r.On <= y.End {
			r.Contract.Year = &years[i]
		}
	}
	account, err := billing.Of(s, r.Agency.Agency)
	if err != nil {
		return err
	}
	for _, i := range account.Invoices {
		if i.Closing > r.On || i.Closing < r.On-365 {
			continue
		}
		state := ""
		for _, step := range i.Steps {
			if step.On <= r.On {
				state = step.State
			}
		}
		if state != "" {
			r.Invoices = append(r.Invoices, Invoice{i.Number, i.Month, i.Closing, state, i.Totals.TotalCents, i.Sequence})
		}
	}
	slices.Reverse(r.Invoices)
	return nil
}
