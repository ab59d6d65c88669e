package smsfailover

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
)

// unknownResult reports whether a send that ended in err may have reached the
// provider all the same: time was up, or the connection broke. It did not where
// there was no connection to begin with.
func unknownResult(ctx context.Context, err error) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return false
	}
	if ctx.Err() != nil {
		return true
	}
	for _, broken := range []error{
		context.DeadlineExceeded, context.Canceled, io.EOF, io.ErrUnexpectedEOF,
		net.ErrClosed, syscall.ECONNRESET, syscall.EPIPE,
	} {
		if errors.Is(err, broken) {
			return true
		}
	}
	timeout, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	return ok && timeout.Timeout()
}
