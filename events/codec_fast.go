package events

import (
	"bytes"
	"strings"
)

// decodeCanonical reads a record whose envelope stands exactly as [Encode]
// writes it, and returns nil at the first deviation, whether that is a fault or
// another way to write the same: the strict decoder decides. It costs two
// allocations, the record and one string that all attributes share.
func decodeCanonical(sequence uint64, raw []byte) *Record {
	// No plain text holds a quote, so the first match is the member or the
	// scan below fails on it.
	end := bytes.Index(raw, []byte(`,"data":{`))
	if end < 0 || len(raw) > MaxRecord || !bytes.HasSuffix(raw, []byte("}}")) {
		return nil
	}
	data := raw[end+len(`,"data":`) : len(raw)-1 : len(raw)-1]
	r := &Record{Sequence: sequence, Raw: raw, data: data}
	s := scanner{rest: string(raw[:end])}
	typ := s.envelope(&r.Envelope)
	if s.failed || s.rest != "" || r.Envelope.check() != nil {
		return nil
	}
	t, err := typeOn(typ, r.Subject.Kind())
	if err != nil {
		return nil
	}
	r.typ, r.Type = t, t.Name
	return r
}

// A scanner reads canonical text from the left. After a failure what it returns
// means nothing.
type scanner struct {
	rest   string
	failed bool
}

// envelope reads all attributes before data and returns the type's name.
func (s *scanner) envelope(e *Envelope) (typ string) {
	s.skip(`{"specversion":"1.0","id":"`)
	e.ID = s.text()
	s.skip(`,"type":"`)
	typ = s.text()
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
	rest, found := strings.CutPrefix(s.rest, token)
	s.rest = rest
	return found
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

// text consumes printable ASCII that is not empty and needs no escape, and the
// closing quote. All else is rare enough for the strict decoder.
func (s *scanner) text() string {
	for i := 0; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '"' && i > 0:
			text := s.rest[:i]
			s.rest = s.rest[i+1:]
			return text
		case c < ' ' || c > '~' || c == '\\' || c == '"':
			s.failed = true
			return ""
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
	d, err := ParseDate(s.take(len("2006-01-02")))
	if err != nil {
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
