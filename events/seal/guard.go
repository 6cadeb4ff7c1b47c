package seal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// openDB opens a key file, or makes an empty one. One that is damaged, as far as that
// shows, yields a [*KeysFileError].
func openDB(path string) (db *bbolt.DB, err error) {
	var pathError *fs.PathError
	err = guarded(path, func() error {
		db, err = bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockTimeout})
		if err == nil || errors.Is(err, berrors.ErrTimeout) || errors.As(err, &pathError) {
			return err
		}
		return &KeysFileError{path, err}
	})
	if err != nil {
		return nil, err
	}
	err = guarded(path, func() error {
		return db.View(func(tx *bbolt.Tx) error {
			info, err := os.Stat(path)
			if err == nil && info.Size() < tx.Size() {
				err = &KeysFileError{path, fmt.Errorf("it has %d bytes of %d", info.Size(), tx.Size())}
			}
			return err
		})
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// guarded turns what a damaged file does to bbolt, which has no checksums on its pages
// and panics or reads where nothing is, into a [*KeysFileError].
func guarded(path string, f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = &KeysFileError{path, fmt.Errorf("a page is broken: %v", p)}
		}
	}()
	return f()
}

func (k *Keyring) view(f func(*bbolt.Tx) error) error {
	return guarded(k.keysPath, func() error { return k.db.View(f) })
}

func (k *Keyring) update(f func(*bbolt.Tx) error) error {
	return guarded(k.keysPath, func() error { return k.db.Update(f) })
}
