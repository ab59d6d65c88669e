package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
)

// PartitionInfo is what a broker knows of a partition.
type PartitionInfo struct {
	Partition int
	Start     int64 // the first offset that is still there
	End       int64 // the offset that the next message will have
	Leader    int   // the broker's id
	Bytes     int64 // that its messages take, compressed as they came
}

// PartitionInfo returns a partition as it is now. It returns an error that wraps
// kafka.UnknownTopicOrPartition, or [ErrStopped].
func (b *Broker) PartitionInfo(topic string, partition int) (PartitionInfo, error) {
	var info PartitionInfo
	err := b.ask(func(c *kfake.Cluster) error {
		var p *kfake.PartitionInfo
		if validID(partition) {
			p = c.PartitionInfo(topic, int32(partition))
		}
		if p == nil {
			return named(kerr.UnknownTopicOrPartition, "partition %q/%d", topic, partition)
		}
		info = partitionInfo(p)
		return nil
	})
	return info, err
}

// PartitionInfos returns a topic's partitions as they are now, in order. It returns
// an error that wraps kafka.UnknownTopicOrPartition, or [ErrStopped]. The slice is
// the caller's.
func (b *Broker) PartitionInfos(topic string) ([]PartitionInfo, error) {
	var infos []PartitionInfo
	err := b.ask(func(c *kfake.Cluster) error {
		all := c.PartitionInfos(topic)
		if all == nil {
			return named(kerr.UnknownTopicOrPartition, "topic %q", topic)
		}
		for _, p := range all {
			infos = append(infos, partitionInfo(p))
		}
		return nil
	})
	return infos, err
}

func partitionInfo(p *kfake.PartitionInfo) PartitionInfo {
	return PartitionInfo{
		Partition: int(p.Partition), Start: p.LogStartOffset, End: p.HighWatermark,
		Leader: int(p.Leader), Bytes: p.NumBytes,
	}
}

// GroupInfo is what a broker knows of a consumer group.
type GroupInfo struct {
	State     string // Empty, PreparingRebalance, CompletingRebalance, Stable or Dead
	Members   []Member
	Committed map[string]map[int]Commit // by topic and partition
}

// A Member is one consumer of a group.
type Member struct {
	ID, ClientID string
	Assigned     map[string][]int // partitions by topic
}

// A Commit is how far a group has got: Offset is that of the next message that it
// wants.
type Commit struct {
	Offset int64
	At     time.Time
}

// GroupInfo returns a group as it is now. It returns an error that wraps
// kafka.GroupIdNotFound, or [ErrStopped]. The maps and slices are the caller's.
func (b *Broker) GroupInfo(group string) (GroupInfo, error) {
	var info GroupInfo
	err := b.ask(func(c *kfake.Cluster) error {
		g := c.GroupInfo(group)
		if g == nil {
			return named(kerr.GroupIDNotFound, "group %q", group)
		}
		info = groupInfo(g)
		return nil
	})
	return info, err
}

func groupInfo(g *kfake.GroupInfo) GroupInfo {
	info := GroupInfo{State: g.State, Committed: make(map[string]map[int]Commit)}
	for _, m := range g.Members {
		member := Member{ID: m.MemberID, ClientID: m.ClientID, Assigned: make(map[string][]int)}
		for topic, ids := range m.Assignment {
			for _, id := range ids {
				member.Assigned[topic] = append(member.Assigned[topic], int(id))
			}
		}
		info.Members = append(info.Members, member)
	}
	for topic, commits := range g.Commits {
		info.Committed[topic] = make(map[int]Commit)
		for id, commit := range commits {
			info.Committed[topic][int(id)] = Commit{Offset: commit.Offset, At: commit.At}
		}
	}
	return info
}

// Lag returns how many messages of each partition of a topic a group has still to
// read: those from what it committed, or from the log's start where it committed
// nothing or what it committed is gone, up to the log's end. A group that doesn't
// exist has everything to read. Lag returns an error that wraps
// kafka.UnknownTopicOrPartition, or [ErrStopped].
func (b *Broker) Lag(group, topic string) ([]int64, error) {
	var lag []int64
	err := b.ask(func(c *kfake.Cluster) error {
		// The commits first, so that the lag is never below 0.
		g := c.GroupInfo(group)
		all := c.PartitionInfos(topic)
		if all == nil {
			return named(kerr.UnknownTopicOrPartition, "topic %q", topic)
		}
		for _, p := range all {
			from := p.LogStartOffset
			if g != nil {
				if commit, ok := g.Commits[topic][p.Partition]; ok {
					from = max(from, commit.Offset)
				}
			}
			lag = append(lag, p.HighWatermark-from)
		}
		return nil
	})
	return lag, err
}

// WaitGroup waits until a group has that many members and each has its partitions,
// and returns it. With 0 members it waits until nobody is in it; of a group that
// doesn't exist it returns the zero GroupInfo then. When ctx ends first it returns
// the cause and the group as it was seen last; [ErrStopped] ends the wait too, and a
// number below 0 is an error.
func (b *Broker) WaitGroup(ctx context.Context, group string, members int) (GroupInfo, error) {
	if members < 0 {
		return GroupInfo{}, fmt.Errorf("kafkatest: wait for group %q: %d members: want at least 0", group, members)
	}
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		info, err := b.GroupInfo(group)
		if errors.Is(err, ErrStopped) {
			return info, err
		}
		if info.settled(members) {
			return info, nil
		}
		select {
		case <-ctx.Done():
			return info, context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// settled reports whether a group, the zero one where there is none, has that many
// members and doesn't rebalance.
func (g GroupInfo) settled(members int) bool {
	if len(g.Members) != members {
		return false
	}
	switch g.State {
	case "Stable":
		return members > 0
	case "", "Empty", "Dead":
		return members == 0
	}
	return false
}
