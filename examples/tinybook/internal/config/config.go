// Package config holds the configuration of TinyBook. It comes from defaults,
// a YAML file, the environment and flags; each overrides the one before.
package config

import "time"

// The modes. A mode chooses the defaults; single settings can differ.
const (
	Embedded = "embedded" // everything inside one process
	Services = "services" // a real database, a real Redis and a real Kafka
)

// The backends of the login codes.
const (
	StoreLocal = "local"
	StoreRedis = "redis"
)

// Config is the whole configuration.
type Config struct {
	Mode  string `yaml:"mode"`
	Data  string `yaml:"data"`
	Nodes int    `yaml:"nodes"`
	// Replicas is how many processes like this one there are.
	Replicas int  `yaml:"replicas"`
	Demo     bool `yaml:"demo"`
	// DemoArticles needs Demo.
	DemoArticles bool `yaml:"demo_articles"`

	HTTP    HTTP    `yaml:"http"`
	Admin   Admin   `yaml:"admin"`
	DB      DB      `yaml:"db"`
	MySQL   MySQL   `yaml:"mysql"`
	Redis   Redis   `yaml:"redis"`
	Kafka   Kafka   `yaml:"kafka"`
	Session Session `yaml:"session"`
	Code    Code    `yaml:"code"`
	SMS     SMS     `yaml:"sms"`
	User    User    `yaml:"user"`
	Log     Log     `yaml:"log"`
	Bench   Bench   `yaml:"bench"`
}

// HTTP is about the listener of the site and the API.
type HTTP struct {
	Addr            string        `yaml:"addr"`
	Origins         []string      `yaml:"origins"`
	TrustedProxies  []string      `yaml:"trusted_proxies"`
	AddressLimit    Rate          `yaml:"address_limit"`
	SecureCookies   bool          `yaml:"secure_cookies"`
	BodyLimit       int64         `yaml:"body_limit"`
	HeaderTimeout   time.Duration `yaml:"header_timeout"`
	RequestTimeout  time.Duration `yaml:"request_timeout"`
	IdleTimeout     time.Duration `yaml:"idle_timeout"`
	DrainDelay      time.Duration `yaml:"drain_delay"`
	ShutdownTimeout time.Duration `yaml:"shutdown_timeout"`
}

// Admin is about the listener for metrics, health and profiles.
type Admin struct {
	Addr string `yaml:"addr"`
}

// DB is a database by its whole DSN.
type DB struct {
	DSN string `yaml:"dsn"`
}

// MySQL is a database by its parts.
type MySQL struct {
	Addr     string `yaml:"addr"`
	User     string `yaml:"user"`
	Password string `yaml:"password"`
	Name     string `yaml:"name"`
}

// Redis is a Redis; without an address the embedded one.
type Redis struct {
	Addr     string `yaml:"addr"`
	Password string `yaml:"password"`
}

// Kafka is a Kafka; without brokers the embedded one.
type Kafka struct {
	Brokers        []string      `yaml:"brokers"`
	SessionTimeout time.Duration `yaml:"session_timeout"`
}

// Session is about tokens.
type Session struct {
	Keys       string        `yaml:"keys"`
	AccessTTL  time.Duration `yaml:"access_ttl"`
	RefreshTTL time.Duration `yaml:"refresh_ttl"`
	Poll       time.Duration `yaml:"poll"`
	MaxStale   time.Duration `yaml:"max_stale"`
}

// Code is about login codes.
type Code struct {
	Store string `yaml:"store"`
}

// SMS is about sending codes: how many may be asked for, how fast a provider
// takes them, and when it counts as broken.
type SMS struct {
	Keep          int           `yaml:"keep"`
	PhoneLimit    Rate          `yaml:"phone_limit"`
	AddressLimit  Rate          `yaml:"address_limit"`
	SiteLimit     Rate          `yaml:"site_limit"`
	ProviderLimit Rate          `yaml:"provider_limit"`
	Threshold     float64       `yaml:"threshold"`
	Window        time.Duration `yaml:"window"`
	OpenFor       time.Duration `yaml:"open_for"`
	Timeout       time.Duration `yaml:"timeout"`
	Lease         time.Duration `yaml:"lease"`
	Poll          time.Duration `yaml:"poll"`
}

// User is about accounts.
type User struct {
	BcryptCost int      `yaml:"bcrypt_cost"`
	Admins     []string `yaml:"admins"`
}

// Log is about log lines.
type Log struct {
	Level  string `yaml:"level"`
	Format string `yaml:"format"`
}

// Bench is about routes for measurements.
type Bench struct {
	Enabled bool `yaml:"enabled"`
}

// Default returns the defaults of a mode. Any other mode has the defaults of
// [Embedded] and doesn't validate.
func Default(mode string) Config {
	c := Config{
		Mode:     mode,
		Nodes:    2,
		Replicas: 1,
		Demo:     true,

		DemoArticles: true,

		HTTP: HTTP{
			Addr:            "127.0.0.1:8081",
			AddressLimit:    Rate{N: 1000, Per: 10 * time.Second},
			BodyLimit:       64 << 10,
			HeaderTimeout:   5 * time.Second,
			RequestTimeout:  10 * time.Second,
			IdleTimeout:     2 * time.Minute,
			ShutdownTimeout: 15 * time.Second,
		},
		Admin: Admin{Addr: "127.0.0.1:9081"},
		MySQL: MySQL{User: "tinybook", Name: "tinybook"},
		Kafka: Kafka{SessionTimeout: 6 * time.Second},
		Session: Session{
			AccessTTL:  15 * time.Minute,
			RefreshTTL: 7 * 24 * time.Hour,
			Poll:       250 * time.Millisecond,
			MaxStale:   10 * time.Second,
		},
		Code: Code{Store: StoreLocal},
		SMS: SMS{
			Keep:          100,
			PhoneLimit:    Rate{N: 10, Per: 24 * time.Hour},
			AddressLimit:  Rate{N: 30, Per: 10 * time.Minute},
			SiteLimit:     Rate{N: 3000, Per: time.Minute},
			ProviderLimit: Rate{N: 20, Per: time.Second},
			Threshold:     0.5,
			Window:        10 * time.Second,
			OpenFor:       5 * time.Second,
			Timeout:       3 * time.Second,
			Lease:         30 * time.Second,
			Poll:          500 * time.Millisecond,
		},
		User: User{BcryptCost: 10},
		Log:  Log{Level: "info", Format: "text"},
	}
	if mode == Services {
		c.Nodes = 1
		c.Demo, c.DemoArticles = false, false
		c.HTTP.DrainDelay = 5 * time.Second
		c.MySQL.Addr = "127.0.0.1:3308"
		c.Redis.Addr = "127.0.0.1:6380"
		c.Kafka.Brokers = []string{"127.0.0.1:9092"}
		c.Code.Store = StoreRedis
		c.Log.Format = "json"
	}
	return c
}

// RealDB reports whether the database is a real one.
func (c *Config) RealDB() bool { return c.DB.DSN != "" || c.MySQL.Addr != "" }

// RealRedis reports whether the Redis is a real one.
func (c *Config) RealRedis() bool { return c.Redis.Addr != "" }

// RealKafka reports whether the Kafka is a real one.
func (c *Config) RealKafka() bool { return len(c.Kafka.Brokers) > 0 }
