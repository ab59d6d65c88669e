package kafkastore_test

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/integration/sqldb"
	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/kafkastore"
	"github.com/ycvk/tinybook/smsfailover/storetest"
)

// killable is how the processes of a crash test are set up: one that is killed is
// missed soon.
func killable(addr string, index smsfailover.Store) *queue {
	return &queue{
		brokers: []string{addr}, prefix: "sms", index: index, parts: 4,
		opts: []kafkastore.Option{
			kafkastore.WithSession(400*time.Millisecond, 50*time.Millisecond),
			kafkastore.WithRebalance(time.Second, 10*time.Millisecond),
			kafkastore.WithPoll(10 * time.Millisecond),
			kafkastore.WithHold(time.Second),
		},
	}
}

// fromDSN returns the queue that a process of a crash test works on: the address of
// the broker, and that of the database of the index, if there is one.
func fromDSN(t *testing.T, dsn string) *queue {
	t.Helper()
	addr, file, indexed := strings.Cut(dsn, " ")
	if !indexed {
		return killable(addr, nil)
	}
	return killable(addr, sqlIndex(t, &sqldb.DB{Engine: sqldb.SQLite, Driver: "sqlite", DSN: file}))
}

// crash returns a crash test on what setup makes.
func crash(setup func(t *testing.T) (dsn string)) storetest.CrashConfig {
	return storetest.CrashConfig{
		Setup:  setup,
		Open:   func(t *testing.T, dsn string) smsfailover.Store { return fromDSN(t, dsn).running(t).Store },
		Lease:  500 * time.Millisecond,
		Poll:   50 * time.Millisecond,
		Leased: leasesOpen,
	}
}

// leasesOpen counts what is claimed by the group's offsets: a Store that runs would
// take its share. They don't count what was stored as claimed; records do.
func leasesOpen(t *testing.T, dsn string) int {
	t.Helper()
	q := fromDSN(t, dsn)
	p := q.open(t)
	d, err := p.Depth(t.Context())
	require.NoError(t, err)
	if q.index != nil {
		return d.Leased
	}
	return d.Leased + storedAsClaimed(t, q, p)
}

// storedAsClaimed counts records behind the committed offsets that say so, in the
// flags that follow the version.
func storedAsClaimed(t *testing.T, q *queue, p *pod) (n int) {
	t.Helper()
	const leased = 1 << 3
	client := &kafka.Client{Addr: kafka.TCP(q.brokers...), Transport: p.transport}
	from, err := client.OffsetFetch(t.Context(), &kafka.OffsetFetchRequest{
		GroupID: q.prefix, Topics: map[string][]int{"sms.ready": {0, 1, 2, 3}},
	})
	require.NoError(t, err)
	for _, m := range from.Topics["sms.ready"] {
		done := finishedBehind(t, m.Metadata)
		resp, err := client.Fetch(t.Context(), &kafka.FetchRequest{
			Topic: "sms.ready", Partition: m.Partition, Offset: max(m.CommittedOffset, 0),
			MaxBytes: 1 << 20, MaxWait: time.Millisecond,
		})
		require.NoError(t, err)
		for {
			r, err := resp.Records.ReadRecord()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			value, err := kafka.ReadAll(r.Value)
			require.NoError(t, err)
			if len(value) > 1 && value[1]&leased != 0 && !done[r.Offset-m.CommittedOffset] {
				n++
			}
		}
	}
	return n
}

// finishedBehind reads from the metadata of a commit what is finished, by how far it
// lies behind the committed offset: runs of a mark and a length, 255 is finished.
func finishedBehind(t *testing.T, metadata string) map[int64]bool {
	t.Helper()
	done := make(map[int64]bool)
	if metadata == "" {
		return done
	}
	require.Equal(t, byte('1'), metadata[0], "the version")
	b, err := base64.RawStdEncoding.DecodeString(metadata[1:])
	require.NoError(t, err)
	for at := int64(0); len(b) > 0; {
		run, size := binary.Uvarint(b[1:])
		require.Positive(t, size)
		for range run {
			done[at] = b[0] == 255
			at++
		}
		b = b[1+size:]
	}
	return done
}

// Trap smsfailover/2: a process is killed between any two steps, and every message
// that it accepted arrives. Kafka is all there is.
func TestKilledAlone(t *testing.T) {
	storetest.Crash(t, crash(func(t *testing.T) string { return startBroker(t).addrs[0] }))
}

// Trap smsfailover/2: nor does one get lost between Kafka and the index.
func TestKilledWithIndex(t *testing.T) {
	storetest.Crash(t, crash(func(t *testing.T) string {
		return startBroker(t).addrs[0] + " " + sqldb.Start(t, sqldb.SQLite).DSN
	}))
}
