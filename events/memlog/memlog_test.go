package memlog_test

import (
	"testing"

	"caseledger/events"
	"caseledger/events/logtest"
	"caseledger/events/memlog"
)

func TestConformance(t *testing.T) {
	logtest.Run(t, func(*testing.T) events.Log { return memlog.New() })
}
