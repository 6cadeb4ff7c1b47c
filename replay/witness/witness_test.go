package witness_test

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"caseledger/events"
	"caseledger/replay/checkpoint"
	"caseledger/replay/prooftest"
	"caseledger/replay/witness"
)

type setup struct {
	*prooftest.Ledger
	dir      string
	witness  *witness.Witness
	verifier note.Verifier
	cosigner *checkpoint.Cosigner
}

func start(t *testing.T) *setup {
	t.Helper()
	private, public, err := checkpoint.GenerateWitnessKey(rand.Reader, "witness.example/w1")
	if err != nil {
		t.Fatal(err)
	}
	s := &setup{Ledger: prooftest.New(t), dir: t.TempDir()}
	if s.cosigner, err = checkpoint.NewCosigner(private); err != nil {
		t.Fatal(err)
	}
	if s.verifier, err = checkpoint.NewWitnessVerifier(public); err != nil {
		t.Fatal(err)
	}
	s.witness = witness.New(s.dir, s.cosigner, s.Key)
	return s
}

// ask sends what the ledger would send for a checkpoint, given what it believes
// the witness to know.
func (s *setup) ask(t *testing.T, of *checkpoint.Signed, old uint64) (string, error) {
	t.Helper()
	var proof tlog.TreeProof
	if old > 0 {
		var err error
		if proof, err = tlog.ProveTree(int64(of.Size), int64(old), s.Archive); err != nil {
			t.Fatal(err)
		}
	}
	return s.witness.Add(witness.FormatRequest(old, proof, of.Note), 1_000_000_000)
}

func status(t *testing.T, err error, want int) *witness.Answer {
	t.Helper()
	var a *witness.Answer
	if !errors.As(err, &a) || a.Status != want {
		t.Errorf("%v, want status %d", err, want)
		return &witness.Answer{}
	}
	return a
}

// Given a ledger that grows, then the witness cosigns every checkpoint in turn,
// also after it was started again, and shows the latest one.
func TestCosigns(t *testing.T) {
	s := start(t)
	old := uint64(0)
	for _, grow := range []int{0, 1, 0, 300} {
		s.Grow(t, grow)
		s.Looked(t, 1) // also alone
		signed := s.Issue(t).Signed
		lines, err := s.ask(t, signed, old)
		if err != nil {
			t.Fatal(err)
		}
		with, err := checkpoint.AddCosignatures(signed, lines, s.Key, s.verifier)
		if err != nil || len(with.Cosigned) != 1 {
			t.Fatalf("%q: %+v, %v", lines, with, err)
		}
		old = signed.Size
		s.witness = witness.New(s.dir, s.cosigner, s.Key)
		hash := events.HashOf([]byte(prooftest.Name))
		latest, err := s.witness.Latest(hash.String())
		if err != nil || string(latest) != string(with.Note) {
			t.Errorf("the latest is %s, %v, want %s", latest, err, with.Note)
		}
	}
	if b, err := s.witness.Latest("unknown"); b != nil || err != nil {
		t.Errorf("%s, %v", b, err)
	}
}

