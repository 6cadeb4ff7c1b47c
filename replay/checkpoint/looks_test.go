package checkpoint_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"caseledger/replay/archive"
	"caseledger/replay/checkpoint"
	"caseledger/replay/prooftest"
)

// Given looks that grow while the records do not, then a new checkpoint promises them, and the one
// before stays right.
func TestLooksArePromised(t *testing.T) {
	l := prooftest.New(t)
	first := l.Issue(t).Signed
	l.Looked(t, 2)
	second := l.Issue(t).Signed
	if first.Access.Size != 3 || second.Access.Size != 5 || first.Size != second.Size || first.Root != second.Root {
		t.Errorf("promised %+v, then %+v", first.Checkpoint, second.Checkpoint)
	}
	of, said := first.Looks()
	if !said || of.Size != 3 {
		t.Errorf("looks %+v, %v", of, said)
	}
	if _, err := checkpoint.Consistent(of, l.LooksArchive); err != nil {
		t.Error(err)
	}
	if !strings.Contains(second.Text(), "\naccess 5 ") {
		t.Errorf("text %q", second.Text())
	}
}

// Given a checkpoint from before looks were under proof, then it stays right, says
// nothing of them, and the next one does.
func TestCheckpointWithoutLooks(t *testing.T) {
	l := prooftest.New(t)
	if _, err := l.Archive.CatchUp(t.Context(), l, nil); err != nil {
		t.Fatal(err)
	}
	old, err := checkpoint.Issue(t.Context(), l.Archive, nil, l.Key, l.Signer(t), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, said := old.Signed.Looks(); said {
		t.Errorf("it speaks of looks: %q", old.Signed.Note)
	}
	if next := l.Issue(t); next.Signed.Access.Size != 3 {
		t.Errorf("the next one says %+v", next.Signed.Access)
	}
}

// Given looks that were promised, then nothing is signed any more over an archive of
// looks that is others, shorter or not there.
func TestLooksThatAreOthers(t *testing.T) {
	l := prooftest.New(t)
	l.Issue(t)
	others, err := archive.Create(filepath.Join(t.TempDir(), "others"))
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		if err := others.Append([][]byte{l.Looks.Messages[0].Data}); err != nil {
			t.Fatal(err)
		}
	}
	empty, err := archive.Create(filepath.Join(t.TempDir(), "empty"))
	if err != nil {
		t.Fatal(err)
	}
	for name, looks := range map[string]*archive.Archive{"others": others, "shorter": empty, "not there": nil} {
		l.Grow(t, 1)
		if _, err := l.Archive.CatchUp(t.Context(), l, nil); err != nil {
			t.Fatal(err)
		}
		_, err := checkpoint.Issue(t.Context(), l.Archive, looks, l.Key, l.Signer(t), nil, nil)
		var forked *checkpoint.ForkError
		if !errors.As(err, &forked) || !strings.Contains(err.Error(), "looks") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
