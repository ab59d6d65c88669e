package write

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/ycvk/tinybook/internal/realserver"
)

func client(tb testing.TB) *redis.Client {
	rdb := redis.NewClient(&redis.Options{Addr: realserver.Redis(tb).Addr()})
	tb.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

func TestAllAddUpTheSame(t *testing.T) {
	rdb := client(t)
	for _, impl := range Impls() {
		ctx := t.Context()
		if err := rdb.FlushAll(ctx).Err(); err != nil {
			t.Fatal(err)
		}
		write, err := impl.Open(ctx, rdb)
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(1, 2))
		want := make(map[int64]float64)
		for range 3 {
			events := Events(rng)
			if err := write(ctx, events); err != nil {
				t.Fatal(err)
			}
			for _, m := range events {
				want[m]++
			}
		}
		key := plainKey
		if n := rdb.Exists(ctx, key).Val(); n == 0 {
			key = "topn:{ours}:board"
		}
		for m, n := range want {
			if got := rdb.ZScore(ctx, key, member(m)).Val(); got != score(m)+n {
				t.Fatalf("%s: member %d has %v, want %v", impl.Name, m, got, score(m)+n)
			}
		}
	}
}

// BenchmarkWrite writes 1000 events; an op is all of them.
func BenchmarkWrite(b *testing.B) {
	rdb := client(b)
	for _, impl := range Impls() {
		b.Run(fmt.Sprintf("impl=%s/n=%d", impl.Name, Batch), func(b *testing.B) {
			if err := rdb.FlushAll(b.Context()).Err(); err != nil {
				b.Fatal(err)
			}
			write, err := impl.Open(b.Context(), rdb)
			if err != nil {
				b.Fatal(err)
			}
			rng := rand.New(rand.NewPCG(1, 2))
			b.ReportAllocs()
			for b.Loop() {
				if err := write(b.Context(), Events(rng)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
