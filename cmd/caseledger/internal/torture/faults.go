package torture

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// A specimen is a sound ledger of which copies are damaged: what it answers, and
// what its keeper keeps elsewhere.
type specimen struct {
	t         *trial
	dir       string
	elsewhere string // a checkpoint, a backup of the keys, the recovery key, the signing key
	questions [][]string
	answers   [][]byte
	clients   []string // whose names are revealed
}

// Sizes of the specimen: more than one segment of the views and one tile, and some
// records beyond the archive.
const (
	archivedRecords = 560
	youngRecords    = 60
)

const faultsName = "faults"

// faults damages one file of a copy of a sound ledger at a time. Every answer must then be
// what the sound ledger answers, or a refusal; what changes an answer or a proof must be found,
// and mended where there is a second copy.
func (t *trial) faults() error {
	t.count(faultsName, 0)
	s, err := t.newSpecimen()
	if err != nil {
		return err
	}
	for _, name := range []string{"detected", "without effect", "undetected", "wrong answers", "repaired", "not repaired"} {
		t.count(name, 0)
	}
	base := t.rng.Uint64()
	numbers := make(chan int)
	faults := make(chan error, faultsAtOnce)
	var group sync.WaitGroup
	for range faultsAtOnce {
		group.Go(func() {
			for n := range numbers {
				if err := s.oneFault(n, rand.New(rand.NewPCG(base, uint64(n)))); err != nil {
					faults <- fmt.Errorf("fault %d: %w", n, err)
					break
				}
			}
			for range numbers { // the sender waits for nobody
			}
		})
	}
	for n := range t.n {
		if err = t.going(); err != nil || len(faults) > 0 {
			break
		}
		numbers <- n
	}
	close(numbers)
	group.Wait()
	close(faults)
	for e := range faults {
		err = errors.Join(err, e)
	}
	return err
}

// faultsAtOnce is how many copies are examined at a time.
const faultsAtOnce = 2

// newSpecimen makes the sound ledger and asks it everything.
func (t *trial) newSpecimen() (*specimen, error) {
	l, err := t.newLedger(t.path("sound"), 1)
	if err != nil {
		return nil, err
	}
	s := &specimen{t: t, dir: l.dir, elsewhere: t.path("elsewhere")}
	w := l.writers[0]
	steps := []func() error{
		func() error { return os.Mkdir(s.elsewhere, 0o700) },
		func() error { return w.record(archivedRecords) },
		func() error { s.clients = w.hand.clients[:4]; return s.step(reveal(s.clients[0])...)() },
		s.step("audit", "checkpoint", "--out", s.kept("checkpoint")),
		func() error { return w.record(youngRecords) },
		s.step("keys", "recovery-key", s.kept("recovery")),
		s.step("keys", "backup", s.kept("keys"), "--expires", "2099-12-31"),
		func() error { return copyFile(filepath.Join(s.dir, "signing.key"), s.kept("signing.key")) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, err
		}
	}
	for _, client := range s.clients[1:] {
		if err := s.step(reveal(client)...)(); err != nil {
			return nil, err
		}
	}
	c := s.clients[0]
	s.questions = [][]string{
		{"history", c}, {"history", c, "--format", "json"}, {"history", "agency/" + shared},
		{"clocks", "--client", c, "--on", "2009-03-15"},
		{"reimbursement", "--client", s.clients[1], "--closing", "2009-06-30"},
		{"reimbursement", "--agency", agency, "--month", "2009-01"},
		{"report", "clients-enrolled", "--from", "2008-12", "--to", "2009-05", "--format", "csv"},
		{"report", "per-capita", "--year", "2009"},
		{"caseload", "--on", "2009-03-15"},
		{"audit", "access", c, "--format", "csv"},
	}
	for _, q := range s.questions {
		o := s.ask(s.dir, q...)
		if o.code != 0 {
			return nil, errors.New(o.String())
		}
		s.answers = append(s.answers, o.out)
	}
	return s, nil
}

func (s *specimen) kept(name string) string { return filepath.Join(s.elsewhere, name) }

func (s *specimen) step(args ...string) func() error {
	return func() error {
		_, err := s.t.must(append(args, "--data", s.dir)...)
		return err
	}
}

func (s *specimen) ask(dir string, args ...string) outcome {
	return s.t.run(append(args[:len(args):len(args)], "--data", dir)...)
}

func reveal(client string) []string {
	return []string{"reveal", client, "--reason", "casework", "--role", "case_manager", "--actor-agency", agency}
}

