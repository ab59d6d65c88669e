package kafkax

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"
)

func TestSeriesShowBaseUnits(t *testing.T) {
	r := newTestRegistry(t)
	s := r.scope()
	s.counter(readerWait, "r", "g").addDuration(1500 * time.Millisecond)
	s.gauge(writerLastSuccess, "w", "t").setTime(time.Unix(1700000000, 250e6))
	s.summary(writerBatchAge, "w", "t").add(2, int64(3*time.Second))
	require.InDelta(t, 1.5, written(t, entryOf(t, r, readerWait)).Counter.GetValue(), 0)
	require.InDelta(t, 1700000000.25, written(t, entryOf(t, r, writerLastSuccess)).Gauge.GetValue(), 1e-6)
	summary := written(t, entryOf(t, r, writerBatchAge)).Summary
	require.InDelta(t, 3, summary.GetSampleSum(), 0)
	require.EqualValues(t, 2, summary.GetSampleCount())
}

func TestCountersTellWhenTheyBegan(t *testing.T) {
	r := newTestRegistry(t)
	before := time.Now()
	r.scope().counter(readerWait, "r", "g")
	created := written(t, entryOf(t, r, readerWait)).Counter.GetCreatedTimestamp().AsTime()
	require.WithinRange(t, created, before.Add(-momentLasts), time.Now())
}

