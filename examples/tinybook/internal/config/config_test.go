package config_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/config"
)

var key = "k1:" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("k"), 32))

func load(t *testing.T, env map[string]string, args ...string) (config.Config, error) {
	t.Helper()
	environ := []string{"PATH=/bin", "=odd"}
	for name, value := range env {
		environ = append(environ, name+"="+value)
	}
	return config.Load(args, environ)
}

func TestDefaultIsEmbedded(t *testing.T) {
	cfg, err := load(t, nil)
	require.NoError(t, err)
	require.Equal(t, config.Default(config.Embedded), cfg)
	require.Equal(t, 2, cfg.Nodes)
	require.Equal(t, "127.0.0.1:8081", cfg.HTTP.Addr)
	require.Equal(t, "127.0.0.1:9081", cfg.Admin.Addr)
	require.True(t, cfg.Demo)
	require.False(t, cfg.RealDB())
	require.False(t, cfg.RealRedis())
}

func TestServicesMode(t *testing.T) {
	cfg, err := load(t, map[string]string{"TINYBOOK_MODE": "services", "TINYBOOK_SESSION_KEYS": key})
	require.NoError(t, err)
	require.Equal(t, 1, cfg.Nodes)
	require.Equal(t, "127.0.0.1:3308", cfg.MySQL.Addr)
	require.Equal(t, "127.0.0.1:6380", cfg.Redis.Addr)
	require.Equal(t, []string{"127.0.0.1:9092"}, cfg.Kafka.Brokers)
	require.Equal(t, config.StoreRedis, cfg.Code.Store)
	require.False(t, cfg.Demo)

	for name, tc := range map[string]struct {
		env  map[string]string
		args []string
		want string
	}{
		"no key":        {nil, nil, "session.keys"},
		"short key":     {map[string]string{"TINYBOOK_SESSION_KEYS": "k1:c2hvcnQ="}, nil, "5 bytes, want 32"},
		"demo":          {map[string]string{"TINYBOOK_SESSION_KEYS": key}, []string{"--demo"}, "config: demo"},
		"local codes":   {map[string]string{"TINYBOOK_SESSION_KEYS": key}, []string{"--code-store", "local"}, "config: code.store"},
		"no database":   {map[string]string{"TINYBOOK_SESSION_KEYS": key}, []string{"--mysql-addr="}, "config: mysql.addr"},
		"no Kafka":      {map[string]string{"TINYBOOK_SESSION_KEYS": key}, []string{"--kafka-brokers="}, "config: kafka.brokers"},
		"bad broker":    {map[string]string{"TINYBOOK_SESSION_KEYS": key}, []string{"--kafka-brokers=h:1,h"}, "config: kafka.brokers"},
		"no Redis":      {map[string]string{"TINYBOOK_SESSION_KEYS": key}, []string{"--redis-addr="}, "config: redis.addr"},
		"bad DSN":       {map[string]string{"TINYBOOK_SESSION_KEYS": key, "TINYBOOK_DB_DSN": "secret-dsn"}, nil, "config: db.dsn"},
		"bad base64":    {map[string]string{"TINYBOOK_SESSION_KEYS": "k1:secret!"}, nil, "not base64"},
		"kid twice":     {map[string]string{"TINYBOOK_SESSION_KEYS": key + "," + key}, nil, `kid "k1" is used twice`},
		"key with no :": {map[string]string{"TINYBOOK_SESSION_KEYS": "secret"}, nil, "want kid:secret"},
	} {
		t.Run(name, func(t *testing.T) {
			env := map[string]string{"TINYBOOK_MODE": "services"}
			maps.Copy(env, tc.env)
			_, err := load(t, env, tc.args...)
			require.ErrorContains(t, err, tc.want)
			require.NotContains(t, strings.ReplaceAll(err.Error(), "kid:secret", ""), "secret-")
			require.NotContains(t, err.Error(), "secret!")
		})
	}
}

