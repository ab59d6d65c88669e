package ranking

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"

	"github.com/segmentio/kafka-go"

	"github.com/ycvk/tinybook/examples/tinybook/internal/interactive"
	"github.com/ycvk/tinybook/topn"
)

// A Feeder brings the changes of likes from their topic to the board. Any number of
// processes share that work.
type Feeder struct {
	board *topn.Board[int64]
	open  func() interactive.Reader
	log   *slog.Logger
	stats atomic.Pointer[topn.ConsumeStats]
}

// NewFeeder returns a feeder of board, which stays the caller's, with what the
// reader has that open returns, a member of [interactive.RankGroup]. The feeder
// closes the reader.
func NewFeeder(board *topn.Board[int64], open func() interactive.Reader, log *slog.Logger) *Feeder {
	return &Feeder{board: board, open: open, log: log}
}

// Run feeds the board until ctx is done, and then returns nil, or why the reader
// couldn't be closed. While Kafka or Redis is away it tries again. It may run once
// at a time.
func (f *Feeder) Run(ctx context.Context) error {
	reader := f.open()
	err := topn.Consume(ctx, reader, f.board, event,
		topn.WithPoison(f.poison),
		topn.WithProgress(func(s topn.ConsumeStats) { f.stats.Store(&s) }))
	return errors.Join(err, reader.Close())
}

// Stats returns what was done since Run began. It is safe for concurrent use.
func (f *Feeder) Stats() topn.ConsumeStats {
	if s := f.stats.Load(); s != nil {
		return *s
	}
	return topn.ConsumeStats{}
}

// event reads a message of the topic of changes. What is withdrawn, and what nobody
// likes, has no place.
func event(m kafka.Message) (topn.Event[int64], error) {
	c, err := interactive.DecodeChange(m.Value)
	if err != nil {
		return topn.Event[int64]{}, err
	}
	return topn.Event[int64]{
		Member: c.ID, Score: float64(c.Likes), Version: c.Version,
		Removed: !c.Listed || c.Likes == 0,
	}, nil
}

func (f *Feeder) poison(_ context.Context, m kafka.Message, why error) error {
	f.log.Warn("a message that is no change of likes is skipped",
		"topic", m.Topic, "partition", m.Partition, "offset", m.Offset, "error", why)
	return nil
}
