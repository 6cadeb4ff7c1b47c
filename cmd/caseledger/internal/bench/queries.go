package bench

import (
	"fmt"

	"caseledger/cmd/caseledger/internal/sample"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/caseload"
	"caseledger/projections/clocks"
	"caseledger/projections/history"
	"caseledger/projections/reimbursement"
	"caseledger/projections/statistics"
)

const queryRounds = 5

// history reads one client's history of 400 records among all.
func (r *run) history() error {
	id, err := r.longClient()
	if err != nil {
		return err
	}
	return r.query(fmt.Sprintf("history of %d events", longRecords), 10, func(s *projections.Snapshot) error {
		records, err := history.Client(s, id)
		if err == nil && len(records) < longRecords {
			err = fmt.Errorf("it has %d records", len(records))
		}
		return err
	})
}

// longClient finds the client with the long history by the command that enrolled
// it.
func (r *run) longClient() (id string, err error) {
	err = r.read(func(s *projections.Snapshot) error {
		sequence, err := s.Command("bench-long-1")
		if err != nil {
			return err
		}
		record, err := s.Record(sequence)
		if err == nil {
			id = record.Subject.ID()
		}
		return err
	})
	return id, err
}

// queries asks every question of the command line.
func (r *run) queries() error {
	if err := r.history(); err != nil {
		return err
	}
	show := sample.Show(r.sample())
	on := events.MustDate("2009-05-15")
	for _, q := range []struct {
		name string
		ask  func(s *projections.Snapshot) error
	}{
		{"clocks of one client", func(s *projections.Snapshot) error { _, err := clocks.Of(s, show.Client, on); return err }},
		{"clocks that end within 30 days", func(s *projections.Snapshot) error {
			_, err := clocks.List(s, clocks.Filter{On: on, Ending: true, Within: 30})
			return err
		}},
		{"caseload of everybody", func(s *projections.Snapshot) error { _, err := caseload.On(s, caseload.Filter{On: on}); return err }},
		{"reimbursement of a client", func(s *projections.Snapshot) error {
			_, err := reimbursement.Of(s, show.Client, on, 0)
			return err
		}},
		{"reimbursement of an agency's month", func(s *projections.Snapshot) error {
			_, err := reimbursement.Month(s, show.Agency, show.Month, 0)
			return err
		}},
		{"reimbursement of the contract", func(s *projections.Snapshot) error {
			_, err := reimbursement.Total(s, events.MustDate("2006-04-01"), on)
			return err
		}},
	} {
		if err := r.query(q.name, 100, q.ask); err != nil {
			return err
		}
	}
	for _, report := range reports() {
		if err := r.query("report "+report.Report, 100, func(s *projections.Snapshot) error {
			_, err := statistics.Run(s, report)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

func reports() (queries []statistics.Query) {
	for _, name := range statistics.Names() {
		q, err := statistics.FiscalYears(name, 2008, 2008)
		switch name {
		case statistics.LettersByFiscalYear:
			q, err = statistics.FiscalYears(name, 2001, 2008)
		case statistics.ClientsEnrolled, statistics.PerCapitaCumulative:
			q, err = statistics.Months(name, "2006-04", "2009-05")
		}
		if err == nil {
			queries = append(queries, q)
		}
	}
	return queries
}

// query asks a question some times; target is what the median may take, in
// milliseconds.
func (r *run) query(name string, target float64, ask func(*projections.Snapshot) error) error {
	times := make([]float64, queryRounds)
	for i := range times {
		c, err := r.time(func() error { return r.read(ask) })
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		times[i] = c
	}
	r.add(Figure{Name: name, Unit: "ms", Ours: medianOf(times, func(ms float64) float64 { return ms }), Target: target})
	return nil
}

// time returns how many milliseconds f takes.
func (r *run) time(f func() error) (float64, error) {
	begin := r.Now()
	err := f()
	return float64(r.Now().Sub(begin).Microseconds()) / 1000, err
}
