package kafkax

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// lagState is what a LagCollector remembers from poll to poll. It belongs to the
// poll that is under way.
type lagState struct {
	cfg    *lagConfig
	base   time.Time // the zero of all marks
	groups []Group
	seen   []GroupLag
	logs   map[lagPartitionID]*endHistory
	parts  map[lagKey]*lagPartition
}

// A lagKey names a group on a partition.
type lagKey struct {
	group string
	lagPartitionID
}

// A lagReading is what one poll read.
type lagReading struct {
	groups []*lagGroupReading // in the order of lagState.groups
	topics []string           // that matter, sorted
	layout lagLayout          // of topics; nil if it couldn't be read
	logs   lagLogs            // of all partitions that matter and exist
}

// absent reports whether the partition doesn't exist, or doesn't matter any more.
func (r *lagReading) absent(id lagPartitionID) bool {
	if r.layout == nil {
		return false
	}
	_, asked := slices.BinarySearch(r.topics, id.topic)
	_, read := r.logs[id]
	return asked && !read
}

func newLagState(cfg *lagConfig, groups []Group) *lagState {
	return &lagState{
		cfg:    cfg,
		base:   time.Now(),
		groups: groups,
		seen:   make([]GroupLag, len(groups)),
		logs:   make(map[lagPartitionID]*endHistory),
		parts:  make(map[lagKey]*lagPartition),
	}
}

// topicsOf returns the topics that count for the group at place i: those that were
// given, or all that it has a commit on, or had where that couldn't be read.
func (s *lagState) topicsOf(i int, r *lagGroupReading) []string {
	if s.groups[i].Topics != nil {
		return s.groups[i].Topics
	}
	var ids []lagPartitionID
	if !r.known {
		ids = s.partitionsOf(s.groups[i].ID)
	}
	for id := range r.commits {
		ids = append(ids, id)
	}
	for id := range r.bad {
		ids = append(ids, id)
	}
	return topicsOf(ids)
}

// partitionsOf returns what was known of a group.
func (s *lagState) partitionsOf(group string) []lagPartitionID {
	var ids []lagPartitionID
	for key := range s.parts {
		if key.group == group {
			ids = append(ids, key.lagPartitionID)
		}
	}
	return ids
}

// toRead returns the partitions whose logs are to be read, once each. Those of a group
// whose commits couldn't be read belong to them: its history has no gap then.
func (s *lagState) toRead(r *lagReading) []lagPartitionID {
	set := make(map[lagPartitionID]struct{})
	for i, g := range r.groups {
		if g.known {
			s.wanted(i, g, r.layout, func(id lagPartitionID, _ int64) { set[id] = struct{}{} })
			continue
		}
		for _, id := range s.partitionsOf(s.groups[i].ID) {
			if r.layout.has(id) {
				set[id] = struct{}{}
			}
		}
	}
	return slices.AppendSeq(make([]lagPartitionID, 0, len(set)), maps.Keys(set))
}

// wanted calls yield with every partition that counts for the group at place i, and
// its commit or -1.
func (s *lagState) wanted(i int, r *lagGroupReading, layout lagLayout, yield func(id lagPartitionID, committed int64)) {
	for _, topic := range s.topicsOf(i, r) {
		for p := range layout[topic] {
			id := lagPartitionID{topic, int32(p)}
			committed, ok := r.commits[id]
			if !ok {
				committed = -1
			}
			if ok || s.cfg.countsUncommitted() || r.bad[id] {
				yield(id, committed)
			}
		}
	}
}

// update takes in what a poll read, and returns the partitions that it doesn't know
// of any more. What couldn't be read stays as it was, until it is stale.
func (s *lagState) update(r *lagReading, now time.Time) (gone []lagKey) {
	for id, log := range r.logs {
		if log.err == nil {
			s.addLog(id, log)
		}
	}
	live := make(map[lagKey]bool)
	for i, g := range r.groups {
		s.seen[i] = GroupLag{Group: s.groups[i].ID, State: g.state, Members: g.members}
		s.updateGroup(i, g, r, live)
	}
	for key, p := range s.parts {
		if !live[key] && (s.settled(key, r) || now.Sub(p.lag.At) >= s.cfg.stale()) {
			delete(s.parts, key)
			gone = append(gone, key)
		}
	}
	s.forgetLogs(r, now)
	return gone
}

func (s *lagState) addLog(id lagPartitionID, log lagLogReading) {
	h := s.logs[id]
	if h == nil {
		h = new(endHistory)
		s.logs[id] = h
	}
	h.add(mark{log.at.Sub(s.base), log.end}, s.cfg.history)
}

func (s *lagState) updateGroup(i int, g *lagGroupReading, r *lagReading, live map[lagKey]bool) {
	if !g.known || r.layout == nil {
		return
	}
	s.wanted(i, g, r.layout, func(id lagPartitionID, committed int64) {
		log, ok := r.logs[id]
		if !ok {
			return // it was deleted meanwhile
		}
		key := lagKey{s.groups[i].ID, id}
		if log.err != nil || g.bad[id] {
			return
		}
		live[key] = true
		p := s.parts[key]
		if p == nil {
			p = newLagPartition(key)
			s.parts[key] = p
		}
		p.add(Sample{At: log.at, Start: log.start, End: log.end, Committed: committed, Members: g.members})
		p.judge(s.logs[id], s.base, log.at)
	})
}

// settled reports whether the poll read all that says whether the partition counts:
// then one that it didn't find is gone, else it may be back.
func (s *lagState) settled(key lagKey, r *lagReading) bool {
	if r.layout == nil {
		return false
	}
	for i, g := range r.groups {
		if s.groups[i].ID == key.group && (!g.known || g.bad[key.lagPartitionID]) {
			return false
		}
	}
	log, ok := r.logs[key.lagPartitionID]
	return !ok || log.err == nil
}

// forgetLogs drops the histories of logs that don't exist any more, or that nobody
// has asked for in a long time.
func (s *lagState) forgetLogs(r *lagReading, now time.Time) {
	horizon := now.Sub(s.base) - s.cfg.history
	maps.DeleteFunc(s.logs, func(id lagPartitionID, h *endHistory) bool {
		return r.absent(id) || h.marks[len(h.marks)-1].at < horizon
	})
}

// lags returns what is known of all partitions, in order.
func (s *lagState) lags() []PartitionLag {
	all := make([]PartitionLag, 0, len(s.parts))
	for _, p := range s.parts {
		all = append(all, p.lag)
	}
	slices.SortFunc(all, func(a, b PartitionLag) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
	return all
}
