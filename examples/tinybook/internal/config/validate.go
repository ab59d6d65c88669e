package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
	"github.com/ycvk/tinybook/examples/tinybook/internal/session"
)

// maxNodes is the number of nodes that one process runs at most.
const maxNodes = 16

// Validate returns everything that is wrong in one error, which names every
// bad setting and holds no secret.
func (c *Config) Validate() error {
	v := &validator{}
	v.oneOf("mode", c.Mode, Embedded, Services)
	v.oneOf("code.store", c.Code.Store, StoreLocal, StoreRedis)
	v.oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error")
	v.oneOf("log.format", c.Log.Format, "text", "json")
	v.between("nodes", int64(c.Nodes), 1, maxNodes)
	if strings.Contains(c.Data, "://") {
		v.add("data", "%s is not a directory", quote(c.Data))
	}
	v.between("replicas", int64(c.Replicas), 1, 1_000_000)
	v.between("sms.keep", int64(c.SMS.Keep), 1, 1_000_000)
	v.between("user.bcrypt_cost", int64(c.User.BcryptCost), 4, 31)
	v.between("http.body_limit", c.HTTP.BodyLimit, 1<<10, 1<<30)
	v.addr("http.addr", c.HTTP.Addr, c.Nodes)
	v.addr("admin.addr", c.Admin.Addr, c.Nodes)
	c.checkTimes(v)
	c.checkOrigins(v)
	c.checkLimits(v)
	c.checkSession(v)
	c.checkServices(v)
	c.checkReplicas(v)
	c.checkStores(v)
	return errors.Join(v.errs...)
}

// Database returns where the real database is.
func (c *Config) Database() platform.MySQL {
	return platform.MySQL{
		DSN: c.DB.DSN, Addr: c.MySQL.Addr, User: c.MySQL.User, Password: c.MySQL.Password, Name: c.MySQL.Name,
	}
}

func (c *Config) checkTimes(v *validator) {
	v.positive("http.header_timeout", c.HTTP.HeaderTimeout)
	v.positive("http.request_timeout", c.HTTP.RequestTimeout)
	v.positive("http.idle_timeout", c.HTTP.IdleTimeout)
	v.positive("http.shutdown_timeout", c.HTTP.ShutdownTimeout)
	v.positive("kafka.session_timeout", c.Kafka.SessionTimeout)
	v.positive("session.access_ttl", c.Session.AccessTTL)
	v.positive("session.refresh_ttl", c.Session.RefreshTTL)
	v.positive("session.poll", c.Session.Poll)
	v.positive("session.max_stale", c.Session.MaxStale)
	if c.HTTP.DrainDelay < 0 {
		v.add("http.drain_delay", "%v is negative", c.HTTP.DrainDelay)
	}
	if c.Session.Poll > 500*time.Millisecond {
		v.add("session.poll", "%v is more than 500ms: a logout must reach every node within a second", c.Session.Poll)
	}
	if c.Session.RefreshTTL < c.Session.AccessTTL {
		v.add("session.refresh_ttl", "%v is less than session.access_ttl %v", c.Session.RefreshTTL, c.Session.AccessTTL)
	}
}

func (c *Config) checkOrigins(v *validator) {
	for i, origin := range c.HTTP.Origins {
		u, err := url.Parse(origin)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.Scheme+"://"+u.Host != origin {
			v.add("http.origins", "number %d is not of the form https://host[:port]", i+1)
		}
	}
}

func (c *Config) checkSession(v *validator) {
	if c.Session.Keys != "" {
		if _, err := session.ParseKeys(c.Session.Keys); err != nil {
			v.add("session.keys", "%v", err)
		}
		return
	}
	if c.Mode == Services {
		v.add("session.keys", "services mode needs one, the same on every node; make one with: echo k1:$(openssl rand -base64 32)")
	}
}

func (c *Config) checkServices(v *validator) {
	if c.Mode != Services {
		return
	}
	if c.Demo {
		v.add("demo", "not in services mode")
	}
	if c.Code.Store != StoreRedis {
		v.add("code.store", "%s is not shared by the nodes of services mode; use %q", quote(c.Code.Store), StoreRedis)
	}
	if !c.RealDB() {
		v.add("mysql.addr", "services mode needs a database")
	}
	if !c.RealRedis() {
		v.add("redis.addr", "services mode needs a Redis")
	}
	if !c.RealKafka() {
		v.add("kafka.brokers", "services mode needs a Kafka")
	}
}

