package kafkax_test

import (
	"sync"
	"testing"
	"testing/synctest"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax"
)

const attempts = `kafka_writer_attempts_total{topic="likes",writer="likes"}`

// collect makes a collector that shows w with writer="likes".
type collect func(t *testing.T, w *kafka.Writer) prometheus.Collector

func writerCollector(t *testing.T, w *kafka.Writer) prometheus.Collector {
	t.Helper()
	c, err := kafkax.NewWriterCollector(w)
	require.NoError(t, err)
	return c
}

func writerMetrics(t *testing.T, w *kafka.Writer) prometheus.Collector {
	t.Helper()
	m, err := kafkax.New()
	require.NoError(t, err)
	_, err = m.ObserveWriter("likes", w)
	require.NoError(t, err)
	return m
}

func TestWriterCollectorIsExact(t *testing.T) { testExact(t, writerCollector) }

func TestMetricsAreExact(t *testing.T) { testExact(t, writerMetrics) }

// testExact is what any collector over Stats must pass; collectors that are
// broken in the usual ways must not, see TestExactHasTeeth.
func testExact(t *testing.T, collect collect) {
	// Trap kafkax/1: Stats gives each number to one caller only, so that scrapers rob each other.
	t.Run("scrapers", func(t *testing.T) { testScrapers(t, collect) })
	// Trap kafkax/2: what Stats returns is a difference; as a counter it would fall.
	t.Run("no traffic", func(t *testing.T) { testNoTraffic(t, collect) })
	t.Run("zero", func(t *testing.T) { testZero(t, collect) })
	t.Run("after Close", func(t *testing.T) { testAfterClose(t, collect) })
	t.Run("late", func(t *testing.T) { testLate(t, collect) })
}

// testScrapers lets four scrapers of two registries, with a collector each, read
// one writer while it writes.
func testScrapers(t *testing.T, collect collect) {
	const messages = 500
	w := statsWriter(t, newBroker(), "likes")
	registries := []*prometheus.Registry{registryOf(t, collect(t, w)), registryOf(t, collect(t, w))}
	done := make(chan struct{})
	var scrapers sync.WaitGroup
	for i := range 4 {
		scrapers.Go(func() { scrapeUntil(t, registries[i%2], done) })
	}
	write(t, w, messages)
	close(done)
	scrapers.Wait()
	for i, r := range registries {
		if got := scrape(t, r)[attempts]; got != messages {
			t.Errorf("registry %d shows %v attempts, want %d", i, got, messages)
		}
	}
}

// scrapeUntil scrapes until done, and fails t if a counter falls.
func scrapeUntil(t *testing.T, reg *prometheus.Registry, done <-chan struct{}) {
	var last float64
	for {
		families, err := reg.Gather()
		if err != nil {
			t.Errorf("Gather: %v", err)
			return
		}
		for _, f := range families {
			if f.GetName() != "kafka_writer_attempts_total" {
				continue
			}
			if now := f.Metric[0].GetCounter().GetValue(); now < last {
				t.Errorf("attempts fell from %v to %v", last, now)
			} else {
				last = now
			}
		}
		select {
		case <-done:
			return
		default:
		}
	}
}

func testNoTraffic(t *testing.T, collect collect) {
	synctest.Test(t, func(t *testing.T) {
		w := statsWriter(t, newBroker(), "likes")
		reg := registryOf(t, collect(t, w))
		write(t, w, 7)
		synctest.Wait() // kafka-go notes the age of a batch beside sending it
		first := scrape(t, reg)
		require.InDelta(t, 7, first[attempts], 0)
		for name, value := range scrape(t, reg) {
			if value != first[name] {
				t.Errorf("without traffic %s went from %v to %v", name, first[name], value)
			}
		}
	})
}

func testZero(t *testing.T, collect collect) {
	reg := registryOf(t, collect(t, statsWriter(t, newBroker(), "likes")))
	if value, ok := scrape(t, reg)[attempts]; !ok || value != 0 {
		t.Errorf("before the first message: %v, %v, want a series of 0", value, ok)
	}
}

func testAfterClose(t *testing.T, collect collect) {
	w := statsWriter(t, newBroker(), "likes")
	reg := registryOf(t, collect(t, w))
	write(t, w, 3)
	require.NoError(t, w.Close())
	for range 2 {
		if got := scrape(t, reg)[attempts]; got != 3 {
			t.Errorf("after Close: %v attempts, want 3", got)
		}
	}
}

// testLate adds a second collector after the first has taken all from Stats.
func testLate(t *testing.T, collect collect) {
	w := statsWriter(t, newBroker(), "likes")
	first := registryOf(t, collect(t, w))
	write(t, w, 5)
	scrape(t, first)
	write(t, w, 1)
	if got := scrape(t, registryOf(t, collect(t, w)))[attempts]; got != 6 {
		t.Errorf("a late collector shows %v attempts, want 6", got)
	}
}
