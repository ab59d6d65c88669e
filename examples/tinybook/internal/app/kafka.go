package app

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"

	"github.com/ycvk/tinybook/examples/tinybook/internal/interactive"
	"github.com/ycvk/tinybook/examples/tinybook/internal/ops"
	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
	"github.com/ycvk/tinybook/kafkax"
)

const (
	// lagInterval is how often the lag of the groups is read.
	lagInterval = 2 * time.Second
	// lastSend bounds how long a process that stops waits for a Kafka to take what
	// was written.
	lastSend = 5 * time.Second
)

// A meter is the way to every writer and reader of this process, and knows what
// they do.
type meter struct {
	kafka   *platform.Kafka
	clients *kafkax.Metrics
	lag     *kafkax.LagCollector
}

// openMeter makes the meter, and lets it watch how far the groups are behind.
func (p *parts) openMeter(k *platform.Kafka) (*meter, error) {
	clients, err := kafkax.New()
	if err != nil {
		return nil, fmt.Errorf("app: kafka metrics: %w", err)
	}
	groups := []kafkax.Group{
		{ID: interactive.ReadGroup, Topics: []string{interactive.ReadTopic}},
		{ID: interactive.RankGroup, Topics: []string{interactive.ChangeTopic}},
	}
	lag, err := kafkax.NewLagCollector(k.Client(), groups, kafkax.WithInterval(lagInterval), kafkax.WithTimeout(lagInterval))
	if err != nil {
		return nil, fmt.Errorf("app: kafka lag: %w", err)
	}
	p.workers = append(p.workers, lag.Run)
	p.collectors = append(p.collectors, clients, lag)
	m := &meter{kafka: k, clients: clients, lag: lag}
	figures := prometheus.NewRegistry()
	if err := figures.Register(clients); err != nil {
		return nil, fmt.Errorf("app: kafka metrics: %w", err)
	}
	p.kafka = func() (ops.Kafka, error) { return ops.KafkaFigures(figures, lag.Snapshot()) }
	return m, nil
}

// writer returns a metered writer to topic, and closes it at the end.
func (m *meter) writer(p *parts, name, topic string) (*kafkax.Writer, error) {
	w, err := m.clients.Writer(name, m.kafka.Writer(topic))
	if err != nil {
		return nil, fmt.Errorf("app: kafka writer: %w", err)
	}
	p.closers = append(p.closers, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), lastSend)
		defer cancel()
		if err := w.CloseContext(ctx); err != nil {
			// What is still on its way is in the database as well, or was told lost.
			p.log.Warn("a writer to Kafka was closed before it was done", "writer", name, "error", err)
		}
		return nil
	})
	return w, nil
}

// reader returns what opens a metered reader of topic for group.
func (m *meter) reader(name, topic, group string) func() interactive.Reader {
	return func() interactive.Reader {
		raw := m.kafka.Reader(topic, group, func(c *kafka.ReaderConfig) {
			c.Logger = m.clients.Logger(nil)
			c.ErrorLogger = m.clients.ErrorLogger(name, group, c.ErrorLogger)
		})
		r, err := m.clients.Reader(name, raw)
		if err != nil {
			return unmetered{raw, err}
		}
		return metered{r, map[int][]kafka.Message{}}
	}
}

// A metered reader is one of a consumer that commits what it is done with, and
// nothing else. A commit is about all messages of its partition up to it. One
// goroutine reads.
type metered struct {
	*kafkax.Reader
	fetched map[int][]kafka.Message // and not committed, by partition
}

// FetchMessage implements interactive.Reader.
func (m metered) FetchMessage(ctx context.Context) (kafka.Message, error) {
	message, err := m.Reader.FetchMessage(ctx)
	if err != nil {
		return message, err
	}
	waiting := m.fetched[message.Partition]
	if n := len(waiting); n > 0 && waiting[n-1].Offset >= message.Offset {
		waiting = nil // somebody else had the partition meanwhile
	}
	m.fetched[message.Partition] = append(waiting, message)
	return message, nil
}

// CommitMessages implements interactive.Reader.
func (m metered) CommitMessages(ctx context.Context, messages ...kafka.Message) error {
	for _, last := range messages {
		waiting := m.fetched[last.Partition]
		n := 0
		for ; n < len(waiting) && waiting[n].Offset <= last.Offset; n++ {
			m.Done(waiting[n], nil)
		}
		m.fetched[last.Partition] = waiting[n:]
	}
	return m.Reader.CommitMessages(ctx, messages...)
}

// unmetered is a reader that can't be metered, and says so to whoever reads.
type unmetered struct {
	io.Closer
	err error
}

// FetchMessage implements interactive.Reader.
func (u unmetered) FetchMessage(context.Context) (kafka.Message, error) {
	return kafka.Message{}, u.err
}

// CommitMessages implements interactive.Reader.
func (u unmetered) CommitMessages(context.Context, ...kafka.Message) error { return u.err }
