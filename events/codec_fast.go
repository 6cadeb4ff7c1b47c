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
	typ := typesByHash.find(s.text())
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
		s.hash(&e.Previous)
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
	s.hash(&e.CommandDigest)
	if s.has(`,"correlationid":"`) {
		e.CorrelationID = s.text()
	}
	return typ
}

// has consumes token if it comes next. Most tokens have eight to sixteen bytes, which
// are compared as two numbers that may overlap.
func (s *scanner) has(token string) bool {
	rest, n := s.rest, len(token)
	if len(rest) < n {
		return false
	}
	if n < 8 {
		if rest[:n] != token {
			return false
		}
	} else if load8(rest) != load8(token) || load8(rest[n-8:]) != load8(token[n-8:]) || n > 16 && rest[8:n-8] != token[8:n-8] {
		return false
	}
	s.rest = rest[n:]
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
	rest := s.rest
	i := 0
	for ; i+8 <= len(rest); i += 8 {
		// Eight bytes at once: is one not printable ASCII, a quote or a backslash? The
		// lowest bit that is set then lies in the first such byte.
		const ones, high = 0x0101010101010101, 0x8080808080808080
		x := load8(rest[i:])
		quote, backslash := x^ones*'"', x^ones*'\\'
		below := (x-ones*' ')&^x | (quote-ones)&^quote | (backslash-ones)&^backslash
		if odd := (below | x | (x + ones)) & high; odd != 0 {
			i += bits.TrailingZeros64(odd) / 8
			break
		}
	}
	for ; i < len(rest); i++ {
		if c := rest[i]; c == '"' {
			s.rest = rest[i+1:]
			return rest[:i]
		} else if c < ' ' || c > '~' || c == '\\' {
			break
		}
	}
	s.failed = true
	return ""
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
func (s *scanner) hash(h *Hash) {
	if !h.parse(s.take(2*len(h))) || h.IsZero() {
		s.failed = true
	}
	s.skip(`"`)
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
	t := s.take(len(`T15:04:05.000Z"`))
	if s.failed || t[0] != 'T' || t[3] != ':' || t[6] != ':' || t[9] != '.' || t[13] != 'Z' || t[14] != '"' {
		s.failed = true
		return 0
	}
	bad := byte(0)
	digit := func(i int) int64 {
		d := t[i] - '0'
		bad |= d | (d + 6) // a digit and six more stay below 16
		return int64(d)
	}
	hour, minute, second := digit(1)*10+digit(2), digit(4)*10+digit(5), digit(7)*10+digit(8)
	milli := digit(10)*100 + digit(11)*10 + digit(12)
	if bad > 15 || hour > 23 || minute > 59 || second > 59 {
		s.failed = true
	}
	seconds := int64(day-unixEpochDay)*86400 + hour*3600 + minute*60 + second
	return Instant(seconds*1000 + milli)
}
