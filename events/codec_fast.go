package events

import (
	"encoding/hex"
	"math/bits"
	"strconv"
	"strings"
	"unsafe"
)

// decodeCanonical reads a record whose envelope stands exactly as [Encode]
// writes it, and returns false at the first deviation, whether that is a fault or
// another way to write the same: the strict decoder decides. The text attributes
// are parts of raw itself.
func decodeCanonical(r *Record, sequence uint64, raw []byte) bool {
	if len(raw) > MaxRecord {
		return false
	}
	*r = Record{Sequence: sequence, Raw: raw}
	s := scanner{rest: alias(raw)}
	r.typ = s.envelope(&r.Envelope)
	s.skip(`,"data":`)
	if s.failed || !strings.HasPrefix(s.rest, "{") || !strings.HasSuffix(s.rest, "}}") {
		return false
	}
	if r.check() != nil || r.typ.Kind != r.Subject.Kind() {
		return false
	}
	start, end := len(raw)-len(s.rest), len(raw)-1
	r.data = raw[start:end:end]
	return true
}

// keepText moves the text attributes into memory of their own.
func (e *Envelope) keepText() {
	text := e.ID + e.Source + string(e.Subject) + e.Actor + e.Role + e.Agency + e.CausationID + e.CorrelationID
	next := func(n int) (part string) { part, text = text[:n], text[n:]; return part }
	e.ID, e.Source, e.Subject = next(len(e.ID)), next(len(e.Source)), Subject(next(len(e.Subject)))
	e.Actor, e.Role, e.Agency = next(len(e.Actor)), next(len(e.Role)), next(len(e.Agency))
	e.CausationID, e.CorrelationID = next(len(e.CausationID)), next(len(e.CorrelationID))
}

// alias returns the text that b holds, without a copy: it changes when b does.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// appendCanonical appends a document up to its data as [encodeAny] does, and
// returns false for one whose text is not all plain.
func appendCanonical(b []byte, e *Envelope) (_ []byte, ok bool) {
	for _, text := range [...]string{e.ID, e.Type, e.Source, string(e.Subject), e.Actor, e.Role, e.CausationID} {
		if text == "" || !isPlain(text) {
			return b, false
		}
	}
	if !isPlain(e.Agency) || !isPlain(e.CorrelationID) || e.Time == 0 || e.OccurredOn == 0 {
		return b, false
	}
	b = append(append(b, `{"specversion":"1.0","id":"`...), e.ID...)
	b = append(append(b, `","type":"`...), e.Type...)
	b = append(append(b, `","source":"`...), e.Source...)
	b = append(append(b, `","subject":"`...), e.Subject...)
	b = e.Time.Time().AppendFormat(append(b, `","time":"`...), instantLayout)
	b = strconv.AppendUint(append(b, `","datacontenttype":"application/json","version":`...), e.Version, 10)
	if !e.Previous.IsZero() {
		b = append(hex.AppendEncode(append(b, `,"previous":"`...), e.Previous[:]), '"')
	}
	b = e.OccurredOn.AppendText10(append(b, `,"occurredon":"`...))
	b = append(append(b, `","actor":"`...), e.Actor...)
	b = append(append(b, `","role":"`...), e.Role...)
	if e.Agency != "" {
		b = append(append(b, `","agency":"`...), e.Agency...)
	}
	b = append(append(b, `","causationid":"`...), e.CausationID...)
	b = append(hex.AppendEncode(append(b, `","commanddigest":"`...), e.CommandDigest[:]), '"')
	if e.CorrelationID != "" {
		b = append(append(append(b, `,"correlationid":"`...), e.CorrelationID...), '"')
	}
	return b, true
}

// isPlain reports whether text is printable ASCII that needs no escape.
func isPlain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '\\' || c == '"' {
			return false
		}
	}
	return true
}

// A scanner reads canonical text from the left. After a failure what it returns
// means nothing.
type scanner struct {
	rest   string
	failed bool
}

