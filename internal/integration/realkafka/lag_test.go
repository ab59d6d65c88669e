package realkafka_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
	"github.com/ycvk/tinybook/kafkax"
)

const (
	lagPartitions = 2
	// historyInterval is how often the collector polls that goes by its polls alone.
	historyInterval = 400 * time.Millisecond
)

// A lagTest has two collectors look at one group: one that reads the oldest unread
// message, and one that goes by its polls alone.
type lagTest struct {
	t       *testing.T
	tr      truth
	w       *kafka.Writer
	addr    string
	exact   *kafkax.LagCollector
	history *kafkax.LagCollector
	gap     atomic.Int64 // the longest time from one poll of history to the next
	table   strings.Builder
	rows    *tabwriter.Writer
}

func newLagTest(t *testing.T) *lagTest {
	s := realserver.Kafka(t)
	lt := &lagTest{t: t, tr: askTruth(t, s.Addr()), addr: s.Addr(), w: newWriter(t, s.Addr())}
	lt.tr.createTopic(topic, lagPartitions)
	groups := []kafkax.Group{{ID: "billing", Topics: []string{topic}}}
	client := func() *kafka.Client { return &kafka.Client{Addr: kafka.TCP(s.Addr()), Transport: transport(t)} }
	var err error
	lt.exact, err = kafkax.NewLagCollector(client(), groups, kafkax.WithExactAge(lagPartitions))
	require.NoError(t, err)
	lt.history, err = kafkax.NewLagCollector(client(), groups, kafkax.WithInterval(historyInterval))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- lt.history.Run(ctx) }()
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		lt.watch(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-watched
		require.NoError(t, <-ended)
	})
	lt.rows = tabwriter.NewWriter(&lt.table, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(lt.rows, "\tpartition\tmessages\ttrue\tseconds, exact\ttrue\tby history\ttrue\tmode\tstatus\t")
	return lt
}

// watch measures gap: on a busy machine polls are further apart than they should be.
func (lt *lagTest) watch(ctx context.Context) {
	last := time.Now()
	for ctx.Err() == nil {
		if at := lt.history.Snapshot().At; at.After(last) {
			lt.gap.Store(max(lt.gap.Load(), int64(at.Sub(last))))
			last = at
		}
		pause(ctx, 5*time.Millisecond)
	}
}

// write appends n messages to every partition, all of the time now.
func (lt *lagTest) write(n int) {
	lt.t.Helper()
	require.NoError(lt.t, lt.w.WriteMessages(lt.t.Context(), messages(0, n*lagPartitions)...))
}

func partition(t testing.TB, s kafkax.LagSnapshot, id int) kafkax.PartitionLag {
	t.Helper()
	for _, p := range s.Partitions {
		if p.Partition == id {
			return p
		}
	}
	require.FailNow(t, "no such partition", "%d in %+v", id, s)
	return kafkax.PartitionLag{}
}

// compare requires that both collectors have the truth, while nothing moves.
func (lt *lagTest) compare(what string) {
	t := lt.t
	t.Helper()
	for range 2 { // of which the first may have been under way
		from := time.Now()
		await(t, "a poll", func() bool { return lt.history.Snapshot().At.After(from) })
	}
	past := lt.history.Snapshot()
	began := time.Now()
	now, err := lt.exact.Poll(t.Context())
	ended := time.Now()
	require.NoError(t, err)
	for id, want := range lt.tr.lag("billing", topic, lagPartitions) {
		e, h := partition(t, now, id), partition(t, past, id)
		require.Equal(t, want, e.Messages, "%s, partition %d: messages", what, id)
		require.Equal(t, want, h.Messages, "%s, partition %d: messages", what, id)
		var ageThen, ageNow time.Duration
		if want == 0 {
			require.Zero(t, e.Age, what)
			require.Zero(t, h.Age, what)
		} else {
			oldest := lt.tr.timeOf(topic, id, max(e.Committed, e.Start))
			ageThen, ageNow = h.At.Sub(oldest), e.At.Sub(oldest)
			require.Equal(t, kafkax.AgeExact, e.AgeMode, what)
			// Kafka's times are in milliseconds.
			require.Greater(t, e.Age, began.Sub(oldest)-time.Millisecond, "%s, partition %d: exact age", what, id)
			require.Less(t, e.Age, ended.Sub(oldest)+time.Millisecond, "%s, partition %d: exact age", what, id)
			lt.compareHistory(what, h, ageThen)
		}
		fmt.Fprintf(lt.rows, "%s\t%d\t%d\t%d\t%.3f\t%.3f\t%.3f\t%.3f\t%v\t%v\t\n", what, id, e.Messages, want,
			e.Age.Seconds(), ageNow.Seconds(), h.Age.Seconds(), ageThen.Seconds(), h.AgeMode, h.Status)
	}
}

