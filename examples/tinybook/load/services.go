package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
	"github.com/ycvk/tinybook/internal/realserver"
)

// services are what the application stands on in services mode.
type services struct {
	redisAddr, mysqlAddr, kafkaAddr string
	redis                           *redis.Client
	db                              *sql.DB // without a database
	redisPID, mysqlPID              int
	versions                        string
}

// startServices starts a Redis, a MySQL and a Kafka.
func startServices(ctx context.Context, t testing.TB) (*services, error) {
	s := &services{
		redisAddr: realserver.Redis(t).Addr(),
		mysqlAddr: realserver.MySQL(t, "--max-connections=400").Addr(),
		kafkaAddr: realserver.Kafka(t).Addr(),
	}
	s.redis = redis.NewClient(&redis.Options{Addr: s.redisAddr})
	t.Cleanup(func() { _ = s.redis.Close() }) // the server ends next
	cfg, err := platform.MySQL{Addr: s.mysqlAddr, User: "root"}.DriverConfig()
	if err != nil {
		return nil, err
	}
	if s.db, err = sql.Open("mysql", cfg.FormatDSN()); err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = s.db.Close() })
	return s, s.introduce(ctx)
}

var redisFacts = regexp.MustCompile(`(?s)redis_version:(\S+).*process_id:(\d+)`)

// introduce asks the services who they are.
func (s *services) introduce(ctx context.Context) error {
	info, err := s.redis.Info(ctx, "server").Result()
	if err != nil {
		return fmt.Errorf("redis: %w", err)
	}
	facts := redisFacts.FindStringSubmatch(info)
	if facts == nil {
		return fmt.Errorf("redis: no version and process in %q", info)
	}
	if s.redisPID, err = strconv.Atoi(facts[2]); err != nil {
		return fmt.Errorf("redis: process: %w", err)
	}
	var version, dir, file string
	row := s.db.QueryRowContext(ctx, "SELECT VERSION(), @@datadir, @@pid_file")
	if err := row.Scan(&version, &dir, &file); err != nil {
		return fmt.Errorf("mysql: %w", err)
	}
	if !strings.HasPrefix(file, "/") {
		file = dir + file
	}
	pid, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("mysql: %w", err)
	}
	if s.mysqlPID, err = strconv.Atoi(strings.TrimSpace(string(pid))); err != nil {
		return fmt.Errorf("mysql: process: %w", err)
	}
	s.versions = fmt.Sprintf("redis-server %s, MySQL %s", facts[1], version)
	return nil
}
