package realserver_test

import (
	"fmt"
	"runtime"
	"testing"
)

// A recorder notes how a test would have ended.
type recorder struct {
	testing.TB
	got, msg string
}

func (r *recorder) Helper() {}

func (r *recorder) Skip(args ...any) {
	r.got, r.msg = "skip", fmt.Sprint(args...)
	runtime.Goexit()
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.got, r.msg = "fail", fmt.Sprintf(format, args...)
	runtime.Goexit()
}
