package archive

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"caseledger/events"
	"caseledger/replay/durable"
)

// An edge is what does not fill a tile yet: the last bundle of records and, for
// each level, the last tile of hashes.
type edge struct {
	bundle []byte
	count  int // of records in bundle
	levels [][]tlog.Hash
}

// width is how many elements of a level (or of the bundle) lie in the last tile.
func width(size int64, level int) int { return int(size >> (tileHeight * level) % tileWidth) }

// readEdge reads the right edge of a tree and checks that it adds up to the root.
func (a *Archive) readEdge(tree tlog.Tree) (e edge, err error) {
	hash, err := tlog.TreeHash(tree.N, a.reader(tree))
	if err != nil {
		return e, err
	}
	if hash != tree.Hash {
		return e, &DamageError{filepath.Join(a.dir, headFile), "its root is not that of the tiles"}
	}
	for level := 0; tree.N>>(tileHeight*level) > 0; level++ {
		hashes := make([]tlog.Hash, width(tree.N, level), tileWidth)
		if len(hashes) > 0 {
			b, err := a.readTile(level, tree.N>>(tileHeight*(level+1)), len(hashes))
			if err != nil {
				return e, err
			}
			for i := range hashes {
				copy(hashes[i][:], b[i*tlog.HashSize:])
			}
		}
		e.levels = append(e.levels, hashes)
	}
	if e.count = width(tree.N, 0); e.count == 0 {
		return e, nil
	}
	n := tree.N / tileWidth
	b := bundle{n: n, width: e.count, leaves: e.levels[0]}
	_, err = a.readBundle(&b)
	e.bundle = b.data
	return e, err
}

// clone copies e: an append that fails must leave the old one as it was.
func (e *edge) clone() edge {
	c := edge{bytes.Clone(e.bundle), e.count, make([][]tlog.Hash, len(e.levels))}
	for i, level := range e.levels {
		c.levels[i] = append(make([]tlog.Hash, 0, tileWidth), level...)
	}
	return c
}

// appendBytes bounds what one commit writes.
const appendBytes = 16 << 20

// Append adds records at the end, durably: when it returns without error, they
// survive a power cut. When it fails, the archive is what it was.
func (a *Archive) Append(records [][]byte) error {
	a.appending.Lock()
	defer a.appending.Unlock()
	return a.append(records)
}

func (a *Archive) append(records [][]byte) error {
	w := a.begin()
	for _, r := range records {
		if err := w.add(r); err != nil {
			return errors.Join(err, w.abandon())
		}
	}
	return w.commit()
}

// begin begins an append. The caller holds appending.
func (a *Archive) begin() *writer {
	size := a.Size()
	return &writer{archive: a, edge: a.edge.clone(), old: int64(size), size: int64(size)}
}

// abandon leaves the archive as it was: what was written of an append does not
// count.
func (w *writer) abandon() (err error) {
	for _, f := range w.files {
		err = errors.Join(err, f.Close())
	}
	return err
}

// commit makes what was added a part of the archive, durably.
func (w *writer) commit() error {
	if w.size == w.old {
		return nil
	}
	a := w.archive
	tree, err := w.finish()
	if err == nil {
		err = a.writeHead(tree)
	}
	if err != nil {
		return fmt.Errorf("append to archive: %w", err)
	}
	a.mu.Lock()
	a.tree, a.edge = tree, w.edge
	a.mu.Unlock()
	a.pruning.Go(func() { a.prune(w.old, tree.N) }) // beside all else: a disk may take milliseconds to free a file
	return nil
}

// A writer writes the tiles of one append.
type writer struct {
	archive *Archive
	edge    edge
	old     int64 // size that is committed
	size    int64
	files   []*os.File // written, not synced
}

func (w *writer) add(record []byte) error {
	if len(record) > math.MaxUint16 {
		return fmt.Errorf("append to archive: record #%d has %d bytes, more than %d", w.size+1, len(record), math.MaxUint16)
	}
	e := &w.edge
	e.bundle = binary.BigEndian.AppendUint16(e.bundle, uint16(len(record)))
	e.bundle = append(e.bundle, record...)
	hash := recordHash(e.bundle[len(e.bundle)-len(record)-1:])
	if e.count++; e.count == tileWidth {
		if err := w.write(entries, w.size/tileWidth, tileWidth, e.bundle); err != nil {
			return err
		}
		e.bundle, e.count = e.bundle[:0], 0
	}
	err := w.addHash(0, hash)
	w.size++
	return err
}

