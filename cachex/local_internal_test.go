package cachex

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"testing"
	"time"
	"unsafe"
)

func mustLocal(t testing.TB, opts ...Option) *CodeLocalCache {
	t.Helper()
	c, err := NewCodeLocalCache(opts...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// stepWall changes the wall clock in at, and leaves its monotonic reading: as if
// the wall clock had been set between at and now.
func stepWall(at *time.Time, seconds int64) {
	const secondsShift = 30 // package time keeps the seconds over 30 bits of nanoseconds
	wall := (*uint64)(unsafe.Pointer(at))
	*wall += uint64(seconds << secondsShift)
}

// Trap cachex/5: early/late expiry, here because the wall clock is set. A bubble
// has no monotonic clock, so this one runs on the real clock.
func TestWallClockStepMovesNoExpiry(t *testing.T) {
	for _, step := range []time.Duration{2 * time.Hour, -2 * time.Hour} {
		long, short := Key{"long", "+8613800138000"}, Key{"short", "+8613800138000"}
		c := mustLocal(t,
			WithPolicy("long", Policy{TTL: time.Hour, MaxAttempts: 3}),
			WithPolicy("short", Policy{TTL: 5 * time.Millisecond, MaxAttempts: 3}))
		for _, k := range []Key{long, short} {
			if _, err := c.Set(t.Context(), k, "271828"); err != nil {
				t.Fatal(err)
			}
		}
		before := c.clock.base
		stepWall(&c.clock.base, int64(step/time.Second))
		if got := c.clock.base.Round(0).Sub(before.Round(0)); got != step {
			t.Fatalf("the wall clock was set by %v, want %v", got, step)
		}
		for deadline := time.Now().Add(10 * time.Second); live(t, c, short); runtime.Gosched() {
			if time.Now().After(deadline) {
				t.Fatal("alive after its time")
			}
		}
		if !live(t, c, long) {
			t.Error("dead before its time")
		}
	}
}

func live(t *testing.T, c CodeCache, k Key) bool {
	t.Helper()
	s, err := c.Status(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	return s.Live
}

// Trap cachex/14: plaintext in dump/log/error, here a dump of the memory.
func TestMemoryHoldsNoPlaintext(t *testing.T) {
	c := mustLocal(t, WithCapacity(100))
	for i := range 100 {
		k := Key{"login", fmt.Sprintf("+861380013%04d", i)}
		if _, err := c.Set(t.Context(), k, fmt.Sprintf("9123%04d", i)); err != nil {
			t.Fatal(err)
		}
	}
	var dump []byte
	for i := range c.shards {
		for _, chunk := range c.shards[i].table.chunks {
			for _, word := range chunk {
				dump = binary.LittleEndian.AppendUint64(dump, word)
			}
		}
	}
	for _, secret := range []string{"+8613", "9123"} {
		if bytes.Contains(dump, []byte(secret)) {
			t.Errorf("the table holds %q", secret)
		}
	}
}

// A Set that a full cache refuses locks no shard but its own, so that a flood of
// them is cheap.
func TestRefusedSetTouchesOneShard(t *testing.T) {
	const capacity = 64 * 64
	c := mustLocal(t, WithCapacity(capacity))
	for i := range capacity {
		if _, err := c.Set(t.Context(), Key{"login", fmt.Sprint(i)}, "271828"); err != nil {
			t.Fatal(err)
		}
	}
	k := Key{"login", "one more"}
	own := c.shard(c.names.id(k))
	for i := range c.shards {
		if s := &c.shards[i]; s != own {
			s.mu.Lock()
			defer s.mu.Unlock()
		}
	}
	if _, err := c.Set(t.Context(), k, "271828"); err == nil || c.full.Load() != 1 {
		t.Errorf("Set into a full cache: %v, want ErrFull", err)
	}
}

// raceDetector reports whether this test was built with -race.
func raceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

func TestAllocations(t *testing.T) {
	if raceDetector() {
		t.Skip("sync.Pool drops at random under the race detector")
	}
	p := Policy{TTL: time.Hour, MaxAttempts: maxCount, Guesses: Budget{maxCount, time.Hour}, Sends: []Budget{{maxCount, time.Hour}}}
	pepper := bytes.Repeat([]byte("k"), 32)
	c := mustLocal(t, WithPolicy("", p), WithPepper(pepper, pepper, pepper), WithCapacity(1))
	ctx, k := context.Background(), Key{"login", "+8613800138000"}
	other := Key{"login", "+8613800138001"}
	for _, tc := range []struct {
		name string
		want float64
		call func()
	}{
		{"set and verify", 0, func() { _, _ = c.Set(ctx, k, "271828"); _ = c.Verify(ctx, k, "271828") }},
		{"set", 0, func() { _, _ = c.Set(ctx, k, "271828") }},
		{"status", 0, func() { _, _ = c.Status(ctx, k) }},
		{"wrong code", 1, func() { _ = c.Verify(ctx, k, "314159") }},
		{"full", 1, func() { _, _ = c.Set(ctx, other, "271828") }},
		{"no code", 1, func() { _ = c.Verify(ctx, other, "271828") }},
	} {
		if got := testing.AllocsPerRun(200, tc.call); got > tc.want {
			t.Errorf("%s: %v allocations, want %v", tc.name, got, tc.want)
		}
	}
}

func TestShardsFor(t *testing.T) {
	for capacity, want := range map[int]int{1: 1, 64: 1, 128: 2, 4096: 64, 1 << 20: 64, 1 << 26: 64, 1<<26 + 1<<20: 128} {
		if got := shardsFor(capacity); got != want {
			t.Errorf("shardsFor(%d) = %d, want %d", capacity, got, want)
		}
	}
}

// What a code takes in memory, whatever the number of codes: no size is unlucky.
func TestBytesPerCode(t *testing.T) {
	const limit = 125
	c := mustLocal(t)
	for n := 1; n <= 300_000; n++ {
		if _, err := c.Set(t.Context(), Key{"login", strconv.Itoa(n)}, "271828"); err != nil {
			t.Fatal(err)
		}
		if n < 50_000 || n%10_000 != 0 {
			continue
		}
		bytes := 0
		for i := range c.shards {
			s := &c.shards[i].table
			bytes += 8*len(s.chunks)*chunkRows*s.stride + 4*cap(s.index) + 4*cap(s.heap) + 24*cap(s.chunks)
		}
		if per := float64(bytes) / float64(n); per > limit {
			t.Errorf("%d codes take %.1f bytes each, want at most %d", n, per, limit)
		}
	}
}
