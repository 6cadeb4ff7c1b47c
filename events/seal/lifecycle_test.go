package seal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.etcd.io/bbolt"

	"caseledger/events"
)

const other events.Subject = "case/C-OTHER"

func unseal(t *testing.T, k *Keyring, subject events.Subject, sealed string) string {
	t.Helper()
	text, err := k.Unseal(subject, recordID, events.IdentityKey, 0, sealed)
	if err != nil {
		t.Fatalf("unseal for %s: %v", subject, err)
	}
	return text
}

// contents returns all entries of the key file, and its bytes.
func contents(t *testing.T, k *Keyring) (entries map[string][]byte, raw []byte) {
	t.Helper()
	entries = map[string][]byte{}
	err := k.db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(bucket []byte, b *bbolt.Bucket) error {
			return b.ForEach(func(name, value []byte) error {
				entries[string(bucket)+"|"+string(name)] = bytes.Clone(value)
				return nil
			})
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if raw, err = os.ReadFile(k.keysPath); err != nil {
		t.Fatal(err)
	}
	return entries, raw
}

func TestDestroy(t *testing.T) {
	// Given two clients and a worker with the first one's id.
	k, keysPath, masterPath := newKeyring(t)
	maria, note := sealNote(t, k, client, recordID, "Maria"), sealNote(t, k, other, recordID, "Olga")
	wendy := sealNote(t, k, worker, recordID, "Wendy")
	mac(t, k, client, events.ExpenseKey, "bus fare")
	before, raw := contents(t, k)
	for _, class := range classes {
		name := string(keysBucket) + "|" + string(person{id: client.ID()}.prefix(class)) + "\x00\x00\x00\x01"
		if wrapped := before[name]; wrapped == nil || !bytes.Contains(raw, wrapped) {
			t.Fatalf("the %s key does not stand in the file", class)
		}
	}
	inode, err := os.Open(keysPath) // what a deleted file leaves behind
	if err != nil {
		t.Fatal(err)
	}
	defer inode.Close()

	// When the client's keys are destroyed,
	const order = "01HZX0000000000000000000AB"
	if err := k.Destroy(Order{letter, order}); err != nil {
		t.Fatal(err)
	}

	// then nothing opens, nothing seals, now and after opening again,
	for _, state := range []string{"at once", "after opening again"} {
		var destroyed *DestroyedError
		if _, err := k.Unseal(client, recordID, events.IdentityKey, 0, maria); !errors.As(err, &destroyed) || destroyed.RecordID != order {
			t.Errorf("%s: unseal: %v, want a DestroyedError", state, err)
		}
		if err := k.Seal(client, recordID, &events.ServiceDelivered{Note: events.Plain("again")}); !errors.As(err, &destroyed) {
			t.Errorf("%s: seal: %v, want a DestroyedError", state, err)
		}
		if _, err := k.MAC(letter, events.ExpenseKey, []byte("x")); !errors.As(err, &destroyed) {
			t.Errorf("%s: MAC: %v, want a DestroyedError", state, err)
		}
		if _, err := k.Rotate(client); !errors.As(err, &destroyed) {
			t.Errorf("%s: rotate: %v, want a DestroyedError", state, err)
		}
		if err := k.Prepare(client, letter); err != nil {
			t.Errorf("%s: prepare: %v", state, err)
		}
		if unseal(t, k, other, note) != "Olga" || unseal(t, k, worker, wendy) != "Wendy" {
			t.Errorf("%s: somebody else's keys are gone", state)
		}
		k.Close()
		k = open(t, keysPath, masterPath)
	}
	// and no byte of the keys is left, in the file or in the one before it.
	_, after := contents(t, k)
	left, err := os.ReadFile(fmt.Sprintf("/proc/self/fd/%d", inode.Fd()))
	if err != nil || len(bytes.Trim(left, "\x00")) > 0 {
		t.Errorf("the old file holds %d bytes that are not zero, %v", len(bytes.Trim(left, "\x00")), err)
	}
	for name, wrapped := range before {
		if strings.Contains(name, "|client/"+client.ID()+"/") && (bytes.Contains(after, wrapped) || bytes.Contains(after, wrapped[:16])) {
			t.Errorf("%q is still in the file", name)
		}
	}
	// A second order changes nothing; one without a person is refused.
	if err := k.Destroy(Order{client, "01HZX0000000000000000000ZZ"}); err != nil {
		t.Error(err)
	}
	if _, again := contents(t, k); !bytes.Equal(again, after) {
		t.Error("destroying what is destroyed writes to the file")
	}
	if err := k.Destroy(Order{"agency/A-1", order}); err == nil {
		t.Error("an agency's keys are destroyed")
	}
	if gone, err := k.Destroyed(letter); !gone || err != nil {
		t.Errorf("Destroyed = %v, %v", gone, err)
	}
	if gone, err := k.Destroyed(worker); gone || err != nil {
		t.Errorf("Destroyed(worker) = %v, %v", gone, err)
	}
}

// TestDestroyWhileSealing destroys while others seal: each seal before is
// readable or not, none after, and nothing is corrupted.
func TestDestroyWhileSealing(t *testing.T) {
	k, _, _ := newKeyring(t)
	sealNote(t, k, client, recordID, "x")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			subject := events.SubjectOf(events.KindCase, fmt.Sprint("C-", i))
			for range 20 {
				sealed := sealNote(t, k, subject, recordID, "x")
				if unseal(t, k, subject, sealed) != "x" {
					t.Error("a text does not come back")
				}
				err := k.Seal(client, recordID, &events.ServiceDelivered{Note: events.Plain("x")})
				var destroyed *DestroyedError
				if err != nil && !errors.As(err, &destroyed) {
					t.Error(err)
				}
			}
		})
	}
	if err := k.Destroy(Order{client, "R"}); err != nil {
		t.Error(err)
	}
	if err := k.RotateMaster(); err != nil {
		t.Error(err)
	}
	wg.Wait()
}

