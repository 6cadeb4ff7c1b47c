package app

import (
	"sync"

	"caseledger/aggregates/agency"
	"caseledger/aggregates/award"
	"caseledger/aggregates/clientcase"
	"caseledger/aggregates/invoice"
	"caseledger/aggregates/letter"
	"caseledger/aggregates/partner"
	"caseledger/aggregates/programme"
	"caseledger/aggregates/publication"
	"caseledger/aggregates/referral"
	"caseledger/aggregates/roster"
	"caseledger/aggregates/training"
	"caseledger/aggregates/worker"
)

// Commands is the catalogue of the ledger: every aggregate stands here once.
var Commands = sync.OnceValue(func() *Catalogue {
	c, err := NewCatalogue(
		clientcase.Aggregate(),
		letter.Aggregate(),
		agency.Aggregate(),
		worker.Aggregate(),
		partner.Aggregate(),
		training.Aggregate(),
		award.Aggregate(),
		invoice.Aggregate(),
		programme.Aggregate(),
		publication.Aggregate(),
		roster.Aggregate(),
		referral.Aggregate(),
	)
	if err != nil {
		panic("app: " + err.Error())
	}
	return c
})
