package storetest

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// A crashEvent is one line that a process wrote down before it was killed.
type crashEvent struct {
	at   time.Time
	kind string
	id   string // of a message
	text string // an IdemKey, an outcome, an error
}

// String returns the line, which parseCrashEvent reads.
func (e crashEvent) String() string {
	return fmt.Sprintf("%d\t%s\t%s\t%s", e.at.UnixNano(), e.kind, e.id, strconv.Quote(e.text))
}

// The kinds of crashEvents.
const (
	evUp       = "up"       // the process works
	evStored   = "stored"   // Enqueue returned
	evAccepted = "accepted" // Submit returned; text: the outcome
	evRefused  = "refused"  // Submit failed
	evClaimed  = "claimed"  // Claim returned, or Enqueue of a claimed job
	evSent     = "sent"     // the provider is about to return nil; text: the IdemKey
	evUnknown  = "unknown"  // the provider took it and will not say so
	evDone     = "done"     // Done returned nil
	evUndone   = "undone"   // Done failed
	evEnded    = "ended"    // Retry, Release or Bury returned nil
	evLost     = "lost"     // a call found the lease lost
	evKill     = "kill"     // the process kills itself now
	evEmpty    = "empty"    // nothing is left; text: the dead letters
)

// A crashLog is written with one system call per line to a file that is only
// appended to: what was written outlives the process, however it ends.
type crashLog struct {
	f      *os.File
	failed atomic.Pointer[error]
}

func openCrashLog(path string) (*crashLog, error) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	return &crashLog{f: f}, nil
}

func (l *crashLog) add(kind, id, text string) {
	e := crashEvent{at: time.Now(), kind: kind, id: id, text: text}
	if _, err := l.f.WriteString(e.String() + "\n"); err != nil {
		l.failed.CompareAndSwap(nil, &err)
	}
}

func (l *crashLog) err() error {
	if p := l.failed.Load(); p != nil {
		return *p
	}
	return nil
}

// readCrashLog returns what was written. A last line that was cut off by the
// kill is left out.
func readCrashLog(path string) ([]crashEvent, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var events []crashEvent
	for line := range bytes.Lines(text) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break
		}
		e, err := parseCrashEvent(strings.TrimSuffix(string(line), "\n"))
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", len(events)+1, err)
		}
		events = append(events, e)
	}
	return events, nil
}

func parseCrashEvent(line string) (crashEvent, error) {
	parts := strings.Split(line, "\t")
	if len(parts) != 4 {
		return crashEvent{}, fmt.Errorf("%d fields, want 4", len(parts))
	}
	nanos, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		return crashEvent{}, err
	}
	text, err := strconv.Unquote(parts[3])
	if err != nil {
		return crashEvent{}, err
	}
	return crashEvent{at: time.Unix(0, nanos), kind: parts[1], id: parts[2], text: text}, nil
}
