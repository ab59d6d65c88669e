package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/web"
	"github.com/ycvk/tinybook/ratelimit"
)

func TestAddressIsOfOneSubscriber(t *testing.T) {
	for _, tc := range []struct{ name, remote, want string }{
		{"IPv4", "192.0.2.7:1000", "192.0.2.7"},
		{"another port", "192.0.2.7:2000", "192.0.2.7"},
		{"IPv4 in IPv6", "[::ffff:192.0.2.7]:1000", "192.0.2.7"},
		{"IPv6", "[2001:db8:1:2:3:4:5:6]:1000", "2001:db8:1:2::/64"},
		{"the same network", "[2001:db8:1:2:ffff::1]:1000", "2001:db8:1:2::/64"},
		{"the next network", "[2001:db8:1:3::1]:1000", "2001:db8:1:3::/64"},
		{"with a zone", "[fe80::1%eth0]:1000", "fe80::/64"},
		{"loopback", "[::1]:1000", "::/64"},
		{"none", "@", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			gin.SetMode(gin.ReleaseMode)
			c, _ := gin.CreateTestContext(httptest.NewRecorder())
			c.Request = httptest.NewRequest(http.MethodGet, "/", nil)
			c.Request.RemoteAddr = tc.remote
			if got := web.Address(c); got != tc.want {
				t.Errorf("Address of %s = %q, want %q", tc.remote, got, tc.want)
			}
		})
	}
}

// counting is a limiter that fails while it has an error.
type counting struct {
	ratelimit.Limiter
	asked int
	err   error
}

func (l *counting) Allow(ctx context.Context, key string) (ratelimit.Result, error) {
	l.asked++
	if l.err != nil {
		return ratelimit.Result{}, l.err
	}
	return l.Limiter.Allow(ctx, key)
}

func limitedEngine(t *testing.T, n int) (*gin.Engine, *counting) {
	t.Helper()
	local, err := ratelimit.NewLocal(ratelimit.GCRA, []ratelimit.Limit{{N: n, Per: time.Hour}})
	require.NoError(t, err)
	l := &counting{Limiter: local}
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.Use(web.Errors(nil), web.PerAddress(l))
	ok := func(c *gin.Context) { c.Status(http.StatusOK) }
	web.Get(engine, "/page", ok)
	web.Get(engine, "/static/*file", ok)
	return engine, l
}

func ask(engine *gin.Engine, method, path string) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	engine.ServeHTTP(answer, httptest.NewRequest(method, path, nil))
	return answer
}

// Every request counts, a HEAD and one for nothing too, but for those for files.
func TestWhatCounts(t *testing.T) {
	engine, l := limitedEngine(t, 3)
	for range 10 {
		answer := ask(engine, http.MethodGet, "/static/x/app.css")
		require.Equal(t, http.StatusOK, answer.Code)
		require.Empty(t, answer.Header().Get("RateLimit-Limit"))
	}
	require.Zero(t, l.asked)
	require.Equal(t, http.StatusOK, ask(engine, http.MethodGet, "/page").Code)
	require.Equal(t, http.StatusOK, ask(engine, http.MethodHead, "/page").Code)
	require.Equal(t, http.StatusNotFound, ask(engine, http.MethodGet, "/nothing").Code)
	for _, path := range []string{"/page", "/nothing"} {
		answer := ask(engine, http.MethodHead, path)
		require.Equal(t, http.StatusTooManyRequests, answer.Code)
		require.Equal(t, "0", answer.Header().Get("RateLimit-Remaining"))
		require.NotEmpty(t, answer.Header().Get("Retry-After"))
	}
	require.Equal(t, http.StatusOK, ask(engine, http.MethodGet, "/static/x/app.css").Code)
}

// A limiter that can't tell takes nobody's site away.
func TestLimiterThatFailsLetsPass(t *testing.T) {
	engine, l := limitedEngine(t, 1)
	l.err = errors.New("away")
	for range 5 {
		answer := ask(engine, http.MethodGet, "/page")
		require.Equal(t, http.StatusOK, answer.Code)
		require.Empty(t, answer.Header().Get("RateLimit-Limit"))
	}
}
