package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/events/jetstream"
	"caseledger/projections"
)

func TestCellsThatSpreadsheetsTakeForFormulasAreNeutral(t *testing.T) {
	for cell, want := range map[string]string{
		"=1+1": "'=1+1", "+1": "'+1", "@sum": "'@sum", "-cmd": "'-cmd", "\tx": "'\tx",
		"-12.50": "-12.50", "C-17": "C-17", "": "", "2009-01-05": "2009-01-05",
	} {
		if got := neutral(cell); got != want {
			t.Errorf("%q: got %q, want %q", cell, got, want)
		}
	}
}

func TestAmountsInCSVArePlain(t *testing.T) {
	for cell, want := range map[string]string{
		"$1,166.67": "1166.67", "-$50.00": "-50.00", "$0.00": "0.00", "$x": "$x", "12": "12",
	} {
		if got := plainAmount(cell); got != want {
			t.Errorf("%q: got %q, want %q", cell, got, want)
		}
	}
}

// Each type of event belongs to a rule, so that a history names one; two are no
// rule's.
func TestEveryEventTypeHasARule(t *testing.T) {
	known := map[string]bool{}
	for _, r := range rulesOfEvents {
		for name := range strings.FieldsSeq(r.types) {
			known[name] = true
		}
	}
	for _, typ := range events.Types() {
		name := strings.TrimSuffix(typ.Name, ".v1")
		if ruleOf(typ.Name) == "" && name != "ledger.created" && name != "policy.adopted" {
			t.Errorf("%s has no rule", typ.Name)
		}
		delete(known, name)
	}
	for name := range known {
		t.Errorf("%s is no type of event", name)
	}
}

func TestReportShowsEachFaultAndHintOnce(t *testing.T) {
	var out bytes.Buffer
	Report(&out, errors.Join(
		&app.InputError{Line: 2, Field: "agency", Problem: "it is\x1b[31m bad.", Hint: "do better"},
		&app.InputError{Line: 3, Field: "state", Problem: "too", Hint: "do better"},
	))
	want := "caseledger: error: line 2: agency: it is\ufffd[31m bad\n" +
		"caseledger: error: line 3: state: too\n" +
		"caseledger: hint: do better\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

// What the system says of a file is an error with a hint too.
func TestSystemErrorsHaveHints(t *testing.T) {
	for _, err := range []error{
		&fs.PathError{Op: "write", Path: "views.db", Err: syscall.ENOSPC},
		&fs.PathError{Op: "open", Path: "views.db", Err: syscall.EACCES},
		&fs.PathError{Op: "open", Path: "F.jsonl", Err: syscall.ENOENT},
		&projections.DoubtError{Path: "views.db", Reason: "a page is broken"},
		jetstream.ErrForbidden,
	} {
		if hint(fmt.Errorf("do it: %w", err)) == "" {
			t.Errorf("%v: no hint", err)
		}
	}
}

func TestInterruptedIsSaidOnce(t *testing.T) {
	var out bytes.Buffer
	Report(&out, fmt.Errorf("build views: %w", context.Canceled))
	if got := out.String(); strings.Count(got, "interrupted") != 1 || !strings.Contains(got, "hint: ") {
		t.Errorf("got\n%s", got)
	}
	out.Reset()
	Report(&out, &UnfinishedError{Dir: "/x", Recorded: 12})
	if got := out.String(); !strings.Contains(got, "/x ends after 12 commands\n") || !strings.Contains(got, "remove /x") {
		t.Errorf("got\n%s", got)
	}
}

func TestWideTablesLoseNothing(t *testing.T) {
	s := sheet{columns: left("a", "b"), rows: [][]string{{strings.Repeat("x", 40), "last"}}}
	for _, width := range []int{200, 20} {
		p := &Program{Terminal: true, Width: width}
		got := p.render(s)
		if !strings.Contains(got, "last") || strings.Contains(got, "│") != (width == 200) {
			t.Errorf("width %d:\n%s", width, got)
		}
	}
}

// Streams cross the socket as they are, whatever their size.
func TestFramesKeepStreams(t *testing.T) {
	var wire bytes.Buffer
	out := &frameWriter{w: &wire}
	sent := bytes.Repeat([]byte("0123456789"), 3*pieceSize/10)
	if _, err := out.stream(frameOutput).Write(sent); err != nil {
		t.Fatal(err)
	}
	var got []byte
	for {
		kind, payload, err := readFrame(&wire)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || kind != frameOutput {
			t.Fatalf("got kind %q, error %v", kind, err)
		}
		got = append(got, payload...)
	}
	if !bytes.Equal(got, sent) {
		t.Errorf("got %d bytes, want %d", len(got), len(sent))
	}
	if _, _, err := readFrame(strings.NewReader("o\xff\xff\xff\xff")); err == nil {
		t.Error("a frame of four gigabytes was read")
	}
}