func TestFixedValuesExistAtZero(t *testing.T) {
	r := newTestRegistry(t)
	s := r.scope()
	s.counters(writerMessages, "w", "t")[0].add(1)
	s.histograms(readerProcessingDuration, "r", "g", "t")
	s.states(groupState, "g").set(2)
	got := map[string]float64{}
	for _, id := range []metricID{writerMessages, readerProcessingDuration, groupState} {
		for _, e := range r.families[id].snapshot() {
			m := written(t, e)
			got[labelOf(m, table[id].labels[len(table[id].labels)-1])] += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	require.Equal(t, map[string]float64{
		"delivered": 1, "unacked": 0, "failed": 0, "rejected": 0, "ok": 0,
		"stable": 0, "preparing_rebalance": 0, "completing_rebalance": 1, "empty": 0, "dead": 0, "unknown": 0,
	}, got)
}

func labelOf(m *dto.Metric, name string) string {
	for _, l := range m.Label {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

func TestRemovedSeriesVanishUnlessAnotherHasThem(t *testing.T) {
	r := newTestRegistry(t)
	a, b := r.scope(), r.scope()
	for _, s := range []*scope{a, b} {
		s.counter(readerSkipped, "r", "g", "t", "0").add(5)
		s.gauge(readerUncommitted, "r", "g", "t", "0").set(3)
	}
	a.gauge(readerUncommitted, "r", "g", "t", "1").set(3)

	for range 2 { // twice is once
		a.remove(readerSkipped, "r", "g", "t", "0")
		a.remove(readerUncommitted, "r", "g", "t", "0")
		a.remove(readerUncommitted, "r", "g", "t", "1")
	}
	require.InDelta(t, 10, written(t, entryOf(t, r, readerSkipped)).Counter.GetValue(), 0, "a counter never falls")
	require.InDelta(t, 3, written(t, entryOf(t, r, readerUncommitted)).Gauge.GetValue(), 0, "a gauge is of those that are there")
	b.close()
	require.Empty(t, r.families[readerSkipped].snapshot())
	require.Empty(t, r.families[readerUncommitted].snapshot())
	b.counter(readerSkipped, "r", "g", "t", "0").add(1)
	require.Empty(t, r.families[readerSkipped].snapshot(), "a client that goes on after its end is seen by nobody")
	a.counter(readerSkipped, "r", "g", "t", "0").add(1)
	require.InDelta(t, 1, written(t, entryOf(t, r, readerSkipped)).Counter.GetValue(), 0, "what comes back begins anew")
}

func TestPartitionLabelsAreOptional(t *testing.T) {
	for on, want := range map[bool]int{false: 1, true: 2} {
		r := newTestRegistry(t, WithPartitionLabels(on))
		s := r.scope()
		s.counter(readerMessages, "r", "g", "t", "0").add(1)
		s.counter(readerMessages, "r", "g", "t", "1").add(2)
		entries := r.families[readerMessages].snapshot()
		require.Len(t, entries, want)
		var sum float64
		for _, e := range entries {
			sum += written(t, e).Counter.GetValue()
		}
		require.InDelta(t, 3, sum, 0)
	}
}

// A scrape that meets a label which is not UTF-8 fails as a whole.
func FuzzNoLabelFailsAScrape(f *testing.F) {
	f.Add("w", "t", "\xff", "")
	f.Add("\xffa", "\xff", "_other", "a\xffb")
	f.Add("", "", "", "")
	f.Fuzz(func(t *testing.T, w, topic, w2, topic2 string) {
		r := newTestRegistry(t)
		s := r.scope()
		a, b := s.counter(writerAttempts, w, topic), s.counter(writerAttempts, w2, topic2)
		a.inc()
		b.inc()
		reg := prometheus.NewPedanticRegistry()
		require.NoError(t, reg.Register(registryCollector{r}))
		_, err := reg.Gather()
		require.NoError(t, err)
		if same := w == w2 && topic == topic2; same && a != b {
			t.Error("the same labels are two series")
		}
	})
}

// TestScopesAgainstAModel makes, changes and removes series at random, and holds
// every scrape against maps.
func TestScopesAgainstAModel(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	r := newTestRegistry(t)
	scopes := make([]*scope, 9)
	for i := range scopes {
		scopes[i] = r.scope()
	}
	gauges := map[string]map[int]int64{} // by partition, then scope
	counts := map[string]int64{}
	owners := map[string]map[int]bool{}
	for range 3000 {
		i, p := rng.IntN(len(scopes)), fmt.Sprint(rng.IntN(4))
		if owners[p] == nil {
			owners[p], gauges[p] = map[int]bool{}, map[int]int64{}
		}
		switch rng.IntN(4) {
		case 0:
			scopes[i].remove(readerUncommitted, "r", "g", "t", p)
			scopes[i].remove(readerSkipped, "r", "g", "t", p)
			delete(gauges[p], i)
			if delete(owners[p], i); len(owners[p]) == 0 {
				delete(counts, p)
			}
		default:
			n := rng.Int64N(9)
			scopes[i].gauge(readerUncommitted, "r", "g", "t", p).set(n)
			scopes[i].counter(readerSkipped, "r", "g", "t", p).add(n)
			gauges[p][i] = n
			owners[p][i] = true
			counts[p] += n
		}
		require.Equal(t, counts, byPartition(t, r, readerSkipped))
		sums := map[string]int64{}
		for p, of := range gauges {
			for _, n := range of {
				sums[p] += n
			}
		}
		for p := range owners {
			if len(owners[p]) == 0 {
				delete(sums, p)
			}
		}
		require.Equal(t, sums, byPartition(t, r, readerUncommitted))
	}
}

func byPartition(t *testing.T, r *registry, id metricID) map[string]int64 {
	t.Helper()
	all := map[string]int64{}
	for _, e := range r.families[id].snapshot() {
		m := written(t, e)
		all[labelOf(m, labelPartition)] = int64(m.GetCounter().GetValue() + m.GetGauge().GetValue())
	}
	return all
}

func TestSeriesComeAndGoAmidScrapes(t *testing.T) {
	r := newTestRegistry(t)
	reg := prometheus.NewPedanticRegistry()
	require.NoError(t, reg.Register(registryCollector{r}))
	done := make(chan struct{})
	var churn sync.WaitGroup
	for range 3 {
		churn.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				default:
				}
				s := r.scope()
				s.counters(writerMessages, "w", fmt.Sprint(i%3))
				s.gauge(readerLag, "r", "g", "t", fmt.Sprint(i%3)).set(1)
				s.gauge(readerLag, "r", "g", "t", "kept").set(1)
				s.close()
			}
		})
	}
	kept := r.scope().counter(writerRetries, "w", "t")
	for i := range 200 {
		kept.inc()
		_, err := reg.Gather()
		require.NoError(t, err)
		require.EqualValues(t, i+1, kept.value())
	}
	close(done)
	churn.Wait()
	require.Empty(t, r.families[writerMessages].snapshot())
	require.Empty(t, r.families[readerLag].snapshot())
}

func TestTheWrongNumberOfLabelsIsABug(t *testing.T) {
	s := newTestRegistry(t).scope()
	require.PanicsWithValue(t, "kafkax: writer_retries_total takes 2 label values, not 1", func() { s.counter(writerRetries, "w") })
}
