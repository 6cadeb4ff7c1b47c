package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"caseledger/aggregates/roster"
	"caseledger/cmd/caseledger/internal/auth"
	"caseledger/events/natsserver"
	"caseledger/replay/backup"
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
			published, err := filepath.Abs("../../testdata/published")
			env.Setenv("PUBLISHED", published)
			return errors.Join(err, goEnv(env))
		},
		// Scripts run at once; each has a directory of its own.
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"served": served,
			"code":   code,
			"bytes":  bytesTo,
			"hold":   hold,
			"free":   free,
			"port":   freePort,
			"answer": answer,
			"spoil":  spoil,
			"repeat": repeat,
			"flip":   flip,
			// Of identities and what is sealed.
			"publickey": publicKey,
			"principal": principalID,
			"nowhere":   nowhere,
			"decrypt":   decrypt,
			"keyless":   keyless,
			"same":      same,
			"tool":      tool,
			"slurp":     slurp,
		},
	})
}

// goEnv lets scripts build the tools that they name, see [tool].
func goEnv(env *testscript.Env) error {
	names := []string{"GOCACHE", "GOMODCACHE", "GOPATH", "GOPROXY", "GOSUMDB", "GOFLAGS", "GOTOOLCHAIN"}
	values, err := exec.Command("go", append([]string{"env"}, names...)...).Output()
	if err != nil {
		return fmt.Errorf("read the Go environment: %w", err)
	}
	for i, value := range strings.Split(strings.TrimSuffix(string(values), "\n"), "\n") {
		env.Setenv(names[i], value)
	}
	return nil
}

// tool runs a program of another project, which is built on first use: tool nats
// args… or tool bbolt args… . What they print is there for stdout and stderr.
func tool(ts *testscript.TestScript, neg bool, args []string) {
	root, err := filepath.Abs("../..")
	ts.Check(err)
	err = ts.Exec("go", append([]string{"-C", root, "tool", "-modfile=.ci/interop.mod"}, args...)...)
	if (err != nil) != neg {
		ts.Fatalf("tool %s: %v", strings.Join(args, " "), err)
	}
}

// port puts the number of a free loopback port into a variable: port NAME
func freePort(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Check(l.Close())
	ts.Setenv(args[0], strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
}

// slurp puts what a file holds into a variable: slurp NAME FILE
func slurp(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile(args[1])))
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

// spoil flips a bit in the middle of a file, or after a text in it: spoil FILE [TEXT].
func spoil(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	b, err := os.ReadFile(path)
	ts.Check(err)
	at := len(b) / 2
	if len(args) > 1 {
		if at = bytes.Index(b, []byte(args[1])) + len(args[1]); at < len(args[1]) {
			ts.Fatalf("%s does not hold %q", args[0], args[1])
		}
	}
	b[at] ^= 1
	ts.Check(os.WriteFile(path, b, 0o600))
}

// answer waits until somebody answers on a port of the loopback address.
func answer(ts *testscript.TestScript, _ bool, args []string) {
	for deadline := time.Now().Add(20 * time.Second); ; {
		conn, err := net.Dial("tcp", "127.0.0.1:"+args[0])
		if err == nil {
			ts.Check(conn.Close())
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("nobody answers: %v", err)
		}
		time.Sleep(5 * time.Millisecond)
	}
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

// repeat writes a template as many times as is said, {n} being the number:
// repeat FILE 1000 TEMPLATE-FILE
func repeat(ts *testscript.TestScript, _ bool, args []string) {
	times, err := strconv.Atoi(args[1])
	ts.Check(err)
	template := ts.ReadFile(args[2])
	var b strings.Builder
	for n := range times {
		b.WriteString(strings.ReplaceAll(template, "{n}", strconv.Itoa(n+1)))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b.String()), 0o600))
}

