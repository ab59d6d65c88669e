package kafkaxlag_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/describegroups"
	"github.com/segmentio/kafka-go/protocol/fetch"
	"github.com/segmentio/kafka-go/protocol/listoffsets"
	"github.com/segmentio/kafka-go/protocol/metadata"
	"github.com/segmentio/kafka-go/protocol/offsetfetch"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/ycvk/tinybook/kafkax"
)

// Coordinators that have moved are found within the same poll.
func TestAPollFollowsCoordinators(t *testing.T) {
	w := newWorld(t, kfake.NumBrokers(3), kfake.SeedTopics(1, "t"))
	ids := []string{"a", "b", "c", "d", "e"}
	var groups []kafkax.Group
	for _, id := range ids {
		groups = append(groups, kafkax.Group{ID: id})
		w.commit(t, id, "t", 0, 0)
	}
	l := w.collector(t, groups)
	moves := 0
	for range 10 {
		require.Len(t, poll(t, l).Partitions, len(ids))
		was := w.CoordinatorFor("a")
		w.RehashCoordinators()
		if w.CoordinatorFor("a") != was {
			moves++
		}
	}
	require.NotZero(t, moves)
}

// Leaders that have moved are found when the transport has learned of it; until then
// the partition keeps its last values.
func TestPollsFollowLeaders(t *testing.T) {
	w := newWorld(t, kfake.NumBrokers(2), kfake.SeedTopics(1, "t"))
	w.produce(t, "t", 0, 10)
	w.commit(t, "g", "t", 0, 3)
	l := w.collector(t, []kafkax.Group{{ID: "g"}})
	for range 3 {
		poll(t, l)
		require.NoError(t, w.MoveTopicPartition("t", 0, 1-w.LeaderFor("t", 0)))
		pollUntil(t, l, "the new leader answers", func(s kafkax.LagSnapshot) bool {
			require.EqualValues(t, 7, find(t, s, "g", "t", 0).Messages)
			return s.Err == nil
		})
	}
}

// A strict transport carries what it knows, as one may that looks into requests.
type strict struct {
	kafka.RoundTripper
	lists atomic.Int64
}

func (s *strict) RoundTrip(ctx context.Context, addr net.Addr, req kafka.Request) (kafka.Response, error) {
	switch req.(type) {
	case *listoffsets.Request:
		s.lists.Add(1)
	case *metadata.Request, *offsetfetch.Request, *describegroups.Request, *fetch.Request:
	default:
		return nil, errors.New("strict: unknown request")
	}
	return s.RoundTripper.RoundTrip(ctx, addr, req)
}

// With a transport that knows kafka-go's requests only, a poll uses those, and reads
// the same.
func TestATransportThatRefusesOurRequestsGetsKafkaGos(t *testing.T) {
	w := newWorld(t, kfake.NumBrokers(3), kfake.SeedTopics(5, "t"))
	for p := range 5 {
		w.produce(t, "t", p, 10*p)
		w.commit(t, "g", "t", p, int64(p))
	}
	require.NoError(t, w.DeleteRecords("t", 4, 9))
	groups := []kafkax.Group{{ID: "g"}, {ID: "nobody", Topics: []string{"t"}}}
	client := w.newClient(t)
	transport := &strict{RoundTripper: client.Transport}
	client.Transport = transport
	l, err := kafkax.NewLagCollector(client, groups, kafkax.WithExactAge(1))
	require.NoError(t, err)
	want := poll(t, w.collector(t, groups, kafkax.WithExactAge(1)))
	for range 2 {
		got := poll(t, l)
		require.Equal(t, want.Groups, got.Groups)
		require.Len(t, got.Partitions, 10)
		for i, p := range got.Partitions {
			of := want.Partitions[i]
			require.Equal(t, [...]any{of.Group, of.Topic, of.Partition, of.Committed, of.Start, of.End, of.Messages, of.Truncated},
				[...]any{p.Group, p.Topic, p.Partition, p.Committed, p.Start, p.End, p.Messages, p.Truncated})
		}
	}
	leaders := make(map[int32]bool)
	for p := range 5 {
		leaders[w.LeaderFor("t", int32(p))] = true
	}
	require.EqualValues(t, 2*len(leaders), transport.lists.Load(), "kafka-go's request, once per leader and poll")
}

