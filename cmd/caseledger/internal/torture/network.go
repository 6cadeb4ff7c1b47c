package torture

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"sync"
)

// A network lies between the servers of a cluster, and can cut one of them off from
// the others.
type network struct {
	mu       sync.Mutex
	changed  *sync.Cond
	isolated string // name of the server that is cut off
	silent   bool   // nothing arrives, instead of connections breaking
	closed   bool
	links    map[*link]bool
	doors    []net.Listener
	group    sync.WaitGroup
}

// A link is one connection from a server to another.
type link struct {
	from, to      string // from is "" until it has said its name
	near, distant net.Conn
}

func newNetwork() *network {
	n := &network{links: map[*link]bool{}}
	n.changed = sync.NewCond(&n.mu)
	return n
}

// door returns the port on which a server is reached through the network.
func (n *network) door(name string, port int) (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	n.doors = append(n.doors, l)
	n.group.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			n.group.Go(func() { n.connect(conn, name, port) })
		}
	})
	return l.Addr().(*net.TCPAddr).Port, nil
}

func (n *network) connect(near net.Conn, to string, port int) {
	k := &link{to: to, near: near}
	defer near.Close()
	var err error
	if k.distant, err = net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err != nil {
		return // the server is not there
	}
	defer k.distant.Close()
	if !n.add(k) {
		return
	}
	defer n.remove(k)
	done := make(chan struct{})
	go func() {
		defer close(done)
		n.carry(k, k.near, k.distant, true)
	}()
	n.carry(k, k.distant, k.near, false)
	<-done
}

func (n *network) add(k *link) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.links[k] = true
	return !n.closed
}

func (n *network) remove(k *link) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.links, k)
}

// named finds the name that a server gives itself in the first words on a route.
var named = regexp.MustCompile(`"(?:server_)?name":"(node-\d+)"`)

// carry carries what one end says to the other, for as long as they are not cut off.
func (n *network) carry(k *link, from, to net.Conn, listen bool) {
	defer from.Close()
	defer to.Close()
	buffer := make([]byte, 1<<16)
	for {
		size, err := from.Read(buffer)
		if err != nil {
			return
		}
		if listen {
			if m := named.FindSubmatch(buffer[:size]); m != nil {
				n.mu.Lock()
				k.from = string(m[1])
				n.mu.Unlock()
				listen = false
			}
		}
		if !n.pass(k) {
			return
		}
		if _, err := to.Write(buffer[:size]); err != nil {
			return
		}
	}
}

// pass waits while a link is cut silently, and reports whether it still carries.
func (n *network) pass(k *link) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for n.cuts(k) && n.silent && !n.closed {
		n.changed.Wait()
	}
	return !n.cuts(k) && !n.closed
}

// cuts reports whether a link leads to or from the server that is cut off. mu is held.
func (n *network) cuts(k *link) bool {
	return n.isolated != "" && (k.from == n.isolated || k.to == n.isolated)
}

// isolate cuts a server off from the others, silently or by breaking connections.
func (n *network) isolate(name string, silent bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.isolated, n.silent = name, silent
	for k := range n.links {
		if n.cuts(k) && !silent {
			_ = k.near.Close()
			_ = k.distant.Close()
		}
	}
}

// heal ends an isolation. What was said meanwhile on links that were cut silently
// arrives now.
func (n *network) heal() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.isolated = ""
	n.changed.Broadcast()
}

func (n *network) close() (err error) {
	for _, l := range n.doors {
		err = errors.Join(err, l.Close())
	}
	n.mu.Lock()
	n.closed = true
	n.changed.Broadcast()
	for k := range n.links {
		_ = k.near.Close()
		_ = k.distant.Close()
	}
	n.mu.Unlock()
	n.group.Wait()
	return err
}