// Each refusal has the status of the protocol, and the state stays.
func TestRefuses(t *testing.T) {
	s := start(t)
	s.Grow(t, 10)
	first := s.Issue(t).Signed
	if _, err := s.ask(t, first, 0); err != nil {
		t.Fatal(err)
	}
	s.Grow(t, 10)
	second := s.Issue(t).Signed
	forked := prooftest.New(t)
	forked.Grow(t, 20)
	fork := func(c checkpoint.Checkpoint) []byte {
		signed, err := checkpoint.Sign(c.Text(), s.Signer(t))
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	proof, err := tlog.ProveTree(int64(second.Size), int64(first.Size), s.Archive)
	if err != nil {
		t.Fatal(err)
	}
	other := checkpoint.Checkpoint{Origin: prooftest.Name, Size: second.Size, Root: tlog.Hash{7}}
	looks := func(a checkpoint.Access) []byte {
		c := second.Checkpoint
		c.Access = a
		return witness.FormatRequest(first.Size, proof, fork(c))
	}
	for name, test := range map[string]struct {
		body   []byte
		status int
	}{
		"nonsense":              {[]byte("nonsense"), witness.BadRequest},
		"nothing":               {nil, witness.BadRequest},
		"a padded size":         {append([]byte("old 0012\n\n"), second.Note...), witness.BadRequest},
		"a negative size":       {append([]byte("old -1\n\n"), second.Note...), witness.BadRequest},
		"a proof that is none":  {append([]byte("old 12\nxyz\n\n"), second.Note...), witness.BadRequest},
		"too long a proof":      {witness.FormatRequest(first.Size, make(tlog.TreeProof, 64), second.Note), witness.BadRequest},
		"beyond the checkpoint": {witness.FormatRequest(second.Size+1, nil, second.Note), witness.BadRequest},
		"another origin":        {[]byte(strings.Replace(string(witness.FormatRequest(first.Size, proof, second.Note)), "\n\ntest\n", "\n\nother\n", 1)), witness.NotFound},
		"no signature":          {[]byte("old 12\n\ntest\n12\n" + first.Root.String() + "\n"), witness.Forbidden},
		"a changed root":        {[]byte(strings.Replace(string(witness.FormatRequest(first.Size, proof, second.Note)), second.Root.String(), first.Root.String(), 1)), witness.Forbidden},
		"a stale old size":      {witness.FormatRequest(0, nil, second.Note), witness.Conflict},
		"a proof left out":      {witness.FormatRequest(first.Size, nil, second.Note), witness.Unprocessable},
		"another proof":         {witness.FormatRequest(first.Size, append(tlog.TreeProof{{1}}, proof[1:]...), second.Note), witness.Unprocessable},
		"a rewritten history":   {witness.FormatRequest(first.Size, proof, fork(other)), witness.Unprocessable},
		"rewritten in place":    {witness.FormatRequest(first.Size, nil, fork(checkpoint.Checkpoint{Origin: prooftest.Name, Size: first.Size, Root: tlog.Hash{7}})), witness.Unprocessable},
		"looks left out":        {looks(checkpoint.Access{}), witness.Unprocessable},
		"fewer looks":           {looks(checkpoint.Access{Size: first.Access.Size - 1, Root: tlog.Hash{7}}), witness.Unprocessable},
		"other looks":           {looks(checkpoint.Access{Size: first.Access.Size, Root: tlog.Hash{7}}), witness.Unprocessable},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.witness.Add(test.body, 1)
			if a := status(t, err, test.status); test.status == witness.Conflict && a.Latest != first.Size {
				t.Errorf("it says that %d is the latest size, want %d", a.Latest, first.Size)
			}
		})
	}
	if _, err := s.ask(t, second, first.Size); err != nil {
		t.Errorf("the right request after all: %v", err)
	}
}

// Given the very first checkpoint with a proof, or an empty ledger with a root,
// then they are refused.
func TestFirst(t *testing.T) {
	s := start(t)
	signed := s.Issue(t).Signed
	_, err := s.witness.Add(witness.FormatRequest(0, tlog.TreeProof{{1}}, signed.Note), 1)
	status(t, err, witness.Unprocessable)
	empty, err := checkpoint.Sign(checkpoint.Checkpoint{Origin: prooftest.Name, Root: tlog.Hash{1}}.Text(), s.Signer(t))
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.witness.Add(witness.FormatRequest(0, nil, empty), 1)
	status(t, err, witness.Unprocessable)
}

// Given a state that somebody changed, then the witness cosigns nothing on top of
// it.
func TestDamagedState(t *testing.T) {
	s := start(t)
	first := s.Issue(t).Signed
	if _, err := s.ask(t, first, 0); err != nil {
		t.Fatal(err)
	}
	hash := events.HashOf([]byte(prooftest.Name))
	path := filepath.Join(s.dir, hash.String())
	for _, state := range [][]byte{nil, []byte("x"), first.Note} {
		if err := os.WriteFile(path, state, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := s.ask(t, first, first.Size)
		status(t, err, witness.Failed)
	}
}

func FuzzAdd(f *testing.F) {
	l := prooftest.New(f)
	signed := l.Issue(f).Signed
	private, _, err := checkpoint.GenerateWitnessKey(rand.Reader, "w")
	if err != nil {
		f.Fatal(err)
	}
	c, err := checkpoint.NewCosigner(private)
	if err != nil {
		f.Fatal(err)
	}
	good := string(witness.FormatRequest(0, nil, signed.Note))
	f.Add([]byte(good))
	f.Add([]byte("old 1\n\ntest\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		dir := t.TempDir()
		_, err := witness.New(dir, c, l.Key).Add(body, 1)
		if err == nil && !strings.HasPrefix(string(body), good[:len(good)-1]) {
			t.Errorf("cosigned: %q", body)
		}
	})
}
