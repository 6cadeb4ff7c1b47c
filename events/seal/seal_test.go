package seal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"caseledger/events"
)

const (
	client   events.Subject = "case/C-7QK2M4"
	letter   events.Subject = "letter/C-7QK2M4"
	worker   events.Subject = "worker/C-7QK2M4"
	recordID                = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
)

// newKeyring returns a Keyring on new files, and the files' paths.
func newKeyring(t testing.TB) (k *Keyring, keysPath, masterPath string) {
	t.Helper()
	dir := t.TempDir()
	keysPath, masterPath = filepath.Join(dir, "keys.db"), filepath.Join(dir, "master.key")
	if err := CreateMaster(masterPath); err != nil {
		t.Fatal(err)
	}
	if err := Create(keysPath, masterPath); err != nil {
		t.Fatal(err)
	}
	return open(t, keysPath, masterPath), keysPath, masterPath
}

func open(t testing.TB, keysPath, masterPath string) *Keyring {
	t.Helper()
	k, err := Open(keysPath, masterPath)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.Close() })
	return k
}

// sealNote seals text as the note of a service, secret 0 of its event.
func sealNote(t testing.TB, k *Keyring, subject events.Subject, id, text string) string {
	t.Helper()
	e := &events.ServiceDelivered{Note: events.Plain(text)}
	if err := k.Seal(subject, id, e); err != nil {
		t.Fatal(err)
	}
	return e.Note.Sealed()
}

func TestSealUnseal(t *testing.T) {
	k, keysPath, masterPath := newKeyring(t)
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.StringN(1, -1, 2000).Draw(r, "text")
		sealed := sealNote(t, k, client, recordID, text)
		got, err := k.Unseal(client, recordID, events.IdentityKey, 0, sealed)
		if err != nil || got != text {
			r.Fatalf("unsealed %q, %v; want %q", got, err, text)
		}
	})
	before := sealNote(t, k, client, recordID, "Maria")

	// Given the files are closed and opened again, what was sealed still opens.
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	k = open(t, keysPath, masterPath)
	if got, err := k.Unseal(client, recordID, events.IdentityKey, 0, before); err != nil || got != "Maria" {
		t.Errorf("after opening again: %q, %v", got, err)
	}
	if got, err := k.Unseal(client, recordID, events.IdentityKey, 0, ""); err != nil || got != "" {
		t.Errorf("a secret that was not given: %q, %v", got, err)
	}
}

func TestSealedTextHidesLengthAndEquality(t *testing.T) {
	k, _, _ := newKeyring(t)
	ann, bartholomew := sealNote(t, k, client, recordID, "Ann"), sealNote(t, k, client, recordID, "Bartholomew")
	if len(ann) != len(bartholomew) {
		t.Errorf("lengths %d and %d tell names apart", len(ann), len(bartholomew))
	}
	if sealNote(t, k, client, recordID, "Ann") == ann {
		t.Error("the same text is sealed to the same bytes")
	}
}

