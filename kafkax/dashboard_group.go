package kafkax

// groupPanels show what a lag collector sees.
func groupPanels(q query) []panel {
	const part = "{{group}} {{topic}}/{{partition}}"
	perTopic := []string{labelGroup, labelTopic}
	topicPartition := table[topicLogEnd].labels
	largest := func(id metricID) string { return q.max(groupPartition, q.series(id)) }
	return []panel{
		graph("Unread messages", inNumber, "All partitions together.",
			target{q.sum(perTopic, largest(groupLagMessages)), "{{group}} {{topic}}"}),
		graph("Age of the oldest unread", inSeconds, "How far behind a group is, in time.",
			target{q.max(perTopic, q.series(groupLagSeconds)), "{{group}} {{topic}}"}),
		graph("Time until all is read", inSeconds, "At the pace of the last polls; nothing where the lag does not shrink.",
			target{largest(groupDrain), part}),
		{
			kind: kindTimeline, title: "Status", unit: exactly, help: "By partition: the status that holds.",
			targets: []target{{q.max(table[groupStatus].labels, q.series(groupStatus)) + " > 0", part + " {{status}}"}},
		},
		graph("Lost unread", messagesPerSecond, "Deleted from the log before the group had committed them.",
			target{q.max(groupPartition, q.rate(groupTruncated)), part}),
		graph("Rewinds", perSecond, "Times that a commit went back.",
			target{q.max(groupPartition, q.rate(groupRewinds)), part}),
		graph("Members", inNumber, "",
			target{q.max([]string{labelGroup}, q.series(groupMembers)), "{{group}}"}),
		{
			kind: kindTimeline, title: "State", unit: exactly, help: "As the broker says.",
			targets: []target{{q.max(table[groupState].labels, q.series(groupState)) + " > 0", "{{group}} {{state}}"}},
		},
		graph("Offsets", exactly, "What groups committed, and where the log begins and ends.",
			target{largest(groupCommitted), part + " committed"},
			target{q.max(topicPartition, q.series(topicLogStart)), "{{topic}}/{{partition}} start"},
			target{q.max(topicPartition, q.series(topicLogEnd)), "{{topic}}/{{partition}} end"}),
		graph("Polls", perSecond, "By result.",
			target{q.sumRate([]string{labelResult}, groupPolls), "{{job}} {{result}}"}),
		graph("Duration of a poll", inSeconds, "",
			q.quantiles("{{job}}", nil, groupPollDuration)...),
		graph("Time since the last poll", inSeconds, "That succeeded: what is above this line is as old as that.",
			target{q.age(nil, groupLastPollSuccess), "{{job}}"}),
	}
}
