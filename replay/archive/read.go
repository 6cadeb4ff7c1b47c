package archive

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"caseledger/events"
	"caseledger/replay/inorder"
)

// A bundle is a file of records that is to be read, and what it must add up to.
type bundle struct {
	n      int64
	width  int
	root   tlog.Hash   // of a complete tile
	leaves []tlog.Hash // of a partial one
	tile   bool        // its tile of level 0 is checked too

	data  []byte // once it was read
	batch []events.Message
}

// Read calls f with consecutive batches of the records from..to, both inclusive,
// each checked against the root before it is handed out. Subjects of messages are
// left empty: the records say them. Reading and checking use all cores.
func (a *Archive) Read(ctx context.Context, from, to uint64, f func([]events.Message) error) error {
	return a.Lend(ctx, from, to, func(batch []events.Message, _ func()) error { return f(batch) })
}

// Lend is [Archive.Read], but what a batch holds is good only until done is
// called, after which its memory is used again. done may be called from any
// goroutine, once.
func (a *Archive) Lend(ctx context.Context, from, to uint64, f func(batch []events.Message, done func()) error) error {
	a.reading.RLock()
	defer a.reading.RUnlock()
	tree := a.Tree()
	if from > to {
		return nil
	}
	if from == 0 || to > uint64(tree.N) {
		return &events.DamageError{Sequence: max(from, uint64(tree.N)+1), Detail: fmt.Sprintf("the archive %s ends at #%d", a.dir, tree.N)}
	}
	return a.read(ctx, tree, from, to, false, f)
}

// Check reads every file that the archive is made of and reports the first that
// is missing or does not hold what it held, as a [*DamageError].
func (a *Archive) Check(ctx context.Context) error {
	a.reading.RLock()
	defer a.reading.RUnlock()
	a.cache.clear() // what was good when it was read may not be so now
	tree, err := a.checkHead()
	if err != nil {
		return err
	}
	if _, err := a.readEdge(tree); err != nil || tree.N == 0 {
		return err
	}
	return a.read(ctx, tree, 1, uint64(tree.N), true, func(_ []events.Message, done func()) error { done(); return nil })
}

func (a *Archive) checkHead() (tlog.Tree, error) {
	a.appending.Lock()
	defer a.appending.Unlock()
	path := filepath.Join(a.dir, headFile)
	b, err := os.ReadFile(path)
	if err != nil {
		return tlog.Tree{}, damage(path, err)
	}
	if tree := a.Tree(); string(b) != string(formatHead(tree)) {
		return tree, &DamageError{path, "it is not what was written"}
	}
	return a.Tree(), nil
}

func (a *Archive) read(ctx context.Context, tree tlog.Tree, from, to uint64, check bool, f func(batch []events.Message, done func()) error) error {
	return inorder.Run(ctx, func(ctx context.Context, emit func(*bundle) error) error {
		return a.plan(tree, int64(from-1)/tileWidth, int64(to-1)/tileWidth, check, emit)
	}, a.readBundle, func(b *bundle) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		batch := b.batch
		first := batch[0].Sequence
		if first < from {
			batch = batch[from-first:]
		}
		if last := batch[len(batch)-1].Sequence; last > to {
			batch = batch[:len(batch)-int(last-to)]
		}
		return f(batch, func() { a.buffers.Put(b) })
	})
}

// planned is the number of bundles whose hashes are looked up at once: those of
// one tile of level 1.
const planned = tileWidth

