// Package sampletest counts a sample's commands by itself, and changes single
// facts of a sample with known consequences for the published tables, so that
// tests of the statistics have something to be held against.
package sampletest

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"caseledger/aggregates/agency"
	"caseledger/aggregates/clientcase"
	"caseledger/aggregates/letter"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
)

// A Census counts a stream of commands by itself, without the product's
// statistics: who was enrolled when, in what status, and which letters were issued.
type Census struct {
	Clients   map[string]*Client // by coded id
	Letters   map[string]*Letter // by coded id, a space, and the command that issued it
	agencies  map[string]bool
	locations map[string]bool
}

// A Client is a client as the commands left them.
type Client struct {
	Class, Sex, Age, Form, Country string
	Spells                         [][2]events.Date       // first and last days; last zero while open
	Letters                        map[string]events.Date // by the command that received them
	agency, location               string
}

// A Letter is a letter that HHS issued.
type Letter struct {
	*letter.IssueLetter
	On events.Date
}

// Take counts a stream of commands.
func Take(requests iter.Seq[app.Request]) *Census {
	c := &Census{map[string]*Client{}, map[string]*Letter{}, map[string]bool{}, map[string]bool{}}
	for r := range requests {
		c.add(r)
	}
	return c
}

func (c *Census) add(r app.Request) {
	subject, err := r.Command.Target(r.ID)
	if err != nil {
		panic(err)
	}
	id := subject.ID()
	one := c.Clients[id]
	switch x := r.Command.(type) {
	case *agency.SignSubcontract:
		c.agencies[x.Agency] = true
	case *agency.OpenLocation:
		c.locations[x.Agency+" "+x.Location] = true
	case *clientcase.EnrollClient:
		if c.Clients[id] != nil {
			panic("enrolled twice: " + id)
		}
		class := x.Class
		if class == "" {
			class = "victim"
		}
		c.Clients[id] = &Client{
			Class: class, Sex: x.Sex, Age: x.AgeGroup, Form: x.Form, Country: x.Country,
			Spells: [][2]events.Date{{r.OccurredOn, 0}}, Letters: map[string]events.Date{},
			agency: x.Agency, location: x.Agency + " " + x.Location,
		}
	case *clientcase.ReceiveLetter:
		if x.Kind != "interim" {
			one.Letters[r.ID] = x.LetterDate
		}
	case *clientcase.WithdrawCaseFact:
		delete(one.Letters, x.Record)
	case *clientcase.CorrectClient:
		correct(&one.Sex, x.Sex)
		correct(&one.Form, x.Form)
		correct(&one.Age, x.AgeGroup)
	case *clientcase.CloseService:
		one.Spells[len(one.Spells)-1][1] = r.OccurredOn
	case *clientcase.ReopenService:
		one.Spells = append(one.Spells, [2]events.Date{r.OccurredOn, 0})
	case *letter.IssueLetter:
		c.Letters[id+" "+r.ID] = &Letter{x, r.OccurredOn}
	case *letter.WithdrawLetterFact:
		delete(c.Letters, id+" "+x.Record)
	}
}

func correct(to *string, value string) {
	if value != "" {
		*to = value
	}
}

// CertifiedFrom returns the first certified day, far away when there is none.
func (c *Client) CertifiedFrom() events.Date {
	from := events.MaxDate
	for _, on := range c.Letters {
		from = min(from, on)
	}
	return from
}

// served returns in which statuses a client was served within a range, and in
// which on the last served day.
func (c *Client) served(first, last events.Date) (pre, certified, lastCertified bool) {
	from := c.CertifiedFrom()
	for _, s := range c.Spells {
		a, b := max(s[0], first), last
		if s[1] != 0 {
			b = min(b, s[1])
		}
		if a > b {
			continue
		}
		pre = pre || a < from
		certified = certified || b >= from
		lastCertified = b >= from
	}
	return pre, certified, lastCertified
}

