package seal

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"caseledger/events"
)

// sealedNote is the event of a record whose note is sealed.
func sealedNote(text string) events.Event {
	return &events.ServiceDelivered{Category: "legal", Note: events.SealedSecret(text)}
}

// Given a key file that is older than the records, then whose keys are lost is known; nobody gets new ones
// unasked; and once the loss is accepted they do, while what was sealed before stays closed.
func TestLost(t *testing.T) {
	k, keysPath, masterPath := newKeyring(t)
	kept := sealNote(t, k, client, recordID, "Maria")
	mac1 := mac(t, k, client, events.IdentityKey, "x")
	copyFile(t, keysPath, keysPath+".old")
	if _, err := k.Rotate(client); err != nil { // after the copy
		t.Fatal(err)
	}
	newer := sealNote(t, k, client, recordID, "Maria again")
	gone := sealNote(t, k, other, recordID, "Olga")
	if err := errors.Join(k.Close(), os.Rename(keysPath+".old", keysPath)); err != nil {
		t.Fatal(err)
	}
	k = open(t, keysPath, masterPath)

	var used Sealed
	if used.Any() || k.Lost(&used) != nil {
		t.Error("something is lost of nothing")
	}
	used.Add(client, sealedNote(kept))
	if err := k.Lost(&used); err != nil || !used.Any() {
		t.Errorf("of what is there: %v", err)
	}
	used.Add(client, sealedNote(newer))
	used.Add(other, sealedNote(gone))
	used.Add("agency/A-1", sealedNote(gone)) // no person
	var lost *LostKeysError
	if err := k.Lost(&used); !errors.As(err, &lost) || !slices.Equal(lost.Subjects, []events.Subject{client, other}) {
		t.Errorf("lost: %v", err)
	}

	refuse := errors.New("no")
	k.BeforeFirst(func(s events.Subject) error {
		if s == other {
			return refuse
		}
		return nil
	})
	e := &events.ServiceDelivered{Category: "legal", Note: events.Plain("new")}
	if err := k.Seal(other, recordID, e); !errors.Is(err, refuse) {
		t.Errorf("sealed for whom the guard refuses: %v", err)
	}
	if _, err := k.MAC(other, events.IdentityKey, nil); !errors.Is(err, refuse) {
		t.Errorf("computed a digest: %v", err)
	}
	if _, err := k.Rotate(other); !errors.Is(err, refuse) {
		t.Errorf("rotated: %v", err)
	}
	if err := k.Prepare(other, worker); !errors.Is(err, refuse) {
		t.Errorf("prepared: %v", err)
	}
	if err := k.Seal(worker, recordID, &events.WorkerEngaged{Name: events.Plain("Wendy")}); err != nil {
		t.Errorf("for somebody else: %v", err)
	}

	accepted, err := k.AcceptLoss(&used)
	if err != nil || !slices.Equal(accepted, []events.Subject{client, other}) {
		t.Fatalf("accepted %v, %v", accepted, err)
	}
	if err := k.Lost(&used); err != nil {
		t.Errorf("after that: %v", err)
	}
	if again, err := k.AcceptLoss(&used); err != nil || len(again) != 0 {
		t.Errorf("accepted again %v, %v", again, err)
	}
	check := func() {
		t.Helper()
		for _, sealed := range []string{newer, gone} {
			subject := client
			if sealed == gone {
				subject = other
			}
			var missing *MissingKeyError
			if _, err := k.Unseal(subject, recordID, events.IdentityKey, 0, sealed); !errors.As(err, &missing) {
				t.Errorf("what was lost: %v", err)
			}
		}
		if got := unseal(t, k, client, kept); got != "Maria" {
			t.Errorf("unsealed %q", got)
		}
		if mac(t, k, client, events.IdentityKey, "x") != mac1 {
			t.Error("the digest under the key that is left is another")
		}
	}
	check()
	after := sealNote(t, k, other, recordID, "Olga, asked again")
	if got := unseal(t, k, other, after); got != "Olga, asked again" {
		t.Errorf("unsealed %q", got)
	}
	digest := mac(t, k, other, events.IdentityKey, "x")
	if err := k.RotateMaster(); err != nil {
		t.Fatal(err)
	}
	check()
	if mac(t, k, other, events.IdentityKey, "x") != digest || unseal(t, k, other, after) != "Olga, asked again" {
		t.Error("after a rotation it is another")
	}
	if err := k.Destroy(Order{other, recordID}); err != nil {
		t.Fatal(err)
	}
	var destroyed *DestroyedError
	if _, err := k.Unseal(other, recordID, events.IdentityKey, 0, after); !errors.As(err, &destroyed) {
		t.Errorf("after the destruction: %v", err)
	}
	if err := k.Lost(&used); err != nil {
		t.Errorf("what was destroyed is lost: %v", err)
	}
}

func TestSubjectsOf(t *testing.T) {
	for subject, want := range map[events.Subject][]events.Subject{
		"case/X":   {"case/X", "letter/X", "look/X"},
		"letter/X": {"case/X", "letter/X", "look/X"},
		"worker/X": {"worker/X"},
		"agency/X": nil,
	} {
		if got := SubjectsOf(subject); !slices.Equal(got, want) {
			t.Errorf("%s: %v", subject, got)
		}
	}
}

// Given what a crash left of making a master key or a key file, then it is not taken for
// one, and does not stand in the way.
func TestCrashWhileMaking(t *testing.T) {
	dir := t.TempDir()
	masterPath, keysPath := filepath.Join(dir, "master.key"), filepath.Join(dir, "keys.db")
	for _, left := range []string{masterPath + partSuffix, keysPath + nextSuffix} {
		if err := os.WriteFile(left, []byte("half of it"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(keysPath, masterPath); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("opened: %v", err)
	}
	if err := errors.Join(CreateMaster(masterPath), Create(keysPath, masterPath)); err != nil {
		t.Fatal(err)
	}
	if err := open(t, keysPath, masterPath).Seal(client, recordID, &events.ServiceDelivered{Note: events.Plain("x")}); err != nil {
		t.Error(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 2 {
		t.Errorf("%v is left, %v", left, err)
	}
	if err := CreateMaster(masterPath); !errors.Is(err, os.ErrExist) {
		t.Errorf("a master key was replaced: %v", err)
	}
	if err := Create(keysPath, masterPath); !errors.Is(err, os.ErrExist) {
		t.Errorf("a key file was replaced: %v", err)
	}
}
