package backup

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"filippo.io/age"
)

// An IdentityError reports identities none of which opens a backup.
type IdentityError struct{ Path string }

func (e *IdentityError) Error() string {
	return fmt.Sprintf("open the backup %s: none of the identities is one that it was made for, or its first lines were altered", e.Path)
}

// Hint says what a person can do about it.
func (e *IdentityError) Hint() string {
	return "--identity-file names the file with the private key whose recipient was given to backup"
}

// ParseRecipients reads the public keys that a backup is encrypted for, as text or
// one per line of files as age's own.
func ParseRecipients(texts []string) (all []age.Recipient, err error) {
	for _, text := range texts {
		list, err := age.ParseRecipients(strings.NewReader(text))
		if err != nil {
			return nil, fmt.Errorf("read the recipients: %w", err)
		}
		all = append(all, list...)
	}
	if len(all) == 0 {
		return nil, errors.New("read the recipients: there are none")
	}
	return all, nil
}

// ReadIdentities reads the private keys in a file as age's own.
func ReadIdentities(path string) ([]age.Identity, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the identities: %w", err)
	}
	list, err := age.ParseIdentities(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("read the identities in %s: they are malformed", path) // never what stands in it
	}
	return list, nil
}

// NewIdentity returns a new private key for backups and its recipient. Both are of
// a kind that also a quantum computer does not break.
func NewIdentity() (private, recipient string, err error) {
	identity, err := age.GenerateHybridIdentity()
	if err != nil {
		return "", "", fmt.Errorf("make a key for backups: %w", err)
	}
	return identity.String(), identity.Recipient().String(), nil
}

// Encrypt encrypts what is written for the recipients. The caller closes the
// writer. own opens the same file again, and nothing else: whoever writes a backup
// can read it back without a private key of anybody's.
func Encrypt(to io.Writer, recipients []age.Recipient) (w io.WriteCloser, own func() age.Identity, err error) {
	k := &keeper{Recipient: recipients[0]}
	w, err = age.Encrypt(to, append([]age.Recipient{k}, recipients[1:]...)...)
	if err != nil {
		return nil, nil, fmt.Errorf("encrypt the backup: %w", err)
	}
	return w, func() age.Identity { return age.NewInjectedFileKeyIdentity(k.fileKey) }, nil
}

// A keeper is a recipient that keeps the key of the file that it was given.
type keeper struct {
	age.Recipient
	fileKey []byte
}

// WrapWithLabels implements [age.RecipientWithLabels].
func (k *keeper) WrapWithLabels(fileKey []byte) (stanzas []*age.Stanza, labels []string, err error) {
	k.fileKey = bytes.Clone(fileKey)
	if labelled, ok := k.Recipient.(age.RecipientWithLabels); ok {
		return labelled.WrapWithLabels(fileKey)
	}
	stanzas, err = k.Wrap(fileKey)
	return stanzas, nil, err
}

// Decrypt returns what was encrypted. path names the file in errors.
func Decrypt(from io.Reader, path string, identities ...age.Identity) (io.Reader, error) {
	r, err := age.Decrypt(from, identities...)
	var nobody *age.NoIdentityMatchError
	switch {
	case errors.As(err, &nobody):
		return nil, &IdentityError{path}
	case err != nil:
		return nil, &RefusedError{err}
	}
	return r, nil
}
