package kafkax

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/describegroups"
	"github.com/segmentio/kafka-go/protocol/findcoordinator"
	"github.com/segmentio/kafka-go/protocol/listoffsets"
	"github.com/segmentio/kafka-go/protocol/offsetfetch"
)

// The encoder goes by the position of fields: this fails as soon as it, or a request of
// kafka-go's, changes.
func TestOurRequestsAreWrittenAsKafkaGosAre(t *testing.T) {
	topics := []listoffsets.RequestTopic{
		{Topic: "a", Partitions: []listoffsets.RequestPartition{{Partition: 3, CurrentLeaderEpoch: -1, Timestamp: -2}, {Partition: 4, Timestamp: -1}}},
		{Topic: "b", Partitions: []listoffsets.RequestPartition{{Partition: 5, CurrentLeaderEpoch: 7, Timestamp: 99}}},
	}
	named := []offsetfetch.RequestTopic{{Name: "a", PartitionIndexes: []int32{1, 2}}}
	for _, tc := range []struct{ ours, theirs protocol.Message }{
		{
			&lagOffsets{ReplicaID: -1, IsolationLevel: 1, Topics: topics, lagTo: lagToBroker(protocol.ListOffsets, 77)},
			&listoffsets.Request{ReplicaID: -1, IsolationLevel: 1, Topics: topics},
		},
		{&lagCommits{GroupID: "g", lagTo: lagToBroker(protocol.OffsetFetch, 77)}, &offsetfetch.Request{GroupID: "g"}},
		{&lagCommits{GroupID: "g", Topics: named, lagTo: lagToBroker(protocol.OffsetFetch, 77)}, &offsetfetch.Request{GroupID: "g", Topics: named}},
		{&lagGroups{Groups: []string{"g", "h"}, lagTo: lagToBroker(protocol.DescribeGroups, 77)}, &describegroups.Request{Groups: []string{"g", "h"}}},
		{&lagGroups{IncludeAuthorizedOperations: true, lagTo: lagToBroker(protocol.DescribeGroups, 77)}, &describegroups.Request{IncludeAuthorizedOperations: true}},
		{&lagCoordinator{Key: "g", KeyType: 1, lagTo: lagToAnyone(protocol.FindCoordinator, 77)}, &findcoordinator.Request{Key: "g", KeyType: 1}},
	} {
		api := tc.theirs.ApiKey()
		if got := tc.ours.ApiKey(); got != api {
			t.Fatalf("%T is %v, want %v", tc.ours, got, api)
		}
		for version := api.MinVersion(); version <= api.MaxVersion(); version++ {
			t.Run(fmt.Sprintf("%v/v%d", api, version), func(t *testing.T) {
				ours, theirs := wire(t, version, tc.ours), wire(t, version, tc.theirs)
				if !bytes.Equal(ours, theirs) {
					t.Errorf("ours   %x\ntheirs %x", ours, theirs)
				}
			})
		}
	}
}

func wire(t *testing.T, version int16, m protocol.Message) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := protocol.WriteRequest(&b, version, 1, "client", m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRequestsNameTheirBroker(t *testing.T) {
	layout := protocol.Cluster{Brokers: map[int32]protocol.Broker{5: {ID: 5}, 2: {ID: 2}, 9: {ID: 9}}}
	for _, tc := range []struct {
		to      lagTo
		cluster protocol.Cluster
		want    int32
	}{
		{lagToBroker(protocol.ListOffsets, 9), layout, 9},
		{lagToBroker(protocol.ListOffsets, 4), layout, 4}, // the transport says that it doesn't know it
		{lagToAnyone(protocol.FindCoordinator, 0), layout, 2},
		{lagToAnyone(protocol.FindCoordinator, 1), layout, 5},
		{lagToAnyone(protocol.FindCoordinator, 3), layout, 2},
		{lagToAnyone(protocol.FindCoordinator, 0), protocol.Cluster{}, -1},
	} {
		if got, err := tc.to.Broker(tc.cluster); got.ID != tc.want || err != nil {
			t.Errorf("%+v goes to %d (%v), want %d", tc.to, got.ID, err, tc.want)
		}
	}
}
