package kafkatest

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
)

// CreateTopic creates a topic of that many partitions, 1 to 10000. It returns an
// error that wraps kafka.TopicAlreadyExists where there is one, kafka.InvalidTopic
// for a name that Kafka doesn't take, see [WithTopic], or [ErrStopped].
func (b *Broker) CreateTopic(name string, partitions int) error {
	if !validTopic(name) {
		return fmt.Errorf("kafkatest: create topic %q: want %s: %w", name, wantTopic, kafka.InvalidTopic)
	}
	if !validPartitions(partitions) {
		return fmt.Errorf("kafkatest: create topic %q: %d partitions: want %s", name, partitions, wantPartitions)
	}
	return b.ask(func(c *kfake.Cluster) error {
		return named(c.CreateTopic(name, int32(partitions), nil), "create topic %q", name)
	})
}

const wantTopic = `1 to 249 letters, digits, ".", "_" and "-", but not "." or ".."`

// validTopic reports whether Kafka takes the name of a topic; the embedded broker
// takes any.
func validTopic(name string) bool {
	if name == "" || len(name) > 249 || name == "." || name == ".." {
		return false
	}
	return strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == ""
}

const wantPartitions = "1 to 10000"

// validPartitions reports whether a topic may have so many: Kafka's own limit is
// what the machine can bear.
func validPartitions(n int) bool { return n >= 1 && n <= 10_000 }

// validID reports whether it can be a partition's number: those are of 32 bits.
func validID(partition int) bool { return partition >= 0 && partition <= math.MaxInt32 }

// DeleteTopic deletes a topic, its messages and what groups have committed of it. It
// returns an error that wraps kafka.UnknownTopicOrPartition, or [ErrStopped].
func (b *Broker) DeleteTopic(name string) error {
	return b.ask(func(c *kfake.Cluster) error {
		return named(c.DeleteTopic(name), "delete topic %q", name)
	})
}

// DeleteRecords deletes the messages of a partition whose offsets are below before,
// as retention does, whether they have been read or not. It returns an error that
// wraps kafka.UnknownTopicOrPartition, or kafka.OffsetOutOfRange where before is
// beyond the log's end, or [ErrStopped].
func (b *Broker) DeleteRecords(topic string, partition int, before int64) error {
	return b.ask(func(c *kfake.Cluster) error {
		var err error
		switch {
		case !validID(partition):
			err = kerr.UnknownTopicOrPartition
		case before < 0: // which would be all of them
			err = kerr.OffsetOutOfRange
		default:
			err = c.DeleteRecords(topic, int32(partition), before)
		}
		return named(err, "delete records of %q/%d below %d", topic, partition, before)
	})
}

// Move gives a partition another leader, and its clients have to find out. It
// returns an error that wraps kafka.UnknownTopicOrPartition, one for a broker that
// doesn't exist, or [ErrStopped].
func (b *Broker) Move(topic string, partition, broker int) error {
	if broker < 0 || broker >= b.cfg.brokers {
		return fmt.Errorf("kafkatest: move %q/%d: broker %d: want 0 to %d", topic, partition, broker, b.cfg.brokers-1)
	}
	return b.ask(func(c *kfake.Cluster) error {
		if !validID(partition) || c.PartitionInfo(topic, int32(partition)) == nil {
			return named(kerr.UnknownTopicOrPartition, "move %q/%d", topic, partition)
		}
		return named(c.MoveTopicPartition(topic, int32(partition), int32(broker)), "move %q/%d", topic, partition)
	})
}

// named wraps an error of the cluster's, as the error of kafka-go's where it is one.
func named(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	if k, ok := errors.AsType[*kerr.Error](err); ok {
		err = kafka.Error(k.Code)
	}
	return fmt.Errorf("kafkatest: %s: %w", fmt.Sprintf(format, args...), err)
}
