package kafkatest

import "github.com/twmb/franz-go/pkg/kmsg"

// A Request is a kind of request that clients send, by its number in Kafka's
// protocol.
type Request int16

// The requests that applications, consumer groups and administrators send.
const (
	Produce         Request = 0  // write messages
	Fetch           Request = 1  // read messages
	ListOffsets     Request = 2  // where a log begins and ends, or was at some time
	Metadata        Request = 3  // topics, partitions and their leaders
	OffsetCommit    Request = 8  // a group has got so far
	OffsetFetch     Request = 9  // how far has a group got?
	FindCoordinator Request = 10 // which broker looks after a group?
	JoinGroup       Request = 11
	Heartbeat       Request = 12
	LeaveGroup      Request = 13
	SyncGroup       Request = 14
	DescribeGroups  Request = 15
	ListGroups      Request = 16
	APIVersions     Request = 18 // the first on most connections
	CreateTopics    Request = 19
	DeleteTopics    Request = 20
)

// String returns Kafka's name of the request.
func (r Request) String() string { return kmsg.NameForKey(int16(r)) }

func keysOf(requests []Request) []kmsg.Key {
	var keys []kmsg.Key // nil: all of them
	for _, r := range requests {
		keys = append(keys, kmsg.Key(r))
	}
	return keys
}

func knownRequest(r Request) bool { return kmsg.RequestForKey(int16(r)) != nil }
