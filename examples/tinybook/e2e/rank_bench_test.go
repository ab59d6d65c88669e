package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/apptest"
	"github.com/ycvk/tinybook/examples/tinybook/internal/config"
)

// The routes for measurements answer as the public ranking does, on a site that
// wants them, and are nowhere else.
func TestBenchRoutes(t *testing.T) {
	paths := []string{"/bench/rank/local", "/bench/rank/redis", "/bench/rank/db", "/bench/rank/db-noindex"}
	c := start(t)
	for _, path := range append(paths, "/ping") {
		c.get(path).want(t, 404)
	}
	c = newClient(t, apptest.Start(t, func(cfg *config.Config) { cfg.Bench.Enabled = true }).URL())
	c.signUp()
	c.get("/ping").want(t, 200)
	one, two := c.publish("1").ID, c.publish("2").ID
	c.like(one, true)
	c.like(two, true)
	ranks(t, [][2]int64{{two, 1}, {one, 1}}, c)
	for _, path := range paths {
		require.Equal(t, c.rank(100).Items, decode[places](t, c.get(path).want(t, 200)).Items, path)
	}
}
