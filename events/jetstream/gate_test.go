package jetstream_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"

	"caseledger/events"
	"caseledger/events/jetstream"
	"caseledger/events/logtest"
	"caseledger/events/natsserver"
)

// operator connects past the Log, as one with full rights could.
func operator(t *testing.T, s *natsserver.Server) natsjs.JetStream {
	t.Helper()
	conn, err := nats.Connect("", nats.InProcessServer(s))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := natsjs.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// write appends n records to fresh subjects.
func write(t testing.TB, l events.Log, n int) {
	t.Helper()
	for i := range n {
		data := []byte(strings.Repeat(string(rune('a'+i%26)), 400))
		if _, err := l.Append(t.Context(), logtest.Subject(), 0, logtest.ID(), data); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOpenRefusesWithoutALedger(t *testing.T) {
	c := jetstream.Config{Server: start(t, natsserver.Config{})}
	if _, err := jetstream.Open(t.Context(), c); !errors.Is(err, jetstream.ErrNotFound) {
		t.Errorf("open on an empty directory: %v, want ErrNotFound", err)
	}
	// Opening must not have created it.
	create(t, c)
	if err := jetstream.Create(t.Context(), c); !errors.Is(err, jetstream.ErrExists) {
		t.Errorf("create a second time: %v, want ErrExists", err)
	}
	write(t, open(t, c), 1)
}

func TestOpenRefusesAWrongDirectory(t *testing.T) {
	right := jetstream.Config{Server: start(t, natsserver.Config{})}
	create(t, right)
	write(t, open(t, right), 1)

	wrong := jetstream.Config{Server: start(t, natsserver.Config{})}
	if _, err := jetstream.Open(t.Context(), wrong); !errors.Is(err, jetstream.ErrNotFound) {
		t.Errorf("open on another directory: %v, want ErrNotFound", err)
	}
}

func TestOpenRefusesAnUnreachableServer(t *testing.T) {
	c := jetstream.Config{URL: "nats://127.0.0.1:1", Timeout: time.Second}
	if _, err := jetstream.Open(t.Context(), c); err == nil {
		t.Error("open without a server succeeded")
	}
	if _, err := jetstream.Open(t.Context(), jetstream.Config{}); err == nil {
		t.Error("open without a server or a URL succeeded")
	}
	s := start(t, natsserver.Config{Listen: &natsserver.Listener{Token: "right"}})
	if _, err := jetstream.Open(t.Context(), jetstream.Config{URL: s.URL(), Token: "wrong"}); err == nil {
		t.Error("open with a wrong token succeeded")
	}
}

func TestOpenRefusesDrift(t *testing.T) {
	for _, test := range []struct {
		field string
		drift func(*natsjs.StreamConfig)
	}{
		{"MaxMsgs", func(c *natsjs.StreamConfig) { c.MaxMsgs = 1000 }},
		{"MaxBytes", func(c *natsjs.StreamConfig) { c.MaxBytes = 1 << 30 }},
		{"MaxAge", func(c *natsjs.StreamConfig) { c.MaxAge = time.Hour }},
		{"MaxMsgsPerSubject", func(c *natsjs.StreamConfig) { c.MaxMsgsPerSubject = 10 }},
		{"MaxMsgSize", func(c *natsjs.StreamConfig) { c.MaxMsgSize = 1 << 20 }},
		{"Discard", func(c *natsjs.StreamConfig) { c.Discard = natsjs.DiscardOld }},
		{"Duplicates", func(c *natsjs.StreamConfig) { c.Duplicates = time.Minute }},
		{"AllowDirect", func(c *natsjs.StreamConfig) { c.AllowDirect = false }},
		{"Subjects", func(c *natsjs.StreamConfig) { c.Subjects = append(c.Subjects, "other") }},
		{"RePublish", func(c *natsjs.StreamConfig) { c.RePublish = &natsjs.RePublish{Destination: "copy.>"} }},
		{"SubjectTransform", func(c *natsjs.StreamConfig) {
			c.SubjectTransform = &natsjs.SubjectTransformConfig{Source: "ledger.case.*", Destination: "ledger.letter.{{wildcard(1)}}"}
		}},
		{"AllowAtomicPublish", func(c *natsjs.StreamConfig) { c.AllowAtomicPublish = true }},
		{"AllowMsgTTL", func(c *natsjs.StreamConfig) { c.AllowMsgTTL = true }},
		{"Compression", func(c *natsjs.StreamConfig) { c.Compression = natsjs.S2Compression }},
		{"Metadata", func(c *natsjs.StreamConfig) { c.Metadata = map[string]string{"owner": "someone"} }},
	} {
		t.Run(test.field, func(t *testing.T) {
			s := start(t, natsserver.Config{})
			c := jetstream.Config{Server: s}
			create(t, c)
			js := operator(t, s)
			stream, err := js.Stream(t.Context(), "LEDGER")
			if err != nil {
				t.Fatal(err)
			}
			changed := stream.CachedInfo().Config
			test.drift(&changed)
			if _, err := js.UpdateStream(t.Context(), changed); err != nil {
				t.Fatal(err)
			}

			_, err = jetstream.Open(t.Context(), c)
			var drift *jetstream.DriftError
			if !errors.As(err, &drift) {
				t.Fatalf("open: %v, want a drift", err)
			}
			if !slices.ContainsFunc(drift.Fields, func(d jetstream.Drift) bool { return d.Field == test.field }) {
				t.Errorf("open: %v, want it to name %s", err, test.field)
			}
		})
	}
}

func TestOpenListsEveryDriftedField(t *testing.T) {
	s := start(t, natsserver.Config{})
	js := operator(t, s)
	_, err := js.CreateStream(t.Context(), natsjs.StreamConfig{Name: "LEDGER", Subjects: []string{"ledger.*.*"}, Storage: natsjs.MemoryStorage})
	if err != nil {
		t.Fatal(err)
	}
	_, err = jetstream.Open(t.Context(), jetstream.Config{Server: s, Replicas: 3})
	var drift *jetstream.DriftError
	if !errors.As(err, &drift) {
		t.Fatalf("open: %v, want a drift", err)
	}
	var fields []string
	for _, d := range drift.Fields {
		fields = append(fields, d.Field)
	}
	slices.Sort(fields)
	want := []string{"AllowDirect", "DenyDelete", "DenyPurge", "Discard", "Duplicates", "MaxMsgSize", "Replicas", "Storage"}
	if !slices.Equal(fields, want) {
		t.Errorf("drifted fields are %v, want %v", fields, want)
	}
}

func TestOpenChecksTheFloor(t *testing.T) {
	c := jetstream.Config{Server: start(t, natsserver.Config{})}
	create(t, c)
	l := open(t, c)
	write(t, l, 5)
	var hashes []events.Hash
	err := l.Read(t.Context(), 1, 5, func(batch []events.Message) error {
		for _, m := range batch {
			hashes = append(hashes, events.HashOf(m.Data))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name  string
		floor jetstream.Floor
		ok    bool
	}{
		{"none", jetstream.Floor{}, true},
		{"the head", jetstream.Floor{Sequence: 5, Hash: hashes[4]}, true},
		{"an earlier record", jetstream.Floor{Sequence: 2, Hash: hashes[1]}, true},
		{"beyond the head", jetstream.Floor{Sequence: 6, Hash: hashes[4]}, false},
		{"another record", jetstream.Floor{Sequence: 5, Hash: hashes[3]}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			c.Floor = test.floor
			l, err := jetstream.Open(t.Context(), c)
			if err == nil {
				l.Close()
			}
			var behind *jetstream.FloorError
			if test.ok && err != nil || !test.ok && !errors.As(err, &behind) {
				t.Errorf("open: %v", err)
			}
		})
	}
}

// An operator with full rights cannot remove or replace a record through the
// stream's own interface.
func TestRecordsCannotBeDeleted(t *testing.T) {
	s := start(t, natsserver.Config{})
	c := jetstream.Config{Server: s}
	create(t, c)
	l := open(t, c)
	write(t, l, 3)
	js := operator(t, s)
	stream, err := js.Stream(t.Context(), "LEDGER")
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.DeleteMsg(t.Context(), 2); err == nil {
		t.Error("a record was deleted")
	}
	if err := stream.Purge(t.Context()); err == nil {
		t.Error("the stream was purged")
	}
	rollup := &nats.Msg{Subject: "ledger.case.C-1", Data: []byte("x"), Header: nats.Header{"Nats-Rollup": {"all"}}}
	if _, err := js.PublishMsg(t.Context(), rollup); err == nil {
		t.Error("the stream was rolled up")
	}
	if err := l.Read(t.Context(), 1, 3, func([]events.Message) error { return nil }); err != nil {
		t.Error(err)
	}
}

func TestReadTokenReadsOnly(t *testing.T) {
	s := start(t, natsserver.Config{Listen: &natsserver.Listener{ReadToken: "reader"}})
	c := jetstream.Config{Server: s}
	create(t, c)
	l := open(t, c)
	write(t, l, 2000)

	reader := open(t, jetstream.Config{URL: s.URL(), Token: "reader", Timeout: 20 * time.Second})
	n := 0
	err := reader.Read(t.Context(), 1, 2000, func(batch []events.Message) error { n += len(batch); return nil })
	if err != nil || n != 2000 {
		t.Errorf("the reader got %d records: %v", n, err)
	}
	bounded, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := reader.Append(bounded, logtest.Subject(), 0, logtest.ID(), []byte("x")); !errors.Is(err, jetstream.ErrForbidden) {
		t.Errorf("the reader's append: got %v, want %v, before its time is over", err, jetstream.ErrForbidden)
	}
	if head, err := l.Head(t.Context()); err != nil || head != 2000 {
		t.Errorf("the head is #%d: %v", head, err)
	}
	if err := jetstream.Create(t.Context(), jetstream.Config{URL: s.URL(), Token: "reader"}); err == nil {
		t.Error("the reader created a stream")
	}
	for _, token := range []string{"", "writer"} {
		var refused *jetstream.ConnectError
		if _, err := jetstream.Open(t.Context(), jetstream.Config{URL: s.URL(), Token: token}); !errors.As(err, &refused) {
			t.Errorf("token %q: got %v, want a ConnectError", token, err)
		}
	}
}
