package main

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"caseledger/events/natsserver"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"caseledger": main})
}

// TestScripts runs the whole program as its users do. Each script is a file in
// testdata/scripts and says what it shows.
func TestScripts(t *testing.T) {
	scripts := "../../testdata/scripts"
	if found, err := filepath.Glob(filepath.Join(scripts, "*.txtar")); err != nil || len(found) == 0 {
		t.Fatalf("no scripts in %s: %v", scripts, err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 scripts,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(env *testscript.Env) error {
			env.Setenv("CASELEDGER_ACTOR", "amy")
			env.Setenv("CASELEDGER_DATA", "ledger")
			return nil
		},
		// Scripts run at once; each has a directory of its own.
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"served": served,
			"code":   code,
			"bytes":  bytesTo,
			"hold":   hold,
			"free":   free,
		},
	})
}

// served waits until caseledger serve answers on a directory.
func served(ts *testscript.TestScript, _ bool, args []string) {
	socket := filepath.Join(ts.MkAbs(args[0]), "caseledger.sock")
	for deadline := time.Now().Add(20 * time.Second); ; {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			ts.Check(conn.Close())
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("serve does not answer: %v", err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// code runs the program and demands an exit code: code 3 caseledger record …
func code(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: code N program args...")
	}
	got := "0"
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := err.(interface{ ExitCode() int })
		if !ok {
			ts.Fatalf("run %s: %v", args[1], err)
		}
		got = string('0' + rune(exit.ExitCode()))
	}
	if got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}

// bytesTo writes a text with Go's escapes to a file: bytes a.jsonl '\xff'
func bytesTo(ts *testscript.TestScript, _ bool, args []string) {
	text, err := strconv.Unquote(`"` + strings.ReplaceAll(args[1], `"`, `\"`) + `"`)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// hold locks a data directory until the script ends.
func hold(ts *testscript.TestScript, _ bool, args []string) {
	unlock, err := natsserver.LockDir(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Defer(func() { ts.Check(unlock()) })
}

// free waits until no process holds a data directory any more.
func free(ts *testscript.TestScript, _ bool, args []string) {
	for deadline := time.Now().Add(20 * time.Second); ; {
		unlock, err := natsserver.LockDir(ts.MkAbs(args[0]))
		if err == nil {
			ts.Check(unlock())
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%v", err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
