package e2e_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/app"
	"github.com/ycvk/tinybook/examples/tinybook/internal/apptest"
	"github.com/ycvk/tinybook/examples/tinybook/internal/config"
)

const (
	second = time.Second
	poll   = 20 * time.Millisecond
)

// TestDrainUnderLoad stops a site while sixteen clients use it, each with a
// connection of its own that it keeps. As a balancer does, a client that sees
// a node unready sends it nothing more. No request may fail.
func TestDrainUnderLoad(t *testing.T) {
	site := apptest.Start(t, func(cfg *config.Config) { cfg.HTTP.DrainDelay = 2 * second })
	_, token := newClient(t, site.URL()).signUp()
	var answered atomic.Int64
	failures := make(chan error, 16)
	var clients sync.WaitGroup
	for i := range 16 {
		node := site.Nodes[i%len(site.Nodes)]
		clients.Go(func() { failures <- load(node, token.AccessToken, &answered) })
	}
	require.Eventually(t, func() bool { return answered.Load() > 500 }, 30*second, poll)
	site.Cancel()
	clients.Wait()
	require.NoError(t, site.Stop())
	for range 16 {
		require.NoError(t, <-failures)
	}
	require.NotContains(t, site.Log.String(), `"level":"ERROR"`)
}

// load sends requests to a node, one after the other, until it isn't ready, and
// returns the first failure. Half of them can't be sent again by the transport:
// a POST that fails has failed.
func load(node app.Node, token string, answered *atomic.Int64) error {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 30 * time.Second}
	for n := 0; ; n++ {
		if n%8 == 0 && !ready(node) {
			return nil
		}
		method, path, body := http.MethodPost, "/users/edit", "{}"
		if n%2 == 0 {
			method, path, body = http.MethodGet, "/users/profile", ""
		}
		req, err := http.NewRequest(method, node.URL+path, strings.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/json")
		resp, err := client.Do(req)
		if err != nil {
			return fmt.Errorf("after %d requests: %w", n, err)
		}
		_, err = io.Copy(io.Discard, resp.Body)
		if err = errors.Join(err, resp.Body.Close()); err != nil || resp.StatusCode != 200 {
			return fmt.Errorf("after %d requests: %s: %w", n, resp.Status, err)
		}
		answered.Add(1)
	}
}

func ready(node app.Node) bool {
	resp, err := http.Get(node.AdminURL + "/readyz")
	if err != nil {
		return false
	}
	return errors.Join(resp.Body.Close()) == nil && resp.StatusCode == http.StatusOK
}

func TestReadyz(t *testing.T) {
	site := apptest.Start(t, func(cfg *config.Config) { cfg.HTTP.DrainDelay = 3 * second })
	for _, node := range site.Nodes {
		require.True(t, ready(node))
	}
	site.Cancel()
	for _, node := range site.Nodes {
		require.Eventually(t, func() bool {
			resp, err := http.Get(node.AdminURL + "/readyz")
			return err == nil && resp.Body.Close() == nil && resp.StatusCode == http.StatusServiceUnavailable
		}, second, poll)
	}
	require.NoError(t, site.Stop())
}
