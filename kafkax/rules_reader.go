package kafkax

// readerAlerts warn of instrumented readers; see [Metrics.Reader].
func readerAlerts(q query, t Thresholds) []alert {
	var l alertList
	failed := is(labelResult, resultFailed)
	l.add(t.ProcessingFailureRatio != 0, alert{
		name: "KafkaReaderProcessingFailureRatioHigh", severity: critical, hold: t.For,
		expr: q.sumRate(readerTopic, readerProcessed, failed) + "\n/\n" +
			q.sumRate(readerTopic, readerProcessed) + "\n> " + formatFloat(t.ProcessingFailureRatio),
		summary:     "{{ $labels.group }} fails on <ratio> of the messages of {{ $labels.topic }}",
		description: "The handler of reader {{ $labels.reader }} returned an error for more than " + formatFloat(t.ProcessingFailureRatio) + " of them.",
	})
	l.add(t.EndToEndP99 != 0, alert{
		name: "KafkaReaderEndToEndSlow", severity: warning, hold: t.For,
		expr:        q.above(t.EndToEndP99.Seconds(), .99, readerTopic, readerEndToEndLatency),
		summary:     "{{ $labels.group }} handles messages of {{ $labels.topic }} after <seconds>",
		description: "One message in a hundred is older than that once it is handled. reader_delivery_latency_seconds is the part before the handler.",
	})
	l.add(t.CommitFailures != 0, alert{
		name: "KafkaReaderCommitFailing", severity: warning,
		// With a commit interval no call fails: those errors are only logged.
		expr: q.count(readerGroup, t.CommitFailures, readerCommits, failed) + "\nor\n" +
			q.count(readerGroup, t.CommitFailures, readerErrors, is(labelSource, sourceCommit)),
		summary:     "{{ $labels.group }} could not commit about <count> times",
		description: "After a restart or a rebalance, reader {{ $labels.reader }} gets messages again that it has handled.",
	})
	l.add(t.Stuck != 0, alert{
		name: "KafkaReaderStuck", severity: critical, hold: t.For,
		expr: q.sum(readerPartition, q.series(readerUncommitted)) + " > 0\nunless\n" +
			q.sum(readerPartition, "delta("+q.series(readerCommitted)+"["+promDuration(t.Stuck)+"])") + " != 0",
		summary:     "{{ $labels.group }} is stuck on {{ $labels.topic }}/{{ $labels.partition }}",
		description: "Reader {{ $labels.reader }} holds <count> messages, and its commit has not moved in " + promDuration(t.Stuck) + ": a handler hangs, or commits fail.",
	})
	return l
}
