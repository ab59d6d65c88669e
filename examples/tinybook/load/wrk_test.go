package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
)

// What wrk reports is what a server has seen.
func TestReportsOfWrk(t *testing.T) {
	wrk, err := findWrk()
	if err != nil {
		realserver.Missing(t, "wrk", err)
	}
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		switch r.URL.Path {
		case "/half":
			if asked.Load()%2 == 0 {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		case "/late":
			late := time.NewTimer(answerWithin + 200*time.Millisecond)
			defer late.Stop()
			select {
			case <-late.C:
			case <-r.Context().Done():
			}
		case "/never":
			<-r.Context().Done()
		}
	}))
	defer server.Close()

	r, err := load(t.Context(), wrk, server.URL+"/", 5, time.Second)
	require.NoError(t, err)
	require.Positive(t, r.Requests)
	require.InDelta(t, asked.Load(), r.Requests, 5, "but for those under way at the end")
	require.Zero(t, r.Errors())
	require.InDelta(t, 1e6, r.Duration, 5e5)
	require.Positive(t, r.P99)
	require.GreaterOrEqual(t, r.P99, r.P50)
	require.Positive(t, r.Own)
	require.InDelta(t, float64(r.Requests)*1e6/float64(r.Duration), r.rate(), 1e-6)

	r, err = load(t.Context(), wrk, server.URL+"/half", 1, time.Second)
	require.NoError(t, err)
	require.InDelta(t, r.Requests/2, r.Status, 1)
	require.Equal(t, r.Status, r.Errors())
	require.InDelta(t, float64(r.Requests-r.Status)*1e6/float64(r.Duration), r.rate(), 1e-6, "an error is no answer")

	r, err = load(t.Context(), wrk, server.URL+"/late", 3, 3*time.Second)
	require.NoError(t, err)
	require.Equal(t, report{Requests: 3, Timeout: 3}, report{Requests: r.Requests, Timeout: r.Timeout, Unanswered: r.Unanswered})
	require.Zero(t, r.rate(), "an answer that is late is none")

	r, err = load(t.Context(), wrk, server.URL+"/never", 3, 3*time.Second)
	require.NoError(t, err)
	require.Equal(t, report{Unanswered: 3}, report{Requests: r.Requests, Timeout: r.Timeout, Unanswered: r.Unanswered})
	require.Equal(t, int64(3), r.Errors())
	require.Zero(t, r.rate())
}

func TestWrkThatFailsSaysWhy(t *testing.T) {
	wrk, err := findWrk()
	if err != nil {
		realserver.Missing(t, "wrk", err)
	}
	_, err = load(t.Context(), wrk, "http://127.0.0.1:1/", 1, time.Second)
	require.ErrorContains(t, err, "unable to connect")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = load(ctx, wrk, "http://127.0.0.1:1/", 1, time.Second)
	require.ErrorIs(t, err, context.Canceled)
}

func TestParseReport(t *testing.T) {
	r, err := parseReport([]byte("Running 1s test\n\nreport {\"Requests\":3,\"P99\":1500,\"Status\":1}\nmore\n"))
	require.NoError(t, err)
	require.Equal(t, report{Requests: 3, P99: 1500, Status: 1}, r)
	require.Zero(t, r.rate(), "in no time")
	for _, bad := range []string{"", "Running 1s test\n", "\nreport {\n"} {
		_, err := parseReport([]byte(bad))
		require.Error(t, err, bad)
	}
}
