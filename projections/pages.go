package projections

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/fnv"
	"maps"
	"os"
	"slices"
	"sync/atomic"
)

// A rebuild writes the pages of a bbolt file itself. bbolt's own transactions put a
// value into a node, the node into a page of its own memory and the page into the
// file, on one goroutine; here every core fills pages and writes them where the file
// ends, and a page is written once. What is written is bbolt's format of version 2:
// bbolt opens it, before the rows are derived and ever after.
//
// A page begins with its number, its flags, its number of elements and how many more
// pages it goes on for. A leaf's elements say where a key begins, counted from the
// element, and how long key and value are; a branch's say which page begins with the
// key. Numbers are in the machine's byte order.
const (
	pageHeader  = 16
	elementSize = 16

	branchPage   = 0x01
	leafPage     = 0x02
	metaPage     = 0x04
	freelistPage = 0x10

	bucketElement = 0x01 // flags of an element whose value is the root of a bucket

	boltMagic   = 0xED0CDAED
	boltVersion = 2
)

var native = binary.NativeEndian

func putHeader(page []byte, id uint64, flags, count uint16, overflow int) {
	native.PutUint64(page, id)
	native.PutUint16(page[8:], flags)
	native.PutUint16(page[10:], count)
	native.PutUint32(page[12:], uint32(overflow))
}

// appendPage appends a page, its number counted from the first one in buf, with what
// comes after its header.
func appendPage(buf []byte, size int, flags uint16, count int, elements, data []byte) []byte {
	begin, length := len(buf), pageHeader+len(elements)+len(data)
	overflow := (length - 1) / size
	end := begin + (overflow+1)*size
	buf = slices.Grow(buf, end-begin)[:begin+pageHeader]
	putHeader(buf[begin:], uint64(begin/size), flags, uint16(count), overflow)
	buf = append(append(buf, elements...), data...)[:end]
	clear(buf[begin+length:])
	return buf
}

// loneRoom is what stands before the value in a leaf page with a single key.
func loneRoom(key []byte) int { return pageHeader + elementSize + len(key) }

// appendLone writes a leaf page with a single key, whose value stands in buf behind
// [loneRoom]. So it is not copied; buf must have room for another page.
func (f *pageFile) appendLone(key, buf []byte) (child, error) {
	length := len(buf)
	overflow := (length - 1) / f.size
	buf = buf[:(overflow+1)*f.size]
	clear(buf[length:])
	putHeader(buf, 0, leafPage, 1, overflow)
	element := buf[pageHeader:]
	native.PutUint32(element, 0)
	native.PutUint32(element[4:], elementSize)
	native.PutUint32(element[8:], uint32(len(key)))
	native.PutUint32(element[12:], uint32(length-loneRoom(key)))
	copy(element[elementSize:], key)
	id, err := f.append(buf, 0)
	return child{key, id}, err
}

// A pageFile is a bbolt file that grows at its end. It is safe for concurrent use
// but for commit.
type pageFile struct {
	file *os.File
	size int          // of a page
	used atomic.Int64 // pages

	txid  uint64
	freed []uint64 // pages that a commit replaced
}

// appendTo returns a file that bbolt made, and that is empty.
func appendTo(path string, pageSize int) (*pageFile, error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	f := &pageFile{file: file, size: pageSize, txid: 1, freed: []uint64{3}}
	f.used.Store(4) // two of meta, that of free pages, the root
	return f, nil
}

// close ends the file, and syncs it if it is complete.
func (f *pageFile) close(complete bool) error {
	var err error
	if complete {
		err = f.file.Sync()
	}
	return errors.Join(err, f.file.Close())
}

// append writes whole pages, whose numbers so far are counted from the first of
// them: begins says where each begins.
func (f *pageFile) append(buf []byte, begins ...int) (first uint64, err error) {
	n := int64(len(buf) / f.size)
	first = uint64(f.used.Add(n) - n)
	for _, at := range begins {
		native.PutUint64(buf[at:], first+uint64(at/f.size))
	}
	_, err = f.file.WriteAt(buf, int64(first)*int64(f.size))
	return first, err
}

