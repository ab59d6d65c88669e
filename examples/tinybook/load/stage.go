package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"testing"
)

// A stage is what servers of realserver run on outside of a test: they begin,
// fail and are cleaned up as in one. It has the methods that they call; to call
// another one is a mistake that panics.
type stage struct {
	testing.TB
	errs     []error
	cleanups []func()
}

// onStage calls f in a goroutine of its own, which what f starts may end, then
// what was to be cleaned up, the last first. It returns the errors of both.
func onStage(f func(t testing.TB) error) error {
	s := &stage{}
	s.do(func() { s.add(f(s)) })
	for _, cleanup := range slices.Backward(s.cleanups) {
		s.do(cleanup)
	}
	return errors.Join(s.errs...)
}

func (s *stage) do(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

func (s *stage) add(err error) {
	if err != nil {
		s.errs = append(s.errs, err)
	}
}

// Helper implements testing.TB.
func (s *stage) Helper() {}

// Failed implements testing.TB.
func (s *stage) Failed() bool { return len(s.errs) > 0 }

// Errorf implements testing.TB.
func (s *stage) Errorf(format string, args ...any) { s.add(fmt.Errorf(format, args...)) }

// Fatalf implements testing.TB.
func (s *stage) Fatalf(format string, args ...any) {
	s.Errorf(format, args...)
	runtime.Goexit()
}

// Skip implements testing.TB. What a test can go without this can't.
func (s *stage) Skip(args ...any) { s.Fatalf("%s", fmt.Sprint(args...)) }

// Logf implements testing.TB. What is told of a server that failed goes with
// the errors, unless it was somebody who ended everything.
func (s *stage) Logf(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
}

// Cleanup implements testing.TB.
func (s *stage) Cleanup(f func()) { s.cleanups = append(s.cleanups, f) }

// TempDir implements testing.TB.
func (s *stage) TempDir() string {
	dir, err := os.MkdirTemp("", "tinybook-load-")
	if err != nil {
		s.Fatalf("%v", err)
	}
	s.Cleanup(func() { s.add(os.RemoveAll(dir)) })
	return dir
}
