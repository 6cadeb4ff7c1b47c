package events

import (
	"bytes"
	"encoding/hex"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestDateAgreesWithTime walks every day from year 1 to 2400, which holds the
// whole accepted range and a full cycle of leap years on both sides.
func TestDateAgreesWithTime(t *testing.T) {
	day := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	end := dateOf(2400, 12, 31)
	for d := Date(1); d <= end; d++ {
		y, m, n := d.Civil()
		if wy, wm, wn := day.Date(); y != wy || m != wm || n != wn {
			t.Fatalf("day %d is %d-%d-%d, want %d-%d-%d", d, y, m, n, wy, wm, wn)
		}
		if dateOf(y, m, n) != d {
			t.Fatalf("%d-%d-%d is not day %d", y, m, n, d)
		}
		if d.Weekday() != day.Weekday() {
			t.Fatalf("%v is a %v, want %v", d, d.Weekday(), day.Weekday())
		}
		if d >= MinDate && d <= MaxDate {
			text := day.Format(time.DateOnly)
			if read, err := ParseDate(text); err != nil || read != d || d.String() != text {
				t.Fatalf("%s: read %d, %v; written %s", text, read, err, d)
			}
		}
		day = day.AddDate(0, 0, 1)
	}
	if MinDate != MustDate("1900-01-01") || MaxDate != MustDate("2100-12-31") || unixEpochDay != MustDate("1970-01-01") {
		t.Error("a constant is not the day it says")
	}
}

func TestParseDateRefuses(t *testing.T) {
	for _, text := range []string{
		"", "2009-02-29", "2100-02-29", "1900-02-29", "2009-04-31", "2009-13-01", "2009-00-10", "2009-01-00", "2009-01-32",
		"1899-12-31", "2101-01-01", "0000-01-01", "2009-1-05", "2009-01-5", "20090105", "2009/01/05", "2009-01-05 ", " 2009-01-05",
		"2009-01-0x", "2009-01-05T00:00:00Z", "+209-01-05", "２００９-01-05", "-009-01-05",
	} {
		if d, err := ParseDate(text); err == nil {
			t.Errorf("%q is read as %v", text, d)
		}
	}
	var d Date
	if err := d.UnmarshalText(nil); err != nil || d != 0 || d.String() != "" {
		t.Errorf("no date: %v, %v", d, err)
	}
}

// TestParseDateOnlyReadsWhatItWrites is the property behind the list above.
func TestParseDateOnlyReadsWhatItWrites(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.StringMatching(`[0-9]{4}-[0-9]{2}-[0-9]{2}`).Draw(r, "text")
		_, want := time.Parse(time.DateOnly, text)
		d, err := ParseDate(text)
		if ok := want == nil && text >= "1900" && text < "2101"; (err == nil) != ok {
			r.Fatalf("%s: %v, time package: %v", text, err, want)
		}
		if err == nil && d.String() != text {
			r.Fatalf("%s is written %s", text, d)
		}
	})
}

func TestAddMonths(t *testing.T) {
	for _, test := range []struct {
		day    string
		months int
		want   string
	}{
		{"2009-01-31", 1, "2009-02-28"}, {"2008-01-31", 1, "2008-02-29"}, {"2008-02-29", 12, "2009-02-28"},
		{"2008-02-29", 48, "2012-02-29"}, {"2009-03-31", -1, "2009-02-28"}, {"2009-12-31", 2, "2010-02-28"},
		{"2009-05-31", 1, "2009-06-30"}, {"2009-01-05", 0, "2009-01-05"}, {"2009-01-05", -1, "2008-12-05"}, {"2000-02-29", 1200, "2100-02-28"},
	} {
		if got := MustDate(test.day).AddMonths(test.months).String(); got != test.want {
			t.Errorf("%s and %d months: %s, want %s", test.day, test.months, got, test.want)
		}
	}
}

func TestAddMonthsClamps(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := Date(rapid.IntRange(int(MinDate), int(MaxDate)).Draw(r, "day"))
		n := rapid.IntRange(-1200, 1200).Draw(r, "months")
		got := d.AddMonths(n)
		y, m, day := d.Civil()
		gy, gm, gday := got.Civil()
		if gy*12+int(gm) != y*12+int(m)+n {
			r.Fatalf("%v and %d months: %v is in another month", d, n, got)
		}
		// The same day, or the last day of a month that is shorter.
		if gday != day && (gday > day || got != got.LastOfMonth()) {
			r.Fatalf("%v and %d months: %v is not clamped to the month's end", d, n, got)
		}
		if first := d.FirstOfMonth(); first > d || first.String()[8:] != "01" || first.AddMonths(1) != d.LastOfMonth()+1 {
			r.Fatalf("%v: month from %v to %v", d, first, d.LastOfMonth())
		}
	})
}

func TestInstantRoundTrip(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		i := Instant(rapid.Int64Range(1, int64(MustInstant("2100-12-31T23:59:59.999Z"))).Draw(r, "ms"))
		if read, err := ParseInstant(i.String()); err != nil || read != i || len(i.String()) != len(instantLayout) {
			r.Fatalf("%s is read as %d, %v", i, read, err)
		}
		s := scanner{rest: i.String() + `"`}
		if fast := s.instant(); s.failed || len(s.rest) > 0 || fast != i {
			r.Fatalf("%s is scanned as %d", i, fast)
		}
		if day := i.DayIn(time.UTC).String(); day != i.String()[:10] {
			r.Fatalf("%s is on %s", i, day)
		}
	})
}