// A group that has a member which commits nothing is stalled; when it has gone, it has
// stopped.
func TestMembersTellAStalledGroupFromOneThatStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newStill(t, kfake.SeedTopics(1, "t"))
		w.produce(t, "t", 0, 10)
		w.commit(t, "g", "t", 0, 2)
		l := w.collector(t, []kafkax.Group{{ID: "g"}})
		member := w.join(t, "g", "t")
		runUntilEnd(t, l)
		time.Sleep(95 * time.Second) // ten polls
		requireGroup(t, l, "Stable", "stable", 1)
		requireStatus(t, l, "g,0,t", "stalled")
		require.Equal(t, kafkax.DrainNever, find(t, l.Snapshot(), "g", "t", 0).Drain)
		requireSeries(t, l, "kafka_group_drain_seconds", nil)

		w.leave(t, "g", member)
		time.Sleep(10 * time.Second)
		requireGroup(t, l, "Empty", "empty", 0)
		requireStatus(t, l, "g,0,t", "stopped")

		w.commit(t, "g", "t", 0, 6) // 4 of 8 in the window of 90 seconds
		time.Sleep(10 * time.Second)
		requireStatus(t, l, "g,0,t", "ok")
		require.InDelta(t, 90*time.Second, find(t, l.Snapshot(), "g", "t", 0).Drain, float64(time.Second))

		w.commit(t, "g", "t", 0, 1)
		time.Sleep(10 * time.Second)
		requireStatus(t, l, "g,0,t", "rewound")
		requireSeries(t, l, "kafka_group_rewinds_total", map[string]float64{"g,0,t": 1})
	})
}

// join adds a member to a group that has none, for five minutes without a heartbeat.
func (w *world) join(t *testing.T, group, topic string) (member string) {
	t.Helper()
	joined := &kafka.JoinGroupResponse{}
	for range 2 { // the first answer is the id to join with
		var err error
		joined, err = w.client.JoinGroup(t.Context(), &kafka.JoinGroupRequest{
			GroupID: group, MemberID: joined.MemberID, ProtocolType: "consumer",
			SessionTimeout: 5 * time.Minute, RebalanceTimeout: time.Second,
			Protocols: []kafka.GroupProtocol{{Name: "range", Metadata: kafka.GroupProtocolSubscription{Topics: []string{topic}}}},
		})
		require.NoError(t, err)
	}
	require.NoError(t, joined.Error)
	synced, err := w.client.SyncGroup(t.Context(), &kafka.SyncGroupRequest{
		GroupID: group, GenerationID: joined.GenerationID, MemberID: joined.MemberID,
		ProtocolType: "consumer", ProtocolName: "range",
		Assignments: []kafka.SyncGroupRequestAssignment{{MemberID: joined.MemberID}},
	})
	require.NoError(t, err)
	require.NoError(t, synced.Error)
	return joined.MemberID
}

func (w *world) leave(t *testing.T, group, member string) {
	t.Helper()
	res, err := w.client.LeaveGroup(t.Context(), &kafka.LeaveGroupRequest{
		GroupID: group, Members: []kafka.LeaveGroupRequestMember{{ID: member}},
	})
	require.NoError(t, err)
	require.NoError(t, res.Error)
}

func requireGroup(t *testing.T, l *kafkax.LagCollector, state, label string, members int) {
	t.Helper()
	require.Equal(t, []kafkax.GroupLag{{Group: "g", State: state, Members: members}}, l.Snapshot().Groups)
	requireSeries(t, l, "kafka_group_members", map[string]float64{"g": float64(members)})
	for labels, value := range series(t, l, "kafka_group_state") {
		require.Equal(t, labels == "g,"+label, value == 1, labels)
	}
}
