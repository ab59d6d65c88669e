package e2e_test

import (
	"bufio"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/app"
	"github.com/ycvk/tinybook/examples/tinybook/internal/apptest"
	"github.com/ycvk/tinybook/examples/tinybook/internal/config"
	"github.com/ycvk/tinybook/examples/tinybook/internal/interactive"
	"github.com/ycvk/tinybook/internal/realserver"
	"github.com/ycvk/tinybook/kafkax"
)

// scrape returns the series of a node as Prometheus gets them, by name and labels.
func scrape(t *testing.T, node app.Node) map[string]float64 {
	t.Helper()
	resp, err := http.Get(node.AdminURL + "/metrics")
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, 200, resp.StatusCode)
	all := map[string]float64{}
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		line := lines.Text()
		at := strings.LastIndexByte(line, ' ')
		if at < 0 || line[0] == '#' {
			continue
		}
		value, err := strconv.ParseFloat(line[at+1:], 64)
		require.NoError(t, err, line)
		all[line[:at]] = value
	}
	return all
}

// sum adds up the series of a metric whose labels have all of these.
func sum(all map[string]float64, metric string, labels ...string) (total float64) {
next:
	for series, value := range all {
		name, rest, _ := strings.Cut(series, "{")
		if name != metric {
			continue
		}
		for _, l := range labels {
			if !strings.Contains(rest, l) {
				continue next
			}
		}
		total += value
	}
	return total
}

// While Redis is away the likes wait in the topic, and the lag tells; when it is
// back, with nothing in it, the lag is gone and the ranking is the database.
func TestLagTellsOfLikesThatWait(t *testing.T) {
	t.Parallel() // it mostly waits
	server := realserver.Redis(t)
	site := apptest.Start(t, func(cfg *config.Config) {
		cfg.Redis.Addr, cfg.Session.MaxStale = server.Addr(), time.Hour
		cfg.User.Admins = []string{boss}
	})
	c := newClient(t, site.URL())
	c.signUp()
	one, two := c.publish("1").ID, c.publish("2").ID
	c.like(one, true)
	nodes := []*client{c, c.at(site.Nodes[1].URL)}
	ranks(t, [][2]int64{{one, 1}}, nodes...)
	rank := `group="` + interactive.RankGroup + `"`
	lag := func() float64 { return sum(scrape(t, site.Nodes[0]), "kafka_group_lag_messages", rank) }
	require.Eventually(t, func() bool { return lag() == 0 }, 30*time.Second, poll)

	server.Kill()
	c.like(two, true)
	c.like(one, false)
	require.Eventually(t, func() bool { return lag() > 0 }, 30*time.Second, poll, "the lag hides what waits")
	require.Eventually(t, func() bool { return c.rank(10).Stale }, 30*time.Second, poll)
	require.Equal(t, [][2]int64{{one, 1}}, c.rank(10).likesOf(), "the last ranking is shown")

	server.Restart()
	ranks(t, [][2]int64{{two, 1}}, nodes...)
	require.Eventually(t, func() bool { return lag() == 0 }, 30*time.Second, poll, "the lag doesn't end")
	require.Eventually(t, func() bool { return !c.rank(10).Stale }, 30*time.Second, poll)
}

// kafkaState is the part of the state that is about Kafka.
type kafkaState struct {
	Writers []struct {
		Name                                           string
		Delivered, Failed, Rejected, InFlight, Retries int64
	}
	Readers []struct {
		Name, Group                                          string
		Messages, Processed, Uncommitted, Errors, Rebalances int64
	}
	Groups []struct {
		Group, State, Status string
		Members              int
		Messages             int64
		Seconds              float64
	}
	LagAt     *time.Time
	LagFailed bool
}

// Every message of the application is in its figures: those of its state and those
// for Prometheus, which has all that its rules ask for.
func TestFiguresOfKafka(t *testing.T) {
	const reads, likes = 20, 3
	site := apptest.Start(t, func(cfg *config.Config) { cfg.User.Admins = []string{boss} })
	c := newClient(t, site.URL())
	c.post("/users/signup", fields{"email": boss, "password": accountPassword, "confirmPassword": accountPassword}).want(t, 201)
	c.login(boss)
	for range likes {
		c.like(c.publish("a").ID, true)
	}
	id := c.publish("read").ID
	for range reads {
		c.read(id)
	}
	var k kafkaState
	require.Eventually(t, func() bool {
		k = decode[struct{ Kafka kafkaState }](t, c.get("/ops/state").want(t, 200)).Kafka
		done := len(k.Writers) == 2 && len(k.Readers) == 2 && len(k.Groups) == 2 && k.LagAt != nil
		for _, r := range k.Readers {
			// Each article, and each like that wasn't told with it.
			done = done && (r.Name == "reads" && r.Processed == reads || r.Name == "ranking" && r.Processed >= likes+1)
		}
		for _, g := range k.Groups {
			done = done && g.Messages == 0 && g.Members == 1 && g.State == "Stable" && g.Status == "ok"
		}
		return done
	}, 60*time.Second, poll, "%+v", &k)
	require.False(t, k.LagFailed)
	for _, w := range k.Writers {
		require.Zero(t, w.Failed+w.Rejected+w.InFlight, w.Name)
		if w.Name == "reads" {
			require.Equal(t, int64(reads), w.Delivered)
		}
	}
	for _, r := range k.Readers {
		require.Equal(t, r.Messages, r.Processed, r.Name)
		require.Zero(t, r.Uncommitted, r.Name)
	}

	first, second := scrape(t, site.Nodes[0]), scrape(t, site.Nodes[1])
	require.Equal(t, float64(reads), sum(first, "kafka_writer_messages_total", `writer="reads"`, `result="delivered"`))
	require.Equal(t, float64(reads), sum(first, "kafka_reader_processed_messages_total", `reader="reads"`))
	require.Positive(t, sum(first, "go_goroutines"))
	require.Positive(t, sum(first, "process_open_fds"))
	require.Equal(t, float64(reads), sum(first, "tinybook_http_request_duration_seconds_count", `route="/articles/pub/:id"`, `status="200"`))
	rules, err := os.ReadFile("../deploy/prometheus/rules.yml")
	require.NoError(t, err)
	asked := regexp.MustCompile(`\bkafka_[a-z_]+`).FindAllString(string(rules), -1)
	require.NotEmpty(t, asked)
	reasons := map[string]bool{} // of metrics without series before something fails
	for _, m := range kafkax.Catalog() {
		reasons[m.Name] = slices.Contains(m.Labels, "reason")
	}
	for _, metric := range asked {
		// A native histogram goes by its bare name; here they are classic.
		require.True(t, reasons[metric] || has(first, metric) || has(first, metric+"_bucket"), "the rules ask for %s", metric)
		require.False(t, has(second, metric), "%s of one process is on two nodes", metric)
	}
}

// has reports whether there is any series of a metric.
func has(all map[string]float64, metric string) bool {
	for series := range all {
		if name, _, _ := strings.Cut(series, "{"); name == metric {
			return true
		}
	}
	return false
}
