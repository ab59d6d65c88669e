// Package kafkatest is a Kafka for tests: one or more brokers in the test's own
// process, which take milliseconds to start and do what they are told.
//
//	broker := kafkatest.Start(t, kafkatest.WithTopic("orders", 3))
//	w := &kafka.Writer{Addr: broker.Addr(), Topic: "orders", RequiredAcks: kafka.RequireAll}
//
// A [Broker] speaks Kafka's protocol over TCP on the loopback interface, so that any
// client talks to it as to a real one: it keeps messages, runs consumer groups with
// their rebalances and offsets, and creates and deletes topics.
//
// What a real broker does only when something is wrong, this one does when a test
// asks: [Broker.Fault] has it refuse requests with an error of Kafka's,
// [Broker.Delay] and [Broker.Hold] have it answer late, [Broker.Drop] has it close
// connections, [Broker.Move] gives a partition another leader,
// [Broker.DeleteRecords] takes unread messages away, and [Broker.Stop] and
// [Broker.Restart] take it down and bring it back on the same ports, with what it
// had where [WithDataDir] says so.
//
// What a client can only estimate, it knows: [Broker.PartitionInfo],
// [Broker.GroupInfo] and [Broker.Lag] are the truth that a metric or a test is
// compared with, and [Broker.Connections] counts what clients cost it.
//
// In a bubble of testing/synctest use [WithPipes]: an hour of consumer lag passes
// in milliseconds.
//
// The broker is franz-go's kfake. It has no replication and no quotas, keeps its
// data in memory, and isn't meant to be fast or safe: it is for tests and for
// demonstrations that must run without a Kafka. A Broker is safe for concurrent
// use.
package kafkatest
