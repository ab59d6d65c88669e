package topn

import (
	"context"
	"errors"
	"fmt"

	"github.com/segmentio/kafka-go"
)

// A MessageReader is what [Consume] reads from, such as a *kafka.Reader of a
// consumer group or what wraps one. FetchMessage returns the next message of any
// partition, in the order of offsets within each, and io.EOF once the reader was
// closed; it may go back in a partition, as after a rebalance or to give a message
// again, and goes on from there. CommitMessages stores how far the group has come.
// Consume calls them one after the other, from the goroutine of its caller.
type MessageReader interface {
	FetchMessage(ctx context.Context) (kafka.Message, error)
	CommitMessages(ctx context.Context, msgs ...kafka.Message) error
}

// An Event is what a message says of a member. A [Counter] board adds Delta to its
// score; an [Absolute] one sets it to Score or, if it was Removed, takes the member
// off, unless it knows something as new as Version. On a Counter board Removed is
// poison.
type Event[M comparable] struct {
	Member       M
	Delta, Score float64
	Version      int64
	Removed      bool
}

// Consume applies the events of a log to b until ctx is done, and then returns nil.
// It returns an error only for arguments that make no sense, which wraps [ErrInput],
// and when r was closed, which wraps io.EOF. The caller owns the goroutine, r and b;
// any number of processes may do the same for the partitions of one topic.
//
// Messages are applied in batches. The first after a pause is applied at once; those
// that come while it is, and within an interval from then on, go together, each
// member once. A batch is one write per partition. Only when it is applied, and
// every process can see that the board has changed, are its messages committed.
//
// Nothing is lost and nothing counted twice, whenever a process is killed and
// however the log is cut into batches afterwards. What was not committed comes
// again. An Absolute board knows it by its versions. For a Counter board each batch
// carries its [Position], and Redis keeps the offset that a partition was applied up
// to in the same step as the scores: messages at or below that mark are dropped, and
// a batch that reaches across it is cut there. Offsets may have gaps, as those of
// compacted or truncated logs have. The stream of a partition is named after topic
// and partition, "likes/3", so two boards don't mix their marks, but two consumers of
// one board that take different events from the same topic need names of their own;
// see [WithStream]. When Redis loses its data, it loses the marks with the board:
// the rebuild has the events that were in the database when its Source read it, and
// those of them that are applied only afterwards count twice. When a partition is set
// back, and not only to what is in hand, Consume asks for its mark anew.
//
// While Redis doesn't answer, Consume holds the batch, tries again with a growing
// pause and fetches nothing. The same goes for a fetch or a commit that fails; what
// isn't committed yet doesn't keep the next messages from being applied. Each such
// error is told to the function of [WithOnError].
//
// A message that decode returns an error for, or whose event the board refuses for
// good with [ErrScore], [ErrInput] or [ErrMode], is poison: it changes nothing, is handed to the
// function of [WithPoison], and committed. The rest of its batch counts. decode gets
// one message at a time and may keep its parts.
//
// When ctx ends, what is in hand and not applied is left to whoever reads the
// partition next. What is applied is committed still, for which Consume takes up to
// three seconds if Kafka doesn't answer. It starts no goroutine.
func Consume[M comparable](ctx context.Context, r MessageReader, b *Board[M], decode func(kafka.Message) (Event[M], error), opts ...ConsumeOption) error {
	cfg := newConsumeConfig(opts)
	err := cfg.validate()
	bad := func(is bool, what string) {
		if is {
			err = errors.Join(err, fmt.Errorf("%w: Consume: %s is nil", ErrInput, what))
		}
	}
	bad(r == nil, "the reader")
	bad(b == nil, "the board")
	bad(decode == nil, "decode")
	if b != nil {
		err = errors.Join(err, cfg.suits(b.cfg.mode), b.made())
	}
	if err != nil {
		return err
	}
	c := newConsumer(r, b, decode, cfg)
	return c.run(ctx)
}
