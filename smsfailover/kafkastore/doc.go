// Package kafkastore is a durable queue of smsfailover on Kafka: a
// [smsfailover.Store] with retry tiers and a dead letter topic.
package kafkastore
