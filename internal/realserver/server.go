// Package realserver starts real servers for tests: the real program, on a free
// port of the loopback interface, with its data in the test's own directory, so
// that a test may kill it, pause it, wipe it and start it again.
//
// A kind of server is a [Spec]: a small value that says how the program is
// found, what must be prepared, how it is started and when it is ready. Tests
// never build or fetch a program. One that is missing makes the test skip and
// say which command brings it, or fail where TINYBOOK_REQUIRE_SERVERS=1.
//
// Call the methods of a [Server] from the goroutine of its test.
package realserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// A Spec describes one kind of server. It holds no state: the same Spec starts
// any number of servers.
type Spec struct {
	// Name is what messages and the install command call it.
	Name string
	// Find returns the program, or an error when it isn't there.
	Find func() (string, error)
	// Ports is how many free ports it needs; the first is the one it serves.
	Ports int
	// Prepare, if any, fills an empty Dir before the first start.
	Prepare func(ctx context.Context, s *Server) error
	// Args returns the command line of a start.
	Args func(s *Server) []string
	// Env, if any, is added to the environment.
	Env func(s *Server) []string
	// Ready returns nil once the server answers; it is asked again until then.
	Ready func(ctx context.Context, s *Server) error
	// ReadyWithin bounds the wait for Ready on a busy machine.
	ReadyWithin time.Duration
	// StopSignal asks for an orderly end; zero is SIGTERM.
	StopSignal syscall.Signal
}

// A Server is a running program that ends with its test.
type Server struct {
	Program string // path of the executable
	Dir     string // its data
	Ports   []int

	t    testing.TB
	spec Spec
	proc *process // nil while it is down
	log  tail
}

// startTries is how often a first start is tried with other ports: between
// finding a free port and the server's bind, somebody else may take it.
const startTries = 3

// Start starts a server and returns when it is ready.
func Start(t testing.TB, spec Spec) *Server {
	t.Helper()
	s := &Server{Program: program(t, spec), t: t, spec: spec}
	t.Cleanup(s.cleanup)
	var err error
	for range startTries {
		s.Dir = t.TempDir()
		if s.Ports, err = freePorts(spec.Ports); err != nil {
			t.Fatalf("%s: %v", spec.Name, err)
		}
		if err = s.start(true); err == nil || !errors.Is(err, errExited) {
			break
		}
	}
	if err != nil {
		t.Fatalf("%s: %v\n%s", spec.Name, err, s.Output())
	}
	return s
}

// Addr returns the host:port that the server serves.
func (s *Server) Addr() string { return s.AddrOf(0) }

// AddrOf returns the host:port of the i-th port.
func (s *Server) AddrOf(i int) string { return "127.0.0.1:" + strconv.Itoa(s.Ports[i]) }

// Output returns the last lines that the server printed.
func (s *Server) Output() string { return s.log.String() }

// Kill ends the server at once, as a crash would, and returns when it's gone.
// It does nothing to a server that is down.
func (s *Server) Kill() { s.end(syscall.SIGKILL) }

// Stop asks the server to end in good order, and returns when it has.
func (s *Server) Stop() {
	sig := s.spec.StopSignal
	if sig == 0 {
		sig = syscall.SIGTERM
	}
	s.end(sig)
}

// Pause freezes the server, so that it holds its connections and answers
// nothing, until resume is called. The test's end resumes it too.
func (s *Server) Pause() (resume func()) {
	s.t.Helper()
	if s.proc == nil {
		s.t.Fatalf("%s: Pause: it is down", s.spec.Name)
	}
	p := s.proc
	p.signal(syscall.SIGSTOP)
	return func() { p.signal(syscall.SIGCONT) }
}

// Wipe kills the server and deletes its data; Restart brings it back empty.
func (s *Server) Wipe() {
	s.t.Helper()
	s.Kill()
	if err := emptyDir(s.Dir); err != nil {
		s.t.Fatalf("%s: Wipe: %v", s.spec.Name, err)
	}
}

// Restart starts the server again on its old ports with the data it left,
// killing it first where it still runs, and returns when it is ready.
func (s *Server) Restart() {
	s.t.Helper()
	s.Kill()
	entries, err := os.ReadDir(s.Dir)
	if err == nil {
		err = s.start(len(entries) == 0)
	}
	if err != nil {
		s.t.Fatalf("%s: Restart: %v\n%s", s.spec.Name, err, s.Output())
	}
}

func (s *Server) start(prepare bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.spec.ReadyWithin)
	defer cancel()
	if prepare && s.spec.Prepare != nil {
		if err := s.spec.Prepare(ctx, s); err != nil {
			return fmt.Errorf("prepare: %w", err)
		}
	}
	cmd := exec.Command(s.Program, s.spec.Args(s)...)
	cmd.Dir = s.Dir
	cmd.Stdout, cmd.Stderr = &s.log, &s.log
	if s.spec.Env != nil {
		cmd.Env = append(os.Environ(), s.spec.Env(s)...)
	}
	p, err := startProcess(cmd)
	if err != nil {
		return err
	}
	s.proc = p
	if err := s.awaitReady(ctx); err != nil {
		s.Kill()
		return err
	}
	return nil
}

var errExited = errors.New("it ended before it was ready")

func (s *Server) awaitReady(ctx context.Context) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := s.spec.Ready(ctx, s)
		if err == nil {
			return nil
		}
		select {
		case <-s.proc.done:
			return errExited
		case <-ctx.Done():
			return fmt.Errorf("not ready within %v: %w", s.spec.ReadyWithin, err)
		case <-tick.C:
		}
	}
}

func (s *Server) end(sig syscall.Signal) {
	if s.proc == nil {
		return
	}
	p := s.proc
	s.proc = nil
	p.signal(sig)
	p.signal(syscall.SIGCONT) // a paused process takes nothing but SIGKILL
	timer := time.NewTimer(s.spec.ReadyWithin)
	defer timer.Stop()
	select {
	case <-p.done:
		return
	case <-timer.C:
		s.t.Errorf("%s: still runs %v after %v; killed", s.spec.Name, s.spec.ReadyWithin, sig)
	}
	p.signal(syscall.SIGKILL)
	<-p.done
}

func (s *Server) cleanup() {
	s.Kill()
	if s.t.Failed() {
		s.t.Logf("%s printed last:\n%s", s.spec.Name, s.Output())
	}
}
