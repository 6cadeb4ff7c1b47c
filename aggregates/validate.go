package aggregates

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"caseledger/events"
)

// The bounds of what a command may carry, well inside [events.MaxRecord].
const (
	MaxText   = 1000     // bytes of a text
	MaxSecret = 4000     // bytes of a text that will be sealed
	MaxItems  = 50       // items of a list or a map
	MaxTable  = 24 << 10 // bytes of a table of figures
)

// A FieldError is one fault of one field of a command. It never repeats the text
// of a secret field.
type FieldError struct {
	Field string
	Err   error
}

func (e *FieldError) Error() string { return e.Field + ": " + e.Err.Error() }

func (e *FieldError) Unwrap() error { return e.Err }

// Validate lists every fault of a command's fields, each a [*FieldError], in the
// order of the struct; none when the command can be decided. A field with its zero
// value counts as not given.
func Validate(cmd Command) []error {
	var faults []error
	v := reflect.ValueOf(cmd).Elem()
	for _, f := range Fields(cmd) {
		for _, err := range f.check(v.Field(f.Index)) {
			faults = append(faults, &FieldError{f.Name, err})
		}
	}
	return faults
}

// check lists the faults of one field's value.
func (f Field) check(v reflect.Value) []error {
	if v.IsZero() || (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.Len() == 0 {
		switch {
		case f.Required && v.CanInt() && f.Type != reflect.TypeFor[events.Date]():
			return []error{errors.New("must be given, and more than 0")}
		case f.Required:
			return []error{errors.New("must be given")}
		}
		return nil
	}
	switch x := v.Interface().(type) {
	case string:
		return one(f.checkText(x))
	case []string:
		return f.checkList(x)
	case map[string]string:
		return f.checkMap(x)
	case int:
		return one(f.checkBounds(int64(x), func(n int64) string { return strconv.FormatInt(n, 10) }))
	case events.Cents:
		return one(f.checkBounds(int64(x), func(n int64) string { return events.Cents(n).String() }))
	case events.Date:
		if x < events.MinDate || x > events.MaxDate {
			return one(fmt.Errorf("is not a date between %s and %s", events.MinDate, events.MaxDate))
		}
	}
	return nil
}

func one(err error) []error {
	if err == nil {
		return nil
	}
	return []error{err}
}

func (f Field) checkText(s string) error {
	if f.Format == formatTable {
		return checkTable(s)
	}
	if err := checkPlain(s, f.Secret != ""); err != nil {
		return err
	}
	if f.Enum != nil && !slices.Contains(f.Enum, s) {
		return fmt.Errorf("%q is not one of %s", s, strings.Join(f.Enum, ", "))
	}
	err := CheckFormat(f.Format, s)
	if err != nil && f.Secret != "" {
		return fmt.Errorf("does not have the format %s", f.Format)
	}
	return err
}

func (f Field) checkList(items []string) (faults []error) {
	if len(items) > MaxItems {
		return one(fmt.Errorf("has %d items, more than %d", len(items), MaxItems))
	}
	size := 0
	for i, s := range items {
		size += len(s)
		err := f.checkText(s)
		if s == "" {
			err = errors.New("is empty")
		}
		if err == nil && slices.Contains(items[:i], s) {
			err = errors.New("is given twice")
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("item %d: %w", i+1, err))
		}
	}
	if size > 2*MaxSecret {
		faults = append(faults, fmt.Errorf("has %d bytes, more than %d", size, 2*MaxSecret))
	}
	return faults
}

func (f Field) checkMap(m map[string]string) (faults []error) {
	if len(m) > MaxItems {
		return one(fmt.Errorf("has %d entries, more than %d", len(m), MaxItems))
	}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		for _, s := range []string{k, m[k]} {
			if err := checkPlain(s, false); err != nil {
				faults = append(faults, fmt.Errorf("entry %q: %w", k, err))
			}
		}
	}
	return faults
}

// checkPlain reports text that is too long, not UTF-8, or holds control
// characters; text to be sealed may have lines.
func checkPlain(s string, secret bool) error {
	limit := MaxText
	if secret {
		limit = MaxSecret
	}
	if len(s) > limit {
		return fmt.Errorf("has %d bytes, more than %d", len(s), limit)
	}
	if !utf8.ValidString(s) {
		return errors.New("is not valid UTF-8")
	}
	if strings.TrimSpace(s) == "" && s != "" {
		return errors.New("is blank")
	}
	for _, r := range s {
		if unicode.IsControl(r) && !(secret && (r == '\n' || r == '\t')) {
			return fmt.Errorf("holds the control character %U", r)
		}
	}
	return nil
}

// checkBounds holds a number against the field's min and max tags; show writes
// it and them in the field's unit.
func (f Field) checkBounds(n int64, show func(int64) string) error {
	if f.Min != "" && n < mustInt(f.Min) {
		return fmt.Errorf("%s is less than %s", show(n), show(mustInt(f.Min)))
	}
	if f.Max != "" && n > mustInt(f.Max) {
		return fmt.Errorf("%s is more than %s", show(n), show(mustInt(f.Max)))
	}
	return nil
}

// mustInt reads a bound of a tag; a test of the catalogue reads them all.
func mustInt(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		panic("aggregates: bad bound " + s)
	}
	return n
}
