package kafkax

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"regexp"
	"syscall"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
)

func TestReasonsAreFew(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want string
	}{
		{kafka.MessageTooLargeError{}, "too_large"},
		{kafka.MessageSizeTooLarge, "message_size_too_large"},
		{fmt.Errorf("kafka.(*Client).Produce: %w", kafka.NotLeaderForPartition), "not_leader_for_partition"},
		{fmt.Errorf("%w: by the broker", kafka.RequestTimedOut), "request_timed_out"},
		{errors.Join(kafka.LeaderNotAvailable, io.EOF), "leader_not_available"},
		{kafka.Error(4711), "other"},
		{context.Canceled, "canceled"},
		{context.DeadlineExceeded, "timeout"},
		{os.ErrDeadlineExceeded, "timeout"},
		{&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, "timeout"},
		{&net.DNSError{IsTimeout: true}, "timeout"},
		{&net.DNSError{IsNotFound: true}, "network"},
		{&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, "network"},
		{fmt.Errorf("x: %w", syscall.EPIPE), "network"},
		{io.ErrUnexpectedEOF, "network"},
		{io.EOF, "network"},
		{net.ErrClosed, "network"},
		{io.ErrClosedPipe, "closed"},
		{errors.New("+8613800138000 is not a topic"), "other"},
	} {
		require.Equal(t, tc.want, reasonOf(tc.err), "%v", tc.err)
	}
}

// A broker can answer any code, and must not make up labels with it.
func TestEveryCodeHasAPlainName(t *testing.T) {
	plain := regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+)*$`)
	seen := make(map[string]bool)
	for code := math.MinInt16; code <= math.MaxInt16; code++ {
		name := codeName(kafka.Error(code))
		if !plain.MatchString(name) {
			t.Errorf("code %d is %q", code, name)
		}
		seen[name] = true
	}
	require.Less(t, len(seen), 120)
	require.Equal(t, "none", codeName(0))
	require.Equal(t, "unknown", codeName(kafka.Unknown))
}

func TestTheUsersClassifierIsAskedFirst(t *testing.T) {
	mine := classifier(func(err error) string {
		if errors.Is(err, io.EOF) {
			return "gone"
		}
		return ""
	})
	require.Equal(t, "gone", mine.reason(io.EOF))
	require.Equal(t, "canceled", mine.reason(context.Canceled))
	require.Equal(t, "network", classifier(nil).reason(io.EOF))
}
