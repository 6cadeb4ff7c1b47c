package events

import (
	"bytes"
	"encoding/hex"
	"strconv"
)

// decodeCanonical reads a record whose envelope stands exactly as [Encode]
// writes it, and returns false at the first deviation, whether that is a fault or
// another way to write the same: the strict decoder decides. It costs one
// allocation: a string that all text attributes share.
func decodeCanonical(r *Record, sequence uint64, raw []byte) bool {
	if len(raw) > MaxRecord {
		return false
	}
	*r = Record{Sequence: sequence, Raw: raw}
	s := scanner{rest: raw}
	r.typ = s.envelope(&r.Envelope)
	s.skip(`,"data":`)
	if s.failed || !bytes.HasPrefix(s.rest, []byte("{")) || !bytes.HasSuffix(s.rest, []byte("}}")) {
		return false
	}
	if r.check() != nil || r.typ.Kind != r.Subject.Kind() {
		return false
	}
	end := len(s.rest) - 1
	r.data = s.rest[:end:end]
	return true
}

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
	rest   []byte
	kept   [256]byte // the text attributes so far, one behind the other
	used   int       // of kept
	failed bool
}

// envelope reads the attributes before data and returns the event type, which
// is known unless the scanner failed.
func (s *scanner) envelope(e *Envelope) *Type {
	s.skip(`{"specversion":"1.0","id":"`)
	id := s.keep()
	s.skip(`,"type":"`)
	typ := typesByName[string(s.text())]
	if typ == nil {
		s.failed = true
		return nil
	}
	e.Type = typ.Name
	s.skip(`,"source":"`)
	source := s.keep()
	s.skip(`,"subject":"`)
	subject := s.keep()
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
	actor := s.keep()
	s.skip(`,"role":"`)
	role := s.keep()
	agency := role // an empty span
	if s.has(`,"agency":"`) {
		agency = s.keep()
	}
	s.skip(`,"causationid":"`)
	cause := s.keep()
	s.skip(`,"commanddigest":"`)
	e.CommandDigest = s.hash()
	correlation := cause
	if s.has(`,"correlationid":"`) {
		correlation = s.keep()
	}
	text := string(s.kept[:s.used])
	e.ID, e.Source, e.Subject = text[:id], text[id:source], Subject(text[source:subject])
	e.Actor, e.Role, e.Agency = text[subject:actor], text[actor:role], text[role:agency]
	e.CausationID, e.CorrelationID = text[agency:cause], text[cause:correlation]
	return typ
}

// has consumes token if it comes next.
func (s *scanner) has(token string) bool {
	if len(s.rest) < len(token) || string(s.rest[:len(token)]) != token {
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
func (s *scanner) take(n int) []byte {
	if len(s.rest) < n {
		s.failed = true
		return nil
	}
	text := s.rest[:n]
	s.rest = s.rest[n:]
	return text
}

// keep consumes text as [scanner.text] does, appends it to what is kept, and
// returns where it ends there. Records with more text go to the strict decoder.
func (s *scanner) keep() (end int) {
	text := s.text()
	n := copy(s.kept[s.used:], text)
	if n < len(text) {
		s.failed = true
	}
	s.used += n
	return s.used
}

// text consumes printable ASCII that is not empty and needs no escape, and the
// closing quote. All else is rare enough for the strict decoder.
func (s *scanner) text() []byte {
	for i, c := range s.rest {
		if c == '"' && i > 0 {
			text := s.rest[:i]
			s.rest = s.rest[i+1:]
			return text
		}
		if c < ' ' || c > '~' || c == '\\' || c == '"' {
			break
		}
	}
	s.failed = true
	return nil
}

// number consumes n decimal digits.
func (s *scanner) number(n int) (value int64) {
	for _, c := range s.take(n) {
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
