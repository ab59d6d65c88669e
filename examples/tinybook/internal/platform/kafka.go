package platform

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/twmb/franz-go/pkg/kfake"
)

const (
	partitions = 3 // of a topic that this application makes
	// joinBackoff is the pause before a reader that a group has lost joins again.
	joinBackoff = time.Second
)

// Kafka is the way to a Kafka, and for the embedded one the broker too. It is
// safe for concurrent use.
type Kafka struct {
	brokers   []string
	embedded  *kfake.Cluster
	transport *kafka.Transport
	dialer    *kafka.Dialer
	session   time.Duration
	log       *slog.Logger
}

// defaultSession is the least that brokers allow unless they are told.
const defaultSession = 6 * time.Second

// A KafkaOption changes a Kafka.
type KafkaOption func(*Kafka)

// WithSessionTimeout says how long a group waits for a reader that was killed,
// before others read what it read. The default is 6 seconds; brokers may refuse
// less.
func WithSessionTimeout(d time.Duration) KafkaOption { return func(k *Kafka) { k.session = d } }

// OpenEmbeddedKafka starts a broker inside the process. It listens on a port of
// this machine, and wants a password that nobody else knows. What is in dir is
// there again at the next start, also after a kill -9; an empty dir keeps
// nothing. Stop every reader and writer before Close.
func OpenEmbeddedKafka(dir string, options ...KafkaOption) (*Kafka, error) {
	const user, method = "tinybook", "PLAIN"
	password := rand.Text()
	login := plain.Mechanism{Username: user, Password: password}
	k := newKafka(&kafka.Transport{SASL: login}, &kafka.Dialer{Timeout: pingTimeout, SASLMechanism: login}, options)
	opts := []kfake.Opt{kfake.NumBrokers(1), kfake.GroupMinSessionTimeout(time.Millisecond), kfake.ClusterID(rand.Text()), kfake.EnableSASL(), kfake.Superuser(method, user, password)}
	if dir != "" {
		if err := prepare(dir); err != nil {
			return nil, fmt.Errorf("platform: embedded kafka: %w", err)
		}
		opts = append(opts, kfake.DataDir(dir)) // which brings its own id
	}
	broker, err := kfake.NewCluster(opts...)
	if err != nil {
		return nil, fmt.Errorf("platform: embedded kafka: %w", err)
	}
	k.brokers, k.embedded = broker.ListenAddrs(), broker
	return k, nil
}

// WithKafkaLogger makes what readers have trouble with, and try again, go to log. By
// default nobody is told.
func WithKafkaLogger(log *slog.Logger) KafkaOption { return func(k *Kafka) { k.log = log } }

func newKafka(transport *kafka.Transport, dialer *kafka.Dialer, options []KafkaOption) *Kafka {
	k := &Kafka{transport: transport, dialer: dialer, session: defaultSession, log: slog.New(slog.DiscardHandler)}
	for _, option := range options {
		option(k)
	}
	return k
}

