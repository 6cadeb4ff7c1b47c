package cli

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
)

// A frame is one message between a command and serve: a kind, a length of four
// bytes and the payload.
type frameKind byte

const (
	frameCall   frameKind = 'c' // to serve: a [call], as JSON; the first frame
	frameInput  frameKind = 'i' // to serve: a piece of the standard input
	frameEnd    frameKind = 'e' // to serve: the standard input ends
	frameWant   frameKind = 'w' // from serve: send the standard input
	frameOutput frameKind = 'o' // from serve: a piece of the standard output
	frameErrors frameKind = 'x' // from serve: a piece of the standard error
	frameStatus frameKind = 'q' // from serve: the exit code; the last frame
)

// maxFrame bounds a payload in bytes: arguments must fit, streams are cut.
const maxFrame = 1 << 20

// pieceSize is how streams are cut, in bytes.
const pieceSize = 32 << 10

func readFrame(r io.Reader) (frameKind, []byte, error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n > maxFrame {
		return 0, nil, fmt.Errorf("a frame of %d bytes", n)
	}
	payload := make([]byte, n)
	_, err := io.ReadFull(r, payload)
	return frameKind(head[0]), payload, err
}

// A frameWriter writes frames of one connection, one at a time.
type frameWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (f *frameWriter) write(kind frameKind, payload []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	frame := make([]byte, 0, 5+len(payload))
	frame = binary.BigEndian.AppendUint32(append(frame, byte(kind)), uint32(len(payload)))
	_, err := f.w.Write(append(frame, payload...))
	return err
}

// stream returns a writer whose pieces become frames of a kind.
func (f *frameWriter) stream(kind frameKind) io.Writer { return frameStream{f, kind} }

type frameStream struct {
	to   *frameWriter
	kind frameKind
}

func (s frameStream) Write(p []byte) (int, error) {
	for n := 0; n < len(p); n += pieceSize {
		if err := s.to.write(s.kind, p[n:min(n+pieceSize, len(p))]); err != nil {
			return n, err
		}
	}
	return len(p), nil
}

// maxSocketPath is what every system takes as the path of a socket, in bytes.
const maxSocketPath = 100

// socketPath returns a path to a socket that is short enough, and what must be
// called when it is no longer used.
func socketPath(path string) (short string, done func(), err error) {
	if len(path) <= maxSocketPath {
		return path, func() {}, nil
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), filepath.Base(path)), func() { dir.Close() }, nil
}

func dialSocket(path string) (net.Conn, error) {
	short, done, err := socketPath(path)
	if err != nil {
		return nil, err
	}
	defer done()
	return net.Dial("unix", short)
}

// listenSocket listens on a socket that only the owner can use. The caller holds
// the directory: a socket that is there is a dead server's.
func listenSocket(path string) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	short, done, err := socketPath(path)
	if err != nil {
		return nil, err
	}
	defer done()
	listener, err := net.Listen("unix", short)
	if err != nil {
		return nil, err
	}
	// The listener would remove the short path, which may mean nothing by then.
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := os.Chmod(path, 0o600); err != nil {
		listener.Close()
		return nil, err
	}
	return listener, nil
}