func TestDayInAnotherZone(t *testing.T) {
	programme := time.FixedZone("programme", -5*3600)
	for text, want := range map[string]string{
		"2009-01-05T04:59:59.999Z": "2009-01-04", "2009-01-05T05:00:00.000Z": "2009-01-05", "2009-01-01T00:00:00+14:00": "2008-12-31",
	} {
		if got := MustInstant(text).DayIn(programme).String(); got != want {
			t.Errorf("%s is on %s, want %s", text, got, want)
		}
	}
}

func TestCentsString(t *testing.T) {
	for c, want := range map[Cents]string{
		0: "$0.00", 5: "$0.05", -5: "-$0.05", 99: "$0.99", 100: "$1.00", 116667: "$1,166.67", -5000: "-$50.00", 99999: "$999.99",
		100000: "$1,000.00", 100000000: "$1,000,000.00", math.MaxInt64: "$92,233,720,368,547,758.07", math.MinInt64: "-$92,233,720,368,547,758.08",
	} {
		if got := c.String(); got != want {
			t.Errorf("%d: %s, want %s", int64(c), got, want)
		}
	}
}

func TestCentsStringReadsBack(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := rapid.Int64().Draw(r, "cents")
		digits := strings.NewReplacer("$", "", ",", "", ".", "").Replace(Cents(c).String())
		if n, ok := new(big.Int).SetString(digits, 10); !ok || !n.IsInt64() || n.Int64() != c {
			r.Fatalf("%d is written %s", c, Cents(c))
		}
	})
}

func TestCentsPlus(t *testing.T) {
	amounts := rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{0, 1, -1, math.MaxInt64, math.MinInt64, math.MaxInt64 - 1, math.MinInt64 + 1}))
	rapid.Check(t, func(r *rapid.T) {
		a, b := amounts.Draw(r, "a"), amounts.Draw(r, "b")
		sum := new(big.Int).Add(big.NewInt(a), big.NewInt(b))
		got, err := Cents(a).Plus(Cents(b))
		if sum.IsInt64() != (err == nil) || err == nil && int64(got) != sum.Int64() {
			r.Fatalf("%d + %d = %d, %v; want %s", a, b, got, err, sum)
		}
	})
}

func TestSubject(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		kind := rapid.SampledFrom(Kinds()).Draw(r, "kind")
		id := rapid.StringMatching(`[A-Z0-9-]{1,32}`).Draw(r, "id")
		s, err := NewSubject(kind, id)
		if err != nil || s.Kind() != kind || s.ID() != id || SubjectOf(kind, id) != s {
			r.Fatalf("%s/%s: %q, %v", kind, id, s, err)
		}
		if read, err := ParseSubject(string(s)); err != nil || read != s {
			r.Fatalf("%s is read as %q, %v", s, read, err)
		}
	})
	for _, text := range []string{
		"", "case", "case/", "/C-1", "cases/C-1", "Case/C-1", "case/c-1", "case/C_1", "case/C.1", "case/C/1", "case/C-1 ", "case/C*", "case/>",
		"case/Ä", "case/" + strings.Repeat("A", 33), "ledger.case.C-1", "case//C-1",
	} {
		if s, err := ParseSubject(text); err == nil {
			t.Errorf("%q is read as %q", text, s)
		}
	}
}

func TestHash(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		h := HashOf(rapid.SliceOf(rapid.Byte()).Draw(r, "bytes"))
		text, err := h.MarshalText()
		if err != nil || string(text) != h.String() || !strings.HasPrefix(h.String(), h.Short()) || len(h.Short()) != 12 {
			r.Fatalf("%s, %s: %v", text, h, err)
		}
		var read Hash
		if err := read.UnmarshalText(text); err != nil || read != h {
			r.Fatalf("%s is read as %s, %v", text, read, err)
		}
		// One byte that is not a lower-case digit spoils it, wherever it stands.
		text[rapid.IntRange(0, 63).Draw(r, "at")] = rapid.SampledFrom([]byte("ABCDEFGgx -\x00\xff")).Draw(r, "byte")
		if err := read.UnmarshalText(text); err == nil || read != h {
			r.Fatalf("%q is read as %s, %v", text, read, err)
		}
	})
	var h Hash
	for _, text := range []string{"", "00", strings.Repeat("0", 63), strings.Repeat("0", 65)} {
		if err := h.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is read as a hash", text)
		}
	}
	if !h.IsZero() || HashOf(nil).IsZero() {
		t.Error("IsZero")
	}
}

func BenchmarkDate(b *testing.B) {
	d := MustDate("2009-01-05")
	b.Run("civil", func(b *testing.B) {
		for b.Loop() {
			d.Civil()
		}
	})
	b.Run("parse", func(b *testing.B) {
		for b.Loop() {
			MustDate("2009-01-05")
		}
	})
	b.Run("string", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = d.String()
		}
	})
	b.Run("add months", func(b *testing.B) {
		for b.Loop() {
			d.AddMonths(7)
		}
	})
}

// TestParseHashDigits tries every byte as each digit of a hash, beside the digits
// at the ends of both ranges.
func TestParseHashDigits(t *testing.T) {
	good := []byte(HashOf([]byte("x")).String())
	for at := range good {
		for c := range 256 {
			s := bytes.Clone(good)
			s[at] = byte(c)
			var h Hash
			ok := h.parse(string(s))
			want, err := hex.DecodeString(string(s))
			lower := bytes.Equal(bytes.ToLower(s), s)
			if ok != (err == nil && lower) || ok && !bytes.Equal(h[:], want) {
				t.Fatalf("%q as digit %d: %v, %s", byte(c), at, ok, h)
			}
		}
	}
}
