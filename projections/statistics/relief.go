package statistics

import (
	"fmt"
	"slices"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/benefits"
)

// alternativeRelief counts the clients on other paths than certification (S1), by
// how each path stands on the last day.
func alternativeRelief(q Query) *sheet {
	columns := []string{"relief", "clients", "applied", "granted", "denied", "withdrawn", "unrestricted_funds"}
	sh := &sheet{
		title:   fmt.Sprintf("Alternatives to certification, %s to %s", q.First, q.Last),
		columns: columns,
		definitions: []string{
			"clients whose path was applied for or decided in the range, or who still wait, each once, as it stands on the last day; a client may stand on several paths",
			"unrestricted_funds: those for whom unrestricted funds paid for services meanwhile (S1)",
		},
		evidence: func(r *events.Record) bool {
			return r.Type == "alternative-relief.recorded.v1" && r.OccurredOn <= q.Last
		},
	}
	lineOf := map[string]*line{}
	for _, relief := range []string{"asylum", "u_visa", "vawa", "special_immigrant_juvenile", "other"} {
		lineOf[relief] = sh.newLine(relief, columns[1:]...)
	}
	sh.across("clients", columns[2:6]...)
	sh.fill = func(s *projections.Snapshot) error {
		return benefits.Each(s, func(client string, c *benefits.Case) error {
			for _, r := range c.Relief(q.Last) {
				l := lineOf[r.Relief]
				if l == nil || r.On < q.First && r.Standing != "applied" {
					continue
				}
				sh.cell(l, "clients").add(events.KindCase, []byte(client), 0)
				if i := slices.Index(columns, r.Standing); i > 0 {
					l.cells[i].add(events.KindCase, []byte(client), 0)
				}
				if r.UnrestrictedFunds {
					sh.cell(l, "unrestricted_funds").add(events.KindCase, []byte(client), 0)
				}
			}
			return nil
		})
	}
	return sh
}
