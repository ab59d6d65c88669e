package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// timedBook is a provider that remembers when it was sent messages.
type timedBook struct {
	mu sync.Mutex
	at []time.Time
}

func (b *timedBook) Send(_ context.Context, _ string, _ []string, numbers ...string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for range numbers {
		b.at = append(b.at, time.Now())
	}
	return nil
}

func (b *timedBook) len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.at)
}

// worst returns the most messages that came within any stretch of length d. A
// message is taken from the limit before it is sent, so that two which came
// closer together than they were taken are told apart by half a window at most:
// what is counted lies within nine tenths of it.
func (b *timedBook) worst(d time.Duration) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	most, first := 0, 0
	for last := range b.at {
		for b.at[last].Sub(b.at[first]) >= d*9/10 {
			first++
		}
		most = max(most, last-first+1)
	}
	return most
}

func body(t *testing.T, f fields) io.Reader {
	t.Helper()
	text, err := json.Marshal(f)
	require.NoError(t, err)
	return bytes.NewReader(text)
}