// oneFault damages a copy, examines it, has it repaired and examines it again.
func (s *specimen) oneFault(n int, rng *rand.Rand) error {
	t := s.t
	dir := t.path(fmt.Sprintf("fault-%d", n))
	if err := copyTree(s.dir, dir); err != nil {
		return err
	}
	d, err := spoil(dir, rng)
	if err != nil {
		return err
	}
	before := len(t.failures())
	e := s.examine(dir, d)
	if t.ctx.Err() != nil {
		return t.ctx.Err()
	}
	t.count(faultsName, 1)
	t.count("wrong answers", len(e.wrong))
	for _, what := range e.wrong {
		t.fail("fault %d, %s: %s", n, d, what)
	}
	switch {
	case len(e.refused) > 0:
		t.count("detected", 1)
		t.count("in "+d.part, 1)
		s.mend(n, dir, d)
	case len(e.wrong) > 0:
		t.count("undetected", 1)
	default:
		t.count("without effect", 1)
	}
	if len(t.failures()) > before {
		return nil // kept
	}
	return os.RemoveAll(dir)
}

// An examination is what a damaged ledger said.
type examination struct {
	refused []string // for being damaged
	wrong   []string // false answers, and ends that say nothing of the damage
}

// examine asks a ledger everything and verifies it as an auditor does.
func (s *specimen) examine(dir string, d damage) (e examination) {
	for i, q := range s.questions {
		o := s.ask(dir, q...)
		e.judge(o, d)
		same := bytes.Equal(o.out, s.answers[i])
		if q[0] == "audit" { // an examination looks too
			same = bytes.HasPrefix(o.out, s.answers[i])
		}
		if o.code == 0 && !same {
			e.wrong = append(e.wrong, fmt.Sprintf("%s answers %q, and %q when sound", strings.Join(q, " "), firstDifference(o.out, s.answers[i]), firstDifference(s.answers[i], o.out)))
		}
	}
	for _, client := range s.clients {
		o := s.ask(dir, reveal(client)...)
		e.judge(o, d)
		if d.part == "keys" && bytes.Contains(o.out, []byte("[no identity key of generation")) {
			e.refused = append(e.refused, o.String()) // that key alone is gone
			continue
		}
		if o.code == 0 && !strings.Contains(string(o.out), "name of "+client) {
			e.wrong = append(e.wrong, fmt.Sprintf("reveal %s shows %.200q", client, o.out))
		}
	}
	e.judge(s.ask(dir, "audit", "verify", "--deep", "--checkpoint", s.kept("checkpoint")), d)
	e.judge(s.ask(dir, "audit", "checkpoint"), d)
	return e
}

// judge takes a refusal that names the damage for what it is.
func (e *examination) judge(o outcome, d damage) {
	switch {
	case o.code == 0:
	case o.code == codeDamaged, o.code == codeMissing && d.missing():
		e.refused = append(e.refused, o.String())
	default:
		e.wrong = append(e.wrong, o.String())
	}
}

// codeMissing is for what is not there, or does not fit.
const codeMissing = 4

// missing reports a damage for which the program may say that something is not
// there, or that a key does not fit, rather than that it is damaged.
func (d damage) missing() bool {
	return d.part == "keys" || strings.Contains(d.what, "deleted") || strings.Contains(d.what, "exchanged")
}

// firstDifference returns a piece of a around where it stops being b.
func firstDifference(a, b []byte) string {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	return string(a[max(0, i-40):min(len(a), i+80)])
}

// mend does what the program says is to be done, and demands that the ledger is sound afterwards.
func (s *specimen) mend(n int, dir string, d damage) {
	t := s.t
	if err := s.repair(dir, d); err != nil {
		t.count("not repaired", 1)
		t.fail("fault %d, %s: it cannot be repaired: %v", n, d, err)
		return
	}
	e := s.examine(dir, d)
	faults := append(e.refused, e.wrong...)
	for _, what := range faults {
		t.fail("fault %d, %s: after the repair: %s", n, d, what)
	}
	if len(faults) > 0 {
		t.count("not repaired", 1)
		return
	}
	t.count("repaired", 1)
}

func (s *specimen) repair(dir string, d damage) error {
	name := func(file string) string { return filepath.Join(dir, file) }
	run := func(args ...string) error {
		if o := s.ask(dir, args...); o.code != 0 {
			return errors.New(o.String())
		}
		return nil
	}
	switch d.part {
	case "stream", "looks":
		return run("audit", "repair")
	case "views":
		return run("replay")
	case "archive", "promise":
		return run("audit", "repair", "--archive-from-stream")
	}
	var err error
	if strings.Contains(d.file+d.what, "signing.key") {
		err = errors.Join(err, copyFile(s.kept("signing.key"), name("signing.key")))
	}
	if strings.Contains(d.file+d.what, "master.key") {
		err = errors.Join(err, ignoreMissing(os.Remove(name("master.key"))))
		if !strings.Contains(d.file+d.what, "keys.db") {
			return errors.Join(err, run("keys", "recover", s.kept("recovery")))
		}
		err = errors.Join(err, copyFile(filepath.Join(s.dir, "master.key"), name("master.key")))
	}
	if strings.Contains(d.file+d.what, "keys.db") {
		err = errors.Join(err, ignoreMissing(os.Remove(name("keys.db"))), run("keys", "restore", s.kept("keys")))
	}
	return err
}

func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
