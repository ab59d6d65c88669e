package app // In the package: services mode can't be started without its services.

import (
	"slices"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/config"
)

// What shows login codes exists in embedded mode on loopback, and nowhere else.
func TestOutboxRoute(t *testing.T) {
	for _, tc := range []struct {
		mode, addr string
		want       bool
	}{
		{config.Embedded, "127.0.0.1:0", true},
		{config.Embedded, "localhost:0", true},
		{config.Embedded, "0.0.0.0:0", false},
		{config.Embedded, ":0", false},
		{config.Services, "127.0.0.1:0", false},
		{config.Services, "0.0.0.0:0", false},
	} {
		p := testParts(t)
		p.cfg.Mode, p.cfg.HTTP.Addr, p.cfg.Admin.Addr = tc.mode, tc.addr, "127.0.0.1:0"
		n, err := listen(t.Context(), p, 0)
		require.NoError(t, err)
		got := slices.ContainsFunc(n.site.engine.Routes(), func(r gin.RouteInfo) bool { return r.Path == "/dev/sms" })
		require.Equal(t, tc.want, got, "%s at %s", tc.mode, tc.addr)
		require.NoError(t, n.close())
	}
}
