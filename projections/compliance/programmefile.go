package compliance

import (
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/row"
)

// deriveBilling appends the row of an agency's billing:
//
//	invoices: number, and of each day, closing date, position, day of its denial
//	(0: it stands)
func deriveBilling(s *projections.Subject, b []byte) ([]byte, error) {
	type invoice struct {
		mark
		closing, denied events.Date
	}
	var invoices []invoice
	numbers := map[int]int{}
	wanted := func(t string) bool { return t == "invoice.generated.v1" || t == "invoice.denied.v1" }
	err := s.Standing(wanted, func(r *events.Record, event events.Event) error {
		switch e := event.(type) {
		case *events.InvoiceGenerated:
			numbers[e.Number] = len(invoices)
			invoices = append(invoices, invoice{mark{r.OccurredOn, r.Sequence}, e.Closing, 0})
		case *events.InvoiceDenied:
			if i, known := numbers[e.Number]; known {
				invoices[i].denied = r.OccurredOn
			}
		}
		return nil
	})
	b = row.Len(b, len(invoices))
	for _, i := range invoices {
		b = row.Date(row.Uint(row.Date(row.Date(b, i.on), i.closing), i.seq), i.denied)
	}
	return b, err
}

// readBilled returns the closing date up to which an agency has billed by a day, and
// the record of that invoice.
func readBilled(b []byte, on events.Date) (closing events.Date, seq uint64, err error) {
	r := row.Read(b)
	for range r.Len() {
		day, c, s, denied := r.Date(), r.Date(), r.Uint(), r.Date()
		if day <= on && (denied == 0 || denied > on) && c > closing {
			closing, seq = c, s
		}
	}
	return closing, seq, r.Err()
}

// deriveTraining appends the row of a training:
//
//	day, position, whether it is a core training, lists of attendance: number, and
//	of each its day and agencies
func deriveTraining(s *projections.Subject, b []byte) ([]byte, error) {
	var held mark
	var core bool
	var lists []attendance
	err := s.Standing(nil, func(r *events.Record, event events.Event) error {
		switch e := event.(type) {
		case *events.TrainingHeld:
			held, core = mark{r.OccurredOn, r.Sequence}, e.Course == "core"
			lists = append(lists, attendance{r.OccurredOn, e.Agencies})
		case *events.TrainingAttended:
			lists = append(lists, attendance{r.OccurredOn, e.Agencies})
		}
		return nil
	})
	b = row.Len(row.Bool(row.Uint(row.Date(b, held.on), held.seq), core), len(lists))
	for _, l := range lists {
		b = row.Len(row.Date(b, l.on), len(l.agencies))
		for _, a := range l.agencies {
			b = row.String(b, a)
		}
	}
	return b, err
}

type attendance struct {
	on       events.Date
	agencies []string
}
