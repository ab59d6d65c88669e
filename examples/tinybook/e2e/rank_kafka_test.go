package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/apptest"
	"github.com/ycvk/tinybook/examples/tinybook/internal/config"
	"github.com/ycvk/tinybook/internal/realserver"
)

// While a real Kafka is away likes are answered, and the ranking is the one of
// before; when it is back the ranking is the database.
func TestRankingWhileKafkaIsAway(t *testing.T) {
	t.Parallel() // it mostly waits
	server := realserver.Kafka(t)
	site := apptest.Start(t, func(cfg *config.Config) {
		cfg.Kafka.Brokers = []string{server.Addr()}
		cfg.Kafka.SessionTimeout = config.Default(config.Embedded).Kafka.SessionTimeout // what it allows
	})
	c := newClient(t, site.URL())
	c.signUp()
	one, two := c.publish("1").ID, c.publish("2").ID
	nodes := []*client{c, c.at(site.Nodes[1].URL)}
	c.like(one, true)
	ranks(t, [][2]int64{{one, 1}}, nodes...)

	server.Kill()
	c.like(two, true)
	c.like(one, false)
	c.post("/articles/withdraw", fields{"id": one}).want(t, 200)
	for _, node := range nodes { // that much needs no Kafka
		require.Empty(t, node.rank(10).Items)
	}
	server.Restart()
	ranks(t, [][2]int64{{two, 1}}, nodes...)
	c.post("/articles/publish", fields{"id": one}).want(t, 200)
	c.like(one, true)
	ranks(t, [][2]int64{{two, 1}, {one, 1}}, nodes...)
}

// A directory that is kept has the ranking again after a kill, and what was liked
// meanwhile.
func TestRankingOutlivesKills(t *testing.T) {
	t.Parallel() // it mostly waits
	dir := t.TempDir()
	base, kill := runChild(t, dir)
	c := newClient(t, base)
	email, _ := c.signUp()
	one, two := c.publish("1").ID, c.publish("2").ID
	c.like(one, true)
	ranks(t, [][2]int64{{one, 1}}, c)
	for on := range 4 {
		c.like(two, on%2 == 0)
		c.like(one, on%2 == 1)
		kill()
		base, kill = runChild(t, dir)
		c = newClient(t, base)
		c.login(email)
		want := [][2]int64{{two, 1}}
		if on%2 == 1 {
			want = [][2]int64{{one, 1}}
		}
		ranks(t, want, c)
	}
}
