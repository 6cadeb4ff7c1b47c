package bundle

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"caseledger/events"
	"caseledger/replay/heads"
)

const (
	magic        = "caseledger bundle 1"
	auditorMagic = "caseledger auditor's bundle 1"
)

// marshal writes f in the one way that a bundle is written.
func (f *file) marshal() []byte {
	var b bytes.Buffer
	begin := magic
	if f.auditor {
		begin = auditorMagic
	}
	fmt.Fprintf(&b, "%s\nclient %s\n", begin, f.client)
	fmt.Fprintf(&b, "checkpoint %d\n%s", len(f.checkpoint), f.checkpoint)
	fmt.Fprintf(&b, "heads %d\n%s", len(f.heads), f.heads)
	for _, s := range f.subjects {
		fmt.Fprintf(&b, "subject %s %d %d\n", s.name, s.count, len(s.proof.Beside))
		writeHashes(&b, s.proof.Beside)
		if s.count == 0 {
			fmt.Fprintf(&b, "other %s\n", otherText(s.proof.Other))
		}
	}
	fmt.Fprintf(&b, "records %d\n", len(f.records))
	for _, r := range f.records {
		fmt.Fprintf(&b, "record %d %d\n%s\n", r.sequence, len(r.raw), r.raw)
	}
	fmt.Fprintf(&b, "proof %d\n", len(f.proof))
	writeHashes(&b, f.proof)
	fmt.Fprintf(&b, "end %s\n", events.HashOf(b.Bytes()))
	return b.Bytes()
}

func writeHashes(b *bytes.Buffer, hashes []tlog.Hash) {
	for _, h := range hashes {
		b.WriteString(h.String())
		b.WriteByte('\n')
	}
}

func otherText(leaf []byte) string {
	if leaf == nil {
		return "-"
	}
	return base64.StdEncoding.EncodeToString(leaf)
}

// parse takes a bundle apart. That it is written as it must be is shown by writing
// it again; here only what would cost too much, or cannot be read, is refused.
func parse(b []byte) (*file, error) {
	if len(b) > MaxSize {
		return nil, fmt.Errorf("it has more than %d bytes", MaxSize)
	}
	p := &parser{rest: b}
	f := &file{}
	switch p.line() {
	case magic:
	case auditorMagic:
		f.auditor = true
	default:
		return nil, errors.New("it is not a bundle of caseledger")
	}
	f.client = p.word("client")
	f.checkpoint = p.bytes(p.number("checkpoint"))
	f.heads = p.bytes(p.number("heads"))
	for range subjectsOf(f.client) {
		f.subjects = append(f.subjects, p.subject())
	}
	for f.auditor && p.err == nil && bytes.HasPrefix(p.rest, []byte("subject ")) {
		f.subjects = append(f.subjects, p.subject())
	}
	for range p.number("records") {
		r := record{}
		words := p.words("record", 2)
		r.sequence, _ = strconv.ParseUint(words[0], 10, 63)
		length, _ := strconv.Atoi(words[1])
		r.raw = p.bytes(min(length, events.MaxRecord+1))
		if p.line() != "" && p.err == nil {
			p.err = errors.New("a record does not end where it should")
		}
		if p.err != nil {
			break
		}
		f.records = append(f.records, r)
	}
	f.proof = p.hashes(p.number("proof"))
	p.word("end")
	if p.err == nil && len(p.rest) > 0 {
		p.err = errors.New("it goes on after its end")
	}
	return f, p.err
}

// A parser reads lines. After its first error it reads empty ones.
type parser struct {
	rest []byte
	err  error
}

// maxLine bounds a line of a bundle that is not part of a record or a note.
const maxLine = 200

func (p *parser) line() string {
	n := bytes.IndexByte(p.rest[:min(len(p.rest), maxLine)], '\n')
	if p.err != nil || n < 0 {
		p.fail(errors.New("it is cut short, or a line is too long"))
		return ""
	}
	line := string(p.rest[:n])
	p.rest = p.rest[n+1:]
	return line
}

func (p *parser) fail(err error) {
	if p.err == nil {
		p.err, p.rest = err, nil
	}
}

// words reads a line of a name and so many words.
func (p *parser) words(name string, n int) []string {
	words := strings.Split(p.line(), " ")
	if len(words) != n+1 || words[0] != name {
		p.fail(fmt.Errorf("a line %q was expected", name))
		return make([]string, n)
	}
	return words[1:]
}

func (p *parser) word(name string) string { return p.words(name, 1)[0] }

// number reads a line of a name and a number, which cannot be more than there are
// bytes left.
func (p *parser) number(name string) int { return p.count(p.word(name)) }

func (p *parser) count(text string) int {
	n, err := strconv.Atoi(text)
	if p.err == nil && (err != nil || n < 0 || n > len(p.rest)) {
		p.fail(errors.New("a number is wrong"))
	}
	if p.err != nil {
		return 0
	}
	return n
}

func (p *parser) bytes(n int) []byte {
	if p.err != nil || n < 0 || n > len(p.rest) {
		p.fail(errors.New("it is cut short"))
		return nil
	}
	b := p.rest[:n:n]
	p.rest = p.rest[n:]
	return b
}

func (p *parser) hashes(n int) (hashes []tlog.Hash) {
	for range n {
		h, err := tlog.ParseHash(p.line())
		if err != nil {
			p.fail(errors.New("a hash is malformed"))
		}
		if p.err != nil {
			return nil
		}
		hashes = append(hashes, h)
	}
	return hashes
}

func (p *parser) subject() (s subject) {
	words := p.words("subject", 3)
	s.name, s.count = events.Subject(words[0]), p.count(words[1])
	steps := p.count(words[2])
	if steps > heads.MaxSteps {
		p.fail(errors.New("a proof is too long"))
	}
	s.proof.Beside = p.hashes(steps)
	if s.count == 0 && p.err == nil {
		if text := p.word("other"); text != "-" {
			var err error
			if s.proof.Other, err = base64.StdEncoding.DecodeString(text); err != nil {
				p.fail(errors.New("the other subject is malformed"))
			}
		}
	}
	return s
}
