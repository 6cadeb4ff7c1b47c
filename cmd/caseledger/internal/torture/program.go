package torture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// patience bounds one run of the program: one that takes longer hangs.
const patience = 120 * time.Second

// An outcome is how a run of the program ended.
type outcome struct {
	args     []string
	code     int // -1: it was killed
	out, err []byte
}

func (o outcome) String() string {
	return fmt.Sprintf("caseledger %s: exit code %d: %s", strings.Join(o.args, " "), o.code, lastLines(o.err))
}

// lastLines shortens what a program said to what tells most.
func lastLines(b []byte) string {
	s := strings.TrimSpace(string(b))
	if len(s) > 600 {
		s = "…" + s[len(s)-600:]
	}
	return s
}

// command makes a process of the program, which sees no variable of this ledger's.
func (t *trial) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, t.Program, args...)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "CASELEDGER_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "CASELEDGER_ACTOR=torture")
	cmd.WaitDelay = patience
	return cmd
}

// run runs the program to its end.
func (t *trial) run(args ...string) outcome {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	cmd := t.command(ctx, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	o := outcome{args: args, code: exitCode(cmd, err), out: out.Bytes(), err: errs.Bytes()}
	if ctx.Err() != nil && t.ctx.Err() == nil {
		t.fail("it hangs: %s", o)
	}
	return o
}

// must runs the program and demands that it ends well.
func (t *trial) must(args ...string) (outcome, error) {
	o := t.run(args...)
	if o.code != 0 {
		return o, errors.New(o.String())
	}
	return o, nil
}

func exitCode(cmd *exec.Cmd, err error) int {
	if cmd.ProcessState == nil {
		return -1
	}
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return -1
	}
	return cmd.ProcessState.ExitCode()
}

// killed starts the program and kills it after a while, and reports whether it
// still ran then.
func (t *trial) killed(after time.Duration, args ...string) (bool, outcome, error) {
	cmd := t.command(t.ctx, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		return false, outcome{}, err
	}
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	err := cmd.Wait()
	timer.Stop()
	o := outcome{args: args, code: exitCode(cmd, err), out: out.Bytes(), err: errs.Bytes()}
	return o.code == -1, o, nil
}
