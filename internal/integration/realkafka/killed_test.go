package realkafka_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
)

// A broker that is killed under load, and comes back, has every message that it
// acknowledged, and a group that reads meanwhile gets each of them.
func TestBrokerKilledUnderLoad(t *testing.T) {
	t.Parallel()
	s := realserver.Kafka(t)
	underLoad(t, []string{s.Addr()}, 3, func(l *load) {
		for range 2 {
			l.proceeds(t, 200)
			s.Kill()
			s.Restart()
		}
		l.proceeds(t, 200)
	})
}

// A broker that hangs for a while loses nothing either: what was sent to it meanwhile
// is answered late, or written again.
func TestBrokerPausedUnderLoad(t *testing.T) {
	t.Parallel()
	s := realserver.Kafka(t)
	underLoad(t, []string{s.Addr()}, 3, func(l *load) {
		l.proceeds(t, 200)
		resume := s.Pause()
		pause(t.Context(), 2*time.Second) // the pause that is tested
		resume()
		l.proceeds(t, 200)
	})
}

// Where leaders are killed the others go on, with all that was acknowledged.
func TestLeadersKilledUnderLoad(t *testing.T) {
	t.Parallel()
	c := realserver.StartKafkaCluster(t)
	underLoad(t, c.Addrs(), 6, func(l *load) {
		l.proceeds(t, 200)
		c.Node(2).Kill()
		l.proceeds(t, 400) // without it
		c.Node(2).Restart()
		inSync(t, c.Addrs(), 6)
		c.Node(3).Kill() // so that what the other caught up with is needed
		l.proceeds(t, 200)
	})
}

// The check has teeth: of a broker that lost its disk, and comes back, everything that
// it acknowledged is missing.
func TestLossIsNoticed(t *testing.T) {
	t.Parallel()
	s := realserver.Kafka(t)
	askTruth(t, s.Addr()).createTopic(topic, 1)
	ctx, cancel := context.WithCancel(t.Context())
	l := &load{w: newWriter(t, s.Addr())}
	gone := l.writers(ctx, 1)
	l.proceeds(t, 20)
	cancel()
	gone()
	require.Zero(t, l.missing(askTruth(t, s.Addr()).values(topic, 1)))
	s.Wipe()
	s.Restart()
	fresh := askTruth(t, s.Addr())
	fresh.createTopic(topic, 1)
	require.EqualValues(t, l.acked.Load(), l.missing(fresh.values(topic, 1)))
}

// inSync waits until every broker has every partition: two must have a message that
// is acknowledged, and the next one to be killed may be one of them.
func inSync(t *testing.T, addrs []string, partitions int) {
	t.Helper()
	tr := askTruth(t, addrs...)
	await(t, "brokers have caught up", func() bool { return tr.copies(topic) == partitions*len(addrs) })
}

// underLoad has writers and a group at work while happens does, and then checks that
// nothing acknowledged is missing, in the log or of what the group has read.
func underLoad(t *testing.T, addrs []string, partitions int, happens func(l *load)) {
	t.Helper()
	tr := askTruth(t, addrs...)
	tr.createTopic(topic, partitions)
	w := newWriter(t, addrs...)
	w.WriteTimeout, w.ReadTimeout, w.MaxAttempts = 3*time.Second, 3*time.Second, 60
	r := newReader(t, "billing", addrs...)

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l, s := &load{w: w}, new(sink)
	readersGone := s.reads(ctx, r)
	writing, stop := context.WithCancel(ctx)
	writersGone := l.writers(writing, 2)
	happens(l)
	stop()
	writersGone()

	logged := tr.values(topic, partitions)
	require.Zero(t, l.missing(logged), "acknowledged, and not in the log")
	await(t, "what was acknowledged is read by the group", func() bool { return l.missing(s.all()) == 0 })
	cancel()
	readersGone()
	t.Logf("%d acknowledged, %d refused (last: %v); in the log %d, of which %d more than once; the group read %d more than once",
		l.acked.Load(), l.refused.Load(), l.last, len(logged), twice(logged), twice(s.all()))
}