// compareHistory requires that what goes by polls is wrong by less than their distance.
func (lt *lagTest) compareHistory(what string, h kafkax.PartitionLag, age time.Duration) {
	lt.t.Helper()
	wrong := h.Age - age
	if h.AgeMode == kafkax.AgeAtLeast {
		wrong = max(wrong, 0) // it says that it may be older
	}
	gap := time.Duration(lt.gap.Load()) + 10*time.Millisecond
	require.Less(lt.t, wrong.Abs(), gap, "%s, partition %d: age by history %v, is %v", what, h.Partition, h.Age, age)
}

// Trap kafkax/13: the lag of a group is the truth, in messages and in seconds, over a
// consumer that is stuck, a burst, a log that is truncated and a rebalance.
func TestLagIsTheTruth(t *testing.T) {
	t.Parallel()
	lt := newLagTest(t)
	lt.write(10)
	lt.compare("nobody reads yet")

	r := newReader(t, "billing", lt.addr)
	drain(t, r, 10*lagPartitions)
	lt.compare("all read")

	// From here on the consumer sits there, a member that reads no more.
	lt.write(5)
	pause(t.Context(), 1500*time.Millisecond) // the age that is measured
	lt.compare("stuck")

	lt.write(2000)
	lt.compare("burst")

	const deleted = 105 // that the group had still to read
	committed := lt.tr.committed("billing", topic, lagPartitions)
	lt.tr.deleteBefore(topic, 0, committed[0]+deleted)
	lt.compare("truncated")
	snapshot := lt.exact.Snapshot()
	require.EqualValues(t, deleted, partition(t, snapshot, 0).Truncated)
	require.Equal(t, kafkax.StatusTruncated, partition(t, snapshot, 0).Status)
	require.Zero(t, partition(t, snapshot, 1).Truncated)
	require.EqualValues(t, deleted, gathered(t, lt.exact, "kafka_group_truncated_messages_total"))

	polls := lt.rebalance(r)
	lt.compare("after the rebalance")
	require.NoError(t, lt.rows.Flush())
	t.Logf("%d polls in the rebalance, each between the truth before it and after\n%s", polls, lt.table.String())
}

// rebalance has r read on and another reader join it, and polls until all is read.
// What a poll says lies between the truth before it and the truth after it.
func (lt *lagTest) rebalance(r *kafka.Reader) (polls int) {
	t := lt.t
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var members sync.WaitGroup
	members.Go(func() { readSlowly(ctx, r) })
	other := newReader(t, "billing", lt.addr)
	members.Go(func() { readSlowly(ctx, other) })
	for deadline := time.Now().Add(40 * time.Second); ; polls++ {
		require.True(t, time.Now().Before(deadline), "the group doesn't read on")
		commits, ends := lt.tr.committed("billing", topic, lagPartitions), lt.tr.offsets(topic, lagPartitions, logEnd)
		s, err := lt.exact.Poll(ctx)
		require.NoError(t, err)
		later, left := lt.tr.committed("billing", topic, lagPartitions), int64(0)
		for id := range lagPartitions {
			p := partition(t, s, id)
			require.LessOrEqual(t, p.Messages, ends[id]-max(commits[id], p.Start))
			require.GreaterOrEqual(t, p.Messages, ends[id]-max(later[id], p.Start))
			require.False(t, p.Age < 0, "%v", p.Age)
			left += p.Messages
		}
		require.Len(t, s.Groups, 1)
		if left == 0 && s.Groups[0].Members == 2 && s.Groups[0].State == "Stable" {
			break
		}
	}
	cancel()
	members.Wait()
	return polls
}

// readSlowly reads and commits, a few messages at a time.
func readSlowly(ctx context.Context, r *kafka.Reader) {
	for n := 1; ; n++ {
		m, err := r.FetchMessage(ctx)
		if err != nil {
			return // ctx has ended; else the messages are missed
		}
		if n%20 != 0 && m.Offset+1 < m.HighWaterMark {
			continue
		}
		// Of a partition that is lost meanwhile the other commits.
		_ = r.CommitMessages(context.WithoutCancel(ctx), m)
	}
}
