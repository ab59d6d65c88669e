package config

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// A setting is one field of a Config under its name. The name gives the rest:
// http.addr is TINYBOOK_HTTP_ADDR in the environment and --http-addr.
type setting struct {
	name   string
	target any // *string, *bool, *int, *int64, *float64, *time.Duration, *Rate or *[]string
	usage  string
	secret bool // not a flag, which others see; never printed
}

// settings are all settings of c.
func settings(c *Config) []setting {
	return []setting{
		{"mode", &c.Mode, "embedded or services", false},
		{"data", &c.Data, "directory that keeps state; empty: a temporary one, which is deleted", false},
		{"nodes", &c.Nodes, "nodes in this process; node i adds i to every port", false},
		{"replicas", &c.Replicas, "processes like this one; more than 1 can't have anything embedded", false},
		{"demo", &c.Demo, "make the demo account, whose password is public (embedded mode only)", false},
		{"demo_articles", &c.DemoArticles, "publish articles with the demo account, where there are none", false},
		{"http.addr", &c.HTTP.Addr, "address of the site and the API", false},
		{"http.origins", &c.HTTP.Origins, "other origins that may call the API with cookies, with commas", false},
		{"http.trusted_proxies", &c.HTTP.TrustedProxies, "addresses or networks of proxies whose X-Forwarded-For is believed, with commas; empty: none", false},
		{"http.address_limit", &c.HTTP.AddressLimit, "requests that one client address may make, but for files of pages; off: any number", false},
		{"http.secure_cookies", &c.HTTP.SecureCookies, "the site is behind TLS: Secure cookies and HSTS", false},
		{"http.body_limit", &c.HTTP.BodyLimit, "bytes that a request's body may have", false},
		{"http.header_timeout", &c.HTTP.HeaderTimeout, "time to read a request's headers", false},
		{"http.request_timeout", &c.HTTP.RequestTimeout, "time to answer a request", false},
		{"http.idle_timeout", &c.HTTP.IdleTimeout, "time that an idle connection is kept", false},
		{"http.drain_delay", &c.HTTP.DrainDelay, "time between not ready and closing the listener", false},
		{"http.shutdown_timeout", &c.HTTP.ShutdownTimeout, "time for requests in flight when stopping", false},
		{"admin.addr", &c.Admin.Addr, "address of metrics, health and profiles", false},
		{"db.dsn", &c.DB.DSN, "MySQL as user:password@tcp(host:port)/name; replaces mysql.*", true},
		{"mysql.addr", &c.MySQL.Addr, "host:port of MySQL or MariaDB; empty: embedded SQLite", false},
		{"mysql.user", &c.MySQL.User, "user of the database", false},
		{"mysql.password", &c.MySQL.Password, "password of the database", true},
		{"mysql.name", &c.MySQL.Name, "name of the database", false},
		{"redis.addr", &c.Redis.Addr, "host:port of Redis, several for a cluster; empty: embedded", false},
		{"redis.password", &c.Redis.Password, "password of Redis", true},
		{"kafka.brokers", &c.Kafka.Brokers, "host:port of brokers of Kafka, with commas; empty: embedded", false},
		{"kafka.session_timeout", &c.Kafka.SessionTimeout, "how long what a killed process consumed waits until others consume it; brokers may refuse less than 6s", false},
		{"session.keys", &c.Session.Keys, "kid:base64,...: keys of the tokens, the first signs; empty: random or kept in data", true},
		{"session.access_ttl", &c.Session.AccessTTL, "life of an access token", false},
		{"session.refresh_ttl", &c.Session.RefreshTTL, "life of a refresh token", false},
		{"session.poll", &c.Session.Poll, "pause between two looks at the ended sessions", false},
		{"session.max_stale", &c.Session.MaxStale, "how long requests pass on the own list while Redis is away", false},
		{"code.store", &c.Code.Store, "where login codes are: local or redis", false},
		{"sms.keep", &c.SMS.Keep, "messages that the local provider keeps", false},
		{"sms.phone_limit", &c.SMS.PhoneLimit, "codes that one phone may be sent", false},
		{"sms.address_limit", &c.SMS.AddressLimit, "codes that one client address may ask for", false},
		{"sms.site_limit", &c.SMS.SiteLimit, "codes that the whole site may be asked for", false},
		{"sms.provider_limit", &c.SMS.ProviderLimit, "messages that each provider takes", false},
		{"sms.threshold", &c.SMS.Threshold, "share of failures from which on a provider counts as broken, 0 to 1; operators change it at run time", false},
		{"sms.window", &c.SMS.Window, "stretch of time over which that share is taken", false},
		{"sms.open_for", &c.SMS.OpenFor, "how long a broken provider is left alone before it is tried again", false},
		{"sms.timeout", &c.SMS.Timeout, "time for a provider to take a message", false},
		{"sms.lease", &c.SMS.Lease, "how long a queued message belongs to the process that sends it; what a killed one held goes out after it", false},
		{"sms.poll", &c.SMS.Poll, "pause between two looks into an empty queue", false},
		{"user.admins", &c.User.Admins, "e-mails of the accounts that may see /ops, with commas", false},
		{"user.bcrypt_cost", &c.User.BcryptCost, "cost of a password's hash, 4 to 31", false},
		{"log.level", &c.Log.Level, "debug, info, warn or error", false},
		{"log.format", &c.Log.Format, "text or json", false},
		{"bench.enabled", &c.Bench.Enabled, "show the ranking from memory, Redis and the database under /bench, for measurements: anybody can make the database work hard", false},
	}
}

