package kafkax

// overviewPanels answer "is anything wrong" in one line.
func overviewPanels(q query) []panel {
	lost := isOneOf(labelResult, resultFailed, resultRejected)
	stat := func(title, unit, help, expr string) panel {
		return panel{kind: kindStat, title: title, unit: unit, help: help, targets: []target{{expr, title}}}
	}
	return []panel{
		stat("Written", messagesPerSecond, "Messages that brokers acknowledged; where writers are not instrumented, those in attempts.",
			"sum("+q.rate(writerMessages, is(labelResult, resultDelivered))+")\nor\nsum("+q.rate(writerAttemptMessages)+")"),
		stat("Lost by writers", inShare, "Share of the messages that failed or were rejected.",
			"sum("+q.rate(writerMessages, lost)+")\n/\nsum("+q.rate(writerMessages)+")"),
		stat("Read", messagesPerSecond, "Messages that programs got; where readers are not instrumented, those fetched.",
			"sum("+q.rate(readerMessages)+")\nor\nsum("+q.rate(readerFetchedMessages)+")"),
		stat("Failed in handlers", inShare, "Share of the messages whose handler returned an error.",
			"sum("+q.rate(readerProcessed, is(labelResult, resultFailed))+")\n/\nsum("+q.rate(readerProcessed)+")"),
		stat("Oldest unread", inSeconds, "Age of the oldest message that a group has not committed.",
			"max("+q.series(groupLagSeconds)+")"),
		stat("Topics without a label", inNumber, "Topics beyond the limit of WithTopicLimit, which share one label.",
			"max("+q.series(clientFoldedTopics)+" or "+q.series(groupFoldedTopics)+")"),
	}
}
