package aggregates

import (
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"caseledger/events"

	"golang.org/x/text/language"
)

// states holds the USPS codes of the States, the District of Columbia and the
// territories; MP is the Northern Mariana Islands with Saipan.
var states = strings.Fields(`
	AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO
	MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY
	DC AS GU MP PR VI`)

// CheckFormat reports why a text does not have the format that a field's format
// tag names; an unknown format is an error too.
func CheckFormat(format, text string) error {
	switch format {
	case "":
		return nil
	case "id":
		return events.CheckID(text)
	case "country":
		return checkCountry(text)
	case "state":
		if !slices.Contains(states, text) {
			return fmt.Errorf("%q is not a two-letter code of a State or territory", text)
		}
	case "language":
		return checkLanguage(text)
	case "sha256":
		if b, err := hex.DecodeString(text); err != nil || len(b) != 32 || strings.ToLower(text) != text {
			return fmt.Errorf("%q is not a SHA-256 of 64 lower-case hexadecimal digits", text)
		}
	case formatTable:
		return checkTable(text)
	case "date":
		_, err := events.ParseDate(text)
		return err
	default:
		return fmt.Errorf("unknown format %q", format)
	}
	return nil
}

// formatTable is the format of a table of figures: CSV with a line of names.
const formatTable = "table"

// checkTable reports a text that is no table, or too long for a record.
func checkTable(s string) error {
	if len(s) > MaxTable {
		return fmt.Errorf("has %d bytes, more than %d", len(s), MaxTable)
	}
	if !utf8.ValidString(s) {
		return errors.New("is not valid UTF-8")
	}
	rows, err := csv.NewReader(strings.NewReader(s)).ReadAll()
	if err != nil {
		return fmt.Errorf("is not a CSV table: %w", err)
	}
	if len(rows) < 2 {
		return errors.New("is not a CSV table: it has no row below the names of its columns")
	}
	return nil
}

func checkCountry(text string) error {
	r, err := language.ParseRegion(text)
	if err != nil || !r.IsCountry() || r.Canonicalize().String() != text || len(text) != 2 {
		return fmt.Errorf("%q is not a country code of ISO 3166-1 such as MX", text)
	}
	return nil
}

func checkLanguage(text string) error {
	if t, err := language.Parse(text); err != nil || t == language.Und || strings.Contains(text, "_") {
		return fmt.Errorf("%q is not a language code of BCP 47 such as es", text)
	}
	return nil
}

// SameLanguage reports whether two BCP 47 codes name the same language, whatever
// the region or script: a worker who speaks es serves a client of es-GT.
func SameLanguage(a, b string) bool { return baseLanguage(a) == baseLanguage(b) }

func baseLanguage(code string) string {
	base, _, _ := strings.Cut(strings.ToLower(code), "-")
	return base
}
