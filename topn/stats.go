package topn

import "sync/atomic"

// Stats is a snapshot of what a [Board] has done in this process so far.
type Stats struct {
	Ticks       uint64 // times that the mark was asked for
	Reads       uint64 // times that Redis was asked for the places
	Sources     uint64 // calls of the Source
	Rebuilds    uint64 // times that the board was rebuilt in Redis
	Failures    uint64 // ticks that failed, and calls to refresh the snapshot under Load
	Undecodable uint64 // members read that the Codec couldn't decode: each was left out
}

type counts struct {
	ticks, reads, sources, rebuilds, failures, undecodable atomic.Uint64
}

// Stats returns what the board has done in this process so far.
func (b *Board[M]) Stats() Stats {
	return Stats{
		Ticks:       b.counts.ticks.Load(),
		Reads:       b.counts.reads.Load(),
		Sources:     b.counts.sources.Load(),
		Rebuilds:    b.counts.rebuilds.Load(),
		Failures:    b.counts.failures.Load(),
		Undecodable: b.counts.undecodable.Load(),
	}
}