// flip flips one bit of a text where it stands in the files of a stream, LEDGER
// unless another is named: flip DIR TEXT [STREAM]
func flip(ts *testscript.TestScript, _ bool, args []string) {
	stream := "LEDGER"
	if len(args) > 2 {
		stream = args[2]
	}
	pattern := filepath.Join(ts.MkAbs(args[0]), "stream", "jetstream", "*", "streams", stream, "msgs", "*.blk")
	blocks, err := filepath.Glob(pattern)
	ts.Check(err)
	for _, name := range blocks {
		b, err := os.ReadFile(name)
		ts.Check(err)
		at := bytes.Index(b, []byte(args[1]))
		if at < 0 {
			continue
		}
		b[at] ^= 1
		ts.Check(os.WriteFile(name, b, 0o600))
		return
	}
	ts.Fatalf("%q stands in none of %d files", args[1], len(blocks))
}

// publicKey puts the public key of an identity into a variable: publickey OP op.nk
func publicKey(ts *testscript.TestScript, _ bool, args []string) {
	identity, err := auth.ReadIdentity(ts.MkAbs(args[1]))
	ts.Check(err)
	ts.Setenv(args[0], identity.PublicKey())
}

// principalID puts the id of an identity's principal into a variable.
func principalID(ts *testscript.TestScript, _ bool, args []string) {
	identity, err := auth.ReadIdentity(ts.MkAbs(args[1]))
	ts.Check(err)
	ts.Setenv(args[0], roster.PrincipalID(identity.PublicKey()))
}

// nowhere demands that a text stands in no file below some paths, in clear, in
// base64 or in hexadecimal digits: nowhere TEXT PATH...
func nowhere(ts *testscript.TestScript, _ bool, args []string) {
	text := []byte(args[0])
	forms := [][]byte{text, []byte(hex.EncodeToString(text))}
	for shift := range 3 { // base64 of a text depends on where it begins
		if len(text) < 10 {
			break // so few characters stand anywhere
		}
		encoded := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), text...))
		forms = append(forms, []byte(encoded[2*shift:len(encoded)-2]))
	}
	files := 0
	for _, root := range args[1:] {
		ts.Check(filepath.WalkDir(ts.MkAbs(root), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			content, err := os.ReadFile(path)
			files++
			for _, form := range forms {
				if bytes.Contains(content, form) {
					ts.Fatalf("%q stands in %s", form, path)
				}
			}
			return err
		}))
	}
	if files < 5 {
		ts.Fatalf("looked into %d files", files)
	}
}

// decrypt writes what a backup holds below its encryption: decrypt FILE KEY-FILE OUT
func decrypt(ts *testscript.TestScript, _ bool, args []string) {
	identities, err := backup.ReadIdentities(ts.MkAbs(args[1]))
	ts.Check(err)
	f, err := os.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	defer f.Close()
	r, err := backup.Decrypt(f, args[0], identities...)
	ts.Check(err)
	plain, err := io.ReadAll(r)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), plain, 0o600))
}

// keyless demands that a key, which a file holds in base64, stands in another file
// neither so nor as bytes: keyless FILE KEY-FILE
func keyless(ts *testscript.TestScript, _ bool, args []string) {
	text := strings.TrimSpace(ts.ReadFile(args[1]))
	key, err := base64.StdEncoding.DecodeString(text)
	ts.Check(err)
	content := ts.ReadFile(args[0])
	if strings.Contains(content, text) || strings.Contains(content, string(key)) || len(key) != 32 {
		ts.Fatalf("%s holds the key of %s", args[0], args[1])
	}
}

// same compares two answers but for the position that they were given at.
func same(ts *testscript.TestScript, _ bool, args []string) {
	var answers [2]map[string]any
	for i := range answers {
		ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[i])), &answers[i]))
		if len(answers[i]) < 3 {
			ts.Fatalf("%s says nothing", args[i])
		}
		delete(answers[i], "provenance")
	}
	if diff := cmp.Diff(answers[0], answers[1]); diff != "" {
		ts.Fatalf("%s differs from %s:\n%s", args[1], args[0], diff)
	}
}
