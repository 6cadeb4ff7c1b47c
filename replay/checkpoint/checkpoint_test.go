package checkpoint_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"caseledger/events"
	"caseledger/replay/archive"
	"caseledger/replay/checkpoint"
	"caseledger/replay/heads"
	"caseledger/replay/prooftest"
)

// The example of C2SP's tlog-checkpoint, with its key.
func TestText(t *testing.T) {
	root, err := tlog.ParseHash("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")
	if err != nil {
		t.Fatal(err)
	}
	c := checkpoint.Checkpoint{Origin: "example.com/behind-the-sofa", Size: 20852163, Root: root}
	if want := "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"; c.Text() != want {
		t.Errorf("%q, want %q", c.Text(), want)
	}
}

// Given a growing ledger, then every checkpoint is signed, consistent with the
// ones before, and its heads are the subjects' last records.
func TestIssue(t *testing.T) {
	l := prooftest.New(t)
	var earlier [][]byte
	for _, grow := range []int{0, 1, 0, 30, 400} {
		l.Grow(t, grow)
		s := l.Issue(t)
		if s.Signed.Size != uint64(len(l.Messages)) || s.Signed.Origin != prooftest.Name {
			t.Errorf("checkpoint %+v of %d records", s.Signed, len(l.Messages))
		}
		again, err := checkpoint.Issue(t.Context(), l.Archive, l.LooksArchive, l.Key, l.Signer(t), earlier, nil)
		if err != nil || !bytes.Equal(again.Signed.Note, s.Signed.Note) {
			t.Errorf("a second checkpoint of the same records: %v", err)
		}
		earlier = append(earlier, s.Signed.Note)
		whole := heads.New()
		if err := checkpoint.Follow(t.Context(), l, whole, 0, s.Signed.Size, nil); err != nil {
			t.Fatal(err)
		}
		if whole.Root() != s.Heads.Root() {
			t.Errorf("heads at #%d differ from those made anew", s.Signed.Size)
		}
	}
	if left, err := os.ReadDir(filepath.Join(l.Archive.Dir(), "heads")); err != nil || len(left) != 2 {
		t.Errorf("heads of other checkpoints were left: %v, %v", left, err)
	}
}

// Given heads or their note that were damaged, then loading says so and the next
// checkpoint makes them anew.
func TestHeadsAreMadeAnew(t *testing.T) {
	l := prooftest.New(t)
	for i, damage := range []func(path string) error{
		os.Remove,
		func(path string) error { return os.Truncate(path, 100) },
		func(path string) error { return os.Remove(path + ".note") },
	} {
		l.Grow(t, 10)
		s := l.Issue(t)
		if err := damage(filepath.Join(l.Archive.Dir(), "heads", fmt.Sprint(s.Signed.Size))); err != nil {
			t.Fatal(err)
		}
		if _, err := checkpoint.Load(l.Archive, l.Key); err == nil {
			t.Errorf("damage %d was not found", i)
		}
		if again := l.Issue(t); again.Heads.Root() != s.Heads.Root() {
			t.Errorf("damage %d: other heads", i)
		}
		if _, err := checkpoint.Load(l.Archive, l.Key); err != nil {
			t.Errorf("after damage %d: %v", i, err)
		}
	}
}

// Given a checkpoint that was signed over other records, or more of them, then
// nothing is signed any more.
func TestIssueRefusesAFork(t *testing.T) {
	l := prooftest.New(t)
	l.Grow(t, 20)
	l.Issue(t)
	before := files(t, l.Archive)
	for what, c := range map[string]checkpoint.Checkpoint{
		"other records": {Origin: prooftest.Name, Size: 7, Root: tlog.Hash{1}},
		"more records":  {Origin: prooftest.Name, Size: 1000, Root: tlog.Hash{1}},
	} {
		signed, err := checkpoint.Sign(c.Text(), l.Signer(t))
		if err != nil {
			t.Fatal(err)
		}
		_, err = checkpoint.Issue(t.Context(), l.Archive, l.LooksArchive, l.Key, l.Signer(t), [][]byte{signed}, nil)
		var fork *checkpoint.ForkError
		if !errors.As(err, &fork) || fork.Signed != c {
			t.Errorf("%s: %v, want a fork", what, err)
		}
	}
	if after := files(t, l.Archive); after != before {
		t.Error("something was written")
	}
}