func TestRotatePerson(t *testing.T) {
	k, keysPath, masterPath := newKeyring(t)
	first, digest := sealNote(t, k, client, recordID, "Maria"), mac(t, k, client, events.IdentityKey, "Maria")
	for want := 2; want <= 3; want++ {
		if generation, err := k.Rotate(letter); err != nil || generation != want {
			t.Fatalf("generation %d, %v; want %d", generation, err, want)
		}
	}
	second := sealNote(t, k, client, recordID, "Maria")
	if !strings.HasPrefix(first, "s1.1.") || !strings.HasPrefix(second, "s1.3.") {
		t.Errorf("sealed %s and then %s", first[:5], second[:5])
	}
	k.Close()
	k = open(t, keysPath, masterPath)
	if unseal(t, k, client, first) != "Maria" || unseal(t, k, client, second) != "Maria" {
		t.Error("a generation does not open")
	}
	if mac(t, k, client, events.IdentityKey, "Maria") != digest {
		t.Error("the digest changed with the key")
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestRotateMaster(t *testing.T) {
	k, keysPath, masterPath := newKeyring(t)
	dir := t.TempDir()
	oldKeys, oldMaster := filepath.Join(dir, "keys.db"), filepath.Join(dir, "master.key")
	maria := sealNote(t, k, client, recordID, "Maria")
	if err := k.Destroy(Order{other, "R"}); err != nil {
		t.Fatal(err)
	}
	copyFile(t, keysPath, oldKeys)
	copyFile(t, masterPath, oldMaster)

	// When the master key is rotated, the ring goes on as if nothing had been.
	if err := k.RotateMaster(); err != nil {
		t.Fatal(err)
	}
	if unseal(t, k, client, maria) != "Maria" {
		t.Error("it does not open after the rotation")
	}
	k.Close()
	newKeys, newMaster := filepath.Join(dir, "new.db"), filepath.Join(dir, "new.key")
	copyFile(t, keysPath, newKeys)
	copyFile(t, masterPath, newMaster)

	// Then old and new do not fit each other, and each fits its own.
	var misfit *MasterKeyError
	for _, pair := range [][2]string{{oldKeys, newMaster}, {newKeys, oldMaster}} {
		if _, err := Open(pair[0], pair[1]); !errors.As(err, &misfit) {
			t.Errorf("%s with %s: %v, want a MasterKeyError", pair[0], pair[1], err)
		}
	}
	if unseal(t, open(t, oldKeys, oldMaster), client, maria) != "Maria" {
		t.Error("the old file does not open with the old key")
	}

	// A rotation that was broken off is undone, or completed, by the next Open.
	for name, keys := range map[string]string{"before the file": oldKeys, "after the file": newKeys} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			keysAt, masterAt := filepath.Join(dir, "keys.db"), filepath.Join(dir, "master.key")
			copyFile(t, keys, keysAt)
			copyFile(t, oldMaster, masterAt)
			copyFile(t, newMaster, masterAt+nextSuffix)
			copyFile(t, oldKeys, keysAt+nextSuffix)
			if keys == oldKeys {
				// The same keys may be open above: a copy of its own is not.
				k := open(t, keysAt, masterAt)
				if unseal(t, k, client, maria) != "Maria" {
					t.Error("it does not open")
				}
			} else if unseal(t, open(t, keysAt, masterAt), client, maria) != "Maria" {
				t.Error("it does not open")
			}
			for _, left := range []string{masterAt + nextSuffix, keysAt + nextSuffix} {
				if there, err := exists(left); there || err != nil {
					t.Errorf("%s is still there", left)
				}
			}
		})
	}
}

