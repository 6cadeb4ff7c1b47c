package jetstream

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"caseledger/events"
)

const (
	// headerRoom is what a message may hold beside its record.
	headerRoom = 1 << 10

	// duplicateWindow is short because it costs memory and nothing leans on it:
	// the expectation of every append is what keeps a record from standing twice.
	duplicateWindow = 2 * time.Second

	// serverMetadata is what the server writes into a stream's metadata itself.
	serverMetadata = "_nats."
)

// A Stream is one of the two sequences of records that a ledger consists of.
type Stream string

// The streams, which are configured alike.
const (
	Ledger Stream = "LEDGER" // what happened; on subjects ledger.<kind>.<id>
	Access Stream = "ACCESS" // who looked at identifying data; on subjects access.<kind>.<id>
)

// prefix starts the stream's NATS subjects; it is asked for each message.
func (s Stream) prefix() string {
	if s == Access {
		return "access."
	}
	return "ledger."
}

// streamConfig is how the stream must stand: nothing is ever evicted, replaced,
// transformed or deleted.
func (s Stream) config(replicas int) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:              string(s),
		Subjects:          []string{s.prefix() + "*.*"},
		Retention:         jetstream.LimitsPolicy,
		MaxConsumers:      -1,
		MaxMsgs:           -1,
		MaxBytes:          -1,
		MaxMsgsPerSubject: -1,
		MaxMsgSize:        events.MaxRecord + headerRoom,
		Discard:           jetstream.DiscardNew,
		Storage:           jetstream.FileStorage,
		Replicas:          max(replicas, 1),
		Duplicates:        duplicateWindow,
		DenyDelete:        true,
		DenyPurge:         true,
		AllowDirect:       true,
	}
}

// Create makes the ledger's stream. It fails when the stream exists already: a
// ledger is created once, by init, and never at start.
func Create(ctx context.Context, c Config) error {
	conn, js, err := c.connect()
	if err != nil {
		return err
	}
	defer conn.Close()
	l := &Log{config: c, conn: conn, js: js}
	// The server would accept a second creation with an equal configuration.
	switch _, err := l.info(ctx); {
	case err == nil:
		return fmt.Errorf("create stream %s: %w", l.name(), ErrExists)
	case !errors.Is(err, ErrNotFound):
		return fmt.Errorf("create stream %s: %w", l.name(), err)
	}
	err = l.retry(ctx, func(ctx context.Context) error {
		_, err := js.CreateStream(ctx, c.stream().config(c.Replicas))
		return err
	})
	if err != nil {
		return fmt.Errorf("create stream %s: %w", l.name(), err)
	}
	return nil
}

// ErrExists reports that the ledger's stream has been created before.
var ErrExists = errors.New("the ledger exists already")

// ErrNotFound reports that there is no ledger on the server: it was never
// created, or the server runs on another directory.
var ErrNotFound = errors.New("there is no ledger here")

// A DriftError reports that the stream is not configured as a ledger must be.
// Records may be at risk; nothing is read or written until it is put right.
type DriftError struct {
	Stream Stream
	Fields []Drift
}

// A Drift is one setting that is not as it must be.
type Drift struct{ Field, Want, Got string }

func (e *DriftError) Error() string {
	drifts := make([]string, len(e.Fields))
	for i, d := range e.Fields {
		drifts[i] = fmt.Sprintf("%s is %s instead of %s", d.Field, d.Got, d.Want)
	}
	return "check stream " + string(e.Stream) + ": its configuration was changed: " + strings.Join(drifts, ", ")
}

// checkConfig compares every field that the client knows, so that one added to
// it later is compared too.
func (s Stream) checkConfig(got jetstream.StreamConfig, replicas int) error {
	if replicas == 0 {
		replicas = got.Replicas
	}
	got.Metadata = ownMetadata(got.Metadata)
	want := s.config(replicas)
	drift := DriftError{Stream: s}
	w, g := reflect.ValueOf(want), reflect.ValueOf(got)
	for i := range w.NumField() {
		a, b := w.Field(i).Interface(), g.Field(i).Interface()
		if !reflect.DeepEqual(a, b) {
			drift.Fields = append(drift.Fields, Drift{w.Type().Field(i).Name, fmt.Sprint(a), fmt.Sprint(b)})
		}
	}
	if len(drift.Fields) > 0 {
		return &drift
	}
	return nil
}

func ownMetadata(all map[string]string) map[string]string {
	var own map[string]string
	for key, value := range all {
		if !strings.HasPrefix(key, serverMetadata) {
			if own == nil {
				own = map[string]string{}
			}
			own[key] = value
		}
	}
	return own
}

// A FloorError reports that the log lost records that the views or the archive
// hold, or holds others in their place. Restore it; do not go on writing.
type FloorError struct {
	Stream Stream
	Floor  Floor
	Head   uint64      // where the log ends
	Hash   events.Hash // of the record at the floor; zero when there is none
}

func (e *FloorError) Error() string {
	if e.Hash.IsZero() {
		return fmt.Sprintf("check stream %s: it ends at #%d and has no record #%d, which was read before", e.Stream, e.Head, e.Floor.Sequence)
	}
	return fmt.Sprintf("check stream %s: record #%d is %s and was %s when it was read before", e.Stream, e.Floor.Sequence, e.Hash.Short(), e.Floor.Hash.Short())
}
