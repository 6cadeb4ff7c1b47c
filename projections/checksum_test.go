package projections_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"caseledger/events"
	"caseledger/projections"
)

// ask returns the answers to many questions, each on its own: "" for a refusal.
func ask(v *projections.Views) map[string]string {
	answers := map[string]string{}
	read := func(question string, f func(*projections.Snapshot) (any, error)) {
		err := v.Read(func(s *projections.Snapshot) error {
			answer, err := f(s)
			answers[question] = fmt.Sprintf("%q", answer)
			return err
		})
		if err != nil {
			answers[question] = ""
		}
	}
	for _, kind := range events.Kinds() {
		for _, view := range testViews {
			read(fmt.Sprintf("rows of %s in %s", kind, view.Name()), func(s *projections.Snapshot) (any, error) {
				var rows []string
				err := s.Rows(view.Name(), kind, func(id, row []byte) error {
					rows = append(rows, string(id)+string(row))
					return nil
				})
				return rows, err
			})
		}
		read(fmt.Sprintf("subjects of %s", kind), func(s *projections.Snapshot) (any, error) {
			return s.SubjectsAfter(kind, "", 1000), nil
		})
	}
	for n := range 40 {
		subject := caseSubject(n)
		read("history of "+string(subject), func(s *projections.Snapshot) (any, error) {
			var raw [][]byte
			records, err := s.History(subject)
			for _, r := range records {
				raw = append(raw, bytes.Clone(r.Raw))
			}
			return raw, err
		})
		read("row of "+string(subject), func(s *projections.Snapshot) (any, error) {
			row, err := s.Row("last", subject)
			return bytes.Clone(row), err
		})
	}
	return answers
}

// refusals returns how many questions damaged views refuse. Any other answer must be
// that of sound ones.
func refusals(t interface{ Errorf(string, ...any) }, v *projections.Views, sound map[string]string) (n int) {
	for question, answer := range ask(v) {
		switch answer {
		case sound[question]:
		case "":
			n++
		default:
			t.Errorf("%s: %s, and %s when sound", question, answer, sound[question])
		}
	}
	return n
}

// Given a bit, a few bytes or a run of bytes anywhere in the file that are not what they
// were, then no question is answered falsely.
func TestDamagedViewsAnswerNothingFalse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "views")
	v := mustOpen(t, path)
	catchUp(t, v, streamOf(t, 700))
	sound := ask(v)
	v.Close()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	used := len(bytes.TrimRight(whole, "\x00"))
	refused := 0
	rapid.Check(t, func(rt *rapid.T) {
		broken := bytes.Clone(whole)
		at := rapid.IntRange(2*os.Getpagesize(), used-1).Draw(rt, "at") // after bbolt's own pages
		switch rapid.IntRange(0, 2).Draw(rt, "damage") {
		case 0:
			broken[at] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
		case 1:
			copy(broken[at:], rapid.SliceOfN(rapid.Byte(), 1, 64).Draw(rt, "bytes"))
		case 2:
			clear(broken[at:min(used, at+rapid.IntRange(1, 4096).Draw(rt, "zeros"))])
		}
		if err := os.WriteFile(path, broken, 0o600); err != nil {
			rt.Fatal(err)
		}
		v := open(rt, path)
		defer v.Close()
		refused += refusals(rt, v, sound)
	})
	if refused == 0 {
		t.Error("nothing was ever refused: the damage was none")
	}
}

// Given a page that counts fewer keys than it holds, whose keys are all sound, then
// what it hides is not taken for absent.
func TestHiddenKeysAreMissed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "views")
	v := mustOpen(t, path)
	catchUp(t, v, streamOf(t, 700))
	sound := ask(v)
	v.Close()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const flagsAt, countAt, branchOrLeaf = 8, 10, 3
	pages, refused := 0, 0
	for at := 2 * os.Getpagesize(); at < len(file); at += os.Getpagesize() {
		count := binary.LittleEndian.Uint16(file[at+countAt:])
		if flags := binary.LittleEndian.Uint16(file[at+flagsAt:]); flags == 0 || flags&^branchOrLeaf != 0 || count < 2 || count > 1000 {
			continue
		}
		pages++
		binary.LittleEndian.PutUint16(file[at+countAt:], count-1)
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		binary.LittleEndian.PutUint16(file[at+countAt:], count)
		v := mustOpen(t, path)
		refused += refusals(t, v, sound)
		if err := v.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if pages < 5 || refused < pages {
		t.Errorf("%d pages were damaged, %d questions refused", pages, refused)
	}
}
