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

// worst returns how many messages certainly were taken from the limit within
// one window of length d. A message is taken before it comes: up to a quarter
// of the window before, on a machine with much else to do.
func (c *courier) worst(d time.Duration) int {
	var hits []ratelimittest.Hit
	for _, got := range c.deliveries() {
		hits = append(hits, ratelimittest.Hit{Start: got.at.Add(-d / 4), End: got.at, N: 1})
	}
	return ratelimittest.Worst(hits, d)
}

func body(t *testing.T, f fields) io.Reader {
	t.Helper()
	text, err := json.Marshal(f)
	require.NoError(t, err)
	return bytes.NewReader(text)
}