// plan emits the bundles first..last with the hashes that they must have.
func (a *Archive) plan(tree tlog.Tree, first, last int64, check bool, emit func(*bundle) error) error {
	reader := a.reader(tree)
	for first <= last {
		end := min(first|(planned-1), last)
		var indexes []int64
		for n := first; n <= end && (n+1)*tileWidth <= tree.N; n++ {
			indexes = append(indexes, tlog.StoredHashIndex(tileHeight, n))
		}
		roots, err := reader.ReadHashes(indexes)
		if err != nil {
			return err
		}
		for i, root := range roots {
			if err := emit(&bundle{n: first + int64(i), width: tileWidth, root: root, tile: check}); err != nil {
				return err
			}
		}
		if first += int64(len(roots)); first <= end { // the partial one at the edge
			b := &bundle{n: first, width: width(tree.N, 0)}
			indexes = indexes[:0]
			for i := range b.width {
				indexes = append(indexes, tlog.StoredHashIndex(0, first*tileWidth+int64(i)))
			}
			if b.leaves, err = reader.ReadHashes(indexes); err != nil {
				return err
			}
			if err := emit(b); err != nil {
				return err
			}
			first++
		}
	}
	return nil
}

// readBundle reads a file of records and checks it, in the memory of a bundle that
// is not used any more if there is one.
func (a *Archive) readBundle(b *bundle) (*bundle, error) {
	path := filepath.Join(a.dir, tilePath(entries, b.n, b.width))
	if old, ok := a.buffers.Get().(*bundle); ok {
		b.data, b.batch = old.data, old.batch
	}
	if err := b.read(path); err != nil {
		return nil, damage(path, err)
	}
	hashes, err := b.split(path)
	switch {
	case err != nil:
		return nil, err
	case b.leaves == nil && foldTile(hashes[:]) != b.root:
		return nil, &DamageError{path, "its records do not have the hashes that they had"}
	case b.tile:
		return b, a.checkTile(b.n, hashes[:])
	}
	return b, nil
}

func (b *bundle) read(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	b.data = slices.Grow(b.data[:0], int(info.Size()))[:info.Size()]
	_, err = io.ReadFull(f, b.data)
	return err
}

// split makes a batch of the bundle's records, and returns their hashes.
func (b *bundle) split(path string) (hashes [tileWidth]tlog.Hash, err error) {
	b.batch = slices.Grow(b.batch[:0], b.width)
	data := b.data
	for i := range b.width {
		if len(data) < 2 {
			return hashes, &DamageError{path, "it ends early"}
		}
		n := int(binary.BigEndian.Uint16(data))
		if len(data) < 2+n {
			return hashes, &DamageError{path, "it ends early"}
		}
		m := events.Message{Sequence: uint64(b.n)*tileWidth + uint64(i) + 1, Data: data[2 : 2+n : 2+n]}
		b.batch = append(b.batch, m)
		hashes[i] = recordHash(data[1 : 2+n])
		if data = data[2+n:]; b.leaves != nil && hashes[i] != b.leaves[i] {
			return hashes, &DamageError{path, fmt.Sprintf("record #%d does not have the hash that it had", m.Sequence)}
		}
	}
	if len(data) > 0 {
		return hashes, &DamageError{path, "it goes on after its last record"}
	}
	return hashes, nil
}

// recordHash is [tlog.RecordHash] of b without its first byte, in the place of
// which stands, meanwhile, what RFC 6962 puts before a record: the record is not
// copied.
func recordHash(b []byte) tlog.Hash {
	first := b[0]
	b[0] = 0
	h := tlog.Hash(sha256.Sum256(b))
	b[0] = first
	return h
}

// nodeHash is [tlog.NodeHash] without its allocations.
func nodeHash(left, right tlog.Hash) tlog.Hash {
	var b [1 + 2*tlog.HashSize]byte
	b[0] = 1
	copy(b[1:], left[:])
	copy(b[1+tlog.HashSize:], right[:])
	return sha256.Sum256(b[:])
}

// checkTile checks a complete tile of level 0 against what it must hold.
func (a *Archive) checkTile(n int64, hashes []tlog.Hash) error {
	b, err := a.readTile(0, n, tileWidth)
	if err != nil {
		return err
	}
	if string(b) != string(flatten(hashes)) {
		return &DamageError{filepath.Join(a.dir, tilePath(0, n, tileWidth)), "its hashes are not those of the records"}
	}
	return nil
}
