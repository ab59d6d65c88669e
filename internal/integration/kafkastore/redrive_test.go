package kafkastore_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	produceapi "github.com/segmentio/kafka-go/protocol/produce"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

// A delayed transport does something else before it writes to a topic.
type delayed struct {
	kafka.RoundTripper
	topic  string
	before func()
}

func (d *delayed) RoundTrip(ctx context.Context, a net.Addr, r kafka.Request) (kafka.Response, error) {
	if p, ok := r.(*produceapi.Request); ok && p.Topics[0].Topic == d.topic && d.before != nil {
		before := d.before
		d.before = nil
		before()
	}
	return d.RoundTripper.RoundTrip(ctx, a, r)
}

// A message that is redriven and buried again, before the tombstone of its first
// grave is written, is dead: it doesn't get lost between the two.
func TestBuriedAgainDuringRedrive(t *testing.T) {
	t.Parallel()
	q := newQueue(startBroker(t), nil)
	p := q.running(t)
	put(t, p, job("job"))
	require.NoError(t, p.Bury(t.Context(), claim(t, p, 1, time.Hour)[0].Ref(), "first"))
	depthIs(t, p, smsfailover.Depth{Dead: 1})

	slow := &delayed{topic: "sms.dead"}
	other := q.through(t, func(r kafka.RoundTripper) kafka.RoundTripper { slow.RoundTripper = r; return slow })
	dead, err := other.Dead(t.Context(), smsfailover.Filter{}) // which sets its clock, by a record there
	require.NoError(t, err)
	require.Len(t, dead, 1)
	slow.before = func() {
		require.NoError(t, p.Bury(t.Context(), claim(t, p, 1, time.Hour)[0].Ref(), "second"))
	}
	n, err := other.Redrive(t.Context(), smsfailover.Filter{})
	require.NoError(t, err)
	require.Equal(t, 1, n)

	depthIs(t, p, smsfailover.Depth{Dead: 1})
	dead, err = p.Dead(t.Context(), smsfailover.Filter{})
	require.NoError(t, err)
	require.Len(t, dead, 1)
	require.Equal(t, "second", dead[0].LastErr)
	n, err = p.Redrive(t.Context(), smsfailover.Filter{})
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.NoError(t, p.Done(t.Context(), claim(t, p, 1, time.Hour)[0].Ref()))
	depthIs(t, p, smsfailover.Depth{})
}
