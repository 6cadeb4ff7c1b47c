// Package archive answers one question: what did the records say, on another disk?
//
// It keeps every record a second time in the form of C2SP's tlog-tiles, as plain
// files below one directory:
//
//	head                    the size and root that the files are committed to
//	tile/entries/<N>        256 records, each after its length in two bytes, big-endian
//	tile/<L>/<N>            256 hashes of level L: of records, of tiles below
//	….p/<W>                 the same for the W that there are at the right edge
//	checkpoint              the last signed checkpoint, see package checkpoint
//
// N is written in groups of three digits, x001/x234/067. Leaf n is the exact bytes of
// record n+1; hashing is RFC 6962's. The file head has three lines: its version, the size in
// decimal, the root in base64.
//
// A file is written once. Replacing head, the last step of every append, is what
// makes new files count: whatever a crash left behind is not part of the
// archive and is written again. Everything that is read is checked against the root in head
// before it is handed out. Deleting the newest files together with an older head put back makes a
// shorter archive, which is found against a checkpoint or the stream.
package archive

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"caseledger/events"
	"caseledger/replay/durable"
)

const (
	headFile    = "head"
	headVersion = "caseledger archive 1"

	// CheckpointFile is the name of the signed checkpoint.
	CheckpointFile = "checkpoint"
)

// ErrNotFound reports a directory that holds no archive. It may be that a disk
// is not mounted: nothing is made there unless [Create] is asked for it.
var ErrNotFound = errors.New("there is no archive here")

// A DamageError reports a file of an archive that is missing or does not hold
// what it held. Nothing of it was handed out.
type DamageError struct {
	Path   string // the file, or the directory when it could be one of several
	Detail string
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("read archive %s: %s", e.Path, e.Detail)
}

// An Archive is an open archive. It is safe for concurrent use within one
// process; only one process at a time may append.
type Archive struct {
	dir     string
	cache   tileCache
	buffers sync.Pool // of bundles that were read and are not used any more

	appending sync.Mutex
	reading   sync.RWMutex // held for reading while files are: they are not pruned then
	pruning   sync.WaitGroup

	mu   sync.RWMutex // guards what follows
	tree tlog.Tree
	edge edge // under appending too
}

// Create makes an empty archive in a directory that is empty, not there, or holds
// what a Create left that was broken off.
func Create(dir string) (*Archive, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create archive: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("create archive: %w", err)
	}
	for _, e := range entries {
		if e.Name() != headFile+durable.Unfinished {
			return nil, fmt.Errorf("create archive %s: the directory is not empty: it holds %s", dir, e.Name())
		}
	}
	a := &Archive{dir: dir}
	if a.tree.Hash, err = tlog.TreeHash(0, nil); err != nil {
		return nil, fmt.Errorf("create archive: %w", err)
	}
	if err := errors.Join(a.writeHead(a.tree), durable.SyncDir(filepath.Dir(dir))); err != nil {
		return nil, fmt.Errorf("create archive: %w", err)
	}
	return a, nil
}

