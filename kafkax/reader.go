package kafkax

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/segmentio/kafka-go"
)

// A Reader is a kafka.Reader that knows what it delivered: when a message came and
// how old it was, how far each partition is from its end and from what is
// committed, which offsets were skipped or came again, and how commits and the
// work of the program ended. Beside that it has all that [Metrics.ObserveReader]
// has.
//
// Work on messages with [Reader.Process], or in a loop of your own that calls
// FetchMessage, [Reader.Done] and CommitMessages.
//
// What it can't see: lag is as of the last message that was delivered, so that of a
// program that is stuck stands still, which [LagCollector] doesn't. A gap in the
// offsets counts as skipped, be it that Kafka deleted messages before they were
// read, compacted them away, or keeps the marks of transactions there. After a
// rebalance the gauges of a partition vanish until its next message, unless the
// logger of [Metrics.Logger] tells who has it.
//
// [Metrics.Reader] makes it. It is safe for concurrent use. Goroutines that fetch
// take turns.
type Reader struct {
	kafka      *kafka.Reader
	name       string
	group      string
	async      bool // commits are made at intervals, by kafka-go
	scope      *scope
	classify   classifier
	stats      *feed[kafka.ReaderStats]
	remove     func()
	wait       *counter
	commits    []*counter
	commitTime []*histogram
	commitCall atomic.Uint64
	topics     byTopic[doneSeries]
	generation generation
	log        *readerLog // nil: the reader has another logger, or no group
	processing atomic.Bool
	held       held // belongs to who has set processing
	ending     ending

	turn  turn
	clock stopwatch  // who has the turn reads the wall clock
	last  *partition // who has the turn: of the last message

	mu         sync.RWMutex
	partitions map[place]*partition
}

// Reader instruments r and returns the Reader to read with. The labels reader=name
// and group mark its series; readers of one name and group are counted together.
// What is read past the Reader, through Unwrap, is in no figure but those of
// Stats, and looks like skipped offsets. The error is an [ErrInput] if r is nil or
// not made by kafka.NewReader, or the name is empty or not UTF-8.
func (m *Metrics) Reader(name string, r *kafka.Reader) (*Reader, error) {
	if err := checkReader("Reader", name, r); err != nil {
		return nil, err
	}
	cfg := r.Config()
	s := m.reg.scope()
	out := &Reader{
		kafka:      r,
		name:       name,
		group:      cfg.GroupID,
		async:      cfg.CommitInterval > 0,
		scope:      s,
		classify:   m.config.classify,
		stats:      readerFeed(r),
		wait:       s.counter(readerWait, name, cfg.GroupID),
		turn:       newTurn(),
		clock:      newStopwatch(),
		ending:     newEnding(),
		partitions: make(map[place]*partition),
	}
	out.topics = byTopic[doneSeries]{topics: m.reg.topics, fresh: func(topic string) *doneSeries {
		return newDoneSeries(s, name, cfg.GroupID, topic)
	}}
	for _, topic := range configuredTopics(cfg) {
		out.topics.get(topic) // its series exist at 0 before the first message
	}
	if cfg.GroupID != "" {
		out.log, _ = cfg.Logger.(*readerLog)
		out.watchGenerations()
		out.commits = s.counters(readerCommits, name, cfg.GroupID)
		out.commitTime = s.histograms(readerCommitDuration, name, cfg.GroupID)
	}
	out.watch(m)
	return out, nil
}

// configuredTopics returns the topics that a reader is set up for.
func configuredTopics(cfg kafka.ReaderConfig) []string {
	if len(cfg.GroupTopics) > 0 {
		return cfg.GroupTopics
	}
	return []string{cfg.Topic}
}

// watch makes m show r.
func (r *Reader) watch(m *Metrics) {
	stats := m.watchReader(r.name, r.kafka, false)
	own := m.watches.add(watchKey{r.name, r}, func() *watch { return &watch{scope: r.scope, pump: r.publish} })
	r.remove = func() { stats(); own() }
}

