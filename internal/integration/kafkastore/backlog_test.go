package kafkastore_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/kafkastore"
)

// Trap smsfailover/7: a backlog that waits for longer than the index holds messages
// for Kafka is not a message that kills its workers: nobody had them.
func TestBacklogCountsNoClaims(t *testing.T) {
	t.Parallel()
	const hold = 300 * time.Millisecond
	q := newQueue(startBroker(t), smsfailover.NewMemStore(), kafkastore.WithHold(hold), kafkastore.WithWindow(5))
	q.parts = 1
	p := q.running(t)
	put(t, p, jobs("job", 60)...)
	for i := range 6 {
		pause(t.Context(), 2*hold/3)
		put(t, p, job(fmt.Sprintf("later-%d", i))) // which has the index looked at
	}
	depthIs(t, p, smsfailover.Depth{Ready: 66})
	for range 66 {
		got := claim(t, p, 1, time.Hour)[0]
		require.Equal(t, 1, got.Claims, got.ID)
		require.NoError(t, p.Done(t.Context(), got.Ref()))
	}
	none(t, p, 50*time.Millisecond)
	st := p.Stats()
	require.EqualValues(t, 66, st.Moved, "each once")
	require.Zero(t, st.Stale)
}

// Trap smsfailover/7: what a process has read, and nobody claims, it has the index hold
// on to: to wait there for longer than a hold is no claim.
func TestWhatIsReadIsHeld(t *testing.T) {
	t.Parallel()
	const hold = 1500 * time.Millisecond
	p := newQueue(startBroker(t), smsfailover.NewMemStore(), kafkastore.WithHold(hold)).running(t)
	put(t, p, jobs("job", 5)...)
	for i := range 4 {
		pause(t.Context(), hold/2)
		put(t, p, job(fmt.Sprintf("later-%d", i))) // which has the index looked at
	}
	for _, j := range claim(t, p, 9, time.Hour) {
		require.Equal(t, 1, j.Claims, j.ID)
		require.NoError(t, p.Done(t.Context(), j.Ref()))
	}
	require.EqualValues(t, 9, p.Stats().Moved, "each once")
}

// With an index too what is urgent passes a backlog, whoever stores it.
func TestUrgentPassesTheBacklogOfTheIndex(t *testing.T) {
	t.Parallel()
	q := newQueue(startBroker(t), smsfailover.NewMemStore(), kafkastore.WithWindow(10))
	q.parts = 1
	p, other := q.running(t), q.open(t)
	put(t, other, jobs("normal", 200)...)
	first := claim(t, p, 1, time.Hour)[0]
	require.NoError(t, p.Done(t.Context(), first.Ref()))
	urgent := job("urgent")
	urgent.Priority = 1
	put(t, other, urgent)
	for before := 0; ; before++ {
		require.Less(t, before, 100, "the whole backlog went first")
		got := claim(t, p, 1, time.Hour)[0]
		require.NoError(t, p.Done(t.Context(), got.Ref()))
		if got.ID == "urgent" {
			return
		}
	}
}

// A process that only stores has those that claim look at the index at once.
func TestStoredByOneThatDoesNotRun(t *testing.T) {
	t.Parallel()
	q := newQueue(startBroker(t), smsfailover.NewMemStore(), kafkastore.WithPoll(time.Hour))
	p, other := q.running(t), q.open(t)
	none(t, p, 50*time.Millisecond) // that was the poll of this hour
	for i := range 20 {
		put(t, other, job(fmt.Sprintf("job-%d", i)))
		require.NoError(t, p.Done(t.Context(), claim(t, p, 1, time.Hour)[0].Ref()))
	}
	require.Zero(t, other.Stats().Moved)
}

// Trap smsfailover/10: a message that comes with a claim and has to wait, for a
// worker or for what lies in Kafka of another process, hasn't been claimed.
func TestGivenThatWaitsHasNoClaim(t *testing.T) {
	t.Parallel()
	q := newQueue(startBroker(t), smsfailover.NewMemStore())
	p, other := q.running(t), q.open(t)
	for i, worked := range []bool{true, false} {
		older := job(fmt.Sprintf("older-%d", i))
		put(t, p, older)
		var held []smsfailover.Ref
		if worked {
			held = refs(claim(t, p, 1, time.Hour))
		} else {
			require.Eventually(t, func() bool { return p.Stats().Buffered == 1 }, 10*time.Second, time.Millisecond)
		}
		newer := older
		newer.ID, newer.Args = fmt.Sprintf("newer-%d", i), []string{"another code"}
		newer.Token, newer.LeaseUntil, newer.Claims = newer.ID, time.Now().Add(time.Hour), 1
		out, err := other.Enqueue(t.Context(), newer)
		require.NoError(t, err)
		require.Equal(t, []smsfailover.Outcome{smsfailover.Superseded}, out)
		require.NoError(t, p.Done(t.Context(), held...))
		got := claim(t, p, 1, time.Hour)[0]
		require.Equal(t, newer.ID, got.ID)
		require.Equal(t, 1, got.Claims, "nobody had it before")
		require.NoError(t, p.Done(t.Context(), got.Ref()))
	}
}
