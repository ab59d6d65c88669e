package kafkax

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
)

// A lagWire asks the brokers what a poll wants to know. Its own requests keep a poll
// at one connection per broker, beside the one that a transport refreshes its
// metadata on: no two of them are on their way to a broker at once. A transport that
// doesn't know them, as one may that looks into what it carries, gets kafka-go's
// instead. It serves one poll at a time.
type lagWire struct {
	client       *kafka.Client
	coordinators map[string]int32 // of groups, as far as known
}

// errLagForeign: the answer is not one that a broker gives to the request.
var errLagForeign = errors.New("kafkax: the transport doesn't carry the request")

func (w *lagWire) roundTrip(ctx context.Context, req protocol.Message) (protocol.Message, error) {
	transport := w.client.Transport
	if transport == nil {
		transport = kafka.DefaultTransport
	}
	return transport.RoundTrip(ctx, w.client.Addr, req)
}

// lagRelease is a pause after each answer. kafka-go hands an answer out before it
// takes back the connection, so that who asks on at once may find none, and opens
// one more that then lies idle. After this time it mostly has it back.
const lagRelease = 200 * time.Microsecond

// lagAsk sends what req returns and returns the answer. It tries twice, for kafka-go
// may have kept a connection that the broker has closed since; what it asks changes
// nothing.
func lagAsk[T protocol.Message](ctx context.Context, w *lagWire, req func(try int) protocol.Message) (T, error) {
	var none T
	res, err := w.roundTrip(ctx, req(0))
	if err != nil && ctx.Err() == nil && lagLost(err) {
		res, err = w.roundTrip(ctx, req(1))
	}
	if err != nil {
		return none, lagForeign(err)
	}
	time.Sleep(lagRelease)
	if answer, ok := res.(T); ok {
		return answer, nil
	}
	return none, fmt.Errorf("%w: it answered with %T", errLagForeign, res)
}

// lagLost reports whether err may be of a connection that was no good any more, or
// of a broker that is away.
func lagLost(err error) bool {
	if _, ok := errors.AsType[syscall.Errno](err); ok {
		return true
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, io.ErrClosedPipe) || errors.Is(err, net.ErrClosed)
}

// lagForeign marks an error that comes neither from a broker nor from the network:
// the transport itself, or the encoder, has refused the request.
func lagForeign(err error) error {
	if _, ok := errors.AsType[kafka.Error](err); ok {
		return err
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return err
	}
	if lagLost(err) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w: %w", errLagForeign, err)
}

// lagTry calls own, and plain instead if own turned out not to be carried. It forgets
// that: what looks like it may have been a fault that is over by the next poll.
func lagTry[T any](own, plain func() (T, error)) (T, error) {
	got, err := own()
	if errors.Is(err, errLagForeign) {
		return plain()
	}
	return got, err
}
