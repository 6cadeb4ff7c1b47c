package events

import (
	"errors"
	"fmt"
	"strconv"
)

// Cents is an amount of money in integer United States cents. There is no
// floating-point money anywhere in the project.
type Cents int64

// ErrOverflow reports a sum of amounts that does not fit.
var ErrOverflow = errors.New("amount overflows")

// MaxAmount bounds a single amount that a command may carry: ten million dollars.
const MaxAmount Cents = 1_000_000_000

// Plus returns c + d, or [ErrOverflow].
func (c Cents) Plus(d Cents) (Cents, error) {
	s := c + d
	if (s > c) != (d > 0) {
		return 0, ErrOverflow
	}
	return s, nil
}

// String writes the amount as dollars with two decimals and thousands
// separators, as in $1,166.67 and -$50.00.
func (c Cents) String() string {
	sign, u := "", uint64(c)
	if c < 0 {
		sign, u = "-", -u
	}
	whole := strconv.FormatUint(u/100, 10)
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return fmt.Sprintf("%s$%s.%02d", sign, whole, u%100)
}
