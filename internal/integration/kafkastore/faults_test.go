package kafkastore_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/kafkastore"
)

// Trap smsfailover/18: a broker that is down is waited for, and one that comes back
// has it all, what was handed out too.
func TestBrokerRestarts(t *testing.T) {
	modes(t, func(t *testing.T, first *broker, index smsfailover.Store) {
		first.Close()
		dir := t.TempDir()
		b := startBroker(t, kfake.DataDir(dir), kfake.SyncWrites())
		q := newQueue(b, index, kafkastore.WithTimeout(3*time.Second))
		p := q.running(t)
		put(t, p, jobs("job", 30)...)
		require.NoError(t, p.Done(t.Context(), refs(claim(t, p, 10, time.Hour))...))
		old := claim(t, p, 5, time.Hour)
		port := portOf(t, b.addrs[0])
		b.Close()

		_, err := p.Claim(t.Context(), "worker", 5, time.Hour)
		if err == nil { // unless it had noticed by then
			require.Zero(t, p.Stats().Partitions)
		}
		_, err = p.Enqueue(t.Context(), job("meanwhile"))
		if index == nil {
			require.Error(t, err, "nobody can have stored it")
		} else {
			require.NoError(t, err, "the index has it")
		}

		startBroker(t, kfake.DataDir(dir), kfake.SyncWrites(), kfake.Ports(port))
		p.owns(t, q.total())
		if index != nil {
			require.NoError(t, p.Done(t.Context(), refs(old)...), "these claims outlive it")
			got := claim(t, p, 16, time.Hour)
			require.NoError(t, p.Done(t.Context(), refs(got)...))
			none(t, p, 50*time.Millisecond)
			return
		}
		got := claim(t, p, 20, time.Hour)
		twice := 0
		for _, j := range got {
			if j.Claims == 2 {
				twice++
			}
		}
		require.Equal(t, len(old), twice, "claims before the restart count")
		require.NoError(t, p.Done(t.Context(), refs(got)...))
		none(t, p, 50*time.Millisecond)
	})
}

func portOf(t *testing.T, addr string) int {
	t.Helper()
	var port int
	_, err := fmt.Sscanf(addr, "127.0.0.1:%d", &port)
	require.NoError(t, err)
	return port
}

func produceFault(err *kerr.Error, count int) kfake.Fault {
	return kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: err, Count: count}
}

// A broker that refuses for now is asked again.
func TestProduceIsTriedAgain(t *testing.T) {
	modes(t, func(t *testing.T, b *broker, index smsfailover.Store) {
		q := newQueue(b, index)
		p := q.running(t)
		h := b.Fault(produceFault(kerr.NotLeaderForPartition, 2))
		put(t, p, job("job"))
		require.NoError(t, p.Done(t.Context(), claim(t, p, 1, time.Hour)[0].Ref()))
		require.EqualValues(t, 2, h.Hits())
	})
}

// A record that was written although the broker said that it doesn't know is
// written again, and its message comes once.
func TestUnknownProduceComesOnce(t *testing.T) {
	modes(t, func(t *testing.T, b *broker, index smsfailover.Store) {
		q := newQueue(b, index)
		p := q.running(t)
		b.Fault(produceFault(kerr.RequestTimedOut, 1))
		put(t, p, job("enqueued"))
		got := claim(t, p, 1, time.Hour)
		none(t, p, 100*time.Millisecond)

		b.Fault(produceFault(kerr.NotEnoughReplicasAfterAppend, 1))
		require.NoError(t, p.Retry(t.Context(), got[0].Ref(), 0, "cause"))
		got = claim(t, p, 1, time.Hour)
		require.Equal(t, 1, got[0].Attempt)
		none(t, p, 100*time.Millisecond)
		require.NoError(t, p.Done(t.Context(), got[0].Ref()))
		none(t, p, 100*time.Millisecond)
	})
}

// Trap smsfailover/18: while Kafka takes nothing, nothing is lost: calls fail and
// have changed nothing, or the index keeps what they stored.
func TestNothingIsLostWhileProduceFails(t *testing.T) {
	modes(t, func(t *testing.T, b *broker, index smsfailover.Store) {
		q := newQueue(b, index, kafkastore.WithTimeout(200*time.Millisecond))
		p := q.running(t)
		put(t, p, jobs("old", 3)...)
		held := claim(t, p, 3, time.Hour)
		h := b.Fault(produceFault(kerr.NotEnoughReplicas, -1))
		calls := map[string]func() error{
			"Enqueue": func() error { _, err := p.Enqueue(t.Context(), job("new")); return err },
			"Retry":   func() error { return p.Retry(t.Context(), held[0].Ref(), 0, "cause") },
			"Release": func() error { return p.Release(t.Context(), 0, held[1].Ref()) },
			"Bury":    func() error { return p.Bury(t.Context(), held[2].Ref(), "cause") },
		}
		for name, call := range calls {
			err := call()
			if index == nil {
				require.Error(t, err, name)
			} else {
				require.NoError(t, err, name)
			}
		}
		h.Remove()
		if index == nil {
			for name, call := range calls { // the claims are as they were
				require.NoError(t, call(), name)
			}
		}
		got := claim(t, p, 3, time.Hour) // the new one, the retried, the released
		require.NoError(t, p.Done(t.Context(), refs(got)...))
		dead, err := p.Dead(t.Context(), smsfailover.Filter{})
		require.NoError(t, err)
		require.Len(t, dead, 1)
		none(t, p, 100*time.Millisecond)
	})
}

