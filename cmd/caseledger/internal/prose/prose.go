// Package prose writes numbers and breaks texts into lines, alike on the terminal, in
// charts and on statements.
package prose

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Thousands writes a number with commas.
func Thousands[N int | int64 | uint64](n N) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Fold breaks a text between words into lines of at most width characters.
func Fold(s string, width int) []string {
	return FoldBy(s, func(line string) bool { return utf8.RuneCountInString(line) <= width })
}

// FoldBy breaks a text between words into lines that fit; a word that does not
// fit alone stays whole.
func FoldBy(s string, fits func(line string) bool) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		switch {
		case line == "":
			line = word
		case fits(line + " " + word):
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	return append(lines, line)
}
