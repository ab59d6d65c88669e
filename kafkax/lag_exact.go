package kafkax

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
)

// lagFetchWait is how long a broker may look for a message that is there.
const lagFetchWait = 100 * time.Millisecond

// readBirths reads the messages that [WithExactAge] asks for.
func (l *LagCollector) readBirths(ctx context.Context, layout lagLayout) {
	byLeader := make(map[int32][]*lagPartition)
	for _, p := range l.state.oldest(l.cfg.lag.exact) {
		if leader := layout.leader(p.key.lagPartitionID); leader >= 0 {
			byLeader[leader] = append(byLeader[leader], p)
		}
	}
	var wg sync.WaitGroup
	for _, ps := range byLeader {
		wg.Go(func() { l.readBirthsOf(ctx, ps) })
	}
	wg.Wait()
}

// readBirthsOf reads the messages of partitions of one leader, one after the other,
// since two at once would take two connections.
func (l *LagCollector) readBirthsOf(ctx context.Context, ps []*lagPartition) {
	for _, p := range ps {
		if ctx.Err() != nil {
			return
		}
		if written, ok := l.wire.written(ctx, p.key.lagPartitionID, p.position); ok {
			p.setExact(l.state.base, time.Now(), written)
		}
		time.Sleep(lagRelease)
	}
}

// oldest returns up to n partitions whose age isn't exact, those with the highest
// first.
func (s *lagState) oldest(n int) []*lagPartition {
	if n == 0 {
		return nil
	}
	var ps []*lagPartition
	for _, p := range s.parts {
		if p.bornMode == AgeHistory || p.bornMode == AgeAtLeast {
			ps = append(ps, p)
		}
	}
	slices.SortFunc(ps, func(a, b *lagPartition) int { return cmp.Compare(a.born, b.born) })
	return ps[:min(n, len(ps))]
}

// setExact notes when the message at the position was written. Wall clocks are
// compared here, and only here.
func (p *lagPartition) setExact(base, now, written time.Time) {
	age := now.Round(0).Sub(written)
	p.born, p.bornMode = now.Sub(base)-age, AgeExact
	p.setAge(now.Sub(base))
}

// written returns the timestamp of the first message from offset on, and false if it
// can't be told.
func (w *lagWire) written(ctx context.Context, id lagPartitionID, offset int64) (time.Time, bool) {
	res, err := w.client.Fetch(ctx, &kafka.FetchRequest{
		Topic: id.topic, Partition: int(id.partition), Offset: offset,
		MinBytes: 1, MaxBytes: 1, MaxWait: lagFetchWait, // a broker sends one batch at least
	})
	if err != nil || res.Error != nil {
		return time.Time{}, false
	}
	for {
		rec, err := res.Records.ReadRecord()
		if err != nil {
			return time.Time{}, false
		}
		closeBytes(rec.Key, rec.Value)
		// Offsets have gaps where a log was compacted, and batches begin before them.
		if rec.Offset >= offset {
			return rec.Time, !rec.Time.IsZero() && rec.Time.Unix() > 0
		}
	}
}

func closeBytes(all ...kafka.Bytes) {
	for _, b := range all {
		if b != nil {
			_ = b.Close() // of memory: it can't fail
		}
	}
}
