package events

import (
	"fmt"
	"strings"
	"time"
)

// An Instant is a moment at which the ledger learned something, in milliseconds
// since the Unix epoch, UTC. The zero Instant means "no moment".
type Instant int64

const instantLayout = "2006-01-02T15:04:05.000Z"

// InstantOf returns t, cut to the millisecond.
func InstantOf(t time.Time) Instant { return Instant(t.UnixMilli()) }

// ParseInstant reads an RFC 3339 time in any zone, to the millisecond.
func ParseInstant(s string) (Instant, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	// time.Parse also takes hours of one digit and decimals behind a comma.
	if err != nil || s[len("2006-01-02T15")] != ':' || strings.Contains(s, ",") {
		return 0, fmt.Errorf("%q is not a time of the form %s", s, instantLayout)
	}
	return InstantOf(t), nil
}

// MustInstant is [ParseInstant] for constants and tests; it panics on a bad time.
func MustInstant(s string) Instant {
	i, err := ParseInstant(s)
	if err != nil {
		panic(err)
	}
	return i
}

// IsZero reports whether i is "no moment".
func (i Instant) IsZero() bool { return i == 0 }

// Time returns i as a time in UTC.
func (i Instant) Time() time.Time { return time.UnixMilli(int64(i)).UTC() }

// DayIn returns the civil day of i in a time zone.
func (i Instant) DayIn(zone *time.Location) Date {
	return dateOf(i.Time().In(zone).Date())
}

// String writes i in RFC 3339 with exactly three decimals, in UTC.
func (i Instant) String() string {
	if i == 0 {
		return ""
	}
	return i.Time().Format(instantLayout)
}

// MarshalText writes i as [Instant.String] does.
func (i Instant) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// UnmarshalText reads any RFC 3339 time.
func (i *Instant) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*i = 0
		return nil
	}
	v, err := ParseInstant(string(b))
	if err != nil {
		return err
	}
	*i = v
	return nil
}
