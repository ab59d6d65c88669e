package realkafka_test

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
)

// A load writes without end, and notes what was acknowledged.
type load struct {
	w interface {
		WriteMessages(context.Context, ...kafka.Message) error
	}
	next    atomic.Int64 // the value of the next message
	acked   atomic.Int64
	refused atomic.Int64

	mu   sync.Mutex
	have map[string]bool // acknowledged
	last error           // of a write that was refused
}

// writers run until ctx ends; the returned function waits for them.
func (l *load) writers(ctx context.Context, n int) (wait func()) {
	l.have = make(map[string]bool)
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			for ctx.Err() == nil {
				l.write(ctx)
				pause(ctx, 5*time.Millisecond)
			}
		})
	}
	return all.Wait
}

const perWrite = 5

// write writes messages that nobody has written before. One that is refused isn't
// written again by us: it may be there, or not.
func (l *load) write(ctx context.Context) {
	msgs := make([]kafka.Message, perWrite)
	for i := range msgs {
		msgs[i].Value = fmt.Append(nil, l.next.Add(1))
	}
	if err := l.w.WriteMessages(ctx, msgs...); err != nil {
		l.refused.Add(perWrite)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.last = err
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range msgs {
		l.have[string(m.Value)] = true
	}
	l.acked.Add(perWrite)
}

// proceeds waits until that many more messages are acknowledged.
func (l *load) proceeds(t testing.TB, more int64) {
	t.Helper()
	want := l.acked.Load() + more
	await(t, fmt.Sprint(want, " messages are acknowledged"), func() bool { return l.acked.Load() >= want })
}

// missing returns how many acknowledged messages are not among those seen.
func (l *load) missing(seen map[string]int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for value := range l.have {
		if seen[value] == 0 {
			n++
		}
	}
	return n
}

// A sink is a group's reader that notes what it read.
type sink struct {
	failed atomic.Int64 // fetches

	mu   sync.Mutex
	seen map[string]int
}

// reads reads until ctx ends; the returned function waits for it.
func (s *sink) reads(ctx context.Context, r groupReader) (wait func()) {
	s.seen = make(map[string]int)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			m, err := r.FetchMessage(ctx)
			if err != nil {
				s.failed.Add(1)
				pause(ctx, 50*time.Millisecond)
				continue
			}
			s.mu.Lock()
			s.seen[string(m.Value)]++
			s.mu.Unlock()
			// One that fails has the message read again. None is cut off, since it
			// could be neither.
			_ = r.CommitMessages(context.WithoutCancel(ctx), m)
		}
	}()
	return func() { <-done }
}

func (s *sink) all() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.seen)
}

// twice is how many values came more than once.
func twice(seen map[string]int) (n int) {
	for _, times := range seen {
		if times > 1 {
			n++
		}
	}
	return n
}

// A groupReader is kafka-go's, or one that counts.
type groupReader interface {
	FetchMessage(ctx context.Context) (kafka.Message, error)
	CommitMessages(ctx context.Context, msgs ...kafka.Message) error
}