func files(t *testing.T, a *archive.Archive) string {
	t.Helper()
	signed, err := a.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	return string(signed)
}

// Given a record that does not continue its subject, then no checkpoint promises
// it, and the one before stays.
func TestIssueRefusesABrokenChain(t *testing.T) {
	l := prooftest.New(t)
	l.Grow(t, 20)
	s := l.Issue(t)
	other := prooftest.New(t)
	other.Actor = "another"
	other.Grow(t, 21)
	if err := l.Archive.Append([][]byte{other.Messages[22].Data}); err != nil {
		t.Fatal(err)
	}
	_, err := checkpoint.Issue(t.Context(), l.Archive, l.LooksArchive, l.Key, l.Signer(t), nil, nil)
	var broken *heads.ChainError
	if !errors.As(err, &broken) || broken.Sequence != s.Signed.Size+1 {
		t.Errorf("%v, want a broken chain", err)
	}
	if signed, err := l.Archive.Checkpoint(); err != nil || !bytes.Equal(signed, s.Signed.Note) {
		t.Errorf("the checkpoint was replaced: %v", err)
	}
}

// Given another private key than the one that the ledger names, then nothing is
// signed with it.
func TestIssueRefusesAnotherKey(t *testing.T) {
	l := prooftest.New(t)
	if _, err := l.Archive.CatchUp(t.Context(), l, nil); err != nil {
		t.Fatal(err)
	}
	private, _, _ := prooftest.Keys(t)
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := checkpoint.Issue(t.Context(), l.Archive, l.LooksArchive, l.Key, signer, nil, nil); err == nil {
		t.Error("signed with another key")
	}
	if signed, err := l.Archive.Checkpoint(); err != nil || signed != nil {
		t.Errorf("a checkpoint was stored: %s, %v", signed, err)
	}
}

// Given a signed note, then any byte that is changed, left out or doubled makes
// it refused; so does another key, origin or kind of note.
func TestNotes(t *testing.T) {
	l := prooftest.New(t)
	l.Grow(t, 20)
	s := l.Issue(t)
	openHeads := func(b []byte) error {
		_, err := checkpoint.OpenHeads(b, l.Key, s.Signed.Checkpoint)
		return err
	}
	openCheckpoint := func(b []byte) error {
		_, err := checkpoint.Open(b, l.Key)
		return err
	}
	for what, test := range map[string]struct {
		note []byte
		open func([]byte) error
	}{"checkpoint": {s.Signed.Note, openCheckpoint}, "heads": {s.Note, openHeads}} {
		if err := test.open(test.note); err != nil {
			t.Fatal(err)
		}
		for i := range test.note {
			for bit := range 8 {
				m := bytes.Clone(test.note)
				m[i] ^= 1 << bit
				if test.open(m) == nil {
					t.Errorf("%s: bit %d of byte %d was flipped and nobody noticed", what, bit, i)
				}
			}
			if test.open(slices.Delete(bytes.Clone(test.note), i, i+1)) == nil && i > 0 {
				t.Errorf("%s: byte %d was left out and nobody noticed", what, i)
			}
		}
	}
	if openCheckpoint(s.Note) == nil || openHeads(s.Signed.Note) == nil {
		t.Error("heads and checkpoint were taken for each other")
	}
	_, _, another := prooftest.Keys(t)
	if _, err := checkpoint.Open(s.Signed.Note, another); err == nil {
		t.Error("another key was good enough")
	}
	for _, text := range []string{
		"other\n3\n" + s.Signed.Root.String() + "\n", "test\n03\n" + s.Signed.Root.String() + "\n",
		"test\n-3\n" + s.Signed.Root.String() + "\n", "test\n3\nshort\n", "test\n3\n", s.Signed.Text() + "more\n",
	} {
		signed, err := checkpoint.Sign(text, l.Signer(t))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := checkpoint.Open(signed, l.Key); err == nil {
			t.Errorf("%q was taken for a checkpoint", text)
		}
	}
}

