package kafkastore

import (
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
)

// Config says where a [Store] finds its topics. Begin with [DefaultConfig]: a
// field that is zero is an error.
type Config struct {
	// Brokers are the addresses to begin with, host:port.
	Brokers []string
	// Transport carries all requests but those of the consumer group, which go by
	// Dialer. Both are the caller's, who says there how to encrypt and to
	// authenticate, and who ends them: [kafka.Transport.CloseIdleConnections]. On a
	// cluster of many topics let Transport.MetadataTopics name those of the Store.
	Transport kafka.RoundTripper
	Dialer    *kafka.Dialer
	// Prefix begins the names of all topics. Stores with one Prefix are one
	// queue.
	Prefix string
	// GroupID names the consumer group, one for one Prefix: the same for all
	// processes.
	GroupID string
	// Partitions is how many each topic has, and so how many processes can share
	// the work. It is the same for all processes, and can't be changed while
	// there are messages.
	Partitions int
	// Replication is how often CreateTopics has each record stored.
	Replication int
}

// DefaultConfig returns a Config for the topics "sms.ready" and so on, read by the
// group "sms": 12 partitions, each on 3 brokers. Its Transport and Dialer are new,
// and use neither TLS nor SASL.
func DefaultConfig(brokers ...string) Config {
	return Config{
		Brokers:     brokers,
		Transport:   &kafka.Transport{},
		Dialer:      &kafka.Dialer{Timeout: 10 * time.Second, DualStack: true},
		Prefix:      "sms",
		GroupID:     "sms",
		Partitions:  12,
		Replication: 3,
	}
}

const (
	maxPrefix     = 200 // of 249 bytes that a topic's name may have
	maxPartitions = 10_000
)

func (c *Config) validate() error {
	var errs []error
	if len(c.Brokers) == 0 {
		errs = append(errs, errors.New("kafkastore: Config.Brokers is empty"))
	}
	if c.Transport == nil {
		errs = append(errs, errors.New("kafkastore: Config.Transport is nil"))
	}
	if c.Dialer == nil {
		errs = append(errs, errors.New("kafkastore: Config.Dialer is nil"))
	}
	if !topicName(c.Prefix) {
		errs = append(errs, fmt.Errorf("kafkastore: Config.Prefix is %q, want 1 to %d letters, digits, '.', '_' or '-'", c.Prefix, maxPrefix))
	}
	if c.GroupID == "" {
		errs = append(errs, errors.New("kafkastore: Config.GroupID is empty"))
	}
	if c.Partitions < 1 || c.Partitions > maxPartitions {
		errs = append(errs, fmt.Errorf("kafkastore: Config.Partitions is %d, want 1 to %d", c.Partitions, maxPartitions))
	}
	if c.Replication < 1 {
		errs = append(errs, fmt.Errorf("kafkastore: Config.Replication is %d, want at least 1", c.Replication))
	}
	return errors.Join(errs...)
}

func topicName(s string) bool {
	if s == "" || len(s) > maxPrefix {
		return false
	}
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
		default:
			return false
		}
	}
	return true
}
