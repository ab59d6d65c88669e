package sms_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/sms"
	"github.com/ycvk/tinybook/examples/tinybook/internal/web"
)

const friend = "https://app.example"

func TestHandlerIsForThisMachineOnly(t *testing.T) {
	o, err := sms.NewOutbox(1)
	require.NoError(t, err)
	require.NoError(t, sms.NewProvider("only", o).Send(t.Context(), sms.LoginTemplate, []string{"123456"}, "+8613800138000"))
	engine, err := web.New(web.Config{
		Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(),
		Origins: []string{friend}, BodyLimit: 1 << 10, Timeout: 1 << 40,
	})
	require.NoError(t, err)
	engine.GET("/dev/sms", sms.Handler(o))
	for _, tc := range []struct {
		name, remote, host string
		header, value      string
		status             int
	}{
		{name: "curl", status: 200},
		{name: "IPv6", remote: "[::1]:4711", host: "[::1]:8081", status: 200},
		{name: "IPv6, no port", host: "[::1]", status: 200},
		{name: "name", host: "localhost", status: 200},
		{name: "capitals", host: "LOCALHOST:8081", status: 200},
		{name: "dot at the end", host: "localhost.:8081", status: 200},
		{name: "a port that is none", host: "127.0.0.1:evil", status: 404},
		{name: "name with a port that is none", host: "localhost:8081.evil.example", status: 404},
		{name: "no host", host: " ", status: 404},
		{name: "name of another", host: "rebound.example", status: 404},
		{name: "another machine", remote: "192.168.1.2:4711", status: 404},
		{name: "Forwarded", header: "Forwarded", value: "for=1.2.3.4", status: 404},
		{name: "X-Forwarded-For", header: "X-Forwarded-For", value: "1.2.3.4", status: 404},
		{name: "X-Forwarded-Host, empty", header: "X-Forwarded-Host", status: 404},
		{name: "X-Forwarded-Proto", header: "x-forwarded-proto", value: "https", status: 404},
		{name: "X-Real-IP", header: "X-Real-IP", value: "127.0.0.1", status: 404},
		{name: "Via", header: "Via", value: "1.1 proxy", status: 404},
		{name: "typed into a browser", header: "Sec-Fetch-Site", value: "none", status: 200},
		{name: "own page", header: "Sec-Fetch-Site", value: "same-origin", status: 200},
		{name: "other port of this machine", header: "Sec-Fetch-Site", value: "same-site", status: 404},
		{name: "other site", header: "Sec-Fetch-Site", value: "cross-site", status: 404},
		{name: "something new", header: "Sec-Fetch-Site", value: "x", status: 404},
		{name: "trusted origin", header: "Origin", value: friend, status: 404},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/dev/sms", nil)
			r.RemoteAddr, r.Host = "127.0.0.1:4711", "127.0.0.1:8081"
			if tc.remote != "" {
				r.RemoteAddr = tc.remote
			}
			if tc.host != "" {
				r.Host = tc.host
			}
			if tc.header != "" {
				r.Header.Set(tc.header, tc.value)
			}
			w := httptest.NewRecorder()
			engine.ServeHTTP(w, r)
			require.Equal(t, tc.status, w.Code)
			require.Empty(t, w.Header().Get("Access-Control-Allow-Origin"))
			require.Empty(t, w.Header().Get("Access-Control-Allow-Credentials"))
			if tc.status == 404 {
				require.NotContains(t, w.Body.String(), "123456")
			}
		})
	}

	preflight := httptest.NewRequestWithContext(t.Context(), http.MethodOptions, "/dev/sms", nil)
	preflight.Header.Set("Origin", friend)
	preflight.Header.Set("Access-Control-Request-Method", http.MethodGet)
	w := httptest.NewRecorder()
	engine.ServeHTTP(w, preflight)
	require.Equal(t, http.StatusForbidden, w.Code)
	require.Empty(t, w.Header().Get("Access-Control-Allow-Origin"))
}
