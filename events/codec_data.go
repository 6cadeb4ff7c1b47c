package events

import (
	"encoding"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
)

// canonical reads data that stands exactly as [Encode] writes it, members in
// order and nothing escaped, and returns false at the first deviation: the strict
// decoder decides. It costs a tenth to a quarter of that one.
func (t *Type) canonical(data []byte, aliased bool) (Event, bool) {
	if t.form == nil {
		return nil, false
	}
	s := scanner{}
	if aliased {
		s.rest = alias(data)
	} else {
		s.rest = string(data)
	}
	e := t.New()
	s.value(t.form, reflect.ValueOf(e).Elem())
	return e, !s.failed && s.rest == ""
}

// A form says how the values of a type stand in canonical data.
type form struct {
	is      reflect.Kind
	typ     reflect.Type
	text    textKind
	elem    *form // of a list or a pointer
	members []memberForm
}

type memberForm struct {
	token string // ,"name":
	path  []int  // of the field
	form  *form
}

// A textKind is a type that is written as text of its own kind.
type textKind byte

const (
	plainText textKind = iota
	secretText
	dateText
	instantText
	hashText
	subjectText
)

var textKinds = map[reflect.Type]textKind{
	reflect.TypeFor[Secret]():  secretText,
	reflect.TypeFor[Date]():    dateText,
	reflect.TypeFor[Instant](): instantText,
	reflect.TypeFor[Hash]():    hashText,
	reflect.TypeFor[Subject](): subjectText,
}

// formOf returns the form of a type, nil when some part of it has none.
func formOf(t reflect.Type) *form {
	f := &form{is: t.Kind(), typ: t, text: textKinds[t]}
	if f.text != plainText {
		return f
	}
	p := reflect.PointerTo(t)
	if p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) || p.Implements(reflect.TypeFor[json.Unmarshaler]()) || p.Implements(reflect.TypeFor[json.UnmarshalerFrom]()) {
		return nil
	}
	switch f.is {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int64, reflect.Uint64:
		return f
	case reflect.Struct:
		return f.ofMembers()
	case reflect.Pointer, reflect.Slice:
		if f.elem = formOf(t.Elem()); f.elem != nil {
			return f
		}
	}
	return nil
}

// ofMembers adds the members of a struct, those of an embedded one in its place.
func (f *form) ofMembers() *form {
	seen := map[string]bool{}
	for i := range f.typ.NumField() {
		field := f.typ.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		plain := options == "" || options == "omitzero" || options == "omitempty"
		of := formOf(field.Type)
		embedded := field.Anonymous && field.Tag == "" && field.Type.Kind() == reflect.Struct
		if of == nil || !plain || !field.IsExported() || !embedded && (field.Anonymous || name == "" || name == "-") {
			return nil
		}
		members := []memberForm{{`,"` + name + `":`, nil, of}}
		if embedded {
			members = of.members
		}
		for _, m := range members {
			if seen[m.token] {
				return nil
			}
			seen[m.token] = true
			f.members = append(f.members, memberForm{m.token, append([]int{i}, m.path...), m.form})
		}
	}
	return f
}

// value reads a value of a form into v.
func (s *scanner) value(f *form, v reflect.Value) {
	switch {
	case s.failed:
	case f.text != plainText:
		s.typedText(f.text, v)
	case f.is == reflect.String:
		s.skip(`"`)
		v.SetString(s.textOrNone())
	case f.is == reflect.Bool:
		v.SetBool(s.has("true"))
		if !v.Bool() {
			s.skip("false")
		}
	case f.is == reflect.Uint64:
		v.SetUint(s.natural())
	case f.is == reflect.Int || f.is == reflect.Int64:
		v.SetInt(s.integer())
	case f.is == reflect.Struct:
		s.object(f, v)
	case f.is == reflect.Pointer:
		v.Set(reflect.New(f.typ.Elem()))
		s.value(f.elem, v.Elem())
	default:
		s.list(f, v)
	}
}

// object reads an object whose members stand in order; any may be missing.
func (s *scanner) object(f *form, v reflect.Value) {
	s.skip("{")
	comma := 1 // the first member has none
	for i := range f.members {
		if m := &f.members[i]; s.has(m.token[comma:]) {
			s.value(m.form, v.FieldByIndex(m.path))
			comma = 0
		}
	}
	s.skip("}")
}

func (s *scanner) list(f *form, v reflect.Value) {
	s.skip("[")
	if s.has("]") {
		v.Set(reflect.MakeSlice(f.typ, 0, 0))
		return
	}
	list, _, _ := strings.Cut(s.rest, "]")
	v.Grow(1 + strings.Count(list, "},{")) // room for as many as there seem to be
	for n := 0; !s.failed; n++ {
		if n == v.Cap() {
			v.Grow(1)
		}
		v.SetLen(n + 1)
		s.value(f.elem, v.Index(n))
		if s.has("]") {
			return
		}
		s.skip(",")
	}
}

func (s *scanner) typedText(kind textKind, v reflect.Value) {
	s.skip(`"`)
	switch kind {
	case secretText:
		sealed := s.textOrNone()
		s.must(sealed == "" || isSealed(sealed))
		*v.Addr().Interface().(*Secret) = Secret{sealed: sealed}
	case dateText:
		if !s.has(`"`) {
			v.SetInt(int64(s.date()))
			s.skip(`"`)
		}
	case instantText:
		i := s.instant()
		s.must(i > 0)
		v.SetInt(int64(i))
	case hashText:
		s.hash(v.Addr().Interface().(*Hash))
	default:
		subject := Subject(s.text())
		s.must(subject.check() == nil)
		v.SetString(string(subject))
	}
}

// must fails unless something holds.
func (s *scanner) must(holds bool) {
	if !holds {
		s.failed = true
	}
}

// integer is [scanner.natural] with a sign, which zero has not.
func (s *scanner) integer() int64 {
	if !s.has("-") {
		return int64(s.natural())
	}
	n := s.natural()
	s.must(n > 0)
	return -int64(n)
}

// natural consumes a number of at most 18 digits without a leading zero.
func (s *scanner) natural() uint64 {
	n := 0
	for n < len(s.rest) && s.rest[n] >= '0' && s.rest[n] <= '9' {
		n++
	}
	if n == 0 || n > 18 || n > 1 && s.rest[0] == '0' {
		s.failed = true
		return 0
	}
	return uint64(s.number(n))
}
