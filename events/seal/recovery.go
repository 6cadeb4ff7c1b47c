package seal

import (
	"crypto/hpke"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"

	"go.etcd.io/bbolt"
)

// The recovery key opens the master key when its file is lost. Its public part
// lies in the key file and wraps every master key from then on; the private part
// is kept offline. The master key is what is wrapped, not each data key: it is
// what can be lost alone, a rotation wraps one text again, and a data key that is
// destroyed is not recoverable by construction.
//
// The wrap is HPKE with X25519 and ML-KEM-768 together: it is to outlive the
// first quantum computer as AES-256 does.
var (
	recoveryPublicKey = []byte("recovery public")
	recoveryMasterKey = []byte("recovery master")
	recoveryInfo      = []byte("caseledger recovery 1")
)

const (
	privatePrefix = "CASELEDGER-RECOVERY-PRIVATE-1-"
	publicPrefix  = "CASELEDGER-RECOVERY-PUBLIC-1-"
)

func kem() hpke.KEM { return hpke.MLKEM768X25519() }

// NewRecoveryKey writes a new private recovery key to path, readable by its owner
// only, and returns the public part. It never replaces a file.
func NewRecoveryKey(path string) (public string, err error) {
	private, err := kem().GenerateKey()
	if err != nil {
		return "", fmt.Errorf("make a recovery key: %w", err)
	}
	b, err := private.Bytes()
	if err != nil {
		return "", fmt.Errorf("make a recovery key: %w", err)
	}
	if err := writePrivate(path, privatePrefix+base64.RawURLEncoding.EncodeToString(b)+"\n"); err != nil {
		return "", fmt.Errorf("make a recovery key: %w", err)
	}
	return publicPrefix + base64.RawURLEncoding.EncodeToString(private.PublicKey().Bytes()), nil
}

// SetRecovery wraps the master key, and every one that follows it, for a public
// recovery key, in the place of one that was set before.
func (k *Keyring) SetRecovery(public string) error {
	b, err := decodeKey(public, publicPrefix)
	if err == nil {
		_, err = kem().NewPublicKey(b)
	}
	if err != nil {
		return fmt.Errorf("set the recovery key: %w", err)
	}
	k.file.Lock()
	defer k.file.Unlock()
	err = k.update(func(tx *bbolt.Tx) error { return tx.Bucket(metaBucket).Put(recoveryPublicKey, b) })
	if err = errors.Join(err, k.wrapForRecovery()); err != nil {
		return fmt.Errorf("set the recovery key: %w", err)
	}
	return nil
}

// HasRecovery reports whether a recovery key is set.
func (k *Keyring) HasRecovery() (has bool, err error) {
	k.file.RLock()
	defer k.file.RUnlock()
	err = k.view(func(tx *bbolt.Tx) error {
		has = tx.Bucket(metaBucket).Get(recoveryMasterKey) != nil
		return nil
	})
	return has, err
}

// wrapForRecovery wraps the master key for the recovery key, if one is set.
func (k *Keyring) wrapForRecovery() error {
	return k.update(func(tx *bbolt.Tx) error {
		meta := tx.Bucket(metaBucket)
		b := meta.Get(recoveryPublicKey)
		if b == nil {
			return nil
		}
		public, err := kem().NewPublicKey(b)
		if err != nil {
			return err
		}
		wrapped, err := hpke.Seal(public, hpke.HKDFSHA256(), hpke.AES256GCM(), recoveryInfo, k.secret)
		if err != nil {
			return err
		}
		return meta.Put(recoveryMasterKey, wrapped)
	})
}

// Recover writes the master key of a key file to masterPath, from the private
// recovery key at privatePath. It never replaces a file.
func Recover(keysPath, privatePath, masterPath string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("recover the master key: %w", err)
		}
	}()
	text, err := os.ReadFile(privatePath)
	if err != nil {
		return err
	}
	b, err := decodeKey(strings.TrimSpace(string(text)), privatePrefix)
	if err != nil {
		return fmt.Errorf("%s: %w", privatePath, err)
	}
	private, err := kem().NewPrivateKey(b)
	if err != nil {
		return fmt.Errorf("%s: %w", privatePath, err)
	}
	if _, err := os.Stat(keysPath); err != nil {
		return err
	}
	db, err := openDB(keysPath)
	if err != nil {
		return err
	}
	defer db.Close()
	var wrapped []byte
	err = guarded(keysPath, func() error {
		return db.View(func(tx *bbolt.Tx) error {
			if meta := tx.Bucket(metaBucket); meta != nil {
				wrapped = append(wrapped, meta.Get(recoveryMasterKey)...)
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	if wrapped == nil {
		return fmt.Errorf("%s was never given a recovery key", keysPath)
	}
	secret, err := hpke.Open(private, hpke.HKDFSHA256(), hpke.AES256GCM(), recoveryInfo, wrapped)
	if err != nil || len(secret) != keySize {
		return fmt.Errorf("the recovery key in %s is not the one of %s", privatePath, keysPath)
	}
	return writeMaster(masterPath, secret)
}

func decodeKey(text, prefix string) ([]byte, error) {
	rest, found := strings.CutPrefix(text, prefix)
	if !found {
		return nil, fmt.Errorf("it does not begin with %s", prefix)
	}
	return base64.RawURLEncoding.Strict().DecodeString(rest)
}
