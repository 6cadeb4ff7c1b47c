package aggregates

import (
	"fmt"
	"reflect"
	"strings"

	"caseledger/events"
)

// A Field is one documented field of a command struct. Its tags are:
//
//	json:"agency"          its name everywhere: JSON, CSV column, flag
//	doc:"…"                one line for people
//	required:"true"        it must be given
//	enum:"a,b,c"           the only values (of each element, for a list)
//	format:"state"         one of id, country, state, language, sha256, date, table
//	min:"1" max:"25"       bounds of a whole number or an amount
//	secret:"identity"      identifying text; never stored, shown or logged in clear
//	example:"A-017"        for help and generated forms
//
// A field tagged json:"-" is not part of the catalogue: the application fills it
// in from the ledger, and no caller can.
//
// Its Go type is one of string, bool, int, [events.Cents], [events.Date],
// []string and map[string]string.
type Field struct {
	Name     string
	Doc      string
	Required bool
	Enum     []string
	Format   string
	Min, Max string
	Secret   events.KeyClass
	Example  string
	Type     reflect.Type
	Index    int
}

// Fields returns the fields of a command in the order of its struct. It panics
// on a struct that a test of the catalogue would not have let pass.
func Fields(cmd Command) []Field {
	t := reflect.TypeOf(cmd).Elem()
	fields := make([]Field, 0, t.NumField())
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		if name == "" || f.Tag.Get("doc") == "" {
			panic(fmt.Sprintf("aggregates: %s.%s lacks a json or doc tag", t, f.Name))
		}
		field := Field{
			Name: name, Doc: f.Tag.Get("doc"), Required: f.Tag.Get("required") == "true",
			Format: f.Tag.Get("format"), Min: f.Tag.Get("min"), Max: f.Tag.Get("max"),
			Secret: events.KeyClass(f.Tag.Get("secret")), Example: f.Tag.Get("example"),
			Type: f.Type, Index: i,
		}
		if e := f.Tag.Get("enum"); e != "" {
			field.Enum = strings.Split(e, ",")
		}
		fields = append(fields, field)
	}
	return fields
}
