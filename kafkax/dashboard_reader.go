package kafkax

// readerPanels show what programs got and did with it.
func readerPanels(q query) []panel {
	const topic = "{{group}} {{topic}}"
	failed := is(labelResult, resultFailed)
	return []panel{
		graph("Messages", messagesPerSecond, "That programs got.",
			target{q.sumRate(readerTopic, readerMessages), topic}),
		graph("Processed", messagesPerSecond, "By what the handler returned.",
			target{q.sumRate(readerTopicResult, readerProcessed), topic + " {{result}}"}),
		graph("Failed in handlers", inShare, "Of all that were processed.",
			target{q.sumRate(readerTopic, readerProcessed, failed) + "\n/\n" + q.sumRate(readerTopic, readerProcessed), topic}),
		graph("Age when handled", inSeconds, "From the timestamp of a message to the end of its successful processing.",
			q.quantiles(topic, readerTopic, readerEndToEndLatency)...),
		graph("Age when delivered", inSeconds, "From the timestamp of a message to its delivery to the program.",
			q.quantiles(topic, readerTopic, readerDeliveryLatency)...),
		graph("Processing time", inSeconds, "Of a message, by result.",
			q.quantiles(topic+" {{result}}", readerTopicResult, readerProcessingDuration)...),
		graph("Bytes", bytesPerSecond, "Keys, values and headers.",
			target{q.sumRate(readerTopic, readerMessageBytes), topic}),
		graph("Message size", inBytes, "Keys, values and headers.",
			q.quantiles(topic, readerTopic, readerMessageSize)...),
		graph("Waiting for messages", inShare, "Near 1 a reader has time to spare, near 0 it is as fast as its handler; summed over processes.",
			target{q.sumRate(readerGroup, readerWait), "{{reader}} {{group}}"}),
		graph("Commits", perSecond, "By result.",
			target{q.sumRate(readerGroupResult, readerCommits), "{{reader}} {{group}} {{result}}"}),
		graph("Duration of a commit", inSeconds, "By result.",
			q.quantiles("{{reader}} {{group}} {{result}}", readerGroupResult, readerCommitDuration)...),
		graph("Errors", perSecond, "By source and reason.",
			target{q.sumRate(table[readerErrors].labels, readerErrors), "{{reader}} {{group}} {{source}} {{reason}}"}),
		graph("Time since the last message", inSeconds, "",
			target{q.age(readerTopic, readerLastMessage), topic}),
	}
}

// readerPartitionPanels show what readers know of their own partitions.
func readerPartitionPanels(q query) []panel {
	const part = "{{group}} {{topic}}/{{partition}}"
	largest := func(id metricID) string { return q.max(readerPartition, q.series(id)) }
	sum := func(id metricID) string { return q.sumRate(readerPartition, id) }
	return []panel{
		graph("Unread", inNumber, "Messages after the last one delivered, as of its fetch.",
			target{largest(readerLag), part}),
		graph("Not committed", inNumber, "Delivered to the program and not committed.",
			target{q.sum(readerPartition, q.series(readerUncommitted)), part}),
		graph("Offsets", exactly, "Committed, next to be delivered, and the end of the partition.",
			target{largest(readerCommitted), part + " committed"},
			target{largest(readerPosition), part + " position"},
			target{largest(readerHighWatermark), part + " end"}),
		graph("Skipped offsets", perSecond, "Deleted before they were read, or removed by compaction.",
			target{sum(readerSkipped), part}),
		graph("Delivered again", messagesPerSecond, "After a rebalance, a restart or a rewind.",
			target{sum(readerRedelivered), part}),
		graph("From the future", messagesPerSecond, "Messages whose timestamp is ahead of this machine's clock.",
			target{sum(readerClockSkew), part}),
	}
}

// readerStatsPanels show what kafka-go itself counts.
func readerStatsPanels(q query) []panel {
	const reader = "{{reader}} {{group}}"
	sum := func(id metricID) string { return q.sumRate(readerGroup, id) }
	return []panel{
		graph("Fetches", perSecond, "With messages, and those that ended without one.",
			target{sum(readerFetches), reader + " with messages"},
			target{sum(readerTimeouts), reader + " empty"}),
		graph("Messages fetched", messagesPerSecond, "Into the reader's queue; after a rebalance again.",
			target{sum(readerFetchedMessages), reader}),
		graph("Bytes fetched", bytesPerSecond, "Keys and values, into the reader's queue.",
			target{sum(readerFetchedBytes), reader}),
		graph("Queue", inNumber, "A full queue waits for the program.",
			target{q.sum(readerGroup, q.series(readerQueueMessages)), reader + " messages"},
			target{q.sum(readerGroup, q.series(readerQueueCapacity)), reader + " capacity"}),
		graph("Rebalances and connections", perSecond, "Rebalances count reconnects because a leader moved too.",
			target{sum(readerRebalances), reader + " rebalances"},
			target{sum(readerDials), reader + " dials"}),
		graph("Errors retried", perSecond, "Those that the program never saw.",
			target{sum(readerRetriedErrors), reader}),
	}
}
