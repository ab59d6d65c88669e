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
	// User is whom it runs as where the tests are root's and it refuses to be;
	// empty is the tests' own user.
	User string
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
	// Tidy, if any, clears what a killed server leaves in the system.
	Tidy func(s *Server) error
}

// A Server is a running program that ends with its test.
type Server struct {
	Program string // path of the executable
	Dir     string // its data
	Ports   []int

	t    testing.TB
	spec Spec
	user *account // nil: the tests' own
	proc *process // nil while it is down
	pid  int      // of the last start
	log  tail
}

// startTries is how often a first start is tried with other ports: between
// finding a free port and the server's bind, somebody else may take it.
const startTries = 3

// Start starts a server and returns when it is ready.
func Start(t testing.TB, spec Spec) *Server {
	t.Helper()
	// The directory comes first: what is cleaned up last is what came first, and
	// it can't be removed under a server that writes.
	s := &Server{Program: program(t, spec), Dir: t.TempDir(), t: t, spec: spec}
	t.Cleanup(s.cleanup)
	if err := s.startFirst(); err != nil {
		t.Fatalf("%s: %v\n%s", spec.Name, err, s.Output())
	}
	return s
}

func (s *Server) startFirst() error {
	if err := s.takeUser(); err != nil {
		return err
	}
	for try := 1; ; try++ {
		var err error
		if s.Ports, err = freePorts(s.spec.Ports); err != nil {
			return err
		}
		if err = s.start(true); !errors.Is(err, errExited) || try == startTries {
			return err
		}
		if err := emptyDir(s.Dir); err != nil {
			return err
		}
	}
}

// takeUser finds whom the server runs as, and gives them Dir.
func (s *Server) takeUser() (err error) {
	if s.user, err = lookUp(s.spec.User); err != nil || s.user == nil {
		return err
	}
	return s.user.give(s.Dir)
}

// Addr returns the host:port that the server serves.
func (s *Server) Addr() string { return s.AddrOf(0) }

// AddrOf returns the host:port of the i-th port.
func (s *Server) AddrOf(i int) string { return "127.0.0.1:" + strconv.Itoa(s.Ports[i]) }

// Output returns the last lines that the server printed.
func (s *Server) Output() string { return s.log.String() }

func (s *Server) start(prepare bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.spec.ReadyWithin)
	defer cancel()
	if prepare && s.spec.Prepare != nil {
		if err := s.spec.Prepare(ctx, s); err != nil {
			return fmt.Errorf("prepare: %w", err)
		}
	}
	cmd := s.command(context.Background(), s.Program, s.spec.Args(s)...)
	cmd.Stdout, cmd.Stderr = &s.log, &s.log
	if s.spec.Env != nil {
		cmd.Env = append(os.Environ(), s.spec.Env(s)...)
	}
	p, err := startProcess(cmd)
	if err != nil {
		return err
	}
	s.proc, s.pid = p, p.cmd.Process.Pid
	if err := s.awaitReady(ctx); err != nil {
		s.Kill()
		return err
	}
	return nil
}

// command runs a program in Dir as the user that the server runs as.
func (s *Server) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = s.Dir
	if s.user != nil {
		runAs(cmd, *s.user)
	}
	return cmd
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

func (s *Server) cleanup() {
	s.Kill()
	if s.t.Failed() {
		s.t.Logf("%s printed last:\n%s", s.spec.Name, s.Output())
	}
}
