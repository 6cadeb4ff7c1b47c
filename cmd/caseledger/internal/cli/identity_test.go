package cli

import (
	"bytes"
	"errors"
	"io"
	"net"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"caseledger/cmd/caseledger/internal/auth"
)

// needNoRole are the commands that look into no ledger, make a new one, or need
// the files of one that nobody holds.
var needNoRole = []auth.Action{
	"commands", "schema", "version", "docs", "demo", "init", "serve", "identity new", "identity show", "keys restore", "keys recover",
	"audit check", "bench", "monitor rules", "backup new-key", "restore",
	"torture", "torture unsynced", "torture node",
}

// TestEveryCommandHasARole fails for a command that the table of roles does not
// name: in a ledger with principals nobody could give it.
func TestEveryCommandHasARole(t *testing.T) {
	p := &Program{Getenv: func(string) string { return "" }, Out: io.Discard, Err: io.Discard}
	seen := 0
	var visit func(*cobra.Command)
	visit = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			visit(sub)
		}
		action := actionOf(c)
		if c.HasSubCommands() || c.Name() == "help" || action == "record" {
			return
		}
		if seen++; !auth.Known(action) && !slices.Contains(needNoRole, action) && !slices.Contains(checkedInside, action) {
			t.Errorf("roles.txt says nothing of %q", action)
		}
	}
	visit(p.rootCommand())
	for _, c := range p.catalogue().Commands() {
		if seen++; !auth.Known(auth.Action(c.Name)) {
			t.Errorf("roles.txt says nothing of the command %q", c.Name)
		}
	}
	if seen < 70 {
		t.Errorf("looked at %d commands", seen)
	}
}

// TestProve plays a caller who names somebody's key to serve.
func TestProve(t *testing.T) {
	identity := func(name string) *auth.Identity {
		i, err := auth.NewIdentity(filepath.Join(t.TempDir(), name))
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	amy, eve := identity("amy"), identity("eve")
	call := []byte(`{"args":["history","C-1"]}`)
	var old []byte // a proof that eve heard
	for _, tc := range []struct {
		name   string
		answer func(challenge []byte) (frameKind, any)
		good   bool
	}{
		{"the holder", func(c []byte) (frameKind, any) {
			proof, _ := amy.Prove(c, call)
			old, _ = json.Marshal(proof)
			return frameProof, proof
		}, true},
		{"another's key", func(c []byte) (frameKind, any) { proof, _ := eve.Prove(c, call); return frameProof, proof }, false},
		{"another's signature", func(c []byte) (frameKind, any) {
			proof, _ := eve.Prove(c, call)
			proof.PublicKey = amy.PublicKey()
			return frameProof, proof
		}, false},
		{"a proof heard before", func([]byte) (frameKind, any) {
			var proof auth.Proof
			if err := json.Unmarshal(old, &proof); err != nil {
				t.Error(err)
			}
			return frameProof, proof
		}, false},
		{"a proof for another command", func(c []byte) (frameKind, any) {
			proof, _ := amy.Prove(c, []byte(`{"args":["reveal","C-1"]}`))
			return frameProof, proof
		}, false},
		{"another frame", func(c []byte) (frameKind, any) { proof, _ := amy.Prove(c, call); return frameInput, proof }, false},
		{"no proof", func([]byte) (frameKind, any) { return frameProof, "please" }, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			server, caller := net.Pipe()
			defer server.Close()
			defer caller.Close()
			_ = server.SetDeadline(time.Now().Add(5 * time.Second))
			go func() {
				kind, challenge, err := readFrame(caller)
				if err != nil || kind != frameChallenge || len(challenge) != challengeSize {
					t.Errorf("challenged with %c %x, %v", kind, challenge, err)
				}
				kind, proof := tc.answer(challenge)
				payload, err := json.Marshal(proof)
				if err != nil {
					t.Error(err)
				}
				_ = (&frameWriter{w: caller}).write(kind, payload)
			}()
			proven, err := prove(server, &frameWriter{w: server}, amy.PublicKey(), call)
			var unproven *auth.ProofError
			if tc.good != (err == nil) || !tc.good && !errors.As(err, &unproven) || tc.good && proven != amy.PublicKey() {
				t.Errorf("proven %q, %v", proven, err)
			}
		})
	}
	if a, b := newChallenge(), newChallenge(); bytes.Equal(a, b) {
		t.Error("a challenge comes twice")
	}
}
