package kafkax

const (
	unitSeconds  = "seconds"
	unitBytes    = "bytes"
	unitMessages = "messages"
	unitOffset   = "offset"
)

const (
	labelWriter      = "writer"
	labelReader      = "reader"
	labelGroup       = "group"
	labelTopic       = "topic"
	labelPartition   = "partition"
	labelResult      = "result"
	labelReason      = "reason"
	labelCode        = "code"
	labelSource      = "source"
	labelStatus      = "status"
	labelState       = "state"
	labelAcks        = "acks"
	labelCompression = "compression"
	labelAsync       = "async"
)

// Values of the label result.
const (
	resultDelivered = "delivered" // acknowledged by the broker
	resultUnacked   = "unacked"   // sent with acks=none: nobody knows
	resultFailed    = "failed"    // given up after it was accepted
	resultRejected  = "rejected"  // never accepted
	resultOK        = "ok"
)

// Values of the label source.
const (
	sourceFetch  = "fetch"
	sourceCommit = "commit"
	sourceGroup  = "group"
	sourceLog    = "log"
)

// otherTopic is the label of all topics beyond the limit.
const otherTopic = "_other"

var (
	writerLabels      = []string{labelWriter}
	writerTopic       = []string{labelWriter, labelTopic}
	writerTopicResult = []string{labelWriter, labelTopic, labelResult}
	readerGroup       = []string{labelReader, labelGroup}
	readerGroupResult = []string{labelReader, labelGroup, labelResult}
	readerTopic       = []string{labelReader, labelGroup, labelTopic}
	readerTopicResult = []string{labelReader, labelGroup, labelTopic, labelResult}
	readerPartition   = []string{labelReader, labelGroup, labelTopic, labelPartition}
	groupPartition    = []string{labelGroup, labelTopic, labelPartition}

	sendResults  = []string{resultDelivered, resultUnacked, resultFailed, resultRejected}
	okOrFailed   = []string{resultOK, resultFailed}
	statusValues = []string{"ok", "warning", "stopped", "stalled", "rewound", "truncated", "unknown"}
	groupStates  = []string{"stable", "preparing_rebalance", "completing_rebalance", "empty", "dead", "unknown"}
)
