package events

import (
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	typeName = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+\.v[0-9]+$`)
	// A fact has happened: the word before the version is in the past tense.
	pastTense = regexp.MustCompile(`\.([a-z]+ed(-[a-z0-9]+)*|left|held|paid|given|withdrawn|set|made)\.v[0-9]+$`)
)

func TestTypes(t *testing.T) {
	docs := structDocs(t)
	if len(Types()) == 0 {
		t.Fatal("no event type is registered")
	}
	for _, typ := range Types() {
		name := reflect.TypeOf(typ.New()).Elem().Name()
		switch {
		case !typeName.MatchString(typ.Name):
			t.Errorf("%s: name is not of the form subject.fact.v1", typ.Name)
		case !pastTense.MatchString(typ.Name):
			t.Errorf("%s: name is not a fact in the past tense", typ.Name)
		case !strings.HasPrefix(docs[name], name+" "):
			t.Errorf("%s: struct %s has no comment that says what it is", typ.Name, name)
		case !slices.Contains(Kinds(), typ.Kind):
			t.Errorf("%s: kind %q is unknown", typ.Name, typ.Kind)
		}
		if found, ok := LookupType(typ.Name); !ok || found.Kind != typ.Kind {
			t.Errorf("%s: LookupType does not find it", typ.Name)
		}
	}
	if _, ok := LookupType("client.enrolled.v0"); ok {
		t.Error("LookupType finds a type that is not registered")
	}
}

// structDocs returns the comment of every struct that has EventType.
func structDocs(t *testing.T) map[string]string {
	t.Helper()
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range goFiles(t) {
		file, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	pkg, err := doc.NewFromFiles(fset, files, "caseledger/events")
	if err != nil {
		t.Fatal(err)
	}
	docs := map[string]string{}
	for _, typ := range pkg.Types {
		for _, m := range typ.Methods {
			if m.Name == "EventType" {
				docs[typ.Name] = typ.Doc
			}
		}
	}
	return docs
}

// clearText lists every clear string field that an event of a person may hold,
// and why nobody is identified by it. A new string field is a Secret, or gets
// its reason here.
var clearText = map[string]string{
	"agency": "id", "location": "id", "worker": "id", "interim": "id", "lead": "id", "from": "id", "to": "id",
	"principal": "coded id", "record": "ULID", "expense": "ULID", "request": "ULID", "receipt_hash": "hash of a file kept elsewhere",
	"subject": "id of the record that a decision rested on",
	"class":   "closed list", "sex": "closed list", "age_group": "closed list", "form": "closed list",
	"visa_class": "closed list", "kind": "closed list", "component": "closed list", "basis": "closed list",
	"immigration_status": "closed list", "name": "closed list: a criterion of enrollment", "category": "closed list",
	"cause": "closed list", "setting": "closed list", "custodian": "closed list", "outcomes": "closed list", "outcome": "closed list", "scope": "closed list",
	"grounds": "closed list", "purpose": "closed list",
	"need": "closed list", "urgency": "closed list", "progress": "closed list", "manner": "closed list", "topic": "closed list",
	"relation": "closed list", "emergency": "closed list", "document": "closed list", "milestone": "closed list",
	"occasion": "closed list", "result": "closed list", "benefit": "closed list", "answer": "closed list", "relief": "closed list",
	"standing": "closed list", "funder": "closed list", "by": "closed list", "departments": "closed list", "with": "closed list or organisation",
	"support": "closed list", "channel": "closed list", "source": "closed list", "path": "closed list", "matter": "closed list",
	"goal": "id within the case", "goals": "ids within the case", "court_date": "id within the case", "referral": "id within the case",
	"partner": "id", "release": "ULID", "award": "number of an award", "hash": "hash of a file kept elsewhere",
	"client": "coded id", "advance": "ULID", "reference": "id of a payment", "month": "year and month", "rate": "closed list",
	"rule": "closed list", "policy": "ULID", "corrections": "closed list", "remedy": "closed list", "reasons": "closed list",
	"country": "code", "language": "code", "languages": "codes", "state": "code",
	"determined_by": "worker's id or organisation", "referred_to": "organisation", "recipient": "organisation",
}

// TestTextOfPersonsIsSealed reviews the fields of every event that is about a
// person: free text is a Secret, and the type's own list names each Secret once.
func TestTextOfPersonsIsSealed(t *testing.T) {
	seen := map[string]bool{}
	for _, typ := range Types() {
		if typ.Kind != KindCase && typ.Kind != KindLetter && typ.Kind != KindWorker && typ.Kind != KindBilling && typ.Kind != KindLook && typ.Kind != KindReferral {
			continue
		}
		event := typ.New()
		fill(reflect.ValueOf(event).Elem(), "")
		var secrets []*Secret
		walk(reflect.ValueOf(event).Elem(), "", func(name string, field reflect.Value) {
			if s, ok := field.Addr().Interface().(*Secret); ok {
				secrets = append(secrets, s)
				return
			}
			if seen[name] = true; clearText[name] == "" {
				t.Errorf("%s: %s is clear text; make it a Secret or say in this test why nobody is identified by it", typ.Name, name)
			}
		})
		var listed []*Secret
		if c, ok := event.(Confidential); ok {
			for _, f := range c.Secrets() {
				listed = append(listed, f.Secret)
			}
		}
		for _, s := range secrets {
			if n := countOf(listed, s); n != 1 {
				t.Errorf("%s: a Secret is listed %d times by Secrets", typ.Name, n)
			}
		}
		if len(listed) != len(secrets) {
			t.Errorf("%s: Secrets lists %d, the event has %d", typ.Name, len(listed), len(secrets))
		}
	}
	for name := range clearText {
		if !seen[name] {
			t.Errorf("no event of a person has a field %q: delete it here", name)
		}
	}
}

func countOf(listed []*Secret, s *Secret) (n int) {
	for _, l := range listed {
		if l == s {
			n++
		}
	}
	return n
}

// walk calls f for every Secret and every string within v.
func walk(v reflect.Value, name string, f func(name string, field reflect.Value)) {
	switch {
	case v.Type() == reflect.TypeFor[Secret](), v.Kind() == reflect.String:
		f(name, v)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			walk(v.Field(i), jsonName(v.Type().Field(i)), f)
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			walk(v.Index(i), name, f)
		}
	case v.Kind() == reflect.Pointer:
		walk(v.Elem(), name, f)
	case v.Kind() == reflect.Map:
		panic("walk: a map in an event of a person: " + name)
	}
}

func TestSecretNeverShowsItself(t *testing.T) {
	s := Plain("Maria")
	holder := &ServiceDelivered{Note: s}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%10s", "%c", "%U"} {
		for _, value := range []any{s, &s, holder, *holder, []Secret{s}, map[string]Secret{"a": s}} {
			text := fmt.Sprintf(verb, value)
			for _, part := range []string{"Maria", "4d61726961", "4D61726961", "77 97 114"} {
				if strings.Contains(text, part) {
					t.Errorf("%s of %T shows %q", verb, value, text)
				}
			}
		}
	}
	if text := s.LogValue().String(); text != "[sealed]" {
		t.Errorf("LogValue = %q", text)
	}
	if _, err := s.MarshalText(); err == nil {
		t.Error("plain text is encoded")
	}
	if !(Secret{}).IsZero() || s.IsZero() || Plain("") != (Secret{}) {
		t.Error("only no text at all is the zero Secret")
	}
}

func TestSecretReadsOnlySealedText(t *testing.T) {
	for text, good := range map[string]bool{
		"": true, "s1.1.AA": true, "s1.20.A-_z9": true,
		"Maria": false, "s1.": false, "s1.1": false, "s1.1.": false, "s1..AA": false, "s1.x.AA": false, "s2.1.AA": false,
		"s1.1.A A": false, "s1.1.AA=": false, "s1.1.Ä": false, "s1.1.A.A": false, " s1.1.AA": false,
	} {
		var s Secret
		if err := s.UnmarshalText([]byte(text)); (err == nil) != good {
			t.Errorf("%q: error = %v", text, err)
		} else if err != nil && text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("the error shows the text: %v", err)
		}
	}
}
