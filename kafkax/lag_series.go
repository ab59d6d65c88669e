package kafkax

import (
	"slices"
	"strconv"
	"sync"
	"time"
)

// lagSeries is what a LagCollector shows to scrapes.
type lagSeries struct {
	cfg *lagConfig
	reg *registry
	own *scope

	polls    []*counter // in the order of okOrFailed
	duration *histogram

	mu    sync.Mutex // guards all below: a scrape drops what is stale
	parts map[lagKey]*lagPartitionSeries
	logs  map[lagPartitionID]time.Time // when the topic's offsets were last read
}

// lagPartitionSeries is the series of a group on a partition.
type lagPartitionSeries struct {
	at        time.Time
	labels    []string
	messages  *gauge
	age       *gauge
	committed *gauge // nil: there is no commit
	drain     *gauge // nil: no estimate
	status    *stateSet
	truncated lagCounter
	rewinds   lagCounter
}

// A lagCounter shows a total that is kept elsewhere. Partitions of topics beyond the
// limit share a counter, so that it can't be told from its value what to add.
type lagCounter struct {
	*counter
	shown int64
}

func (c *lagCounter) raise(total int64) {
	c.add(total - c.shown)
	c.shown = total
}

func newLagSeries(c *config) *lagSeries {
	reg := newRegistry(c, nil, groupLag)
	own := reg.scope()
	return &lagSeries{
		cfg:      &c.lag,
		reg:      reg,
		own:      own,
		polls:    own.counters(groupPolls),
		duration: own.histogram(groupPollDuration),
		parts:    make(map[lagKey]*lagPartitionSeries),
		logs:     make(map[lagPartitionID]time.Time),
	}
}

// polled counts a poll. The time of the last success appears with the first one, for
// an alert on its absence.
func (s *lagSeries) polled(took time.Duration, at time.Time, err error) {
	s.duration.observeDuration(took)
	if err != nil {
		s.polls[slices.Index(okOrFailed, resultFailed)].inc()
		return
	}
	s.polls[slices.Index(okOrFailed, resultOK)].inc()
	s.own.gauge(groupLastPollSuccess).setTime(at)
}

// show updates the series after a poll.
func (s *lagSeries) show(state *lagState, r *lagReading, gone []lagKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range state.seen {
		s.showGroup(g)
	}
	for id, log := range r.logs {
		if log.err == nil {
			s.showLog(id, log)
		}
	}
	for _, key := range gone {
		s.drop(key)
	}
	for key, p := range state.parts {
		if old := s.parts[key]; old == nil || old.at.Before(p.lag.At) {
			s.showPartition(key, p)
		}
	}
	s.dropLogs(state)
}

// showGroup shows no members where they aren't known.
func (s *lagSeries) showGroup(g GroupLag) {
	if g.Members < 0 {
		s.own.remove(groupMembers, g.Group)
	} else {
		s.own.gauge(groupMembers, g.Group).set(int64(g.Members))
	}
	s.own.states(groupState, g.Group).set(slices.Index(groupStates, stateLabel(g.State)))
}

// stateLabel turns Kafka's name of a state into the label's.
func stateLabel(state string) string {
	switch state {
	case "Stable":
		return "stable"
	case "PreparingRebalance", "Assigning":
		return "preparing_rebalance"
	case "CompletingRebalance", "AwaitingSync", "Reconciling":
		return "completing_rebalance"
	case "Empty":
		return "empty"
	case lagDead:
		return "dead"
	default:
		return "unknown"
	}
}

func (s *lagSeries) showLog(id lagPartitionID, log lagLogReading) {
	s.logs[id] = log.at
	labels := id.labels()
	s.own.gauge(topicLogStart, labels...).set(log.start)
	s.own.gauge(topicLogEnd, labels...).set(log.end)
}

func (id lagPartitionID) labels() []string {
	return []string{id.topic, strconv.Itoa(int(id.partition))}
}

func (s *lagSeries) showPartition(key lagKey, p *lagPartition) {
	series := s.parts[key]
	if series == nil {
		series = s.newPartition(key)
		s.parts[key] = series
	}
	series.at = p.lag.At
	series.messages.set(p.lag.Messages)
	series.age.setDuration(p.lag.Age)
	series.committed = s.maybe(series.committed, p.lag.Committed, p.lag.Committed >= 0, groupCommitted, series.labels)
	estimated := p.lag.Drain != DrainNever && p.lag.Drain != DrainUnknown
	series.drain = s.maybe(series.drain, int64(p.lag.Drain), estimated, groupDrain, series.labels)
	series.status.set(slices.Index(statusValues, p.lag.Status.String()))
	series.truncated.raise(p.truncated)
	series.rewinds.raise(p.rewinds)
}

func (s *lagSeries) newPartition(key lagKey) *lagPartitionSeries {
	labels := append([]string{key.group}, key.labels()...)
	return &lagPartitionSeries{
		labels:    labels,
		messages:  s.own.gauge(groupLagMessages, labels...),
		age:       s.own.gauge(groupLagSeconds, labels...),
		status:    s.own.states(groupStatus, labels...),
		truncated: lagCounter{counter: s.own.counter(groupTruncated, labels...)},
		rewinds:   lagCounter{counter: s.own.counter(groupRewinds, labels...)},
	}
}

// maybe sets a gauge that exists only where it has a value.
func (s *lagSeries) maybe(g *gauge, value int64, has bool, id metricID, labels []string) *gauge {
	if !has {
		if g != nil {
			s.own.remove(id, labels...)
		}
		return nil
	}
	if g == nil {
		g = s.own.gauge(id, labels...)
	}
	g.set(value)
	return g
}

// expire drops what was last read too long ago: after an outage old figures would
// look like new ones.
func (s *lagSeries) expire(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, p := range s.parts {
		if now.Sub(p.at) >= s.cfg.stale() {
			s.drop(key)
		}
	}
	for id, at := range s.logs {
		if now.Sub(at) >= s.cfg.stale() {
			s.dropLog(id)
		}
	}
}

func (s *lagSeries) drop(key lagKey) {
	p := s.parts[key]
	if p == nil {
		return
	}
	delete(s.parts, key)
	for _, id := range []metricID{groupLagMessages, groupLagSeconds, groupCommitted, groupDrain, groupTruncated, groupRewinds} {
		s.own.remove(id, p.labels...)
	}
	s.own.removeAll(groupStatus, p.labels...)
}

// dropLogs drops the logs that the state has forgotten.
func (s *lagSeries) dropLogs(state *lagState) {
	for id := range s.logs {
		if state.logs[id] == nil {
			s.dropLog(id)
		}
	}
}

func (s *lagSeries) dropLog(id lagPartitionID) {
	delete(s.logs, id)
	labels := id.labels()
	s.own.remove(topicLogStart, labels...)
	s.own.remove(topicLogEnd, labels...)
}