// ClientsEnrolled returns Table 3 of the clients served in a range, as CSV. Every
// count is divided by scale.
func (c *Census) ClientsEnrolled(first, last events.Date, scale int) string {
	names := []string{"Pre-certified only", "Certified only", "Clients originally enrolled as pre-certified who became certified", "Family derivative"}
	columns := strings.Split("total,male,female,adult,minor,sex,labor,both", ",")
	counts := map[string]map[string]int{}
	for _, one := range c.Clients {
		pre, certified, _ := one.served(first, last)
		row := names[3]
		switch {
		case !pre && !certified:
			continue
		case one.Class == "derivative":
		case pre && certified:
			row = names[2]
		case certified:
			row = names[1]
		default:
			row = names[0]
		}
		for _, n := range [][2]string{{row, "victims"}, {"Total clients served", ""}} {
			if counts[n[0]] == nil {
				counts[n[0]] = map[string]int{}
			}
			for _, column := range []string{"total", one.Sex, one.Age, one.Form} {
				counts[n[0]][column]++
			}
		}
	}
	counts["Total victims enrolled"] = map[string]int{}
	for _, row := range names[:3] {
		for column, n := range counts[row] {
			counts["Total victims enrolled"][column] += n
		}
	}
	var b strings.Builder
	b.WriteString("category,total,male,female,adult,children_and_youth,sex,labor,both\n")
	for _, row := range []string{names[0], names[1], names[2], "Total victims enrolled", names[3], "Total clients served"} {
		b.WriteString(row)
		for i, column := range columns {
			if row == names[3] && i >= 5 {
				b.WriteString(",N/A")
				continue
			}
			fmt.Fprintf(&b, ",%s", share(counts[row][column], scale))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// share returns n / scale, spelled so that a remainder is seen.
func share(n, scale int) string {
	if n%scale != 0 {
		return fmt.Sprintf("%d/%d", n, scale)
	}
	return fmt.Sprint(n / scale)
}

// LettersByFiscalYear returns the letters of a range of years, as CSV.
func (c *Census) LettersByFiscalYear(from, to, scale int) string {
	var b strings.Builder
	b.WriteString("fiscal_year,adult_victims,child_victims,total\n")
	for year := from; year <= to; year++ {
		var adults, children int
		for range c.lettersOf(year, "certification") {
			adults++
		}
		for range c.lettersOf(year, "eligibility") {
			children++
		}
		fmt.Fprintf(&b, "%d,%s,%s,%s\n", year, share(adults, scale), share(children, scale), share(adults+children, scale))
	}
	return b.String()
}

func fiscalYearOf(d events.Date) int {
	y, m, _ := d.Civil()
	if m >= 10 {
		y++
	}
	return y
}

func (c *Census) lettersOf(year int, kind string) iter.Seq[*Letter] {
	return func(yield func(*Letter) bool) {
		for _, key := range slices.Sorted(maps.Keys(c.Letters)) {
			if l := c.Letters[key]; l.Kind == kind && fiscalYearOf(l.On) == year && !yield(l) {
				return
			}
		}
	}
}

// LettersProfile returns the measures of a year's letters as the published profile
// names them.
func (c *Census) LettersProfile(year, scale int) map[string]string {
	m := map[string]string{}
	for _, p := range []struct{ population, kind, total string }{
		{"adults_certified", "certification", "certification_letters"},
		{"children_eligible", "eligibility", "eligibility_letters"},
	} {
		n := map[string]int{}
		places, countries := map[string]int{}, map[string]int{}
		for l := range c.lettersOf(year, p.kind) {
			n["total"]++
			n[l.Sex]++
			form := l.Form
			if form == "unknown" {
				form = "form_not_stated"
			}
			n[form]++
			places[l.State]++
			countries[l.Country]++
		}
		m[p.population+" "+p.total] = share(n["total"], scale)
		for _, measure := range []string{"male", "female", "sex", "labor", "both", "form_not_stated"} {
			m[p.population+" "+measure] = fmt.Sprint((200*n[measure] + n["total"]) / (2 * n["total"]))
			m[p.population+" count "+measure] = share(n[measure], scale)
		}
		m[p.population+" countries_of_origin"] = fmt.Sprint(len(countries))
		ranked := slices.SortedFunc(maps.Keys(countries), func(a, b string) int { return countries[b] - countries[a] })
		for i := range 4 {
			if countries[ranked[i]] == countries[ranked[i+1]] {
				ranked[i] = "tie"
			}
		}
		m[p.population+" top4"] = strings.Join(ranked[:4], " ")
		delete(places, "DC")
		delete(places, "MP")
		m[p.population+" (as worded) states"] = fmt.Sprint(len(places))
	}
	return m
}

// PerCapita returns the measures of one fiscal year.
func (c *Census) PerCapita(year, scale int) map[string]string {
	last := events.MustDate(fmt.Sprintf("%d-09-30", year))
	first := last.AddMonths(-12) + 1
	n := map[string]int{}
	for _, one := range c.Clients {
		pre, certified, lastCertified := one.served(first, last)
		if !pre && !certified {
			continue
		}
		n["total_clients_served"]++
		switch {
		case one.Class == "derivative":
			n["family_derivatives"]++
			continue
		case lastCertified:
			n["certified_victims"]++
		default:
			n["pre_certified_victims"]++
		}
		if pre && certified {
			n["transferred_pre_certified_to_certified"]++
		}
	}
	m := map[string]string{}
	for k, v := range n {
		m[k] = share(v, scale)
	}
	return m
}

// Cumulative returns the measures of April 2006 – May 2009. The network's size is
// counted from those who served a client.
func (c *Census) Cumulative(scale int) map[string]string {
	n := map[string]int{}
	agencies, locations := map[string]bool{}, map[string]bool{}
	for _, one := range c.Clients {
		if pre, certified, _ := one.served(events.MustDate("2006-04-01"), events.MustDate("2009-05-31")); pre || certified {
			n[one.Class]++
			if c.agencies[one.agency] && c.locations[one.location] {
				agencies[one.agency], locations[one.location] = true, true
			}
		}
	}
	return map[string]string{
		"victims_served": share(n["victim"], scale), "family_derivatives_served": share(n["derivative"], scale),
		"subcontractors": share(len(agencies), scale), "locations": share(len(locations), scale),
	}
}