// A child is a page as its parent knows it.
type child struct {
	key []byte // its first
	id  uint64
}

// A leafBuilder fills leaf pages with keys in their order.
type leafBuilder struct {
	size     int    // of a page
	elements []byte // of the page that is being filled
	data     []byte // its keys and values

	buf      []byte // pages that are full
	begins   []int
	children []child
}

// put puts a key, in a page of its own if the one being filled has no room.
func (b *leafBuilder) put(flags uint32, key []byte, value ...[]byte) {
	length := 0
	for _, part := range value {
		length += len(part)
	}
	if len(b.elements) > 0 && pageHeader+len(b.elements)+elementSize+len(b.data)+len(key)+length > b.size {
		b.endPage()
	}
	b.elements = native.AppendUint32(b.elements, flags)
	b.elements = native.AppendUint32(b.elements, uint32(len(b.data))) // counted from the data, until the page ends
	b.elements = native.AppendUint32(b.elements, uint32(len(key)))
	b.elements = native.AppendUint32(b.elements, uint32(length))
	b.data = append(b.data, key...)
	for _, part := range value {
		b.data = append(b.data, part...)
	}
}

// putSum puts a value with its checksum.
func (b *leafBuilder) putSum(key, value []byte) {
	var sum [sumSize]byte
	binary.BigEndian.PutUint32(sum[:], checksum(key, value))
	b.put(0, key, value, sum[:])
}

func (b *leafBuilder) endPage() {
	n := len(b.elements) / elementSize
	if n == 0 {
		return
	}
	for i := range n {
		at := b.elements[i*elementSize+4:]
		native.PutUint32(at, native.Uint32(at)+uint32((n-i)*elementSize))
	}
	begin := len(b.buf)
	b.buf = appendPage(b.buf, b.size, leafPage, n, b.elements, b.data)
	first := bytes.Clone(b.data[:native.Uint32(b.elements[8:])])
	b.begins, b.children = append(b.begins, begin), append(b.children, child{first, uint64(begin / b.size)})
	b.elements, b.data = b.elements[:0], b.data[:0]
}

// write appends the pages to the file and returns them as children, which are good
// until the next put.
func (b *leafBuilder) write(f *pageFile) ([]child, error) {
	b.endPage()
	if len(b.buf) == 0 {
		return nil, nil
	}
	first, err := f.append(b.buf, b.begins...)
	for i := range b.children {
		b.children[i].id += first
	}
	children := b.children
	b.buf, b.begins, b.children = b.buf[:0], b.begins[:0], b.children[:0]
	return children, err
}

// A tree keeps the branch pages of a bucket that are being filled, one of each
// level. Its leaves come in the order of their keys.
type tree struct {
	file   *pageFile
	levels []branch
}

// A branch is the branch page of a level that is being filled.
type branch struct {
	children []child
	length   int
}

// add adds pages to a level, the lowest being 0.
func (t *tree) add(level int, children ...child) error {
	for _, c := range children {
		if level == len(t.levels) {
			t.levels = append(t.levels, branch{})
		}
		b := &t.levels[level]
		more := elementSize + len(c.key)
		if n := len(b.children) - 1; n >= 2 && pageHeader+b.length+more > t.file.size {
			// The last one begins the next page: bbolt wants two in every branch.
			last := b.children[n]
			if err := t.write(level, b.children[:n]); err != nil {
				return err
			}
			b = &t.levels[level]
			b.children, b.length = append(b.children[:0], last), elementSize+len(last.key)
		}
		b.children, b.length = append(b.children, c), b.length+more
	}
	return nil
}

