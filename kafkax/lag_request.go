package kafkax

import (
	"slices"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/listoffsets"
	"github.com/segmentio/kafka-go/protocol/offsetfetch"
)

// The requests of a poll. kafka-go's own of these kinds ask one partition or one
// group at a time, and look up the coordinator anew for each group. These begin with
// the fields of kafka-go's, so that its encoder, which goes by position, writes them;
// then comes the broker that they are for. Answers are of kafka-go's types.

// lagOffsets is listoffsets.Request for partitions of one leader.
type lagOffsets struct {
	ReplicaID      int32
	IsolationLevel int8
	Topics         []listoffsets.RequestTopic
	lagTo
}

// lagCommits is offsetfetch.Request for a group, to its coordinator.
type lagCommits struct {
	GroupID string
	Topics  []offsetfetch.RequestTopic // nil: all that it has commits on
	lagTo
}

// lagGroups is describegroups.Request for groups of one coordinator.
type lagGroups struct {
	_                           struct{}
	Groups                      []string
	IncludeAuthorizedOperations bool
	lagTo
}

// lagCoordinator is findcoordinator.Request to any broker.
type lagCoordinator struct {
	Key     string
	KeyType int8
	lagTo
}

// lagTo says what a request is and which broker it is for.
type lagTo struct {
	api    protocol.ApiKey
	broker int32
	anyone bool // whichever broker; another one at each try
	try    int
}

// ApiKey makes a request a protocol.Message.
func (t *lagTo) ApiKey() protocol.ApiKey { return t.api } //nolint:revive // kafka-go's name

// Broker makes a request a protocol.BrokerMessage. A transport looks at the id of
// what it returns, and knows where that is. None is for the connection on which the
// transport refreshes its metadata: a request that meets it there opens another.
func (t *lagTo) Broker(c protocol.Cluster) (protocol.Broker, error) {
	if !t.anyone {
		return protocol.Broker{ID: t.broker}, nil
	}
	ids := make([]int32, 0, len(c.Brokers))
	for id := range c.Brokers {
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return protocol.Broker{ID: -1}, nil
	}
	slices.Sort(ids)
	return protocol.Broker{ID: ids[t.try%len(ids)]}, nil
}

func lagToBroker(api protocol.ApiKey, broker int32) lagTo { return lagTo{api: api, broker: broker} }
func lagToAnyone(api protocol.ApiKey, try int) lagTo {
	return lagTo{api: api, anyone: true, try: try}
}