// Open opens an archive and checks that its right edge adds up to its root. A
// directory without one yields [ErrNotFound], a damaged one a [*DamageError].
func Open(dir string) (*Archive, error) {
	b, err := os.ReadFile(filepath.Join(dir, headFile))
	if errors.Is(err, fs.ErrNotExist) {
		if _, tiles := os.Stat(filepath.Join(dir, "tile")); tiles == nil {
			return nil, &DamageError{filepath.Join(dir, headFile), "it is missing"}
		}
		return nil, fmt.Errorf("open archive %s: %w", dir, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("open archive: %w", err)
	}
	a := &Archive{dir: dir}
	if a.tree, err = parseHead(b); err != nil {
		return nil, &DamageError{filepath.Join(dir, headFile), err.Error()}
	}
	if a.edge, err = a.readEdge(a.tree); err != nil {
		return nil, err
	}
	return a, nil
}

func formatHead(t tlog.Tree) []byte {
	return fmt.Appendf(nil, "%s\n%d\n%s\n", headVersion, t.N, t.Hash)
}

func parseHead(b []byte) (t tlog.Tree, err error) {
	lines := strings.Split(string(b), "\n")
	if len(lines) == 4 {
		t.N, _ = strconv.ParseInt(lines[1], 10, 64)
		hash, _ := base64.StdEncoding.DecodeString(lines[2])
		copy(t.Hash[:], hash)
	}
	if t.N < 0 || !bytes.Equal(formatHead(t), b) {
		return tlog.Tree{}, errors.New("it is malformed")
	}
	return t, nil
}

func (a *Archive) writeHead(t tlog.Tree) error {
	return durable.Replace(filepath.Join(a.dir, headFile), formatHead(t))
}

// Dir returns the directory.
func (a *Archive) Dir() string { return a.dir }

// Tree returns the number of records and the root over them.
func (a *Archive) Tree() tlog.Tree {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.tree
}

// Size returns the number of records.
func (a *Archive) Size() uint64 { return uint64(a.Tree().N) }

// Head returns the position of the last record, 0 when there is none.
func (a *Archive) Head(context.Context) (uint64, error) { return a.Size(), nil }

// RootAt returns the root over the first records only.
func (a *Archive) RootAt(size uint64) (tlog.Hash, error) {
	a.reading.RLock()
	defer a.reading.RUnlock()
	tree := a.Tree()
	if size > uint64(tree.N) {
		return tlog.Hash{}, fmt.Errorf("read archive %s: it ends at #%d before #%d", a.dir, tree.N, size)
	}
	if size == uint64(tree.N) {
		return tree.Hash, nil
	}
	return tlog.TreeHash(int64(size), a.reader(tree))
}

// ReadHashes makes an Archive a [tlog.HashReader]: the hashes are proven to be
// part of the tree that [Archive.Tree] returned at some time during the call.
func (a *Archive) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	a.reading.RLock()
	defer a.reading.RUnlock()
	return a.reader(a.Tree()).ReadHashes(indexes)
}

// Get returns the record at a position. Cost: a file of 256 records is read.
func (a *Archive) Get(sequence uint64) (record []byte, err error) {
	err = a.Read(context.Background(), sequence, sequence, func(batch []events.Message) error {
		record = batch[0].Data
		return nil
	})
	return record, err
}

// Checkpoint returns the signed checkpoint that was put last, nil when there is
// none. It is not verified here.
func (a *Archive) Checkpoint() ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(a.dir, CheckpointFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read checkpoint: %w", err)
	}
	return b, nil
}

// File returns a file of the archive that is not one of its tiles. It is not
// verified here.
func (a *Archive) File(name string) ([]byte, error) {
	path := filepath.Join(a.dir, name)
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, damage(path, err)
	}
	return b, nil
}

// PutFile replaces a file of the archive that is not one of its tiles, durably
// and at once.
func (a *Archive) PutFile(name string, data []byte) error {
	if err := errors.Join(durable.Replace(filepath.Join(a.dir, name), data), durable.SyncDir(a.dir)); err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	return nil
}

// Close waits until what an append left to be removed is removed. An archive that
// is only dropped loses nothing; it may be used after Close.
func (a *Archive) Close() { a.pruning.Wait() }

// Prune removes everything but the named files from a directory that holds no
// tiles.
func (a *Archive) Prune(dir string, keep ...string) error {
	list, err := os.ReadDir(filepath.Join(a.dir, dir))
	if err != nil {
		return fmt.Errorf("prune archive: %w", err)
	}
	for _, f := range list {
		if !slices.Contains(keep, f.Name()) {
			if err := os.Remove(filepath.Join(a.dir, dir, f.Name())); err != nil {
				return fmt.Errorf("prune archive: %w", err)
			}
		}
	}
	return nil
}
