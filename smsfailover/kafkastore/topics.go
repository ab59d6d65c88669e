package kafkastore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"
)

// A place is one partition of one topic.
type place struct {
	topic     string
	partition int
}

// names are the topics of a Store.
type names struct {
	ready   [3]string // by band
	tiers   []string  // as options.tiers; none with an index
	dead    string    // "" with an index
	changed string    // "" without one
	sink    string    // where a record that means nothing does no harm
}

func newNames(prefix string, tiers []time.Duration, indexed bool) names {
	n := names{ready: [3]string{prefix + ".ready.low", prefix + ".ready", prefix + ".ready.high"}}
	if indexed {
		n.changed = prefix + ".changed"
		n.sink = n.changed
		return n
	}
	for _, d := range tiers {
		n.tiers = append(n.tiers, prefix+"."+shortDuration(d))
	}
	n.dead = prefix + ".dead"
	n.sink = n.dead
	return n
}

// shortDuration is d.String() without zeros at its end: 2m, not 2m0s.
func shortDuration(d time.Duration) string {
	s := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, zero) {
			s = s[:len(s)-2]
		}
	}
	return s
}

// consumed are the topics that the group reads.
func (n *names) consumed() []string {
	all := append(n.ready[:len(n.ready):len(n.ready)], n.tiers...)
	if n.changed != "" {
		all = append(all, n.changed)
	}
	return all
}

func (n *names) all() []string {
	all := n.consumed()
	if n.dead != "" {
		all = append(all, n.dead)
	}
	return all
}

// band is 0 for priorities below zero, 1 for zero, 2 above.
func band(priority int) int {
	switch {
	case priority < 0:
		return 0
	case priority == 0:
		return 1
	}
	return 2
}

// topicFor returns where a job waits that is due in d: the largest tier that isn't
// longer than it, else the ready topic of its band.
func (s *Store) topicFor(priority int, d time.Duration) string {
	for i, name := range slices.Backward(s.names.tiers) {
		if s.opts.tiers[i] <= d {
			return name
		}
	}
	return s.names.ready[band(priority)]
}

// delayOf returns how long a record stays in a topic before it hops.
func (s *Store) delayOf(topic string) time.Duration {
	for i, name := range s.names.tiers {
		if name == topic {
			return s.opts.tiers[i]
		}
	}
	return 0
}

// CreateTopics creates those topics of the Store that are missing, and leaves the
// others as they are. They have Config.Partitions and Config.Replication; brokers
// stamp records with their own time; dead letters are compacted by their key and
// stay for ever, all else for [WithRetention]. A topic that was made otherwise must
// have message.timestamp.type=LogAppendTime, or the clocks of all processes must
// agree.
func (s *Store) CreateTopics(ctx context.Context) error {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	req := &kafka.CreateTopicsRequest{}
	for _, name := range s.names.all() {
		req.Topics = append(req.Topics, s.topicConfig(name))
	}
	return insist(ctx, func() error {
		resp, err := s.client.CreateTopics(ctx, req)
		if err != nil {
			return fmt.Errorf("kafkastore: CreateTopics: %w", err)
		}
		var errs []error
		for name, err := range resp.Errors {
			if err != nil && !errors.Is(err, kafka.TopicAlreadyExists) {
				errs = append(errs, fmt.Errorf("kafkastore: CreateTopics: topic %q: %w", name, err))
			}
		}
		return errors.Join(errs...)
	})
}

func (s *Store) topicConfig(name string) kafka.TopicConfig {
	entries := []kafka.ConfigEntry{
		{ConfigName: "message.timestamp.type", ConfigValue: "LogAppendTime"},
		{ConfigName: "max.message.bytes", ConfigValue: strconv.Itoa(maxBatchBytes)},
	}
	keep := s.opts.retention
	switch name {
	case s.names.dead:
		entries = append(entries, kafka.ConfigEntry{ConfigName: "cleanup.policy", ConfigValue: "compact"})
		keep = -time.Millisecond // for ever
	case s.names.changed:
		keep = max(2*s.opts.hold, time.Minute)
	}
	entries = append(entries, kafka.ConfigEntry{
		ConfigName: "retention.ms", ConfigValue: strconv.FormatInt(keep.Milliseconds(), 10),
	})
	return kafka.TopicConfig{
		Topic: name, NumPartitions: s.cfg.Partitions, ReplicationFactor: s.cfg.Replication, ConfigEntries: entries,
	}
}

// checkTopics returns an error that is ErrTopics if a topic isn't as configured.
func (s *Store) checkTopics(ctx context.Context) error {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	meta, err := s.client.Metadata(ctx, &kafka.MetadataRequest{Topics: s.names.all()})
	if err != nil {
		return fmt.Errorf("kafkastore: metadata: %w", err)
	}
	var errs []error
	for _, t := range meta.Topics {
		switch {
		case errors.Is(t.Error, kafka.UnknownTopicOrPartition):
			errs = append(errs, fmt.Errorf("%w: %q doesn't exist; see CreateTopics", ErrTopics, t.Name))
		case t.Error != nil:
			errs = append(errs, fmt.Errorf("kafkastore: topic %q: %w", t.Name, t.Error))
		case len(t.Partitions) != s.cfg.Partitions:
			errs = append(errs, fmt.Errorf("%w: %q has %d partitions, want %d", ErrTopics, t.Name, len(t.Partitions), s.cfg.Partitions))
		}
	}
	return errors.Join(errs...)
}