// checkStores checks where the real services are.
func (c *Config) checkStores(v *validator) {
	if c.RealRedis() {
		for addr := range strings.SplitSeq(c.Redis.Addr, ",") {
			v.server("redis.addr", addr)
		}
	}
	for _, addr := range c.Kafka.Brokers {
		v.server("kafka.brokers", addr)
	}
	switch {
	case c.DB.DSN != "":
		if _, err := c.Database().DriverConfig(); err != nil {
			v.add("db.dsn", "%v", err)
		}
	case c.MySQL.Addr != "":
		v.server("mysql.addr", c.MySQL.Addr)
	}
}

// checkReplicas wants everything shared when there are other processes.
func (c *Config) checkReplicas(v *validator) {
	if c.Replicas < 2 {
		return
	}
	var own []string
	if !c.RealDB() {
		own = append(own, "the database (mysql.addr)")
	}
	if !c.RealRedis() {
		own = append(own, "Redis (redis.addr)")
	}
	if !c.RealKafka() {
		own = append(own, "Kafka (kafka.brokers)")
	}
	if c.Code.Store != StoreRedis {
		own = append(own, "the login codes (code.store)")
	}
	if c.Session.Keys == "" {
		own = append(own, "the keys of the tokens (session.keys)")
	}
	if len(own) > 0 {
		v.add("replicas", "%d processes would each have their own: %s; TINYBOOK_MODE=services shares all of it", c.Replicas, strings.Join(own, ", "))
	}
}

// Warnings returns what works and may not be meant.
func (c *Config) Warnings() []string {
	var all []string
	if !onLoopback(c.Admin.Addr) {
		all = append(all, "admin.addr isn't on loopback: whoever reaches it reads metrics and takes profiles")
	}
	if c.Demo && !onLoopback(c.HTTP.Addr) {
		all = append(all, "demo: others can reach http.addr, and the password of the demo account is public")
	}
	if c.RealRedis() && c.Code.Store == StoreLocal {
		all = append(all, "code.store is local: login codes stay in this process, although there is a Redis; set it to redis to share them")
	}
	return all
}

// onLoopback reports whether only this machine reaches an address. A name other
// than localhost may be anybody's.
func onLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback() || strings.EqualFold(host, "localhost")
}

type validator struct{ errs []error }

func (v *validator) add(name, format string, args ...any) {
	v.errs = append(v.errs, fmt.Errorf("config: %s: %s", name, fmt.Sprintf(format, args...)))
}

func (v *validator) oneOf(name, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		v.add(name, "%s is none of %q", quote(value), allowed)
	}
}

func (v *validator) between(name string, value, low, high int64) {
	if value < low || value > high {
		v.add(name, "%d is not between %d and %d", value, low, high)
	}
}

func (v *validator) positive(name string, d time.Duration) {
	if d <= 0 {
		v.add(name, "%v is not positive", d)
	}
}

// isHost reports whether no more than a name or an IP address is in host: it is
// written to logs.
func isHost(host string) bool { return !strings.ContainsAny(host, "@/? \t\r\n") }

// server wants the host and the port of a service.
func (v *validator) server(name, value string) {
	host, port, err := net.SplitHostPort(value)
	n, bad := strconv.ParseUint(port, 10, 16)
	if err != nil || bad != nil || n == 0 || host == "" || !isHost(host) {
		v.add(name, "%s is not host:port", quote(value))
	}
}

// addr wants a port of which every node can have one: 0 for any, or a number.
func (v *validator) addr(name, value string, nodes int) {
	host, port, err := net.SplitHostPort(value)
	if err != nil || !isHost(host) {
		v.add(name, "%s is not host:port", quote(value))
		return
	}
	n, err := strconv.Atoi(port)
	if err != nil || n < 0 || n > 0 && n+nodes-1 > 65535 {
		v.add(name, "%s has no port that %d nodes can count from", quote(value), nodes)
	}
}
