package prometheus_test

import "slices"

var (
	sizes     = []float64{65536, 262144, 1048576, 4194304}
	latencies = []float64{.1, .5, 1, 2.5, 5, 10, 30, 60}
)

// sent are the messages of a writer by result, a thousand delivered each minute.
func sent(failed, rejected shape) []series {
	return []series{
		{"writer_messages_total", []string{"result=delivered"}, counter(1000, 1000)},
		{"writer_messages_total", []string{"result=unacked"}, always(0)},
		{"writer_messages_total", []string{"result=failed"}, failed},
		{"writer_messages_total", []string{"result=rejected"}, rejected},
	}
}

// status is a state set of which one is true, in the trouble.
func status(of string) []series {
	var all []series
	for _, s := range []string{"ok", "warning", "stalled", "stopped", "rewound", "truncated", "unknown"} {
		v := always(0)
		switch s {
		case "ok":
			v = gauge(1, 0)
		case of:
			v = gauge(0, 1)
		}
		all = append(all, series{"group_status", []string{"status=" + s}, v})
	}
	return all
}

// Every alert has a case that keeps just below its threshold, is above it for half
// an hour, and comes back. Cases beside those show what else fires it, and what
// doesn't.
func ruleCases() []ruleCase { return slices.Concat(writerCases(), readerCases(), groupCases()) }

func writerCases() []ruleCase {
	return []ruleCase{
		{
			name: "KafkaWriterFailureRatioHigh",
			series: append(sent(counter(8, 8), counter(1, 4)),
				series{"writer_last_success_timestamp_seconds", nil, steadyClock}),
			fires: whileTroubled("KafkaWriterFailureRatioHigh", "KafkaWriterFailures"),
		},
		{
			name: "KafkaWriterFailures", series: sent(once(30, 1), always(0)),
			fires: []firing{{29, nil}, {30, []string{"KafkaWriterFailures"}}, {34, []string{"KafkaWriterFailures"}}, {36, nil}},
		},
		{
			name: "KafkaWriterFailures/the first of a topic nobody wrote to before",
			series: []series{
				{"writer_messages_total", []string{"result=delivered"}, from(30, always(0))},
				{"writer_messages_total", []string{"result=failed"}, from(30, always(3))},
			},
			fires: []firing{{29, nil}, {30, []string{"KafkaWriterFailures"}}, {36, nil}},
		},
		{
			name: "KafkaWriterFailures/an old failure of a process that was restarted",
			series: []series{
				{"writer_messages_total", []string{"result=failed"}, func(m int) (float64, bool) { return once(0, 7)(m * (1 - m/40)) }},
			},
			fires: []firing{{39, nil}, {41, nil}, {60, nil}},
		},
		{
			name: "KafkaWriterFailures/old ones after scrapes that failed",
			series: []series{
				{"writer_messages_total", []string{"result=failed"}, func(m int) (float64, bool) { return 7, m < 30 || m >= 45 }},
			},
			fires: []firing{{29, nil}, {45, nil}, {49, nil}, {60, nil}},
		},
		{
			name: "KafkaWriterAttemptErrorRatioHigh",
			series: []series{
				{"writer_attempts_total", nil, counter(100, 100)},
				{"writer_attempt_errors_total", nil, counter(9, 11)},
			},
			fires: whileTroubled("KafkaWriterAttemptErrorRatioHigh"),
		},
		{
			name:   "KafkaWriterMessageSizeHigh",
			series: histogram("writer_message_size_bytes", sizes, 1000, 500_000, .005, .02),
			fires:  whileTroubled("KafkaWriterMessageSizeHigh"),
		},
		{
			name:   "KafkaWriterDeliverySlow",
			series: histogram("writer_delivery_duration_seconds", latencies, .02, 4, .005, .02),
			fires:  whileTroubled("KafkaWriterDeliverySlow"),
		},
		{
			name: "KafkaWriterBacklogGrowing",
			series: []series{
				{"writer_in_flight_messages", nil, func(m int) (float64, bool) {
					grown, _ := counter(0, 100)(m)
					return 15_000 + grown, true // large, but that alone is no trouble
				}},
				{"writer_last_success_timestamp_seconds", nil, steadyClock},
			},
			fires: whileTroubled("KafkaWriterBacklogGrowing"),
		},
		{
			name: "KafkaWriterBacklogGrowing/growing, but small",
			series: []series{
				{"writer_in_flight_messages", nil, counter(100, 100)},
				{"writer_last_success_timestamp_seconds", nil, steadyClock},
			},
			fires: []firing{{50, nil}, {99, nil}},
		},
		{
			name: "KafkaWriterNoSuccess",
			series: []series{
				{"writer_in_flight_messages", nil, always(5)},
				{"writer_last_success_timestamp_seconds", nil, clock},
			},
			fires: whileTroubled("KafkaWriterNoSuccess"),
		},
		{
			name:   "KafkaWriterNoSuccess/never any",
			series: []series{{"writer_in_flight_messages", nil, gauge(0, 5)}},
			fires:  whileTroubled("KafkaWriterNoSuccess"),
		},
		{
			name: "KafkaWriterNoSuccess/nothing to send",
			series: append(sent(always(0), always(0))[1:],
				series{"writer_in_flight_messages", nil, always(0)},
				series{"writer_last_success_timestamp_seconds", nil, always(60)}),
			fires: []firing{{50, nil}, {99, nil}},
		},
		{
			name: "KafkaWriterNoSuccess/no acknowledgement asked for",
			series: []series{
				{"writer_messages_total", []string{"result=unacked"}, counter(100, 100)},
				{"writer_in_flight_messages", nil, always(5)},
				{"writer_last_success_timestamp_seconds", nil, always(0)},
			},
			fires: []firing{{50, nil}, {99, nil}},
		},
		{
			name: "KafkaWriterNoSuccess/one topic of two",
			series: []series{
				{"writer_in_flight_messages", nil, always(5)},
				{"writer_last_success_timestamp_seconds", []string{"topic=a"}, steadyClock},
				{"writer_last_success_timestamp_seconds", []string{"topic=b"}, always(60)},
			},
			fires: []firing{{50, nil}, {99, nil}},
		},
	}
}

