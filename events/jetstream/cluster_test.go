package jetstream_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"

	"caseledger/events"
	"caseledger/events/jetstream"
	"caseledger/events/logtest"
	"caseledger/events/natsserver"
)

// nodeVariable makes the test binary run one node of a cluster instead of the
// tests, so that a node can be killed as a power cut would.
const nodeVariable = "CASELEDGER_TEST_NODE"

func TestMain(m *testing.M) {
	if node := os.Getenv(nodeVariable); node != "" {
		if err := runNode(node); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// runNode runs a server until its standard input ends.
func runNode(config string) error {
	var c natsserver.Config
	if err := json.Unmarshal([]byte(config), &c); err != nil {
		return err
	}
	c.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError + 1}))
	s, err := natsserver.Start(c)
	if err != nil {
		return err
	}
	fmt.Println(s.URL())
	_, err = io.Copy(io.Discard, os.Stdin)
	s.Shutdown()
	return err
}

const clusterToken = "cluster-test"

// A cluster is three servers in processes of their own.
type cluster struct {
	nodes map[string]*exec.Cmd
	urls  []string
}

func startCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{nodes: map[string]*exec.Cmd{}}
	ports := freePorts(t, 3)
	for i, port := range ports {
		name := fmt.Sprintf("node-%d", i+1)
		config, err := json.Marshal(natsserver.Config{
			StoreDir: t.TempDir(),
			Name:     name,
			Listen:   &natsserver.Listener{Token: clusterToken},
			Cluster:  &natsserver.Cluster{Name: "test", Port: port, Peers: ports, Secret: "routes"},
		})
		if err != nil {
			t.Fatal(err)
		}
		c.start(t, name, string(config))
	}
	return c
}

func (c *cluster) start(t *testing.T, name, config string) {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(executable)
	cmd.Env = append(os.Environ(), nodeVariable+"="+config)
	cmd.Stderr = t.Output()
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.kill(name) })
	c.nodes[name] = cmd
	var url string
	if _, err := fmt.Fscanln(out, &url); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	c.urls = append(c.urls, url)
}

// kill ends a node without warning and waits for its end.
func (c *cluster) kill(name string) {
	_ = c.nodes[name].Process.Kill()
	_ = c.nodes[name].Wait()
}

func (c *cluster) config() jetstream.Config {
	return jetstream.Config{URL: strings.Join(c.urls, ","), Token: clusterToken, Replicas: 3, Timeout: 10 * time.Second}
}

// leader returns the name of the node that leads the stream.
func (c *cluster) leader(t *testing.T) string {
	t.Helper()
	conn, err := nats.Connect(strings.Join(c.urls, ","), nats.Token(clusterToken))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := natsjs.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := js.Stream(t.Context(), "LEDGER")
	if err != nil {
		t.Fatal(err)
	}
	return stream.CachedInfo().Cluster.Leader
}

func freePorts(t *testing.T, n int) []int {
	t.Helper()
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports
}

// TestClusterSurvivesANode runs the conformance suite on three nodes and kills
// the stream's leader in the middle of it.
func TestClusterSurvivesANode(t *testing.T) {
	c := startCluster(t)
	create(t, c.config())
	leader := c.leader(t)
	journal := &journal{killAt: 3500, kill: func() { c.kill(leader) }}

	logtest.Run(t, func(t *testing.T) events.Log {
		return &settled{Log: open(t, c.config()), journal: journal}
	})

	if journal.kills.Load() != 1 {
		t.Fatalf("the suite made only %d appends: no node was killed", journal.appends.Load())
	}
	journal.verify(t, open(t, c.config()))
}

// A journal remembers every acknowledged append and kills a node at one of them.
type journal struct {
	appends atomic.Int64
	killAt  int64
	kills   atomic.Int64
	kill    func()

	mu           sync.Mutex
	acknowledged []acknowledged
}

type acknowledged struct {
	events.Message
	expected uint64
}

func (j *journal) count() {
	if j.appends.Add(1) == j.killAt {
		j.kill()
		j.kills.Add(1)
	}
}

func (j *journal) record(subject events.Subject, expected, sequence uint64, data []byte) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.acknowledged = append(j.acknowledged, acknowledged{
		events.Message{Sequence: sequence, Subject: subject, Data: bytes.Clone(data)}, expected,
	})
}

// verify demands that every acknowledged record stands where it was
// acknowledged, right after the one that it expected.
func (j *journal) verify(t *testing.T, log events.Log) {
	t.Helper()
	head, err := log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	bySequence := map[uint64]events.Message{}
	subjects := map[events.Subject][]uint64{}
	err = log.Read(t.Context(), 1, head, func(batch []events.Message) error {
		for _, m := range batch {
			bySequence[m.Sequence] = m
			subjects[m.Subject] = append(subjects[m.Subject], m.Sequence)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range j.acknowledged {
		m := bySequence[a.Sequence]
		if m.Subject != a.Subject || !bytes.Equal(m.Data, a.Data) {
			t.Fatalf("acknowledged record #%d of %s is lost: %s stands there", a.Sequence, a.Subject, m.Subject)
		}
		history := subjects[a.Subject]
		var before uint64
		if i := slices.Index(history, a.Sequence); i > 0 {
			before = history[i-1]
		}
		if before != a.expected {
			t.Fatalf("record #%d of %s stands after #%d and expected #%d", a.Sequence, a.Subject, before, a.expected)
		}
	}
	t.Logf("%d acknowledged appends verified", len(j.acknowledged))
}

// settled is a Log that settles uncertain appends as a writer must: it reads the
// subject back and tries again when its record is not there.
type settled struct {
	*jetstream.Log
	journal *journal
}

func (s *settled) Append(ctx context.Context, subject events.Subject, expected uint64, id string, data []byte) (uint64, error) {
	for {
		s.journal.count()
		sequence, err := s.Log.Append(ctx, subject, expected, id, data)
		if errors.Is(err, events.ErrUncertain) && ctx.Err() == nil {
			if sequence, err = s.find(ctx, subject, expected, data); err == errNotThere {
				id = logtest.ID()
				continue
			}
		}
		if err == nil {
			s.journal.record(subject, expected, sequence, data)
		}
		return sequence, err
	}
}

var errNotThere = errors.New("the record is not there")

func (s *settled) find(ctx context.Context, subject events.Subject, expected uint64, data []byte) (uint64, error) {
	history, err := s.History(ctx, subject)
	if err != nil {
		return 0, err
	}
	for _, m := range history {
		if m.Sequence > expected {
			if bytes.Equal(m.Data, data) {
				return m.Sequence, nil
			}
			return 0, &events.ConflictError{Subject: subject, Expected: expected}
		}
	}
	return 0, errNotThere
}
