package kafkastore_test

import (
	"strings"
	"testing"
	"time"

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
		Setup: setup,
		Open:  func(t *testing.T, dsn string) smsfailover.Store { return fromDSN(t, dsn).running(t).Store },
		Lease: 500 * time.Millisecond,
		Poll:  50 * time.Millisecond,
		// By the group's offsets: a Store that runs would take its share.
		Leased: func(t *testing.T, dsn string) int {
			d, err := fromDSN(t, dsn).open(t).Depth(t.Context())
			require.NoError(t, err)
			return d.Leased
		},
	}
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
