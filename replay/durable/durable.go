// Package durable answers one question: is it on the disk?
package durable

import (
	"errors"
	"os"
	"path/filepath"
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
