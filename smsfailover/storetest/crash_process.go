package storetest

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	startsWithin = time.Minute     // a process, also on a busy machine
	diesWithin   = 2 * time.Minute // at its point
	drainsWithin = 5 * time.Minute // what is left after the last kill
)

// live runs one process to its end: at its point, when lasts has passed since it
// was up, or by itself.
func (c *crash) live(plan childPlan, lasts time.Duration) {
	c.t.Helper()
	text, err := json.Marshal(plan)
	if err != nil {
		c.t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run="+onlyThis(plan.Test), "-test.timeout=0")
	cmd.Env = append(os.Environ(), planVar+"="+string(text))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	stdin, err := cmd.StdinPipe() // closed when this process ends, however it does
	if err != nil {
		c.t.Fatal(err)
	}
	defer stdin.Close()
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // its ProcessState says how it ended
	}()
	killed := c.outlive(cmd, plan, lasts, ended)
	c.lives = append(c.lives, life{plan: plan, killed: killed})
	switch code := cmd.ProcessState.ExitCode(); {
	case plan.Drain && code != 0:
		c.t.Fatalf("the last process ended with %v:\n%s", cmd.ProcessState, out.String())
	case !plan.Drain && code >= 0: // -1: by a signal
		c.t.Fatalf("a process ended by itself, %v, instead of being killed:\n%s", cmd.ProcessState, out.String())
	}
}

// outlive waits for the process to end, ends it when its time has come, and
// returns when it was killed.
func (c *crash) outlive(cmd *exec.Cmd, plan childPlan, lasts time.Duration, ended <-chan struct{}) time.Time {
	c.t.Helper()
	end := func() time.Time {
		at := time.Now()
		_ = cmd.Process.Kill() // SIGKILL; an error says that it has gone
		<-ended
		return at
	}
	if !c.up(plan, ended) {
		end()
		c.t.Fatalf("a process was not up within %v", startsWithin)
	}
	switch {
	case plan.Drain:
		if !within(ended, drainsWithin) {
			end()
			c.t.Fatalf("messages were left %v after the last kill", drainsWithin)
		}
		return time.Time{}
	case plan.Point == pointAny:
		within(ended, lasts)
		return end()
	}
	if !within(ended, diesWithin) {
		end()
		c.t.Fatalf("a process didn't come to the point %q within %v", plan.Point, diesWithin)
	}
	return time.Now()
}

// within reports whether ended is closed before d has passed.
func within(ended <-chan struct{}, d time.Duration) bool {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	select {
	case <-ended:
		return true
	case <-ctx.Done():
		return false
	}
}

// up waits until the process works, or has ended.
func (c *crash) up(plan childPlan, ended <-chan struct{}) bool {
	for deadline := time.Now().Add(startsWithin); time.Now().Before(deadline); {
		events, err := readCrashLog(plan.Log)
		if err == nil && slices.ContainsFunc(events, func(e crashEvent) bool { return e.kind == evUp }) {
			return true
		}
		if within(ended, 5*time.Millisecond) {
			return true
		}
	}
	return false
}

// onlyThis returns a pattern that fits the test of that name.
func onlyThis(name string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(p) + "$"
	}
	return strings.Join(parts, "/")
}
