package e2e_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/app"
	"github.com/ycvk/tinybook/examples/tinybook/internal/config"
)

// childServices tells a process of this test where the services are that it runs
// a site on: [whereabouts] in JSON.
const childServices = "TINYBOOK_TEST_CHILD_SERVICES"

type whereabouts struct {
	MySQL, Redis string
	Brokers      []string
}

// TestServicesChild is no test, but the site in services mode that other tests kill.
func TestServicesChild(t *testing.T) {
	text := os.Getenv(childServices)
	if text == "" {
		t.Skip("runs only as the child of tests that kill it")
	}
	var at whereabouts
	require.NoError(t, json.Unmarshal([]byte(text), &at))
	cfg := config.Default(config.Services)
	cfg.HTTP.Addr, cfg.Admin.Addr, cfg.HTTP.DrainDelay = "127.0.0.1:0", "127.0.0.1:0", 0
	cfg.HTTP.AddressLimit = config.Rate{N: 100_000, Per: time.Second}
	cfg.MySQL.Addr, cfg.MySQL.User, cfg.Redis.Addr, cfg.Kafka.Brokers = at.MySQL, "root", at.Redis, at.Brokers
	cfg.Session.Keys = "k1:" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("k"), 32))
	cfg.User.BcryptCost = 4
	serveUntilOrphaned(t, cfg, app.WithProvider(&courier{}))
}

// child starts a site in services mode in a process of its own and returns its
// address, and what kills it with SIGKILL.
func (s *services) child(t *testing.T) (url string, kill func()) {
	t.Helper()
	text, err := json.Marshal(whereabouts{s.database.Addr(), s.redis.Addr(), s.brokers})
	require.NoError(t, err)
	return startChild(t, "TestServicesChild", childServices+"="+string(text))
}
