package main

import (
	"context"
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
	errs        []error
	cleanups    []func()
	interrupted bool
}

// onStage calls f in a goroutine of its own, which what f starts may end, then
// what was to be cleaned up, the last first. It returns the errors of both.
func onStage(ctx context.Context, f func(t testing.TB) error) error {
	s := &stage{}
	s.do(func() { s.add(f(s)) })
	s.interrupted = ctx.Err() != nil
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

// Failed implements testing.TB. Where it says so, servers tell what they printed,
// which is of no use to somebody who interrupted them.
func (s *stage) Failed() bool { return len(s.errs) > 0 && !s.interrupted }

// Errorf implements testing.TB.
func (s *stage) Errorf(format string, args ...any) { s.add(fmt.Errorf(format, args...)) }

// Fatalf implements testing.TB.
func (s *stage) Fatalf(format string, args ...any) {
	s.Errorf(format, args...)
	runtime.Goexit()
}

// Skip implements testing.TB. What a test can go without this can't.
func (s *stage) Skip(args ...any) { s.Fatalf("%s", fmt.Sprint(args...)) }

// Logf implements testing.TB.
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
