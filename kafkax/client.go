package kafkax

import (
	"context"

	"github.com/segmentio/kafka-go"
)

// A MessageWriter is what a program writes with, be it a *kafka.Writer or a [Writer]:
// code that takes one doesn't care whether it is instrumented.
type MessageWriter interface {
	WriteMessages(ctx context.Context, msgs ...kafka.Message) error
	Close() error
}

// A MessageReader is what a program reads with that commits for itself, be it a
// *kafka.Reader or a [Reader].
type MessageReader interface {
	FetchMessage(ctx context.Context) (kafka.Message, error)
	CommitMessages(ctx context.Context, msgs ...kafka.Message) error
	Close() error
}

var (
	_ MessageWriter = (*kafka.Writer)(nil)
	_ MessageWriter = (*Writer)(nil)
	_ MessageReader = (*kafka.Reader)(nil)
	_ MessageReader = (*Reader)(nil)
)
