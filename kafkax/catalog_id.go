package kafkax

// metricID names a metric in code: the row of the table.
type metricID uint8

const (
	clientFoldedTopics metricID = iota

	writerMessages
	writerMessageBytes
	writerErrors
	writerInFlightMessages
	writerInFlightBytes
	writerDeliveryDuration
	writerMessageSize
	writerBatchMessages
	writerBatchSize
	writerProduceRequests
	writerProduceDuration
	writerConnections
	writerTransmitBytes
	writerReceiveBytes
	writerLastSuccess

	writerInfo
	writerAttempts
	writerAttemptMessages
	writerAttemptBytes
	writerAttemptErrors
	writerRetries
	writerThrottle
	writerBatchAge
	writerBatchQueueAge
	writerAttemptDuration

	readerMessages
	readerMessageBytes
	readerMessageSize
	readerDeliveryLatency
	readerEndToEndLatency
	readerWait
	readerProcessed
	readerProcessingDuration
	readerCommits
	readerCommitDuration
	readerPosition
	readerCommitted
	readerHighWatermark
	readerLag
	readerUncommitted
	readerSkipped
	readerRedelivered
	readerClockSkew
	readerErrors
	readerLastMessage

	readerFetches
	readerFetchedMessages
	readerFetchedBytes
	readerRetriedErrors
	readerTimeouts
	readerRebalances
	readerDials
	readerQueueMessages
	readerQueueCapacity

	groupLagMessages
	groupLagSeconds
	groupCommitted
	groupStatus
	groupDrain
	groupTruncated
	groupRewinds
	groupMembers
	groupState
	topicLogStart
	topicLogEnd
	groupPollDuration
	groupPolls
	groupLastPollSuccess
	groupFoldedTopics
)
