package e2e_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/apptest"
	"github.com/ycvk/tinybook/examples/tinybook/internal/config"
)

// browse asks as a browser does, and returns the status, the headers and the
// page.
func browse(t *testing.T, url string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	req.Header.Set("Accept", "text/html")
	req.Header.Set("Accept-Language", "en")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp, string(text)
}

// Who asks too often is told so in a page where a page was asked for, and in an
// envelope where not. Health and metrics have a listener of their own, which
// limits nobody.
func TestWhoAsksTooOftenGetsAPage(t *testing.T) {
	site := apptest.Start(t, func(cfg *config.Config) { cfg.HTTP.AddressLimit = config.Rate{N: 1, Per: time.Hour} })
	c := newClient(t, site.URL())
	resp, _ := browse(t, site.URL()+"/")
	require.Equal(t, 200, resp.StatusCode)
	resp, page := browse(t, site.URL()+"/login")
	require.Equal(t, 429, resp.StatusCode)
	require.Contains(t, page, "One moment, please")
	require.Contains(t, page, "Log in", "who they are isn't known, so the page is a stranger's")
	require.NotEmpty(t, resp.Header.Get("Retry-After"))
	require.NotEmpty(t, resp.Header.Get("Content-Security-Policy"))
	c.get("/users/profile").want(t, 429)
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		resp, _ = browse(t, site.Nodes[0].AdminURL+path)
		require.Equal(t, 200, resp.StatusCode, path)
	}
}

func TestAddressLimitCanBeOff(t *testing.T) {
	site := apptest.Start(t, func(cfg *config.Config) { cfg.HTTP.AddressLimit = config.Rate{} })
	c := newClient(t, site.URL())
	for range 20 {
		require.Empty(t, c.get("/users/profile").want(t, 401).Header.Get("RateLimit-Limit"))
	}
}
