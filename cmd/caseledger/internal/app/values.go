package app

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"caseledger/aggregates"
	"caseledger/events"
)

// The Go types that a command's field may have.
var (
	typeCents = reflect.TypeFor[events.Cents]()
	typeDate  = reflect.TypeFor[events.Date]()
	typeList  = reflect.TypeFor[[]string]()
	typeMap   = reflect.TypeFor[map[string]string]()
)

// setText sets a field of cmd from the text of a flag or of a CSV cell. Lists
// and maps are separated by semicolons; a list whose items cannot hold a comma, such
// as ids, by commas too, since a semicolon ends a command of the shell.
func setText(cmd aggregates.Command, f aggregates.Field, text string) error {
	v := reflect.ValueOf(cmd).Elem().Field(f.Index)
	switch {
	case f.Type == typeDate:
		d, err := events.ParseDate(text)
		if err != nil && f.Secret != "" {
			return errors.New("it is not a date of the form YYYY-MM-DD") // never what was given: errors are kept in logs
		}
		if err != nil {
			return err
		}
		v.SetInt(int64(d))
	case f.Type == typeList:
		if f.Enum != nil || f.Format != "" {
			text = strings.ReplaceAll(text, ",", ";")
		}
		v.Set(reflect.ValueOf(splitList(text)))
	case f.Type == typeMap:
		m, err := splitMap(text)
		if err != nil {
			return err
		}
		v.Set(reflect.ValueOf(m))
	case f.Type.Kind() == reflect.Bool:
		b, err := parseBool(text)
		if err != nil {
			return err
		}
		v.SetBool(b)
	case f.Type.Kind() == reflect.String:
		v.SetString(text)
	default: // int and events.Cents
		n, err := parseWhole(text, f.Type)
		if err != nil {
			return err
		}
		v.SetInt(n)
	}
	return nil
}

// setJSON sets a field of cmd from the next value of dec.
func setJSON(cmd aggregates.Command, f aggregates.Field, dec *jsontext.Decoder) error {
	v := reflect.ValueOf(cmd).Elem().Field(f.Index)
	switch {
	case f.Type == typeList:
		return readArray(dec, func(item string) { v.Set(reflect.Append(v, reflect.ValueOf(item))) })
	case f.Type == typeMap:
		m, err := readMap(dec)
		if len(m) > 0 {
			v.Set(reflect.ValueOf(m))
		}
		return err
	}
	want := byte('"')
	switch {
	case f.Type == typeDate:
	case f.Type.Kind() == reflect.Bool:
		want = 't'
	case f.Type.Kind() != reflect.String:
		want = '0'
	}
	text, err := readScalar(dec, want)
	if err != nil {
		return err
	}
	return setText(cmd, f, text)
}

// readScalar reads a string, a number or a boolean as text: want is the kind, as
// package jsontext names it, where 't' stands for either boolean.
func readScalar(dec *jsontext.Decoder, want byte) (string, error) {
	got := dec.PeekKind()
	if got == 'f' {
		got = 't'
	}
	if byte(got) != want && got != 0 {
		if err := dec.SkipValue(); err != nil {
			return "", err
		}
		return "", fmt.Errorf("%s is expected, not %s", kindWords[want], kindWords[byte(got)])
	}
	token, err := dec.ReadToken()
	if err != nil {
		return "", err
	}
	return token.String(), nil
}

var kindWords = map[byte]string{'"': "a text in quotes", 't': "true or false", '0': "a number", '{': "an object", '[': "a list", 'n': "null"}

func readArray(dec *jsontext.Decoder, add func(string)) error {
	if k := dec.PeekKind(); k != '[' {
		_, err := readScalar(dec, '[')
		return err
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != ']' {
		item, err := readScalar(dec, '"')
		if err != nil {
			return err
		}
		add(item)
	}
	_, err := dec.ReadToken()
	return err
}

func readMap(dec *jsontext.Decoder) (map[string]string, error) {
	m := map[string]string{}
	err := readObject(dec, func(name string) error {
		value, err := readScalar(dec, '"')
		m[name] = value
		return err
	})
	return m, err
}

// readObject calls member with the name of each member of the next value, which
// must be an object; member reads the value.
func readObject(dec *jsontext.Decoder, member func(name string) error) error {
	if dec.PeekKind() != '{' {
		_, err := readScalar(dec, '{')
		return err
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for {
		if dec.PeekKind() == '}' {
			_, err := dec.ReadToken()
			return err
		}
		name, err := dec.ReadToken()
		if err != nil {
			return err
		}
		if err := member(name.String()); err != nil {
			return err
		}
	}
}

func splitList(text string) []string {
	var list []string
	for item := range strings.SplitSeq(text, ";") {
		if item = strings.TrimSpace(item); item != "" {
			list = append(list, item)
		}
	}
	return list
}

func splitMap(text string) (map[string]string, error) {
	m := map[string]string{}
	for _, item := range splitList(text) {
		name, value, found := strings.Cut(item, "=")
		if _, twice := m[name]; twice || !found {
			return nil, fmt.Errorf("%q is not a list of name=value, each name once", text)
		}
		m[name] = value
	}
	return m, nil
}

func parseBool(text string) (bool, error) {
	switch text {
	case "true", "yes":
		return true, nil
	case "false", "no":
		return false, nil
	}
	return false, fmt.Errorf("%q is not yes or no", text)
}

// parseWhole reads a whole number in plain digits: no fraction, no exponent.
func parseWhole(text string, t reflect.Type) (int64, error) {
	unit := "whole number"
	if t == typeCents {
		unit = "whole number of cents"
	}
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, fmt.Errorf("%s is too large", text)
	case err != nil || strconv.FormatInt(n, 10) != text:
		return 0, fmt.Errorf("%q is not a %s", text, unit)
	}
	return n, nil
}

// ParseDollars reads an amount such as 12.50, 1,166.67 or $12 as cents.
func ParseDollars(text string) (events.Cents, error) {
	bad := fmt.Errorf("%q is not an amount in dollars, such as 12.50", text)
	s := strings.TrimPrefix(text, "$")
	whole, fraction, point := strings.Cut(s, ".")
	if point && len(fraction) != 2 {
		return 0, bad
	}
	if groups := strings.Split(whole, ","); len(groups) > 1 {
		for i, g := range groups {
			if len(g) != 3 && (i > 0 || len(g) == 0 || len(g) > 3) {
				return 0, bad
			}
		}
		whole = strings.Join(groups, "")
	}
	if !point {
		fraction = "00"
	}
	for _, c := range []byte(whole + fraction) {
		if c < '0' || c > '9' {
			return 0, bad
		}
	}
	if whole == "" {
		return 0, bad
	}
	n, err := strconv.ParseInt(whole+fraction, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s is too large", text)
	}
	return events.Cents(n), nil
}
