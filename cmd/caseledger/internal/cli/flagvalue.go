package cli

import (
	"reflect"
	"strings"

	"caseledger/aggregates"
	"caseledger/events"
)

// A fieldFlag collects the texts of one field's flag. A list may be given as
// several flags, or as one with semicolons, or commas where no item can hold one.
type fieldFlag struct {
	texts []string
	kind  string
	many  bool
}

// String implements pflag.Value.
func (f *fieldFlag) String() string { return strings.Join(f.texts, ";") }

// Set implements pflag.Value.
func (f *fieldFlag) Set(text string) error {
	if len(f.texts) > 0 && !f.many {
		return usage("it is given twice")
	}
	f.texts = append(f.texts, text)
	return nil
}

// Type implements pflag.Value: the word that help shows for the value.
func (f *fieldFlag) Type() string { return f.kind }

func newFieldFlag(f aggregates.Field, name string) *fieldFlag {
	flag := &fieldFlag{kind: "text"}
	switch f.Type {
	case reflect.TypeFor[events.Date]():
		flag.kind = "YYYY-MM-DD"
	case reflect.TypeFor[events.Cents]():
		flag.kind = "cents"
		if name != f.Name {
			flag.kind = "dollars"
		}
	case reflect.TypeFor[[]string]():
		flag.kind, flag.many = "list", true
	case reflect.TypeFor[map[string]string]():
		flag.kind, flag.many = "name=value", true
	case reflect.TypeFor[int]():
		flag.kind = "number"
	case reflect.TypeFor[bool]():
		flag.kind = "yes|no"
	}
	switch f.Format {
	case "id":
		flag.kind = "id"
	case "country", "state", "language", "sha256":
		flag.kind = f.Format
	}
	if f.Enum != nil && len(f.Enum) <= 4 {
		flag.kind = strings.Join(f.Enum, "|")
	} else if f.Enum != nil {
		flag.kind = "word"
	}
	return flag
}
