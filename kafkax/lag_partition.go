package kafkax

import "time"

// A lagPartition is a group on a partition, from poll to poll.
type lagPartition struct {
	key    lagKey
	window []Sample // the last StatusWindow polls, of one log
	lag    PartitionLag

	born      time.Duration // when the message at position came, on the state's clock
	bornMode  AgeMode
	position  int64
	counted   int64 // truncated messages before this offset are counted
	truncated int64 // that the series don't show yet
	rewinds   int64 // that they don't show yet either
}

func newLagPartition(key lagKey) *lagPartition {
	return &lagPartition{key: key, window: make([]Sample, 0, StatusWindow), counted: -1}
}

// add takes in what a poll saw.
func (p *lagPartition) add(s Sample) {
	if n := len(p.window); n > 0 && s.End < p.window[n-1].End {
		// Another log under the same name, or what is left of it after a failure: its
		// offsets mean something else now.
		p.window, p.counted, p.bornMode = p.window[:0], s.Start, AgeNone
	}
	p.countLosses(s)
	if len(p.window) == StatusWindow {
		p.window = p.window[:copy(p.window, p.window[1:])]
	}
	p.window = append(p.window, s)
}

// countLosses counts what happened since the sample before. What was so already when
// the partition was first seen isn't counted: a counter tells what its process saw.
func (p *lagPartition) countLosses(s Sample) {
	if s.Committed >= 0 && p.counted >= 0 {
		p.truncated += max(0, s.Start-max(s.Committed, p.counted))
	}
	p.counted = max(p.counted, s.Start)
	if n := len(p.window); n > 0 && s.Position() < p.window[n-1].Position() {
		p.rewinds++
	}
}

// judge draws the conclusions from the last sample.
func (p *lagPartition) judge(h *endHistory, base, now time.Time) {
	s := p.window[len(p.window)-1]
	p.lag = PartitionLag{
		Group:     p.key.group,
		Topic:     p.key.topic,
		Partition: int(p.key.partition),
		At:        s.At,
		Committed: s.Committed,
		Start:     s.Start,
		End:       s.End,
		Messages:  s.Lag(),
		Truncated: s.Truncated(),
		Drain:     drain(p.window),
		Status:    Evaluate(p.window, now),
	}
	p.findBirth(s, h)
	p.setAge(now.Sub(base))
}

// findBirth finds out when the oldest unread message came. While that is the same
// message, what was known of it stays true, even when the history has forgotten it.
func (p *lagPartition) findBirth(s Sample, h *endHistory) {
	if s.Lag() == 0 {
		p.bornMode = AgeNone
		return
	}
	if p.bornMode != AgeNone && s.Position() == p.position {
		return
	}
	p.position = s.Position()
	p.born, p.bornMode = h.born(p.position)
}

// setAge sets the age from the birth. Clocks of producers may be ahead.
func (p *lagPartition) setAge(now time.Duration) {
	p.lag.Age, p.lag.AgeMode = 0, p.bornMode
	if p.bornMode != AgeNone {
		p.lag.Age = max(0, now-p.born)
	}
}