// addHash adds a hash to the last tile of a level and, when that is complete, its
// hash to the level above. w.size is that before the record.
func (w *writer) addHash(level int, h tlog.Hash) error {
	if level == len(w.edge.levels) {
		w.edge.levels = append(w.edge.levels, make([]tlog.Hash, 0, tileWidth))
	}
	hashes := append(w.edge.levels[level], h)
	w.edge.levels[level] = hashes
	if len(hashes) < tileWidth {
		return nil
	}
	if err := w.write(level, w.size>>(tileHeight*(level+1)), tileWidth, flatten(hashes)); err != nil {
		return err
	}
	w.edge.levels[level] = hashes[:0]
	return w.addHash(level+1, foldTile(hashes))
}

// foldTile returns the hash of a complete tile.
func foldTile(hashes []tlog.Hash) tlog.Hash {
	var row [tileWidth]tlog.Hash
	copy(row[:], hashes)
	for n := tileWidth / 2; n > 0; n /= 2 {
		for i := range n {
			row[i] = nodeHash(row[2*i], row[2*i+1])
		}
	}
	return row[0]
}

func flatten(hashes []tlog.Hash) []byte {
	b := make([]byte, 0, len(hashes)*tlog.HashSize)
	for i := range hashes {
		b = append(b, hashes[i][:]...)
	}
	return b
}

func (w *writer) write(level int, n int64, width int, data []byte) error {
	// What a crash left under its name does not count yet.
	f, err := durable.Create(filepath.Join(w.archive.dir, tilePath(level, n, width)))
	if err != nil {
		return err
	}
	w.files = append(w.files, f)
	_, err = f.Write(data)
	return err
}

// finish writes what does not fill a tile, brings everything to the disk and
// returns the new tree.
func (w *writer) finish() (tlog.Tree, error) {
	err := errors.Join(w.writeEdge(), durable.Sync(w.archive.dir, w.files))
	if w.files = nil; err != nil {
		return tlog.Tree{}, err
	}
	hash, err := tlog.TreeHash(w.size, tlog.HashReaderFunc(w.edge.readHashes(w.size)))
	return tlog.Tree{N: w.size, Hash: hash}, err
}

func (w *writer) writeEdge() error {
	committed := partials(w.old)
	for _, p := range partials(w.size) {
		// A tile of a higher level may be what it was. To write it again would be to
		// empty, for a moment, a file that the archive rests on.
		if slices.Contains(committed, p) {
			continue
		}
		data := w.edge.bundle
		if p.level != entries {
			data = flatten(w.edge.levels[p.level])
		}
		if err := w.write(p.level, p.n, p.width, data); err != nil {
			return err
		}
	}
	return nil
}

// readHashes returns the hashes that a tree's root is made of. They all lie in the
// edge: a tile that is complete has its hash in the level above.
func (e *edge) readHashes(size int64) func([]int64) ([]tlog.Hash, error) {
	return func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			level, n := tlog.SplitStoredHashIndex(index)
			// Counted in the hashes of the tile level at or below it.
			tile := level / tileHeight
			shift := level % tileHeight
			first := n<<shift - size>>(tileHeight*(tile+1))<<tileHeight
			row := append([]tlog.Hash(nil), e.levels[tile][first:first+1<<shift]...)
			for n := len(row) / 2; n > 0; n /= 2 {
				for j := range n {
					row[j] = tlog.NodeHash(row[2*j], row[2*j+1])
				}
			}
			hashes[i] = row[0]
		}
		return hashes, nil
	}
}

// prune removes partial tiles of an old size that neither the new one nor the
// signed checkpoint needs; those of a tile that is complete now go together, and
// with them what a crash left there. What cannot be removed, or is being read,
// stays: it costs room and nothing else.
func (a *Archive) prune(old, size int64) {
	if !a.reading.TryLock() {
		return
	}
	defer a.reading.Unlock()
	keep := map[string]bool{}
	for _, s := range []int64{size, a.checkpointSize()} {
		for _, t := range partials(s) {
			keep[t.path()] = true
		}
	}
	for _, t := range partials(old) {
		path := filepath.Join(a.dir, t.path())
		if complete := size>>(tileHeight*(max(t.level, 0)+1)) > t.n; complete {
			_ = os.RemoveAll(filepath.Dir(path))
		} else if !keep[t.path()] {
			_ = os.Remove(path)
		}
	}
}

