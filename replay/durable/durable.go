// Package durable answers one question: is it on the disk?
package durable

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// Create makes a file and the directories above it, or empties it. Nothing of it
// is durable yet.
func Create(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if !os.IsNotExist(err) {
		return f, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
}

// Unfinished ends the name of what Replace writes: a crash may leave it.
const Unfinished = ".new"

// Replace replaces a file at once and durably: after a crash it is the old
// one or the new one.
func Replace(path string, data []byte) error {
	f, err := Create(path + Unfinished)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(path))
}

// SyncDir brings a directory's names to the disk.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// syncsAtOnce is how many files a Sync has on their way to the disk: a disk that is
// asked for several at a time brings them home together.
const syncsAtOnce = 16

// Sync brings files that were written to the disk, closes them, and then brings
// their names there, in every directory from root down.
func Sync(root string, files []*os.File) error {
	directories := map[string]bool{}
	for _, f := range files {
		for dir := filepath.Dir(f.Name()); len(dir) >= len(root) && !directories[dir]; dir = filepath.Dir(dir) {
			directories[dir] = true
		}
	}
	err := atOnce(files, func(f *os.File) error { return errors.Join(f.Sync(), f.Close()) })
	return errors.Join(err, atOnce(slices.Collect(maps.Keys(directories)), SyncDir))
}

// atOnce does f for each of a list, several at a time, and joins the errors.
func atOnce[T any](list []T, f func(T) error) error {
	errs := make([]error, len(list))
	var group sync.WaitGroup
	for w := range min(syncsAtOnce, len(list)) {
		group.Go(func() {
			for i := w; i < len(list); i += syncsAtOnce {
				errs[i] = f(list[i])
			}
		})
	}
	group.Wait()
	return errors.Join(errs...)
}
