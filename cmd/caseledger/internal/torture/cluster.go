package torture

import (
	"bufio"
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
	"strings"
	"syscall"
	"time"

	"caseledger/events/jetstream"
	"caseledger/events/natsserver"
)

// RunNode runs one server of a cluster until its standard input ends, and says
// first where it is.
func RunNode(config string, in io.Reader, out io.Writer) error {
	var c natsserver.Config
	if err := json.Unmarshal([]byte(config), &c); err != nil {
		return err
	}
	c.Logger = slog.New(slog.DiscardHandler)
	s, err := natsserver.Start(c)
	if err != nil {
		return err
	}
	defer s.Shutdown()
	if _, err := fmt.Fprintln(out, s.URL()); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, in)
	return err
}

// A node is one server of a cluster, in a process of its own.
type node struct {
	name   string
	config natsserver.Config
	cmd    *exec.Cmd
	errs   bytes.Buffer
}

// A cluster is three servers with a network between them.
type cluster struct {
	t       *trial
	network *network
	nodes   []*node
	token   string // file
	config  jetstream.Config
}

const (
	nodesInCluster = 3
	clusterToken   = "torture"
)

func (t *trial) startCluster() (_ *cluster, err error) {
	c := &cluster{t: t, network: newNetwork(), token: t.path("token")}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	if err := os.WriteFile(c.token, []byte(clusterToken), 0o600); err != nil {
		return nil, err
	}
	ports, err := freePorts(2 * nodesInCluster)
	if err != nil {
		return nil, err
	}
	var doors []int
	var urls []string
	for i := range nodesInCluster {
		name := fmt.Sprintf("node-%d", i+1)
		door, err := c.network.door(name, ports[i])
		if err != nil {
			return nil, err
		}
		doors = append(doors, door)
		urls = append(urls, fmt.Sprintf("nats://127.0.0.1:%d", ports[nodesInCluster+i]))
		c.nodes = append(c.nodes, &node{name: name, config: natsserver.Config{
			StoreDir: t.path(name), Name: name,
			Listen:  &natsserver.Listener{Port: ports[nodesInCluster+i], Token: clusterToken},
			Cluster: &natsserver.Cluster{Name: "torture", Port: ports[i], Told: door, Secret: "routes"},
		}})
	}
	c.config = jetstream.Config{URL: strings.Join(urls, ","), Token: clusterToken}
	for _, n := range c.nodes {
		n.config.Cluster.Peers = doors
		if err := c.start(n); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func freePorts(n int) (ports []int, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// start starts a server and waits until it takes connections.
func (c *cluster) start(n *node) error {
	config, err := json.Marshal(n.config)
	if err != nil {
		return err
	}
	n.cmd = c.t.command(c.t.ctx, "torture", "node", string(config))
	n.errs.Reset()
	n.cmd.Stderr = &n.errs
	if _, err := n.cmd.StdinPipe(); err != nil { // it ends when this process does
		return err
	}
	out, err := n.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := n.cmd.Start(); err != nil {
		return err
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		_ = n.cmd.Wait()
		return fmt.Errorf("start %s: %s", n.name, lastLines(n.errs.Bytes()))
	}
	return nil
}

func (n *node) kill() {
	if n.cmd != nil && n.cmd.Process != nil {
		_ = n.cmd.Process.Kill()
		_ = n.cmd.Wait()
	}
}

func (n *node) signal(s syscall.Signal) error { return n.cmd.Process.Signal(s) }

// leader returns the server that leads the stream.
func (c *cluster) leader() (*node, error) {
	var last error
	for deadline := c.t.Now().Add(patience); c.t.Now().Before(deadline) && c.t.ctx.Err() == nil; {
		var name string
		if name, last = c.leaderName(); last == nil {
			for _, n := range c.nodes {
				if n.name == name {
					return n, nil
				}
			}
		}
		pause(c.t.ctx, 100*time.Millisecond)
	}
	return nil, errors.Join(errors.New("the stream has no leader"), last, c.t.ctx.Err())
}

func (c *cluster) leaderName() (string, error) {
	ctx, cancel := context.WithTimeout(c.t.ctx, 10*time.Second)
	defer cancel()
	log, err := jetstream.Open(ctx, c.config)
	if err != nil {
		return "", err
	}
	defer log.Close()
	return log.Leader(ctx)
}

func (c *cluster) close() error {
	for _, n := range c.nodes {
		n.kill()
	}
	return c.network.close()
}