// TestUnsealOnlyWhereSealed moves and changes a sealed text: it must not open.
func TestUnsealOnlyWhereSealed(t *testing.T) {
	k, _, _ := newKeyring(t)
	sealed := sealNote(t, k, client, recordID, "Maria")
	sealNote(t, k, "case/C-OTHER", recordID, "somebody else has keys too")
	sealNote(t, k, worker, recordID, "so has a worker of the same id")

	for name, test := range map[string]struct {
		subject events.Subject
		record  string
		class   events.KeyClass
		index   int
	}{
		"another person":            {"case/C-OTHER", recordID, events.IdentityKey, 0},
		"a worker with the same id": {worker, recordID, events.IdentityKey, 0},
		"the person's letters":      {letter, recordID, events.IdentityKey, 0},
		"another record":            {client, "01BX5ZZKBKACTAV9WEVGEMMVRZ", events.IdentityKey, 0},
		"another field":             {client, recordID, events.IdentityKey, 1},
		"another class of keys":     {client, recordID, events.ExpenseKey, 0},
	} {
		t.Run("moved to "+name, func(t *testing.T) {
			_, err := k.Unseal(test.subject, test.record, test.class, test.index, sealed)
			var tampered *TamperedError
			if !errors.As(err, &tampered) || tampered.Subject != test.subject || tampered.Index != test.index {
				t.Errorf("error = %v, want a TamperedError of the place", err)
			}
		})
	}

	text := strings.TrimPrefix(sealed, "s1.1.")
	box, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	unopened := func(name, changed string) {
		t.Helper()
		var tampered *TamperedError
		if _, err := k.Unseal(client, recordID, events.IdentityKey, 0, changed); !errors.As(err, &tampered) {
			t.Errorf("%s: error = %v, want a TamperedError", name, err)
		}
	}
	for i := range len(box) * 8 {
		flipped := bytes.Clone(box)
		flipped[i/8] ^= 1 << (i % 8)
		unopened(fmt.Sprint("bit ", i), "s1.1."+base64.RawURLEncoding.EncodeToString(flipped))
	}
	for n := range len(box) {
		unopened(fmt.Sprint("cut to ", n), "s1.1."+base64.RawURLEncoding.EncodeToString(box[:n]))
	}
	for _, changed := range []string{"s2.1." + text, "s1.01." + text, "s1.0." + text, "s1." + text, "s1.1." + text + "=", text, "s1.-1." + text, sealed + "\n", "s1.1.\r" + text} {
		unopened(changed, changed)
	}
}

func TestCaseAndLettersShareAPersonsKey(t *testing.T) {
	k, _, _ := newKeyring(t)
	a := mac(t, k, client, events.IdentityKey, "Maria")
	if b := mac(t, k, letter, events.IdentityKey, "Maria"); a != b {
		t.Error("case and letter have different keys")
	}
	for name, b := range map[string]events.Hash{
		"worker":       mac(t, k, worker, events.IdentityKey, "Maria"),
		"other client": mac(t, k, "case/C-OTHER", events.IdentityKey, "Maria"),
		"other class":  mac(t, k, client, events.ExpenseKey, "Maria"),
		"other text":   mac(t, k, client, events.IdentityKey, "Mario"),
		"plain hash":   events.HashOf([]byte("Maria")),
	} {
		if a == b {
			t.Errorf("%s: same digest", name)
		}
	}
}

func mac(t *testing.T, k *Keyring, s events.Subject, class events.KeyClass, text string) events.Hash {
	t.Helper()
	h, err := k.MAC(s, class, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestMissingKey(t *testing.T) {
	k, _, _ := newKeyring(t)
	sealed := sealNote(t, k, client, recordID, "Maria")
	// Given a key file of another ledger, or one from which the key is gone.
	other, _, _ := newKeyring(t)

	_, err := other.Unseal(client, recordID, events.IdentityKey, 0, sealed)
	var missing *MissingKeyError
	if !errors.As(err, &missing) || *missing != (MissingKeyError{client, events.IdentityKey, 1}) {
		t.Errorf("error = %v, want a MissingKeyError", err)
	}
	_, err = k.Unseal(client, recordID, events.IdentityKey, 0, strings.Replace(sealed, "s1.1.", "s1.2.", 1))
	if !errors.As(err, &missing) || missing.Generation != 2 {
		t.Errorf("error = %v, want a MissingKeyError of generation 2", err)
	}
	// Reading makes no keys.
	if keys, err := other.load(person{id: "C-7QK2M4"}, events.IdentityKey); err != nil || len(keys) != 0 {
		t.Errorf("keys = %d, %v after reading only", len(keys), err)
	}
}

func TestNotAPerson(t *testing.T) {
	k, _, _ := newKeyring(t)
	for _, kind := range []events.Kind{events.KindAgency, events.KindProgramme, events.KindLedger} {
		err := k.Seal(events.SubjectOf(kind, "A-1"), recordID, &events.ServiceDelivered{Note: events.Plain("x")})
		if err == nil || !strings.Contains(err.Error(), "is not a person") {
			t.Errorf("%s: error = %v", kind, err)
		}
	}
	if err := k.Seal("agency/A-1", recordID, &events.AgencySuspended{Reason: "late reports"}); err != nil {
		t.Errorf("an event without secrets: %v", err)
	}
	if _, err := k.MAC(client, "another", nil); err == nil {
		t.Error("an unknown class of keys has a key")
	}
}

func TestMasterKey(t *testing.T) {
	_, keysPath, masterPath := newKeyring(t)
	otherKeys, otherMaster := filepath.Join(t.TempDir(), "keys.db"), filepath.Join(t.TempDir(), "other.key")
	if err := CreateMaster(otherMaster); err != nil {
		t.Fatal(err)
	}
	if err := Create(otherKeys, otherMaster); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{keysPath, masterPath} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", path, info.Mode(), err)
		}
	}
	before, _ := os.ReadFile(masterPath)
	if err := CreateMaster(masterPath); !errors.Is(err, os.ErrExist) {
		t.Errorf("creating it twice: %v", err)
	}
	if after, _ := os.ReadFile(masterPath); !bytes.Equal(before, after) {
		t.Error("creating it twice changed it")
	}
	if err := Create(otherKeys, masterPath); !errors.Is(err, os.ErrExist) {
		t.Errorf("creating the key file twice: %v", err)
	}

	_, err := Open(otherKeys, masterPath)
	var wrong *MasterKeyError
	if !errors.As(err, &wrong) || wrong.MasterPath != masterPath || wrong.KeysPath != otherKeys || wrong.Hint() == "" {
		t.Errorf("error = %v, want a MasterKeyError with both files", err)
	}
	open(t, otherKeys, otherMaster) // the refusal left nothing locked

	for name, make := range map[string]func(path string) error{
		"open to others": func(p string) error { return os.WriteFile(p, before, 0o644) },
		"too short":      func(p string) error { return os.WriteFile(p, before[:20], 0o600) },
		"not base64":     func(p string) error { return os.WriteFile(p, bytes.Repeat([]byte("!"), 44), 0o600) },
		"empty":          func(p string) error { return os.WriteFile(p, nil, 0o600) },
		"missing":        func(string) error { return nil },
	} {
		path := filepath.Join(t.TempDir(), "master.key")
		if err := make(path); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(keysPath, path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error = %v, want one that names the file", name, err)
		}
	}
}

