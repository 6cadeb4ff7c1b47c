package seal

import (
	"fmt"

	"caseledger/events"
)

// A MasterKeyError reports a master key that does not fit the key file: nothing
// can be sealed or unsealed with it.
type MasterKeyError struct {
	MasterPath string
	KeysPath   string
}

func (e *MasterKeyError) Error() string {
	return fmt.Sprintf("open the keys in %s: the master key in %s is not the one that wraps them", e.KeysPath, e.MasterPath)
}

// Hint says what a person can do about it.
func (e *MasterKeyError) Hint() string {
	return "give the master key file that init made together with " + e.KeysPath + ", from its backup if need be"
}

// A MasterFileError reports a master key file that is not there or cannot be used.
type MasterFileError struct {
	Path string
	Err  error
}

func (e *MasterFileError) Error() string {
	return fmt.Sprintf("read the master key %s: %v", e.Path, e.Err)
}

func (e *MasterFileError) Unwrap() error { return e.Err }

// Hint says what a person can do about it.
func (e *MasterFileError) Hint() string {
	return "name the file that init made with --master-key, from its backup if need be; only its owner may be able to read it"
}

// A KeysFileError reports a file of the persons' keys that cannot be used.
type KeysFileError struct {
	Path string
	Err  error
}

func (e *KeysFileError) Error() string { return fmt.Sprintf("open the key file %s: %v", e.Path, e.Err) }

func (e *KeysFileError) Unwrap() error { return e.Err }

// Hint says what a person can do about it.
func (e *KeysFileError) Hint() string {
	return "restore it from the backup of the keys: without it no identity can be read"
}

// A MissingKeyError reports a data key that is not in the key file: it was
// destroyed, or it was never there. What it sealed cannot be read.
type MissingKeyError struct {
	Subject    events.Subject
	Class      events.KeyClass
	Generation int
}

func (e *MissingKeyError) Error() string {
	return fmt.Sprintf("no %s key of generation %d for %s: it was destroyed or never made", e.Class, e.Generation, e.Subject)
}

// A TamperedError reports a sealed text that was changed, moved to another place
// or sealed under another key.
type TamperedError struct {
	Subject  events.Subject
	RecordID string
	Class    events.KeyClass
	Index    int // in the event's list of secrets
}

func (e *TamperedError) Error() string {
	return fmt.Sprintf("unseal secret %d (%s) of record %s on %s: the sealed text is not what was written there",
		e.Index, e.Class, e.RecordID, e.Subject)
}