// A partial is the place of a tile that is not complete.
type partial struct {
	level int
	n     int64
	width int
}

func (p partial) path() string { return tilePath(p.level, p.n, p.width) }

// partials lists the partial tiles of a size.
func partials(size int64) (list []partial) {
	for level := 0; size>>(tileHeight*level) > 0; level++ {
		n, w := size>>(tileHeight*(level+1)), width(size, level)
		if w == 0 {
			continue
		}
		if level == 0 {
			list = append(list, partial{entries, n, w})
		}
		list = append(list, partial{level, n, w})
	}
	return list
}

// checkpointSize returns the size that the signed checkpoint names, 0 when there
// is none that can be read.
func (a *Archive) checkpointSize() int64 {
	signed, err := a.Checkpoint()
	lines := strings.SplitN(string(signed), "\n", 3)
	if err != nil || len(lines) < 3 {
		return 0
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 {
		return 0
	}
	return size
}

// A Source is where the records come from: the stream.
type Source interface {
	Read(ctx context.Context, from, to uint64, f func([]events.Message) error) error
	Head(ctx context.Context) (uint64, error)
}

// A DivergedError reports a source that does not hold the record that the
// archive ends with: it lost records, or belongs to another ledger.
type DivergedError struct {
	Dir            string
	Sequence, Head uint64 // of the archive; of the source
}

func (e *DivergedError) Error() string {
	if e.Head < e.Sequence {
		return fmt.Sprintf("compare the stream with archive %s: the stream ends at #%d, the archive holds #%d", e.Dir, e.Head, e.Sequence)
	}
	return fmt.Sprintf("compare the stream with archive %s: record #%d is not the same in both", e.Dir, e.Sequence)
}

// CatchUp appends the records up to the head that src has now, and returns their
// number. The record that the archive ends with must be the same in src, else it
// returns a [*DivergedError]. progress may be nil.
func (a *Archive) CatchUp(ctx context.Context, src Source, progress func(done, total uint64)) (added uint64, err error) {
	a.appending.Lock()
	defer a.appending.Unlock()
	head, err := src.Head(ctx)
	if err != nil {
		return 0, err
	}
	size := a.Size()
	if err := a.agrees(ctx, src, size, head); err != nil || size == head {
		return 0, err
	}
	// Records are hashed and written while the next ones are read.
	w, held := a.begin(), 0
	commit := func() error {
		err := w.commit()
		if err == nil {
			added = uint64(w.size) - size
			w, held = a.begin(), 0
		}
		if progress != nil {
			progress(size+added, head)
		}
		return err
	}
	err = src.Read(ctx, size+1, head, func(batch []events.Message) error {
		for _, m := range batch {
			if err := w.add(m.Data); err != nil {
				return err
			}
			held += len(m.Data)
		}
		if held < appendBytes {
			return nil
		}
		return commit()
	})
	if err != nil {
		return added, errors.Join(err, w.abandon())
	}
	return added, commit()
}

// Agrees reports whether src holds the record that the archive ends with, by a
// [*DivergedError] when it does not.
func (a *Archive) Agrees(ctx context.Context, src Source) error {
	head, err := src.Head(ctx)
	if err != nil {
		return err
	}
	return a.agrees(ctx, src, a.Size(), head)
}

func (a *Archive) agrees(ctx context.Context, src Source, size, head uint64) error {
	if size == 0 {
		return nil
	}
	if head < size {
		return &DivergedError{a.dir, size, head}
	}
	last, err := a.Get(size)
	if err != nil {
		return err
	}
	return src.Read(ctx, size, size, func(batch []events.Message) error {
		for _, m := range batch {
			if m.Sequence != size || !bytes.Equal(m.Data, last) {
				return &DivergedError{a.dir, size, head}
			}
		}
		return nil
	})
}