func (s setting) env() string {
	return "TINYBOOK_" + strings.ToUpper(strings.ReplaceAll(s.name, ".", "_"))
}

func (s setting) flag() string { return strings.NewReplacer(".", "-", "_", "-").Replace(s.name) }

// set parses value. Its error quotes no value that may be a secret.
func (s setting) set(value string) error {
	var err error
	switch p := s.target.(type) {
	case *string:
		*p = value
	case *bool:
		*p, err = strconv.ParseBool(value)
	case *int:
		*p, err = strconv.Atoi(value)
	case *int64:
		*p, err = strconv.ParseInt(value, 10, 64)
	case *float64:
		*p, err = strconv.ParseFloat(value, 64)
	case *time.Duration:
		*p, err = time.ParseDuration(value)
	case *Rate:
		*p, err = parseRate(value)
	case *[]string:
		*p = split(value)
	default:
		err = fmt.Errorf("setting of type %T", p)
	}
	if err != nil {
		return fmt.Errorf("%s: %s is not %s", s.name, quote(value), kind(strings.TrimPrefix(fmt.Sprintf("%T", s.target), "*")))
	}
	return nil
}

// kind returns words for a type.
func kind(of string) string {
	switch of {
	case "time.Duration":
		return `a duration such as "5s"`
	case "int", "int64":
		return "an int"
	case "float64":
		return "a number"
	case "config.Rate":
		return `a rate such as "10/1m"`
	case "bool":
		return "true or false"
	case "string":
		return "text"
	case "[]string":
		return "a list"
	default:
		return "a group of settings"
	}
}

// maxQuoted is the length of a value that errors quote at most. Passwords in
// addresses and keys of tokens are longer or have other marks.
const maxQuoted = 24

// quote returns value for an error: quoted, unless it may be a secret that was
// meant for another setting.
func quote(value string) string {
	if len(value) > maxQuoted || strings.Contains(value, "@") || strings.Contains(value, "://") {
		return fmt.Sprintf("the value (%d bytes)", len(value))
	}
	return strconv.Quote(value)
}

const mask = "******"

// masked returns value, or a mask for what has credentials in it.
func masked(value string) string {
	if strings.Contains(value, "@") && strings.Contains(value, ":") {
		return mask
	}
	return value
}

func split(list string) []string {
	var all []string
	for part := range strings.SplitSeq(list, ",") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}

// text returns the value for people; a secret shows only whether it is set.
func (s setting) text() string {
	switch p := s.target.(type) {
	case *string:
		if s.secret && *p != "" || masked(*p) != *p || strings.Contains(*p, "://") {
			return mask
		}
		return strconv.Quote(*p)
	case *bool:
		return strconv.FormatBool(*p)
	case *int:
		return strconv.Itoa(*p)
	case *int64:
		return strconv.FormatInt(*p, 10)
	case *float64:
		return strconv.FormatFloat(*p, 'g', -1, 64)
	case *time.Duration:
		return p.String()
	case *Rate:
		return p.String()
	case *[]string:
		all := make([]string, len(*p))
		for i, value := range *p {
			all[i] = masked(value)
		}
		return "[" + strings.Join(all, ", ") + "]"
	default:
		return ""
	}
}

// Print writes the configuration with its secrets masked, one setting a line.
func (c *Config) Print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, s := range settings(c) {
		if _, err := fmt.Fprintf(table, "%s:\t%s\t# %s\n", s.name, s.text(), s.env()); err != nil {
			return fmt.Errorf("config: print: %w", err)
		}
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("config: print: %w", err)
	}
	return nil
}