// Trap smsfailover/2: when an offset can't be committed, nothing is handed out, and
// a Done that isn't recorded says so.
func TestCommitFails(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	q := newQueue(b, nil, kafkastore.WithTimeout(time.Second))
	p := q.running(t)
	put(t, p, jobs("job", 4)...)
	held := claim(t, p, 2, time.Hour)
	commits := kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.CoordinatorLoadInProgress, Count: -1}
	h := b.Fault(commits)
	_, err := p.Claim(t.Context(), "worker", 2, time.Hour)
	require.Error(t, err)
	require.NotErrorIs(t, err, smsfailover.ErrLost)
	err = p.Done(t.Context(), held[0].Ref())
	require.Error(t, err)
	require.NotErrorIs(t, err, smsfailover.ErrLost)
	h.Remove()
	// That one is finished, and is recorded with the next.
	require.NoError(t, p.Done(t.Context(), held[1].Ref()))
	p.stop(t)
	p = q.running(t)
	got := claim(t, p, 2, time.Hour)
	for _, j := range got {
		require.NotContains(t, []string{held[0].ID, held[1].ID}, j.ID)
	}
	none(t, p, 50*time.Millisecond)

	commits.Err = kerr.IllegalGeneration
	h = b.Fault(commits)
	require.ErrorIs(t, p.Done(t.Context(), got[0].Ref()), smsfailover.ErrLost, "others may own it")
	h.Remove()
}

// Trap smsfailover/18: a partition that takes nothing holds up neither the others'
// messages nor those who claim them, and its own come when it does.
func TestPartitionWithoutLeader(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	q := newQueue(b, smsfailover.NewMemStore(), kafkastore.WithTimeout(10*time.Second))
	p := q.running(t)
	fault := produceFault(kerr.LeaderNotAvailable, -1)
	fault.Topic, fault.Partitions = "sms.ready", []int32{1}
	h := b.Fault(fault)
	const n = 80
	put(t, p, jobs("first", n)...)
	start, done := time.Now(), 0
	for done < n/2 || h.Hits() < 10 {
		got, err := p.Claim(t.Context(), "worker", 3, time.Hour)
		require.NoError(t, err)
		require.NoError(t, p.Done(t.Context(), refs(got)...))
		done += len(got)
		pause(t.Context(), 2*time.Millisecond)
		require.Less(t, time.Since(start), 10*time.Second, "a call waited for all its time")
	}
	require.Less(t, done, n)
	h.Remove()
	require.NoError(t, p.Done(t.Context(), refs(claim(t, p, n-done, time.Hour))...))
	none(t, p, 50*time.Millisecond)
}

// Brokers that deleted what nobody had read are told of, and the rest goes on.
func TestDeletedRecordsAreReported(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	q := newQueue(b, nil)
	p := q.running(t)
	put(t, p, jobs("early", 5)...)
	require.NoError(t, p.Done(t.Context(), refs(claim(t, p, 5, time.Hour))...))
	p.stop(t)
	enqueuer := q.open(t)
	put(t, enqueuer, jobs("early", 5)...) // the same partition again
	for _, info := range b.PartitionInfos("sms.ready") {
		require.NoError(t, b.DeleteRecords("sms.ready", info.Partition, info.HighWatermark))
	}
	put(t, enqueuer, jobs("early", 2)...)
	p = q.running(t)
	claim(t, p, 2, time.Hour)
	require.Condition(t, func() bool {
		for _, err := range p.errs.all() {
			if errors.Is(err, kafkastore.ErrDeleted) {
				return true
			}
		}
		return false
	}, "%v", p.errs.all())
}

// Dead letters that somebody deleted from their topic aren't counted any more.
func TestDeletedDeadLettersDontCount(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	p := newQueue(b, nil).running(t)
	bury := func(name string, n int) {
		put(t, p, jobs(name, n)...)
		for _, j := range claim(t, p, n, time.Hour) {
			require.NoError(t, p.Bury(t.Context(), j.Ref(), "cause"))
		}
	}
	bury("early", 4)
	depthIs(t, p, smsfailover.Depth{Dead: 4})
	bury("unread", 2)
	for _, info := range b.PartitionInfos("sms.dead") {
		require.NoError(t, b.DeleteRecords("sms.dead", info.Partition, info.HighWatermark))
	}
	depthIs(t, p, smsfailover.Depth{})
	bury("later", 1)
	depthIs(t, p, smsfailover.Depth{Dead: 1})
	dead, err := p.Dead(t.Context(), smsfailover.Filter{})
	require.NoError(t, err)
	require.Len(t, dead, 1)
}
