package events

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "add missing golden records and rewrite the generated part of FORMAT.md")

const goldenDir = "../testdata/golden/events"

// TestGolden holds every event type to the encoding it was first recorded with:
// a record is for ever, so a golden file is added once and never rewritten.
func TestGolden(t *testing.T) {
	checked := 0
	for _, typ := range Types() {
		t.Run(typ.Name, func(t *testing.T) {
			path := filepath.Join(goldenDir, typ.Name+".json")
			raw, err := os.ReadFile(path)
			if os.IsNotExist(err) && *update {
				raw = addGolden(t, path, typ)
			} else if err != nil {
				t.Fatalf("every event type has a golden record (add it with -update): %v", err)
			}
			checkGolden(t, typ, raw)
		})
		checked++
	}
	if checked == 0 {
		t.Fatal("no event type was checked")
	}
}

// TestGoldenKeepsEveryType fails when a type that was once recorded is gone.
func TestGoldenKeepsEveryType(t *testing.T) {
	paths := goldenPaths(t)
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		if _, known := LookupType(name); !known {
			t.Errorf("%s: no event type of this name is registered any more", path)
		}
	}
}

func checkGolden(t *testing.T, typ Type, raw []byte) {
	t.Helper()
	r, err := DecodeStrict(1, raw)
	if err != nil {
		t.Fatal(err)
	}
	event, err := r.Event()
	if err != nil {
		t.Fatal(err)
	}
	if r.Type != typ.Name {
		t.Errorf("type = %s", r.Type)
	}
	if empty := emptyField(reflect.ValueOf(event).Elem(), "event"); empty != "" {
		t.Errorf("%s is not filled in", empty)
	}
	again, err := Encode(r.Envelope, event)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again.Raw, raw) {
		t.Errorf("decoded and encoded again:\n%s\nwant\n%s", again.Raw, raw)
	}
	if !decodeCanonical(new(Record), 1, raw) {
		t.Error("the record does not take the fast path")
	}
}

func addGolden(t *testing.T, path string, typ Type) []byte {
	t.Helper()
	event := typ.New()
	fill(reflect.ValueOf(event).Elem(), "")
	r, err := Encode(testEnvelope(typ.Kind), event)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(goldenDir, 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(r.Raw); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return r.Raw
}

// goldenPaths lists the golden records, of which there must be some.
func goldenPaths(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(goldenDir, "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden records in %s: %v", goldenDir, err)
	}
	return paths
}

// goldenRecords reads the golden records.
func goldenRecords(t testing.TB) [][]byte {
	t.Helper()
	var all [][]byte
	for _, path := range goldenPaths(t) {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, raw)
	}
	return all
}

// testEnvelope is a complete envelope, the second of its subject.
func testEnvelope(kind Kind) Envelope {
	subject := SubjectOf(kind, "X-7QK2M4")
	return Envelope{
		ID:            "01ARZ3NDEKTSV4RRFFQ69G5FAV",
		Source:        "per-capita",
		Subject:       subject,
		Time:          MustInstant("2009-01-07T14:03:11.250Z"),
		Version:       2,
		Previous:      HashOf([]byte("the previous record of " + subject)),
		OccurredOn:    MustDate("2009-01-05"),
		Actor:         "U-31",
		Role:          "case_manager",
		Agency:        "A-12",
		CausationID:   "01BX5ZZKBKACTAV9WEVGEMMVRZ",
		CommandDigest: HashOf([]byte("the command")),
		CorrelationID: "import-2009-01",
	}
}

// fill gives every field of v a value that is not zero, by its JSON name.
func fill(v reflect.Value, name string) {
	switch x := v.Addr().Interface().(type) {
	case *Secret:
		*x = SealedSecret("s1.1.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v")
		return
	case *Date:
		*x = MustDate("2008-12-31")
		return
	case *Hash:
		*x = HashOf([]byte(name))
		return
	case *Instant:
		*x = MustInstant("2009-01-08T14:03:11.250Z")
		return
	case *Subject:
		*x = "agency/A-12"
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), jsonName(v.Type().Field(i)))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), name)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), name)
		fill(v.Index(1), name)
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{"clock_start": "letter_date", "period_unit": "calendar_month"}))
	case reflect.String:
		v.SetString("example " + name)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(17)
	case reflect.Uint64:
		v.SetUint(17)
	default:
		panic("fill: no example for a field of type " + v.Type().String())
	}
}

// emptyField names the first field of v that is zero, if there is one.
func emptyField(v reflect.Value, path string) string {
	switch {
	case v.Kind() == reflect.Struct && v.NumField() == 0:
		return ""
	case v.IsZero(), v.Kind() == reflect.Slice && v.Len() == 0, v.Kind() == reflect.Map && v.Len() == 0:
		return path
	}
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[Secret]() {
			return ""
		}
		for i := range v.NumField() {
			if empty := emptyField(v.Field(i), path+"."+v.Type().Field(i).Name); empty != "" {
				return empty
			}
		}
	case reflect.Slice:
		return emptyField(v.Index(0), path+"[0]")
	case reflect.Pointer:
		return emptyField(v.Elem(), path)
	}
	return ""
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}