func TestOpenNeverMakesAKeyFile(t *testing.T) {
	_, keysPath, masterPath := newKeyring(t)
	missing := filepath.Join(filepath.Dir(keysPath), "missing.db")
	if _, err := Open(missing, masterPath); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error = %v", err)
	}
	if _, err := os.Stat(missing); !errors.Is(err, os.ErrNotExist) {
		t.Error("a key file was made")
	}
}

// TestKeysAreWrapped looks for a data key in the clear in the key file, and
// fails when a wrapped key opens under another name.
func TestKeysAreWrapped(t *testing.T) {
	k, keysPath, _ := newKeyring(t)
	name := append(person{id: "C-1"}.prefix(events.IdentityKey), 0, 0, 0, 1)
	secret := bytes.Repeat([]byte("K"), keySize)
	wrapped := k.master.Seal(nil, nil, secret, wrapBinding(name))
	if bytes.Contains(wrapped, secret) {
		t.Error("the wrapped key holds the key")
	}
	if _, err := k.unwrap(name, wrapped); err != nil {
		t.Error(err)
	}
	elsewhere := append(person{id: "C-2"}.prefix(events.IdentityKey), 0, 0, 0, 1)
	if _, err := k.unwrap(elsewhere, wrapped); err == nil || !strings.Contains(err.Error(), keysPath) {
		t.Errorf("another person's name: %v", err)
	}
}

// TestFirstUseTogether lets many writers need a person's first key at once: they
// must all get the same one, and it must be the one on disk.
func TestFirstUseTogether(t *testing.T) {
	k, keysPath, masterPath := newKeyring(t)
	sealed := make([]string, 16)
	var wg sync.WaitGroup
	for i := range sealed {
		wg.Go(func() { sealed[i] = sealNote(t, k, client, recordID, fmt.Sprint(i)) })
	}
	wg.Wait()
	k.Close()
	k = open(t, keysPath, masterPath)
	for i, s := range sealed {
		if got, err := k.Unseal(client, recordID, events.IdentityKey, 0, s); err != nil || got != fmt.Sprint(i) {
			t.Errorf("writer %d: %q, %v", i, got, err)
		}
	}
}

