package interactive

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/segmentio/kafka-go"
)

const (
	batchFetched = 500
	// fetchLinger is how long a read that was fetched waits for others to be
	// counted with.
	fetchLinger = 100 * time.Millisecond
)

// A Consumer counts the reads that are in [ReadTopic], each once: see
// [Store]. Several, in one process or in many, share the work.
type Consumer struct {
	store  *Store
	open   func() Reader
	kafka  Log
	log    *slog.Logger
	who    string        // consumes: the group, and of which Kafka
	seen   map[int]int64 // the last offset of each partition
	added  atomic.Int64
	poison atomic.Int64
	behind atomic.Int64
}

// A Log tells of the Kafka that a reader reads.
type Log interface {
	// ID returns which Kafka it is: another for one that was made anew.
	ID(ctx context.Context) (string, error)
	// End returns the offset that the next message of a partition will have.
	End(ctx context.Context, topic string, partition int) (int64, error)
}

// ConsumerStats are what a consumer has done since it was made.
type ConsumerStats struct {
	Counted int64 // reads
	Skipped int64 // messages that are no reads
	Cut     int64 // logs that had lost their ends
}

// NewConsumer returns a consumer that adds to store what the reader has that open
// returns, a member of [ReadGroup] in the Kafka that from tells of. The consumer
// closes the reader.
func NewConsumer(store *Store, open func() Reader, from Log, log *slog.Logger) *Consumer {
	return &Consumer{store: store, open: open, kafka: from, log: log}
}

// Stats returns what the consumer has done. It is safe for concurrent use.
func (c *Consumer) Stats() ConsumerStats {
	return ConsumerStats{Counted: c.added.Load(), Skipped: c.poison.Load(), Cut: c.behind.Load()}
}

// Run counts until ctx is done, and then returns nil, or why the reader couldn't
// be closed. What it had fetched and not counted comes again. While Kafka or the
// database is away it tries again every second. It may run once at a time.
func (c *Consumer) Run(ctx context.Context) error {
	c.seen, c.who = map[int]int64{}, ""
	reader := c.open()
	fetching := &patience{log: c.log, what: "fetching reads"}
	counting := &patience{log: c.log, what: "counting reads"}
	for {
		batch, err := fetch(ctx, reader)
		if err != nil && !fetching.wait(ctx, err) {
			return reader.Close()
		}
		if err == nil {
			fetching.good()
		}
		for len(batch) > 0 {
			if err := c.count(ctx, reader, batch); err == nil {
				counting.good()
				break
			} else if !counting.wait(ctx, err) {
				return reader.Close()
			}
		}
	}
}

// fetch waits for a message and returns it with those that come right after it.
// With an error it returns what it has all the same.
func fetch(ctx context.Context, reader Reader) (batch []kafka.Message, err error) {
	first, err := reader.FetchMessage(ctx)
	if err != nil {
		return nil, err
	}
	batch = append(batch, first)
	linger, cancel := context.WithTimeout(ctx, fetchLinger)
	defer cancel()
	for len(batch) < batchFetched {
		m, err := reader.FetchMessage(linger)
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			return batch, nil
		}
		if err != nil {
			return batch, err
		}
		batch = append(batch, m)
	}
	return batch, nil
}

// count counts a batch, one partition after the other, and tells Kafka. A batch
// that was counted in part can be counted again.
func (c *Consumer) count(ctx context.Context, reader Reader, batch []kafka.Message) error {
	byPartition := map[int][]readAt{}
	for _, m := range batch {
		at := readAt{offset: m.Offset}
		if event, err := decodeRead(m.Value); err == nil {
			at.id = event.ID
		}
		byPartition[m.Partition] = append(byPartition[m.Partition], at)
	}
	for number, reads := range byPartition {
		if err := c.countPartition(ctx, batch[0].Topic, number, reads); err != nil {
			return err
		}
	}
	// That Kafka doesn't learn of it costs nothing but a second look.
	if err := reader.CommitMessages(ctx, batch...); err != nil && ctx.Err() == nil {
		c.log.Warn("a commit of counted reads failed", "error", err)
	}
	return nil
}

func (c *Consumer) countPartition(ctx context.Context, topic string, number int, reads []readAt) error {
	if c.who == "" {
		id, err := c.kafka.ID(ctx)
		if err != nil {
			return err
		}
		c.who = ReadGroup + "@" + id
	}
	p := partition{group: c.who, topic: topic, number: number}
	if last, ok := c.seen[number]; !ok || reads[0].offset <= last {
		if err := c.begin(ctx, p, reads[0].offset); err != nil {
			return err
		}
	}
	added, err := c.store.countReads(ctx, p, reads)
	if err != nil {
		return err
	}
	c.seen[number] = reads[len(reads)-1].offset
	c.added.Add(added)
	c.skip(reads)
	return nil
}

// begin makes sure that the partition's messages from first on can be counted. They
// are behind what is counted when they come again, and then nothing is to be done;
// or because the log has lost its end, as after a crash of its machine, and grows
// again over offsets that were counted. Only then is its end behind too: a log that
// is whole ends where it was counted up to, or later. What it still has was
// counted, so counting goes on at its end; where somebody has deleted the topic and
// made it again that leaves out what came before this was noticed.
func (c *Consumer) begin(ctx context.Context, p partition, first int64) error {
	next, err := c.store.nextOffset(ctx, p)
	if err != nil || first >= next {
		return err
	}
	end, err := c.kafka.End(ctx, p.topic, p.number)
	if err != nil || end >= next {
		return err
	}
	c.behind.Add(1)
	c.log.Warn("the log of reads has lost its end; counting what comes from now on",
		"topic", p.topic, "partition", p.number, "counted", next, "end", end)
	return c.store.rewind(ctx, p, next, end)
}

// skip counts and tells of messages that are no reads.
func (c *Consumer) skip(reads []readAt) {
	i := slices.IndexFunc(reads, func(r readAt) bool { return r.id == 0 })
	if i < 0 {
		return
	}
	n := int64(0)
	for _, r := range reads[i:] {
		if r.id == 0 {
			n++
		}
	}
	c.poison.Add(n)
	c.log.Warn("messages that are no reads are skipped", "number", n, "first", reads[i].offset)
}