func TestOneVariableSwitchesOnePart(t *testing.T) {
	cfg, err := load(t, map[string]string{"TINYBOOK_REDIS_ADDR": "127.0.0.1:6380"})
	require.NoError(t, err)
	require.True(t, cfg.RealRedis())
	require.False(t, cfg.RealDB())
	for _, name := range []string{"TINYBOOK_DB_DSN", "TINYBOOK_MYSQL_ADDR"} {
		value := map[string]string{"TINYBOOK_DB_DSN": "u:p@tcp(127.0.0.1:3308)/tinybook"}[name]
		if value == "" {
			value = "127.0.0.1:3308"
		}
		cfg, err = load(t, map[string]string{name: value})
		require.NoError(t, err)
		require.True(t, cfg.RealDB(), name)
		require.False(t, cfg.Demo, "a public password in a real database")
		require.False(t, cfg.RealRedis(), name)
	}
	cfg, err = load(t, map[string]string{"TINYBOOK_MYSQL_ADDR": "127.0.0.1:3308", "TINYBOOK_DEMO": "true"})
	require.NoError(t, err)
	require.True(t, cfg.Demo, "on demand")
}

func TestFileThenEnvironmentThenFlags(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tinybook.yaml")
	text := "nodes: 3\ndemo: false\nhttp:\n  addr: 127.0.0.1:1001\n  origins: [https://a.example]\n  request_timeout: 3s\nadmin:\n  addr: 127.0.0.1:1002\n"
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	env := map[string]string{"TINYBOOK_HTTP_ADDR": "127.0.0.1:2001", "TINYBOOK_ADMIN_ADDR": "127.0.0.1:2002", "TINYBOOK_CONFIG": file}
	cfg, err := load(t, env, "--admin-addr", "127.0.0.1:3002", "--demo")
	require.NoError(t, err)
	require.Equal(t, 3, cfg.Nodes)
	require.Equal(t, 3*time.Second, cfg.HTTP.RequestTimeout)
	require.Equal(t, []string{"https://a.example"}, cfg.HTTP.Origins)
	require.Equal(t, "127.0.0.1:2001", cfg.HTTP.Addr)
	require.Equal(t, "127.0.0.1:3002", cfg.Admin.Addr)
	require.True(t, cfg.Demo)

	require.NoError(t, os.WriteFile(file, []byte("mode: services\nsession:\n  keys: "+key+"\n"), 0o600))
	cfg, err = load(t, map[string]string{}, "--config", file)
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:6380", cfg.Redis.Addr, "the mode of the file chooses the defaults")

	require.NoError(t, os.WriteFile(file, []byte("htpt:\n  addr: x\n"), 0o600))
	_, err = load(t, nil, "--config", file)
	require.ErrorContains(t, err, "htpt")
	_, err = load(t, nil, "--config", file+".gone")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestEveryBadSettingIsInOneError(t *testing.T) {
	_, err := load(t, nil,
		"--mode", "other", "--nodes", "0", "--http-addr", "nowhere", "--admin-addr", "127.0.0.1:99999",
		"--code-store", "disk", "--sms-keep", "0", "--user-bcrypt-cost", "3", "--log-level", "loud",
		"--log-format", "xml", "--http-body-limit", "1", "--http-drain-delay", "-1s", "--http-header-timeout", "0s",
		"--session-poll", "2s", "--session-refresh-ttl", "1s", "--http-origins", "https://a.example/,*", "--mysql-addr", "x")
	for _, name := range []string{
		"mode", "nodes", "http.addr", "admin.addr", "code.store", "sms.keep", "user.bcrypt_cost", "log.level",
		"log.format", "http.body_limit", "http.drain_delay", "http.header_timeout", "session.poll",
		"session.refresh_ttl", "http.origins: number 1", "http.origins: number 2", "mysql.addr",
	} {
		require.ErrorContains(t, err, name)
	}

	_, err = load(t, map[string]string{"TINYBOOK_NODES": "two"}, "--http-idle-timeout", "1")
	require.ErrorContains(t, err, "TINYBOOK_NODES")
	require.ErrorContains(t, err, "--http-idle-timeout")
	require.ErrorContains(t, err, `such as "5s"`)
}

// What is meant for one setting may land in another. Then it is in no error.
func TestErrorsQuoteNoSecrets(t *testing.T) {
	const dsn, link, long = "root:hunter2@tcp(127.0.0.1:3306)/tinybook", "redis://:hunter2@127.0.0.1:6379", "k1:hunter2hunter2hunter2hunter2"
	for _, name := range []string{
		"MODE", "NODES", "REPLICAS", "DEMO", "HTTP_ADDR", "HTTP_ORIGINS", "HTTP_BODY_LIMIT", "HTTP_IDLE_TIMEOUT",
		"ADMIN_ADDR", "MYSQL_ADDR", "REDIS_ADDR", "SESSION_POLL", "CODE_STORE", "SMS_KEEP", "LOG_LEVEL", "LOG_FORMAT",
	} {
		for _, value := range []string{dsn, link, long, "hunter2@127.0.0.1:6379", "https://hunter2@h"} {
			_, err := load(t, map[string]string{"TINYBOOK_" + name: value})
			require.Error(t, err, name)
			require.NotContains(t, err.Error(), "hunter2", name)
		}
	}
	for _, addr := range []string{"h", ":6379", "h:", "h:0", "h:99999", "h:x", "h:1,", "h:1,x", "h /:1"} {
		_, err := load(t, map[string]string{"TINYBOOK_REDIS_ADDR": addr})
		require.ErrorContains(t, err, "redis.addr", addr)
	}
	for _, addr := range []string{"127.0.0.1:6379", "redis:6379", "[::1]:6379", "a:1,b:2"} {
		_, err := load(t, map[string]string{"TINYBOOK_REDIS_ADDR": addr})
		require.NoError(t, err, addr)
	}
	for _, path := range []string{link, dsn} {
		_, err := load(t, nil, "--config", path)
		require.ErrorIs(t, err, os.ErrNotExist)
		require.NotContains(t, err.Error(), "hunter2")
	}
	_, err := load(t, nil, "--data", link)
	require.ErrorContains(t, err, "config: data")
	require.NotContains(t, err.Error(), "hunter2")
	_, err = load(t, nil, "config", link)
	require.NotContains(t, err.Error(), "hunter2")
}

func TestFileErrorsQuoteNoValues(t *testing.T) {
	for _, tc := range []struct {
		text string
		want []string
	}{
		{"demo: true\nnodes: hunter2\n", []string{"line 2: nodes", "int"}},
		{"http:\n  idle_timeout: hunter2\n", []string{"line 2: idle_timeout", `"5s"`}},
		{"redis: hunter2\nmysql: hunter2\n", []string{"line 1: redis", "line 2: mysql"}},
		{"redis:\n  adr: hunter2\n", []string{"line 2: no setting", `"adr"`}},
		{"redis:\n  addr: *hunter2\n", []string{"not valid YAML"}},
		{"redis:\n\taddr: hunter2\n", []string{"line 2", "not valid YAML"}},
		{"\"u:hunter2@h\": x\n", []string{"line 1"}},
		{"nodes: 1\n---\nnodes: 2\n", []string{"second document"}},
	} {
		file := filepath.Join(t.TempDir(), "tinybook.yaml")
		require.NoError(t, os.WriteFile(file, []byte(tc.text), 0o600))
		_, err := load(t, nil, "--config", file)
		for _, want := range tc.want {
			require.ErrorContains(t, err, want, tc.text)
		}
		require.NotContains(t, err.Error(), "hunter2", tc.text)
	}
}

func TestEnvironment(t *testing.T) {
	_, err := load(t, map[string]string{"TINYBOOK_REDIS_ADRR": "hunter2", "TINYBOOK_NODE": "hunter2"})
	require.ErrorContains(t, err, "TINYBOOK_REDIS_ADRR")
	require.ErrorContains(t, err, "TINYBOOK_NODE:")
	require.NotContains(t, err.Error(), "hunter2")
	cfg, err := load(t, map[string]string{
		"TINYBOOK_REQUIRE_SERVERS": "1", "TINYBOOK_SCREENSHOTS": "x", "TINYBOOK_TYPO": "",
		"TINYBOOK_NODES": "", "TINYBOOK_CONFIG": "", "TINYBOOK_HTTP_ADDR": "", "TINYBOOK_DEMO": "",
	})
	require.NoError(t, err, "empty is unset")
	require.Equal(t, config.Default(config.Embedded), cfg)

	// Kubernetes tells a pod where the services tinybook and tinybook-redis are.
	_, err = load(t, map[string]string{
		"TINYBOOK_SERVICE_HOST": "10.0.0.1", "TINYBOOK_SERVICE_PORT": "80", "TINYBOOK_SERVICE_PORT_HTTP": "80",
		"TINYBOOK_PORT": "tcp://10.0.0.1:80", "TINYBOOK_PORT_80_TCP": "tcp://10.0.0.1:80", "TINYBOOK_PORT_80_TCP_ADDR": "10.0.0.1",
		"TINYBOOK_PORT_80_TCP_PROTO": "tcp", "TINYBOOK_PORT_80_TCP_PORT": "80",
		"TINYBOOK_REDIS_SERVICE_HOST": "10.0.0.2", "TINYBOOK_REDIS_PORT_6379_TCP_ADDR": "10.0.0.2", "TINYBOOK_REDIS_PORT": "tcp://10.0.0.2:6379",
	})
	require.NoError(t, err)
}

// The password of the demo account is public.
func TestDemoIsForThisMachine(t *testing.T) {
	for addr, demo := range map[string]bool{
		"127.0.0.1:8081": true, "[::1]:8081": true, "localhost:8081": true, "127.0.0.2:0": true,
		"0.0.0.0:8081": false, ":8081": false, "[::]:8081": false, "192.168.1.2:8081": false, "example.com:8081": false,
	} {
		cfg, err := load(t, nil, "--http-addr", addr)
		require.NoError(t, err)
		require.Equal(t, demo, cfg.Demo, addr)
		cfg, err = load(t, nil, "--http-addr", addr, "--demo")
		require.NoError(t, err)
		require.True(t, cfg.Demo, "on demand")
	}
}

func TestReplicas(t *testing.T) {
	for name, env := range map[string]map[string]string{
		"mysql.addr":    {"TINYBOOK_REDIS_ADDR": "h:1", "TINYBOOK_KAFKA_BROKERS": "h:1", "TINYBOOK_CODE_STORE": "redis", "TINYBOOK_SESSION_KEYS": key},
		"redis.addr":    {"TINYBOOK_MYSQL_ADDR": "h:1", "TINYBOOK_KAFKA_BROKERS": "h:1", "TINYBOOK_CODE_STORE": "redis", "TINYBOOK_SESSION_KEYS": key},
		"kafka.brokers": {"TINYBOOK_MYSQL_ADDR": "h:1", "TINYBOOK_REDIS_ADDR": "h:1", "TINYBOOK_CODE_STORE": "redis", "TINYBOOK_SESSION_KEYS": key},
		"code.store":    {"TINYBOOK_MYSQL_ADDR": "h:1", "TINYBOOK_REDIS_ADDR": "h:1", "TINYBOOK_KAFKA_BROKERS": "h:1,i:2", "TINYBOOK_SESSION_KEYS": key},
		"session.keys":  {"TINYBOOK_MYSQL_ADDR": "h:1", "TINYBOOK_REDIS_ADDR": "h:1", "TINYBOOK_KAFKA_BROKERS": "h:1", "TINYBOOK_CODE_STORE": "redis"},
	} {
		_, err := load(t, env)
		require.NoError(t, err)
		_, err = load(t, env, "--replicas", "2")
		require.ErrorContains(t, err, "config: replicas: 2")
		require.ErrorContains(t, err, name)
	}
	_, err := load(t, map[string]string{"TINYBOOK_MODE": "services", "TINYBOOK_SESSION_KEYS": key, "TINYBOOK_REPLICAS": "3"})
	require.NoError(t, err)
	_, err = load(t, nil, "--replicas", "0")
	require.ErrorContains(t, err, "replicas")
}

func TestWarnings(t *testing.T) {
	for _, tc := range []struct {
		args []string
		want string // none: ""
	}{
		{nil, ""},
		{[]string{"--admin-addr", "0.0.0.0:9081"}, "admin.addr"},
		{[]string{"--redis-addr", "127.0.0.1:6379"}, "code.store"},
		{[]string{"--redis-addr", "127.0.0.1:6379", "--code-store", "redis"}, ""},
		{[]string{"--http-addr", "0.0.0.0:8081", "--demo"}, "demo"},
	} {
		cfg, err := load(t, nil, tc.args...)
		require.NoError(t, err)
		text := strings.Join(cfg.Warnings(), "\n")
		require.Contains(t, text, tc.want)
		require.Equal(t, tc.want == "", text == "", text)
	}
}

func TestFlags(t *testing.T) {
	_, err := load(t, nil, "--help")
	require.ErrorIs(t, err, flag.ErrHelp)
	_, err = load(t, nil, "extra")
	require.ErrorContains(t, err, "extra")
	for _, secret := range []string{"--session-keys=x", "--db-dsn=x", "--mysql-password=x", "--redis-password=x"} {
		_, err = load(t, nil, secret) // other users see the flags of a process
		require.ErrorContains(t, err, "flag provided but not defined")
		require.ErrorContains(t, err, "--help lists the flags")
		require.NotContains(t, err.Error(), "\n")
	}
	var out bytes.Buffer
	require.NoError(t, config.PrintFlags(&out))
	require.Contains(t, out.String(), "-http-addr")
	require.NotContains(t, out.String(), "-session-keys")
}

func TestPrintMasksSecrets(t *testing.T) {
	cfg, err := load(t, map[string]string{
		"TINYBOOK_SESSION_KEYS": key, "TINYBOOK_REDIS_PASSWORD": "redis-secret",
		"TINYBOOK_MYSQL_PASSWORD": "mysql-secret", "TINYBOOK_DB_DSN": "u:dsn-secret@tcp(h:1)/d",
	})
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, cfg.Print(&out))
	for _, secret := range []string{key, "redis-secret", "mysql-secret", "dsn-secret"} {
		require.NotContains(t, out.String(), secret)
	}
	require.Equal(t, 4, strings.Count(out.String(), "******"))
	require.Contains(t, out.String(), `"127.0.0.1:8081"`)
	require.Contains(t, out.String(), "TINYBOOK_SESSION_ACCESS_TTL")
	odd := config.Default(config.Embedded)
	odd.Redis.Addr, odd.MySQL.Addr, odd.Data = "redis://:hunter2@h:1", "u:hunter2@tcp(h:1)/d", "u:hunter2@h"
	odd.MySQL.Name = "redis://h:1?password=hunter2"
	odd.HTTP.Origins = []string{"https://u:hunter2@h", "https://a.example"}
	out.Reset()
	require.NoError(t, odd.Print(&out))
	require.NotContains(t, out.String(), "hunter2")
	require.Contains(t, out.String(), "https://a.example")
	require.Error(t, cfg.Print(brokenWriter{}))
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("full") }

