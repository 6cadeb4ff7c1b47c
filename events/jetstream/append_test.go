package jetstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"caseledger/events"
	"caseledger/events/natsserver"
)

func TestParseAck(t *testing.T) {
	for answer, want := range map[string]struct {
		sequence  uint64
		duplicate bool
		code      jetstream.ErrorCode // of a refusal
		malformed bool
	}{
		`{"stream":"LEDGER","seq":22}`:                    {sequence: 22},
		`{"stream":"LEDGER", "seq": 22}`:                  {sequence: 22},
		`{"stream":"LEDGER","domain":"hub","seq":22}`:     {sequence: 22},
		`{"stream":"LEDGER","seq":22,"duplicate": true}`:  {sequence: 22, duplicate: true},
		`{"stream":"LEDGER","seq":18446744073709551615}`:  {sequence: 18446744073709551615},
		`{"stream":"LEDGER","seq":18446744073709551616}`:  {malformed: true},
		`{"stream":"LEDGER","seq":0}`:                     {malformed: true},
		`{"stream":"LEDGER","seq":+1}`:                    {malformed: true},
		`{"stream":"ACCESS","seq":22}`:                    {malformed: true},
		`{}`:                                              {malformed: true},
		`{"stream":"LEDGER","seq":2`:                      {malformed: true},
		`{"error":{"code":400,"err_code":10071},"seq":0}`: {code: codeWrongLastSequence},
		`{"error":{"code":503,"err_code":10077,"description":"maximum bytes exceeded"},"stream":"LEDGER","seq":0}`: {code: codeStoreFailed},
	} {
		ack, err := parseAck(Ledger, []byte(answer))
		var refused *jetstream.APIError
		switch {
		case want.malformed:
			if err == nil || errors.As(err, &refused) {
				t.Errorf("%s: got %+v, %v", answer, ack, err)
			}
		case want.code != 0:
			if !errors.As(err, &refused) || refused.ErrorCode != want.code {
				t.Errorf("%s: got %+v, %v", answer, ack, err)
			}
		case err != nil || ack.Sequence != want.sequence || ack.Duplicate != want.duplicate:
			t.Errorf("%s: got %+v, %v", answer, ack, err)
		}
	}
}

// FuzzParseAck holds the reading of the usual form to that of any form.
func FuzzParseAck(f *testing.F) {
	f.Add(`{"stream":"LEDGER","seq":22}`)
	f.Add(`{"stream":"LEDGER","seq":022}`)
	f.Add(`{"stream":"LEDGER","seq":2}}`)
	f.Fuzz(func(t *testing.T, answer string) {
		sequence, ok := plainAck(Ledger, []byte(answer))
		if !ok {
			return
		}
		var want jetstream.PubAck
		if err := json.Unmarshal([]byte(answer), &want); err != nil || want != (jetstream.PubAck{Stream: string(Ledger), Sequence: sequence}) {
			t.Errorf("%q: got %d, want %+v, %v", answer, sequence, want, err)
		}
	})
}

// TestAppendGivenUp gives appends up at any moment: the acknowledgement of one must
// never be taken for that of the next.
func TestAppendGivenUp(t *testing.T) {
	log := openEmpty(t)
	subject := events.SubjectOf(events.KindCase, "C-1")
	var last uint64
	for range 300 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(200))*time.Microsecond)
		sequence, err := log.Append(ctx, subject, last, fmt.Sprint(rand.Uint64()), []byte("given up, perhaps"))
		cancel()
		switch {
		case err == nil && sequence != last+1:
			t.Fatalf("got #%d behind #%d", sequence, last)
		case err != nil && !errors.Is(err, events.ErrUncertain) && !errors.Is(err, context.DeadlineExceeded):
			t.Fatal(err)
		}
		// What was given up may still be on its way: until it is there or refused.
		for sequence, err = 0, error(&events.ConflictError{}); errors.As(err, new(*events.ConflictError)); {
			if last, err = log.Head(t.Context()); err != nil {
				t.Fatal(err)
			}
			sequence, err = log.Append(t.Context(), subject, last, fmt.Sprint(rand.Uint64()), []byte("not given up"))
		}
		if err != nil || sequence != last+1 {
			t.Fatalf("got #%d behind #%d, %v", sequence, last, err)
		}
		last = sequence
	}
}

// TestLinksAreRetired has the life of links end between appends and during them.
func TestLinksAreRetired(t *testing.T) {
	log := openEmpty(t)
	var writers sync.WaitGroup
	for w := range 8 {
		writers.Go(func() {
			var last uint64
			for i := range 50 {
				var err error
				subject := events.SubjectOf(events.KindCase, fmt.Sprint("C-", w))
				if last, err = log.Append(t.Context(), subject, last, fmt.Sprint(w, "-", i), []byte("x")); err != nil {
					t.Error(err)
				}
				log.links.mu.Lock()
				for l := range log.links.open {
					l.life.Reset(0)
				}
				log.links.mu.Unlock()
			}
		})
	}
	writers.Wait()
	for begin := time.Now(); ; time.Sleep(time.Millisecond) {
		log.links.mu.Lock()
		left := len(log.links.open) + len(log.links.idle)
		log.links.mu.Unlock()
		if left == 0 {
			break
		}
		if time.Since(begin) > 10*time.Second {
			t.Fatalf("%d links are left", left)
		}
	}
	if head, err := log.Head(t.Context()); head != 400 || err != nil {
		t.Errorf("got head #%d, %v", head, err)
	}
}

func openEmpty(t *testing.T) *Log {
	t.Helper()
	server, err := natsserver.Start(natsserver.Config{StoreDir: t.TempDir(), Unsynced: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	config := Config{Server: server}
	if err := Create(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	log, err := Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	return log
}
