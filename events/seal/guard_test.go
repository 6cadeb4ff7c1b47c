package seal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"caseledger/events"
)

// Given a key file that was damaged anywhere, then opening and reading it ends
// with an error, or with the keys that were there; never with the process.
func TestDamagedKeyFile(t *testing.T) {
	dir := t.TempDir()
	keysPath, masterPath := filepath.Join(dir, "keys.db"), filepath.Join(dir, "master.key")
	if err := errors.Join(CreateMaster(masterPath), Create(keysPath, masterPath)); err != nil {
		t.Fatal(err)
	}
	subject := events.SubjectOf(events.KindCase, "C-1")
	macs := func(keysPath string) (mac events.Hash, err error) {
		k, err := Open(keysPath, masterPath)
		if err != nil {
			return mac, err
		}
		defer k.Close()
		keys, err := k.knownKeys(subject, events.IdentityKey)
		if err == nil {
			mac = events.HashOf(keys[0].mac.secret)
		}
		return mac, err
	}
	k, err := Open(keysPath, masterPath)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"C-1", "C-2", "C-3"} {
		if err := k.Prepare(events.SubjectOf(events.KindCase, id)); err != nil {
			t.Fatal(err)
		}
	}
	k.Close()
	sound, err := macs(keysPath)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(keysPath)
	if err != nil {
		t.Fatal(err)
	}
	refused, n := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		broken := bytes.Clone(whole)
		at := rapid.IntRange(0, len(broken)-1).Draw(rt, "at")
		switch rapid.IntRange(0, 2).Draw(rt, "damage") {
		case 0:
			broken[at] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
		case 1:
			clear(broken[at:min(len(broken), at+rapid.IntRange(1, 4096).Draw(rt, "zeros"))])
		case 2:
			broken = broken[:at]
		}
		// Another file each time: a broken one may stay locked until the process ends.
		n++
		path := filepath.Join(dir, fmt.Sprint("keys", n))
		if err := os.WriteFile(path, broken, 0o600); err != nil {
			rt.Fatal(err)
		}
		mac, err := macs(path)
		_ = os.Remove(path)
		if err != nil {
			refused++
		} else if mac != sound {
			rt.Fatal("another key was read")
		}
	})
	if refused == 0 {
		t.Error("nothing was ever refused: the damage was none")
	}
}
