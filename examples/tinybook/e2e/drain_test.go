package e2e_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
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

// A client of a site that stops leaves it in one of two ways.
const (
	byReadyz = iota // as a balancer does: it sees that a node isn't ready, and sends it nothing more
	byAnswer        // as a client that sees no balancer: its connection is closed by an answer
)

// TestDrainUnderLoad stops a site while sixteen clients use it, each with a
// connection of its own that it keeps. No request may fail.
func TestDrainUnderLoad(t *testing.T) {
	for name, leave := range map[string]int{"by readyz": byReadyz, "by answer": byAnswer} {
		t.Run(name, func(t *testing.T) {
			site := apptest.Start(t, func(cfg *config.Config) { cfg.HTTP.DrainDelay = 2 * second })
			_, token := newClient(t, site.URL()).signUp()
			var answered atomic.Int64
			failures := make(chan error, 16)
			for i := range cap(failures) {
				node := site.Nodes[i%len(site.Nodes)]
				go func() { failures <- load(node, token.AccessToken, leave, &answered) }()
			}
			require.Eventually(t, func() bool { return answered.Load() > 500 }, 30*second, poll)
			site.Cancel()
			for range cap(failures) {
				require.NoError(t, <-failures)
			}
			require.NoError(t, site.Stop())
			require.NotContains(t, site.Log.String(), `"level":"ERROR"`)
		})
	}
}

// load sends requests to a node, one after the other, until it is time to
// leave, and returns the first failure. Half of them can't be sent again by the
// transport: a POST that fails has failed.
func load(node app.Node, token string, leave int, answered *atomic.Int64) error {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 30 * second}
	for n := 0; ; n++ {
		if leave == byReadyz && n%8 == 0 && !ready(node) {
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
		if err = errors.Join(err, resp.Body.Close()); err != nil || resp.StatusCode != http.StatusOK {
			return fmt.Errorf("after %d requests: %s: %w", n, resp.Status, err)
		}
		answered.Add(1)
		if leave == byAnswer && resp.Close {
			return nil
		}
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
