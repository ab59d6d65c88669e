package kafkax

import (
	"slices"
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
	logs  map[lagPartitionID]*lagLogSeries
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
		logs:     make(map[lagPartitionID]*lagLogSeries),
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
	series := s.logs[id]
	if series == nil {
		series = newLagLogSeries(s.reg, id)
		s.logs[id] = series
	}
	series.show(log)
}

func (s *lagSeries) showPartition(key lagKey, p *lagPartition) {
	series := s.parts[key]
	if series == nil {
		series = newLagPartitionSeries(s.reg, key)
		s.parts[key] = series
	}
	series.show(p)
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
	for id, log := range s.logs {
		if now.Sub(log.at) >= s.cfg.stale() {
			s.dropLog(id)
		}
	}
}

func (s *lagSeries) drop(key lagKey) {
	if p := s.parts[key]; p != nil {
		p.own.close()
		delete(s.parts, key)
	}
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
	s.logs[id].own.close()
	delete(s.logs, id)
}
