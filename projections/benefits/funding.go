package benefits

import (
	"cmp"
	"slices"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/signals"
)

// A Funder is what one funder other than the programme bears.
type Funder struct {
	Funder  string       `json:"funder"`
	Clients int          `json:"clients"`
	Costs   int          `json:"costs"`
	Cents   events.Cents `json:"cents"`
	// What it bears of clients before their letter (S1: services before
	// certification come from several funders).
	PreClients int          `json:"pre_certification_clients"`
	PreCents   events.Cents `json:"pre_certification_cents"`
}

// A Claim is one receipt that stands for more than one cost, borne by more than one
// payer (S1: no cost is claimed twice).
type Claim struct {
	Clients  []string     `json:"clients"`
	Agencies []string     `json:"agencies"`
	Payers   []string     `json:"payers"` // funders; per_capita is this programme
	Cents    events.Cents `json:"cents"`  // of all that is claimed
	Records  []uint64     `json:"records"`
}

// PerCapita stands for this programme among the payers of a [Claim].
const PerCapita = "per_capita"

// Funders returns what other funders bear by a day, by funder, the largest first; with
// an agency, of its clients.
func Funders(s *projections.Snapshot, day events.Date, agency string) ([]Funder, error) {
	found := map[string]*Funder{}
	err := Each(s, func(_ string, c *Case) error {
		seen, pre := map[string]bool{}, map[string]bool{}
		for _, x := range c.Funding(day) {
			if agency != "" && x.Agency != agency {
				continue
			}
			f := found[x.Funder]
			if f == nil {
				f = &Funder{Funder: x.Funder}
				found[x.Funder] = f
			}
			f.Costs++
			f.Cents += x.Cents
			if !seen[x.Funder] {
				seen[x.Funder] = true
				f.Clients++
			}
			if x.Status != policy.PreCertified && x.Status != policy.PreEligible {
				continue
			}
			f.PreCents += x.Cents
			if !pre[x.Funder] {
				pre[x.Funder] = true
				f.PreClients++
			}
		}
		return nil
	})
	list := make([]Funder, 0, len(found))
	for _, f := range found {
		list = append(list, *f)
	}
	slices.SortFunc(list, func(a, b Funder) int { return cmp.Or(cmp.Compare(b.Cents, a.Cents), cmp.Compare(a.Funder, b.Funder)) })
	return list, err
}

// A cost is what one payer bears of a receipt.
type cost struct {
	client, agency, payer string
	cents                 events.Cents
	record                uint64
}

// Twice returns the receipts that another funder bears and that are booked here or
// borne by a further funder as well, in all cases, in order of the first record; with
// an agency, those that concern it. Several expenses of one receipt, all booked here,
// are a finding of package signals.
func Twice(s *projections.Snapshot, day events.Date, agency string) ([]Claim, error) {
	costs := map[string][]cost{}
	err := Each(s, func(client string, c *Case) error {
		for _, x := range c.Funding(day) {
			if x.Receipt != "" {
				costs[x.Receipt] = append(costs[x.Receipt], cost{client, x.Agency, x.Funder, x.Cents, x.Record})
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	expenses, err := signals.Expenses(s)
	if err != nil {
		return nil, err
	}
	for _, x := range expenses {
		if borne := costs[x.Receipt]; len(borne) > 0 && x.On <= day {
			costs[x.Receipt] = append(borne, cost{x.Client, x.Agency, PerCapita, x.Cents, x.Sequence})
		}
	}
	claims := []Claim{}
	for _, list := range costs {
		if c := claimOf(list); len(list) > 1 && (agency == "" || slices.Contains(c.Agencies, agency)) {
			claims = append(claims, c)
		}
	}
	slices.SortFunc(claims, func(a, b Claim) int { return slices.Compare(a.Records, b.Records) })
	return claims, nil
}

func claimOf(list []cost) (c Claim) {
	for _, x := range list {
		c.Clients = append(c.Clients, x.client)
		c.Agencies = append(c.Agencies, x.agency)
		c.Payers = append(c.Payers, x.payer)
		c.Records = append(c.Records, x.record)
		c.Cents += x.cents
	}
	for _, texts := range []*[]string{&c.Clients, &c.Agencies, &c.Payers} {
		slices.Sort(*texts)
		*texts = slices.Compact(*texts)
	}
	slices.Sort(c.Records)
	return c
}
