package aggregates_test

import (
	"strings"
	"testing"

	"caseledger/aggregates"
	"caseledger/events"
)

func TestCheckFormat(t *testing.T) {
	for format, texts := range map[string]struct{ good, bad string }{
		"id":       {"A-017 C-7QK2M4", "a-1 A_1 " + strings.Repeat("A", 33)},
		"country":  {"MX US PH XK MP", "mx MEX UK ZZ 419 419X XX"},
		"state":    {"TX DC PR GU VI AS MP", "tx XX FM CNMI"},
		"language": {"es es-GT zh-Hans tl pag", "_ es_GT english!! und"},
		"sha256":   {strings.Repeat("0a", 32), strings.Repeat("0A", 32) + " abc"},
		"date":     {"2009-01-05 2008-02-29", "2009-02-29 2009-1-5 05/01/2009"},
	} {
		for _, s := range strings.Fields(texts.good) {
			if err := aggregates.CheckFormat(format, s); err != nil {
				t.Errorf("%s: %v", format, err)
			}
		}
		for _, s := range strings.Fields(texts.bad) {
			if aggregates.CheckFormat(format, s) == nil {
				t.Errorf("%s: %q passed", format, s)
			}
		}
	}
}

func TestSameLanguage(t *testing.T) {
	if !aggregates.SameLanguage("es", "es-GT") || aggregates.SameLanguage("en", "es") {
		t.Error("languages are compared wrongly")
	}
}

// A form has every kind of field.
type form struct {
	Client string            `json:"client" doc:"id" required:"true" format:"id"`
	Sex    string            `json:"sex" doc:"sex" enum:"male,female"`
	Age    int               `json:"age" doc:"age" min:"1" max:"120"`
	Amount events.Cents      `json:"amount" doc:"amount" required:"true" min:"1" max:"1000"`
	Day    events.Date       `json:"day" doc:"day"`
	Items  []string          `json:"items" doc:"items" enum:"a,b"`
	Map    map[string]string `json:"map" doc:"map"`
	Name   string            `json:"name" doc:"name" secret:"identity" format:"date"`
	Note   string            `json:"note" doc:"note" secret:"identity"`
	Text   string            `json:"text" doc:"text"`
}

func (*form) Target(string) (events.Subject, error) { return "", nil }

func TestValidate(t *testing.T) {
	valid := func(change func(*form)) *form {
		f := &form{Client: "C-1", Amount: 1}
		change(f)
		return f
	}
	for _, tc := range []struct {
		name string
		form *form
		want string // the faults' texts, in order
	}{
		{"as little as it takes", valid(func(*form) {}), ""},
		{"everything", valid(func(f *form) {
			*f = form{"C-1", "male", 120, 1000, events.MustDate("2009-01-05"), []string{"a", "b"}, map[string]string{"k": "v"}, "2009-01-05", "two\nlines", "ñ"}
		}), ""},
		{"nothing", &form{}, "client: must be given; amount: must be given, and more than 0"},
		{"not a value", valid(func(f *form) { f.Sex = "Male" }), `sex: "Male" is not one of male, female`},
		{"bounds", valid(func(f *form) { f.Age, f.Amount = 121, -1 }), "age: 121 is more than 120; amount: -$0.01 is less than $0.01"},
		{"a day out of range", valid(func(f *form) { f.Day = 1 }), "day: is not a date between 1900-01-01 and 2100-12-31"},
		{"list", valid(func(f *form) { f.Items = []string{"a", "", "c", "a"} }),
			`items: item 2: is empty; items: item 3: "c" is not one of a, b; items: item 4: is given twice`},
		{"map", valid(func(f *form) { f.Map = map[string]string{"k": "a\x00"} }), `map: entry "k": holds the control character U+0000`},
		{"a secret is not repeated", valid(func(f *form) { f.Name = "Eva Roe" }), "name: does not have the format date"},
		{"long text", valid(func(f *form) { f.Text = strings.Repeat("a", 1001) }), "text: has 1001 bytes, more than 1000"},
		{"long secret", valid(func(f *form) { f.Note = strings.Repeat("a", 4001) }), "note: has 4001 bytes, more than 4000"},
		{"lines outside a secret", valid(func(f *form) { f.Text = "a\nb" }), "text: holds the control character U+000A"},
		{"not UTF-8", valid(func(f *form) { f.Text = "a\xff" }), "text: is not valid UTF-8"},
		{"blank", valid(func(f *form) { f.Text = "  " }), "text: is blank"},
		{"long list", valid(func(f *form) { f.Items = make([]string, 51) }), "items: has 51 items, more than 50"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var faults []string
			for _, err := range aggregates.Validate(tc.form) {
				faults = append(faults, err.Error())
			}
			if got := strings.Join(faults, "; "); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}