func readerCases() []ruleCase {
	return []ruleCase{
		{
			name: "KafkaReaderProcessingFailureRatioHigh",
			series: []series{
				{"reader_processed_messages_total", []string{"result=ok"}, counter(991, 980)},
				{"reader_processed_messages_total", []string{"result=failed"}, counter(9, 20)},
			},
			fires: whileTroubled("KafkaReaderProcessingFailureRatioHigh"),
		},
		{
			name:   "KafkaReaderEndToEndSlow",
			series: histogram("reader_end_to_end_latency_seconds", latencies, .02, 45, .005, .02),
			fires:  whileTroubled("KafkaReaderEndToEndSlow"),
		},
		{
			name: "KafkaReaderCommitFailing",
			series: []series{
				{"reader_commits_total", []string{"result=ok"}, counter(60, 60)},
				{"reader_commits_total", []string{"result=failed"}, once(30, 1)},
			},
			fires: []firing{{29, nil}, {30, []string{"KafkaReaderCommitFailing"}}, {36, nil}},
		},
		{
			name: "KafkaReaderCommitFailing/where a commit interval hides it",
			series: []series{
				{"reader_commits_total", []string{"result=failed"}, always(0)},
				{"reader_errors_total", []string{"source=commit", "reason=timeout"}, from(30, always(1))},
			},
			fires: []firing{{29, nil}, {30, []string{"KafkaReaderCommitFailing"}}, {36, nil}},
		},
		{
			name:   "KafkaReaderCommitFailing/other errors",
			series: []series{{"reader_errors_total", []string{"source=fetch", "reason=timeout"}, counter(5, 5)}},
			fires:  []firing{{50, nil}},
		},
		{
			name: "KafkaReaderStuck",
			series: []series{
				{"reader_uncommitted_messages", nil, always(10)},
				{"reader_committed_offset", nil, counter(50, 0)},
			},
			fires: whileTroubled("KafkaReaderStuck"),
		},
		{
			name:   "KafkaReaderStuck/never any commit",
			series: []series{{"reader_uncommitted_messages", nil, gauge(0, 10)}},
			fires:  whileTroubled("KafkaReaderStuck"),
		},
		{
			name: "KafkaReaderStuck/nothing to commit",
			series: []series{
				{"reader_uncommitted_messages", nil, always(0)},
				{"reader_committed_offset", nil, always(700)},
			},
			fires: []firing{{50, nil}, {99, nil}},
		},
	}
}

