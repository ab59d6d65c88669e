package main

import (
	"bytes"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Each signal that asks a process to end, the closed terminal's too, stops the
// site in good order.
func TestSignalsStop(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process can't send itself signals on Windows")
	}
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			if sig == syscall.SIGHUP && signal.Ignored(sig) {
				t.Skip("the tests run under nohup, where a hangup must not stop the site")
			}
			out := &readyWriter{ready: make(chan struct{})}
			var log bytes.Buffer
			done := make(chan error, 1)
			go func() {
				done <- command([]string{
					"--http-addr", "127.0.0.1:0", "--admin-addr", "127.0.0.1:0", "--user-bcrypt-cost", "4",
				}, out, &log)
			}()
			select {
			case <-out.ready:
			case err := <-done:
				t.Fatalf("it ended: %v", err)
			}
			if err := self.Signal(sig); err != nil {
				t.Fatal(err)
			}
			select {
			case err := <-done:
				if err != nil || !strings.Contains(log.String(), "stopped") {
					t.Errorf("command = %v, log %s", err, &log)
				}
			case <-time.After(time.Minute):
				t.Fatal("it didn't stop")
			}
		})
	}
}

// A readyWriter says when something was written, which is the banner.
type readyWriter struct {
	once  sync.Once
	ready chan struct{}
}

func (w *readyWriter) Write(p []byte) (int, error) {
	w.once.Do(func() { close(w.ready) })
	return len(p), nil
}