// write writes a branch page and adds it to the level above.
func (t *tree) write(level int, children []child) error {
	n := len(children)
	var elements, keys []byte
	for i, c := range children {
		elements = native.AppendUint32(elements, uint32((n-i)*elementSize+len(keys)))
		elements = native.AppendUint32(elements, uint32(len(c.key)))
		elements = native.AppendUint64(elements, c.id)
		keys = append(keys, c.key...)
	}
	id, err := t.file.append(appendPage(nil, t.file.size, branchPage, n, elements, keys), 0)
	if err != nil {
		return err
	}
	return t.add(level+1, child{children[0].key, id})
}

// finish writes what is left and returns the value that stands for the bucket where
// buckets are listed.
func (t *tree) finish() (bucket []byte, err error) {
	if len(t.levels) == 0 { // its page lies within the value, without a number
		bucket = make([]byte, 16+pageHeader)
		putHeader(bucket[16:], 0, leafPage, 0, 0)
		return bucket, nil
	}
	for i := 0; ; i++ {
		children := t.levels[i].children
		if i == len(t.levels)-1 && len(children) == 1 {
			return native.AppendUint64(native.AppendUint64(nil, children[0].id), 0), nil
		}
		if err := t.write(i, children); err != nil {
			return nil, err
		}
	}
}

// A bucketWriter writes a bucket whose keys come in order.
type bucketWriter struct {
	tree
	leafBuilder
}

func newBucket(f *pageFile) *bucketWriter {
	return &bucketWriter{tree{file: f}, leafBuilder{size: f.size}}
}

// bucketBytes is how much a bucketWriter collects before it writes.
const bucketBytes = 1 << 18

func (w *bucketWriter) put(flags uint32, key []byte, value ...[]byte) error {
	w.leafBuilder.put(flags, key, value...)
	return w.flush(bucketBytes)
}

func (w *bucketWriter) putSum(key, value []byte) error {
	w.leafBuilder.putSum(key, value)
	return w.flush(bucketBytes)
}

// flush writes when there are so many bytes.
func (w *bucketWriter) flush(bytes int) error {
	if len(w.buf) < bytes {
		return nil
	}
	children, err := w.leafBuilder.write(w.tree.file)
	if err != nil {
		return err
	}
	return w.add(0, children...)
}

func (w *bucketWriter) finish() ([]byte, error) {
	w.endPage()
	if err := w.flush(1); err != nil {
		return nil, err
	}
	return w.tree.finish()
}

// commit writes the list of buckets by name, and what makes them count. The pages from
// since on are those that the next commit replaces.
func (f *pageFile) commit(buckets map[string][]byte, since int64) error {
	root := newBucket(f)
	for _, name := range slices.Sorted(maps.Keys(buckets)) {
		if err := root.put(bucketElement, []byte(name), buckets[name]); err != nil {
			return err
		}
	}
	value, err := root.finish()
	if err != nil {
		return err
	}
	free := make([]byte, f.size)
	putHeader(free, 2, freelistPage, uint16(len(f.freed)), 0)
	for i, id := range f.freed {
		native.PutUint64(free[pageHeader+8*i:], id)
	}
	for id := since; id < f.used.Load(); id++ {
		f.freed = append(f.freed, uint64(id))
	}
	f.txid++
	_, err = f.file.WriteAt(free, int64(2*f.size))
	if err == nil {
		_, err = f.file.WriteAt(f.meta(value), int64(f.txid%2)*int64(f.size))
	}
	return err
}

func (f *pageFile) meta(root []byte) []byte {
	page := make([]byte, f.size)
	putHeader(page, f.txid%2, metaPage, 0, 0)
	m := native.AppendUint32(page[:pageHeader], boltMagic)
	m = native.AppendUint32(m, boltVersion)
	m = native.AppendUint32(m, uint32(f.size))
	m = native.AppendUint32(m, 0)
	m = append(m, root...)
	m = native.AppendUint64(m, 2) // where free pages are listed
	m = native.AppendUint64(m, uint64(f.used.Load()))
	m = native.AppendUint64(m, f.txid)
	sum := fnv.New64a()
	sum.Write(m[pageHeader:])
	native.AppendUint64(m, sum.Sum64())
	return page
}
