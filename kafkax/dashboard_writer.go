package kafkax

// writerPanels show what became of messages.
func writerPanels(q query) []panel {
	const topic = "{{writer}} {{topic}}"
	lost := isOneOf(labelResult, resultFailed, resultRejected)
	all := q.sumRate(writerTopic, writerMessages)
	return []panel{
		graph("Messages", messagesPerSecond, "By what became of them.",
			target{q.sumRate(writerTopicResult, writerMessages), topic + " {{result}}"}),
		graph("Messages lost", inShare, "Failed or rejected, of all.",
			target{q.sumRate(writerTopic, writerMessages, lost) + "\n/\n" + all, topic}),
		graph("Errors", messagesPerSecond, "Messages that failed or were rejected, by reason.",
			target{q.sumRate([]string{labelWriter, labelTopic, labelReason}, writerErrors), topic + " {{reason}}"}),
		graph("Delivery time", inSeconds, "From WriteMessages to the broker's answer.",
			q.quantiles(topic, writerTopic, writerDeliveryDuration)...),
		graph("Message size", inBytes, "Keys, values and headers, before compression.",
			q.quantiles(topic, writerTopic, writerMessageSize)...),
		graph("Bytes", bytesPerSecond, "Keys, values and headers, before compression.",
			target{q.sumRate(writerTopicResult, writerMessageBytes), topic + " {{result}}"}),
		graph("Messages in flight", inNumber, "Their outcome is still open.",
			target{q.sum(writerLabels, q.series(writerInFlightMessages)), "{{writer}}"}),
		graph("Bytes in flight", inBytes, "The memory that waiting messages take, at least.",
			target{q.sum(writerLabels, q.series(writerInFlightBytes)), "{{writer}}"}),
		graph("Time since the last success", inSeconds, "A writer with nothing to send has none either.",
			target{q.age(writerTopic, writerLastSuccess), topic}),
	}
}

// writerWirePanels show what went to the brokers.
func writerWirePanels(q query) []panel {
	const topic = "{{writer}} {{topic}}"
	return []panel{
		graph("Produce requests", perSecond, "By Kafka's answer, or why there was none.",
			target{q.sumRate([]string{labelWriter, labelTopic, labelCode}, writerProduceRequests), topic + " {{code}}"}),
		graph("Round trip", inSeconds, "Of a produce request.",
			q.quantiles(topic, writerTopic, writerProduceDuration)...),
		graph("Messages in a batch", inNumber, "Small batches cost requests.",
			q.quantiles(topic, writerTopic, writerBatchMessages)...),
		graph("Size of a batch", inBytes, "Before compression.",
			q.quantiles(topic, writerTopic, writerBatchSize)...),
		graph("On the wire", bytesPerSecond, "After compression, all requests.",
			target{q.sumRate(writerLabels, writerTransmitBytes), "{{writer}} sent"},
			target{q.sumRate(writerLabels, writerReceiveBytes), "{{writer}} received"}),
		graph("Connections opened", perSecond, "Many mean that brokers close them, or can't be reached.",
			target{q.sumRate([]string{labelWriter, labelResult}, writerConnections), "{{writer}} {{result}}"}),
	}
}

// writerStatsPanels show what kafka-go itself counts, which is attempts.
func writerStatsPanels(q query) []panel {
	const topic = "{{writer}} {{topic}}"
	sum := func(id metricID) string { return q.sumRate(writerTopic, id) }
	return []panel{
		graph("Attempts", perSecond, "To send a batch; retries are those after the first.",
			target{sum(writerAttempts), topic + " attempts"},
			target{sum(writerRetries), topic + " retries"},
			target{sum(writerAttemptErrors), topic + " errors"}),
		graph("Messages in attempts", messagesPerSecond, "A message counts again with each retry.",
			target{sum(writerAttemptMessages), topic}),
		graph("Bytes in attempts", bytesPerSecond, "A message counts again with each retry.",
			target{sum(writerAttemptBytes), topic}),
		graph("Throttled", inShare, "Share of the time for which brokers held the writer back; above 1 with several processes.",
			target{sum(writerThrottle), topic}),
		graph("Age of a batch", inSeconds, "On average: when it is full or its time is up, and when an attempt begins.",
			target{q.mean(writerTopic, writerBatchQueueAge), topic + " closed"},
			target{q.mean(writerTopic, writerBatchAge), topic + " sent"}),
		graph("Duration of an attempt", inSeconds, "On average, whatever its outcome.",
			target{q.mean(writerTopic, writerAttemptDuration), topic}),
		{
			kind: kindTable, title: "Settings", unit: exactly, help: "How the writers are set up, and in how many processes.",
			targets: []target{{q.sum(table[writerInfo].labels, q.series(writerInfo)), ""}},
		},
	}
}
