package kafkax

// table has every metric of the package, by its metricID.
var table = [...]def{
	clientFoldedTopics: {
		name: "client_folded_topics", typ: TypeGauge, group: groupClient,
		help: "Topics beyond the topic limit, which share the label topic=\"_other\"; counted up to 65536.",
	},

	writerMessages: {
		name: "writer_messages_total", typ: TypeCounter, group: groupWriter, unit: unitMessages,
		labels: writerTopicResult, values: sendResults,
		help: "Messages offered to the writer, by what became of each: delivered (acknowledged), unacked (sent with acks=none), failed (given up after all attempts), rejected (never accepted).",
	},
	writerMessageBytes: {
		name: "writer_message_bytes_total", typ: TypeCounter, group: groupWriter, unit: unitBytes,
		labels: writerTopicResult, values: sendResults,
		help: "Bytes of keys, values and headers of the messages offered to the writer, before compression, by what became of each.",
	},
	writerErrors: {
		name: "writer_errors_total", typ: TypeCounter, group: groupWriter, unit: unitMessages,
		labels: []string{labelWriter, labelTopic, labelReason},
		help:   "Messages failed or rejected, by reason.",
	},
	writerInFlightMessages: {
		name: "writer_in_flight_messages", typ: TypeGauge, group: groupWriter, unit: unitMessages,
		labels: writerLabels,
		help:   "Messages offered to the writer whose outcome is still open.",
	},
	writerInFlightBytes: {
		name: "writer_in_flight_bytes", typ: TypeGauge, group: groupWriter, unit: unitBytes,
		labels: writerLabels,
		help:   "Bytes of the messages offered to the writer whose outcome is still open.",
	},
	writerDeliveryDuration: {
		name: "writer_delivery_duration_seconds", typ: TypeHistogram, group: groupWriter, unit: unitSeconds,
		labels: writerTopic,
		help:   "Time from offering a message to its acknowledgement, one observation a message.",
	},
	writerMessageSize: {
		name: "writer_message_size_bytes", typ: TypeHistogram, group: groupWriter, unit: unitBytes,
		labels: writerTopic,
		help:   "Size of a message offered to the writer: key, value and headers, before compression.",
	},
	writerBatchMessages: {
		name: "writer_batch_messages", typ: TypeHistogram, group: groupWriter, unit: unitMessages,
		labels: writerTopic,
		help:   "Messages in a batch, one observation a batch, however often it was sent.",
	},
	writerBatchSize: {
		name: "writer_batch_size_bytes", typ: TypeHistogram, group: groupWriter, unit: unitBytes,
		labels: writerTopic,
		help:   "Size of a batch: keys, values and headers, before compression, one observation a batch, however often it was sent.",
	},
	writerProduceRequests: {
		name: "writer_produce_requests_total", typ: TypeCounter, group: groupWriter,
		labels: []string{labelWriter, labelTopic, labelCode},
		help:   "Produce requests answered or failed, by partition and attempt, by the Kafka code or the reason.",
	},
	writerProduceDuration: {
		name: "writer_produce_duration_seconds", typ: TypeHistogram, group: groupWriter, unit: unitSeconds,
		labels: writerTopic,
		help:   "Round trip of a produce request, one observation an attempt.",
	},
	writerConnections: {
		name: "writer_connections_total", typ: TypeCounter, group: groupWriter,
		labels: []string{labelWriter, labelResult}, values: okOrFailed,
		help: "Connections opened, by result.",
	},
	writerTransmitBytes: {
		name: "writer_transmit_bytes_total", typ: TypeCounter, group: groupWriter, unit: unitBytes,
		labels: writerLabels,
		help:   "Bytes sent on the wire, after compression, all requests.",
	},
	writerReceiveBytes: {
		name: "writer_receive_bytes_total", typ: TypeCounter, group: groupWriter, unit: unitBytes,
		labels: writerLabels,
		help:   "Bytes received on the wire.",
	},
	writerLastSuccess: {
		name: "writer_last_success_timestamp_seconds", typ: TypeGauge, group: groupWriter, unit: unitSeconds, merge: mergeMax,
		labels: writerTopic,
		help:   "Unix time of the last acknowledgement.",
	},

	writerInfo: {
		name: "writer_info", typ: TypeGauge, group: groupWriterStats, merge: mergeMax,
		labels: []string{labelWriter, labelTopic, labelAcks, labelCompression, labelAsync},
		help:   "How the writer is set up; always 1.",
	},
	writerAttempts: {
		name: "writer_attempts_total", typ: TypeCounter, group: groupWriterStats,
		labels: writerTopic,
		help:   "Produce attempts, the first and those after a failure.",
	},
	writerAttemptMessages: {
		name: "writer_attempt_messages_total", typ: TypeCounter, group: groupWriterStats, unit: unitMessages,
		labels: writerTopic,
		help:   "Messages in produce attempts: a message counts again with each retry.",
	},
	writerAttemptBytes: {
		name: "writer_attempt_bytes_total", typ: TypeCounter, group: groupWriterStats, unit: unitBytes,
		labels: writerTopic,
		help:   "Bytes in produce attempts, before compression, with framing: a message counts again with each retry.",
	},
	writerAttemptErrors: {
		name: "writer_attempt_errors_total", typ: TypeCounter, group: groupWriterStats,
		labels: writerTopic,
		help:   "Produce attempts that failed, whether a later one succeeded or not.",
	},
	writerRetries: {
		name: "writer_retries_total", typ: TypeCounter, group: groupWriterStats,
		labels: writerTopic,
		help:   "Produce attempts after the first of a batch.",
	},
	writerThrottle: {
		name: "writer_throttle_seconds_total", typ: TypeCounter, group: groupWriterStats, unit: unitSeconds,
		labels: writerTopic,
		help:   "Time for which brokers throttled the writer.",
	},
	writerBatchAge: {
		name: "writer_batch_age_seconds", typ: TypeSummary, group: groupWriterStats, unit: unitSeconds,
		labels: writerTopic,
		help:   "Age of a batch when the first attempt to send it begins, one observation a batch.",
	},
	writerBatchQueueAge: {
		name: "writer_batch_queue_age_seconds", typ: TypeSummary, group: groupWriterStats, unit: unitSeconds,
		labels: writerTopic,
		help:   "Age of a batch when it is full or its time is up.",
	},
	writerAttemptDuration: {
		name: "writer_attempt_duration_seconds", typ: TypeSummary, group: groupWriterStats, unit: unitSeconds,
		labels: writerTopic,
		help:   "Duration of a produce attempt, whatever its outcome.",
	},

	readerMessages: {
		name: "reader_messages_total", typ: TypeCounter, group: groupReader, unit: unitMessages, partition: true,
		labels: readerTopic,
		help:   "Messages delivered to the program.",
	},
	readerMessageBytes: {
		name: "reader_message_bytes_total", typ: TypeCounter, group: groupReader, unit: unitBytes, partition: true,
		labels: readerTopic,
		help:   "Bytes of keys, values and headers delivered to the program.",
	},
	readerMessageSize: {
		name: "reader_message_size_bytes", typ: TypeHistogram, group: groupReader, unit: unitBytes,
		labels: readerTopic,
		help:   "Size of a message delivered to the program: key, value and headers.",
	},
	readerDeliveryLatency: {
		name: "reader_delivery_latency_seconds", typ: TypeHistogram, group: groupReader, unit: unitSeconds,
		labels: readerTopic,
		help:   "Time from the timestamp of a message to its delivery to the program.",
	},
	readerEndToEndLatency: {
		name: "reader_end_to_end_latency_seconds", typ: TypeHistogram, group: groupReader, unit: unitSeconds,
		labels: readerTopic,
		help:   "Time from the timestamp of a message to the end of its successful processing.",
	},
	readerWait: {
		name: "reader_wait_seconds_total", typ: TypeCounter, group: groupReader, unit: unitSeconds,
		labels: readerGroup,
		help:   "Time that the program was blocked waiting for a message.",
	},
	readerProcessed: {
		name: "reader_processed_messages_total", typ: TypeCounter, group: groupReader, unit: unitMessages,
		labels: readerTopicResult, values: okOrFailed,
		help: "Messages processed, by result.",
	},
	readerProcessingDuration: {
		name: "reader_processing_duration_seconds", typ: TypeHistogram, group: groupReader, unit: unitSeconds,
		labels: readerTopicResult, values: okOrFailed,
		help: "Time to process a message, by result.",
	},
	readerCommits: {
		name: "reader_commits_total", typ: TypeCounter, group: groupReader,
		labels: readerGroupResult, values: okOrFailed,
		help: "Calls that commit offsets, by result. With a commit interval the result is unknown and counts as ok: see reader_errors_total.",
	},
	readerCommitDuration: {
		name: "reader_commit_duration_seconds", typ: TypeHistogram, group: groupReader, unit: unitSeconds,
		labels: readerGroupResult, values: okOrFailed,
		help: "Duration of a call that commits offsets, by result.",
	},
	readerPosition: {
		name: "reader_position_offset", typ: TypeGauge, group: groupReader, unit: unitOffset, merge: mergeMax,
		labels: readerPartition,
		help:   "Offset of the next message that the program gets.",
	},
	readerCommitted: {
		name: "reader_committed_offset", typ: TypeGauge, group: groupReader, unit: unitOffset, merge: mergeMax,
		labels: readerPartition,
		help:   "Offset that the program committed last: the next message after a restart.",
	},
	readerHighWatermark: {
		name: "reader_high_watermark_offset", typ: TypeGauge, group: groupReader, unit: unitOffset, merge: mergeMax,
		labels: readerPartition,
		help:   "End of the partition as of the last fetch.",
	},
	readerLag: {
		name: "reader_lag_messages", typ: TypeGauge, group: groupReader, unit: unitMessages, merge: mergeMax,
		labels: readerPartition,
		help:   "Messages of the partition after the last one delivered, as of its fetch.",
	},
	readerUncommitted: {
		name: "reader_uncommitted_messages", typ: TypeGauge, group: groupReader, unit: unitMessages,
		labels: readerPartition,
		help:   "Offsets delivered to the program and not committed.",
	},
	readerSkipped: {
		name: "reader_skipped_offsets_total", typ: TypeCounter, group: groupReader,
		labels: readerPartition,
		help:   "Offsets that the reader jumped over: deleted before they were read, or removed by compaction.",
	},
	readerRedelivered: {
		name: "reader_redelivered_messages_total", typ: TypeCounter, group: groupReader, unit: unitMessages,
		labels: readerPartition,
		help:   "Messages delivered to the program whose offset is below one that was delivered before: they come again, or had been jumped over.",
	},
	readerClockSkew: {
		name: "reader_clock_skew_messages_total", typ: TypeCounter, group: groupReader, unit: unitMessages,
		labels: readerPartition,
		help:   "Messages with a timestamp in the future, observed with a latency of zero.",
	},
	readerErrors: {
		name: "reader_errors_total", typ: TypeCounter, group: groupReader,
		labels: []string{labelReader, labelGroup, labelSource, labelReason},
		help:   "Errors, by where they came from: fetch, commit, group, or log (errors that the reader only logs).",
	},
	readerLastMessage: {
		name: "reader_last_message_timestamp_seconds", typ: TypeGauge, group: groupReader, unit: unitSeconds, merge: mergeMax,
		labels: readerTopic,
		help:   "Unix time when the program got its last message.",
	},

	readerFetches: {
		name: "reader_fetches_total", typ: TypeCounter, group: groupReaderStats,
		labels: readerGroup,
		help:   "Fetches, also those that ended without a message.",
	},
	readerFetchedMessages: {
		name: "reader_fetched_messages_total", typ: TypeCounter, group: groupReaderStats, unit: unitMessages,
		labels: readerGroup,
		help:   "Messages put into the queue of the reader; fetched again after a rebalance, they count again.",
	},
	readerFetchedBytes: {
		name: "reader_fetched_bytes_total", typ: TypeCounter, group: groupReaderStats, unit: unitBytes,
		labels: readerGroup,
		help:   "Bytes of keys and values put into the queue of the reader.",
	},
	readerRetriedErrors: {
		name: "reader_retried_errors_total", typ: TypeCounter, group: groupReaderStats,
		labels: readerGroup,
		help:   "Errors after which the reader tried again by itself; those that the program got are not among them.",
	},
	readerTimeouts: {
		name: "reader_timeouts_total", typ: TypeCounter, group: groupReaderStats,
		labels: readerGroup,
		help:   "Fetches that ended without a message; an idle reader has them all the time.",
	},
	readerRebalances: {
		name: "reader_rebalances_total", typ: TypeCounter, group: groupReaderStats,
		labels: readerGroup,
		help:   "Generations of the group, and reconnects because a leader moved.",
	},
	readerDials: {
		name: "reader_dials_total", typ: TypeCounter, group: groupReaderStats,
		labels: readerGroup,
		help:   "Connections dialled to fetch from partitions.",
	},
	readerQueueMessages: {
		name: "reader_queue_messages", typ: TypeGauge, group: groupReaderStats, unit: unitMessages,
		labels: readerGroup,
		help:   "Messages in the queue of the reader.",
	},
	readerQueueCapacity: {
		name: "reader_queue_capacity_messages", typ: TypeGauge, group: groupReaderStats, unit: unitMessages,
		labels: readerGroup,
		help:   "Messages that the queue of the reader can hold.",
	},

	groupLagMessages: {
		name: "group_lag_messages", typ: TypeGauge, group: groupLag, unit: unitMessages, merge: mergeMax,
		labels: groupPartition,
		help:   "Messages that the group has not committed.",
	},
	groupLagSeconds: {
		name: "group_lag_seconds", typ: TypeGauge, group: groupLag, unit: unitSeconds, merge: mergeMax,
		labels: groupPartition,
		help:   "Age of the oldest message that the group has not committed.",
	},
	groupCommitted: {
		name: "group_committed_offset", typ: TypeGauge, group: groupLag, unit: unitOffset, merge: mergeMax,
		labels: groupPartition,
		help:   "Offset that the group committed.",
	},
	groupStatus: {
		name: "group_status", typ: TypeGauge, group: groupLag, merge: mergeMax,
		labels: []string{labelGroup, labelTopic, labelPartition, labelStatus}, values: statusValues,
		help: "State set: 1 for the status of the group on the partition, 0 for the others.",
	},
	groupDrain: {
		name: "group_drain_seconds", typ: TypeGauge, group: groupLag, unit: unitSeconds, merge: mergeMax,
		labels: groupPartition,
		help:   "Estimate of the time until the lag is gone, at the pace of the last polls; absent where it does not shrink.",
	},
	groupTruncated: {
		name: "group_truncated_messages_total", typ: TypeCounter, group: groupLag, unit: unitMessages,
		labels: groupPartition,
		help:   "Messages deleted from the log before the group had committed them.",
	},
	groupRewinds: {
		name: "group_rewinds_total", typ: TypeCounter, group: groupLag,
		labels: groupPartition,
		help:   "Times that the position of the group went back: its committed offset, or the start of the log where that is higher.",
	},
	groupMembers: {
		name: "group_members", typ: TypeGauge, group: groupLag, merge: mergeMax,
		labels: []string{labelGroup},
		help:   "Members of the group.",
	},
	groupState: {
		name: "group_state", typ: TypeGauge, group: groupLag, merge: mergeMax,
		labels: []string{labelGroup, labelState}, values: groupStates,
		help: "State set: 1 for the state of the group, 0 for the others.",
	},
	topicLogStart: {
		name: "topic_log_start_offset", typ: TypeGauge, group: groupLag, unit: unitOffset, merge: mergeMax,
		labels: []string{labelTopic, labelPartition},
		help:   "Start of the partition.",
	},
	topicLogEnd: {
		name: "topic_log_end_offset", typ: TypeGauge, group: groupLag, unit: unitOffset, merge: mergeMax,
		labels: []string{labelTopic, labelPartition},
		help:   "End of the partition: the offset of the next message.",
	},
	groupPollDuration: {
		name: "group_poll_duration_seconds", typ: TypeHistogram, group: groupLag, unit: unitSeconds,
		help: "Duration of a poll of all groups.",
	},
	groupPolls: {
		name: "group_polls_total", typ: TypeCounter, group: groupLag,
		labels: []string{labelResult}, values: okOrFailed,
		help: "Polls, by result.",
	},
	groupLastPollSuccess: {
		name: "group_last_poll_success_timestamp_seconds", typ: TypeGauge, group: groupLag, unit: unitSeconds, merge: mergeMax,
		help: "Unix time of the last poll that succeeded.",
	},
	groupFoldedTopics: {
		name: "group_folded_topics", typ: TypeGauge, group: groupLag,
		help: "Topics beyond the topic limit, which share the label topic=\"_other\"; counted up to 65536.",
	},
}
