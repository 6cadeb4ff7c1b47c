package events

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// explain turns an error of the JSON codec into one sentence that names the
// member at fault (an "attribute" of the envelope, a "member" of the data) and
// what is wrong with it. A nested member is named by its JSON pointer.
func explain(noun string, err error) error {
	var syntactic *jsontext.SyntacticError
	var semantic *json.SemanticError
	switch {
	case errors.As(err, &syntactic):
		return explainSyntax(noun, syntactic)
	case errors.As(err, &semantic):
		return explainMeaning(noun, semantic)
	}
	return err
}

func explainSyntax(noun string, err *jsontext.SyntacticError) error {
	switch {
	case errors.Is(err.Err, jsontext.ErrDuplicateName):
		return fmt.Errorf("duplicate %s", member(noun, err.JSONPointer))
	case err.JSONPointer == "":
		return fmt.Errorf("not valid JSON at byte %d: %w", err.ByteOffset, err.Err)
	}
	return fmt.Errorf("%s: not valid JSON at byte %d: %w", member(noun, err.JSONPointer), err.ByteOffset, err.Err)
}

func explainMeaning(noun string, err *json.SemanticError) error {
	name := member(noun, err.JSONPointer)
	switch {
	case errors.Is(err.Err, json.ErrUnknownName):
		return fmt.Errorf("unknown %s", name)
	case errors.Is(err.Err, strconv.ErrRange):
		return fmt.Errorf("%s: %s is out of range", name, err.JSONValue)
	case errors.Is(err.Err, strconv.ErrSyntax):
		return fmt.Errorf("%s: %s is not a whole number in plain digits", name, err.JSONValue)
	case err.Err != nil:
		return fmt.Errorf("%s: %w", name, err.Err)
	}
	return fmt.Errorf("%s: found %s instead of %s", name, foundKind(err.JSONKind), wantedKind(err.GoType))
}

// member names what a JSON pointer points at, briefly when it is at the top.
func member(noun string, at jsontext.Pointer) string {
	switch at.Parent() {
	case at:
		return "document"
	case "":
		return fmt.Sprintf("%s %q", noun, at.LastToken())
	}
	if strings.HasPrefix(string(at), "/data/") {
		noun = "member"
	}
	return fmt.Sprintf("%s %q", noun, string(at))
}

func foundKind(k jsontext.Kind) string {
	switch k {
	case jsontext.KindTrue, jsontext.KindFalse:
		return "true or false"
	case jsontext.KindNumber:
		return "a number"
	case jsontext.KindBeginObject:
		return "an object"
	case jsontext.KindBeginArray:
		return "a list"
	}
	return "a " + k.String()
}

func wantedKind(t reflect.Type) string {
	if t == nil {
		return "another value"
	}
	if reflect.PointerTo(t).Implements(textual) {
		return "a string"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a string"
	case reflect.Slice:
		return "a list"
	case reflect.Struct, reflect.Pointer, reflect.Map:
		return "an object"
	}
	return "a whole number"
}

var textual = reflect.TypeFor[interface{ UnmarshalText([]byte) error }]()
