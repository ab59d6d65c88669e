package kafkax

import (
	"fmt"
	"time"
)

// lagAlerts warn of what a [LagCollector] sees. Several processes may watch one
// group: the largest value of a partition counts, once.
func lagAlerts(q query, t Thresholds) []alert {
	var l alertList
	perTopic := []string{labelGroup, labelTopic}
	l.add(t.LagAge != 0, alert{
		name: "KafkaGroupLagSecondsHigh", severity: critical, hold: t.For,
		expr:        q.max(perTopic, q.series(groupLagSeconds)) + " > " + formatFloat(t.LagAge.Seconds()),
		summary:     "{{ $labels.group }} is <seconds> behind on {{ $labels.topic }}",
		description: "That is the age of the oldest message that the group has not committed.",
	})
	l.add(t.LagMessages != 0, alert{
		name: "KafkaGroupLagMessagesHigh", severity: warning, hold: t.For,
		expr: q.sum(perTopic, q.max(groupPartition, q.series(groupLagMessages))) +
			" > " + formatFloat(float64(t.LagMessages)),
		summary:     "{{ $labels.group }} has <count> messages of {{ $labels.topic }} unread",
		description: "All partitions together. group_drain_seconds estimates when they will be read.",
	})
	l = append(l,
		q.statusAlert("KafkaGroupStalled", StatusStalled, t.For,
			"It has members, and its commit does not move: a handler hangs, or commits fail."),
		q.statusAlert("KafkaGroupStopped", StatusStopped, t.For,
			"Messages wait, and the group has no member to read them."),
		q.truncatedAlert(),
	)
	l.add(t.PollAge != 0, q.pollAlert(t))
	return l
}

// statusAlert warns of partitions in a status.
func (q query) statusAlert(name string, s Status, hold time.Duration, why string) alert {
	return alert{
		name: name, severity: critical, hold: hold,
		expr:        q.statusCount(s) + " > 0",
		summary:     fmt.Sprintf("{{ $labels.group }} is %v on <count> partitions of {{ $labels.topic }}", s),
		description: why,
	}
}

func (q query) statusCount(s Status) string {
	return q.sum([]string{labelGroup, labelTopic},
		q.max(groupPartition, q.series(groupStatus, is(labelStatus, s.String()))))
}

// truncatedAlert never waits: the messages are gone. The counter tells of a cut
// that is over by the next scrape, the status of one that the first poll saw.
func (q query) truncatedAlert() alert {
	lost := q.max(groupPartition, q.increase(groupTruncated))
	return alert{
		name: "KafkaGroupTruncated", severity: critical,
		expr: q.sum([]string{labelGroup, labelTopic}, lost+" > bool 0") + " > 0\nor\n" +
			q.statusCount(StatusTruncated) + " > 0",
		summary:     "{{ $labels.group }} lost unread messages on <count> partitions of {{ $labels.topic }}",
		description: "The log was cut past the group's commit: retention is shorter than the group is slow. group_truncated_messages_total has how many.",
	}
}

// pollAlert warns when nobody looks. A process that is gone takes its series
// along, so the past hour is searched; where nothing was ever there, absent says
// so.
func (q query) pollAlert(t Thresholds) alert {
	last := q.series(groupLastPollSuccess)
	past := promDuration(t.PollAge + time.Hour)
	return alert{
		name: "KafkaGroupLagPollFailing", severity: critical, hold: t.For,
		expr: "time() - " + q.max(nil, "max_over_time("+last+"["+past+"])") +
			" > " + formatFloat(t.PollAge.Seconds()) + "\nor\nabsent(" + last + ")",
		summary:     "Nobody knows the lag of Kafka's groups{{ if $labels.job }} in {{ $labels.job }}{{ end }}",
		description: "No poll has succeeded for " + promDuration(t.PollAge) + ", or there was none: until then no other alert about a group can fire.",
	}
}
