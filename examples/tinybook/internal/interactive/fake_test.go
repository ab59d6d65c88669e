package interactive_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/segmentio/kafka-go"

	"github.com/ycvk/tinybook/examples/tinybook/internal/dbtest"
	"github.com/ycvk/tinybook/examples/tinybook/internal/interactive"
	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
)

var errAway = errors.New("kafka is away")

// A fakeLog is a topic in memory. Its faults are functions that fail; nil ones
// don't.
type fakeLog struct {
	mu        sync.Mutex
	id        string
	parts     [][]kafka.Message
	committed []int64
	grown     chan struct{} // closed when it has grown
	batches   []int         // sizes of what was written

	write  func(messages []kafka.Message) error // may have written none of them
	commit func() error
	ask    func() error
}

func newFakeLog(partitions int) *fakeLog {
	return &fakeLog{
		id: "a-kafka", parts: make([][]kafka.Message, partitions), committed: make([]int64, partitions),
		grown: make(chan struct{}),
	}
}

func (f *fakeLog) add(partition int, values ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, v := range values {
		f.append(partition, []byte(v))
	}
}

// append adds a message; mu is held.
func (f *fakeLog) append(partition int, value []byte) {
	f.parts[partition] = append(f.parts[partition], kafka.Message{
		Topic: interactive.ReadTopic, Partition: partition, Offset: int64(len(f.parts[partition])), Value: value,
	})
	close(f.grown)
	f.grown = make(chan struct{})
}

func (f *fakeLog) WriteMessages(_ context.Context, messages ...kafka.Message) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.write != nil {
		if err := f.write(messages); err != nil {
			return err
		}
	}
	f.batches = append(f.batches, len(messages))
	for _, m := range messages {
		f.append(int(m.Key[len(m.Key)-1])%len(f.parts), m.Value)
	}
	return nil
}

// away makes every write fail, or none.
func (f *fakeLog) away(away bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.write = nil
	if away {
		f.write = func([]kafka.Message) error { return errAway }
	}
}

// values returns what is in the log.
func (f *fakeLog) values() (all []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, part := range f.parts {
		for _, m := range part {
			all = append(all, string(m.Value))
		}
	}
	return all
}

func (f *fakeLog) ID(context.Context) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ask != nil {
		return "", f.ask()
	}
	return f.id, nil
}

func (f *fakeLog) End(_ context.Context, _ string, partition int) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ask != nil {
		return 0, f.ask()
	}
	return int64(len(f.parts[partition])), nil
}

// open returns a reader that has all partitions, from what is committed on.
func (f *fakeLog) open() interactive.Reader {
	f.mu.Lock()
	defer f.mu.Unlock()
	return &fakeReader{log: f, next: append([]int64(nil), f.committed...)}
}

type fakeReader struct {
	log    *fakeLog
	next   []int64
	turn   int
	closed bool
}

func (r *fakeReader) FetchMessage(ctx context.Context) (kafka.Message, error) {
	for {
		m, grown, ok := r.poll()
		if ok {
			return m, nil
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return kafka.Message{}, ctx.Err()
		}
	}
}

func (r *fakeReader) poll() (kafka.Message, chan struct{}, bool) {
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	for range r.log.parts {
		r.turn = (r.turn + 1) % len(r.log.parts)
		if part := r.log.parts[r.turn]; r.next[r.turn] < int64(len(part)) {
			r.next[r.turn]++
			return part[r.next[r.turn]-1], nil, true
		}
	}
	return kafka.Message{}, r.log.grown, false
}

func (r *fakeReader) CommitMessages(_ context.Context, messages ...kafka.Message) error {
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	if r.log.commit != nil {
		if err := r.log.commit(); err != nil {
			return err
		}
	}
	for _, m := range messages {
		r.log.committed[m.Partition] = max(r.log.committed[m.Partition], m.Offset+1)
	}
	return nil
}

func (r *fakeReader) Close() error {
	if r.closed {
		return errors.New("closed twice")
	}
	r.closed = true
	return nil
}

// commits returns what is committed of each partition.
func (f *fakeLog) commits() []int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.committed)
}

// bubble runs f in a bubble, with a database from outside: its connections outlive
// f, and so does a goroutine of gorm.
func bubble(t *testing.T, f func(t *testing.T, db *platform.DB)) {
	t.Helper()
	db := dbtest.SQLite(t)
	synctest.Test(t, func(t *testing.T) { f(t, db) })
}

// running runs f until the returned stop, which fails the test unless f returns
// nil.
func running(t *testing.T, f func(ctx context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	return sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// lines is a log that tests read. It is safe for concurrent use.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), text)
}

func (l *lines) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }
