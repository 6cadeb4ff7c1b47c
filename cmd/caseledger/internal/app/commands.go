package app

import (
	"sync"
)

// Commands is the catalogue of the ledger: every aggregate stands here once.
var Commands = sync.OnceValue(func() *Catalogue {
	c, err := NewCatalogue()
	if err != nil {
		panic("app: " + err.Error())
	}
	return c
})