func TestRecovery(t *testing.T) {
	k, keysPath, masterPath := newKeyring(t)
	dir := t.TempDir()
	private := filepath.Join(dir, "recovery.key")
	maria := sealNote(t, k, client, recordID, "Maria")
	if has, err := k.HasRecovery(); has || err != nil {
		t.Errorf("HasRecovery = %v, %v", has, err)
	}
	if err := Recover(keysPath+"-none", private, filepath.Join(dir, "m")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("recovered from nothing: %v", err)
	}
	public, err := NewRecoveryKey(private)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewRecoveryKey(private); !errors.Is(err, os.ErrExist) {
		t.Errorf("a recovery key was replaced: %v", err)
	}
	if err := k.SetRecovery(public[:len(public)-3]); err == nil {
		t.Error("half a public key was taken")
	}
	if err := k.SetRecovery(public); err != nil {
		t.Fatal(err)
	}
	// Given the master key was rotated since, and is lost.
	if err := k.RotateMaster(); err != nil {
		t.Fatal(err)
	}
	k.Close()
	if err := os.Remove(masterPath); err != nil {
		t.Fatal(err)
	}
	// When it is recovered with another key, it is refused,
	wrong := filepath.Join(dir, "wrong.key")
	if _, err := NewRecoveryKey(wrong); err != nil {
		t.Fatal(err)
	}
	if err := Recover(keysPath, wrong, masterPath); err == nil || !strings.Contains(err.Error(), "is not the one") {
		t.Errorf("another recovery key: %v", err)
	}
	// and with the right one everything opens; a master key is never replaced.
	if err := Recover(keysPath, private, masterPath); err != nil {
		t.Fatal(err)
	}
	if err := Recover(keysPath, private, masterPath); !errors.Is(err, os.ErrExist) {
		t.Errorf("a master key was replaced: %v", err)
	}
	if unseal(t, open(t, keysPath, masterPath), client, maria) != "Maria" {
		t.Error("it does not open")
	}
}

func TestBackup(t *testing.T) {
	k, _, masterPath := newKeyring(t)
	dir := t.TempDir()
	backup, restored := filepath.Join(dir, "keys.backup"), filepath.Join(dir, "keys.db")
	maria, olga := sealNote(t, k, client, recordID, "Maria"), sealNote(t, k, other, recordID, "Olga")
	made, expires := events.MustInstant("2013-01-01T00:00:00Z"), events.MustInstant("2013-02-01T00:00:00Z")
	h := BackupHeader{Ledger: "per-capita", Created: made, Expires: expires}
	if err := k.Backup(backup, BackupHeader{Ledger: "x", Created: made, Expires: made}); err == nil {
		t.Error("a backup that never was valid")
	}
	if err := k.Backup(backup, h); err != nil {
		t.Fatal(err)
	}
	if err := k.Backup(backup, h); !errors.Is(err, os.ErrExist) {
		t.Errorf("a backup was replaced: %v", err)
	}
	if info, err := os.Stat(backup); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if got, err := ReadBackupHeader(backup); err != nil || got.Expires != expires || got.Ledger != "per-capita" {
		t.Errorf("header %+v, %v", got, err)
	}
	// Given a client's keys were destroyed since.
	if err := k.Destroy(Order{client, "R"}); err != nil {
		t.Fatal(err)
	}

	// A backup is refused once expired, in another ledger, with another master
	// key, over a key file, and changed in any byte.
	var expired *ExpiredError
	if err := Restore(backup, restored, masterPath, "per-capita", expires); !errors.As(err, &expired) || expired.Expired != expires {
		t.Errorf("error = %v, want an ExpiredError", err)
	}
	if err := Restore(backup, restored, masterPath, "other", expires-1); err == nil {
		t.Error("restored in another ledger")
	}
	otherMaster := filepath.Join(dir, "other.key")
	if err := CreateMaster(otherMaster); err != nil {
		t.Fatal(err)
	}
	if err := Restore(backup, restored, otherMaster, "per-capita", expires-1); err == nil {
		t.Error("restored with another master key")
	}
	good, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(dir, "damaged")
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 1
		if err := os.WriteFile(damaged, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Restore(damaged, restored, masterPath, "per-capita", expires-1); err == nil {
			t.Fatalf("restored with byte %d changed", i)
		}
	}
	if there, _ := exists(restored); there {
		t.Fatal("a refused restore left a file")
	}
	// When it is restored in time, and the destruction carried out again,
	if err := Restore(backup, restored, masterPath, "per-capita", expires-1); err != nil {
		t.Fatal(err)
	}
	if err := Restore(backup, restored, masterPath, "per-capita", expires-1); !errors.Is(err, os.ErrExist) {
		t.Errorf("a key file was replaced: %v", err)
	}
	r := open(t, restored, masterPath)
	if unseal(t, r, client, maria) != "Maria" {
		t.Error("the backup holds no keys: this test shows nothing")
	}
	if err := r.Destroy(Order{client, "R"}); err != nil {
		t.Fatal(err)
	}
	// then the rest is readable, and what was destroyed is not.
	var destroyed *DestroyedError
	if _, err := r.Unseal(client, recordID, events.IdentityKey, 0, maria); !errors.As(err, &destroyed) {
		t.Errorf("unseal: %v, want a DestroyedError", err)
	}
	if unseal(t, r, other, olga) != "Olga" {
		t.Error("it does not open")
	}
}
