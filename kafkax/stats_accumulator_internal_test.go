package kafkax

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"weak"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
)

// tornStats is a client whose Stats swaps field by field, as kafka-go's does, and
// in which anything may happen between two of them.
type tornStats struct{ writes, count, sum atomic.Int64 }

func (s *tornStats) Stats() kafka.WriterStats {
	var d kafka.WriterStats
	d.Writes = s.writes.Swap(0)
	d.WriteTime.Sum = time.Duration(s.sum.Swap(0))
	runtime.Gosched()
	d.WriteTime.Count = s.count.Swap(0)
	return d
}

func (s *tornStats) observe(d int64) {
	s.writes.Add(1)
	s.sum.Add(d)
	s.count.Add(1)
}

func TestEveryFeedGetsEveryNumberOnce(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	src, acc := &tornStats{}, &accumulator[kafka.WriterStats]{fold: foldWriter}
	var feeds []*feed[kafka.WriterStats]
	var got []kafka.WriterStats
	var want kafka.WriterStats
	for range 2000 {
		switch k := rng.IntN(10); {
		case k == 0 && len(feeds) < 5:
			feeds = append(feeds, newFeed(src, acc)) // it begins with what came before
			got = append(got, kafka.WriterStats{})
		case k < 4 && len(feeds) > 0:
			i := rng.IntN(len(feeds))
			d := feeds[i].next()
			foldWriter(&got[i], &d)
			require.Equal(t, want.Writes, got[i].Writes)
			require.Equal(t, want.WriteTime.Sum, got[i].WriteTime.Sum)
		case k == 4:
			require.Equal(t, want.Writes, acc.totals(src).Writes)
		default:
			d := rng.Int64N(1000)
			src.observe(d)
			want.Writes++
			want.WriteTime.Sum += time.Duration(d)
		}
	}
	require.NotEmpty(t, feeds)
}

func TestTornSnapshotsAddUp(t *testing.T) {
	const writers, each = 4, 2000
	src, acc := &tornStats{}, &accumulator[kafka.WriterStats]{fold: foldWriter}
	var observers, scrapers sync.WaitGroup
	done := make(chan struct{})
	sums := make([]kafka.WriterStats, 2)
	for i := range sums {
		in := newFeed(src, acc)
		scrapers.Go(func() {
			for open := true; open; {
				select {
				case <-done:
					open = false // once more, for what came last
				default:
				}
				d := in.next()
				foldWriter(&sums[i], &d)
			}
		})
	}
	for range writers {
		observers.Go(func() {
			for range each {
				src.observe(3)
			}
		})
	}
	observers.Wait()
	close(done)
	scrapers.Wait()
	for _, s := range append(sums, acc.totals(src)) {
		require.EqualValues(t, writers*each, s.Writes)
		require.EqualValues(t, writers*each, s.WriteTime.Count)
		require.EqualValues(t, writers*each*3, s.WriteTime.Sum)
	}
}

func TestForgottenFeedsAreDropped(t *testing.T) {
	src, acc := &tornStats{}, &accumulator[kafka.WriterStats]{fold: foldWriter}
	kept := newFeed(src, acc)
	for range 100 {
		newFeed(src, acc)
	}
	require.Eventually(t, func() bool {
		runtime.GC()
		kept.next()
		return len(acc.feeds) == 1
	}, 10*time.Second, time.Millisecond)
	runtime.KeepAlive(kept)
}

// Trap kafkax/26: what is kept for each client outlives the client.
func TestAccumulatorsGoWithTheirClients(t *testing.T) {
	w, r := useAndForget(t)
	require.Eventually(t, func() bool {
		runtime.GC()
		return !known(writers, w) && !known(readers, r)
	}, 10*time.Second, time.Millisecond, "an accumulator stays")
	require.Nil(t, w.Value(), "the writer stays")
	require.Nil(t, r.Value(), "the reader stays")
}

// useAndForget leaves clients to the collector that were observed in every way.
func useAndForget(t *testing.T) (weak.Pointer[kafka.Writer], weak.Pointer[kafka.Reader]) {
	t.Helper()
	w := &kafka.Writer{Topic: "t"}
	r := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{"broker.invalid:9092"}, Topic: "t"})
	require.NoError(t, r.Close())
	wc, err := NewWriterCollector(w)
	require.NoError(t, err)
	rc, err := NewReaderCollector(r)
	require.NoError(t, err)
	m, err := New()
	require.NoError(t, err)
	for _, observe := range []func() (func(), error){
		func() (func(), error) { return m.ObserveWriter("w", w) },
		func() (func(), error) { return m.ObserveReader("r", r) },
	} {
		remove, err := observe()
		require.NoError(t, err)
		remove()
	}
	require.Zero(t, wc.Totals().Attempts+rc.Totals().Fetches)
	require.True(t, known(writers, weak.Make(w)) && known(readers, weak.Make(r)))
	return weak.Make(w), weak.Make(r)
}

func known[C, S any](b *book[C, S], key weak.Pointer[C]) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.accs[key] != nil
}

func TestClientsWithoutAHeapAddressAreObservedToo(t *testing.T) {
	c, err := NewWriterCollector(&packageWriter)
	require.NoError(t, err)
	require.Zero(t, c.Totals())
}

var packageWriter kafka.Writer
