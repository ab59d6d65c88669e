package kafkax

// writerAlerts warn of writers: all but one of instrumented ones; see
// [Metrics.Writer].
func writerAlerts(q query, t Thresholds) []alert {
	var l alertList
	lost := isOneOf(labelResult, resultFailed, resultRejected)
	l.add(t.FailureRatio != 0, alert{
		name: "KafkaWriterFailureRatioHigh", severity: critical, hold: t.For,
		expr: q.sumRate(writerTopic, writerMessages, lost) + "\n/\n" +
			q.sumRate(writerTopic, writerMessages) + "\n> " + formatFloat(t.FailureRatio),
		summary:     "{{ $labels.writer }} loses <ratio> of its messages to {{ $labels.topic }}",
		description: "More than " + formatFloat(t.FailureRatio) + " of the messages failed or were rejected. writer_errors_total has the reasons.",
	})
	l.add(t.Failures != 0, alert{
		name: "KafkaWriterFailures", severity: warning,
		expr:        q.count(writerTopic, t.Failures, writerMessages, lost),
		summary:     "{{ $labels.writer }} lost about <count> messages to {{ $labels.topic }}",
		description: "Messages failed or were rejected in the last " + q.window + ". They are gone unless the program keeps them.",
	})
	l.add(t.AttemptErrorRatio != 0, alert{
		name: "KafkaWriterAttemptErrorRatioHigh", severity: warning, hold: t.For,
		expr: q.sumRate(writerTopic, writerAttemptErrors) + "\n/\n" +
			q.sumRate(writerTopic, writerAttempts) + "\n> " + formatFloat(t.AttemptErrorRatio),
		summary:     "{{ $labels.writer }} fails in <ratio> of its attempts to send",
		description: "Batches are sent again until MaxAttempts is reached. Then their messages are lost.",
	})
	l.add(t.MessageBytes != 0, alert{
		name: "KafkaWriterMessageSizeHigh", severity: warning, hold: t.For,
		expr:        q.above(float64(t.MessageBytes), .99, writerTopic, writerMessageSize),
		summary:     "{{ $labels.writer }} sends messages of <bytes> to {{ $labels.topic }}",
		description: "One message in a hundred is larger than that. What exceeds the broker's max.message.bytes is rejected.",
	})
	l.add(t.DeliveryP99 != 0, alert{
		name: "KafkaWriterDeliverySlow", severity: warning, hold: t.For,
		expr:        q.above(t.DeliveryP99.Seconds(), .99, writerTopic, writerDeliveryDuration),
		summary:     "{{ $labels.writer }} waits <seconds> for {{ $labels.topic }}",
		description: "One message in a hundred takes longer from WriteMessages to the broker's answer. Part of it may be the writer's own BatchTimeout.",
	})
	l = append(l, writerStuckAlerts(q, t)...)
	return l
}

// writerStuckAlerts warn of messages that neither arrive nor fail.
func writerStuckAlerts(q query, t Thresholds) []alert {
	var l alertList
	inFlight := q.sum(writerLabels, q.series(writerInFlightMessages))
	l.add(t.InFlight != 0, alert{
		name: "KafkaWriterBacklogGrowing", severity: warning, hold: t.For,
		expr: inFlight + " > " + formatFloat(float64(t.InFlight)) + "\nand\n" +
			q.sum(writerLabels, q.over("delta", q.series(writerInFlightMessages))) + " > 0",
		summary:     "{{ $labels.writer }} has <count> messages waiting, and more come",
		description: "The program writes faster than the broker takes. The queue of an asynchronous writer has no limit but memory.",
	})
	last := q.max(writerLabels, q.series(writerLastSuccess))
	lost := isOneOf(labelResult, resultFailed, resultRejected)
	tries := "(\n" + inFlight + " > 0\nor\n" + q.sumRate(writerLabels, writerMessages, lost) + " > 0\n)"
	l.add(t.NoSuccess != 0, alert{
		name: "KafkaWriterNoSuccess", severity: critical, hold: t.For,
		// A writer that never had a success has no time of the last one, and neither
		// has one that asks for no acknowledgement.
		expr: tries + "\nunless\n" + last + " >= time() - " + formatFloat(t.NoSuccess.Seconds()) +
			"\nunless\n" + q.sumRate(writerLabels, writerMessages, is(labelResult, resultUnacked)) + " > 0",

		summary:     "{{ $labels.writer }} gets nothing through",
		description: "It has messages to send, and none was acknowledged in the last " + promDuration(t.NoSuccess) + ".",
	})
	return l
}

// An alertList collects the alerts that are turned on.
type alertList []alert

func (l *alertList) add(on bool, a alert) {
	if on {
		*l = append(*l, a)
	}
}
