package kafkax

import (
	"slices"
	"strconv"
	"time"
)

// lagPartitionSeries is the series of a group on a partition. It has a scope of its
// own: topics beyond the limit share labels, and each gives up its own share only.
type lagPartitionSeries struct {
	at        time.Time
	own       *scope
	labels    []string
	messages  *gauge
	age       *gauge
	committed *gauge // nil: there is no commit
	drain     *gauge // nil: no estimate
	status    *stateSet
	truncated *counter
	rewinds   *counter
}

func newLagPartitionSeries(reg *registry, key lagKey) *lagPartitionSeries {
	own := reg.scope()
	labels := append([]string{key.group}, key.labels()...)
	return &lagPartitionSeries{
		own:       own,
		labels:    labels,
		messages:  own.gauge(groupLagMessages, labels...),
		age:       own.gauge(groupLagSeconds, labels...),
		status:    own.states(groupStatus, labels...),
		truncated: own.counter(groupTruncated, labels...),
		rewinds:   own.counter(groupRewinds, labels...),
	}
}

// show takes over what p has lost since it was shown last.
func (s *lagPartitionSeries) show(p *lagPartition) {
	s.at = p.lag.At
	s.messages.set(p.lag.Messages)
	s.age.setDuration(p.lag.Age)
	s.committed = s.maybe(s.committed, p.lag.Committed, p.lag.Committed >= 0, groupCommitted)
	estimated := p.lag.Drain != DrainNever && p.lag.Drain != DrainUnknown
	s.drain = s.maybe(s.drain, int64(p.lag.Drain), estimated, groupDrain)
	s.status.set(slices.Index(statusValues, p.lag.Status.String()))
	s.truncated.add(p.truncated)
	s.rewinds.add(p.rewinds)
	p.truncated, p.rewinds = 0, 0
}

// maybe sets a gauge that exists only where it has a value.
func (s *lagPartitionSeries) maybe(g *gauge, value int64, has bool, id metricID) *gauge {
	if !has {
		if g != nil {
			s.own.remove(id, s.labels...)
		}
		return nil
	}
	if g == nil {
		g = s.own.gauge(id, s.labels...)
	}
	g.set(value)
	return g
}

// lagLogSeries is the series of a log, in a scope of its own too.
type lagLogSeries struct {
	at         time.Time
	own        *scope
	start, end *gauge
}

func newLagLogSeries(reg *registry, id lagPartitionID) *lagLogSeries {
	own := reg.scope()
	labels := id.labels()
	return &lagLogSeries{own: own, start: own.gauge(topicLogStart, labels...), end: own.gauge(topicLogEnd, labels...)}
}

func (s *lagLogSeries) show(log lagLogReading) {
	s.at = log.at
	s.start.set(log.start)
	s.end.set(log.end)
}

func (id lagPartitionID) labels() []string {
	return []string{id.topic, strconv.Itoa(int(id.partition))}
}
