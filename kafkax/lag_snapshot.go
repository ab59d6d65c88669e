package kafkax

import (
	"math"
	"time"
)

// A LagSnapshot is what a [LagCollector] knows at a moment. The caller owns its
// slices.
type LagSnapshot struct {
	At         time.Time      // when the last poll ended; zero before the first
	Took       time.Duration  // how long it took
	Err        error          // what it couldn't read; nil: it read all
	Groups     []GroupLag     // in the order given to NewLagCollector
	Partitions []PartitionLag // in the order of group, topic and partition
}

// GroupLag is the state of a group, as the last poll saw it. It isn't known where it
// couldn't be read, and of groups whose members use the protocol of KIP-848, which
// kafka-go doesn't speak: their lag is as good as any other's.
type GroupLag struct {
	Group   string
	State   string // as Kafka names it: Stable, Empty, Dead (there is no such group), ...; "": not known
	Members int    // -1: not known
}

// PartitionLag is how far a group is behind on one partition.
type PartitionLag struct {
	Group     string
	Topic     string
	Partition int
	At        time.Time // when it was read; older than LagSnapshot.At if the last polls couldn't

	Committed  int64 // the next offset to read; -1: no commit
	Start, End int64 // the first offset in the log, and the one that the next message gets
	Messages   int64 // from the commit, or the start if that is later, to the end; never negative
	Truncated  int64 // deleted before the group has read them

	Age     time.Duration // of the oldest message among Messages
	AgeMode AgeMode
	Drain   time.Duration // estimate of the time until Messages is 0; see DrainNever and DrainUnknown
	Status  Status
}

// Values of [PartitionLag.Drain] that aren't durations.
const (
	DrainNever   time.Duration = math.MaxInt64 // at this pace the lag doesn't become less
	DrainUnknown time.Duration = -1            // there was one poll only
)

// drain returns how long the lag takes to become zero if it goes on as it did over
// the window.
func drain(window []Sample) time.Duration {
	first, last := window[0], window[len(window)-1]
	took := last.At.Sub(first.At)
	switch gone := first.Lag() - last.Lag(); {
	case last.Lag() == 0:
		return 0
	case took <= 0:
		return DrainUnknown
	case gone <= 0:
		return DrainNever
	default:
		// As floats: a lag of 2^40 messages times nanoseconds is more than an int64.
		d := float64(took) * (float64(last.Lag()) / float64(gone))
		if d >= math.MaxInt64 {
			return DrainNever
		}
		return time.Duration(d)
	}
}
