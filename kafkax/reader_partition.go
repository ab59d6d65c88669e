package kafkax

import (
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
)

// A partition is what a Reader knows of one partition that it has read from.
type partition struct {
	place  place
	series *readSeries

	mu        sync.Mutex
	track     track
	end       int64  // the high watermark, as of the last fetch
	start     int64  // where reading began in this generation
	committed int64  // -1: not known
	call      uint64 // the CommitMessages that set committed
	stale     bool   // a rebalance came after the last message
	shown     bool   // its gauges are
	times     fetchTimes
	pending   pendingCounts
	size      tally
	latency   tally
}

// A place is a partition of a topic.
type place struct {
	topic     string
	partition int
}

// pendingCounts are counted since the last scrape.
type pendingCounts struct {
	messages, bytes, skipped, redelivered, skewed int64
	last                                          int64 // Unix time of the last message in nanoseconds
}

func newPartition(at place, s *readSeries) *partition {
	return &partition{place: at, series: s, committed: -1, stale: true, size: newTally(s.size), latency: newTally(s.latency)}
}

// deliver notes that m goes to the program at a moment of the stopwatch, which was
// unix. It returns false, and notes nothing, if offsets are missing before m, unless
// it is sure that they have not been read elsewhere.
func (p *partition) deliver(m *kafka.Message, at time.Duration, unix int64, sure bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !sure && p.track.gap(m.Offset) {
		return false
	}
	if p.stale {
		p.stale, p.start = false, m.Offset
	}
	p.end = m.HighWaterMark
	p.times.put(m.Offset, at)
	p.count(m, unix)
	return true
}

func (p *partition) count(m *kafka.Message, unix int64) {
	skipped, again := p.track.saw(m.Offset)
	n := sizeOf(m)
	c := &p.pending
	c.messages++
	c.bytes += n
	c.skipped += skipped
	c.last = unix
	if again {
		c.redelivered++
	}
	p.size.observe(float64(n))
	if m.Time.IsZero() {
		return
	}
	d := unix - m.Time.UnixNano()
	if d < 0 {
		d = 0
		c.skewed++
	}
	p.latency.observe(float64(d) / 1e9)
}

// lose notes that a rebalance may have moved the partition.
func (p *partition) lose() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stale, p.committed = true, -1
	p.track.forget()
}

// begin notes that a new generation reads the partition from an offset on, which is
// what is committed, or below zero if nothing is.
func (p *partition) begin(offset int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.committed = max(offset, -1)
	if offset < 0 { // a message tells where it begins, and may have done so
		p.track.forget()
		return
	}
	p.stale, p.start = false, offset
	p.track.expect(offset)
}

// commit notes that the call committed everything up to offset. Of the offsets of
// one call the highest counts; a later call may go back.
func (p *partition) commit(call uint64, offset int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stale || p.call == call && offset+1 < p.committed {
		return
	}
	p.call, p.committed = call, offset+1
}

// fetched returns when the message of an offset was delivered last.
func (p *partition) fetched(offset int64) (at time.Duration, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.times.get(offset)
}

// again notes that a message is handed out a second time, which is no delivery.
func (p *partition) again(offset int64, at time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.times.put(offset, at)
}

// keepTimes is of how many messages of a partition a Reader knows when it delivered
// them: enough for a program that works on so many at once.
const keepTimes = 256

// fetchTimes remembers when the last messages were delivered.
type fetchTimes struct {
	offsets [keepTimes]int64 // one more, so that 0 is none
	at      [keepTimes]time.Duration
}

func (f *fetchTimes) put(offset int64, at time.Duration) {
	i := uint64(offset) % keepTimes
	f.offsets[i], f.at[i] = offset+1, at
}

func (f *fetchTimes) get(offset int64) (at time.Duration, ok bool) {
	i := uint64(offset) % keepTimes
	return f.at[i], f.offsets[i] == offset+1
}