func witness(t *testing.T, name string) (*checkpoint.Cosigner, note.Verifier) {
	t.Helper()
	private, public, err := checkpoint.GenerateWitnessKey(rand.Reader, name)
	if err != nil {
		t.Fatal(err)
	}
	c, err := checkpoint.NewCosigner(private + "\n")
	if err != nil {
		t.Fatal(err)
	}
	v, err := checkpoint.NewWitnessVerifier(public + "\n")
	if err != nil || c.Public() != public {
		t.Fatal(err, c.Public())
	}
	return c, v
}

// Given cosignatures, then those of trusted witnesses are kept, in the place of
// older ones, and no other.
func TestCosignatures(t *testing.T) {
	l := prooftest.New(t)
	s := l.Issue(t).Signed
	c1, v1 := witness(t, "w1")
	c2, v2 := witness(t, "w2")
	imposter, _ := witness(t, "w1")
	lines := imposter.Cosign(s.Text(), 5) + c1.Cosign(s.Text(), 6) + "nonsense\n" + c2.Cosign("another text\n", 7)
	s, err := checkpoint.AddCosignatures(s, lines, l.Key, v1, v2)
	if err != nil || !slices.Equal(s.Cosigned, []string{"w1"}) || s.Unchecked != 0 {
		t.Fatalf("%+v, %v", s, err)
	}
	older := string(s.Note)
	s, err = checkpoint.AddCosignatures(s, c2.Cosign(s.Text(), 8)+c1.Cosign(s.Text(), 9), l.Key, v1, v2)
	if err != nil || !slices.Equal(s.Cosigned, []string{"w2", "w1"}) || strings.Count(string(s.Note), "—") != 3 {
		t.Fatalf("%s, %v", s.Note, err)
	}
	if string(s.Note) == older {
		t.Error("the older cosignature was kept")
	}
	// A witness's signature alone is no checkpoint.
	text, _, _ := strings.Cut(string(s.Note), "\n\n")
	if _, err := checkpoint.Open([]byte(text+"\n\n"+c1.Cosign(text+"\n", 1)), l.Key, v1); err == nil {
		t.Error("a checkpoint without the ledger's signature was accepted")
	}
	for i := range len(s.Note) {
		m := bytes.Clone(s.Note)
		if m[i] ^= 1; i == 0 {
			continue
		}
		if opened, err := checkpoint.Open(m, l.Key, v1, v2); err == nil && len(opened.Cosigned) == 2 {
			t.Errorf("byte %d was changed and nobody noticed", i)
		}
	}
}

// The message that a witness signs is that of C2SP's tlog-cosignature.
func TestCosignedMessage(t *testing.T) {
	c, v := witness(t, "w")
	text := events.HashOf(nil).String() + "\n"
	line := c.Cosign(text, 1679315147)
	n, err := note.Open([]byte(text+"\n"+line), note.VerifierList(v))
	if err != nil || len(n.Sigs) != 1 {
		t.Fatalf("%v", err)
	}
	// A plain signature over the text is none.
	if v.Verify([]byte(text), make([]byte, 64)) || v.Verify([]byte(text), nil) {
		t.Error("something else was taken for a cosignature")
	}
	for _, bad := range []string{"", "w", "w+00000000+", "w+0+BA==", strings.Replace(c.Public(), "w+", "x+", 1)} {
		if _, err := checkpoint.NewWitnessVerifier(bad); err == nil {
			t.Errorf("%q was taken for a key", bad)
		}
		if _, err := checkpoint.NewCosigner("PRIVATE+KEY+" + bad); err == nil {
			t.Errorf("%q was taken for a private key", bad)
		}
	}
}
