package kafkatest_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax/kafkatest"
)

// A reader whose process dies while it waits to join its group is forgotten when its
// session is over, as one that dies later is, and the others have its partitions. Who
// leads the group is left to chance, so it happens to several.
func TestWhoDiesWhileJoiningIsForgotten(t *testing.T) {
	for _, group := range []string{"a", "b", "c", "d", "e", "f"} {
		t.Run(group, func(t *testing.T) {
			t.Parallel()
			b := kafkatest.Start(t, kafkatest.WithTopic("t", 3), kafkatest.WithMinSession(joinSession))
			_, dies := join(t, b, group)
			require.Eventually(t, func() bool { return members(b, group) == 1 }, 20*time.Second, time.Millisecond)
			dies() // and is waited for by those that follow
			_, dies = join(t, b, group)
			lives, _ := join(t, b, group)
			require.Eventually(t, func() bool { return members(b, group) == 3 }, 20*time.Second, time.Millisecond)
			dies()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			_, err := b.WaitGroup(ctx, group, 1)
			require.NoError(t, err)
			require.NoError(t, lives.Close())
		})
	}
}

const joinSession = time.Second

// join returns a reader of a group and what its machine's death does to it: nobody
// hears of it any more.
func join(t *testing.T, b *kafkatest.Broker, group string) (r *kafka.Reader, die func()) {
	t.Helper()
	var mu sync.Mutex
	var conns []net.Conn
	dead := false
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		mu.Lock()
		defer mu.Unlock()
		if dead {
			return nil, net.ErrClosed
		}
		conn, err := b.Dial(ctx, network, address)
		if err == nil {
			conns = append(conns, conn)
		}
		return conn, err
	}
	r = kafka.NewReader(kafka.ReaderConfig{
		Brokers: b.Addrs(), Topic: "t", GroupID: group, MaxWait: 50 * time.Millisecond,
		Dialer: &kafka.Dialer{DialFunc: dial}, JoinGroupBackoff: 50 * time.Millisecond,
		SessionTimeout: joinSession, RebalanceTimeout: joinSession, HeartbeatInterval: joinSession / 8,
	})
	die = func() {
		mu.Lock()
		defer mu.Unlock()
		dead = true
		for _, conn := range conns {
			_ = conn.Close() // some have been closed
		}
	}
	t.Cleanup(func() {
		die()
		require.NoError(t, r.Close())
	})
	return r, die
}

func members(b *kafkatest.Broker, group string) int {
	g, err := b.GroupInfo(group)
	if err != nil {
		return -1
	}
	return len(g.Members)
}
