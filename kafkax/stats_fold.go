package kafkax

import (
	"time"

	"github.com/segmentio/kafka-go"
)

// foldWriter adds delta to into. What is not counted, such as settings, is
// delta's.
func foldWriter(into, delta *kafka.WriterStats) {
	sum := *delta
	sum.Writes += into.Writes
	sum.Messages += into.Messages
	sum.Bytes += into.Bytes
	sum.Errors += into.Errors
	sum.Retries += into.Retries
	sum.Dials += into.Dials
	sum.BatchTime = foldDuration(into.BatchTime, delta.BatchTime)
	sum.BatchQueueTime = foldDuration(into.BatchQueueTime, delta.BatchQueueTime)
	sum.WriteTime = foldDuration(into.WriteTime, delta.WriteTime)
	sum.WaitTime = foldDuration(into.WaitTime, delta.WaitTime)
	sum.DialTime = foldDuration(into.DialTime, delta.DialTime)
	sum.BatchSize = foldSummary(into.BatchSize, delta.BatchSize)
	sum.BatchBytes = foldSummary(into.BatchBytes, delta.BatchBytes)
	sum.Rebalances += into.Rebalances
	*into = sum
}

// foldReader is foldWriter for readers.
func foldReader(into, delta *kafka.ReaderStats) {
	sum := *delta
	sum.Dials += into.Dials
	sum.Fetches += into.Fetches
	sum.Messages += into.Messages
	sum.Bytes += into.Bytes
	sum.Rebalances += into.Rebalances
	sum.Timeouts += into.Timeouts
	sum.Errors += into.Errors
	sum.DialTime = foldDuration(into.DialTime, delta.DialTime)
	sum.ReadTime = foldDuration(into.ReadTime, delta.ReadTime)
	sum.WaitTime = foldDuration(into.WaitTime, delta.WaitTime)
	sum.FetchSize = foldSummary(into.FetchSize, delta.FetchSize)
	sum.FetchBytes = foldSummary(into.FetchBytes, delta.FetchBytes)
	sum.DeprecatedFetchesWithTypo = sum.Fetches
	*into = sum
}

func foldDuration(a, b kafka.DurationStats) kafka.DurationStats {
	s := foldSummary(durationSummary(a), durationSummary(b))
	return kafka.DurationStats{
		Avg: time.Duration(s.Avg), Min: time.Duration(s.Min), Max: time.Duration(s.Max),
		Count: s.Count, Sum: time.Duration(s.Sum),
	}
}

func durationSummary(d kafka.DurationStats) kafka.SummaryStats {
	return kafka.SummaryStats{
		Avg: int64(d.Avg), Min: int64(d.Min), Max: int64(d.Max),
		Count: d.Count, Sum: int64(d.Sum),
	}
}

// foldSummary joins two summaries. One without a count has no minimum.
func foldSummary(a, b kafka.SummaryStats) kafka.SummaryStats {
	s := kafka.SummaryStats{Min: min(a.Min, b.Min), Max: max(a.Max, b.Max), Count: a.Count + b.Count, Sum: a.Sum + b.Sum}
	switch {
	case a.Count == 0:
		s.Min = b.Min
	case b.Count == 0:
		s.Min = a.Min
	}
	if s.Count != 0 {
		s.Avg = s.Sum / s.Count
	}
	return s
}