// The table in the README has every setting.
func TestReadmeListsEverySetting(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	cfg := config.Default(config.Embedded)
	var out bytes.Buffer
	require.NoError(t, cfg.Print(&out))
	for line := range strings.Lines(out.String()) {
		name, _, _ := strings.Cut(line, ":")
		require.Contains(t, string(readme), "| `"+name+"`")
	}
}

func TestRates(t *testing.T) {
	for text, want := range map[string]config.Rate{
		"10/1m": {N: 10, Per: time.Minute}, "5/s": {N: 5, Per: time.Second}, " 7 / 1h30m ": {N: 7, Per: 90 * time.Minute},
	} {
		cfg, err := load(t, map[string]string{"TINYBOOK_SMS_PHONE_LIMIT": text})
		require.NoError(t, err, text)
		require.Equal(t, want, cfg.SMS.PhoneLimit)
		file := filepath.Join(t.TempDir(), "f.yaml")
		require.NoError(t, os.WriteFile(file, []byte("sms:\n  phone_limit: \""+text+"\"\n"), 0o600))
		cfg, err = load(t, nil, "--config", file)
		require.NoError(t, err, text)
		require.Equal(t, want, cfg.SMS.PhoneLimit)
	}
	for _, text := range []string{"10", "10/", "/s", "x/s", "10/x", "-1/s", "0/s", "10/0s", "10/1ns", "9999999/s"} {
		_, err := load(t, nil, "--sms-phone-limit", text)
		require.ErrorContains(t, err, "sms", text)
	}
	file := filepath.Join(t.TempDir(), "f.yaml")
	require.NoError(t, os.WriteFile(file, []byte("sms:\n  phone_limit: often\n"), 0o600))
	_, err := load(t, nil, "--config", file)
	require.ErrorContains(t, err, `line 2: phone_limit: the value is not a rate such as "10/1m"`)
}

