package kafkax_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/produce"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax"
)

func TestRoundTripperCountsWhatProduces(t *testing.T) {
	for _, tc := range []struct {
		name   string
		acks   kafka.RequiredAcks
		answer answer
		code   string
	}{
		{"acknowledged", kafka.RequireAll, answer{}, "none"},
		{"refused", kafka.RequireOne, answer{code: kafka.NotLeaderForPartition}, "not_leader_for_partition"},
		{"a code that nobody knows", kafka.RequireOne, answer{code: 4711}, "other"},
		{"nobody asks", kafka.RequireNone, answer{}, "unacked"},
		{"broken", kafka.RequireAll, answer{err: io.ErrUnexpectedEOF}, "network"},
		{"broken, and nobody asks", kafka.RequireNone, answer{err: context.DeadlineExceeded}, "timeout"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBroker()
				b.produce = func(context.Context, batch) answer {
					time.Sleep(time.Second)
					return tc.answer
				}
				m, err := kafkax.New()
				require.NoError(t, err)
				c := &kafka.Client{Addr: kafka.TCP("fake:9092"), Transport: m.RoundTripper("c", b)}
				res, err := c.Produce(t.Context(), &kafka.ProduceRequest{
					Topic: "t", RequiredAcks: tc.acks, Records: kafka.NewRecordReader(kafka.Record{Value: kafka.NewBytes([]byte("v"))}),
				})
				require.ErrorIs(t, err, tc.answer.err)
				require.Equal(t, tc.acks != kafka.RequireNone && err == nil, res != nil)
				f := figuresOf(t, m)
				require.Equal(t, 1.0, f.sum("kafka_writer_produce_requests_total"))
				require.Equal(t, 1.0, f.sum("kafka_writer_produce_requests_total", "writer=c", "topic=t", "code="+tc.code), "%v", f)
				require.Equal(t, 1.0, f.sum("kafka_writer_produce_duration_seconds_sum", "writer=c", "topic=t"))
			})
		})
	}
}

func TestRoundTripperLeavesOtherRequestsAlone(t *testing.T) {
	b := newBroker()
	m, err := kafkax.New()
	require.NoError(t, err)
	res, err := (&kafka.Client{Addr: kafka.TCP("fake:9092"), Transport: m.RoundTripper("c", b)}).Metadata(t.Context(), &kafka.MetadataRequest{Topics: []string{"t"}})
	require.NoError(t, err)
	require.Equal(t, "t", res.Topics[0].Name)
	require.Zero(t, figuresOf(t, m).sum("kafka_writer_produce_requests_total"))
}

func TestAWriterWhoseTransportCountsIsCountedOnce(t *testing.T) {
	m, err := kafkax.New()
	require.NoError(t, err)
	w := addWriter(t, m, newBroker(), func(w *kafka.Writer) { w.Transport = m.RoundTripper("w", w.Transport) })
	require.NoError(t, w.WriteMessages(t.Context(), message("t", 1)))
	require.Equal(t, 1.0, figuresOf(t, m).sum("kafka_writer_produce_requests_total"))
}

func TestRoundTripperStandsForTheDefault(t *testing.T) {
	b := newBroker()
	old := kafka.DefaultTransport
	kafka.DefaultTransport = b
	defer func() { kafka.DefaultTransport = old }()
	m, err := kafkax.New()
	require.NoError(t, err)
	_, err = m.RoundTripper("c", nil).RoundTrip(t.Context(), kafka.TCP("fake:9092"), &produce.Request{})
	require.Error(t, err) // by the fake, that there is nothing in it
	require.ErrorContains(t, err, "nothing")
}

func TestDialFuncCountsConnectionsAndBytes(t *testing.T) {
	m, err := kafkax.New()
	require.NoError(t, err)
	refused := errors.New("refused")
	var theirs net.Conn
	dial := m.DialFunc("w", func(_ context.Context, network, address string) (net.Conn, error) {
		require.Equal(t, "tcp", network)
		if address == "down:9092" {
			return nil, refused
		}
		var ours net.Conn
		ours, theirs = net.Pipe()
		return ours, nil
	})
	_, err = dial(t.Context(), "tcp", "down:9092")
	require.ErrorIs(t, err, refused)
	c, err := dial(t.Context(), "tcp", "up:9092")
	require.NoError(t, err)
	go func() {
		_, _ = theirs.Read(make([]byte, 7))
		_, _ = theirs.Write(make([]byte, 5))
		_ = theirs.Close()
	}()
	n, err := c.Write(make([]byte, 7))
	require.NoError(t, err)
	require.Equal(t, 7, n)
	all, err := io.ReadAll(c)
	require.NoError(t, err)
	require.Len(t, all, 5)
	f := figuresOf(t, m)
	require.Equal(t, 1.0, f.sum("kafka_writer_connections_total", "writer=w", "result=ok"))
	require.Equal(t, 1.0, f.sum("kafka_writer_connections_total", "writer=w", "result=failed"))
	require.Equal(t, 7.0, f.sum("kafka_writer_transmit_bytes_total", "writer=w"))
	require.Equal(t, 5.0, f.sum("kafka_writer_receive_bytes_total", "writer=w"))
}

func TestErrorLoggerCountsErrorsAndPassesOn(t *testing.T) {
	for _, tc := range []struct {
		name   string
		format string
		arg    any
		source string // "": not counted
		reason string
	}{
		{"a line without an error", "joined group %v", "g", "", ""},
		{"the group", "Failed to join group: %v", kafka.GroupAuthorizationFailed, "group", "group_authorization_failed"},
		{"a fetch", "error initializing the kafka reader for partition 0: %s", errRefused, "fetch", "network"},
		{"an empty wait", "the kafka reader got an unknown error reading partition 0: %s", os.ErrDeadlineExceeded, "", ""},
		{"another fault of a wait", "the kafka reader got an unknown error reading partition 0: %s", syscall.ECONNRESET, "fetch", "network"},
		{"what nobody knows", "%v", errors.New("new"), "log", "other"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m, err := kafkax.New()
			require.NoError(t, err)
			var passed []any
			log := m.ErrorLogger("r", "g", kafka.LoggerFunc(func(format string, args ...any) {
				require.Equal(t, tc.format, format)
				passed = args
			}))
			log.Printf(tc.format, tc.arg)
			m.ErrorLogger("r", "g", nil).Printf(tc.format, tc.arg)
			require.Equal(t, []any{tc.arg}, passed)
			f := figuresOf(t, m)
			if tc.source == "" {
				require.Zero(t, f.sum("kafka_reader_errors_total"))
				return
			}
			require.Equal(t, 2.0, f.sum("kafka_reader_errors_total", "reader=r", "group=g", "source="+tc.source, "reason="+tc.reason), "%v", f)
		})
	}
}