// prepare makes the directory of a broker and takes the password out of it that
// the process before chose.
func prepare(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	err := os.Remove(filepath.Join(dir, "sasl.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// OpenKafka connects to a real Kafka and fails if none of the brokers answers.
func OpenKafka(ctx context.Context, brokers []string, options ...KafkaOption) (*Kafka, error) {
	k := newKafka(&kafka.Transport{DialTimeout: pingTimeout}, &kafka.Dialer{Timeout: pingTimeout}, options)
	k.brokers = brokers
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	if _, err := k.Client().Metadata(ctx, &kafka.MetadataRequest{Topics: []string{}}); err != nil {
		err = fmt.Errorf("platform: kafka at %s is not reachable: %w; start it, or unset TINYBOOK_KAFKA_BROKERS to use the embedded one", strings.Join(brokers, ","), err)
		return nil, errors.Join(err, k.Close())
	}
	return k, nil
}

// ID returns which Kafka this is. One that was made anew, and has lost what it was
// given, is another.
func (k *Kafka) ID(ctx context.Context) (string, error) {
	answer, err := k.Client().Metadata(ctx, &kafka.MetadataRequest{Topics: []string{}})
	if err != nil {
		return "", fmt.Errorf("platform: kafka: id: %w", err)
	}
	return answer.ClusterID, nil
}

// Client returns a client that shares the connections of k.
func (k *Kafka) Client() *kafka.Client {
	return &kafka.Client{Addr: kafka.TCP(k.brokers...), Transport: k.transport}
}

// Ensure makes the topics that aren't there yet. It leaves those that are alone,
// however many partitions they have.
func (k *Kafka) Ensure(ctx context.Context, topics ...string) error {
	wanted := make([]kafka.TopicConfig, len(topics))
	for i, topic := range topics {
		// As many copies as the brokers are configured for.
		wanted[i] = kafka.TopicConfig{Topic: topic, NumPartitions: partitions, ReplicationFactor: -1}
	}
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	answer, err := k.Client().CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: wanted})
	if err != nil {
		return fmt.Errorf("platform: kafka: create topics: %w", err)
	}
	var errs []error
	for topic, err := range answer.Errors {
		if err != nil && !errors.Is(err, kafka.TopicAlreadyExists) {
			errs = append(errs, fmt.Errorf("platform: kafka: create topic %s: %w", topic, err))
		}
	}
	return errors.Join(errs...)
}

// Writer returns a writer to topic that answers once every copy of a message is
// written. Messages with one key keep their order. The caller closes it.
func (k *Kafka) Writer(topic string) *kafka.Writer {
	return &kafka.Writer{
		Addr: kafka.TCP(k.brokers...), Topic: topic, Transport: k.transport,
		Balancer: &kafka.Hash{}, RequiredAcks: kafka.RequireAll,
		// Callers hand over batches; one that waits for more to come gains nothing.
		BatchTimeout: time.Millisecond,
	}
}

// Reader returns a reader of topic that shares the work with the others of its
// group and begins, when the group is new, with the oldest message. It runs
// goroutines from here on, until the caller closes it; what one had that was killed
// others get later: see [WithSessionTimeout]. Each of change may alter how it is set
// up.
//
// Of the time for a fetch kafka-go leaves one second of two to the network, and only a
// quarter of less than one; where the way takes longer an idle reader dials anew for
// ever. A reader that leaves, and so a rebalance, waits for the fetch to end.
func (k *Kafka) Reader(topic, group string, change ...func(*kafka.ReaderConfig)) *kafka.Reader {
	cfg := kafka.ReaderConfig{
		Brokers: k.brokers, Dialer: k.dialer, GroupID: group, Topic: topic,
		StartOffset: kafka.FirstOffset, MaxWait: k.session / 3,
		SessionTimeout: k.session, RebalanceTimeout: k.session, HeartbeatInterval: k.session / 3,
		JoinGroupBackoff: joinBackoff,
		ErrorLogger:      kafka.LoggerFunc(k.warn(topic)),
	}
	for _, c := range change {
		c(&cfg)
	}
	return kafka.NewReader(cfg)
}

func (k *Kafka) warn(topic string) func(format string, args ...any) {
	return func(format string, args ...any) {
		k.log.Warn("kafka", "topic", topic, "text", fmt.Sprintf(format, args...))
	}
}

// End returns the offset that the next message of a partition will have.
func (k *Kafka) End(ctx context.Context, topic string, partition int) (int64, error) {
	answer, err := k.Client().ListOffsets(ctx, &kafka.ListOffsetsRequest{
		Topics: map[string][]kafka.OffsetRequest{topic: {kafka.LastOffsetOf(partition)}},
	})
	if err != nil {
		return 0, fmt.Errorf("platform: kafka: end of %s/%d: %w", topic, partition, err)
	}
	for _, p := range answer.Topics[topic] {
		if p.Partition == partition {
			if p.Error != nil {
				return 0, fmt.Errorf("platform: kafka: end of %s/%d: %w", topic, partition, p.Error)
			}
			return p.LastOffset, nil
		}
	}
	return 0, fmt.Errorf("platform: kafka: end of %s/%d: not in the answer", topic, partition)
}

// Close closes the connections, and stops the broker if it is the embedded one.
func (k *Kafka) Close() error {
	k.transport.CloseIdleConnections()
	if k.embedded != nil {
		k.embedded.Close()
	}
	return nil
}
