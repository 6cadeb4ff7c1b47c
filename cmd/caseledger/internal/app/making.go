package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"caseledger/events/natsserver"
	"caseledger/replay/durable"
)

// unfinishedFile stands in a directory from before the first file of a ledger is made
// there until after the last: a process that is killed in between leaves nothing
// that is taken for a ledger.
const unfinishedFile = "unfinished"

// A NotEmptyError reports a directory in which no ledger can be made.
type NotEmptyError struct{ Dir, Holds string }

func (e *NotEmptyError) Error() string {
	return fmt.Sprintf("make a ledger in %s: it is not empty: it holds %s", e.Dir, e.Holds)
}

// An UnfinishedError reports a directory in which the making of a ledger was broken
// off. Nothing was ever recorded there.
type UnfinishedError struct{ Dir, By string }

func (e *UnfinishedError) Error() string {
	return fmt.Sprintf("open ledger %s: it was not made to its end: caseledger %s was broken off", e.Dir, e.By)
}

// Hint says what a person can do about it.
func (e *UnfinishedError) Hint() string {
	return "give caseledger " + e.By + " again: it takes away what is there, in which nothing was recorded, and begins anew"
}

func checkFinished(dir string) error {
	by, err := os.ReadFile(filepath.Join(dir, unfinishedFile))
	if err != nil {
		return nil //nolint:nilerr // what else is wrong with the directory is found by who needs more of it
	}
	return &UnfinishedError{dir, strings.TrimSpace(string(by))}
}

// A making is a directory in which a ledger is being made.
type making struct {
	dir    string
	fresh  bool // the directory was made too
	unlock func() error
}

// begin makes dir, or takes it when it is empty or the making of a ledger there was broken
// off, and holds it. The caller ends it.
func begin(dir, by string) (_ *making, err error) {
	m := &making{dir: dir}
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		m.fresh = true
		err = os.MkdirAll(dir, 0o700)
	case err == nil:
		var unfinished *UnfinishedError
		holds := slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return slices.Contains(beforeMarker, e.Name()) })
		if len(holds) > 0 && !errors.As(checkFinished(dir), &unfinished) {
			return nil, &NotEmptyError{dir, holds[0].Name()}
		}
		err = os.Chmod(dir, 0o700)
	}
	if err != nil {
		return nil, fmt.Errorf("make a ledger in %s: %w", dir, err)
	}
	if m.unlock, err = natsserver.LockDir(dir); err != nil {
		return nil, err
	}
	if err := errors.Join(durable.Replace(m.marker(), []byte(by+"\n")), m.clear(unfinishedFile, lockFile)); err != nil {
		return nil, errors.Join(fmt.Errorf("make a ledger in %s: %w", dir, err), m.unlock())
	}
	return m, nil
}

// beforeMarker is what can stand in the directory of a process that was killed before
// it wrote the marker.
var beforeMarker = []string{lockFile, unfinishedFile + ".new"}

const lockFile = "LOCK" // see [natsserver.LockDir]

func (m *making) marker() string { return filepath.Join(m.dir, unfinishedFile) }

// clear removes everything but the named files, the marker last.
func (m *making) clear(keep ...string) error {
	entries, err := os.ReadDir(m.dir)
	for _, e := range entries {
		if name := e.Name(); name != unfinishedFile && !slices.Contains(keep, name) {
			err = errors.Join(err, os.RemoveAll(filepath.Join(m.dir, name)))
		}
	}
	if err == nil && !slices.Contains(keep, unfinishedFile) {
		err = os.Remove(m.marker())
	}
	return err
}

// end says that the ledger is made, or, when it failed, takes away what was made.
func (m *making) end(failed error) error {
	if failed == nil {
		failed = errors.Join(os.Remove(m.marker()), durable.SyncDir(m.dir))
	} else if err := m.clear(); err != nil {
		failed = errors.Join(failed, err)
	} else if m.fresh {
		failed = errors.Join(failed, os.Remove(m.dir))
	}
	return errors.Join(failed, m.unlock())
}
