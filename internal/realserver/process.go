package realserver

import (
	"fmt"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// A process is a child that dies with the test binary.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended and been waited for
}

// startProcess starts cmd from a goroutine that keeps its thread until the
// child ends: where the system offers it, the child is killed when that thread
// goes away, and with it the test binary, even by SIGKILL.
func startProcess(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, done: make(chan struct{})}
	dieWithParent(cmd)
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is the test's doing
			close(p.done)
		}
	}()
	return p, <-started
}

// signal does nothing to a process that has ended.
func (p *process) signal(sig syscall.Signal) {
	if !p.ended() {
		_ = p.cmd.Process.Signal(sig) // it may end in between
	}
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// freeze stops the process and then its children, so that none is born in
// between, and returns them.
func (p *process) freeze() ([]child, error) {
	p.signal(syscall.SIGSTOP)
	// The signal is on its way when Signal returns: a fork may still happen.
	stopped := func() bool { return p.ended() || isStopped(p.cmd.Process.Pid) }
	if !poll(stopTimeout, stopped) {
		return nil, fmt.Errorf("process %d still runs %v after SIGSTOP", p.cmd.Process.Pid, stopTimeout)
	}
	if p.ended() {
		return nil, nil
	}
	kids := childrenOf(p.cmd.Process.Pid)
	for _, k := range kids {
		k.signal(syscall.SIGSTOP)
	}
	return kids, nil
}

// resume wakes what freeze has stopped, the children first.
func (p *process) resume() {
	if p.ended() {
		return
	}
	for _, k := range childrenOf(p.cmd.Process.Pid) {
		k.signal(syscall.SIGCONT)
	}
	p.signal(syscall.SIGCONT)
}

// kill ends the process and its children at one moment, as a crash of the whole
// program would, and returns when all are gone.
func (p *process) kill() error {
	kids, err := p.freeze()
	p.signal(syscall.SIGKILL)
	for _, k := range kids {
		k.signal(syscall.SIGKILL)
	}
	<-p.done
	if !poll(stopTimeout, func() bool { return !anyAlive(kids) }) {
		return fmt.Errorf("a child of process %d outlives SIGKILL by %v", p.cmd.Process.Pid, stopTimeout)
	}
	return err
}

const stopTimeout = 20 * time.Second

func anyAlive(kids []child) bool {
	for _, k := range kids {
		if k.alive() {
			return true
		}
	}
	return false
}

// poll asks until ok says yes, and reports whether it did in time.
func poll(timeout time.Duration, ok func() bool) bool {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(timeout); !ok(); <-tick.C {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}
