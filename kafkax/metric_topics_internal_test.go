package kafkax

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Trap kafkax/28: a program that makes topics makes series without end.
func TestTopicsBeyondTheLimitShareOneLabel(t *testing.T) {
	const all, limit = 10_000, 100
	r := newTestRegistry(t, WithTopicLimit(limit))
	s := r.scope()
	for round := range 2 {
		for i := range all {
			s.counter(writerRetries, "w", fmt.Sprintf("topic-%d", i)).inc()
		}
		require.Len(t, r.families[writerRetries].snapshot(), limit+1)
		require.EqualValues(t, (round+1)*(all-limit), s.counter(writerRetries, "w", otherTopic).value(), "none is lost")
	}
	require.EqualValues(t, 2, s.counter(writerRetries, "w", "topic-99").value())
	require.Equal(t, all-limit, r.topics.folded())
	require.Len(t, r.topics.seen, limit)
}

func TestTheCountOfFoldedTopicsIsShown(t *testing.T) {
	c := applyOptions([]Option{WithTopicLimit(1)})
	r := newRegistry(&c, nil, groupClient, groupWriterStats)
	for _, topic := range []string{"a", "b", "c", "b", ""} {
		r.scope().counter(writerRetries, "w", topic)
	}
	require.Equal(t, map[string]float64{"kafka_client_folded_topics": 2, "kafka_writer_retries_total": 0}, totals(t, r))
}

func TestNoTopicLimit(t *testing.T) {
	topics := newTopics(0)
	for i := range 2000 {
		name := fmt.Sprint(i)
		require.Equal(t, name, topics.label(name))
	}
	require.Zero(t, topics.folded())
	require.Empty(t, topics.seen, "no memory for what is not needed")
}

func TestTheCountOfFoldedTopicsIsBounded(t *testing.T) {
	topics := newTopics(1)
	require.Equal(t, "first", topics.label("first"))
	for i := range maxFolded + 1000 {
		require.Equal(t, otherTopic, topics.label(fmt.Sprint(i)))
	}
	require.Equal(t, maxFolded, topics.folded())
	require.Equal(t, "first", topics.label("first"))
}

func TestTheLimitHoldsAmongManyGoroutines(t *testing.T) {
	const limit = 10
	topics := newTopics(limit)
	var all sync.WaitGroup
	var mu sync.Mutex
	labels := map[string]bool{}
	for i := range 8 {
		all.Go(func() {
			for j := range 100 {
				label := topics.label(fmt.Sprint((i + j) % 100))
				mu.Lock()
				labels[label] = true
				mu.Unlock()
			}
		})
	}
	all.Wait()
	require.Len(t, labels, limit+1)
	require.Equal(t, 90, topics.folded())
}
