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
	look := func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}
	return config.Load(args, look, &bytes.Buffer{})
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
		"session.refresh_ttl", `http.origins: "https://a.example/"`, `http.origins: "*"`, "mysql.addr",
	} {
		require.ErrorContains(t, err, name)
	}

	_, err = load(t, map[string]string{"TINYBOOK_NODES": "two"}, "--http-idle-timeout", "1")
	require.ErrorContains(t, err, "TINYBOOK_NODES")
	require.ErrorContains(t, err, "--http-idle-timeout")
}

func TestFlags(t *testing.T) {
	_, err := load(t, nil, "--help")
	require.ErrorIs(t, err, flag.ErrHelp)
	_, err = load(t, nil, "extra")
	require.ErrorContains(t, err, "extra")
	for _, secret := range []string{"--session-keys=x", "--db-dsn=x", "--mysql-password=x", "--redis-password=x"} {
		_, err = load(t, nil, secret) // other users see the flags of a process
		require.ErrorContains(t, err, "flag provided but not defined")
	}
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
