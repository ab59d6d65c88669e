package kafkastore_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/offsetcommit"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/kafkastore"
)

// A slowCommit transport keeps the answer to the first commit, once it is armed.
type slowCommit struct {
	kafka.RoundTripper
	armed atomic.Bool
	kept  chan struct{} // closed when there is one
	give  chan struct{} // closed to give it
}

func (s *slowCommit) RoundTrip(ctx context.Context, a net.Addr, r kafka.Request) (kafka.Response, error) {
	resp, err := s.RoundTripper.RoundTrip(ctx, a, r)
	if _, ok := r.(*offsetcommit.Request); ok && s.armed.CompareAndSwap(true, false) {
		close(s.kept)
		<-s.give
	}
	return resp, err
}

// Trap smsfailover/3: a claim that was saved, but only answered when the generation was
// over, is handed out by those who own the message then, and by nobody else.
func TestCommitAnsweredTooLate(t *testing.T) {
	t.Parallel()
	slow := &slowCommit{kept: make(chan struct{}), give: make(chan struct{})}
	q := newQueue(startBroker(t), nil, kafkastore.WithTimeout(20*time.Second))
	q.open(t)
	first := q.through(t, func(r kafka.RoundTripper) kafka.RoundTripper { slow.RoundTripper = r; return slow })
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- first.Run(ctx) }()
	defer func() {
		cancel()
		require.NoError(t, <-ended)
	}()
	put(t, first, job("job"))
	require.Eventually(t, func() bool { return first.Stats().Buffered == 1 }, 10*time.Second, time.Millisecond)
	slow.armed.Store(true)
	type claimed struct {
		jobs []smsfailover.Job
		err  error
	}
	late := make(chan claimed, 1)
	go func() {
		jobs, err := first.Claim(ctx, "worker", 1, time.Hour)
		late <- claimed{jobs, err}
	}()
	<-slow.kept
	second := q.open(t)
	second.start(t)
	second.owns(t, q.total()/2)
	close(slow.give)
	got := <-late
	require.NoError(t, got.err)
	require.Empty(t, got.jobs, "others have it")
	var all []smsfailover.Job
	for until := time.Now().Add(10 * time.Second); len(all) == 0 && time.Now().Before(until); pause(t.Context(), 5*time.Millisecond) {
		for _, s := range []smsfailover.Store{first, second} {
			jobs, err := s.Claim(t.Context(), "worker", 1, time.Hour)
			require.NoError(t, err)
			all = append(all, jobs...)
		}
	}
	require.Len(t, all, 1)
	require.Equal(t, 2, all[0].Claims, "the claim that was lost counts")
}

// Trap smsfailover/7: with an index, a claim that may have been saved without anybody
// having it counts, and ends at once.
func TestUnsavedClaimOfTheIndexEnds(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	q := newQueue(b, smsfailover.NewMemStore(), kafkastore.WithTimeout(300*time.Millisecond))
	p := q.running(t)
	put(t, p, job("job"))
	require.Eventually(t, func() bool { return p.Stats().Buffered == 1 }, 10*time.Second, time.Millisecond)
	h := b.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.CoordinatorLoadInProgress, Count: -1})
	_, err := p.Claim(t.Context(), "worker", 1, time.Hour)
	require.Error(t, err)
	h.Remove()
	got := claim(t, p, 1, time.Hour)[0]
	require.Equal(t, 2, got.Claims)
	require.NoError(t, p.Done(t.Context(), got.Ref()))
	none(t, p, 50*time.Millisecond)
}
