package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/ratelimit/ratelimittest"
)

// courier is a provider that remembers what it was sent and when. While it is
// down it takes nothing.
type courier struct {
	mu   sync.Mutex
	down bool
	got  []delivery
}

type delivery struct {
	to, code string
	at       time.Time
}

func (c *courier) Send(_ context.Context, _ string, args []string, numbers ...string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.down {
		return errors.New("courier: down")
	}
	for _, number := range numbers {
		c.got = append(c.got, delivery{number, args[0], time.Now()})
	}
	return nil
}

func (c *courier) setDown(down bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down = down
}

func (c *courier) deliveries() []delivery {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.got)
}

// codes returns the codes that came for a number, in order.
func (c *courier) codes(number string) []string {
	var all []string
	for _, d := range c.deliveries() {
		if d.to == number {
			all = append(all, d.code)
		}
	}
	return all
}

// most returns how many messages came for the number that got most.
func (c *courier) most() int {
	count := map[string]int{"": 0}
	for _, d := range c.deliveries() {
		count[d.to]++
	}
	return slices.Max(slices.Collect(maps.Values(count)))
}

// paced checks that of the messages since begin no window of length d held more
// than n when they were taken from the limit, which is some time before they
// come. Two things are certain. Message i can't come before i/n windows have
// passed. And if a message is on its way for half a window at most, which a busy
// machine may need, n of them at most come within the other half.
func (c *courier) paced(t *testing.T, begin time.Time, n int, d time.Duration) {
	t.Helper()
	var hits []ratelimittest.Hit
	for _, got := range c.deliveries() {
		if got.at.Before(begin) {
			continue
		}
		if since := got.at.Sub(begin); since < time.Duration(len(hits)/n)*d {
			t.Errorf("message %d of %d in %v came after %v", len(hits), n, d, since)
		}
		hits = append(hits, ratelimittest.Hit{Start: got.at.Add(-d / 2), End: got.at, N: 1})
	}
	if worst := ratelimittest.Worst(hits, d); worst > n {
		t.Errorf("%d messages were taken within %v, want at most %d", worst, d, n)
	}
}

func body(t *testing.T, f fields) io.Reader {
	t.Helper()
	text, err := json.Marshal(f)
	require.NoError(t, err)
	return bytes.NewReader(text)
}
