package prose_test

import (
	"slices"
	"testing"

	"caseledger/cmd/caseledger/internal/prose"
)

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", -123: "-123", -1234567: "-1,234,567"} {
		if got := prose.Thousands(n); got != want {
			t.Errorf("%d is written %s, want %s", n, got, want)
		}
	}
}

func TestFold(t *testing.T) {
	for text, want := range map[string][]string{
		"":                {""},
		"one two three":   {"one two", "three"},
		"größer als vier": {"größer", "als", "vier"},
		"unbreakable on":  {"unbreakable", "on"},
	} {
		if got := prose.Fold(text, 7); !slices.Equal(got, want) {
			t.Errorf("%q is broken into %q, want %q", text, got, want)
		}
	}
}