func TestOnlyTheLimitOfRequestsCanBeOff(t *testing.T) {
	cfg, err := load(t, map[string]string{"TINYBOOK_HTTP_ADDRESS_LIMIT": "off"})
	require.NoError(t, err)
	require.True(t, cfg.HTTP.AddressLimit.Off())
	require.Equal(t, "off", cfg.HTTP.AddressLimit.String())
	var out bytes.Buffer
	require.NoError(t, cfg.Print(&out))
	require.Regexp(t, `(?m)^http\.address_limit: +"?off`, out.String())
	for _, name := range []string{"PHONE", "ADDRESS", "SITE", "PROVIDER"} {
		_, err := load(t, map[string]string{"TINYBOOK_SMS_" + name + "_LIMIT": "off"})
		require.ErrorContains(t, err, "off is not 1 to 1000000")
	}
}

func TestLimitsAreChecked(t *testing.T) {
	for flag, want := range map[string]string{
		"--sms-threshold=0":            "sms.threshold: 0 is not above 0",
		"--sms-threshold=NaN":          "sms.threshold: NaN",
		"--sms-threshold=1.5":          "sms.threshold: 1.5",
		"--sms-lease=6s":               "sms.lease: 6s is not more than twice sms.timeout 3s",
		"--sms-window=0s":              "sms.window: 0s is not positive",
		"--http-trusted-proxies=10.0":  "http.trusted_proxies: number 1",
		"--user-admins=a@b.c,somebody": "user.admins: number 2",
	} {
		_, err := load(t, nil, flag)
		require.ErrorContains(t, err, want)
	}
	cfg, err := load(t, nil, "--http-trusted-proxies", "10.0.0.0/8, ::1", "--user-admins", "ops@tinybook.dev")
	require.NoError(t, err)
	require.Equal(t, []string{"10.0.0.0/8", "::1"}, cfg.HTTP.TrustedProxies)
	require.Equal(t, []string{"ops@tinybook.dev"}, cfg.User.Admins)
}

func TestKeptDataKeepsTheCodes(t *testing.T) {
	cfg, err := load(t, nil, "--data", t.TempDir())
	require.NoError(t, err)
	require.Equal(t, config.StoreRedis, cfg.Code.Store)
	cfg, err = load(t, nil, "--data", t.TempDir(), "--code-store", "local")
	require.NoError(t, err)
	require.Equal(t, config.StoreLocal, cfg.Code.Store)
}
