package statistics

import (
	"strconv"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/pipeline"
)

// timeToLetter says how long it took from the day on which somebody was identified
// to the letter, by the fiscal year of the letter.
func timeToLetter(q Query) *sheet {
	sh := &sheet{
		title:   "Days from identification to a letter, by fiscal year of the letter",
		columns: []string{"fiscal_year", "people", "median_days", "p90_days", "most_days"},
		definitions: []string{
			"identified: the first fact on record about the person, be it a referral, a screening, a request or a pathway event; the letter: HHS's, by its date",
			"median and ninth decile are nearest ranks: whole days that somebody waited",
		},
	}
	from, to := policy.FiscalYear(q.First), policy.FiscalYear(q.Last)
	for year := from; year <= to; year++ {
		sh.newLine(strconv.Itoa(year), "people")
	}
	sh.fill = func(s *projections.Snapshot) error {
		people, err := pipeline.People(s, pipeline.Query{On: q.Last})
		if err != nil {
			return err
		}
		waits := make([][]int, len(sh.lines))
		for i := range people {
			days, on, reached := people[i].Interval(pipeline.IdentifiedToLetter)
			year := policy.FiscalYear(on)
			if !reached || year < from || year > to {
				continue
			}
			waits[year-from] = append(waits[year-from], days)
			sh.lines[year-from].cells[1].add(events.KindLetter, []byte(people[i].ID), 0)
		}
		for i, l := range sh.lines {
			for j := 2; j < len(sh.columns); j++ {
				l.texts[j] = notApplicable
			}
			if spread := projections.SpreadOf(waits[i]); spread.Count > 0 {
				l.texts[2], l.texts[3], l.texts[4] = strconv.Itoa(spread.MedianDays), strconv.Itoa(spread.P90Days), strconv.Itoa(spread.MostDays)
			}
		}
		return nil
	}
	sh.conceal = func() {
		for _, l := range sh.lines {
			if l.cells[1].hidden {
				l.texts[2], l.texts[3], l.texts[4] = Suppressed, Suppressed, Suppressed
			}
		}
	}
	return sh
}