func TestPrepare(t *testing.T) {
	k, _, _ := newKeyring(t)
	first := mac(t, k, client, events.IdentityKey, "x")
	var subjects []events.Subject
	for i := range 100 {
		subjects = append(subjects, events.SubjectOf(events.KindCase, fmt.Sprint("C-", i)))
	}
	before := writes(t, k)
	if err := k.Prepare(append(subjects, client, worker, "agency/A-1")...); err != nil {
		t.Fatal(err)
	}
	prepared := writes(t, k)
	if prepared != before+1 {
		t.Errorf("%d writes, want one", prepared-before)
	}
	for _, s := range append(subjects, worker) {
		sealNote(t, k, s, recordID, "x")
	}
	if err := k.Prepare(subjects...); err != nil {
		t.Fatal(err)
	}
	if writes(t, k) != prepared {
		t.Error("prepared keys were written again")
	}
	if mac(t, k, client, events.IdentityKey, "x") != first {
		t.Error("a key that was there was replaced")
	}
}

// writes returns the number of transactions that wrote to the key file.
func writes(t *testing.T, k *Keyring) (n int) {
	t.Helper()
	if err := k.db.View(func(tx *bbolt.Tx) error { n = tx.ID(); return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestCacheIsBounded uses more persons than the cache holds.
func TestCacheIsBounded(t *testing.T) {
	k, _, _ := newKeyring(t)
	k.cache = newCache(8)
	var subjects []events.Subject
	for i := range 50 {
		subjects = append(subjects, events.SubjectOf(events.KindCase, fmt.Sprint("C-", i)))
	}
	if err := k.Prepare(subjects...); err != nil {
		t.Fatal(err)
	}
	for _, s := range append(subjects, subjects...) {
		sealed := sealNote(t, k, s, recordID, string(s))
		if got, err := k.Unseal(s, recordID, events.IdentityKey, 0, sealed); err != nil || got != string(s) {
			t.Fatalf("%s: %q, %v", s, got, err)
		}
		if n := len(k.cache.young) + len(k.cache.old); n > 8 {
			t.Fatalf("%d keys in memory", n)
		}
	}
}

// FuzzUnseal feeds any text to Unseal: nothing but what was sealed may open, and
// whatever Unseal takes for sealed text an event must be able to hold.
func FuzzUnseal(f *testing.F) {
	k, _, _ := newKeyring(f)
	sealed := sealNote(f, k, client, recordID, "Maria")
	for _, text := range []string{sealed, sealed[:20], "s1.2.AAAA", "s1..", "s1.1.", "", "Maria", strings.ToLower(sealed), sealed + "\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		plain, err := k.Unseal(client, recordID, events.IdentityKey, 0, text)
		var tampered *TamperedError
		var missing *MissingKeyError
		switch {
		case err == nil && text != "" && (text != sealed || plain != "Maria"):
			t.Errorf("%q opens as %q", text, plain)
		case err != nil && !errors.As(err, &tampered) && !errors.As(err, &missing):
			t.Errorf("%q: %v", text, err)
		}
		var s events.Secret
		if generation, box, ok := parse(text); ok && len(box) > 0 && s.UnmarshalText([]byte(text)) != nil {
			t.Errorf("an event cannot hold %q of generation %d", text, generation)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	k, _, _ := newKeyring(b)
	b.ReportAllocs()
	for b.Loop() {
		e := &events.ServiceDelivered{Note: events.Plain("met at the clinic, spoke of the court date")}
		if err := k.Seal(client, recordID, e); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUnseal(b *testing.B) {
	k, _, _ := newKeyring(b)
	sealed := sealNote(b, k, client, recordID, "met at the clinic, spoke of the court date")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.Unseal(client, recordID, events.IdentityKey, 0, sealed); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMAC(b *testing.B) {
	k, _, _ := newKeyring(b)
	text := bytes.Repeat([]byte("x"), 400)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.MAC(client, events.IdentityKey, text); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFirstUse is a person's first seal, with its synchronous write.
func BenchmarkFirstUse(b *testing.B) {
	k, _, _ := newKeyring(b)
	for i := 0; b.Loop(); i++ {
		sealNote(b, k, events.SubjectOf(events.KindCase, fmt.Sprint("C-", i)), recordID, "x")
	}
}
