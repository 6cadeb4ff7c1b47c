package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// keySize is the size of every key, in bytes: AES-256.
const keySize = 32

// CreateMaster writes a new random master key to path, readable by its owner
// only: 32 bytes in base64 and a line end. It never replaces a file, and when it
// returns the key is on disk. Whoever loses the file loses every identity.
func CreateMaster(path string) error { return writeMaster(path, newKey()) }

func writeMaster(path string, secret []byte) error {
	if err := writePrivate(path, base64.StdEncoding.EncodeToString(secret)+"\n"); err != nil {
		return fmt.Errorf("create the master key: %w", err)
	}
	return nil
}

// partSuffix ends the name of a file that is being written.
const partSuffix = ".part"

// writePrivate writes a new file that only its owner can read, durably. It has its
// name when it is complete and not before: what a crash leaves is never taken for it.
func writePrivate(path, text string) error {
	part := path + partSuffix
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = nameNew(part, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return nil
}

// nameNew gives a complete file its name, which no other has, durably.
func nameNew(part, path string) error {
	there, err := exists(path)
	if err == nil && there {
		err = &os.PathError{Op: "create", Path: path, Err: os.ErrExist}
	}
	if err != nil {
		return err
	}
	return errors.Join(os.Rename(part, path), syncDir(path))
}

// readMaster reads what CreateMaster writes, from a file nobody else can read.
func readMaster(path string) ([]byte, error) {
	unfit := func(err error) ([]byte, error) {
		var in *fs.PathError
		if errors.As(err, &in) {
			err = in.Err // its path stands in the error already
		}
		return nil, &MasterFileError{path, err}
	}
	info, err := os.Stat(path)
	if err != nil {
		return unfit(err)
	}
	if open := info.Mode().Perm() & 0o077; open != 0 {
		return unfit(fmt.Errorf("it is open to others (mode %04o): it must be 0600 or stricter", info.Mode().Perm()))
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return unfit(err)
	}
	key, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != keySize {
		return unfit(fmt.Errorf("it does not hold %d bytes in base64", keySize))
	}
	return key, nil
}

// newKey returns a random key. crypto/rand never fails: it ends the program.
func newKey() []byte {
	key := make([]byte, keySize)
	rand.Read(key)
	return key
}

// newAEAD returns AES-256-GCM that puts a random nonce before each ciphertext.
// Two nonces of 96 bits collide once in 2^32 texts under one key with a chance of
// 2^-33: far beyond what one person's records, or one ledger's persons, need.
func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// syncDir makes a new file's name durable.
func syncDir(path string) error {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func exists(path string) (bool, error) {
	switch _, err := os.Stat(path); {
	case err == nil:
		return true, nil
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	default:
		return false, err
	}
}
