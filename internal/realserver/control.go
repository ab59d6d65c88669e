package realserver

import (
	"os"
	"syscall"
)

// Kill ends the server and its child processes at once, as a crash would, and
// returns when they are gone. It does nothing to a server that is down.
func (s *Server) Kill() {
	s.t.Helper()
	if s.proc == nil {
		return
	}
	p := s.proc
	s.proc = nil
	if err := p.kill(); err != nil {
		s.t.Errorf("%s: Kill: %v", s.spec.Name, err)
	}
	if s.spec.Tidy == nil {
		return
	}
	if err := s.spec.Tidy(s); err != nil {
		s.t.Errorf("%s: Kill: %v", s.spec.Name, err)
	}
}

// Stop asks the server to end in good order, and returns when it has.
func (s *Server) Stop() {
	s.t.Helper()
	if s.proc == nil {
		return
	}
	p, sig := s.proc, s.spec.StopSignal
	if sig == 0 {
		sig = syscall.SIGTERM
	}
	p.signal(sig)
	p.resume() // a paused process takes nothing but SIGKILL
	if !poll(s.spec.ReadyWithin, p.ended) {
		s.t.Errorf("%s: still runs %v after %v; killed", s.spec.Name, s.spec.ReadyWithin, sig)
		s.Kill()
	}
	s.proc = nil
}

// Pause freezes the server and its child processes, so that it holds its
// connections and answers nothing, until resume is called. The test's end kills
// a paused server like any other.
func (s *Server) Pause() (resume func()) {
	s.t.Helper()
	if s.proc == nil {
		s.t.Fatalf("%s: Pause: it is down", s.spec.Name)
	}
	p := s.proc
	if _, err := p.freeze(); err != nil {
		s.t.Fatalf("%s: Pause: %v", s.spec.Name, err)
	}
	return p.resume
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