func groupCases() []ruleCase {
	truncated := []string{"KafkaGroupTruncated"}
	return []ruleCase{
		{
			name: "KafkaGroupLagSecondsHigh",
			series: []series{
				{"group_lag_seconds", []string{"partition=0"}, always(1)},
				{"group_lag_seconds", []string{"partition=1"}, gauge(300, 301)},
			},
			fires: whileTroubled("KafkaGroupLagSecondsHigh"),
		},
		{
			name: "KafkaGroupLagMessagesHigh", // two processes watch the group: that is not twice the lag
			series: []series{
				{"group_lag_messages", []string{"partition=0", "instance=a:1"}, always(60_000)},
				{"group_lag_messages", []string{"partition=0", "instance=b:1"}, always(60_000)},
				{"group_lag_messages", []string{"partition=1", "instance=a:1"}, gauge(40_000, 40_001)},
				{"group_lag_messages", []string{"partition=1", "instance=b:1"}, always(39_000)},
			},
			fires: whileTroubled("KafkaGroupLagMessagesHigh"),
		},
		{name: "KafkaGroupStalled", series: status("stalled"), fires: whileTroubled("KafkaGroupStalled")},
		{name: "KafkaGroupStopped", series: status("stopped"), fires: whileTroubled("KafkaGroupStopped")},
		{name: "KafkaGroupStalled/other statuses", series: status("rewound"), fires: []firing{{45, nil}}},
		{
			name:   "KafkaGroupTruncated",
			series: append(status("warning"), series{"group_truncated_messages_total", nil, once(30, 50)}),
			fires:  []firing{{29, nil}, {30, truncated}, {34, truncated}, {36, nil}},
		},
		{
			name:   "KafkaGroupTruncated/before the first poll",
			series: append(status("truncated"), series{"group_truncated_messages_total", nil, always(50)}),
			fires:  []firing{{19, nil}, {20, truncated}, {49, truncated}, {50, nil}},
		},
		{
			name: "KafkaGroupLagPollFailing", alone: true,
			series: []series{{"group_last_poll_success_timestamp_seconds", nil, clock}},
			fires:  whileTroubled("KafkaGroupLagPollFailing"),
		},
		{
			name: "KafkaGroupLagPollFailing/one of two processes still polls", alone: true,
			series: []series{
				{"group_last_poll_success_timestamp_seconds", []string{"instance=a:1"}, clock},
				{"group_last_poll_success_timestamp_seconds", []string{"instance=b:1"}, steadyClock},
			},
			fires: []firing{{45, nil}},
		},
		{
			name: "KafkaGroupLagPollFailing/a process that was restarted polls again in time", alone: true,
			series: []series{{"group_last_poll_success_timestamp_seconds", nil, func(m int) (float64, bool) {
				if m >= begin && m < begin+7 {
					return 0, true
				}
				return steadyClock(m)
			}}},
			fires: []firing{{begin + 6, nil}, {begin + 7, nil}},
		},
		{
			name: "KafkaGroupLagPollFailing/the process is gone", alone: true,
			series: []series{
				{"group_last_poll_success_timestamp_seconds", nil, until(begin, steadyClock)},
				{"group_last_poll_success_timestamp_seconds", []string{"job=other"}, steadyClock},
			},
			fires: []firing{{begin - 1, nil}, {begin + 15, []string{"KafkaGroupLagPollFailing"}}},
		},
		{
			name: "KafkaGroupLagPollFailing/there was never one", alone: true,
			fires: []firing{{4, nil}, {6, []string{"KafkaGroupLagPollFailing"}}, {99, []string{"KafkaGroupLagPollFailing"}}},
		},
	}
}