// FetchMessage returns the next message with kafka.Reader.FetchMessage, under its
// rules and with its errors. It commits nothing. It goes past a message that
// [Reader.Process] left in hand: the next commit on the partition says that it is done.
func (r *Reader) FetchMessage(ctx context.Context) (m kafka.Message, err error) {
	if err = r.turn.take(ctx); err != nil {
		return m, err
	}
	start := r.clock.elapsed()
	m, err = r.kafka.FetchMessage(ctx)
	now := r.clock.elapsed()
	r.wait.addDuration(now - start)
	if err == nil {
		r.deliver(&m, now)
	} else {
		r.fetchFailed(ctx, err)
	}
	r.turn.give()
	return m, err
}

// ReadMessage returns the next message and, in a group, commits it at once, before
// the program has done anything with it: a message whose work fails is lost. Its
// errors are those of FetchMessage and CommitMessages.
func (r *Reader) ReadMessage(ctx context.Context) (kafka.Message, error) {
	m, err := r.FetchMessage(ctx)
	if err != nil {
		return kafka.Message{}, fmt.Errorf("fetching message: %w", err)
	}
	if r.group == "" {
		return m, nil
	}
	if err := r.CommitMessages(ctx, m); err != nil {
		return kafka.Message{}, fmt.Errorf("committing message: %w", err)
	}
	return m, nil
}

// Stats returns what kafka.Reader.Stats would, counted since the last call of this
// method or, at first, since the kafka.Reader was made. It robs no scrape, and no
// other Reader.
func (r *Reader) Stats() kafka.ReaderStats { return r.stats.next() }

// Unwrap returns the kafka.Reader. Close it with [Reader.Close] only, of which
// Process knows.
func (r *Reader) Unwrap() *kafka.Reader { return r.kafka }

// Remove takes the Reader's series out of its Metrics, and lets go of it: the cost is
// that of its own series. What another Reader of the same name and group has counted
// stays; the last one takes the series of [Metrics.ErrorLogger] of that name and
// group with it. Use it for readers that come and go, when they are closed.
func (r *Reader) Remove() { r.remove() }

// deliver notes that m goes to the program. Who has the turn calls it.
func (r *Reader) deliver(m *kafka.Message, now time.Duration) {
	p := r.last
	if p == nil || p.place.partition != m.Partition || p.place.topic != m.Topic {
		p = r.partition(place{m.Topic, m.Partition})
		r.last = p
	}
	if r.generation.due(now) {
		r.generation.look(r.lose)
	}
	unix := r.clock.unix(now)
	if !p.deliver(m, now, unix, false) {
		r.generation.look(r.lose) // a partition that was elsewhere has no gap
		p.deliver(m, now, unix, true)
	}
}

// partition returns the partition, new if this is its first message.
func (r *Reader) partition(at place) *partition {
	if p := r.known(at); p != nil {
		return p
	}
	// What made it come here is noticed before it is there, not after.
	r.generation.look(r.lose)
	p := newPartition(at, newReadSeries(r.scope, r.name, r.group, at))
	if r.log != nil {
		if start, owned := r.log.start(at); owned {
			p.begin(start)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.partitions[at] = p
	return p
}

// known returns the partition, or nil if no message has come from it.
func (r *Reader) known(at place) *partition {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.partitions[at]
}

// all returns the partitions that messages have come from.
func (r *Reader) all() []*partition {
	r.mu.RLock()
	defer r.mu.RUnlock()
	list := make([]*partition, 0, len(r.partitions))
	for _, p := range r.partitions {
		list = append(list, p)
	}
	return list
}

// publish is called by every scrape, one at a time. What goes goes first: topics
// beyond the limit share gauges, and those that stay set them anew.
func (r *Reader) publish() {
	r.generation.look(r.lose)
	all := r.all()
	for _, p := range all {
		p.hide(r)
	}
	for _, p := range all {
		p.publish(r)
	}
}

// fetchFailed counts the errors that aren't the caller's own doing.
func (r *Reader) fetchFailed(ctx context.Context, err error) {
	if errors.Is(err, io.EOF) || ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return
	}
	r.countError(sourceFetch, err)
}

func (r *Reader) countError(source string, err error) {
	r.scope.counter(readerErrors, r.name, r.group, source, r.classify.reason(err)).inc()
}
