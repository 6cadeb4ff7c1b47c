package backup_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"

	"caseledger/events"
	"caseledger/projections/projtest"
	"caseledger/replay/audit"
	"caseledger/replay/backup"
	"caseledger/replay/checkpoint"
	"caseledger/replay/prooftest"
)

// manifest is the one of a ledger as it is now.
func manifest(t testing.TB, l *prooftest.Ledger, s *checkpoint.State) backup.Manifest {
	t.Helper()
	m := backup.Manifest{
		Ledger: prooftest.Name, VerifierKey: l.Public, Created: events.MustInstant("2009-01-01T00:00:00Z"),
		Records: uint64(len(l.Messages)), Looks: uint64(len(l.Looks.Messages)),
	}
	for _, f := range []struct {
		name    string
		content []byte
	}{{backup.Checkpoint, s.Signed.Note}, {backup.HeadsNote, s.Note}, {backup.Heads, s.Heads.Marshal()}, {backup.SigningKey, []byte("signs\n")}} {
		m.Files = append(m.Files, backup.File{Name: f.name, Size: int64(len(f.content)), Content: f.content})
	}
	return m
}

func write(t testing.TB, m backup.Manifest, l *prooftest.Ledger) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := backup.Write(t.Context(), &b, m, l, &l.Looks, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(b []byte, to backup.Target) (*backup.Verified, error) {
	return backup.Read(context.Background(), bytes.NewReader(b), to, backup.Expect{}, nil)
}

// A taker keeps what it is given.
type taker struct {
	records, looks [][]byte
	files          map[string]string
}

func (k *taker) Begin(*backup.Manifest) error { k.files = map[string]string{}; return nil }

func (k *taker) File(name string, content []byte, _ *checkpoint.Signed) error {
	k.files[name] = string(content)
	return nil
}

func (k *taker) Records(batch []events.Message) error { return keep(&k.records, batch) }
func (k *taker) Looks(batch []events.Message) error   { return keep(&k.looks, batch) }

func keep(to *[][]byte, batch []events.Message) error {
	for _, m := range batch {
		if *to = append(*to, m.Data); m.Sequence != uint64(len(*to)) {
			return errors.New("out of order")
		}
	}
	return nil
}

// Given ledgers of several sizes, with records beyond the checkpoint, then what was
// written comes back, byte for byte.
func TestReadsWhatWasWritten(t *testing.T) {
	for _, grow := range []int{0, 1, 255, 600} {
		l := prooftest.New(t)
		l.Grow(t, grow)
		s := l.Issue(t)
		l.Grow(t, 3)
		l.Looked(t, 1)
		m := manifest(t, l, s)
		k := &taker{}
		v, err := read(write(t, m, l), k)
		if err != nil {
			t.Fatal(err)
		}
		if len(v.Report.Held) != 2 || len(v.Report.Looks.Held) != 1 || v.Checkpoint.Size != s.Signed.Size || !v.Has(backup.SigningKey) {
			t.Errorf("read %+v", v)
		}
		for i, f := range m.Files {
			if k.files[f.Name] != string(f.Content) || len(k.files) != 4 {
				t.Errorf("file %d, %s, is %q", i, f.Name, k.files[f.Name])
			}
		}
		for i, want := range [][]events.Message{l.Messages, l.Looks.Messages} {
			got := [][][]byte{k.records, k.looks}[i]
			if len(got) != len(want) {
				t.Fatalf("%d messages of stream %d came back of %d", len(got), i, len(want))
			}
			for n := range want {
				if !bytes.Equal(got[n], want[n].Data) {
					t.Errorf("message %d of stream %d is another", n+1, i)
				}
			}
		}
	}
}

// Given a backup, then no byte of it is free: changed, left out or doubled it is refused, and so is
// one that is cut short anywhere. (A quarter of the bytes, unless the long tests run.)
func TestEveryByte(t *testing.T) {
	l := prooftest.New(t)
	m := manifest(t, l, l.Issue(t))
	m.Files = slices.DeleteFunc(m.Files, func(f backup.File) bool { return f.Name == backup.Heads }) // mere length
	b := write(t, m, l)
	dice := rand.New(rand.NewPCG(7, 8))
	changes, step := 0, 4
	if os.Getenv("CASELEDGER_LONG") != "" {
		step = 1
	}
	for i := dice.IntN(step); i < len(b); i += step {
		flipped := bytes.Clone(b)
		flipped[i] ^= 1 << dice.IntN(8)
		forms := map[string][]byte{"flipped": flipped}
		if dice.IntN(9) == 0 {
			forms["left out"], forms["doubled"], forms["the last"] = slices.Delete(bytes.Clone(b), i, i+1), slices.Insert(bytes.Clone(b), i, b[i]), b[:i]
		}
		for what, changed := range forms {
			changes++
			if _, err := read(changed, nil); err == nil {
				t.Errorf("byte %d %s: taken", i, what)
			}
		}
	}
	t.Logf("%d changes, none taken", changes)
	if changes < 1_000 {
		t.Errorf("only %d changes", changes)
	}
}

// Given somebody who knows the form and makes the hash at the end fit, then records, looks and
// heads that were promised cannot be changed all the same.
func TestForged(t *testing.T) {
	l := prooftest.New(t)
	l.Grow(t, 30)
	s := l.Issue(t)
	good := write(t, manifest(t, l, s), l)
	if _, err := read(resum(good), nil); err != nil {
		t.Fatal(err)
	}
	_, public, _ := prooftest.Keys(t)
	for name, change := range map[string]func(string) string{
		"a record":       func(b string) string { return strings.Replace(b, `"category":"housing"`, `"category":"medical"`, 1) },
		"a look":         func(b string) string { return strings.Replace(b, `"purpose":"casework"`, `"purpose":"auditing"`, 1) },
		"the checkpoint": func(b string) string { return strings.Replace(b, "\n32\n", "\n31\n", 1) },
		"the heads": func(b string) string {
			return strings.Replace(b, prooftest.Name+"/heads\n32", prooftest.Name+"/heads\n31", 1)
		},
		"the key":       func(b string) string { return strings.Replace(b, l.Public, public, 1) },
		"a record less": func(b string) string { return strings.Replace(b, `"records":32`, `"records":31`, 1) },
		"a look less":   func(b string) string { return strings.Replace(b, `"looks":3`, `"looks":2`, 1) },
		"another file":  func(b string) string { return strings.Replace(b, `"signing.key"`, `"signing.kay"`, 1) },
	} {
		forged := change(string(good))
		if forged == string(good) {
			t.Fatalf("%s: nothing was changed", name)
		}
		if _, err := read(resum([]byte(forged)), nil); err == nil {
			t.Errorf("%s was changed and taken", name)
		}
	}
	other := prooftest.New(t)
	if _, err := backup.Read(t.Context(), bytes.NewReader(good), nil, backup.Expect{Key: other.Key}, nil); !refused(err) {
		t.Errorf("by another ledger's key: %v", err)
	}
	var mismatch *audit.MismatchError
	later := backup.Expect{Records: []audit.Expectation{{What: "a later one", Size: 33}}}
	if _, err := backup.Read(t.Context(), bytes.NewReader(good), nil, later, nil); !errors.As(err, &mismatch) {
		t.Errorf("against a later checkpoint: %v", err)
	}
}

func refused(err error) bool {
	var r *backup.RefusedError
	return errors.As(err, &r)
}

// resum makes the hash at the end fit.
func resum(b []byte) []byte {
	end := len(b) - sha256.Size
	sum := events.HashOf(b[:end])
	return append(bytes.Clone(b[:end]), sum[:]...)
}

// Given a file that was encrypted, then who has the key reads it, who wrote it reads it
// without one, nobody else does, and no byte of it can be changed.
func TestEncrypted(t *testing.T) {
	private, recipient, err := backup.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	x25519, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	for kind, text := range map[string][2]string{
		"post-quantum": {recipient, private}, "x25519": {x25519.Recipient().String(), x25519.String()},
	} {
		recipients, err := backup.ParseRecipients([]string{"# a comment\n" + text[0] + "\n"})
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		w, own, err := backup.Encrypt(&b, recipients)
		if err == nil {
			_, err = io.WriteString(w, "what is written")
			err = errors.Join(err, w.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := age.ParseIdentities(strings.NewReader(text[1]))
		if err != nil {
			t.Fatal(err)
		}
		open := func(b []byte, id age.Identity) (string, error) {
			r, err := backup.Decrypt(bytes.NewReader(b), "file", id)
			if err != nil {
				return "", err
			}
			plain, err := io.ReadAll(r)
			return string(plain), err
		}
		for who, id := range map[string]age.Identity{"the recipient": theirs[0], "the writer": own()} {
			if plain, err := open(b.Bytes(), id); err != nil || plain != "what is written" {
				t.Errorf("%s: %s reads %q, %v", kind, who, plain, err)
			}
			for i := range b.Len() {
				changed := bytes.Clone(b.Bytes())
				changed[i] ^= 1
				if _, err := open(changed, id); err == nil {
					t.Errorf("%s: %s reads it with byte %d changed", kind, who, i)
				}
			}
		}
		other, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		var nobody *backup.IdentityError
		if _, err := open(b.Bytes(), other); !errors.As(err, &nobody) {
			t.Errorf("%s: somebody else: %v", kind, err)
		}
	}
	if _, err := backup.ParseRecipients(nil); err == nil {
		t.Error("no recipient is enough")
	}
}

// endless is a stream of so many records that they would be noticed in memory.
type endless struct {
	*projtest.Stream
	n uint64
}

func (e *endless) Head(context.Context) (uint64, error) { return e.n, nil }

func (e *endless) Read(_ context.Context, from, to uint64, f func([]events.Message) error) error {
	data := bytes.Repeat([]byte("x"), events.MaxRecord)
	for ; from <= to; from++ {
		if err := f([]events.Message{{Sequence: from, Data: data}}); err != nil {
			return err
		}
	}
	return nil
}

// Given a stream of 600 MB, then writing it takes a few.
func TestMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	m := backup.Manifest{Ledger: prooftest.Name, Records: 10_000}
	n := &counter{}
	if _, err := backup.Write(t.Context(), n, m, &endless{n: m.Records}, &projtest.Stream{}, nil); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if allocated := after.TotalAlloc - before.TotalAlloc; n.bytes < 600_000_000 || allocated > 16<<20 {
		t.Errorf("%d bytes took %d of memory", n.bytes, allocated)
	}
}

type counter struct{ bytes int }

func (c *counter) Write(b []byte) (int, error) { c.bytes += len(b); return len(b), nil }
