package seal

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"caseledger/events"
)

// TestCanary puts a text into every secret of every event type, found by
// reflection and not by the type's own list: it must not be in the record, and
// must come back by that list.
func TestCanary(t *testing.T) {
	const canary = "CANARY Zoraida Quispe 1991-04-03"
	k, _, _ := newKeyring(t)
	secrets := 0
	for _, typ := range events.Types() {
		t.Run(typ.Name, func(t *testing.T) {
			golden := readGolden(t, typ.Name)
			event, err := golden.Event()
			if err != nil {
				t.Fatal(err)
			}
			n := plant(reflect.ValueOf(event).Elem(), canary)
			if err := k.Seal(golden.Subject, golden.ID, event); err != nil {
				t.Fatal(err)
			}
			r, err := events.Encode(golden.Envelope, event)
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range append(strings.Fields(canary), base64.RawURLEncoding.EncodeToString([]byte(canary))) {
				if bytes.Contains(r.Raw, []byte(part)) {
					t.Errorf("the record holds %q", part)
				}
			}
			if got := unsealAll(t, k, r, canary); got != n {
				t.Errorf("%d secrets come back, %d were put in", got, n)
			}
			secrets += n
		})
	}
	if secrets == 0 {
		t.Fatal("no event type has a secret")
	}
}

func readGolden(t *testing.T, name string) *events.Record {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("../../testdata/golden/events", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := events.DecodeStrict(1, raw)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// plant sets every Secret within v and counts them.
func plant(v reflect.Value, text string) (n int) {
	if s, ok := v.Addr().Interface().(*events.Secret); ok {
		*s = events.Plain(text)
		return 1
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			n += plant(v.Field(i), text)
		}
	case reflect.Slice:
		for i := range v.Len() {
			n += plant(v.Index(i), text)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			n += plant(v.Elem(), text)
		}
	}
	return n
}

// unsealAll counts the secrets of a record that unseal to text.
func unsealAll(t *testing.T, k *Keyring, r *events.Record, text string) (n int) {
	t.Helper()
	event, err := r.Event()
	if err != nil {
		t.Fatal(err)
	}
	confidential, ok := event.(events.Confidential)
	if !ok {
		return 0
	}
	for i, field := range confidential.Secrets() {
		got, err := k.Unseal(r.Subject, r.ID, field.Class, i, field.Secret.Sealed())
		if err != nil || got != text {
			t.Errorf("secret %d: %q, %v", i, got, err)
			continue
		}
		n++
	}
	return n
}
