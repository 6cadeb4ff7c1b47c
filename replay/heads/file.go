package heads

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// A DamageError reports heads that were stored and are not what they were.
type DamageError struct{ Detail string }

func (e *DamageError) Error() string { return "read heads: " + e.Detail }

// magic begins a file of heads: after it, for each of the 4,096 lists, the hash and
// the number of subjects in four bytes; then all subjects in order, each as key, version,
// hash. Numbers are big-endian.
const magic = "caseledger heads 1\n"

const listHeader = tlog.HashSize + 4

// Marshal returns the heads as a file: 72 bytes for each subject, and 147 KB.
func (t *Tree) Marshal() []byte {
	t.Root() // hashes what has changed
	b := make([]byte, 0, len(magic)+lists*listHeader+t.count*leafSize)
	b = append(b, magic...)
	for i := range t.lists {
		l := &t.lists[i]
		b = append(b, l.hash[:]...)
		b = binary.BigEndian.AppendUint32(b, uint32(len(l.leaves)/leafSize))
	}
	for i := range t.lists {
		b = append(b, t.lists[i].leaves...)
	}
	return b
}

// Unmarshal reads what Marshal wrote, and keeps b. The root must be the one given, which
// the caller knows to be right; what is read later is checked against it then. Cost: about a
// millisecond.
func Unmarshal(b []byte, root tlog.Hash) (*Tree, error) {
	rest, ok := bytes.CutPrefix(b, []byte(magic))
	if !ok || len(rest) < lists*listHeader {
		return nil, &DamageError{"it is no file of heads, or cut short"}
	}
	t := New()
	leaves := rest[lists*listHeader:]
	for i := range t.lists {
		l, header := &t.lists[i], rest[i*listHeader:]
		copy(l.hash[:], header)
		n := int(binary.BigEndian.Uint32(header[tlog.HashSize:]))
		if n > len(leaves)/leafSize {
			return nil, &DamageError{"it is cut short"}
		}
		if n == 0 && l.hash != (tlog.Hash{}) {
			return nil, &DamageError{"an empty list has a hash"}
		}
		// Not beyond its end: a list that grows must not run into the next.
		l.leaves, leaves = leaves[:n*leafSize:n*leafSize], leaves[n*leafSize:]
		l.state = trusted
		t.count += n
	}
	if len(leaves) > 0 {
		return nil, &DamageError{fmt.Sprintf("%d bytes are left over", len(leaves))}
	}
	if got := t.Root(); got != root {
		return nil, &DamageError{fmt.Sprintf("their root is %s, not %s", got, root)}
	}
	return t, nil
}