// envelope reads the attributes before data and returns the event type, which
// is known unless the scanner failed.
func (s *scanner) envelope(e *Envelope) *Type {
	s.skip(`{"specversion":"1.0","id":"`)
	e.ID = s.text()
	s.skip(`,"type":"`)
	typ := typesByName[s.text()]
	if typ == nil {
		s.failed = true
		return nil
	}
	e.Type = typ.Name
	s.skip(`,"source":"`)
	e.Source = s.text()
	s.skip(`,"subject":"`)
	e.Subject = Subject(s.text())
	s.skip(`,"time":"`)
	e.Time = s.instant()
	s.skip(`,"datacontenttype":"application/json","version":`)
	e.Version = s.version()
	if s.has(`,"previous":"`) {
		e.Previous = s.hash()
	}
	s.skip(`,"occurredon":"`)
	e.OccurredOn = s.date()
	s.skip(`","actor":"`)
	e.Actor = s.text()
	s.skip(`,"role":"`)
	e.Role = s.text()
	if s.has(`,"agency":"`) {
		e.Agency = s.text()
	}
	s.skip(`,"causationid":"`)
	e.CausationID = s.text()
	s.skip(`,"commanddigest":"`)
	e.CommandDigest = s.hash()
	if s.has(`,"correlationid":"`) {
		e.CorrelationID = s.text()
	}
	return typ
}

// has consumes token if it comes next.
func (s *scanner) has(token string) bool {
	if !strings.HasPrefix(s.rest, token) {
		return false
	}
	s.rest = s.rest[len(token):]
	return true
}

// skip consumes token, which must come next.
func (s *scanner) skip(token string) {
	if !s.has(token) {
		s.failed = true
	}
}

// take consumes n bytes.
func (s *scanner) take(n int) string {
	if len(s.rest) < n {
		s.failed = true
		return ""
	}
	text := s.rest[:n]
	s.rest = s.rest[n:]
	return text
}

// text is [scanner.textOrNone] that is not empty.
func (s *scanner) text() string {
	text := s.textOrNone()
	if text == "" {
		s.failed = true
	}
	return text
}

// textOrNone consumes printable ASCII that needs no escape, and the closing
// quote. All else is rare enough for the strict decoder.
func (s *scanner) textOrNone() string {
	i := 0
	for ; i+8 <= len(s.rest); i += 8 {
		if odd := unusual(s.rest[i : i+8]); odd != 0 {
			i += bits.TrailingZeros64(odd) / 8
			break
		}
	}
	for ; i < len(s.rest); i++ {
		if c := s.rest[i]; c == '"' {
			text := s.rest[:i]
			s.rest = s.rest[i+1:]
			return text
		} else if c < ' ' || c > '~' || c == '\\' {
			break
		}
	}
	s.failed = true
	return ""
}

// unusual looks at eight bytes at once for one that is not printable ASCII, a
// quote or a backslash. It returns zero when there is none; else its lowest bit
// that is set lies in the first of them.
func unusual(b string) uint64 {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	x := load8(b)
	quote, backslash := x^ones*'"', x^ones*'\\'
	below := (x-ones*' ')&^x | (quote-ones)&^quote | (backslash-ones)&^backslash
	return (below | x | (x + ones)) & high
}

// number consumes n decimal digits.
func (s *scanner) number(n int) (value int64) {
	for _, c := range []byte(s.take(n)) {
		if c < '0' || c > '9' {
			s.failed = true
		}
		value = value*10 + int64(c-'0')
	}
	return value
}

// version consumes a number from 1 to maxVersion without a leading zero; what
// follows it is for the caller to check.
func (s *scanner) version() uint64 {
	n := 0
	for n < len(s.rest) && s.rest[n] >= '0' && s.rest[n] <= '9' {
		n++
	}
	if n == 0 || n > 10 || s.rest[0] == '0' {
		s.failed = true
		return 0
	}
	return uint64(s.number(n))
}

// hash consumes 64 hexadecimal digits and the closing quote.
func (s *scanner) hash() Hash {
	h, ok := parseHash(s.take(2 * len(Hash{})))
	if !ok || h.IsZero() {
		s.failed = true
	}
	s.skip(`"`)
	return h
}

// date consumes YYYY-MM-DD.
func (s *scanner) date() Date {
	year, month, day, ok := splitDate(s.take(len("2006-01-02")))
	d, err := NewDate(year, month, day)
	if !ok || err != nil {
		s.failed = true
	}
	return d
}

// instant consumes a time as [Instant.String] writes it and the closing quote.
func (s *scanner) instant() Instant {
	day := s.date()
	s.skip("T")
	hour := s.number(2)
	s.skip(":")
	minute := s.number(2)
	s.skip(":")
	second := s.number(2)
	s.skip(".")
	milli := s.number(3)
	s.skip(`Z"`)
	if hour > 23 || minute > 59 || second > 59 {
		s.failed = true
	}
	seconds := int64(day-unixEpochDay)*86400 + hour*3600 + minute*60 + second
	return Instant(seconds*1000 + milli)
}
